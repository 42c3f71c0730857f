//! The tail without a screen, over a scripted outage.

use guru::model::Live;
use guru::model::incident::State;
use guru::model::live::Mood;
use guru::view::{PlainLines, live_ndjson};

use crate::believable::{calm, night, outage, recovering, starting, style, with_gaps};

/// The night in a few moments.
fn script() -> Vec<Live> {
    let at = |mut live: Live, h, m, s| {
        (live.at, live.wall) = (night(h, m, s), night(h, m, s) + 1_100_000);
        live.recorder = None;
        live
    };
    let mut warned = at(calm(), 3, 3, 40);
    warned.mood = Mood::Warning;
    warned.warning = "TTFB p95 at web1 climbed to 9.7 s of 15.0 s in 4 min".into();
    let mut opened = at(outage(), 3, 4, 12);
    opened.rates.failed_per_min = 12.0;
    opened.incidents[0].causes.retain(|c| c.cause == "timeout.first_byte");
    let mut worse = at(outage(), 3, 7, 3);
    worse.causes.truncate(2);
    let mut over = at(calm(), 3, 28, 0);
    over.incidents = recovering().incidents;
    over.incidents[0].state = State::Closed;
    over.incidents[0].closed_at = night(3, 22, 40);
    let mut quiet = at(calm(), 3, 29, 0);
    quiet.since = night(3, 28, 0);
    let recovering = at(recovering(), 3, 25, 0);
    let gap = at(with_gaps(), 3, 10, 0);
    vec![
        at(starting(), 2, 50, 0),
        at(calm(), 2, 50, 4),
        warned,
        opened,
        worse.clone(),
        worse,
        gap,
        recovering,
        over,
        quiet,
    ]
}

#[test]
fn a_night_in_lines() {
    let mut lines = PlainLines::new(&style());
    let told: Vec<String> = script().iter().flat_map(|live| lines.step(live)).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_same_moment_is_told_once() {
    let mut lines = PlainLines::new(&style());
    for live in script() {
        lines.step(&live);
        assert_eq!(lines.step(&live), Vec::<String>::new());
    }
}

#[test]
fn an_incident_found_open_says_since_when() {
    let told = PlainLines::new(&style()).step(&outage());
    let line = told.iter().find(|l| l.contains("INCIDENT")).expect("an incident line");
    assert_eq!(
        line,
        "03:10:31 INCIDENT 41 shop: first byte timeout since 03:04:12; 672 failed in 6 min, 503 31 % (usual 0.02 %)"
    );
}

#[test]
fn a_night_in_json() {
    let script = script();
    let mut told = Vec::new();
    let mut previous = None;
    for live in &script {
        told.extend(live_ndjson(live, previous));
        previous = Some(live);
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_failure_is_told_when_it_comes_and_when_it_settles() {
    let before = outage();
    let mut live = outage();
    let mut settled = live.latest[3].clone();
    settled.settled = true;
    settled.verdict = "late_answer".into();
    let new = guru::model::live::LiveFailure { id: "00000000000000ff".into(), ..live.latest[0].clone() };
    live.news = vec![settled, new];
    let told = live_ndjson(&live, Some(&before));
    let values: Vec<serde_json::Value> = told.iter().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let ids: Vec<&str> = values.iter().filter_map(|v| v["id"].as_str()).collect();
    assert_eq!(ids, ["0000000000000004", "00000000000000ff"], "oldest first");
    assert_eq!(values[0]["verdict"], "late_answer");
    live.news.clear();
    assert_eq!(live_ndjson(&live, Some(&live)), Vec::<String>::new());
}
