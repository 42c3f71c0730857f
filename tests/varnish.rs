//! Reads varnishlog text of every grouping and several versions, and compares what comes out with what is known.

use std::collections::BTreeMap;
use std::fs;

use guru::frame::vsl;
use guru::model::report::Lines;
use guru::model::{Event, Fetch, FileId, Locator, Request};
use guru::varnish::{Assembler, Fragments};
use proptest::prelude::*;

fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/varnish/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything a fetch says, without places.
fn told_of_fetch(f: &Fetch<'_>) -> String {
    let marks: Vec<String> =
        f.marks.as_slice().iter().map(|m| format!("{} {}", m.kind.word(), words(m.text))).collect();
    let plain = Fetch { at: Locator::default(), marks: Default::default(), ..*f };
    format!("{} {} {plain:?} {marks:?}", words(f.method), words(f.url))
}

fn told_of_request(r: &Request<'_>) -> String {
    format!("{} {} {:?}", words(r.method), words(r.url), Request { at: Locator::default(), ..*r })
}

/// One event as text. Health and changes keep their time: it must not depend on cuts either.
fn told(event: Event<'_>) -> String {
    match event {
        Event::Fetch(f) => told_of_fetch(&f),
        Event::Request(r) => told_of_request(&r),
        Event::Health(h) => format!("{} {} {} {:?}", h.time, words(h.backend), words(h.response), h.good),
        Event::Change(c) => format!("{} {}", c.time, words(c.text)),
        Event::Message(m) => format!("{m:?}"),
    }
}

/// Folds one chunk, and checks the law of lines.
fn fold(bytes: &[u8], offset: u64, events: &mut Vec<String>) -> Fragments {
    let mut lines = Lines::default();
    let mut emit = |e: Event<'_>| events.push(told(e));
    let mut assembler = Assembler::new();
    vsl::records(bytes, FileId(0), offset, &mut lines, |item| assembler.push(item, &mut emit));
    assert!(lines.add_up(), "{lines:?}");
    assembler.finish()
}

/// The events of a whole log, sorted.
fn events(bytes: &[u8]) -> Vec<String> {
    let mut seen = Vec::new();
    fold(bytes, 0, &mut seen).flush(&mut |e| seen.push(told(e)));
    seen.sort();
    seen
}

/// Only the events of transactions: grouped text shows no others.
fn transactions(bytes: &[u8]) -> Vec<String> {
    events(bytes).into_iter().filter(|e| e.contains("vxid")).collect()
}

/// Runs `look` over every fetch of a log.
fn each_fetch(bytes: &[u8], mut look: impl FnMut(&Fetch<'_>)) {
    let mut lines = Lines::default();
    let mut emit = |e: Event<'_>| {
        if let Event::Fetch(f) = e {
            look(&f);
        }
    };
    let mut assembler = Assembler::new();
    vsl::records(bytes, FileId(0), 0, &mut lines, |item| assembler.push(item, &mut emit));
    assembler.finish().flush(&mut emit);
    assert_eq!(lines.not_understood, 0);
}

#[test]
fn every_grouping_of_one_run_tells_the_same() {
    for (first, others) in [
        ("groupings/raw.txt", &["groupings/vxid.txt", "groupings/request.txt", "groupings/session.txt"][..]),
        (
            "vectors/retry-restart-esi.raw.txt",
            &["vectors/retry-restart-esi.request.txt", "vectors/retry-restart-esi.request-verbose.txt"],
        ),
    ] {
        let expected = transactions(&data(first));
        assert!(expected.len() > 5, "{first} tells of {} transactions", expected.len());
        for other in others {
            assert_eq!(transactions(&data(other)), expected, "{other}");
        }
    }
}

#[test]
fn logs_whose_blanks_were_trimmed_tell_the_same() {
    for name in ["groupings/raw.txt", "groupings/request.txt", "vectors/retry-restart-esi.request-verbose.txt"] {
        let text = words(&data(name));
        let trimmed: String = text.lines().map(|l| format!("{}\n", l.trim())).filter(|l| l != "\n").collect();
        assert_eq!(events(trimmed.as_bytes()), events(text.as_bytes()), "{name}");
        let windows = text.replace('\n', "\r\n");
        assert_eq!(events(windows.as_bytes()), events(text.as_bytes()), "{name}");
    }
}

/// What the cases state of a fetch, in one line.
fn verdict(f: &Fetch<'_>) -> String {
    let marks: Vec<&str> = f.marks.as_slice().iter().map(|m| m.kind.word()).collect();
    format!(
        "{:?} {} {}->{} {} {}:{} opens={}{}{} id={} [{}]",
        f.outcome,
        f.reason.word(),
        f.origin_status,
        f.status,
        words(f.backend),
        words(f.addr),
        f.port,
        f.opens,
        if f.reused { " reused" } else { "" },
        if f.retried { " retried" } else { "" },
        f.travelled_id,
        marks.join(" ")
    )
}

#[test]
fn each_case_comes_to_the_stated_verdict() {
    let text = words(&data("cases.txt"));
    let mut wrong = Vec::new();
    for case in text.split("\n\n") {
        let mut lines = case.lines();
        let title = lines.next().unwrap_or_default();
        let stated = lines.next().and_then(|l| l.strip_prefix("= ")).unwrap_or("nothing");
        let log: String = lines.map(|l| format!("{l}\n")).collect();
        let mut found = Vec::new();
        each_fetch(log.as_bytes(), |f| found.push(verdict(f)));
        if found != [stated] {
            wrong.push(format!("{title}\n  stated {stated}\n  found  {}", found.join("\n  and    ")));
        }
    }
    assert!(text.split("\n\n").count() > 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_vectors_of_three_versions_show_what_was_provoked() {
    let mut table = String::new();
    for name in [
        "refused",
        "first-byte-timeout",
        "header-line-too-long",
        "headers-total-overflow",
        "body-reset-streaming",
        "v773-header-line-too-long",
        "v773-mixed",
        "v6016-mixed",
        "retry-restart-esi",
    ] {
        table.push_str(&format!("{name}\n"));
        each_fetch(&data(&format!("vectors/{name}.request.txt")), |f| {
            let why: Vec<String> =
                f.marks.as_slice().iter().map(|m| format!("{} {}", m.kind.word(), words(m.text))).collect();
            let waited = f.answered.since(f.sent).map_or("-".into(), |us| format!("{} ms", us / 1000));
            let received = f.acct.map_or("-".into(), |a| format!("{}+{}", a.header_received, a.body_received));
            table.push_str(&format!(
                "  {:?} {} {}->{} {} waited {waited} received {received}: {}\n",
                f.outcome,
                words(f.url),
                f.origin_status,
                f.status,
                words(f.backend),
                why.join("; ")
            ));
        });
    }
    insta::assert_snapshot!(table);
}

#[test]
fn requests_say_what_made_their_answer() {
    let mut table = BTreeMap::new();
    let mut lines = Lines::default();
    let mut emit = |e: Event<'_>| {
        if let Event::Request(r) = e {
            let restarted = if r.restarted { " restarted" } else { "" };
            table.insert(
                r.vxid,
                format!(
                    "{:?} {} {} {}{restarted} {:?} fetch={} hit={} body={:?} sent={:?} length={:?} peer={}",
                    r.reason,
                    words(r.host),
                    words(r.url),
                    r.status,
                    r.made_by,
                    r.fetch,
                    r.hit,
                    r.body_bytes,
                    r.sent_bytes,
                    r.request_length,
                    words(r.peer)
                ),
            );
        }
    };
    for name in ["vectors/retry-restart-esi.raw.txt", "groupings/raw.txt"] {
        let bytes = data(name);
        let mut assembler = Assembler::new();
        vsl::records(&bytes, FileId(0), 0, &mut lines, |item| assembler.push(item, &mut emit));
        assert_eq!(assembler.finish().open(), 0, "{name}");
    }
    let text: String = table.iter().map(|(vxid, told)| format!("{vxid} {told}\n")).collect();
    insta::assert_snapshot!(text);
}

#[test]
fn an_id_that_begins_anew_is_a_new_transaction() {
    let one =
        "         3 Begin          b bereq 2 fetch\n         3 BereqURL       b /a\n         3 End            b \n";
    let unended = "         3 Begin          b bereq 2 fetch\n         3 BereqURL       b /b\n";
    let mut found = Vec::new();
    each_fetch(format!("{one}{unended}{one}").as_bytes(), |f| {
        found.push(format!("{} {:?} {}", words(f.url), f.outcome, f.marks.as_slice().len()));
    });
    assert_eq!(found, ["/a Good 0", "/b Unknown 1", "/a Good 0"]);
}

#[test]
fn records_without_a_transaction_take_the_nearest_moment() {
    let probe = "         0 Backend_health - web Went sick 4---Xr-- 2 3 4 0.000000 0.1 \"Empty response\"\n";
    let change = "         0 CLI            - Rd vcl.use v2\n";
    let pong = |at: u32| format!("         0 CLI            - Wr 200 19 PONG {at} 1.0\n");
    let stamp = "         3 Timestamp      c Resp: 20.500000 0.1 0.1\n";
    let times = |log: String| -> Vec<String> {
        events(log.as_bytes()).iter().map(|e| e.split(' ').next().unwrap_or_default()[17..26].to_string()).collect()
    };
    assert_eq!(times(format!("{}{probe}{change}", pong(7))), ["07.000000", "07.000000"]);
    assert_eq!(times(format!("{probe}{}{stamp}{change}", pong(7))), ["07.000000", "20.500000"]);
    assert_eq!(events(probe.as_bytes()), ["- web Empty response (2, 3, 4)"]);
}

#[test]
fn a_request_that_the_reader_gave_up_on_is_incomplete() {
    let log = "*   << Request  >> 9\n-   Begin          req 8 rxreq\n-   ReqURL         /a\n-   VSL            timeout\n-   End            synth\n";
    assert!(events(log.as_bytes())[0].contains("incomplete: true"));
    let whole = log.replace("-   VSL            timeout\n", "").replace("synth", "");
    assert!(events(whole.as_bytes())[0].contains("incomplete: false"));
}

/// Starts of lines, the end included.
fn edges(bytes: &[u8]) -> Vec<usize> {
    let mut found = vec![0];
    found.extend(bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(n, _)| n + 1));
    found
}

/// Folds a log in pieces that are joined in the order that `choices` gives, and tells its events.
fn joined(bytes: &[u8], cuts: &[usize], choices: &[usize]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut ranges = Vec::new();
    for pair in cuts.windows(2) {
        ranges.push(fold(&bytes[pair[0]..pair[1]], pair[0] as u64, &mut seen));
    }
    let mut choices = choices.iter().cycle();
    while ranges.len() > 1 {
        let at = choices.next().map_or(0, |c| c % (ranges.len() - 1));
        let right = ranges.remove(at + 1);
        let left = std::mem::take(&mut ranges[at]);
        ranges[at] = left.join(right, &mut |e| seen.push(told(e)));
    }
    for last in ranges {
        last.flush(&mut |e| seen.push(told(e)));
    }
    seen.sort();
    seen
}

const LAW_LOGS: [&str; 4] = [
    "groupings/raw.txt",
    "groupings/session.txt",
    "vectors/retry-restart-esi.request.txt",
    "vectors/retry-restart-esi.request-verbose.txt",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_log_may_be_cut_anywhere_and_joined_in_any_order(
        log in 0..LAW_LOGS.len(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        choices in prop::collection::vec(any::<usize>(), 1..12),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = data(LAW_LOGS[log]);
        // Lost lines: a transaction without its end, its beginning or its header is joined all the same.
        let mut lines: Vec<&[u8]> = whole.split_inclusive(|&b| b == b'\n').collect();
        for n in lost {
            lines.remove(n.index(lines.len()));
        }
        let bytes = lines.concat();
        let edges = edges(&bytes);
        let mut cuts: Vec<usize> = places.iter().map(|p| edges[p.index(edges.len())]).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        prop_assert_eq!(joined(&bytes, &cuts, &choices), events(&bytes));
    }

    #[test]
    fn a_log_that_grows_is_cut_where_it_is_safe(log in 0..LAW_LOGS.len(), step in 200usize..9000) {
        let bytes = data(LAW_LOGS[log]);
        let (mut cuts, mut end) = (vec![0], 0);
        while end < bytes.len() {
            end = (end + step).min(bytes.len());
            let from = cuts.last().copied().unwrap_or(0);
            if let Some(cut) = vsl::cut(&bytes[from..end]) {
                prop_assert!(cut > 0 && cut <= end - from);
                cuts.push(from + cut);
            }
        }
        prop_assert_eq!(cuts.last().copied(), Some(bytes.len()));
        prop_assert_eq!(joined(&bytes, &cuts, &[0]), events(&bytes));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        events(&bytes);
        prop_assert!(vsl::cut(&bytes).is_none_or(|cut| cut <= bytes.len()));
    }

    #[test]
    fn no_damaged_log_panics(
        log in 0..LAW_LOGS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..200),
    ) {
        let mut bytes = data(LAW_LOGS[log]);
        for (place, value, how) in damage {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = value,
                1 => bytes[at] = b'\n',
                _ => { bytes.remove(at); }
            }
        }
        events(&bytes);
        prop_assert!(vsl::cut(&bytes).is_none_or(|cut| cut <= bytes.len()));
    }
}
