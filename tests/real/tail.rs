//! `guru tail` beside a real Varnish: each fault named right within seconds, whatever happens to the child.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::alone;
use super::nginx::free_port;
use super::place::column;
use super::process::in_time;
use super::site::{Fault, Provoked, Site};
use super::tailing::{Tail, guru};
use super::varnish::Log;

/// How long a failure may stay unnamed after varnishlog has shown it.
const LIMIT: Duration = Duration::from_secs(3);

/// Follows the site's Varnish and its origin's logs.
fn follow(site: &Site, more: &[&str]) -> Tail {
    let varnish = format!("--varnish={}", site.varnish.name.display());
    let tail =
        Tail::start(site.folder.path(), &[&[&varnish, "origin=web/access.log", "origin=web/error.log"], more].concat());
    let up = tail.process.out.wait(Duration::from_secs(30), |_| true);
    assert!(up.is_some(), "guru tail says nothing:\n{}", tail.process.err.text());
    tail
}

/// Asserts that tail names the failure right and in time.
#[track_caller]
fn must_be_named(tail: &Tail, log: &Log, provoked: &Provoked) {
    let shown = log.shown(&provoked.url).at;
    let said = tail.failure(&provoked.url, LIMIT + Duration::from_secs(10));
    let late = said.at.saturating_duration_since(shown);
    println!("{:<14} named {late:>12?} after varnishlog showed it", format!("{:?}", provoked.fault));
    assert!(late <= LIMIT, "{:?} was named after {late:?}", provoked.fault);
    let (cause, expected) = (said.word("cause"), provoked.expected);
    assert_eq!((cause, said.word("host")), (expected.cause, expected.host), "{}", said.object);
    assert_eq!(said.object["status"], expected.status, "{}", said.object);
    assert!(said.object["confidence"].as_f64().is_some_and(|c| c > 0.5), "{}", said.object);
}

/// Verdict and cause of each URL in the history.
fn stored(site: &Site) -> BTreeMap<String, String> {
    let sql = "SELECT url || ' ' || cause || ' ' || verdict FROM v_failed_fetches WHERE tier = 'cache'";
    let mut found = BTreeMap::new();
    for row in column(&site.path("history.db"), sql) {
        let row = row.trim_start_matches("Text(\"").trim_end_matches("\")");
        let (url, told) = row.split_once(' ').expect("a URL has no blank");
        assert_eq!(found.insert(url.to_string(), told.to_string()), None, "stored twice");
    }
    found
}

/// Lets all of them settle, ends tail as Ctrl-C does, and asserts that the history holds them with what the origin saw.
#[track_caller]
fn must_be_stored(site: &Site, tail: &mut Tail, provoked: &[Provoked]) {
    for _ in 0..8 {
        site.browse(2);
        std::thread::sleep(Duration::from_secs(1));
    }
    tail.process.ends_well("INT", Duration::from_secs(10));
    let stored = stored(site);
    for p in provoked {
        let told = stored.get(&p.url).map(String::as_str);
        assert_eq!(told, Some(&*format!("{} {}", p.expected.cause, p.expected.verdict)), "{p:?}");
    }
    assert_eq!(stored.len(), provoked.len(), "only what was provoked fails: {stored:?}");
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn each_fault_is_named_within_seconds_and_stored_with_what_the_origin_saw() {
    let _alone = alone();
    let site = Site::start();
    let (log, mut tail) = (site.log(), follow(&site, &[]));
    let provoke = |fault: &Fault| {
        let provoked = site.provoke(*fault);
        must_be_named(&tail, &log, &provoked);
        site.browse(5);
        provoked
    };
    let provoked: Vec<Provoked> = Fault::ALL.iter().map(provoke).collect();
    must_be_stored(&site, &mut tail, &provoked);
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn what_the_ring_holds_at_the_start_is_shown_at_once() {
    let _alone = alone();
    let site = Site::start();
    let provoked = [Fault::Refused, Fault::HeaderLine].map(|fault| site.provoke(fault));
    let tail = follow(&site, &[]);
    for p in &provoked {
        assert_eq!(tail.failure(&p.url, Duration::from_secs(5)).word("cause"), p.expected.cause);
    }
}

/// Requests and fetches of the cache in a history.
fn counted(site: &Site, history: &str) -> Vec<String> {
    let sql = "SELECT sum(requests) || ' requests, ' || sum(fetches) || ' fetches, ' || sum(failed) || ' failed'
               FROM traffic WHERE tier = 'cache'";
    column(&site.path(history), sql)
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn requests_before_the_start_and_after_it_count_once() {
    let _alone = alone();
    let site = Site::start();
    let done = AtomicBool::new(false);
    let mut tail = std::thread::scope(|scope| {
        // Traffic goes on while the ring is printed and the live log begins.
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                site.browse(5);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let tail = follow(&site, &[]);
        std::thread::sleep(Duration::from_secs(3));
        done.store(true, Ordering::Relaxed);
        tail
    });
    // When it has got so far, it has counted what was before.
    tail.failure(&site.provoke(Fault::Refused).url, Duration::from_secs(60));
    std::thread::sleep(Duration::from_secs(2));
    tail.process.ends_well("INT", Duration::from_secs(10));
    let varnish = format!("--varnish={}", site.varnish.name.display());
    let mut analyze = guru(site.folder.path());
    let once = analyze.args(["analyze", &varnish, "--store", "once.db"]).output().expect("guru runs");
    assert_eq!(once.status.code(), Some(0), "{}", String::from_utf8_lossy(&once.stderr));
    assert_eq!(counted(&site, "history.db"), counted(&site, "once.db"));
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn a_restart_of_the_child_is_a_gap_and_not_the_end() {
    let _alone = alone();
    let mut site = Site::start();
    let (log, mut tail) = (site.log(), follow(&site, &[]));
    let before = site.provoke(Fault::Refused);
    tail.failure(&before.url, LIMIT);
    site.varnish.crash_child();
    let gap = tail.wait(Duration::from_secs(20), "gap", |_| true);
    assert!(gap.is_some(), "no gap is told:\n{}", tail.process.out.text());
    // A varnishlog needs a moment to find the new child, ours as well as that of guru.
    site.until_shown(&log);
    std::thread::sleep(Duration::from_secs(1));
    site.browse(20);
    for fault in [Fault::Refused, Fault::HeaderLine, Fault::FirstByte] {
        must_be_named(&tail, &log, &site.provoke(fault));
    }
    tail.process.ends_well("INT", Duration::from_secs(10));
    assert_eq!(stored(&site).len(), 4);
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn logs_that_nginx_opens_again_are_followed() {
    let _alone = alone();
    let site = Site::start();
    let (log, mut tail) = (site.log(), follow(&site, &[]));
    let rotated = site.path("web/access.log.1");
    std::fs::rename(site.web.access_log(), rotated).expect("the log can be renamed");
    let between = site.provoke(Fault::LateAnswer);
    site.web.reopen();
    let after = site.provoke(Fault::FirstByte);
    for p in [&between, &after] {
        must_be_named(&tail, &log, p);
    }
    must_be_stored(&site, &mut tail, &[between, after]);
}

#[test]
#[ignore = "needs varnishd, varnishlog and nginx (Debian packages varnish, nginx)"]
fn metrics_and_health_can_be_asked_for() {
    let _alone = alone();
    let site = Site::start();
    let address = format!("127.0.0.1:{}", free_port());
    let tail = follow(&site, &["--metrics", &address]);
    let provoked = site.provoke(Fault::Refused);
    tail.failure(&provoked.url, LIMIT);
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(&address).expect("metrics are served");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit can be set");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: guru\r\nConnection: close\r\n\r\n").expect("it is asked");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    // A counter counts what is final: a provisional cause may still change, and counters never fall.
    let is_it = |l: &str| l.contains("cause=\"connection.refused\"") && l.ends_with(" 1");
    let counted = in_time(Duration::from_secs(20), || ask("/metrics").lines().any(is_it));
    let metrics = ask("/metrics");
    assert!(counted, "{metrics}");
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.trim_end().ends_with("# EOF"), "{metrics}");
    assert!(ask("/healthz").starts_with("HTTP/1.1 200"));
}
