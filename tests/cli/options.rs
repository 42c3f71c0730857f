//! Options of `analyze`, and its outputs as other programs read them.

use std::collections::BTreeSet;

use crate::logs::{
    Access, Clock, Fetch, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use crate::place::{Place, words};

/// An hour with a short outage at 00:10 and another at 00:40.
fn hour() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 360, 10 * SECOND),
        trouble(MIDNIGHT + 10 * MINUTE, 8, SECOND, "/early", Went::Refused),
        trouble(MIDNIGHT + 40 * MINUTE, 9, SECOND, "/late", Went::Status(500)),
    ])
}

fn place() -> Place {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    place.write("access.log", access_log(&hour(), Access::Rich, Clock::default()));
    place
}

#[test]
fn since_and_until_cut_the_logs() {
    let place = place();
    let cut = |args: &[&str]| place.report(&[&["varnish.log", "access.log", "--no-store"], args].concat());
    assert_eq!(cut(&["--since", "2026-11-20 00:30"]).failed(), 9);
    assert_eq!(cut(&["--until", "2026-11-20T00:30:00Z"]).failed(), 8);
    let both = cut(&["--since", "20/Nov/2026:01:09:00 +0100", "--until", &format!("@{}", MIDNIGHT / SECOND + 20 * 60)]);
    assert_eq!(both.failed(), 8);
    assert_eq!(both.0["totals"]["requests"].as_u64(), Some(66 + 8), "eleven minutes of traffic");
    assert_eq!(cut(&["--since", "2026-11-21"]).failed(), 0);
    assert_eq!(cut(&["--since", "2026-11-20 00:30"]).0["span"]["from"], "2026-11-20T00:30:00.000000Z");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let place = place();
    let run = |jobs: &str| {
        let report = place.report(&["varnish.log", "access.log", "--no-store", "--jobs", jobs]);
        let mut value = report.0;
        value["took_ms"] = 0.into();
        value
    };
    let one = run("1");
    assert_eq!(one, run("2"));
    assert_eq!(one, run("7"));
}

#[test]
fn times_are_shown_in_the_zone_that_is_asked_for() {
    let place = place();
    let shown = |zone: &str| place.guru(&["analyze", "varnish.log", "--no-store", "--tz", zone]).code(0);
    shown("UTC").shows(&["00:10:00", "UTC"]);
    shown("+02:00").shows(&["02:10:00", "+02:00"]);
    shown("Asia/Kolkata").shows(&["05:40:00", "+05:30"]);
    shown("America/New_York").shows(&["19:10:00", "-05:00"]);
    place.guru(&["analyze", "varnish.log", "--no-store", "--tz", "Mars"]).code(2).says(&["Mars"]);
}

#[test]
fn a_format_can_be_forced_on_the_files_of_a_pattern() {
    let place = place();
    let args = ["varnish.log", "access.log", "--no-store", "--format", "nginx-rich=*access*"];
    assert_eq!(place.report(&args).failed(), 17);
    let wrong = place.report(&["access.log", "--no-store", "--format", "nginx-combined"]);
    let lines = &wrong.source("access.log")["lines"];
    assert_eq!(wrong.source("access.log")["format"], "nginx-combined", "what the user says counts");
    assert_eq!(lines["read"], lines["not_understood"]);
}

#[test]
fn a_role_stands_before_a_path() {
    let place = place();
    let report = place.report(&["cache=varnish.log", "origin=access.log", "--no-store"]);
    assert_eq!((report.source("varnish.log")["tier"].as_str(), report.failed()), (Some("cache"), 17));
    let edge = place.report(&["edge=access.log", "--no-store"]);
    assert_eq!(edge.source("access.log")["tier"], "edge");
    let named = place.report(&["varnish.log", "--node", "fra1=access.log", "--no-store"]);
    assert_eq!(named.source("access.log")["node"], "fra1");
}

#[test]
fn fetches_on_stdout_are_nothing_but_objects() {
    let place = place();
    let run = place.analyze(&["varnish.log", "access.log", "--fetches", "-"]).code(0);
    let fetches = run.objects();
    assert_eq!(fetches.len(), 17 + 9, "of every tier");
    let told = fetches.iter().filter(|f| f["told_in"].is_string()).count();
    assert_eq!(told, 9, "those of the origin are told in those of the cache");
    let expected = [
        "alternatives",
        "backend",
        "backend_addr",
        "cause",
        "client_vxid",
        "confidence",
        "ended_at",
        "evidence",
        "host",
        "id",
        "impact",
        "incident",
        "method",
        "node",
        "origin",
        "origin_cause",
        "origin_error",
        "origin_status",
        "reason",
        "schema",
        "started_at",
        "status",
        "tier",
        "told_in",
        "type",
        "url",
        "verdict",
        "vxid",
    ];
    for fetch in &fetches {
        let keys: BTreeSet<&str> = fetch.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(expected), "the contract's fields, absent values null");
        assert_eq!((&fetch["type"], &fetch["schema"]), (&"failed_fetch".into(), &1.into()));
        let file = fetch["evidence"][0]["file"].as_str().expect("its file");
        assert_eq!(file, if fetch["tier"] == "cache" { "varnish.log" } else { "access.log" });
        let line = fetch["evidence"][0]["line"].as_u64().expect("a line") as usize;
        let log = std::fs::read_to_string(place.path(file)).expect("it is there");
        let text = fetch["evidence"][0]["text"].as_str().expect("its text");
        let there = log.lines().nth(line - 1).expect("the line is there");
        let flat = there.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(text), "evidence is quoted from its own line: {text} is not in {flat}");
    }
    assert!(run.err.contains("read as"), "what was recognised is talk");
    place.analyze(&["varnish.log", "access.log", "--fetches", "out.ndjson"]).code(0).shows(&["17 failed"]);
    let written = std::fs::read_to_string(place.path("out.ndjson")).expect("it was written");
    assert_eq!(written, run.out, "the same to a file");
    place.analyze(&["varnish.log", "--fetches", "no/such/folder"]).code(4).says(&["no/such/folder", "hint"]);
}

#[test]
fn quiet_says_nothing_and_keeps_the_report() {
    let place = place();
    let run = place.analyze(&["varnish.log", "-q"]).code(0).shows(&["17 failed"]);
    assert_eq!(run.err, "");
    let wrong = place.analyze(&["gone.log", "-q"]).code(3);
    assert!(wrong.err.contains("nothing to analyse"), "errors are still said: {}", wrong.err);
}

#[test]
fn ndjson_is_a_report_and_its_incidents() {
    let place = place();
    let objects = place.analyze(&["varnish.log", "access.log", "--output", "ndjson"]).code(0).objects();
    assert_eq!(objects.len(), 3, "{objects:?}");
    let types: Vec<&str> = objects.iter().filter_map(|o| o["type"].as_str()).collect();
    assert_eq!(types, ["report", "incident", "incident"]);
}

#[test]
fn the_same_traffic_whatever_the_order_of_the_paths() {
    let place = place();
    let one = place.report(&["varnish.log", "access.log", "--no-store"]);
    let other = place.report(&["access.log", "varnish.log", "--no-store"]);
    assert_eq!(one.0["totals"], other.0["totals"]);
    assert_eq!(one.counts("by_verdict"), words(&[("not_sent", 8), ("origin_failed", 9)]));
    assert_eq!(one.0["incidents"], other.0["incidents"]);
}

#[test]
fn a_report_fits_on_one_screen() {
    let place = place();
    for args in [&["varnish.log", "access.log"][..], &["varnish.log"], &["access.log"]] {
        let run = place.analyze(args).code(0);
        assert!(run.out.lines().count() <= 24, "{}", run.out);
        assert!(run.out.lines().all(|l| l.chars().count() <= 80), "{}", run.out);
        assert!(run.out.trim_end().lines().last().is_some_and(|l| l.contains("guru ")), "{}", run.out);
    }
}
