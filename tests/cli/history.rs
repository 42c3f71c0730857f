//! What the history makes of runs: the same logs again, slices that overlap, copies under other names, the next day,
//! the origin's logs a day late. Nothing is ever doubled, and what is known only gets better.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::logs::{
    Access, Clock, DAY, Fetch, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use crate::place::{Place, Report, column, words};

/// An hour of a shop whose search is too slow for a while and whose origin is then down.
fn hour() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 360, 10 * SECOND),
        trouble(MIDNIGHT + 10 * MINUTE + 1_000, 12, 7 * SECOND, "/search", Went::Late(400_000)),
        trouble(MIDNIGHT + 40 * MINUTE + 1_000, 12, 3 * SECOND, "/cart", Went::Refused),
    ])
}

fn between(fetches: &[Fetch], from: i64, to: i64) -> Vec<Fetch> {
    fetches.iter().filter(|f| (from..to).contains(&f.at)).cloned().collect()
}

#[test]
fn the_same_command_twice_changes_nothing() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    place.write("access.log", access_log(&hour(), Access::Rich, Clock::ahead(1.2)));
    let first = place.report(&["varnish.log", "access.log"]);
    let before = place.dump();
    let second = place.report(&["varnish.log", "access.log"]);
    assert_eq!(before, place.dump());
    assert_eq!((first.failed(), second.failed()), (24, 24));
    assert_eq!(first.0["store"]["new"], 2, "{}", first.0["store"]);
    let store = &second.0["store"];
    assert_eq!((&store["new"], &store["updated"], &store["known"]), (&0.into(), &0.into(), &24.into()), "{store}");
    let ids = |r: &Report| r.incidents().iter().map(|i| i["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
}

#[test]
fn overlapping_slices_come_to_the_whole() {
    let all = hour();
    let whole = Place::new();
    whole.write("varnish.log", varnishlog(&all)).write("access.log", access_log(&all, Access::Rich, Clock::default()));
    whole.report(&["varnish.log", "access.log"]);
    let sliced = Place::new();
    for (from, to) in [(0, 12), (8, 41), (5, 11), (38, 60), (0, 60)] {
        let slice = between(&all, MIDNIGHT + from * MINUTE, MIDNIGHT + to * MINUTE);
        sliced.write("varnish.log", varnishlog(&slice));
        sliced.write("access.log", access_log(&slice, Access::Rich, Clock::default()));
        sliced.report(&["varnish.log", "access.log"]);
    }
    let told =
        "SELECT opened_at || ' ' || closed_at || ' ' || state || ' ' || service || ' ' || cause || ' ' || failures
                FROM v_incidents ORDER BY opened_at";
    assert_eq!(column(&whole.store(), told), column(&sliced.store(), told));
    let fetches = "SELECT id || ' ' || cause || ' ' || verdict || ' ' || impact FROM v_failed_fetches ORDER BY id";
    assert_eq!(column(&whole.store(), fetches), column(&sliced.store(), fetches));
    assert_eq!(column(&sliced.store(), fetches).len(), 24);
}

#[test]
fn renamed_and_recompressed_copies_double_nothing() {
    let place = Place::new();
    let text = varnishlog(&hour());
    place.write("varnish.log", &text);
    place.report(&["varnish.log"]);
    let count = "SELECT count(*) FROM v_failed_fetches UNION ALL SELECT count(*) FROM v_incidents";
    let before = column(&place.store(), count);
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(text.as_bytes()).expect("memory takes it");
    place.write("backup/cache7/old.gz", gz.finish().expect("memory takes it"));
    let report = place.report(&["backup"]);
    assert_eq!(report.0["store"]["new"], 0, "{}", report.0["store"]);
    assert_eq!(before, column(&place.store(), count));
    // A copy beside the original in one run is the same traffic.
    let both = place.report(&["backup", "varnish.log", "--no-store"]);
    assert_eq!((both.failed(), both.0["totals"]["requests"].as_u64()), (24, Some(384)));
    assert!(both.warnings().contains("is a copy of"), "{}", both.warnings());
}

#[test]
fn the_next_days_logs_extend_an_incident_that_was_open() {
    let place = Place::new();
    let midnight = MIDNIGHT + DAY;
    let night = sorted([
        traffic(midnight - 30 * MINUTE, 180, 20 * SECOND),
        trouble(midnight - 5 * MINUTE + 1_000, 20, 30 * SECOND, "/cart", Went::Refused),
    ]);
    place.write("day1.log", varnishlog(&between(&night, 0, midnight)));
    place.write("day2.log", varnishlog(&between(&night, midnight, i64::MAX)));
    let first = place.report(&["day1.log"]);
    assert_eq!((first.failed(), first.incident()["state"].as_str()), (10, Some("open")));
    let second = place.report(&["day2.log"]);
    let incident = second.incident();
    assert_eq!((&incident["id"], incident["failures"].as_u64()), (&first.incident()["id"], Some(20)));
    assert_eq!(incident["state"], "closed");
    assert_eq!(second.0["store"]["new"], 0, "{}", second.0["store"]);
    assert_eq!(column(&place.store(), "SELECT id FROM v_incidents").len(), 1);
}

#[test]
fn the_next_days_own_trouble_is_a_new_incident() {
    let place = Place::new();
    for day in 0..2 {
        let from = MIDNIGHT + day * DAY;
        let fetches =
            sorted([traffic(from, 60, 10 * SECOND), trouble(from + 1_000, 10, SECOND, "/cart", Went::Refused)]);
        place.write(&format!("day{day}.log"), varnishlog(&fetches));
    }
    let first = place.report(&["day0.log"]);
    let second = place.report(&["day1.log"]);
    assert_ne!(first.incident()["id"], second.incident()["id"]);
    assert_eq!(second.0["store"]["new"], 1);
    place.ask(&["incidents"]).code(0).shows(&["2 incidents", "refused", "guru show"]);
}

#[test]
fn origin_logs_a_day_later_link_the_failures_already_stored() {
    let place = Place::new();
    let fetches = hour();
    place.write("varnish.log", varnishlog(&fetches));
    place.write("access.log", access_log(&fetches, Access::Rich, Clock::ahead(0.8)));
    let first = place.report(&["varnish.log"]);
    assert_eq!(first.counts("by_verdict"), words(&[("no_origin_log", 12), ("not_sent", 12)]));
    place.report(&["access.log"]);
    let verdicts = "SELECT verdict || ' ' || count(*) FROM v_failed_fetches WHERE tier = 'cache' GROUP BY verdict";
    assert_eq!(column(&place.store(), verdicts), ["Text(\"late_answer 12\")", "Text(\"not_sent 12\")"]);
    let place = (place.ask(&["show", "1"]).code(0), place);
    place.0.shows(&["too late"]);
    // The cache's log again must not take that away.
    place.1.report(&["varnish.log"]);
    assert_eq!(column(&place.1.store(), verdicts), ["Text(\"late_answer 12\")", "Text(\"not_sent 12\")"]);
}

#[test]
fn an_unwritable_history_never_costs_the_report() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour())).write("file", "");
    for store in ["file/below/a.db", "."] {
        let args = ["analyze", "varnish.log", "--tz", "UTC", "--store", store];
        let run = place.guru(&args).code(5).says(&["hint: "]).shows(&["refused", "24 failed", "NOTHING in", store]);
        assert!(!run.out.contains("\\n"), "one sentence, not the text of an error: {}", run.out);
        let json = place.guru(&[&args[..], &["--output", "json"]].concat()).code(5);
        let report = Report::of(&json);
        assert_eq!((report.failed(), report.incidents().len()), (24, 2));
        assert!(report.0["store"]["error"].is_string(), "{}", report.0["store"]);
        let numbers: Vec<u64> = report.incidents().iter().filter_map(|i| i["id"].as_u64()).collect();
        assert_eq!(numbers, [1, 2], "without a history incidents are numbered by their place");
    }
    place.write("letter.txt", "Dear reader, this is no database.".repeat(100));
    let run = place.guru(&["analyze", "varnish.log", "--store", "letter.txt"]).code(5);
    assert!(run.out.contains("24 failed"), "{}", run.out);
    let kept = std::fs::read_to_string(place.path("letter.txt")).expect("it is there");
    assert!(kept.starts_with("Dear reader"), "a file that is no history is left as it is");
}

#[test]
fn without_a_history_nothing_is_written() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    let report = place.report(&["varnish.log", "--no-store"]);
    assert!(report.0["store"].is_null());
    assert!(!place.store().exists());
    let numbers: Vec<u64> = report.incidents().iter().filter_map(|i| i["id"].as_u64()).collect();
    assert_eq!(numbers, [1, 2]);
    let fetches = place.analyze(&["varnish.log", "--no-store", "--fetches", "-"]).code(0).objects();
    assert!(fetches.iter().all(|f| f["incident"] == 1 || f["incident"] == 2), "{fetches:?}");
}

#[test]
fn the_history_is_where_the_environment_says() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    let run = place.guru(&["analyze", "varnish.log"]).code(0);
    // A machine-wide history comes first where there is one.
    if !std::path::Path::new("/var/lib/guru/guru.db").exists() {
        assert!(place.path("guru/guru.db").exists(), "{}", run.out);
        assert!(run.out.contains("guru/guru.db"), "a run that writes says where: {}", run.out);
    }
    let named = place.command(&["analyze", "varnish.log"]).env("GURU_STORE", place.path("mine.db")).output();
    assert!(named.expect("guru runs").status.success());
    assert!(place.path("mine.db").exists());
}
