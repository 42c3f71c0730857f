//! What the tail knows, for whoever shows it. In: moments; out: the newest one. Nobody who looks holds up the reading.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::super::serve::Shared;
use crate::model::Live;

/// The newest moment; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<(Mutex<Newest>, Condvar)>, Shared);

#[derive(Debug, Default)]
struct Newest {
    live: Arc<Live>,
    number: u64,
    over: bool,
}

impl Feed {
    /// A feed of nothing yet.
    pub fn new() -> Feed {
        Feed::default()
    }

    /// Puts a moment in.
    pub fn put(&self, live: Live) {
        let mut newest = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.live = Arc::new(live);
        newest.number += 1;
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = newest.live.clone();
        self.0.1.notify_all();
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
        let newest = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |n: &mut Newest| n.number <= number && !n.over;
        let (newest, _) = self.0.1.wait_timeout_while(newest, most, waits).unwrap_or_else(PoisonError::into_inner);
        if newest.over && newest.number <= number {
            return None;
        }
        Some((newest.number, newest.live.clone()))
    }
}
