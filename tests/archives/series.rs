//! The rotated files of one log: in order of time whatever their names say, and read as one.

use crate::logs::{Access, Clock, DAY, Fetch, HOUR, MIDNIGHT, SECOND, Went, access_log, traffic, trouble, varnishlog};
use crate::packed::{bzip2, gzip, xz};
use crate::place::{Place, Report};

/// Lone refused fetches, one hour apart: an incident is one only if the order is right.
fn day(n: i64) -> Vec<Fetch> {
    let from = MIDNIGHT + n * DAY;
    let mut fetches = traffic(from, 48, HOUR / 2);
    fetches.extend(trouble(from + 12 * HOUR + SECOND, 3, SECOND, "/cart", Went::Refused));
    fetches.sort_by_key(|f| f.at);
    fetches
}

fn files(report: &Report) -> Vec<&str> {
    report.0["sources"].as_array().expect("a list").iter().map(|s| s["file"].as_str().expect("a name")).collect()
}

#[test]
fn numbers_dates_and_packings_may_be_mixed() {
    let place = Place::new();
    let log = |n: i64| varnishlog(&day(n));
    place.write("v/varnish.log", log(4));
    place.write("v/varnish.log.1", log(3));
    place.write("v/varnish.log.2.gz", gzip(log(2).as_bytes()));
    place.write("v/varnish.log-20261121.xz", xz(log(1).as_bytes()));
    place.write("v/varnish.log-20261120.bz2", bzip2(log(0).as_bytes()));
    let report = place.report(&["v", "--no-store"]);
    assert_eq!(
        files(&report),
        [
            "v/varnish.log-20261120.bz2",
            "v/varnish.log-20261121.xz",
            "v/varnish.log.2.gz",
            "v/varnish.log.1",
            "v/varnish.log"
        ]
    );
    assert_eq!((report.failed(), report.0["totals"]["requests"].as_u64()), (15, Some(255)));
}

#[test]
fn names_that_mislead_do_not_decide() {
    let place = Place::new();
    // Somebody renamed: the numbers run the wrong way, and the date is that of the copying.
    place.write("v/varnish.log.1.gz", gzip(varnishlog(&day(0)).as_bytes()));
    place.write("v/varnish.log.2", varnishlog(&day(2)));
    place.write("v/varnish.log-20270101", varnishlog(&day(1)));
    let report = place.report(&["v", "--no-store"]);
    assert_eq!(files(&report), ["v/varnish.log.1.gz", "v/varnish.log-20270101", "v/varnish.log.2"]);
}

#[test]
fn a_transaction_that_spans_two_rotated_files_is_whole() {
    let whole = varnishlog(&trouble(MIDNIGHT, 5, SECOND, "/cart", Went::Refused));
    // In the middle of the third transaction's backend side.
    let third = whole.match_indices("FetchError").nth(2).expect("it is there").0;
    let cut = whole[..third].rfind('\n').expect("a line ends before it") + 1;
    let one = Place::new();
    one.write("v/varnish.log", &whole);
    let two = Place::new();
    two.write("v/varnish.log-20261120.xz", xz(&whole.as_bytes()[..cut]));
    two.write("v/varnish.log.1.bz2", bzip2(&whole.as_bytes()[cut..]));
    let (one, two) = (one.report(&["v", "--no-store"]), two.report(&["v", "--no-store"]));
    assert_eq!(two.failed(), 5);
    assert_eq!(one.0["totals"], two.0["totals"]);
    assert_eq!(two.warnings(), one.warnings());
}

#[test]
fn rotated_files_of_the_origin_are_one_log_too() {
    let place = Place::new();
    let access = |n: i64| access_log(&day(n), Access::Rich, Clock::default());
    place.write("nginx/access.log", access(2));
    place.write("nginx/access.log.1", access(1));
    place.write("nginx/access.log.2.gz", gzip(access(0).as_bytes()));
    let report = place.report(&["nginx", "--no-store"]);
    assert_eq!(files(&report), ["nginx/access.log.2.gz", "nginx/access.log.1", "nginx/access.log"]);
    let nodes: std::collections::BTreeSet<_> =
        report.0["sources"].as_array().expect("a list").iter().map(|s| s["node"].to_string()).collect();
    assert_eq!(nodes.len(), 1, "{nodes:?}");
}
