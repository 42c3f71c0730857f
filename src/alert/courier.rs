//! Carries notices from the outbox to the sinks, beside the tail and never in its way. In: an outbox and sinks; out:
//! rows that end. One thread for each sink: a receiver that hangs holds up nobody else. At least once: a row ends only
//! when its receiver said yes, or after a day.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::schedule;
use super::target::Sink;
use crate::error::Result;
use crate::model::alert::Notice;
use crate::model::stamp::Stamp;

/// Notices that are fetched at once.
const BATCH: usize = 20;
/// Longest sleep of a thread that was not woken.
const NAP: Duration = Duration::from_secs(30);

/// One notice for one sink.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its row.
    pub id: i64,
    /// What is to be sent.
    pub notice: Notice,
    /// When it was written (wall clock).
    pub created: Stamp,
    /// Tries that failed so far.
    pub tries: u32,
}

/// What is to be sent, kept by the caller so that it survives the process.
pub trait Outbox: Send {
    /// What is due to a sink, oldest first, of each group only the oldest.
    fn due(&mut self, sink: &str, now: Stamp, limit: usize) -> Result<Vec<Letter>>;
    /// When something of a sink is to be tried next; `None` when nothing is left.
    fn next(&mut self, sink: &str) -> Result<Option<Stamp>>;
    /// A receiver took it.
    fn sent(&mut self, id: i64, now: Stamp) -> Result<()>;
    /// A try failed; the next one is at `next_try`.
    fn failed(&mut self, id: i64, next_try: Stamp, error: &str) -> Result<()>;
    /// It is tried no more.
    fn gave_up(&mut self, id: i64, error: &str) -> Result<()>;
}

type Shared<T> = Arc<Mutex<T>>;

/// The threads.
pub struct Courier {
    lines: Vec<(Sender<()>, JoinHandle<()>)>,
    troubles: Shared<Vec<(String, String)>>,
}

impl Courier {
    /// Starts a thread for each sink; they begin with what is due already.
    pub fn start(outbox: Box<dyn Outbox>, sinks: Vec<Sink>) -> Courier {
        let outbox: Shared<Box<dyn Outbox>> = Arc::new(Mutex::new(outbox));
        let troubles = Shared::default();
        let lines = sinks.into_iter().map(|sink| {
            let (wake, woken) = mpsc::channel();
            let round = Round { sink, outbox: Arc::clone(&outbox), troubles: Arc::clone(&troubles) };
            (wake, thread::spawn(move || round.run(&woken)))
        });
        Courier { lines: lines.collect(), troubles }
    }

    /// Says that something was put into the outbox. Returns at once.
    pub fn wake(&self) {
        for (wake, _) in &self.lines {
            let _ = wake.send(());
        }
    }

    /// Sinks that do not take anything now, each with what went wrong last.
    pub fn troubles(&self) -> Vec<(String, String)> {
        held(&self.troubles).clone()
    }

    /// Ends the threads; waits no longer than `patience` for those that are sending. What they did not send stays in the
    /// outbox.
    pub fn stop(self, patience: Duration) {
        let until = Instant::now() + patience;
        let (wakers, threads): (Vec<_>, Vec<_>) = self.lines.into_iter().unzip();
        drop(wakers);
        for thread in threads {
            while !thread.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(10));
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

/// What one thread needs.
struct Round {
    sink: Sink,
    outbox: Shared<Box<dyn Outbox>>,
    troubles: Shared<Vec<(String, String)>>,
}

impl Round {
    fn run(&self, woken: &mpsc::Receiver<()>) {
        let mut ended = false;
        while !ended {
            let nap = match self.carry(woken) {
                Some(nap) => nap,
                None => return,
            };
            ended = woken.recv_timeout(nap) == Err(RecvTimeoutError::Disconnected);
        }
    }

    /// Sends what is due; returns how long to sleep, `None` when it is to end.
    fn carry(&self, woken: &mpsc::Receiver<()>) -> Option<Duration> {
        loop {
            let due = match held(&self.outbox).due(&self.sink.name, now(), BATCH) {
                Ok(due) => due,
                Err(e) => {
                    self.trouble(Some(&format!("the outbox cannot be read: {}", e.message)));
                    return Some(Duration::from_secs(5));
                }
            };
            if due.is_empty() {
                return Some(self.nap());
            }
            for letter in due {
                if woken.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
                    return None;
                }
                if let Err(e) = self.send(&letter) {
                    // What was sent but could not be noted is sent again: at least once.
                    self.trouble(Some(&format!("the outbox cannot be written: {}", e.message)));
                    return Some(Duration::from_secs(5));
                }
            }
        }
    }

    fn send(&self, letter: &Letter) -> Result<()> {
        let answer = self.sink.send(&letter.notice);
        let now = now();
        let Err(failure) = answer else {
            self.trouble(None);
            return held(&self.outbox).sent(letter.id, now);
        };
        self.trouble(Some(&failure.why));
        let seed = xxhash_rust::xxh3::xxh3_64_with_seed(letter.notice.key.as_bytes(), letter.id.unsigned_abs());
        let next =
            failure.retry.then(|| schedule::next_try(letter.created, now, letter.tries + 1, failure.retry_after, seed));
        match next {
            Some(Some(at)) => held(&self.outbox).failed(letter.id, at, &failure.why),
            Some(None) => held(&self.outbox).gave_up(letter.id, &format!("given up after a day: {}", failure.why)),
            None => held(&self.outbox).gave_up(letter.id, &failure.why),
        }
    }

    fn nap(&self) -> Duration {
        let next = held(&self.outbox).next(&self.sink.name).ok().flatten();
        let us = next.and_then(|at| at.since(now())).map_or(u64::MAX, |us| us.max(0).unsigned_abs());
        // A little later than asked, so that it is due by then; never a busy loop.
        Duration::from_micros(us).saturating_add(Duration::from_millis(5)).clamp(Duration::from_millis(50), NAP)
    }

    fn trouble(&self, what: Option<&str>) {
        let mut all = held(&self.troubles);
        all.retain(|(sink, _)| *sink != self.sink.name);
        all.extend(what.map(|what| (self.sink.name.clone(), what.to_string())));
    }
}

/// The content, also after a thread that held it has panicked: rows are whole whatever happened to their reader.
fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Stamp {
    let us = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_micros()).ok());
    us.map_or(Stamp::NONE, Stamp)
}
