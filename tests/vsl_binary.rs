//! Reads binary logs that varnishlog 6.0, 7.1 and 7.7 wrote, whole, cut, damaged, put together and in the other order
//! of bytes, and compares what comes out with the text that varnishlog made of them.

use std::collections::BTreeMap;
use std::fs;

use guru::frame::vsl_binary::{Quotes, Range, cut, dump, records};
use guru::model::FileId;
use guru::model::report::Lines;
use guru::model::vsl::{Tag, VslItem};
use proptest::prelude::*;

const VECTORS: [&str; 11] = [
    "refused",
    "first-byte-timeout",
    "header-line-too-long",
    "headers-total-overflow",
    "body-reset-streaming",
    "retry-restart-esi",
    "v773-refused",
    "v773-first-byte-timeout",
    "v773-header-line-too-long",
    "v773-mixed",
    "v6016-mixed",
];

fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/varnish/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn binary(name: &str) -> Vec<u8> {
    data(&format!("{name}.vsl"))
}

/// The text that varnishlog printed of a vector, as lines.
fn raw(name: &str) -> Vec<String> {
    String::from_utf8_lossy(&data(&format!("{name}.raw.txt"))).lines().map(str::to_string).collect()
}

/// A record: place, transaction, tag, payload.
type Seen = (u64, u64, Tag, Vec<u8>);

/// Reads one range.
fn range(bytes: &[u8], before: u8, last: bool, offset: u64, seen: &mut Vec<Seen>, lines: &mut Lines) {
    let quotes = Quotes::default();
    let range = Range { bytes, before, last, file: FileId(0), offset };
    records(&range, &quotes, lines, |item| {
        if let VslItem::Record(r) = item {
            seen.push((r.at.offset, r.vxid, r.tag, r.payload.to_vec()));
        }
    });
    assert!(lines.add_up(), "{lines:?}");
}

fn whole(bytes: &[u8]) -> (Vec<Seen>, Lines) {
    let (mut seen, mut lines) = (Vec::new(), Lines::default());
    range(bytes, 0, true, 0, &mut seen, &mut lines);
    (seen, lines)
}

/// The same, read as a stream in buffers that grow by `step`.
fn in_pieces(bytes: &[u8], step: usize) -> (Vec<Seen>, Lines) {
    let (mut seen, mut lines) = (Vec::new(), Lines::default());
    let (mut from, mut end, mut before) = (0, 0, 0);
    while end < bytes.len() {
        end = (end + step).min(bytes.len());
        if end == bytes.len() {
            range(&bytes[from..], before, true, from as u64, &mut seen, &mut lines);
        } else if let Some((edge, next)) = cut(&bytes[from..end], before) {
            assert!(edge > 0 && edge <= end - from);
            range(&bytes[from..from + edge], before, false, from as u64, &mut seen, &mut lines);
            (from, before) = (from + edge, next);
        }
    }
    (seen, lines)
}

/// Where the records of an undamaged little-endian log begin and how long their headers are: a second, simple reading.
fn headers(bytes: &[u8]) -> Vec<(usize, usize)> {
    let header = if bytes.starts_with(b"VSL2") { 12 } else { 8 };
    let (mut at, mut found) = (4, Vec::new());
    while at < bytes.len() {
        found.push((at, header));
        let len = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        at += header + len.div_ceil(4) * 4;
    }
    found
}

/// The log as a host of the other order of bytes would have written it.
fn swapped(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (at, header) in headers(bytes) {
        out[at..at + header].chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
    out
}

/// A log of 7.1 as 4.0 would have numbered it, without the records that 4.0 does not have.
fn renumbered(bytes: &[u8]) -> Vec<u8> {
    let starts = headers(bytes);
    let mut out = bytes[..4].to_vec();
    for (n, (at, _)) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(bytes.len(), |next| next.0);
        let number = match bytes[at + 3] {
            known @ 1..=9 => known,
            known @ 12..=81 => known - 2,
            known @ 82..=83 => known - 1,
            _ => continue,
        };
        out.extend_from_slice(&bytes[*at..at + 3]);
        out.push(number);
        out.extend_from_slice(&bytes[at + 4..end]);
    }
    out
}

/// Asserts that two texts are the same, and shows the first line that differs.
#[track_caller]
fn same(found: &[u8], expected: &[u8], what: &str) {
    let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().map(str::to_string).collect::<Vec<_>>();
    let (found_lines, expected_lines) = (lines(found), lines(expected));
    let n = found_lines.iter().zip(&expected_lines).take_while(|(a, b)| a == b).count();
    let (a, b) = (found_lines.get(n), expected_lines.get(n));
    assert_eq!((n, a), (n, b), "{what}");
    assert!(found == expected, "{what}");
}

#[test]
fn every_vector_is_printed_as_varnishlog_prints_it() {
    for name in VECTORS {
        same(&dump(&binary(name)), &data(&format!("{name}.raw.txt")), name);
        let (seen, lines) = whole(&binary(name));
        let count = raw(name).len();
        assert_eq!((seen.len(), lines.read, lines.parsed), (count, count as u64, count as u64), "{name}");
    }
}

#[test]
fn the_other_order_of_bytes_reads_the_same() {
    for name in VECTORS {
        same(&dump(&swapped(&binary(name))), &data(&format!("{name}.raw.txt")), name);
    }
}

#[test]
fn the_numbers_of_4_0_are_told_from_those_of_4_1() {
    for name in ["refused", "retry-restart-esi", "v6016-mixed"] {
        let later = ["Filters", "VCL_use", "SessError", "Notice", "HitMiss", "BackendStart", "VfpAcct"];
        let expected: Vec<String> =
            raw(name).into_iter().filter(|l| !later.contains(&l.split_whitespace().nth(1).unwrap_or(""))).collect();
        let old = renumbered(&binary(name));
        same(&dump(&old), format!("{}\n", expected.join("\n")).as_bytes(), name);
        assert!(in_pieces(&old, 100) == whole(&old), "{name}");
    }
}

#[test]
fn logs_put_one_behind_another_are_read_each_in_its_layout() {
    let (a, b) = (binary("retry-restart-esi"), binary("v773-mixed"));
    let parts = [a.clone(), b.clone(), swapped(&a), renumbered(&a), swapped(&b), a.clone()];
    let expected: Vec<u8> = parts.iter().flat_map(|p| dump(p)).collect();
    let together = parts.concat();
    same(&dump(&together), &expected, "together");
    for step in [33, 1_000, 20_000] {
        assert!(in_pieces(&together, step) == whole(&together), "in steps of {step} bytes");
    }
}

#[test]
fn a_log_that_changes_its_layout_without_a_magic_is_read_on() {
    // varnishlog -a writes no second magic into a file that it finds, and an upgrade may lie between.
    let (a, b) = (binary("refused"), binary("v773-refused"));
    for (first, second) in [(&a, &b), (&b, &a)] {
        let together = [&first[..], &second[4..]].concat();
        same(&dump(&together), &[dump(first), dump(second)].concat(), "without a magic");
        assert_eq!(whole(&together).1.not_understood, 0);
        assert!(in_pieces(&together, 64) == whole(&together));
    }
}

#[test]
fn a_log_without_its_beginning_is_read_on() {
    for name in ["refused", "v773-refused"] {
        let bytes = binary(name);
        let from = headers(&bytes)[3].0;
        let expected = |n: usize| format!("{}\n", raw(name)[n..].join("\n"));
        same(&dump(&bytes[from..]), expected(3).as_bytes(), name);
        same(&dump(&bytes[from + 5..]), expected(4).as_bytes(), name);
    }
}

#[test]
fn a_log_cut_at_any_byte_gives_every_record_before_the_cut() {
    for name in ["retry-restart-esi", "v773-header-line-too-long"] {
        let bytes = binary(name);
        let (all, _) = whole(&bytes);
        let starts = headers(&bytes);
        // A record is there once its payload is; the padding behind it says nothing.
        let ends: Vec<usize> = starts
            .iter()
            .map(|(at, header)| at + header + usize::from(u16::from_le_bytes([bytes[*at], bytes[at + 1]])))
            .collect();
        for n in 0..bytes.len() {
            let (seen, lines) = whole(&bytes[..n]);
            let whole_ones = ends.partition_point(|end| *end <= n);
            assert_eq!(seen.len(), whole_ones, "{name} cut at {n}: {:?}", seen.last());
            assert!(seen[..] == all[..whole_ones], "{name} cut at {n}");
            let within = n > 0 && n != 4 && starts.get(whole_ones).map_or(bytes.len(), |next| next.0) < n;
            let torn = within || (1..4).contains(&n);
            assert_eq!(lines.not_understood, u64::from(torn), "{name} cut at {n}");
        }
    }
}

#[test]
fn damage_costs_only_the_records_it_hits() {
    let bytes = binary("v6016-mixed");
    let starts = headers(&bytes);
    let (all, _) = whole(&bytes);
    for (from, len) in [(starts[100].0, 40), (starts[200].0 + 1, 3), (starts[300].0, 5_000), (4, 2)] {
        let mut hurt = bytes.clone();
        for (n, b) in hurt[from..from + len].iter_mut().enumerate() {
            *b = (n as u8).wrapping_mul(97) | 0x81;
        }
        let (seen, lines) = whole(&hurt);
        let kept: BTreeMap<u64, &Seen> = seen.iter().map(|r| (r.0, r)).collect();
        for r in all.iter().filter(|r| r.0 as usize + 1 > from + len) {
            // The first record behind the damage may begin within it, and its length be lost.
            assert_eq!(kept.get(&r.0), Some(&r), "damage at {from}");
        }
        let before = all.iter().take_while(|r| r.0 as usize + 8 < from).count().saturating_sub(1);
        assert!(seen[..before] == all[..before]);
        assert!((1..4).contains(&lines.not_understood), "{lines:?}");
        assert!(in_pieces(&hurt, 90) == (seen, lines), "damage at {from}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_reads_the_same_in_pieces_of_any_size(
        parts in prop::collection::vec((0..VECTORS.len(), any::<bool>(), any::<prop::sample::Index>()), 1..4),
        noise in prop::collection::vec(any::<u8>(), 0..60),
        step in 1usize..30_000,
    ) {
        let mut bytes = Vec::new();
        for (n, swap, cut) in parts {
            let part = binary(VECTORS[n]);
            let part = if swap { swapped(&part) } else { part };
            // Most parts are whole, some are cut, and noise may follow.
            let end = if cut.index(3) == 0 { 4 + cut.index(part.len() - 4) } else { part.len() };
            bytes.extend_from_slice(&part[..end]);
            if cut.index(4) == 0 {
                bytes.extend_from_slice(&noise);
            }
        }
        prop_assert!(in_pieces(&bytes, step.max(bytes.len() / 500)) == whole(&bytes));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), magic in 0..3usize, before in 0..9u8) {
        let bytes = [[&b"VSL\0"[..], b"VSL2", b""][magic], &bytes[..]].concat();
        let (mut seen, mut lines) = (Vec::new(), Lines::default());
        range(&bytes, before, false, 0, &mut seen, &mut lines);
        whole(&bytes);
        dump(&bytes);
        prop_assert!(cut(&bytes, before).is_none_or(|(edge, _)| edge > 0 && edge <= bytes.len()));
    }
}
