//! The laws of every screen: at most 24 lines and 80 columns, nothing unsafe, and colour that only adds colour.

use guru::model::cause::Bucket;
use guru::model::explain::Explanation;
use guru::model::incident::{Advice, Candidate, Incident, Limit, State};
use guru::model::report::{Report, Stored};
use guru::model::{Impact, Stamp, Verdict};
use guru::view::{self, Recognition, Style, Zone};
use proptest::prelude::*;

use crate::believable::{
    clock, healthy, maintenance, nginx_only, overload, quote, recurring, source, varnish_only, week, words,
};

/// What every string field holds in a hostile log: escapes, a newline that forges a line, a direction override, C1.
const EVIL: &str = "\x1b[2J\x07a\nStored    all is well\r\u{202e}gnp\u{9b}31m\u{200b}\u{7f}\u{2028}|<b>=cmd()\u{0}";

/// True for what must never reach a reader's terminal.
fn is_unsafe(c: char) -> bool {
    c.is_control() && c != '\n' || "\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}".contains(c)
}

fn columns(line: &str) -> usize {
    line.chars().count()
}

fn assert_one_screen(text: &str) {
    assert!(text.lines().count() <= 24, "{} lines:\n{text}", text.lines().count());
    assert_columns(text, 80);
}

fn assert_columns(text: &str, most: usize) {
    for line in text.lines() {
        assert!(columns(line) <= most, "{} columns: {line}", columns(line));
        assert_eq!(line.trim_end(), line, "spaces at the end");
    }
    assert!(text.ends_with('\n'));
}

/// Every string in a JSON value, keys left out.
fn strings(value: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::String(s) => found.push(s.clone()),
        Value::Array(items) => items.iter().for_each(|v| strings(v, found)),
        Value::Object(fields) => fields.values().for_each(|v| strings(v, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn evil() -> String {
    EVIL.to_string()
}

/// Every string field hostile. Exhaustive where a field is a string, so that a new one is not forgotten.
fn evil_incident(mut i: Incident) -> Incident {
    let Incident { title, service, cause, in_short, root, trigger, fix, worked, nodes, notes, .. } = &mut i;
    for text in [title, service, cause, in_short] {
        *text = evil();
    }
    for text in [root, trigger, fix, worked] {
        *text = Some(evil());
    }
    *nodes = vec![evil(), evil()];
    *notes = vec![evil(), evil()];
    i.causes.iter_mut().for_each(|c| (c.cause, c.role) = (evil(), evil()));
    i.verdicts.insert(evil(), 7);
    i.harm.by_impact.insert(evil(), 7);
    i.harm.top_urls = vec![(evil(), 3)];
    i.limits = vec![Limit { knob: evil(), ms: f64::NAN, failures: 3 }];
    for e in &mut i.examples {
        (e.request, e.verdict) = (evil(), evil());
        (e.own, e.origin, e.origin_error) =
            (Some(quote(EVIL, 1, EVIL)), Some(quote(EVIL, 0, EVIL)), Some(quote(EVIL, 2, EVIL)));
    }
    i.proof = vec![quote(EVIL, 1, EVIL)];
    i.advice = vec![evil_advice(EVIL), evil_advice("look"), evil_advice("NOT")];
    let candidate = Candidate { kind: evil(), at: Stamp(5), text: evil(), strength: 0.9 };
    (i.began, i.ended_by) = (vec![candidate.clone()], vec![candidate]);
    i
}

fn evil_advice(kind: &str) -> Advice {
    Advice {
        kind: kind.into(),
        text: evil(),
        knob: evil(),
        default: evil(),
        cost: evil(),
        command: evil(),
        value: evil(),
        figure: evil(),
        ..Advice::default()
    }
}

fn evil_report() -> Report {
    let mut r = varnish_only();
    let mut bad = source(EVIL, EVIL, EVIL, EVIL, EVIL, 10);
    (bad.trouble, bad.why) = (vec![evil(), evil()], evil());
    r.sources = vec![bad.clone(), bad];
    r.incidents = [overload(), maintenance(), recurring()].map(evil_incident).to_vec();
    r.warnings = vec![evil(); 12];
    for w in &mut r.early_warnings {
        (w.node, w.backend, w.cause, w.text, w.advice) = (evil(), evil(), evil(), evil(), evil());
    }
    r.totals.by_verdict.insert(evil(), 1);
    r.totals.by_impact.insert(evil(), 1);
    r.totals.not_origin.insert(evil(), 1);
    let mut c = clock(EVIL, EVIL, f64::NAN, f64::INFINITY, 3);
    c.zone_mistake = Some(evil());
    r.clock_offsets = vec![c, clock(EVIL, "web1", 1.0, 1.0, 99)];
    r.store = Some(Stored { path: evil(), error: Some(evil()), ..Stored::default() });
    r
}

fn evil_explanation() -> Explanation {
    Explanation {
        id: evil(),
        title: evil(),
        brief: evil(),
        is_cause: true,
        bucket: Bucket::Network,
        means: evil(),
        means_of: evil(),
        why: evil(),
        confirm: vec![evil()],
        advice: vec![evil_advice(EVIL)],
        mistaken_for: evil(),
    }
}

/// Every text output of hostile input.
fn evil_texts(style: &Style) -> Vec<String> {
    let report = evil_report();
    let mut texts = vec![
        view::report(&report, style),
        view::incident_list(&report.incidents, style),
        view::explanation(&evil_explanation(), style),
        view::explanations(&[&evil_explanation(), &evil_explanation()], style),
        view::recognition(&[Recognition::of(&report.sources[0], 0.3)], style),
        view::csv(&report.incidents),
        view::markdown(&report.incidents),
    ];
    texts.extend(report.incidents.iter().map(|i| view::incident(i, style)));
    texts
}

fn styles() -> Vec<Style> {
    let store = Some(evil());
    vec![
        Style::default(),
        Style { full: true, ..Style::default() },
        Style { width: 0, store: store.clone(), ..Style::default() },
        Style { width: 200, zone: Zone::Local, store, ..Style::default() },
    ]
}

#[test]
fn nothing_hostile_reaches_the_reader() {
    for style in styles() {
        for text in evil_texts(&style) {
            let found: Vec<char> = text.chars().filter(|c| is_unsafe(*c)).collect();
            assert!(found.is_empty(), "{found:?} in\n{text}");
            assert!(!text.lines().any(|l| l.starts_with("Stored    all is well")), "forged line in\n{text}");
        }
    }
}

#[test]
fn json_of_hostile_input_is_safe_and_reads_back_as_it_was() {
    let report = evil_report();
    for text in [view::json(&report), view::ndjson(&report), view::incidents_json(&report.incidents)] {
        assert!(!text.chars().any(is_unsafe));
    }
    let back: serde_json::Value = serde_json::from_str(&view::json(&report)).expect("JSON");
    assert_eq!(back["incidents"][0]["title"], EVIL);
    assert_eq!(back["sources"][1]["trouble"][0], EVIL);
    assert_eq!(back["clock_offsets"][0]["offset_ms"], serde_json::Value::Null);
    let lines: Vec<serde_json::Value> =
        view::ndjson(&report).lines().map(|l| serde_json::from_str(l).expect("one object per line")).collect();
    assert_eq!(lines.len(), 1 + report.incidents.len());
    assert_eq!((lines[0]["type"].as_str(), lines[1]["type"].as_str()), (Some("report"), Some("incident")));
    assert!(lines[0].get("incidents").is_none() && lines[0]["totals"]["failed_fetches"] == 17);
    assert_eq!(lines[1]["title"], EVIL);
}

#[test]
fn every_string_of_the_model_was_tested_with_hostile_text() {
    let mut found = Vec::new();
    strings(&serde_json::to_value(evil_report()).expect("serialises"), &mut found);
    // Stamps, states, two kinds of advice, one clock's node, and kinds and units of early warnings are ours.
    let ours = |s: &str| {
        s.len() == 27 && s.ends_with('Z')
            || ["look", "NOT", "web1", "bytes", "header_bytes", "near_miss"].contains(&s)
            || State::parse(s).is_some()
    };
    let friendly: Vec<&String> = found.iter().filter(|s| *s != EVIL && !ours(s)).collect();
    assert!(friendly.is_empty(), "not hostile: {friendly:?}");
}

#[test]
fn colour_is_only_added() {
    for style in styles() {
        let colored = Style { color: true, ..style.clone() };
        for (plain, painted) in evil_texts(&style).iter().zip(evil_texts(&colored)) {
            assert_eq!(&anstream::adapter::strip_str(&painted).to_string(), plain);
        }
    }
    let colored = view::report(&week(), &Style { color: true, ..Style::default() });
    assert!(colored.contains("\x1b[1m"), "labels are painted");
}

fn monstrous() -> Report {
    let mut r = week();
    let huge = u64::MAX / 16;
    r.incidents = (0..5000)
        .map(|n| {
            let mut i = overload();
            (i.id, i.failures, i.harm.visitors_5xx) = (u32::MAX - n, u64::MAX, u64::MAX);
            i.service = "s".repeat(64);
            i.title = format!("{}: {}", i.service, "broke ".repeat(50));
            i.in_short = "word ".repeat(200);
            i.state = if n % 2 == 1 { State::Open } else { State::Closed };
            i
        })
        .collect();
    r.totals.by_verdict = Verdict::ALL.iter().map(|v| (v.word().to_string(), huge)).collect();
    r.totals.by_impact = Impact::ALL.iter().map(|i| (i.word().to_string(), huge)).collect();
    r.totals.failed_fetches = huge * 8 - 1;
    r.totals.not_origin = (0..30).map(|n| (format!("client.cause_{n}"), huge)).collect();
    let v = &mut r.totals.visitors;
    (v.got_5xx, v.own_fetch, v.shared, v.made_here, v.edge, v.unexplained) = (huge * 5, huge, huge, huge, huge, huge);
    r.totals.lines.read = u64::MAX;
    r.clock_offsets = (0..500).map(|n| clock("cache-1", &format!("web{n}"), 1e300, 1e300, 100)).collect();
    r.warnings = (0..500).map(|n| format!("{n} {}", "a long warning ".repeat(40))).collect();
    r.sources.iter_mut().for_each(|s| s.trouble = vec!["truncated".repeat(50)]);
    r.store = Some(Stored { path: "/very/long".repeat(40), error: Some("no ".repeat(200)), ..Stored::default() });
    r
}

#[test]
fn every_report_fits_one_screen() {
    let mut without_store = monstrous();
    without_store.store = None;
    for report in
        [week(), healthy(), nginx_only(), varnish_only(), Report::default(), evil_report(), monstrous(), without_store]
    {
        assert_one_screen(&view::report(&report, &Style::default()));
        let style =
            Style { store: Some("/a/very/long/path/to/some/store/that/is/wide.db".repeat(2)), ..Style::default() };
        assert_one_screen(&view::report(&report, &style));
    }
}

#[test]
fn a_monstrous_report_still_says_what_matters() {
    let text = view::report(&monstrous(), &Style::default());
    for words in ["Visitors", "Fetches", "Worst", "First", "Origin", "Beware", "Lines", "BUG", "Stored", "Next", "4,99"]
    {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
    let full = view::report(&week(), &Style { full: true, ..Style::default() });
    assert!(full.contains("49  api: connection reset"), "every incident is opened");
}

#[test]
fn at_most_eight_incidents_are_listed_and_the_rest_is_folded() {
    let mut report = nginx_only();
    report.incidents = (1..=20).map(|id| crate::believable::incident(id, "a", "b", "dns", 1, Stamp(0), 1)).collect();
    let text = view::report(&report, &Style::default());
    let rows = text.lines().filter(|l| l.contains("  00:00:00  ")).count();
    assert_eq!(rows, 8, "{text}");
    assert!(text.contains("12 smaller"), "{text}");
}

#[test]
fn every_incident_fits_one_screen() {
    let mut long = monstrous().incidents.remove(0);
    long.advice = (0..50).map(|n| evil_advice(["look", "change", "NOT"][n % 3])).collect();
    long.notes = vec!["a note ".repeat(60); 40];
    long.trigger = Some("trigger ".repeat(90));
    long.fix = Some("fix ".repeat(90));
    long.seen_before = (0..900).collect();
    long.verdicts = Verdict::ALL.iter().map(|v| (v.word().to_string(), u64::MAX / 9)).collect();
    long.nodes = (0..400).map(|n| format!("cache-{n}")).collect();
    for i in [overload(), maintenance(), recurring(), evil_incident(overload()), long] {
        assert_one_screen(&view::incident(&i, &Style::default()));
        let kept = view::incident(&i, &Style { full: true, ..Style::default() });
        assert_columns(&kept, 80);
        assert!(view::incident(&i, &Style::default()).contains("Do  "), "advice is never cut away");
    }
}

#[test]
fn wide_characters_keep_their_columns() {
    let mut i = overload();
    i.service = "商店".repeat(20);
    i.title = "商店".repeat(60);
    let text = view::incident_list(&[i.clone()], &Style::default()) + &view::incident(&i, &Style::default());
    for line in text.lines() {
        let wide = line.chars().filter(|c| !c.is_ascii() && *c != '…' && *c != '±').count();
        assert!(columns(line) + wide <= 80, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_figure_and_no_text_breaks_a_screen(
        text in any::<String>(), n in any::<u64>(), at in any::<i64>(), x in any::<f64>(), width in 0usize..200,
    ) {
        let mut r = nginx_only();
        let mut i = overload();
        (i.title, i.service, i.in_short) = (text.clone(), text.clone(), text.clone());
        (i.opened_at, i.closed_at, i.failures) = (Stamp(at), Stamp(at / 3), n);
        i.curve = vec![(at, n), (at / 2, 1), (0, n)];
        (i.harm.share, i.rate_per_hour) = (Some(x), Some(x));
        i.verdicts = words(&[("not_sent", n), ("ambiguous", n)]);
        r.clock_offsets = vec![clock(&text, &text, x, -x, n)];
        r.totals.visitors.worst_minute = Some((at, x));
        r.totals.visitors.requests = n;
        r.incidents = vec![i];
        let style = Style { width, ..Style::default() };
        for screen in [view::report(&r, &style), view::incident(&r.incidents[0], &style)] {
            prop_assert!(screen.lines().count() <= 24 || width < 80, "{}", screen);
            prop_assert!(!screen.chars().any(is_unsafe));
        }
        prop_assert!(serde_json::from_str::<serde_json::Value>(&view::json(&r)).is_ok());
    }

    #[test]
    fn a_zone_word_never_panics(word in any::<String>()) {
        let _ = Zone::parse(&word);
    }
}
