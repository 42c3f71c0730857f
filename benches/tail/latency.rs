//! From the write of a failing line to its line on stdout, to its row in the store, and, for the first of an incident,
//! to the webhook; at a steady 5,000 lines a second of which one in a hundred fails.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::process::in_time;
use super::tailing::Tail;
use super::{access, common, hook};

const RATE: f64 = 5_000.0;
const FAILS: u64 = 100;

/// When something was seen of each number.
type Times = BTreeMap<u64, Instant>;

/// Milliseconds between pairs of moments, by what they end with.
#[derive(Default)]
struct Delays {
    told: Vec<f64>,
    stored: Vec<f64>,
    hooked: Vec<f64>,
    missing: usize,
}

/// Measures and prints the distributions. Each round is a new outage, because only its first failure calls for help.
pub fn run() -> io::Result<()> {
    let (rounds, seconds) = if common::in_earnest() { (5, 12) } else { (1, 2) };
    let mut delays = Delays::default();
    for _ in 0..rounds {
        round(Duration::from_secs(seconds), &mut delays)?;
    }
    println!("latency at {RATE} lines/s, one in {FAILS} failing, {rounds} rounds of {seconds} s, milliseconds");
    println!("{:<36} {:>7} {:>8} {:>8} {:>8} {:>8}", "from the write to", "n", "p50", "p90", "p99", "max");
    for (name, mut all) in [
        ("its line on stdout", delays.told),
        ("its row in the store", delays.stored),
        ("the webhook (first of an incident)", delays.hooked),
    ] {
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all.get((all.len() as f64 * share).ceil() as usize - 1).copied().unwrap_or(f64::NAN);
        if all.is_empty() {
            println!("{name:<36} {:>7}", 0);
        } else {
            let (p50, p90, p99, max) = (at(0.5), at(0.9), at(0.99), at(1.0));
            println!("{name:<36} {:>7} {p50:>8.1} {p90:>8.1} {p99:>8.1} {max:>8.1}", all.len());
        }
    }
    println!("failures that were never seen: {}", delays.missing);
    Ok(())
}

fn round(time: Duration, delays: &mut Delays) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let hook = hook::start(folder.path())?;
    let mut log = Log::new(folder.path())?;
    let mut tail = Tail::start(folder.path(), &["origin=access.log"]);
    let store = folder.path().join("history.db");
    // Healthy at first, until it is seen to read.
    log.run(Duration::from_secs(30), false, || !has_traffic(&store))?;
    log.run(Duration::from_secs(3), false, || true)?;
    let stop = AtomicBool::new(false);
    let stored = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&store, &stop));
        let written = log.run(time, true, || true);
        thread::sleep(Duration::from_secs(3));
        stop.store(true, Ordering::Relaxed);
        written.map(|()| watching.join().expect("the watcher does not panic"))
    })?;
    let told = told(&tail);
    let between = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64() * 1e3;
    for (number, written) in &log.failed {
        delays.told.extend(told.get(number).map(|at| between(*written, *at)));
        delays.stored.extend(stored.get(number).map(|at| between(*written, *at)));
        delays.missing += usize::from(!told.contains_key(number) || !stored.contains_key(number));
    }
    let first = log.failed.values().next();
    delays.hooked.extend(first.zip(hook.opened.try_recv().ok()).map(|(from, to)| between(*from, to)));
    tail.process.ends_well("TERM", Duration::from_secs(20));
    Ok(())
}

/// The log that is written.
struct Log {
    file: File,
    next: u64,
    /// When each failing line was written.
    failed: Times,
}

impl Log {
    fn new(folder: &Path) -> io::Result<Log> {
        let path = folder.join("access.log");
        fs::write(&path, "")?;
        Ok(Log { file: OpenOptions::new().append(true).open(path)?, next: 0, failed: Times::new() })
    }

    /// Writes at the rate, as long as it takes or until `go_on` says no.
    fn run(&mut self, time: Duration, failing: bool, mut go_on: impl FnMut() -> bool) -> io::Result<()> {
        let (begun, first) = (Instant::now(), self.next);
        let mut text = Vec::new();
        while begun.elapsed() < time && go_on() {
            let due = first + (begun.elapsed().as_secs_f64() * RATE) as u64;
            let mut failed = Vec::new();
            text.clear();
            for number in self.next..due {
                let fails = failing && number % FAILS == 0;
                access::line(&mut text, access::now_us(), number, fails);
                failed.extend(fails.then_some(number));
            }
            self.file.write_all(&text)?;
            self.next = self.next.max(due);
            let now = Instant::now();
            self.failed.extend(failed.into_iter().map(|number| (number, now)));
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

fn told(tail: &Tail) -> Times {
    let mut times = Times::new();
    for line in tail.process.out.all() {
        let object: Value = serde_json::from_str(&line.text).unwrap_or_default();
        if let Some(number) = object["url"].as_str().and_then(access::failed_number) {
            times.entry(number).or_insert(line.at);
        }
    }
    times
}

fn reader(store: &Path) -> Option<Connection> {
    Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

fn has_traffic(store: &Path) -> bool {
    let any = |db: Connection| db.query_row("SELECT count(*) FROM traffic", [], |row| row.get::<_, i64>(0)).ok();
    store.exists() && reader(store).and_then(any).is_some_and(|rows| rows > 0)
}

/// Looks every few milliseconds for rows that are new.
fn watch(store: &Path, stop: &AtomicBool) -> Times {
    let (mut times, mut last) = (Times::new(), 0_i64);
    let found = in_time(Duration::from_secs(10), || store.exists());
    let Some(db) = reader(store).filter(|_| found) else { return times };
    while !stop.load(Ordering::Relaxed) {
        let sql = "SELECT number, url FROM failed_fetches WHERE number > ?1 ORDER BY number";
        let rows: Vec<(i64, String)> = db
            .prepare_cached(sql)
            .and_then(|mut s| s.query_map([last], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .unwrap_or_default();
        let now = Instant::now();
        for (row, url) in rows {
            last = last.max(row);
            times.extend(access::failed_number(&url).map(|number| (number, now)));
        }
        thread::sleep(Duration::from_millis(3));
    }
    times
}
