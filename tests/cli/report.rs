//! Documents out of the history: where they are written, what they hold, and what is said when they cannot be.

use std::fs;

use crate::logs::{
    Access, Clock, Fetch, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use crate::place::{Place, column};

/// Two hours of a shop: the search too slow for a while, then nobody listens.
fn hours() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 240, 30 * SECOND),
        trouble(MIDNIGHT + 10 * MINUTE + 1_000, 12, 7 * SECOND, "/search", Went::Late(400_000)),
        trouble(MIDNIGHT + 80 * MINUTE + 1_000, 12, 3 * SECOND, "/cart", Went::Refused),
    ])
}

fn history() -> Place {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hours()));
    place.write("access.log", access_log(&hours(), Access::Rich, Clock::ahead(1.2)));
    place.analyze(&["varnish.log", "access.log"]).code(0);
    place
}

#[test]
fn a_page_is_written_whole_and_the_same_each_time() {
    let place = history();
    place.ask(&["report", "--html", "week.html"]).code(0).says(&["report: 2 incidents in week.html"]);
    let first = fs::read_to_string(place.path("week.html")).expect("it is there");
    assert!(first.starts_with("<!DOCTYPE html>") && first.ends_with("</html>\n"));
    for word in ["24</b>", "first_byte", "connection.refused", "incident-1", "incident-2", "prefers-color-scheme"] {
        assert!(first.contains(word), "{word}");
    }
    let piped = place.ask(&["report", "--html", "-"]).code(0);
    assert_eq!(piped.out, first);
    let run = place.ask(&["report", "--html", "week.html", "--quiet"]).code(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    let names: Vec<String> = fs::read_dir(place.path(""))
        .expect("a folder")
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .collect();
    assert!(!names.iter().any(|n| n.contains("guru-report")), "{names:?}");
}

#[test]
fn a_report_of_one_incident_is_about_it_alone() {
    let place = history();
    let page = place.ask(&["report", "2", "--html", "-"]).code(0).out;
    assert!(page.contains("id=\"incident-2\"") && !page.contains("id=\"incident-1\""));
    let paper = place.ask(&["report", "2", "--output", "markdown"]).code(0);
    for part in ["# Post-mortem: ", "## Summary", "## Impact", "## Timeline", "## Root cause", "## What the origin saw"]
    {
        assert!(paper.out.contains(part), "{part}\n{}", paper.out);
    }
    paper.shows(&["## What fixed it", "## What to do", "## Open questions", "connection.refused"]);
}

#[test]
fn a_mail_says_what_was_fixed_and_what_is_open() {
    let place = history();
    place.ask(&["resolve", "1", "search index rebuilt", "--worked", "yes"]).code(0);
    let mail = place.ask(&["report"]).code(0);
    assert_eq!(mail.out, place.ask(&["report", "--output", "markdown"]).code(0).out);
    mail.shows(&["24 visitors got an error page", "search index rebuilt (it worked)", "| 2 |", "## Incidents"]);
}

#[test]
fn only_the_time_that_was_asked_for_is_told() {
    let place = history();
    let early = place.ask(&["report", "--since", "2026-11-20T00:00:00Z", "--until", "2026-11-20T00:30:00Z"]).code(0);
    assert!(early.out.contains("### 1 ") && !early.out.contains("### 2 "), "{}", early.out);
    let none = place.ask(&["report", "--since", "2020-01-01", "--until", "2020-01-08"]).code(0);
    none.shows(&["No incident is recorded in this time."]);
    let page = place.ask(&["report", "--since", "2020-01-01", "--until", "2020-01-08", "--html", "-"]).code(0);
    page.shows(&["No failed fetch is recorded", "No answer times are recorded"]);
    place.ask(&["report", "--since", "7d", "--html", "-"]).code(0);
    place.ask(&["report", "--since", "soonish"]).code(2).says(&["soonish", "hint: "]);
    place.ask(&["report", "--since", "@1795132800", "--until", "@1795046400"]).code(2).says(&["later than --until"]);
}

#[test]
fn what_cannot_be_written_is_told_with_the_remedy() {
    let place = history();
    place.ask(&["report", "--html", "no/such/week.html"]).code(4).says(&[
        "cannot be written",
        "no/such/week.html",
        "hint: ",
    ]);
    place.ask(&["report", "--html", "."]).code(4).says(&["it is a folder"]);
    place.ask(&["report", "77", "--html", "-"]).code(2).says(&["no incident 77", "guru incidents"]);
    place.ask(&["ticket", "77"]).code(2).says(&["no incident 77"]);
    place.ask(&["report", "--html", "-", "--output", "markdown"]).code(2).says(&["both write"]);
    let empty = Place::new();
    empty.ask(&["report"]).code(5).says(&["hint: "]);
}

#[test]
fn a_ticket_holds_what_a_provider_asks_for() {
    let place = history();
    let ticket = place.guru(&["ticket", "1", "--store", "history.db", "--tz", "Europe/Berlin"]).code(0);
    ticket.shows(&[
        "Subject: 12 failed requests to web (10.0.0.11:8080)",
        "2026-11-20T00:10:00.001000Z = Fri 20 Nov 2026 01:10:00 +01:00",
        "FetchError first byte timeout",
        "yours, access.log:",
        "ALREADY RULED OUT",
        "The connection stood in all cases",
        "WHAT WE ASK",
        "503",
    ]);
    let again = place.ask(&["ticket", "2", "--output", "markdown"]).code(0);
    assert!(!again.out.contains("The connection stood"), "nobody listened");
    again.shows(&["## Samples", "connection.refused", "was the service stopped"]);
}

#[test]
fn what_is_handed_on_of_hostile_logs_tells_no_secret_and_no_address() {
    let place = Place::new();
    let url = "/a?token=s3cr3t&x=203.0.113.77&authorization=Bearer%20s3cr3t";
    let bad: Vec<Fetch> = (0..9)
        .map(|n| Fetch { url: url.into(), ..Fetch::at(MIDNIGHT + n * SECOND, "/") }.went(Went::Late(300_000)))
        .collect();
    place.write("varnish.log", varnishlog(&bad)).write("access.log", access_log(&bad, Access::Rich, Clock::default()));
    place.analyze(&["varnish.log", "access.log"]).code(0);
    place.ask(&["note", "1", "blocked 203.0.113.77 and its Bearer s3cr3t-t0ken"]).code(0);
    for args in [
        &["ticket", "1"][..],
        &["ticket", "1", "--output", "markdown"],
        &["report"],
        &["report", "1"],
        &["report", "1", "--html", "-"],
        &["report", "--html", "-"],
    ] {
        let run = place.ask(args).code(0);
        assert!(!run.out.contains("s3cr3t"), "{args:?}\n{}", run.out);
        assert!(!run.out.contains("203.0.113.77") && !run.out.contains("192.0.2.7 "), "{args:?}\n{}", run.out);
    }
    place.ask(&["report", "1", "--html", "-"]).code(0).shows(&["203.0.113.0/24"]);
}

#[test]
fn hours_of_backends_are_kept_once() {
    let place = history();
    let kept =
        "SELECT backend || ' ' || hour || ' ' || fetches || ' ' || failed FROM backend_hours ORDER BY tier, hour";
    let first = column(&place.store(), kept);
    assert!(first.iter().any(|row| row.contains("web 2026-11-20T00:00:00.000000Z 132 12")), "{first:?}");
    place.analyze(&["varnish.log", "access.log"]).code(0);
    assert_eq!(first, column(&place.store(), kept));
    // A part of the hour read again takes nothing away.
    let part: Vec<Fetch> = hours().into_iter().filter(|f| f.at < MIDNIGHT + 20 * MINUTE).collect();
    place.write("part.log", varnishlog(&part));
    place.analyze(&["part.log"]).code(0);
    let whole = "SELECT max(fetches) FROM backend_hours WHERE backend = 'web' AND hour LIKE '2026-11-20T00%'";
    assert_eq!(column(&place.store(), whole), ["Integer(132)"]);
}
