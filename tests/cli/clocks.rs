//! Clocks and zones: the origin's clock is wrong, or its log is written in another zone than it says; ids that
//! travelled need no clock.

use serde_json::Value;

use crate::logs::{
    Access, Clock, Fetch, HOUR, Line, MIDNIGHT, MINUTE, SECOND, Upstream, WITH_ID, Went, access_log, sorted, traffic,
    trouble, varnishlog,
};
use crate::place::{Place, Report, words};

/// Half an hour with ten fetches that the origin answered too late.
fn slow() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT + 8 * HOUR, 300, 6 * SECOND),
        trouble(MIDNIGHT + 8 * HOUR + 10 * MINUTE + 3 * SECOND, 10, 11 * SECOND, "/search", Went::Late(700_000)),
    ])
}

fn analysed(place: &Place, fetches: &[Fetch], access: Access, clock: Clock) -> Report {
    place.write("cache/varnish.log", varnishlog(fetches)).write("web1/access.log", access_log(fetches, access, clock));
    place.report(&["cache/varnish.log", "web1/access.log", "--no-store"])
}

fn offset(report: &Report) -> &Value {
    let all = report.0["clock_offsets"].as_array().expect("offsets are a list");
    assert_eq!(all.len(), 1, "{all:?}");
    &all[0]
}

#[test]
fn a_clock_that_is_off_is_found_with_its_error_bar() {
    let place = Place::new();
    for (access, seconds) in
        [(Access::Rich, 2.3), (Access::Rich, -41.7), (Access::Combined, 2.3), (Access::Combined, -41.7)]
    {
        let report = analysed(&place, &slow(), access, Clock::ahead(seconds));
        assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 10)]), "{access:?} {seconds}");
        let clock = offset(&report);
        let (found, bar) = (clock["offset_ms"].as_f64(), clock["error_ms"].as_f64());
        let (found, bar) = (found.expect("a number"), bar.expect("a number"));
        assert!((found - seconds * 1000.0).abs() <= bar.max(5.0) + 100.0, "{found} ±{bar}");
        assert!(bar < 600.0, "±{bar}");
        assert!(clock["zone_mistake"].is_null() && clock["enough"] == true, "{clock}");
    }
}

#[test]
fn a_mistaken_zone_is_found_linked_and_said_in_words() {
    let place = Place::new();
    let mistakes = [(HOUR, "1 h ahead"), (HOUR / 2, "0.5 h ahead"), (-5 * HOUR, "5 h behind")];
    for (ahead, said) in mistakes {
        for access in [Access::Rich, Access::Combined] {
            let clock = Clock { zone_s: 0, ahead: ahead + 400_000 };
            let report = analysed(&place, &slow(), access, clock);
            assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 10)]), "{access:?} {said}");
            let told = offset(&report)["zone_mistake"].as_str().expect("it is a zone mistake").to_string();
            assert!(told.contains(said) && told.contains("web1"), "{told}");
            assert!(report.warnings().contains(said), "{}", report.warnings());
        }
        let run = place.analyze(&["cache/varnish.log", "web1/access.log", "--no-store"]).code(0);
        let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(said) && flat.contains("wrong time zone"), "{}", run.out);
    }
}

#[test]
fn a_zone_that_the_log_names_is_no_mistake() {
    let place = Place::new();
    for access in [Access::Rich, Access::Combined] {
        let report = analysed(&place, &slow(), access, Clock { zone_s: 5 * 3600 + 1800, ahead: 250_000 });
        assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 10)]));
        assert!(offset(&report)["zone_mistake"].is_null());
    }
}

#[test]
fn few_healthy_pairs_are_not_enough_to_tell() {
    let place = Place::new();
    let fetches = sorted([
        traffic(MIDNIGHT, 8, 6 * SECOND),
        trouble(MIDNIGHT + 3 * SECOND, 3, 7 * SECOND, "/search", Went::Late(700_000)),
    ]);
    let report = analysed(&place, &fetches, Access::Rich, Clock::ahead(1.5));
    assert_eq!(offset(&report)["enough"], false);
    assert!(report.warnings().contains("not enough to tell"), "{}", report.warnings());
    assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 3)]));
}

#[test]
fn a_cache_log_of_failures_only_is_linked_all_the_same() {
    let place = Place::new();
    let failed: Vec<Fetch> = slow().into_iter().filter(|f| f.went != Went::Well).collect();
    place.write("cache/varnish.log", varnishlog(&failed));
    for (access, ahead) in [(Access::Rich, 0.9), (Access::Combined, 0.9), (Access::Rich, -19.0)] {
        place.write("web1/access.log", access_log(&slow(), access, Clock::ahead(ahead)));
        let report = place.report(&["cache/varnish.log", "web1/access.log", "--no-store"]);
        assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 10)]), "{access:?} {ahead}");
        assert!(report.warnings().contains("not enough to tell"), "{}", report.warnings());
    }
}

#[test]
fn lines_before_the_first_that_is_known_do_no_harm() {
    let place = Place::new();
    place.write("cache/varnish.log", varnishlog(&slow()));
    let others = trouble(MIDNIGHT + 8 * HOUR - MINUTE, 3, SECOND, "/healthcheck", Went::Well);
    place.write("web1/access.log", access_log(&sorted([others, slow()]), Access::Combined, Clock::default()));
    let report = place.report(&["cache/varnish.log", "web1/access.log", "--no-store"]);
    assert_eq!(report.counts("by_verdict"), words(&[("late_answer", 10)]));
}

/// A relayed 502 per minute, with nginx's reason in an error log written in local time.
fn bad_gateways(error_zone_s: i32) -> (Vec<Fetch>, String) {
    let fetches = sorted([
        traffic(MIDNIGHT + 8 * HOUR, 300, 6 * SECOND),
        trouble(MIDNIGHT + 8 * HOUR + 5 * MINUTE + 3 * SECOND, 12, 50 * SECOND, "/api/cart", Went::Status(502)),
    ]);
    let clock = Clock { zone_s: error_zone_s, ahead: 0 };
    let line = |f: &Fetch| {
        let upstream = Some(Upstream { status: "502".into(), header: None, took: f.took });
        Line { end: f.at + f.took, took: f.took, method: "GET", host: &f.host, url: &f.url, status: 502, upstream }
            .error("connect() failed (111: Connection refused) while connecting to upstream", clock)
    };
    let log = fetches.iter().filter(|f| f.went != Went::Well).map(line).collect();
    (fetches, log)
}

#[test]
fn an_error_log_in_any_local_zone_names_the_reason() {
    let place = Place::new();
    for zone_s in [0, 7200, -5 * 3600, 5 * 3600 + 1800] {
        let (fetches, errors) = bad_gateways(zone_s);
        place.write("cache/varnish.log", varnishlog(&fetches));
        place.write("web1/access.log", access_log(&fetches, Access::Rich, Clock::default()));
        place.write("web1/error.log", errors);
        let report = place.report(&["cache/varnish.log", "web1", "--no-store"]);
        assert_eq!(report.counts("by_cause"), words(&[("connection.refused", 12)]), "{zone_s}");
        assert_eq!(report.counts("by_verdict"), words(&[("origin_failed", 12)]), "{zone_s}");
        let args = ["cache/varnish.log", "web1", "--no-store", "--fetches", "-"];
        for fetch in place.analyze(&args).code(0).objects() {
            let line = fetch["origin_error"]["text"].as_str().expect("the reason is quoted");
            assert!(line.contains("Connection refused"), "{fetch}");
        }
    }
}

#[test]
fn an_error_logs_zone_can_be_stated() {
    let place = Place::new();
    let (fetches, errors) = bad_gateways(7200);
    place.write("cache/varnish.log", varnishlog(&fetches));
    place.write("web1/access.log", access_log(&fetches, Access::Rich, Clock::default()));
    place.write("web1/error.log", errors);
    for zone in ["+02:00", "web1=+02:00", "web1=Africa/Cairo"] {
        let report = place.report(&["cache/varnish.log", "web1", "--no-store", "--log-tz", zone]);
        assert_eq!(report.counts("by_cause"), words(&[("connection.refused", 12)]), "--log-tz {zone}");
    }
}

#[test]
fn an_offset_that_the_user_states_is_used() {
    let place = Place::new();
    let fetches = slow();
    place.write("cache/varnish.log", varnishlog(&fetches));
    place.write("web1/access.log", access_log(&fetches, Access::Rich, Clock::ahead(2.5)));
    let args = ["cache/varnish.log", "web1/access.log", "--no-store", "--offset"];
    let stated = place.report(&[&args[..], &["web1=+2.5s"]].concat());
    assert_eq!(stated.counts("by_verdict"), words(&[("late_answer", 10)]));
    assert_eq!(offset(&stated)["offset_ms"], 2500.0);
    let wrong = place.report(&[&args[..], &["web1=-40"]].concat());
    assert_eq!(offset(&wrong)["offset_ms"], -40_000.0);
    assert!(!wrong.counts("by_verdict").contains_key("late_answer"), "a stated offset is believed");
}

#[test]
fn an_id_that_travelled_links_without_a_clock() {
    let place = Place::new();
    // Three fetches of one URL at one moment: no clock tells which line is whose.
    let same = |n: i64| Fetch {
        vxid: 9_000 + 2 * n as u64,
        ..Fetch::at(MIDNIGHT + 5 * SECOND, "/hot").went(Went::Late(n * 1_000_000))
    };
    let fetches = sorted([traffic(MIDNIGHT, 30, SECOND), (0..3).map(same).collect()]);
    place.write("cache/varnish.log", varnishlog(&fetches));
    place.write("web1/access.log", access_log(&fetches, Access::WithId, Clock::ahead(7_000.0)));
    let args = ["cache/varnish.log", "web1/access.log", "--log-format", WITH_ID, "--no-store"];
    let found = place.analyze(&[&args[..], &["--fetches", "-"]].concat()).code(0).objects();
    assert_eq!(found.len(), 3);
    for fetch in &found {
        assert_eq!(fetch["origin"]["method"], "id", "{fetch}");
        let log = std::fs::read_to_string(place.path("web1/access.log")).expect("it is there");
        let line = fetch["origin"]["line"].as_u64().expect("a line") as usize - 1;
        let id = format!("id={}", fetch["vxid"]);
        assert!(log.lines().nth(line).is_some_and(|l| l.ends_with(&id)), "{fetch}");
    }
}

#[test]
fn an_id_that_travelled_links_a_url_that_was_rewritten_on_the_way() {
    let place = Place::new();
    let fetches = sorted([
        traffic(MIDNIGHT, 30, SECOND),
        trouble(MIDNIGHT + 500_000, 4, 5 * SECOND, "/shop/search", Went::Late(0)),
    ]);
    place.write("cache/varnish.log", varnishlog(&fetches));
    let access = access_log(&fetches, Access::WithId, Clock::default()).replace("GET /shop/search", "GET /v2/find");
    place.write("web1/access.log", access);
    let args = ["cache/varnish.log", "web1/access.log", "--log-format", WITH_ID, "--no-store", "--fetches", "-"];
    for fetch in place.analyze(&args).code(0).objects() {
        assert_eq!((&fetch["verdict"], &fetch["origin"]["method"]), (&"late_answer".into(), &"id".into()), "{fetch}");
    }
}
