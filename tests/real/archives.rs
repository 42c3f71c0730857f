//! Each fault, as `guru analyze` finds it in the logs that the components wrote.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::alone;
use super::place::Place;
use super::site::{Fault, Provoked, Site};

/// The failed fetches that `guru analyze` finds in the logs of a site, by URL.
fn analysed(site: &Site, more: &[&str]) -> BTreeMap<String, Value> {
    let place = Place::new();
    place.write("cache/varnish.log", site.varnish.ring());
    place.write("web/access.log", fs::read(site.web.access_log()).expect("nginx logs"));
    place.write("web/error.log", fs::read(site.web.error_log()).expect("nginx logs"));
    let args = ["cache=cache/varnish.log", "--no-store", "--output", "json", "--fetches", "-"];
    let run = place.guru(&[&["analyze"], &args[..], more].concat()).code(0);
    let top = run.objects().into_iter().filter(|f| f["tier"] == "cache");
    let mut found = BTreeMap::new();
    for fetch in top {
        let before = found.insert(fetch["url"].as_str().expect("a URL").to_string(), fetch);
        assert!(before.is_none(), "told twice: {before:?}");
    }
    found
}

const ORIGIN: [&str; 2] = ["origin=web/access.log", "origin=web/error.log"];

fn told(fetch: &Value) -> String {
    format!("{} {} {}", fetch["cause"], fetch["verdict"], fetch["status"]).replace('"', "")
}

fn must_be_told(provoked: &Provoked) -> String {
    let e = provoked.expected;
    format!("{} {} {}", e.cause, e.verdict, e.status)
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn each_provoked_fault_is_found_with_its_cause_and_what_the_origin_saw() {
    let _alone = alone();
    let site = Site::start();
    let provoked: Vec<Provoked> = Fault::ALL.iter().map(|fault| site.provoke(*fault)).collect();
    site.browse(5);
    let found = analysed(&site, &ORIGIN);
    let mut wrong = String::new();
    for p in &provoked {
        let is = found.get(&p.url).map_or("not found".into(), told);
        if is != must_be_told(p) {
            wrong += &format!("{:?} {}: {is}, must be {}\n", p.fault, p.url, must_be_told(p));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(found.len(), provoked.len(), "only what was provoked fails: {:?}", found.keys());
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn faults_have_the_same_causes_without_the_logs_of_the_origin() {
    let _alone = alone();
    let site = Site::start();
    let faults = Fault::ALL.iter().filter(|f| **f != Fault::OriginError);
    let provoked: Vec<Provoked> = faults.map(|fault| site.provoke(*fault)).collect();
    let found = analysed(&site, &[]);
    for p in &provoked {
        assert_eq!(found.get(&p.url).map(|f| &f["cause"]), Some(&p.expected.cause.into()), "{p:?}");
    }
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn failures_on_both_sides_of_a_child_restart_are_found_once() {
    let _alone = alone();
    let mut site = Site::start();
    let mut provoked = vec![site.provoke(Fault::Refused), site.provoke(Fault::HeaderLine)];
    let mut ring = site.varnish.ring();
    site.varnish.crash_child();
    provoked.push(site.provoke(Fault::Refused));
    provoked.push(site.provoke(Fault::HeaderLine));
    ring.extend(site.varnish.ring());
    let place = Place::new();
    place.write("varnish.log", ring);
    let run = place.analyze(&["varnish.log", "--no-store", "--fetches", "-"]).code(0);
    let urls: Vec<Value> = run.objects().into_iter().map(|f| f["url"].clone()).collect();
    let expected: Vec<Value> = provoked.iter().map(|p| p.url.as_str().into()).collect();
    assert_eq!(urls, expected);
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn varnishlog_shows_a_failure_soon_also_after_a_restart_of_the_child() {
    let _alone = alone();
    let mut site = Site::start();
    let log = site.log();
    for _ in 0..2 {
        let provoked = site.provoke(Fault::Refused);
        let answered = Instant::now();
        let late = log.shown(&provoked.url).at.saturating_duration_since(answered);
        assert!(late < Duration::from_secs(1), "shown {late:?} after the answer");
        site.varnish.crash_child();
        site.until_shown(&log);
    }
}
