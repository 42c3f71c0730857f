//! What several logs, or several lines of one, tell of the same failed fetch is told once and joined: two formats of one
//! node, a log given twice, error lines beside or among access lines, error logs on their own, crashes.

mod support;

#[path = "support/logs.rs"]
mod logs;
#[path = "support/place.rs"]
mod place;

use guru::model::Tier;
use guru::pipeline::Analysis;
use logs::{Fetch, MIDNIGHT, SECOND, Went, sorted, traffic, trouble, varnishlog};
use place::Place;
use support::Folder;

/// The names and texts of logs, run together.
fn run(logs: &[(&str, &str)]) -> Analysis {
    let mut folder = Folder::new();
    for (name, text) in logs {
        std::fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
        folder.add(name, None, text.as_bytes());
    }
    folder.run()
}

/// The causes of failed fetches that count, in order of time.
fn causes(analysis: &Analysis) -> Vec<&str> {
    analysis.failures.iter().filter(|f| f.told_in.is_none()).map(|f| f.ruling.cause.id()).collect()
}

fn outage() -> Vec<Fetch> {
    let late = trouble(MIDNIGHT + 20 * SECOND + 900_000, 30, SECOND / 2, "/cart", Went::Late(300_000));
    sorted([traffic(MIDNIGHT, 60, SECOND), late])
}

/// `varnishncsa -b` as it is by default: whole seconds of the start, no duration.
fn backend_side(fetches: &[Fetch]) -> String {
    let line = |f: &Fetch| {
        let at = chrono::DateTime::from_timestamp_micros(f.at).unwrap().format("%d/%b/%Y:%H:%M:%S +0000");
        let (status, bytes) = if f.went == Went::Well { (200, "5152") } else { (503, "-") };
        format!("10.0.0.11 - - [{at}] \"GET http://{}{} HTTP/1.1\" {status} {bytes} \"-\" \"curl\"\n", f.host, f.url)
    };
    fetches.iter().map(line).collect()
}

#[test]
fn fetches_that_two_logs_of_one_cache_tell_count_once_as_the_richer_tells_them() {
    let (vsl, ncsa) = (varnishlog(&outage()), backend_side(&outage()));
    for names in [["varnish.log", "varnishncsa-backend.log"], ["a/varnish.log", "b/varnishncsa-backend.log"]] {
        let found = run(&[(names[0], &vsl), (names[1], &ncsa)]);
        assert_eq!(causes(&found), ["timeout.first_byte"; 30], "{names:?}");
        assert_eq!(found.report.totals.fetches, 90, "{names:?}");
        assert!(found.report.warnings.iter().any(|w| w.contains("count once")), "{:?}", found.report.warnings);
    }
}

#[test]
fn two_caches_that_fail_differently_both_count() {
    let elsewhere = sorted([traffic(MIDNIGHT, 60, SECOND), trouble(MIDNIGHT, 30, SECOND / 2, "/login", Went::Refused)]);
    let found =
        run(&[("a/varnish.log", &varnishlog(&outage())), ("b/varnishncsa-backend.log", &backend_side(&elsewhere))]);
    assert_eq!(causes(&found).len(), 60);
}

#[test]
fn a_log_that_holds_itself_twice_gives_each_failure_one_visitor() {
    let once = varnishlog(&outage());
    let found = run(&[("varnish.log", &(once.clone() + &once))]);
    let incident = &found.report.incidents[0];
    assert_eq!((incident.failures, incident.harm.visitors_5xx), (60, 60));
    assert_eq!(found.report.totals.visitors.got_5xx, 60);
}

#[test]
fn a_message_among_access_lines_says_why() {
    let line = |logger: &str, msg: &str| {
        format!(
            "{{\"level\":\"error\",\"ts\":1795196885.84,\"logger\":\"{logger}\",\"msg\":\"{msg}\",\"request\":{{\"remote_ip\":\
             \"192.0.2.7\",\"method\":\"GET\",\"host\":\"www.example.com\",\"uri\":\"/slow\"}},\"duration\":2.0,\"size\":0,\
             \"status\":502}}\n"
        )
    };
    let refused = "dial tcp 192.0.2.9:8080: connect: connection refused";
    let log = line("http.log.access", "handled request") + &line("http.log.error", refused);
    let found = run(&[("caddy.log", &log)]);
    assert_eq!(causes(&found), ["connection.refused"]);
    assert_eq!(found.failures[0].origin_error.map(|n| n.text.lossy().into_owned()).as_deref(), Some(refused));
}

#[test]
fn a_message_without_a_request_belongs_to_the_one_error_its_client_got() {
    let access = |client: &str, second: u32, status: u16| {
        format!("{client} - - [20/Nov/2026:17:53:{second} +0000] \"GET /slow HTTP/1.1\" {status} 341 \"-\" \"curl\"\n")
    };
    let error = "[Fri Nov 20 17:53:25.242886 2026] [proxy_http:error] [pid 21415:tid 21418] (104)Connection reset by peer: \
                 [client 192.0.2.7:43714] AH01102: error reading status line from remote server 127.0.0.1:21110\n";
    let one = access("192.0.2.7", 25, 502) + &access("192.0.2.8", 25, 502) + &access("192.0.2.7", 26, 200);
    let found = run(&[("apache/access.log", &one), ("apache/error.log", error)]);
    let mut told: Vec<&str> = causes(&found);
    told.sort_unstable();
    assert_eq!(told.iter().filter(|c| **c == "connection.reset").count(), 1, "{told:?}");
    let two = access("192.0.2.7", 25, 502) + &access("192.0.2.7", 25, 502);
    let found = run(&[("apache/access.log", &two), ("apache/error.log", error)]);
    assert!(!causes(&found).contains(&"connection.reset"), "two errors fit: {:?}", causes(&found));
}

const ERRORS: &str = "\
2026/11/20 17:50:51 [error] 1#1: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a, request: \"GET /x HTTP/1.1\", upstream: \"http://127.0.0.1:8080/x\", host: \"www.example.com\"
2026/11/20 17:50:52 [error] 1#1: *8 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 192.0.2.8, server: a, request: \"GET /y HTTP/1.1\", upstream: \"http://127.0.0.1:8080/y\", host: \"www.example.com\"
2026/11/20 17:50:53 [error] 1#1: *9 open() \"/srv/none\" failed (2: No such file or directory), client: 192.0.2.8, server: a, request: \"GET /none HTTP/1.1\", host: \"www.example.com\"
";

#[test]
fn an_error_log_alone_tells_of_failed_fetches() {
    let found = run(&[("nginx-error.log", ERRORS)]);
    assert_eq!(causes(&found), ["connection.refused", "timeout.first_byte"]);
    let f = &found.failures[0];
    assert_eq!((f.url.lossy().as_ref(), f.backend.lossy().as_ref()), ("/x", "127.0.0.1:8080"));
    assert_eq!((f.origin_status, f.tier, f.ended.rfc3339().as_str()), (0, Tier::Origin, "2026-11-20T17:50:51.000000Z"));
    assert!(found.report.span.is_some() && found.report.violated_laws().is_empty());
}

#[test]
fn beside_an_access_log_error_lines_only_say_why() {
    let access = "192.0.2.7 - - [20/Nov/2026:17:50:51 +0000] \"GET /x HTTP/1.1\" 502 150 \"-\" \"curl\"\n";
    let found = run(&[("nginx/access.log", access), ("nginx/error.log", ERRORS)]);
    assert_eq!(causes(&found), ["connection.refused"]);
}

#[test]
fn a_crash_of_the_cache_is_told() {
    let log = "2026-11-20T17:58:24.000000+00:00 cache-1 varnishd[1]: Child (2345) died signal=6\n\
               2026-11-20T17:58:24.000000+00:00 cache-1 varnishd[1]: Child (2345) Panic at: Fri, 20 Nov 2026 17:58:24 GMT\n";
    let found = run(&[("varnishd.log", log)]);
    let told: Vec<_> = found.report.warnings.iter().filter(|w| w.contains("cache.panic")).collect();
    assert_eq!(told.len(), 1, "{:?}", found.report.warnings);
    assert!(told[0].contains("2026-11-20T17:58:24") && told[0].contains("died signal=6"), "{told:?}");
}

#[test]
fn a_span_that_holds_nothing_is_said_and_one_that_runs_backwards_is_refused() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage()));
    place
        .analyze(&["varnish.log", "--no-store", "--since", "2026-11-21T00:00:00Z", "--until", "2026-11-20T00:00:00Z"])
        .code(2)
        .says(&["--since is later than --until"]);
    let run = place.analyze(&["varnish.log", "--no-store", "--until", "2026-10-01T00:00:00Z"]).code(0);
    run.shows(&["nothing between --since and --until", "every file lies outside"]);
}

#[test]
fn a_line_without_a_duration_is_linked_by_its_start() {
    let failing = |n: i64| MIDNIGHT + (20 + n) * SECOND + 400_000;
    let (mut front, mut behind) = (String::new(), String::new());
    let stamp = |us: i64| chrono::DateTime::from_timestamp_micros(us).unwrap().format("%d/%b/%Y:%H:%M:%S +0000");
    for n in 0..60 {
        let at = MIDNIGHT + n * SECOND + 100_000;
        let url = format!("/page/{n}");
        front +=
            &format!("192.0.2.7 - - [{}] \"GET http://a.example{url} HTTP/1.1\" 200 512 \"-\" \"curl\"\n", stamp(at));
        behind += &rich(at + 30_000, &url, 200, "0.030");
    }
    for n in 0..9 {
        let url = format!("/products/{n}");
        front += &format!(
            "192.0.2.7 - - [{}] \"GET http://a.example{url} HTTP/1.1\" 504 160 \"-\" \"curl\"\n",
            stamp(failing(n))
        );
        behind += &rich(failing(n) + 1_201_000, &url, 504, "1.201");
    }
    let found = run(&[("varnish/varnishncsa.log", &front), ("nginx/access.log", &behind)]);
    let told = found.failures.iter().filter(|f| f.told_in.is_some()).count();
    assert_eq!((causes(&found).len(), told), (9, 9), "{:?}", causes(&found));
}

/// An nginx line with the upstream's part.
fn rich(end: i64, url: &str, status: u16, took: &str) -> String {
    let at = chrono::DateTime::from_timestamp_micros(end).unwrap().format("%d/%b/%Y:%H:%M:%S +0000");
    let msec = format!("{}.{:03}", end / SECOND, end % SECOND / 1000);
    format!(
        "10.0.0.1 - - [{at}] {msec} \"GET {url} HTTP/1.1\" {status} 512 {took} \"-\" \"curl\" host=\"a.example\" \
         server=a.example:8080 ua=\"127.0.0.1:9000\" us=\"{status}\" uct=\"0.000\" uht=\"-\" urt=\"{took}\" rl=201 bs=712 \
         conn=2 creq=15 xff=\"192.0.2.7\"\n"
    )
}
