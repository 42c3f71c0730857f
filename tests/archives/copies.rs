//! The same log under several names and in several packings counts once; one that merely begins the same does not.

use crate::logs::{Fetch, MIDNIGHT, SECOND, Went, sorted, traffic, trouble, varnishlog};
use crate::packed::PACKINGS;
use crate::place::Place;

/// A log longer than the head that is looked at first (256 KiB), with five refused fetches at its end.
fn long() -> Vec<Fetch> {
    sorted([traffic(MIDNIGHT, 300, SECOND), trouble(MIDNIGHT + 301 * SECOND, 5, SECOND, "/cart", Went::Refused)])
}

#[test]
fn every_pair_of_packings_is_counted_once_and_what_merely_begins_the_same_is_not_dropped() {
    let (short, whole) = (varnishlog(&long()[..290]), varnishlog(&long()));
    // Of the same length, with another page in its middle.
    let other = whole.replace("/page/1795133080", "/page/9999999999");
    assert!(other != whole && other.len() == whole.len() && whole[..256 << 10] == other[..256 << 10]);
    let mut third = [(&short, 290), (&other, 305)].into_iter().cycle();
    for (n, (one, _, pack)) in PACKINGS.into_iter().enumerate() {
        for (another, _, pack_other) in &PACKINGS[n..] {
            let (text, requests) = third.next().expect("it goes round");
            let place = Place::new();
            let names = (format!("logs/varnish.log.1{one}"), format!("logs/old/renamed.log{another}"));
            place.write(&names.0, pack(whole.as_bytes())).write(&names.1, pack_other(whole.as_bytes()));
            place.write("logs/third/like.log", pack(text.as_bytes()));
            let report = place.report(&["logs", "--no-store"]);
            assert_eq!(report.0["totals"]["requests"], 305 + requests, "{names:?}");
            assert_eq!(report.0["sources"].as_array().map(Vec::len), Some(2), "{names:?}");
            assert_eq!(report.warnings().matches("is a copy of").count(), 1, "{names:?}: {}", report.warnings());
            assert!(report.warnings().contains("and is counted once"), "{}", report.warnings());
        }
    }
}

#[test]
fn all_packings_of_one_log_beside_each_other_are_one_and_the_plain_one_is_read() {
    let log = varnishlog(&long());
    let place = Place::new();
    for (ending, _, pack) in PACKINGS {
        place.write(&format!("logs/varnish.log.1{ending}"), pack(log.as_bytes()));
    }
    let report = place.report(&["logs/varnish.log.1.xz", "logs", "--no-store"]);
    assert_eq!(report.failed(), 5);
    assert_eq!(report.source("logs/varnish.log.1")["lines"]["not_understood"], 0);
    assert_eq!(report.warnings().matches("is counted once").count(), 4, "{}", report.warnings());
}

#[test]
fn a_copy_keeps_what_was_said_of_it() {
    let log = varnishlog(&long());
    let place = Place::new();
    place.write("logs/varnish.log.1", &log).write("logs/varnish.log.1.gz", crate::packed::gzip(log.as_bytes()));
    let report = place.report(&["logs/varnish.log.1", "--node", "fra1=edge=logs/varnish.log.1.gz", "--no-store"]);
    let source = report.source("logs/varnish.log.1");
    assert_eq!((&source["node"], &source["tier"]), (&"fra1".into(), &"edge".into()));
}
