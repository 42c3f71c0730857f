//! From the outbox to the receivers: at least once, in order, with waits, without holding up anybody.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guru::alert::{Courier, Sink};
use guru::cli::outbox::Kept;
use guru::model::Stamp;
use guru::model::alert::{Notice, NoticeKind};
use guru::store::Store;
use rusqlite::Connection;

use crate::servers::{Deed, Request, notice, receiver, sink, status};

fn now() -> Stamp {
    Stamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

struct Post {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Post {
    fn new() -> Post {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("guru.db")).unwrap();
        Post { _folder: folder, store }
    }

    fn put(&mut self, notices: &[Notice], sinks: &[&str]) {
        let sinks: Vec<String> = sinks.iter().map(|s| (*s).to_string()).collect();
        let all: Vec<_> = notices.iter().map(|n| (n.clone(), sinks.clone())).collect();
        self.store.put_notices(&all, now()).unwrap();
    }

    fn courier(&self, sinks: Vec<Sink>) -> Courier {
        Courier::start(Box::new(Kept::open(self.store.path()).unwrap()), sinks)
    }

    /// `sink tries sent gave_up error` of each row, in order.
    fn rows(&self) -> Vec<String> {
        let db = Connection::open(self.store.path()).unwrap();
        let sql = "SELECT sink || ' ' || tries || ' ' || (sent_at_us IS NOT NULL) || ' ' || gave_up || ' ' || coalesce(error, '')
                   FROM outbox ORDER BY id";
        let mut ask = db.prepare(sql).unwrap();
        ask.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn wait(&self, rows: &[&str]) {
        let begun = Instant::now();
        while self.rows() != rows {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:#?}", self.rows());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn webhook(name: &str, to: std::net::SocketAddr) -> Sink {
    let mut sink = sink(&format!("kind = 'webhook'\nurl = 'http://{to}/'\ntimeout = '2s'"));
    sink.name = name.into();
    sink
}

fn keys(got: &std::sync::mpsc::Receiver<Request>, n: usize) -> Vec<String> {
    let one = || got.recv_timeout(Duration::from_secs(20)).unwrap().json()["kind"].as_str().unwrap().to_string();
    (0..n).map(|_| one()).collect()
}

#[test]
fn a_notice_is_sent_within_a_moment_of_being_put() {
    let mut post = Post::new();
    let (to, got) = receiver(vec![status("200 OK")]);
    let courier = post.courier(vec![webhook("a", to)]);
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    post.put(&[notice(NoticeKind::Opened)], &["a"]);
    courier.wake();
    assert_eq!(keys(&got, 1), ["opened"]);
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    post.wait(&["a 1 1 0 "]);
    assert!(courier.troubles().is_empty());
    courier.stop(Duration::from_secs(5));
}

#[test]
fn failures_are_tried_again_in_order_and_lasting_ones_are_given_up() {
    let mut post = Post::new();
    let busy = Deed::Answer("429 Slow Down", "Retry-After: 2\r\n".into(), "");
    let (to, got) = receiver(vec![status("503 Oh"), busy, status("200 OK")]);
    let (gone, _nobody) = receiver(vec![status("404 Not Found")]);
    post.put(&[notice(NoticeKind::Opened), notice(NoticeKind::Recovered)], &["a", "b"]);
    let begun = Instant::now();
    let courier = post.courier(vec![webhook("a", to), webhook("b", gone)]);
    // The end waits for the beginning, although it was due before.
    assert_eq!(keys(&got, 4), ["opened", "opened", "opened", "recovered"]);
    assert!(begun.elapsed() >= Duration::from_millis(2400), "0.5 s at least, then the 2 s that were asked for");
    post.wait(&["a 3 1 0 ", "b 1 0 1 answered 404", "a 1 1 0 ", "b 1 0 1 answered 404"]);
    assert_eq!(courier.troubles(), [("b".to_string(), "answered 404".to_string())]);
    courier.stop(Duration::from_secs(5));
}

#[test]
fn a_receiver_that_hangs_holds_up_neither_the_others_nor_the_end() {
    let mut post = Post::new();
    let (hangs, _held) = receiver(vec![Deed::Hang]);
    let (to, got) = receiver(vec![status("200 OK")]);
    let courier = post.courier(vec![webhook("hangs", hangs), webhook("works", to)]);
    let begun = Instant::now();
    post.put(&[notice(NoticeKind::Opened)], &["hangs", "works"]);
    courier.wake();
    assert_eq!(keys(&got, 1), ["opened"]);
    assert!(begun.elapsed() < Duration::from_millis(1500));
    let begun = Instant::now();
    courier.stop(Duration::from_millis(200));
    assert!(begun.elapsed() < Duration::from_secs(1), "it does not wait for the one that hangs");
}

#[test]
fn what_was_not_sent_is_sent_by_the_next_process() {
    let mut post = Post::new();
    let (to, got) = receiver(vec![Deed::Close, status("200 OK")]);
    post.put(&[notice(NoticeKind::Opened)], &["a"]);
    let first = post.courier(vec![webhook("a", to)]);
    assert_eq!(keys(&got, 1), ["opened"]);
    first.stop(Duration::from_secs(5));
    assert!(post.rows()[0].starts_with("a 1 0 0 "), "{:?}", post.rows());
    let second = post.courier(vec![webhook("a", to)]);
    assert_eq!(keys(&got, 1), ["opened"]);
    post.wait(&["a 2 1 0 "]);
    second.stop(Duration::from_secs(5));
}
