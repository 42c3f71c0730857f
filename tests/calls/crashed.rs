//! Processes that are killed, and what becomes of the calls that they owed.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use crate::night::{LONG, Night, must_be_signed};
use crate::process::Process;
use crate::servers::{receiver, receiver_at, status};

#[test]
fn what_a_killed_process_owed_is_sent_by_the_next_one_under_the_same_key() {
    let to = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let mut night = Night::new(to);
    let mut tail = night.tail(&[]);
    night.outage();
    let history = night.history();
    let tried = "SELECT key FROM outbox WHERE tries > 0 AND sent_at_us IS NULL";
    let owed = night.until(LONG, || history.ask(tried).pop()).expect("a notice is in the outbox");
    tail.kill();
    let listener = TcpListener::bind(to).expect("the port is still free");
    let (_, got) = receiver_at(listener, vec![status("200 OK")]);
    let mut next = night.tail(&[]);
    let opened = night.call(&got, "opened");
    must_be_signed(&opened);
    assert_eq!(opened.header("Idempotency-Key"), owed);
    let over = night.call(&got, "recovered");
    assert_eq!(over.json()["group"], opened.json()["group"]);
    next.ends_well("TERM", Duration::from_secs(10));
    assert_eq!(history.keys().len(), 2, "nothing is told under a second key: {:#?}", history.keys());
}

#[test]
fn killed_again_and_again_it_calls_under_two_keys_and_stores_each_failure_once() {
    let (to, got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    let mut written = 0;
    for pause in [150, 700, 1300, 1900] {
        let mut tail = Process::start(&mut night.command(&[]));
        for _ in 0..5 {
            night.bad(3);
            night.good(1);
            std::thread::sleep(Duration::from_millis(pause / 5));
        }
        written += 15;
        tail.kill();
    }
    let mut last = night.tail(&[]);
    let (mut keys, mut over) = (BTreeSet::new(), false);
    let heard = night.until(LONG, || {
        for call in got.try_iter() {
            over |= call.header("X-Guru-Event") == "recovered";
            if matches!(call.header("X-Guru-Event"), "opened" | "recovered") {
                keys.insert(call.header("Idempotency-Key").to_string());
            }
        }
        over.then_some(())
    });
    assert!(heard.is_some(), "no end is told: {keys:#?}");
    last.ends_well("TERM", Duration::from_secs(10));
    assert_eq!(keys.len(), 2, "{keys:#?}");
    assert_eq!(night.history().failed(), written.to_string());
}

#[test]
fn who_takes_the_place_of_the_recorder_calls() {
    let (to, got) = receiver(vec![status("200 OK")]);
    let mut night = Night::new(to);
    let mut first = night.tail(&[]);
    let mut second = night.tail(&[]);
    first.kill();
    // The second one notices at its next look for a recorder.
    let (history, sql) = (night.history(), format!("SELECT 1 FROM recorder WHERE pid = {}", second.pid()));
    let took = night.until(LONG, || history.ask(&sql).pop());
    assert!(took.is_some(), "nobody records");
    night.outage();
    night.call(&got, "opened");
    second.ends_well("TERM", Duration::from_secs(10));
}
