//! A web server whose upstream fails when a test wants it, followed by `guru tail` with a webhook.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use guru::model::Stamp;
use guru::model::stamp::SECOND;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::place::{Place, column};
use crate::process::Process;
use crate::servers::Request;

/// How long a call may take to come.
pub const LONG: Duration = Duration::from_secs(30);
/// The key of the webhook's signatures.
const SECRET: &str = "tell-nobody";

/// A log that grows, a configuration, and a folder for both.
pub struct Night {
    pub place: Place,
    log: File,
    lines: u32,
}

impl Night {
    /// A quiet one, whose webhook posts to that address.
    pub fn new(to: SocketAddr) -> Night {
        let place = Place::new();
        place.write("hook.key", format!("{SECRET}\n"));
        let chmod = Command::new("chmod").arg("600").arg(place.path("hook.key")).status();
        assert!(chmod.is_ok_and(|s| s.success()));
        let key = place.path("hook.key").display().to_string();
        place.write(
            "guru/guru.toml",
            format!(
                "[alerts]\nmin_failures = 5\nfor = '0s'\ngrouping_wait = '1s'\nrecovered_wait = '1s'
                 [[alerts.sink]]\nname = 'hook'\nkind = 'webhook'\nurl = 'http://{to}/guru'\ntimeout = '1s'
                 secret_file = '{key}'"
            ),
        );
        place.write("access.log", "");
        let log = OpenOptions::new().append(true).open(place.path("access.log")).expect("the log is there");
        Night { place, log, lines: 0 }
    }

    /// `guru tail` with the history of this place.
    pub fn command(&self, more: &[&str]) -> Command {
        let args = ["tail", "access.log", "--plain", "--store", "history.db", "--settle", "2s", "--gap", "5s"];
        self.place.command(&[&args, more].concat())
    }

    /// Starts it, and waits until it follows.
    pub fn tail(&mut self, more: &[&str]) -> Process {
        self.good(20);
        let tail = Process::start(&mut self.command(more));
        let up = tail.out.wait(LONG, |_| true);
        assert!(up.is_some(), "guru tail says nothing:\n{}", tail.err.text());
        tail
    }

    /// Requests that are answered.
    pub fn good(&mut self, n: u32) {
        (0..n).for_each(|_| self.line(200, 200));
    }

    /// Requests whose upstream does not answer in time.
    pub fn bad(&mut self, n: u32) {
        (0..n).for_each(|_| self.line(504, 504));
    }

    /// Two seconds in which most requests fail.
    pub fn outage(&mut self) {
        for _ in 0..4 {
            self.bad(4);
            self.good(2);
            std::thread::sleep(Duration::from_millis(400));
        }
    }

    /// Goes on with requests that are answered, until `is` says so.
    pub fn until<T>(&mut self, within: Duration, mut is: impl FnMut() -> Option<T>) -> Option<T> {
        let until = Instant::now() + within;
        while Instant::now() < until {
            if let Some(found) = is() {
                return Some(found);
            }
            self.good(2);
            std::thread::sleep(Duration::from_millis(200));
        }
        None
    }

    /// The next call of that kind, while requests are answered.
    #[track_caller]
    pub fn call(&mut self, got: &Receiver<Request>, kind: &str) -> Request {
        let found = self.until(LONG, || got.try_iter().find(|r| r.header("X-Guru-Event") == kind));
        found.unwrap_or_else(|| panic!("no {kind}; the outbox holds {:#?}", self.history().outbox()))
    }

    /// The history.
    pub fn history(&self) -> History {
        History(self.place.store())
    }

    fn line(&mut self, status: u16, upstream: u16) {
        self.lines += 1;
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let stamp = Stamp(i64::try_from(wall.as_micros()).expect("before 294277"));
        let (ms, took) = (stamp.0 / 1000, if status == 504 { "1.001" } else { "0.012" });
        let header = if status == 504 { "-" } else { took };
        let line = format!(
            "127.0.0.1 - - [{}] {}.{:03} \"GET /p/{} HTTP/1.1\" {status} 105 {took} \"-\" \"curl/8\" \
             host=\"shop.example\" server=shop.example:80 ua=\"127.0.0.1:8080\" us=\"{upstream}\" uct=\"0.000\" \
             uht=\"{header}\" urt=\"{took}\" rl=231 bs=360 conn={} creq=1 xff=\"-\"\n",
            clf(stamp),
            ms / 1000,
            ms % 1000,
            self.lines,
            self.lines
        );
        self.log.write_all(line.as_bytes()).expect("the log can be written");
    }
}

/// The history of a night, to be asked while the night goes on.
pub struct History(PathBuf);

impl History {
    /// A column of texts or numbers.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        let bare =
            |s: String| s.split_once('(').map_or("", |(_, v)| v.trim_end_matches(')')).trim_matches('"').to_string();
        column(&self.0, sql).into_iter().map(bare).collect()
    }

    /// Kind, tries, sent, given up and last error of what was to be sent.
    pub fn outbox(&self) -> Vec<String> {
        self.ask(
            "SELECT json_extract(notice, '$.kind') || ' ' || tries || ' ' || (sent_at_us IS NOT NULL) || ' ' || gave_up
                 || coalesce(' ' || error, '') FROM outbox ORDER BY id",
        )
    }

    /// Keys of what was to be sent.
    pub fn keys(&self) -> Vec<String> {
        self.ask("SELECT key FROM outbox ORDER BY id")
    }

    /// Failed fetches.
    pub fn failed(&self) -> String {
        self.ask("SELECT count(*) FROM v_failed_fetches").concat()
    }
}

/// `28/Nov/2026:04:53:25 +0000`.
fn clf(stamp: Stamp) -> String {
    let time = chrono::DateTime::from_timestamp(stamp.0 / SECOND, 0).expect("a time of today");
    time.format("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// Asserts that a call carries the signature of its own body and moment.
#[track_caller]
pub fn must_be_signed(call: &Request) {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key fits");
    mac.update(format!("{}.{}", call.header("X-Guru-Timestamp"), call.body).as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(call.header("X-Guru-Signature"), format!("sha256={hex}"));
}
