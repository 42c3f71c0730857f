//! What is found without logs: the failed fetches of the history, with their incidents.

use serde_json::Value;

use crate::place::Place;
use crate::{fetch, shop, steps};

/// The shop, analysed, and its logs gone.
fn history() -> Place {
    let place = shop();
    place.analyze(&["varnish.log", "access.log"]).code(0);
    std::fs::remove_file(place.path("varnish.log")).expect("it was there");
    std::fs::remove_file(place.path("access.log")).expect("it was there");
    place
}

#[test]
fn the_history_knows_failed_fetches_by_xid_url_and_address() {
    let (place, late) = (history(), fetch("/search"));
    let found = place.found(&[&late.vxid.to_string()]);
    let all = steps(&found);
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["type"], &all[0]["vxid"]), (&"fetch".into(), &late.vxid.into()));
    let failed = &all[0]["failed"];
    assert_eq!((&failed["verdict"], &failed["cause"]), (&"late_answer".into(), &"timeout.first_byte".into()));
    assert!(failed["incident"].is_u64() && failed["origin_line"]["text"].is_string(), "{failed:#}");
    assert_eq!(found["searched"]["history"], "history.db");
    assert!(found["searched"]["requests"].is_null());
    for what in [&(late.vxid - 1).to_string(), &late.url, &format!("https://www.shop.example{}", late.url)] {
        assert_eq!(steps(&place.found(&[what])), all, "{what}");
    }
    let count = |args: &[&str]| place.found(args)["requests"].as_array().unwrap().len();
    assert_eq!(count(&["10.0.0.11"]), 3);
    assert_eq!(count(&["10.0.0.11:8080", "--until", "2026-11-20T00:02:30Z"]), 1);
    assert_eq!(count(&["10.0.0.11:80"]), 0);
    assert_eq!(count(&["/login?user=eve&token=abc123"]), 1, "secrets are stored masked, and found all the same");
    assert_eq!(count(&["/login", "--host", "www.shop.example"]), 1);
    assert_eq!(count(&["/login", "--host", "other.example"]), 0);
    assert_eq!(count(&["/page"]), 0);
}

#[test]
fn logs_and_history_name_the_same_incident() {
    let (place, late) = (shop(), fetch("/search"));
    place.analyze(&["varnish.log", "access.log"]).code(0);
    let xid = late.vxid.to_string();
    let incident = |found: &Value| found["requests"][0]["incident"].clone();
    let of_logs = place.found(&[&xid, "varnish.log", "access.log"]);
    assert!(incident(&of_logs).is_u64(), "{of_logs:#}");
    assert_eq!(incident(&of_logs), incident(&place.found(&[&xid])));
    let id = incident(&of_logs).to_string();
    place.ask(&["lookup", &xid, "varnish.log"]).code(0).shows(&[&format!("guru show {id}"), "guru explain timeout"]);
}

#[test]
fn without_a_history_and_without_logs_both_are_asked_for() {
    let place = Place::new();
    place.ask(&["lookup", "98307"]).code(5).says(&["no history", "guru lookup 98307 /path/to/logs"]);
}
