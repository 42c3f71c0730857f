//! Reads varnishlog text of Varnish 3.0. No captured log of that version is at hand: the samples are written by its
//! documented record formats, as one run in the order of the log (`-O`) and grouped by descriptor (the default).

use std::fs;

use guru::frame::vsl3::{cut, records};
use guru::model::report::Lines;
use guru::model::{Event, Fetch, FileId, Locator, Request};
use guru::varnish::Assembler3;
use proptest::prelude::*;

fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/varnish/v3/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a fetch came to, in one line.
fn fetch(f: &Fetch<'_>) -> String {
    let marks: Vec<String> =
        f.marks.as_slice().iter().map(|m| format!("{} {}", m.kind.word(), words(m.text))).collect();
    let ms = |since: Option<i64>| since.map_or("-".to_string(), |us| format!("{:.1}", us as f64 / 1000.0));
    format!(
        "{} {} {}{} {:?} {} {}->{} {} {}:{} opens={}{} connect {} wait {} from {} [{}]",
        f.vxid,
        words(f.method),
        words(f.host),
        words(f.url),
        f.outcome,
        f.reason.word(),
        f.origin_status,
        f.status,
        words(f.backend),
        words(f.addr),
        f.port,
        f.opens,
        if f.reused { " reused" } else { "" },
        ms(f.answered.since(f.connecting)),
        ms(f.answered.since(f.sent)),
        f.started,
        marks.join("; ")
    )
}

fn request(r: &Request<'_>) -> String {
    format!(
        "{} request {} {} {:?} fetch={} hit={} body={:?} {} to {} of {}{}",
        r.vxid,
        words(r.url),
        r.status,
        r.made_by,
        r.fetch,
        r.hit,
        r.body_bytes,
        r.start,
        r.end,
        words(r.peer),
        if r.incomplete { " incomplete" } else { "" }
    )
}

fn told(event: &Event<'_>) -> String {
    match event {
        Event::Fetch(f) => fetch(f),
        Event::Request(r) => request(r),
        Event::Health(h) => format!("health {} {} {} {}", h.time, words(h.backend), h.healthy, h.changed),
        Event::Change(c) => format!("change {} {}", c.time, words(c.text)),
        Event::Message(m) => format!("{m:?}"),
    }
}

/// The events of a log that is read in pieces which end at these places, in order of the log.
fn events(pieces: &[&[u8]]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut before = None;
    let mut offset = 0;
    for bytes in pieces {
        let mut emit = |e: Event<'_>| seen.push(told(&e));
        let mut lines = Lines::default();
        let mut assembler = Assembler3::new();
        records(bytes, FileId(0), offset, &mut lines, |r| assembler.push(r, &mut emit), |_: Locator, _| {});
        assert!(lines.add_up(), "{lines:?}");
        let fragments = assembler.finish(&mut emit);
        before = match before {
            None => Some(fragments),
            Some(left) => Some(guru::varnish::Fragments::join(left, fragments, &mut emit)),
        };
        offset += bytes.len() as u64;
    }
    if let Some(rest) = before {
        rest.flush(&mut |e| seen.push(told(&e)));
    }
    seen
}

#[test]
fn requests_and_fetches_of_3_0_are_told() {
    let found = events(&[&data("grouped")]);
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn both_orders_of_one_run_tell_the_same() {
    let sorted = |name: &str| {
        let mut found = events(&[&data(name)]);
        found.sort();
        found
    };
    assert_eq!(sorted("raw"), sorted("grouped"));
    // A log shipper may trim lines and drop blank ones.
    let text = words(&data("grouped"));
    let trimmed: String = text.lines().map(|l| format!("{}\n", l.trim())).filter(|l| l != "\n").collect();
    assert_eq!(events(&[trimmed.as_bytes()]), events(&[text.as_bytes()]));
}

#[test]
fn a_log_cut_in_a_request_tells_it_as_incomplete() {
    let log = words(&data("raw"));
    let from = log.find("ReqStart     c 192.0.2.7 50004").expect("it is there") + 35;
    let begun = events(&[&log.as_bytes()[from..]]);
    assert!(begun.iter().any(|e| e.starts_with("103 request ") && e.ends_with("incomplete")), "{begun:?}");
    assert!(begun.iter().any(|e| e.contains("/slow Failed") || e.contains("/slow Unknown")), "{begun:?}");
    let error = log.find("http first read error: -1 11").expect("it is there");
    let to = log[..error].rfind('\n').expect("it has lines before") + 1;
    let cut = events(&[&log.as_bytes()[..to]]);
    assert!(cut.iter().any(|e| e.contains("shop.example/slow Unknown")), "{cut:?}");
    let interrupted = log.replace("ReqEnd       c 103 ", "Interrupted  c ReqStart ");
    assert!(
        events(&[interrupted.as_bytes()])
            .iter()
            .any(|e| e.starts_with("103 request /slow 503") && e.ends_with("incomplete"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_that_grows_is_cut_where_it_is_safe(grouped in any::<bool>(), step in 100usize..9_000) {
        let bytes = data(if grouped { "grouped" } else { "raw" });
        let (mut pieces, mut from, mut end) = (Vec::new(), 0, 0);
        while end < bytes.len() {
            end = (end + step).min(bytes.len());
            if let Some(edge) = cut(&bytes[from..end]) {
                prop_assert!(edge > 0 && edge <= end - from);
                pieces.push(&bytes[from..from + edge]);
                from += edge;
            }
        }
        prop_assert_eq!(from, bytes.len());
        let sorted = |mut events: Vec<String>| {
            events.sort();
            events
        };
        prop_assert_eq!(sorted(events(&pieces)), sorted(events(&[&bytes])));
    }

    #[test]
    fn no_lines_panic(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0..60usize), 0..80),
        junk in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let log = data("raw");
        let lines: Vec<&[u8]> = log.split_inclusive(|b| *b == b'\n').collect();
        let mut bytes = Vec::new();
        for (pick, spoil) in picks {
            let mut line = lines[pick.index(lines.len())].to_vec();
            if spoil < 6 && line.len() > spoil {
                line.truncate(line.len() - spoil);
            }
            bytes.extend(line);
        }
        bytes.extend(junk);
        events(&[&bytes]);
        prop_assert!(cut(&bytes).is_none_or(|edge| edge > 0 && edge <= bytes.len()));
    }
}
