//! The history as a memory: what looks like an earlier incident, what helped then, whether a fix held, what comes back by
//! the clock, and what set an incident off.

use serde_json::Value;

use crate::logs::{
    Access, Clock, DAY, Fetch, HOUR, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use crate::place::Place;

/// Three hours of traffic from `from` on, with an outage of so many failures after the second.
fn night(from: i64, failures: usize, path: &str, went: Went) -> Vec<Fetch> {
    sorted([traffic(from, 720, 15 * SECOND), trouble(from + 2 * HOUR, failures, 5 * SECOND, path, went)])
}

fn shown(place: &Place, id: &str) -> Value {
    let run = place.ask(&["show", id, "--output", "json"]).code(0);
    serde_json::from_str(&run.out).expect("JSON")
}

#[test]
fn an_earlier_incident_like_it_is_shown_with_what_helped() {
    let place = Place::new();
    place.write("old.log", varnishlog(&night(MIDNIGHT - 7 * DAY, 40, "/cart", Went::Refused)));
    place.write("other.log", varnishlog(&night(MIDNIGHT - 3 * DAY + 5 * HOUR, 40, "/feed", Went::Status(500))));
    place.analyze(&["old.log"]).code(0);
    place.ask(&["show", "1"]).code(0).shows(&["nothing like it in the history, which reaches back to"]);
    place.ask(&["resolve", "1", "started the service again", "--worked", "yes", "--at", "2026-11-13 02:04"]).code(0);
    place.analyze(&["other.log"]).code(0);
    place.write("new.log", varnishlog(&night(MIDNIGHT, 60, "/cart", Went::Refused)));
    place.analyze(&["new.log"]).code(0);
    let now = shown(&place, "3");
    assert_eq!(now["similar"][0]["id"], 1, "{now:#}");
    assert_eq!(now["similar"].as_array().expect("a list").len(), 1, "what broke otherwise is not like it");
    assert_eq!(now["recurrence"]["times"], 2);
    let screen = place.ask(&["show", "3", "--full"]).code(0).flat();
    assert!(screen.contains("SAME cause, service, URLs"), "{screen}");
    assert!(screen.contains("Fix then: \"started the service again\", which worked"), "{screen}");
    assert!(screen.contains("2nd time since 13 Nov"), "{screen}");
    let regression = "REGRESSION of 1: resolved on Fri 13 Nov with \"started the service again\", back on Fri 20 Nov";
    assert!(screen.contains(regression), "{screen}");
    assert_eq!(now["similar"][0]["regression"], true);
    let report = place.analyze(&["new.log", "--full"]).code(0).flat();
    assert!(report.contains("resolved on Fri 13 Nov") && report.contains("REGRESSION"), "{report}");
    let json: Value = serde_json::from_str(&place.analyze(&["new.log", "--output", "json"]).code(0).out).expect("JSON");
    assert_eq!(json["incidents"][0]["similar"][0]["regression"], true);
    place.ask(&["report", "3"]).code(0).shows(&["REGRESSION of 1"]);
}

#[test]
fn a_fix_is_held_against_later_logs() {
    let place = Place::new();
    place.write("1.log", varnishlog(&night(MIDNIGHT, 120, "/cart", Went::Refused)));
    place.analyze(&["1.log"]).code(0);
    // Said to have been done while it was on: nothing is known yet of the time after.
    place.ask(&["resolve", "1", "more memory", "--worked", "yes", "--at", "2026-11-20T02:09:00Z"]).code(0);
    let first = shown(&place, "1");
    assert_eq!(first["measured"]["effect"], "worked", "{first:#}");
    // It went on as before: what was claimed is corrected.
    place.write("2.log", varnishlog(&night(MIDNIGHT + DAY, 1, "/x", Went::Well)));
    place.ask(&["resolve", "1", "less memory", "--worked", "yes", "--at", "2026-11-20T02:02:00Z"]).code(0);
    let wrong = shown(&place, "1");
    assert_ne!(wrong["measured"]["effect"], "worked", "{wrong:#}");
    // Done after everything had stopped: silence proves nothing.
    place.ask(&["resolve", "1", "new cables", "--at", "2026-11-20T02:40:00Z"]).code(0);
    assert_eq!(shown(&place, "1")["measured"]["effect"], "too_early");
    place.ask(&["show", "1"]).code(0).shows(&["new cables (too early to tell"]);
}

#[test]
fn a_fix_without_effect_is_told_kindly() {
    let place = Place::new();
    place.write("1.log", varnishlog(&night(MIDNIGHT, 300, "/cart", Went::Refused)));
    place.analyze(&["1.log"]).code(0);
    place.ask(&["resolve", "1", "less memory", "--worked", "yes", "--at", "2026-11-20T02:12:00Z"]).code(0);
    // The same service fails as often all the next hours.
    let on = sorted([
        traffic(MIDNIGHT + 3 * HOUR, 240, 15 * SECOND),
        trouble(MIDNIGHT + 3 * HOUR, 900, 4 * SECOND, "/cart", Went::Refused),
    ]);
    place.write("2.log", varnishlog(&on));
    place.analyze(&["2.log"]).code(0);
    let told = shown(&place, "1");
    let effect = told["measured"]["effect"].as_str().expect("a word");
    assert!(["no_effect", "worse"].contains(&effect), "{told:#}");
    let screen = place.ask(&["show", "1"]).code(0).flat();
    assert!(screen.contains("noted as working, but the logs say"), "{screen}");
    let db = rusqlite::Connection::open(place.path("history.db")).expect("the history");
    let worked: String = db.query_row("SELECT measured FROM incidents WHERE id = 1", [], |r| r.get(0)).expect("a row");
    assert_eq!(worked, "no");
}

#[test]
fn what_comes_back_by_the_clock_is_called_periodic() {
    let place = Place::new();
    let hours = (0..8).map(|h| trouble(MIDNIGHT + h * HOUR + 5 * MINUTE, 12, SECOND, "/report", Went::Late(300_000)));
    let all = sorted(hours.chain([traffic(MIDNIGHT, 2000, 15 * SECOND)]));
    place.write("varnish.log", varnishlog(&all));
    let run = place.guru(&["analyze", "--no-store", "--gap", "2m", "--output", "json", "varnish.log"]).code(0);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let began = |i: &Value| i["began"][0]["kind"] == "periodic";
    let incidents = report["incidents"].as_array().expect("a list");
    let told: Vec<&Value> = incidents.iter().map(|i| &i["began"]).collect();
    assert!(incidents.len() >= 7 && incidents.iter().all(began), "{told:?}");
    let text = incidents[0]["began"][0]["text"].as_str().expect("words");
    assert!(text.contains("every hour at :05"), "{text}");
}

#[test]
fn what_fails_on_one_part_of_the_site_only_is_told_with_lift() {
    let place = Place::new();
    let quiet = traffic(MIDNIGHT, 1800, 2 * SECOND);
    let bad = trouble(MIDNIGHT + 30 * MINUTE, 60, 2 * SECOND, "/search", Went::Status(500));
    let all = sorted([quiet, bad]);
    place.write("varnish.log", varnishlog(&all));
    place.write("access.log", access_log(&all, Access::Rich, Clock::default()));
    let run = place.guru(&["analyze", "--no-store", "--output", "json", "varnish.log", "access.log"]).code(0);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let began = &report["incidents"][0]["began"][0];
    assert_eq!(began["kind"], "differs", "{report:#}");
    let text = began["text"].as_str().expect("words");
    assert!(text.contains("/search: 100 % of the failures") && text.contains("lift"), "{text}");
    assert!(began["strength"].as_f64() > Some(0.5));
}

/// What Cloudflare logs of a request every two seconds, from three places; for some minutes the origin is out of reach
/// of Frankfurt alone.
fn cloudflare() -> String {
    let line = |n: i64| {
        let at = MIDNIGHT + n * 2 * SECOND;
        let pop = ["FRA", "AMS", "CDG"][(n % 3) as usize];
        let failed = pop == "FRA" && (600..780).contains(&n);
        let status = if failed { 522 } else { 200 };
        let url = format!("/p/{}", n * 7919 % 1000);
        let [from, to] = [at, at + SECOND / 5].map(|us| us * 1000);
        let line = serde_json::json!({
            "CacheCacheStatus": "dynamic", "ClientIP": "192.0.2.11", "ClientRequestHost": "shop.example",
            "ClientRequestMethod": "GET", "ClientRequestSource": "eyeball", "ClientRequestURI": url,
            "ClientRequestUserAgent": "Mozilla/5.0", "EdgeColoCode": pop, "EdgeStartTimestamp": from,
            "EdgeEndTimestamp": to, "EdgeResponseBytes": 5000, "EdgeResponseStatus": status,
            "EdgeServerIP": "203.0.113.77", "OriginIP": "198.51.100.20", "OriginResponseDurationMs": 150,
            "OriginResponseStatus": if failed { 0 } else { 200 }, "ParentRayID": "00", "RayID": format!("{n:016x}"),
        });
        format!("{line}\n")
    };
    (0..1800).map(line).collect()
}

#[test]
fn what_fails_at_one_point_of_presence_only_is_told_with_lift() {
    let place = Place::new();
    place.write("cloudflare.json", cloudflare());
    let run = place.guru(&["analyze", "--no-store", "--output", "json", "cloudflare.json"]).code(0);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["incidents"][0]["failures"], 60, "{report:#}");
    let began = &report["incidents"][0]["began"][0];
    assert_eq!(began["kind"], "differs", "{report:#}");
    let text = began["text"].as_str().expect("words");
    assert!(text.starts_with("only POP FRA: 100 % of the failures, 0 % of what went well then (lift "), "{text}");
    assert!(began["strength"].as_f64() > Some(0.5));
}
