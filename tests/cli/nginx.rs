//! nginx alone: its upstream failures are the failed fetches, its clients the visitors, whoever left is counted apart.

use std::io::Write;

use crate::logs::{Clock, Line, MIDNIGHT, SECOND, Upstream};
use crate::place::{Place, Report, column, words};

const HOST: &str = "www.shop.example";

/// A request that nginx passed on: `header` is when the upstream's headers came.
fn passed(n: i64, url: &str, status: u16, upstream: &str, header: Option<i64>) -> (i64, String, u16, Upstream) {
    let took = 30_000 + n * 1_000;
    (MIDNIGHT + n * SECOND, url.to_string(), status, Upstream { status: upstream.into(), header, took })
}

/// A minute of nginx: 40 good, 6 times 502, 4 times 504, 3 relayed 500, 2 clients that left.
fn minute() -> Vec<(i64, String, u16, Upstream)> {
    let mut all = Vec::new();
    for n in 0..40 {
        all.push(passed(n, &format!("/page/{n}"), 200, "200", Some(20_000)));
    }
    for n in 0..6 {
        all.push(passed(40 + n, &format!("/cart/{n}"), 502, "502", None));
    }
    for n in 0..4 {
        all.push(passed(46 + n, &format!("/search/{n}"), 504, "504", None));
    }
    for n in 0..3 {
        all.push(passed(50 + n, &format!("/account/{n}"), 500, "500", Some(20_000)));
    }
    for n in 0..2 {
        all.push(passed(53 + n, &format!("/slow/{n}"), 499, "-", None));
    }
    all
}

fn lines(style: impl Fn(&Line<'_>) -> String) -> String {
    let line = |(end, url, status, upstream): &(i64, String, u16, Upstream)| {
        let upstream = Some(upstream.clone());
        style(&Line { end: *end, took: 31_000, method: "GET", host: HOST, url, status: *status, upstream })
    };
    minute().iter().map(line).collect()
}

fn error_log() -> String {
    let refused = "connect() failed (111: Connection refused) while connecting to upstream";
    let slow = "upstream timed out (110: Connection timed out) while reading response header from upstream";
    lines(|l| match l.status {
        502 => l.error(refused, Clock::default()),
        504 => l.error(slow, Clock::default()),
        _ => String::new(),
    })
}

fn ledger(report: &Report, word: &str) -> u64 {
    report.0["totals"]["visitors"][word].as_u64().expect("a number")
}

#[test]
fn its_upstream_failures_are_the_failed_fetches() {
    let place = Place::new();
    place.write("access.log", lines(|l| l.rich(Clock::default())));
    let report = place.report(&["access.log"]);
    assert_eq!(report.failed(), 13);
    assert_eq!((ledger(&report, "requests"), ledger(&report, "got_5xx"), ledger(&report, "own_fetch")), (55, 13, 13));
    assert_eq!(report.counts("not_origin"), words(&[("client.abort", 2)]), "499 is counted apart");
    let fetches = place.analyze(&["access.log", "--fetches", "-"]).code(0).objects();
    assert!(fetches.iter().all(|f| f["tier"] == "origin" && f["vxid"].is_null()), "{fetches:?}");
}

#[test]
fn its_error_log_names_the_causes() {
    let place = Place::new();
    place.write("nginx/access.log", lines(|l| l.rich(Clock::default()))).write("nginx/error.log", error_log());
    let report = place.report(&["nginx"]);
    let causes = report.counts("by_cause");
    assert_eq!((causes.get("connection.refused"), causes.values().sum::<u64>()), (Some(&6), 13), "{causes:?}");
    assert_eq!(causes.get("timeout.first_byte").or(causes.get("app.slow")), Some(&4), "{causes:?}");
    assert_eq!(report.source("nginx/error.log")["lines"]["parsed"].as_u64(), Some(10));
}

#[test]
fn combined_shows_what_it_can() {
    let place = Place::new();
    place.write("access.log", lines(|l| l.combined(Clock::default())));
    let report = place.report(&["access.log"]);
    assert_eq!(report.failed(), 10, "502 and 504; who made a 500 the format does not say");
    assert_eq!((ledger(&report, "got_5xx"), ledger(&report, "own_fetch"), ledger(&report, "unexplained")), (13, 10, 3));
    assert_eq!(report.source("access.log")["format"], "nginx-combined");
}

#[test]
fn a_format_of_ones_own_is_given_as_it_stands_in_the_configuration() {
    let place = Place::new();
    let own = |l: &Line<'_>| {
        let u = l.upstream.as_ref().expect("all are passed on");
        format!("{}|{}|{} {}|{}|10.0.0.21:9000\n", l.end as f64 / 1e6, l.status, l.method, l.url, u.status)
    };
    place.write("access.log", lines(own)).write("other.log", lines(|l| l.rich(Clock::default())));
    let format = "$msec|$status|$request_method $request_uri|$upstream_status|$upstream_addr";
    let report = place.report(&["access.log", "--log-format", format, "--no-store"]);
    assert_eq!(report.source("access.log")["format"], "log-format-1");
    assert_eq!((report.failed(), report.not_understood("access.log")), (13, 0));
    let directive = format!("log_format mine '{format}';");
    assert_eq!(place.report(&["access.log", "--log-format", &directive, "--no-store"]).failed(), 13);
    place.analyze(&["access.log"]).code(3).says(&["--log-format"]);
}

#[test]
fn identical_lines_of_one_second_are_as_many_failures() {
    let place = Place::new();
    let line = Line { end: MIDNIGHT, took: 0, method: "GET", host: HOST, url: "/", status: 502, upstream: None };
    let good = lines(|l| if l.status == 200 { l.combined(Clock::default()) } else { String::new() });
    place.write("access.log", line.combined(Clock::default()).repeat(7) + &good);
    for _ in 0..2 {
        let report = place.report(&["access.log"]);
        assert_eq!((report.failed(), report.incident()["failures"].as_u64()), (7, Some(7)));
        assert_eq!(column(&place.store(), "SELECT id FROM v_failed_fetches").len(), 7);
    }
    let ids: Vec<String> =
        place.analyze(&["access.log", "--fetches", "-"]).objects().iter().map(|f| f["id"].to_string()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 7, "each has an identity of its own");
}

#[test]
fn rotated_files_are_one_series_in_order() {
    let place = Place::new();
    let log = lines(|l| l.rich(Clock::default()));
    let all: Vec<&str> = log.split_inclusive('\n').collect();
    let mut old = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    old.write_all(all[..20].concat().as_bytes()).expect("memory takes it");
    place.write("nginx/access.log.2.gz", old.finish().expect("memory takes it"));
    place.write("nginx/access.log.1", all[20..44].concat()).write("nginx/access.log", all[44..].concat());
    let report = place.report(&["nginx"]);
    assert_eq!((report.failed(), ledger(&report, "requests")), (13, 55));
    let whole = Place::new();
    whole.write("access.log", &log);
    whole.report(&["access.log"]);
    let ids = "SELECT id FROM v_failed_fetches ORDER BY id";
    assert_eq!(column(&place.store(), ids), column(&whole.store(), ids), "identity is that of the content");
}

#[test]
fn an_error_log_alone_tells_of_failed_fetches_and_no_visitors() {
    let place = Place::new();
    let message = "2026/11/20 18:13:34 [error] 1#1: *7 connect() failed (111: Connection refused) while connecting to \
        upstream, client: 10.0.0.1, server: a.example, request: \"GET /x HTTP/1.1\", upstream: \
        \"http://127.0.0.1:80/x\", host: \"a.example\"\n";
    place.write("error.log", message.repeat(9));
    place.analyze(&["error.log"]).code(0).shows(&["9 failed", "connection refused", "no served requests"]);
}

#[test]
fn advice_is_about_nginx_where_nginx_gave_up() {
    let place = Place::new();
    let slow = |l: &Line<'_>| if matches!(l.status, 200 | 504) { l.rich(Clock::default()) } else { String::new() };
    place.write("nginx/access.log", lines(slow)).write("nginx/error.log", error_log());
    let report = place.report(&["nginx"]);
    let advice: Vec<&serde_json::Value> =
        report.incidents().iter().flat_map(|i| i["advice"].as_array().expect("advice")).collect();
    let says = |word: &str| advice.iter().any(|a| a.to_string().contains(word));
    assert!(says("proxy_read_timeout"), "{advice:#?}");
    for word in ["bereq", "beresp", "varnish", "first_byte_timeout", "VCL"] {
        assert!(!says(word), "{word}: {advice:#?}");
    }
    let slow = report.incidents().iter().find(|i| i["cause"] == "timeout.first_byte").expect("504s");
    let short = slow["in_short"].as_str().expect("a sentence");
    assert!(short.contains("nginx stopped waiting"), "{short}");
    let id = slow["id"].to_string();
    let told = place.ask(&["whatif", &id, "proxy_read_timeout=1m30s", "--json"]).code(0);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&told[0]["knob"], &told[0]["failures"]), (&"proxy_read_timeout".into(), &4.into()));
    // Varnish's limit broke none of them.
    let told = place.ask(&["whatif", &id, "first_byte_timeout=90s", "--json"]).code(0);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(told[0]["failures"], 0);
    // The history knows it too.
    let shown = place.ask(&["show", &id, "--full"]).code(0);
    assert!(shown.flat().contains("proxy_read_timeout") && !shown.flat().contains("bereq."), "{}", shown.out);
}

#[test]
fn an_error_log_of_php_says_why_its_answers_were_500() {
    let place = Place::new();
    // One in seven of nginx's answers is PHP's 500, and PHP writes a line in the second in which it fails.
    let mut php = String::new();
    let mut access = String::new();
    for n in 0..70 {
        let failed = n % 7 == 6;
        let status = if failed { 500 } else { 200 };
        let (end, url, status, upstream) =
            passed(n * 2, &format!("/page/{n}"), status, &status.to_string(), Some(20_000));
        let line = Line { end, took: 31_000, method: "GET", host: HOST, url: &url, status, upstream: Some(upstream) };
        access += &line.rich(Clock::default());
        if failed {
            let at = chrono::DateTime::from_timestamp_micros(end - 31_000).expect("a moment");
            let stamp = at.format("%d-%b-%Y %H:%M:%S UTC");
            php += &format!("[{stamp}] PHP Fatal error:  Uncaught Error: boom {n} in /srv/a.php:{n}\n");
            // What names no fatal error explains nothing.
            php += &format!("[{stamp}] PHP Warning:  Undefined variable $x in /srv/a.php on line {n}\n");
        }
    }
    place.write("access.log", access.as_bytes()).write("php_errors.log", php.as_bytes());
    let report = place.report(&["access.log", "php_errors.log"]);
    assert_eq!(report.counts("by_cause"), words(&[("app.error", 10)]));
    let fetches = place.analyze(&["access.log", "php_errors.log", "--fetches", "-"]).code(0).objects();
    for f in &fetches {
        let page = f["url"].as_str().expect("a URL").trim_start_matches("/page/").to_string();
        assert!(f["origin_error"].to_string().contains(&format!("boom {page} ")), "each has its own line: {f}");
    }
    // A log of another hour explains nothing.
    place.write("php_errors.log", php.replace(" 00:", " 07:").as_bytes());
    let report = place.report(&["access.log", "php_errors.log"]);
    assert_eq!(report.counts("by_cause").get("app.error"), None, "{:?}", report.counts("by_cause"));
}
