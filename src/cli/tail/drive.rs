//! The loop of a tail. In: followed logs; out: a tail that is fed, a store that is kept, moments for whoever shows them.
//! It sheds showing before reading: a moment is made when there is time for it, bytes are never dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::notify::Manager;
use super::alarm::Alarm;
use super::feed::Feed;
use super::keep::{Keeper, now};
use super::logs::Logs;
use super::seen::Before;
use crate::error::Result;
use crate::model::Live;
use crate::model::live::LiveSink;
use crate::pipeline::Tail;

/// How long to sleep when nothing has come, and when nothing has come for a while.
const NAP: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(200));
/// After so many empty looks there is no hurry.
const QUIET: u32 = 40;

/// Everything that the loop works with.
pub struct Driver {
    /// The logs.
    pub logs: Logs,
    /// The store.
    pub keeper: Keeper,
    /// Calls for help.
    pub alarm: Alarm,
    /// What happened before.
    pub before: Before,
    /// Moments go here.
    pub feed: Feed,
    /// True when it is time to stop.
    pub stop: Arc<AtomicBool>,
    /// The service manager, when there is one.
    pub manager: Manager,
    /// The logs can be followed anew.
    pub anew: bool,
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to stop, or the logs have ended.
    Over,
    /// Whoever recorded is gone: this process goes on where that one stopped, with what it left.
    TakesOver,
}

impl Driver {
    /// Reads until it is told to stop, or, with `until_end`, until all logs have ended.
    ///
    /// # Errors
    /// Those of the last keeping: then what was read since the last delta is read again by the next run.
    pub fn run(&mut self, tail: &mut Tail<'_>, until_end: bool) -> Result<End> {
        let mut idle = 0;
        let mut said = Instant::now();
        self.manager.ready();
        while !self.stop.load(Ordering::Relaxed) {
            let wall = now();
            let (more, came) = self.logs.feed(tail, wall);
            self.feed.changed().iter().for_each(|words| tail.changed(wall, words));
            if self.keeper.beat(wall) {
                if self.anew {
                    return Ok(End::TakesOver);
                }
                tail.tell_all_again();
            }
            let live = tail.tick(wall, more, &mut self.keeper, &mut self.logs);
            live.into_iter().for_each(|live| self.put(live));
            if self.manager.watchdog().is_some_and(|every| said.elapsed() >= every) {
                self.manager.alive();
                said = Instant::now();
            }
            if until_end && !more && self.logs.is_over() {
                let live = tail.finish(now(), &mut self.keeper, &mut self.logs);
                self.put(live);
                break;
            }
            idle = if more || came { 0 } else { idle + 1 };
            if !more {
                std::thread::sleep(if idle > QUIET { NAP.1 } else { NAP.0 });
            }
        }
        self.manager.stopping();
        let kept = tail.pause(now(), &mut self.keeper, &mut self.logs);
        self.alarm.stop();
        kept.map(|()| End::Over)
    }

    fn put(&mut self, mut live: Live) {
        live.store = self.keeper.path();
        live.recorder = self.keeper.other();
        if live.store_error.is_empty() {
            live.store_error = self.keeper.error();
        }
        self.before.tell(&mut live, &self.keeper);
        self.manager.status(&status(&live));
        self.alarm.look(&live, &self.keeper);
        live.unreached = self.alarm.troubles().into_iter().map(|(name, trouble)| LiveSink { name, trouble }).collect();
        self.feed.put(live, &self.stop);
    }
}

/// How things stand, in a line.
fn status(live: &Live) -> String {
    let what = live.open().map(|i| format!(": {}", i.title)).unwrap_or_default();
    let viewer = live.recorder.as_ref().map(|other| format!(", only shown here: {other} records")).unwrap_or_default();
    format!("{}{what}{viewer}", live.mood.word())
}

impl Drop for Driver {
    /// Whoever shows must not wait for what will not come, however the reading ended.
    fn drop(&mut self) {
        self.feed.end();
        if std::thread::panicking() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}
