//! Receivers that fail, hang, send elsewhere and never end, and a program that does all of this.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use guru::alert::{Config, Failure};
use guru::model::alert::NoticeKind;

use crate::servers::{Deed, notice, receiver, sink, status};

fn send(deed: Deed) -> (Result<(), Failure>, Duration) {
    let (to, _got) = receiver(vec![deed]);
    let sink = sink(&format!("kind = 'webhook'\nurl = 'http://{to}/hook'\ntimeout = '1s'"));
    let begun = Instant::now();
    let answer = sink.send(&notice(NoticeKind::Opened));
    (answer, begun.elapsed())
}

fn failure(deed: Deed) -> Failure {
    let (answer, took) = send(deed);
    assert!(took < Duration::from_secs(3), "took {took:?}");
    answer.unwrap_err()
}

#[test]
fn errors_of_the_receiver_pass_and_errors_of_ours_stay() {
    for line in ["200 OK", "202 Accepted", "204 No Content"] {
        assert_eq!(send(status(line)).0, Ok(()), "{line}");
    }
    for (line, retry) in [
        ("500 Internal Server Error", true),
        ("503 Service Unavailable", true),
        ("429 Too Many Requests", true),
        ("408 Request Timeout", true),
        ("400 Bad Request", false),
        ("401 Unauthorized", false),
        ("404 Not Found", false),
    ] {
        let f = failure(status(line));
        assert_eq!((f.retry, f.retry_after), (retry, None), "{line}");
        assert!(f.why.contains(&line[..3]), "{f}");
    }
    let f = failure(Deed::Answer("400 Bad Request", String::new(), "{\"errors\":[\"bad\u{1b}[31m key\"]}"));
    assert_eq!(f.why, "answered 400: {\"errors\":[\"bad [31m key\"]}");
}

#[test]
fn a_receiver_says_when_to_come_back() {
    let after = |value: &str| Deed::Answer("429 Slow Down", format!("Retry-After: {value}\r\n"), "");
    assert_eq!(failure(after("17")).retry_after, Some(Duration::from_secs(17)));
    let date = failure(after("Sat, 06 Nov 2094 08:49:37 GMT")).retry_after.unwrap();
    assert!(date > Duration::from_secs(365 * 86_400), "{date:?}");
    assert_eq!(failure(after("soon")).retry_after, None);
}

#[test]
fn hanging_endless_and_broken_answers_end_in_time() {
    let f = failure(Deed::Hang);
    assert!(f.retry && f.why.contains("no answer within 1 s"), "{f}");
    let f = failure(Deed::Endless);
    assert!(f.retry && f.why.starts_with("answered 500: xxx") && f.why.len() < 400, "{f}");
    assert!(failure(Deed::Close).retry);
    // Nobody is there.
    let sink = sink("kind = 'webhook'\nurl = 'http://127.0.0.1:9/'\ntimeout = '1s'");
    assert!(sink.send(&notice(NoticeKind::Opened)).unwrap_err().retry);
}

#[test]
fn redirects_are_not_followed() {
    let (elsewhere, got) = receiver(vec![status("200 OK")]);
    let f = failure(Deed::Answer("302 Found", format!("Location: http://{elsewhere}/steal\r\n"), ""));
    assert!(!f.retry && f.why.contains("/steal") && f.why.contains("write that address"), "{f}");
    assert!(got.recv_timeout(Duration::from_millis(100)).is_err(), "nothing was sent elsewhere");
}

#[test]
fn addresses_that_cannot_be_meant_are_refused() {
    let refused = |lines: &str| {
        let text = format!("[[alerts.sink]]\nname = 'x'\nkind = 'webhook'\n{lines}");
        Config::parse(&text, "guru.toml".as_ref()).unwrap_err().message
    };
    for (url, said) in [
        ("http://hooks.example.com/", "allow_http"),
        ("http://169.254.169.254/latest", "address of the link"),
        ("https://[fe80::1]/", "address of the link"),
        ("https://[::ffff:169.254.169.254]/", "address of the link"),
        ("https://user:pass@hooks.example.com/", "url_file"),
        ("ftp://hooks.example.com/", "https://"),
        ("hooks", "https://"),
    ] {
        let e = refused(&format!("url = '{url}'"));
        assert!(e.contains(said) && e.starts_with("guru.toml:1: "), "{url}: {e}");
    }
    assert!(refused("url = 'http://169.254.169.254/'\nallow_http = true").contains("address of the link"));
    sink("kind = 'webhook'\nurl = 'http://hooks.example.com/'\nallow_http = true");
    // An address that only the file holds is checked when it is used.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "http://169.254.1.1/\n").unwrap();
    let f = sink(&format!("kind = 'slack'\nurl_file = '{}'", file.display())).send(&notice(NoticeKind::Opened));
    assert!(!f.unwrap_err().retry);
    let f = sink("kind = 'slack'\nurl_file = '/nowhere/url'").send(&notice(NoticeKind::Opened)).unwrap_err();
    assert!(f.retry && f.why.contains("/nowhere/url"), "{f}");
}

fn program(body: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hook");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let lines = format!("kind = 'command'\nargv = ['{}', '$(touch x); $HOME']\ntimeout = '1s'", path.display());
    (folder, lines)
}

#[test]
fn a_program_gets_the_notice_on_its_input_and_little_else() {
    let (folder, lines) = program(
        "cat > \"$(dirname \"$0\")/got\"; echo \"$1\" >> \"$(dirname \"$0\")/got\"; env >> \"$(dirname \"$0\")/got\"",
    );
    sink(&lines).send(&notice(NoticeKind::Opened)).unwrap();
    let got = std::fs::read_to_string(folder.path().join("got")).unwrap();
    let (json, rest) = got.split_once("}$(touch x); $HOME\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(&format!("{json}}}")).unwrap();
    assert_eq!(json["title"], notice(NoticeKind::Opened).title);
    assert!(rest.contains("GURU_KIND=opened") && !rest.contains("CARGO"), "{rest}");
}

#[test]
fn a_program_answers_by_its_exit_code_and_is_ended_when_it_hangs() {
    let answer = |body: &str| {
        let (_folder, lines) = program(body);
        sink(&lines).send(&notice(NoticeKind::Opened)).unwrap_err()
    };
    let f = answer("echo no such channel >&2; exit 1");
    assert!(f.retry && f.why.ends_with(": no such channel"), "{f}");
    assert!(answer("exit 75").retry && !answer("exit 64").retry && !answer("exit 78").retry);
    let begun = Instant::now();
    let f = answer("sleep 20");
    assert!(f.retry && f.why.contains("longer than 1 s"), "{f}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    // One that reads nothing and writes a lot.
    let f = answer("yes | head -c 1000000 >&2; exit 3");
    assert!(f.retry && f.why.len() < 500, "{f}");
    let missing = sink("kind = 'command'\nargv = ['/nowhere/hook']").send(&notice(NoticeKind::Opened)).unwrap_err();
    assert!(missing.why.contains("cannot be started"), "{missing}");
}
