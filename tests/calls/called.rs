//! Failing lines are written, and a webhook hears of them.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

use crate::night::{LONG, Night, must_be_signed};
use crate::process::Process;
use crate::servers::{Deed, receiver, status};

#[test]
fn an_outage_is_told_when_it_begins_and_when_it_is_over() {
    let (to, got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    let mut tail = night.tail(&[]);
    night.outage();
    let opened = night.call(&got, "opened");
    must_be_signed(&opened);
    assert_eq!(opened.line, "POST /guru HTTP/1.1");
    let told = opened.json();
    assert_eq!(told["key"], opened.header("Idempotency-Key"));
    assert_eq!((&told["cause"], &told["severity"]), (&"timeout.first_byte".into(), &"critical".into()), "{told}");
    assert!(told["failures"].as_u64() >= Some(5), "{told}");
    let over = night.call(&got, "recovered");
    must_be_signed(&over);
    let over = over.json();
    assert_eq!((&over["group"], &over["incident"]), (&told["group"], &told["incident"]));
    assert!(over["resolved"] == true && over["failures"] == 16, "{over}");
    tail.ends_well("TERM", Duration::from_secs(10));
    assert_eq!(night.history().keys().len(), 2, "{:?}", night.history().keys());
}

#[test]
fn a_receiver_in_trouble_gets_it_later_and_takes_it_once() {
    let busy = Deed::Answer("429 Slow Down", "Retry-After: 1\r\n".into(), "");
    let (to, got) = receiver(vec![busy, status("500 Oh"), Deed::Hang, status("200 OK")]);
    let mut night = Night::new(to);
    let mut tail = night.tail(&[]);
    night.outage();
    let keys: Vec<String> = (0..4).map(|_| night.call(&got, "opened").header("Idempotency-Key").into()).collect();
    assert!(keys.iter().all(|k| *k == keys[0]), "{keys:#?}");
    night.call(&got, "recovered");
    assert!(got.try_iter().next().is_none(), "what was taken does not come again");
    let history = night.history();
    let rows = night.until(LONG, || Some(history.outbox()).filter(|r| r.iter().all(|r| r.ends_with("1 0"))));
    assert_eq!(rows.expect("all is sent"), ["opened 4 1 0", "recovered 1 1 0"]);
    tail.ends_well("INT", Duration::from_secs(10));
}

#[test]
fn an_incident_that_grows_is_told_once_also_where_nothing_is_kept() {
    let (to, got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    night.good(20);
    let args = ["tail", "access.log", "--plain", "--no-store", "--settle", "1s", "--gap", "5s"];
    let mut tail = Process::start(&mut night.place.command(&args));
    assert!(tail.err.wait(LONG, |l| l.starts_with("nobody is called: without a store")).is_some());
    night.outage();
    night.outage();
    let over = night.until(LONG, || tail.out.wait(Duration::ZERO, |l| l.contains(" CLOSED ") || l.contains(" CALM ")));
    assert!(over.is_some(), "{}", tail.out.text());
    tail.ends_well("TERM", Duration::from_secs(10));
    let begun = tail.out.text().lines().filter(|l| l.contains(" INCIDENT ")).count();
    assert_eq!(begun, 1, "{}", tail.out.text());
    assert!(got.try_iter().next().is_none());
}

#[test]
fn grace_that_runs_out_is_told() {
    let (to, got) = receiver(vec![status("200 OK")]);
    let night = Night::new(to);
    night.place.write("varnish.log", "");
    let args = ["tail", "varnish.log", "--plain", "--store", "history.db", "--output", "ndjson"];
    let mut tail = Process::start(&mut night.place.command(&args));
    let mut log = OpenOptions::new().append(true).open(night.place.path("varnish.log")).expect("it is there");
    let mut hear = || {
        for n in 0..200 {
            // It became stale 10 s ago, and may be used for five minutes.
            log.write_all(hidden(1000 + 3 * n).as_bytes()).expect("the log can be written");
            std::thread::sleep(Duration::from_millis(150));
            if let Some(call) = got.try_iter().find(|r| r.header("X-Guru-Event") == "grace_running_out") {
                return Some(call.json());
            }
        }
        None
    };
    let told = hear().unwrap_or_else(|| panic!("{:#?}\n{}", night.history().outbox(), tail.out.text()));
    assert!(tail.out.wait(LONG, |l| l.contains("HIDDEN, stale, grace left 4 min: ")).is_some(), "{}", tail.out.text());
    assert_eq!(told["title"], "web /p: stale objects that hide failures run out of grace in 4 minutes");
    tail.ends_well("TERM", Duration::from_secs(10));
}

/// A client that gets a stale object while the fetch of a new one is refused, as varnishlog -g request writes it.
fn hidden(vxid: u64) -> String {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let fetch = vxid + 1;
    format!(
        "*   << Request  >> {vxid}\n-   Begin          req {parent} rxreq\n\
         -   Timestamp      Start: {wall:.6} 0.000000 0.000000\n-   ReqStart       192.0.2.7 40000 http\n\
         -   ReqMethod      GET\n-   ReqURL         /p/{vxid}\n-   ReqProtocol    HTTP/1.1\n\
         -   ReqHeader      Host: shop.example\n-   VCL_call       RECV\n-   VCL_return     hash\n\
         -   Hit            77 -10.000000 300.000000 0.000000\n-   VCL_call       HIT\n-   VCL_return     deliver\n\
         -   Link           bereq {fetch} bgfetch\n-   RespProtocol   HTTP/1.1\n-   RespStatus     200\n\
         -   RespReason     OK\n-   Timestamp      Resp: {wall:.6} 0.000100 0.000100\n\
         -   ReqAcct        100 0 100 200 100 300\n-   End            \n\
         **  << BeReq    >> {fetch}\n--  Begin          bereq {vxid} bgfetch\n\
         --  Timestamp      Start: {wall:.6} 0.000000 0.000000\n--  BereqMethod    GET\n--  BereqURL       /p/{vxid}\n\
         --  BereqProtocol  HTTP/1.1\n--  BereqHeader    Host: shop.example\n--  VCL_call       BACKEND_FETCH\n\
         --  VCL_return     fetch\n--  Timestamp      Fetch: {wall:.6} 0.000010 0.000010\n\
         --  FetchError     backend web: fail errno 111 (Connection refused)\n\
         --  Timestamp      Error: {wall:.6} 0.000200 0.000190\n--  BerespProtocol HTTP/1.1\n--  BerespStatus   503\n\
         --  BerespReason   Backend fetch failed\n--  VCL_call       BACKEND_ERROR\n--  VCL_return     deliver\n\
         --  Length         100\n--  BereqAcct      0 0 0 0 0 0\n--  End            \n\n",
        parent = vxid - 1,
    )
}

#[test]
fn who_cannot_be_called_is_named_on_the_screen_and_the_reading_goes_on() {
    // Nobody listens there any more.
    let to = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let mut night = Night::new(to);
    let mut tail = night.tail(&[]);
    night.outage();
    let named = |line: &str| line.contains(" ALERT hook: ");
    let named = night.until(LONG, || tail.out.wait(Duration::ZERO, named));
    assert!(named.is_some(), "{}", tail.out.text());
    let history = night.history();
    night.bad(3);
    let more = night.until(LONG, || Some(history.failed()).filter(|n| n == "19"));
    assert!(more.is_some(), "the reading stands still at {}", history.failed());
    tail.ends_well("TERM", Duration::from_secs(10));
}
