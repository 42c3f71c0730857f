//! What is found in logs: client request, fetch, retries, restarts, ESI includes and the origin's line, whoever is asked
//! for.

use std::path::Path;

use serde_json::Value;

use crate::place::Place;
use crate::{fetch, shop, steps};

const LOGS: [&str; 2] = ["varnish.log", "access.log"];

fn ask<'a>(what: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[what], &LOGS[..], more].concat()
}

/// Type, tier and XID of each step.
fn told(steps: &[Value]) -> Vec<String> {
    let one = |s: &Value| format!("{} {} {}", s["tier"].as_str().unwrap(), s["type"].as_str().unwrap(), s["vxid"]);
    steps.iter().map(one).collect()
}

/// A log that a real Varnish wrote: a retry, a restart and an ESI include.
fn chain() -> Place {
    let place = Place::new();
    let name = "tests/data/varnish/vectors/retry-restart-esi";
    for ending in ["request.txt", "vsl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{name}.{ending}"));
        place.write(&format!("chain.{ending}"), std::fs::read(path).expect("the recorded log"));
    }
    place
}

#[test]
fn the_xid_of_a_client_and_that_of_a_fetch_tell_one_story() {
    let (place, late) = (shop(), fetch("/search"));
    let (client, own) = ((late.vxid - 1).to_string(), late.vxid.to_string());
    let found = place.found(&ask(&own, &[]));
    let all = steps(&found);
    assert_eq!(told(all), [format!("cache request {client}"), format!("cache fetch {own}")]);
    assert_eq!(all, steps(&place.found(&ask(&client, &[]))));
    assert_eq!(all, steps(&place.found(&ask(&format!("Guru Meditation: XID: {own}"), &[]))));
    assert_eq!((&found["kind"], &found["schema"]), (&"xid".into(), &1.into()));
    let failed = &all[1]["failed"];
    assert_eq!((&failed["cause"], &failed["impact"]), (&"timeout.first_byte".into(), &"error".into()));
    assert_eq!(failed["verdict"], "late_answer", "{failed:#}");
    assert_eq!(failed["origin"]["file"], "access.log");
    assert!(failed["origin_line"]["text"].as_str().unwrap().contains(&late.url), "{failed:#}");
    assert!(failed["evidence"][0]["text"].as_str().unwrap().contains("first byte timeout"), "{failed:#}");
    assert_eq!((&all[0]["status"], &all[0]["client"]), (&503.into(), &"192.0.2.7".into()));
}

#[test]
fn a_request_that_went_well_is_found_with_its_line_at_the_origin() {
    let (place, page) = (shop(), fetch("/page"));
    let found = place.found(&ask(&page.url, &[]));
    let all = steps(&found);
    let expected = [
        format!("cache request {}", page.vxid - 1),
        format!("cache fetch {}", page.vxid),
        "origin request null".to_string(),
        "origin fetch null".to_string(),
    ];
    assert_eq!(told(all), expected);
    assert_eq!((&all[0]["status"], &all[1]["outcome"]), (&200.into(), &"good".into()));
    assert!(all.iter().all(|s| s["failed"].is_null() && s["line"].is_u64()), "{found:#}");
    let ahead = all[2]["clock_offset_ms"].as_f64().expect("the clock is known");
    assert!((ahead - 1_200.0).abs() < 100.0, "{ahead}");
    // The number tells the same.
    assert_eq!(all, steps(&place.found(&ask(&page.vxid.to_string(), &[]))));
}

#[test]
fn a_url_is_found_with_and_without_host_and_query() {
    let (place, cart) = (shop(), fetch("/cart"));
    let whole = place.found(&ask(&cart.url, &[]));
    for url in [format!("https://www.shop.example{}", cart.url), format!("WWW.shop.example{}#top", cart.url)] {
        assert_eq!(steps(&whole), steps(&place.found(&ask(&url, &[]))), "{url}");
    }
    let count = |url: &str| place.found(&ask(url, &[]))["requests"].as_array().unwrap().len();
    assert_eq!(count("/login"), 1, "without a query any will do");
    assert_eq!(count("/login?user=eve&token=abc123"), 1);
    assert_eq!(count("/login?user=adam"), 0);
    assert_eq!(count(&format!("https://other.example{}", cart.url)), 0);
    assert_eq!(count("/cart"), 0, "a folder is not its pages");
    assert_eq!(place.found(&ask(&cart.url, &["--host", "other.example"]))["requests"], Value::Array(vec![]));
}

#[test]
fn an_address_is_that_of_a_client_or_of_a_backend() {
    let place = shop();
    let count = |what: &str, more: &[&str]| place.found(&ask(what, more))["requests"].as_array().unwrap().len();
    assert_eq!(count("192.0.2.7", &[]), 77, "every request came from there");
    assert_eq!(count("10.0.0.11:8080", &[]), 63, "the refused ones had no connection");
    assert_eq!(count("10.0.0.11:9999", &[]), 0);
    assert_eq!(count("203.0.113.1", &[]), 0);
    let until = count("192.0.2.7", &["--until", "2026-11-20T00:00:35Z"]);
    assert_eq!(until, 4, "only what began by then");
}

#[test]
fn retries_restarts_and_includes_belong_to_their_request() {
    let place = chain();
    for log in ["chain.request.txt", "chain.vsl"] {
        let of = |xid: &str| told(steps(&place.found(&[xid, log])));
        let retried = ["cache request 8", "cache fetch 9", "cache fetch 65537", "cache fetch 65538"];
        assert_eq!(of("8"), retried);
        assert_eq!(of("65538"), retried, "the page shows the number of the last retry");
        let restarted = ["cache request 32779", "cache fetch 32780", "cache request 32781", "cache fetch 32782"];
        assert_eq!(of("32781"), restarted);
        let included = ["cache request 11", "cache fetch 12", "cache request 13", "cache fetch 14"];
        assert_eq!(of("11"), included);
        assert_eq!(of("14"), included);
    }
    let binary = place.found(&["8", "chain.vsl"]);
    let first = &steps(&binary)[0];
    assert!(first["line"].is_null() && first["offset"].is_u64(), "{first:#}");
}

#[test]
fn standard_input_is_read_as_often_as_needed() {
    let (place, late) = (shop(), fetch("/search"));
    let log = std::fs::read(place.path("varnish.log")).expect("it was written");
    let xid = late.vxid.to_string();
    let run = place.piped(&["lookup", &xid, "-", "--output", "json"], &log).code(0);
    let found: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(told(steps(&found)).len(), 2);
    assert_eq!(steps(&found)[1]["failed"]["verdict"], "no_origin_log");
}

#[test]
fn logs_of_the_web_server_alone_have_their_story() {
    let (place, page) = (shop(), fetch("/page"));
    let found = place.found(&[&page.url, "access.log"]);
    assert_eq!(told(steps(&found)), ["origin request null", "origin fetch null"]);
}
