//! What the tail knows, for whoever shows it. In: moments; out: the newest one. Nobody who looks holds up the reading,
//! except who wants each moment: then the reading waits as it would for a full pipe.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::super::serve::Shared;
use crate::model::Live;

/// So often is looked whether it is time to stop.
const PATIENCE: Duration = Duration::from_millis(200);

/// The newest moment; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<(Mutex<Newest>, Condvar)>, Shared);

#[derive(Debug, Default)]
struct Newest {
    live: Arc<Live>,
    number: u64,
    over: bool,
    /// The last moment taken by who wants each of them.
    taken: Option<u64>,
    /// What whoever looks has changed, on its way to the tail.
    changed: Vec<String>,
}

impl Feed {
    /// A feed of nothing yet.
    pub fn new() -> Feed {
        Feed::default()
    }

    /// From now on `put` waits until the moment before was taken by `after`.
    pub fn want_each(&self) {
        let mut newest = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.taken = Some(newest.number);
    }

    /// Nobody wants each moment any more.
    pub fn leave(&self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).taken = None;
        self.0.1.notify_all();
    }

    /// Puts a moment in. `stop`: it is not worth waiting for anybody any more.
    pub fn put(&self, mut live: Live, stop: &AtomicBool) {
        let mut newest = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while newest.taken.is_some_and(|n| n < newest.number) && !stop.load(Ordering::Relaxed) {
            newest = self.0.1.wait_timeout(newest, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        if newest.taken.is_some_and(|n| n < newest.number) {
            let untold = newest.live.news.clone();
            live.news.splice(0..0, untold);
        }
        newest.live = Arc::new(live);
        newest.number += 1;
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = newest.live.clone();
        self.0.1.notify_all();
    }

    /// Whoever looks has changed something.
    pub fn say_changed(&self, words: &str) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).changed.push(words.to_string());
    }

    /// What was changed since this was asked last.
    pub fn changed(&self) -> Vec<String> {
        std::mem::take(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner).changed)
    }

    /// The same for the server of metrics.
    pub fn shared(&self) -> Shared {
        self.1.clone()
    }

    /// Nothing will be put in any more.
    pub fn end(&self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.0.1.notify_all();
    }

    /// The newest moment.
    pub fn newest(&self) -> Arc<Live> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).live.clone()
    }

    /// Waits for a moment after that number, at most so long. Its number and itself; `None` when nothing more will come.
    pub fn after(&self, number: u64, most: Duration) -> Option<(u64, Arc<Live>)> {
        let mut newest = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |n: &mut Newest| n.number <= number && !n.over;
        newest = self.0.1.wait_timeout_while(newest, most, waits).unwrap_or_else(PoisonError::into_inner).0;
        if newest.over && newest.number <= number {
            return None;
        }
        if newest.taken.is_some() {
            newest.taken = Some(newest.number);
            self.0.1.notify_all();
        }
        Some((newest.number, newest.live.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::model::live::LiveFailure;

    fn moment(n: u64) -> Live {
        Live { news: vec![LiveFailure { id: n.to_string(), ..LiveFailure::default() }], ..Live::default() }
    }

    #[test]
    fn who_wants_each_moment_gets_each_and_holds_up_who_puts_them_in() {
        let (feed, stop) = (Feed::new(), AtomicBool::new(false));
        feed.want_each();
        let told = thread::scope(|scope| {
            scope.spawn(|| {
                (0..200).for_each(|n| feed.put(moment(n), &stop));
                // Nobody waits any more: what was not taken is told with the last one.
                stop.store(true, Ordering::Relaxed);
                (200..203).for_each(|n| feed.put(moment(n), &stop));
                feed.end();
            });
            let (mut number, mut told) = (0, Vec::new());
            while let Some((n, live)) = feed.after(number, PATIENCE) {
                if n > number {
                    told.extend(live.news.iter().map(|f| f.id.parse::<u64>().expect("a number")));
                }
                number = n;
            }
            told
        });
        assert_eq!(told, (0..203).collect::<Vec<u64>>());
    }

    #[test]
    fn who_only_looks_holds_up_nobody() {
        let (feed, stop) = (Feed::new(), AtomicBool::new(false));
        (0..5).for_each(|n| feed.put(moment(n), &stop));
        assert_eq!(feed.newest().news[0].id, "4");
        feed.want_each();
        feed.leave();
        (5..9).for_each(|n| feed.put(moment(n), &stop));
        assert_eq!(feed.after(0, PATIENCE).map(|(n, _)| n), Some(9));
    }
}
