//! Archives that are cut off or damaged: everything before the damage is delivered, then the damage is said.

use guru::source::Compression;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

use crate::packed::{PACKINGS, Packing, content, lines, outage};
use crate::place::{Place, Report};

/// The packings with checksums, none of them plain.
fn packings() -> impl Iterator<Item = Packing> {
    PACKINGS.into_iter().filter(|(_, compression, _)| *compression != Compression::Plain)
}

#[test]
fn an_archive_cut_off_anywhere_gives_what_was_before_the_cut() {
    // Three streams: of bzip2, whose blocks are read whole or not at all, there is then something to give.
    let (part, parts) = (lines(30), 3);
    let text = part.repeat(parts);
    for (ending, _, pack) in packings() {
        let stream = pack(&part);
        let packed = stream.repeat(parts);
        let place = Place::new();
        // The first bytes decide what it is; an archive cut within them is text.
        for end in 6..packed.len() {
            place.write("x", &packed[..end]);
            let (kept, wrong) = content(&place, "x");
            assert!(text.starts_with(&kept), "{ending} cut at {end}");
            assert!(kept.len() >= end / stream.len() * part.len(), "{ending} cut at {end} gave {}", kept.len());
            if end % stream.len() == 0 {
                assert_eq!(wrong, None, "{ending}: a cut between two streams cannot be seen");
                continue;
            }
            let wrong = wrong.unwrap_or_else(|| panic!("{ending} cut at {end} was not noticed"));
            assert!(wrong.contains("archive is cut off") || end % stream.len() < 4, "{ending} cut at {end}: {wrong}");
        }
    }
}

#[test]
fn damage_in_a_late_block_costs_no_earlier_block() {
    let text = lines(20_000);
    for (ending, _, pack) in packings() {
        let place = Place::new();
        let mut packed = pack(&text);
        let middle = packed.len() / 2;
        packed[middle..middle + 200].fill(0xff);
        place.write("x", &packed);
        let (kept, wrong) = content(&place, "x");
        assert!(wrong.is_some(), "{ending}");
        // What libraries hold back is a block at most: 128 KiB of zstd, 100 kB of this bzip2.
        let same = kept.iter().zip(&text).take_while(|(a, b)| a == b).count();
        assert!(same + 140_000 > text.len() / 2, "{ending}: only {same} of {} bytes", text.len());
    }
}

#[test]
fn what_follows_an_archive_is_reported_and_costs_nothing() {
    let text = lines(10);
    for (ending, _, pack) in packings() {
        let place = Place::new();
        place.write("x", [pack(&text), b"no archive at all".to_vec()].concat());
        let (kept, wrong) = content(&place, "x");
        assert_eq!(kept, text, "{ending}");
        assert!(wrong.expect("it is said").contains("10 lines before that were kept"), "{ending}");
    }
}

#[test]
fn a_cut_archive_is_analysed_as_far_as_it_goes_and_the_exit_code_says_so() {
    // The failures lie in the first stream, the cut in the second.
    let log = crate::logs::varnishlog(&outage());
    for (ending, _, pack) in packings() {
        let place = Place::new();
        let name = format!("varnish.log{ending}");
        let more = pack(
            crate::logs::varnishlog(&crate::logs::traffic(crate::logs::MIDNIGHT + 60_000_000, 40, 1_000_000))
                .as_bytes(),
        );
        place.write(&name, [pack(log.as_bytes()), more[..more.len() - 9].to_vec()].concat());
        let run = place.analyze(&[&name, "--no-store", "--output", "json"]).code(4);
        assert_eq!(Report::of(&run).failed(), 5, "{name}");
        run.says(&[&name, "archive is cut off at byte"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_noticed_and_costs_nothing_before_it(
        flip in any::<prop::sample::Index>(), bit in 0..8_u32, which in 0..4_usize,
    ) {
        let (ending, _, pack) = PACKINGS[which + 1];
        let part = lines(30);
        let text = part.repeat(2);
        let stream = pack(&part);
        let mut packed = stream.repeat(2);
        let at = flip.index(packed.len());
        packed[at] ^= 1 << bit;
        let place = Place::new();
        place.write("x", &packed);
        let (kept, wrong) = content(&place, "x");
        // Flips in the magic make it text; some header fields (time, system) do not matter; the rest is noticed.
        prop_assert!(wrong.is_some() || kept == text || kept == packed, "{} at {}", ending, at);
        prop_assert!(at < stream.len() || kept.starts_with(&part), "{} at {}", ending, at);
    }
}
