//! What belongs together: a trickle is one recurring incident, lone failures are one row, an outage that changes its
//! face is one incident, and two troubles at once are two.

use serde_json::Value;

use crate::logs::{DAY, Fetch, HOUR, MIDNIGHT, MINUTE, SECOND, Went, sorted, traffic, trouble, varnishlog};
use crate::place::{Place, column};

/// One failure every forty minutes, for a week of traffic.
fn trickle(from: i64, days: i64) -> Vec<Fetch> {
    let drips = (0..days * 36).map(|n| {
        let at = from + n * 40 * MINUTE + 17 * SECOND;
        Fetch::at(at, &format!("/export/report/{n}")).went(Went::Late(500_000))
    });
    sorted([traffic(from, (days * 24) as usize, HOUR), drips.collect()])
}

fn causes(incident: &Value) -> Vec<(String, u64, String)> {
    let text = |v: &Value| v.as_str().expect("words").to_string();
    let all = incident["causes"].as_array().expect("causes are a list");
    all.iter().map(|c| (text(&c["cause"]), c["failures"].as_u64().expect("a number"), text(&c["role"]))).collect()
}

#[test]
fn one_failure_every_forty_minutes_is_one_recurring_incident() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&trickle(MIDNIGHT, 7)));
    let report = place.report(&["varnish.log"]);
    let incident = report.incident();
    assert_eq!((incident["state"].as_str(), incident["failures"].as_u64()), (Some("recurring"), Some(252)));
    let rate = incident["rate_per_hour"].as_f64().expect("a trickle has a rate");
    assert!((rate - 1.5).abs() < 0.02, "{rate} an hour");
    place.ask(&["show"]).code(0).shows(&["1.5"]);
}

#[test]
fn a_trickle_read_day_by_day_is_the_same_incident() {
    let place = Place::new();
    let week = trickle(MIDNIGHT, 7);
    for day in 0..7 {
        let (from, to) = (MIDNIGHT + day * DAY, MIDNIGHT + (day + 1) * DAY);
        let today: Vec<Fetch> = week.iter().filter(|f| (from..to).contains(&f.at)).cloned().collect();
        place.write("varnish.log", varnishlog(&today));
        let report = place.report(&["varnish.log"]);
        let incident = report.incident();
        let all = Some(36 * (day as u64 + 1));
        assert_eq!((incident["state"].as_str(), incident["failures"].as_u64()), (Some("recurring"), all), "day {day}");
    }
    let all = "SELECT state || ' ' || failures FROM v_incidents";
    assert_eq!(column(&place.store(), all), ["Text(\"recurring 252\")"]);
}

#[test]
fn lone_failures_are_one_scattered_row() {
    let place = Place::new();
    let lone = [(2, "/a", Went::Refused), (9, "/b/c", Went::Late(0)), (17, "/d", Went::Status(500))];
    let lone = lone.map(|(hour, url, went)| Fetch::at(MIDNIGHT + hour * HOUR + 1_000, url).went(went));
    place.write("varnish.log", varnishlog(&sorted([traffic(MIDNIGHT, 240, 6 * MINUTE), lone.to_vec()])));
    let report = place.report(&["varnish.log"]);
    let row = report.incident();
    assert_eq!((row["service"].as_str(), row["failures"].as_u64()), (Some("scattered"), Some(3)));
    assert_eq!(report.0["scattered"], row["id"]);
    place.analyze(&["varnish.log"]).code(0).shows(&["scattered"]);
}

#[test]
fn lone_failures_of_several_days_stay_one_row() {
    let place = Place::new();
    for day in 0..3 {
        let from = MIDNIGHT + day * DAY;
        let lone = Fetch::at(from + (2 + day * 5) * HOUR, &format!("/lone{day}/x")).went(Went::Refused);
        place.write(
            "varnish.log",
            varnishlog(&sorted([traffic(from, 24, HOUR), vec![lone.backend(&format!("b{day}"))]])),
        );
        place.report(&["varnish.log"]);
    }
    let all = column(&place.store(), "SELECT service || ' ' || failures FROM v_incidents");
    assert_eq!(all, ["Text(\"scattered 3\")"]);
}

#[test]
fn an_outage_that_changes_its_face_is_one_incident() {
    let place = Place::new();
    let start = MIDNIGHT + 10 * MINUTE;
    let outage = sorted([
        trouble(start, 4, SECOND, "/a", Went::Refused),
        trouble(start + 300_000, 20, 150_000, "/b", Went::HeldDown),
        trouble(start + 5 * SECOND, 40, SECOND, "/c", Went::Sick),
    ]);
    place.write("varnish.log", varnishlog(&sorted([traffic(MIDNIGHT, 120, 10 * SECOND), outage])));
    let report = place.report(&["varnish.log"]);
    let incident = report.incident();
    assert_eq!((incident["cause"].as_str(), incident["failures"].as_u64()), (Some("connection.refused"), Some(64)));
    assert_eq!(incident["state"], "closed", "it recovered");
    let told = causes(incident);
    assert!(told.contains(&("connection.refused".into(), 24, "came first".into())), "{told:?}");
    assert!(told.contains(&("health.sick".into(), 40, "consequence".into())), "{told:?}");
    assert_eq!(told.len(), 2);
    assert_eq!(report.counts("by_verdict"), crate::place::words(&[("not_sent", 64)]));
}

#[test]
fn two_troubles_of_different_parts_at_once_are_two_incidents() {
    let place = Place::new();
    let start = MIDNIGHT + 10 * MINUTE;
    let slow = trouble(start, 15, 4 * SECOND, "/search/all", Went::Late(300_000));
    let broken = trouble(start + 1_000, 15, 4 * SECOND, "/basket/add", Went::Status(500));
    place.write("varnish.log", varnishlog(&sorted([traffic(MIDNIGHT, 120, 10 * SECOND), slow, broken])));
    let report = place.report(&["varnish.log"]);
    let mut told: Vec<&str> = report.incidents().iter().filter_map(|i| i["service"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["web /basket/add", "web /search/all"]);
    assert!(report.incidents().iter().all(|i| i["failures"] == 15 && i["causes"].as_array().map(Vec::len) == Some(1)));
}

#[test]
fn the_gap_decides_what_is_one_incident() {
    let place = Place::new();
    let fetches = sorted([
        traffic(MIDNIGHT, 90, MINUTE),
        trouble(MIDNIGHT + MINUTE, 5, SECOND, "/a", Went::Refused),
        trouble(MIDNIGHT + 12 * MINUTE, 5, SECOND, "/a", Went::Refused),
    ]);
    place.write("varnish.log", varnishlog(&fetches));
    for (gap, incidents) in [("5m", 2), ("10m", 2), ("15m", 1), ("0.5h", 1)] {
        let report = place.report(&["varnish.log", "--no-store", "--gap", gap]);
        assert_eq!(report.incidents().len(), incidents, "--gap {gap}");
    }
}
