//! What people decide about incidents, from the command line: no later run over the same logs, or over further ones,
//! undoes it, and reports tell of the incidents as they were decided.

use serde_json::Value;

use crate::logs::{Fetch, MIDNIGHT, MINUTE, SECOND, Went, sorted, traffic, trouble, varnishlog};
use crate::place::{Place, Report, column};

/// Two troubles far apart in time, and one outage of two faces.
fn hour() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 360, 10 * SECOND),
        trouble(MIDNIGHT + 5 * MINUTE + 1_000, 8, SECOND, "/early", Went::Refused),
        trouble(MIDNIGHT + 20 * MINUTE + 1_000, 9, SECOND, "/late", Went::Late(300_000)),
        trouble(MIDNIGHT + 40 * MINUTE + 1_000, 6, SECOND, "/cart", Went::Refused),
        trouble(MIDNIGHT + 40 * MINUTE + 500_000, 10, SECOND, "/cart", Went::Sick),
    ])
}

fn place() -> Place {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    place
}

fn numbers(report: &Report) -> Vec<(u64, u64)> {
    let of = |i: &Value, key: &str| i[key].as_u64().expect("a number");
    let mut all: Vec<_> = report.incidents().iter().map(|i| (of(i, "id"), of(i, "failures"))).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_merge_outlives_later_runs() {
    let place = place();
    let first = place.report(&["varnish.log"]);
    assert_eq!(numbers(&first), [(1, 8), (2, 9), (3, 16)]);
    place.ask(&["note", "2", "the same importer"]).code(0);
    place.ask(&["merge", "1", "2", "--dry-run"]).code(0).shows(&["would be part of incident 1", "nothing was changed"]);
    place.ask(&["merge", "1", "2"]).code(0).shows(&[
        "incident 2 is part of incident 1",
        "17 failed fetches",
        "guru show 1",
    ]);
    place.ask(&["show", "2"]).code(0).shows(&["the same importer", "guru resolve 1"]);
    let before = place.dump();
    let again = place.report(&["varnish.log"]);
    assert_eq!(numbers(&again), [(1, 17), (3, 16)], "the report tells of one incident");
    assert_eq!(before, place.dump());
    // What comes later joins it.
    let more = sorted([hour(), trouble(MIDNIGHT + 21 * MINUTE + 1_000, 3, SECOND, "/late", Went::Late(1))]);
    place.write("more.log", varnishlog(&more));
    assert_eq!(numbers(&place.report(&["more.log"])), [(1, 20), (3, 16)]);
    place.ask(&["merge", "1", "2"]).code(2).says(&["both ids stand for incident 1", "guru show 1"]);
    place.ask(&["merge", "1", "77"]).code(2).says(&["no incident 77", "guru incidents"]);
}

#[test]
fn a_split_outlives_later_runs() {
    let place = place();
    place.report(&["varnish.log"]);
    place.ask(&["resolve", "3", "started the backend", "--worked", "yes"]).code(0);
    place
        .ask(&["split", "3", "--by", "cause", "--dry-run"])
        .code(0)
        .shows(&["incident ?: cause connection.refused, 6"]);
    let told = place.ask(&["split", "3", "--by", "cause"]).code(0);
    told.shows(&[
        "incident 3: cause health.sick, 10 failed fetches, keeps its number",
        "incident 4: cause connection.refused, 6",
    ]);
    place.ask(&["show", "3"]).code(0).shows(&["started the backend"]);
    place.ask(&["show", "4"]).code(0).shows(&["refused", "Split off incident 3"]);
    let again = place.report(&["varnish.log"]);
    assert_eq!(numbers(&again), [(1, 8), (2, 9), (3, 10), (4, 6)]);
    let before = place.dump();
    place.report(&["varnish.log"]);
    assert_eq!(before, place.dump(), "a further run changes nothing");
    // The outage goes on with both faces.
    let more = sorted([
        hour(),
        trouble(MIDNIGHT + 41 * MINUTE + 1_000, 2, SECOND, "/cart", Went::Refused),
        trouble(MIDNIGHT + 41 * MINUTE + 500_000, 3, SECOND, "/cart", Went::Sick),
    ]);
    place.write("more.log", varnishlog(&more));
    assert_eq!(numbers(&place.report(&["more.log"])), [(1, 8), (2, 9), (3, 13), (4, 8)]);
    let causes = "SELECT DISTINCT incident_id || ' ' || cause FROM failed_fetches WHERE incident_id > 2 ORDER BY 1";
    assert_eq!(column(&place.store(), causes), ["Text(\"3 health.sick\")", "Text(\"4 connection.refused\")"]);
    place
        .ask(&["split", "4", "--by", "cause"])
        .code(2)
        .says(&["same value, connection.refused", "--by cause|backend|host|url"]);
    place.ask(&["split", "4", "--by", "colour"]).code(2).says(&["cause", "backend", "host", "url"]);
}

#[test]
fn a_tail_keeps_what_was_decided() {
    let place = place();
    place.report(&["varnish.log"]);
    place.ask(&["split", "3", "--by", "cause"]).code(0);
    place.ask(&["merge", "1", "2"]).code(0);
    let members = "SELECT incident_id || ' ' || count(*) FROM failed_fetches GROUP BY incident_id";
    let before = column(&place.store(), members);
    // What is on standard input has an end: the tail reads it whole, settles and stops.
    place.piped(&["tail", "-", "--plain", "--back", "all"], varnishlog(&hour()).as_bytes()).code(0);
    assert_eq!(before, column(&place.store(), members));
}

#[test]
fn a_name_outlives_later_runs() {
    let place = place();
    place.report(&["varnish.log"]);
    place
        .ask(&["rename", "3", "the", "cart", "\u{1b}[31moutage"])
        .code(0)
        .shows(&["incident 3 is now called the cart"]);
    let report = place.report(&["varnish.log"]);
    let titles: Vec<_> = report.incidents().iter().filter_map(|i| i["title"].as_str()).collect();
    assert!(titles.iter().any(|t| t.starts_with("the cart")), "{titles:?}");
    let shown = place.ask(&["incidents", "cart", "outage"]).code(0).shows(&["1 incident", "the cart"]);
    assert!(!shown.out.contains('\u{1b}'));
    place.ask(&["rename", "3", " "]).code(2).says(&["empty"]);
    place.ask(&["rename", "9", "x"]).code(2).says(&["no incident 9"]);
}

#[test]
fn the_list_is_filtered_by_host_url_and_what_changed() {
    let place = place();
    place.report(&["varnish.log"]);
    let list = |args: &[&str]| {
        let run = place.ask(&[&["incidents", "--output", "ndjson"], args].concat()).code(0);
        run.objects().iter().filter_map(|i| i["id"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(list(&["--host", "www.shop.example"]), [3, 2, 1]);
    assert_eq!(list(&["--host", "shop.example"]), [] as [u64; 0]);
    assert_eq!(list(&["--url", "/late"]), [2]);
    place.ask(&["change", "add", "new", "importer", "--at", "2026-11-20T00:19:00Z", "--kind", "deploy"]).code(0);
    assert_eq!(list(&["importer"]), [3, 2], "from an hour before");
}
