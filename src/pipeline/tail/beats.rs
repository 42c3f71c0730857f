//! When a tail judges and when it keeps. In: what was taken in, the wall clock, how long the last look took; out: what is
//! due, and the moment of the logs. It must not judge.
//!
//! The moment of the logs is the newest stamp of the uppermost tier; where nothing is logged it goes on with the wall
//! clock, so that what waits for a line does not wait for ever.

use std::time::Duration;

use super::window::Fresh;
use crate::model::Stamp;
use crate::model::stamp::{MINUTE, SECOND};

/// A stamp so far ahead of the wall clock is a mistake.
const AHEAD: i64 = 26 * 60 * MINUTE;
/// What is known is kept at least so often while logs grow.
const KEEP: i64 = SECOND;
/// An incident that is not over is looked at again at least so often.
const OPEN: i64 = 5 * SECOND;
/// A thorough look for what may be settled is not made more often.
const THOROUGH: i64 = 2 * SECOND;
/// Looking takes no more than about such a share of the time: one part in so many.
const SHARE: i64 = 4;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// To keep counters and positions.
    Keep,
    /// To judge what has come.
    Quick,
    /// To settle what is old enough.
    Thorough,
    /// To settle everything: nothing more will come.
    Last,
}

/// The clockwork.
#[derive(Debug, Default)]
pub struct Beats {
    /// True once everything that was there at the start has been read.
    pub caught_up: bool,
    newest: Stamp,
    heard: Stamp,
    wall: Stamp,
    matters: bool,
    took_in: bool,
    kept: Stamp,
    shown: Stamp,
    looked: Stamp,
    thorough: Stamp,
    cost: i64,
    thorough_cost: i64,
    /// An incident is not over.
    pub open: bool,
}

impl Beats {
    /// Something was taken in; the uppermost tier's newest stamp in it.
    pub fn heard(&mut self, newest: Stamp, wall: Stamp) {
        self.took_in = true;
        if newest > self.newest && newest < wall + AHEAD {
            self.newest = newest;
            self.heard = wall;
        }
        self.wall = wall;
    }

    /// Another tier is the uppermost one now: its clock counts.
    pub fn forget(&mut self) {
        (self.newest, self.heard) = (Stamp::NONE, Stamp::NONE);
    }

    /// What was taken in may change what is known of a failure.
    pub fn matters(&mut self, fresh: &Fresh) {
        self.matters |= fresh.matters();
    }

    /// The moment of the logs.
    pub fn now(&self, wall: Stamp) -> Stamp {
        let wall = wall.or(self.wall);
        let idle = if self.caught_up { wall.since(self.heard).unwrap_or(0).max(0) } else { 0 };
        self.newest + idle
    }

    /// What is due. `unsettled`: when the oldest failure that is not settled was taken in.
    pub fn due(&self, wall: Stamp, unsettled: Option<Stamp>, settle_us: i64) -> Option<Due> {
        let past = |since: Stamp, us: i64| wall.since(since).is_none_or(|passed| passed >= us);
        let ripe = unsettled.is_some_and(|at| self.now(wall).since(at).is_some_and(|us| us >= settle_us));
        if ripe && past(self.thorough, THOROUGH.max(SHARE * self.thorough_cost)) {
            return Some(Due::Thorough);
        }
        let again = self.open && past(self.looked, OPEN);
        if (self.matters || again) && past(self.looked, SHARE * self.cost) {
            return Some(Due::Quick);
        }
        (self.took_in && past(self.kept, KEEP)).then_some(Due::Keep)
    }

    /// A look was made.
    pub fn looked(&mut self, due: Due, wall: Stamp, took: Duration) {
        let took = i64::try_from(took.as_micros()).unwrap_or(i64::MAX / SHARE);
        self.matters = false;
        self.looked = wall;
        if due == Due::Quick {
            self.cost = took;
        } else {
            self.thorough = wall;
            self.thorough_cost = took;
        }
    }

    /// True when it is time to tell what is known: after a look, and each second.
    pub fn shows(&mut self, wall: Stamp, looked: bool) -> bool {
        let due = looked || wall.since(self.shown).is_none_or(|us| us >= SECOND);
        if due {
            self.shown = wall;
        }
        due
    }

    /// What is known was kept.
    pub fn kept(&mut self, wall: Stamp) {
        self.took_in = false;
        self.kept = wall;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_the_logs_goes_on_when_nothing_is_logged() {
        let mut beats = Beats::default();
        let (log, wall) = (Stamp(1_000 * SECOND), Stamp(5_000 * SECOND));
        beats.heard(log, wall);
        assert_eq!(beats.now(wall + SECOND), log, "what was there at the start is still being read");
        beats.caught_up = true;
        assert_eq!(beats.now(wall + 3 * SECOND), log + 3 * SECOND);
        beats.heard(wall + 2 * AHEAD, wall);
        assert_eq!(beats.now(wall), log, "a stamp from the future is a mistake");
    }

    #[test]
    fn what_is_old_enough_is_settled_first() {
        let mut beats = Beats { caught_up: true, ..Beats::default() };
        let wall = Stamp(9_000 * SECOND);
        beats.heard(wall, wall);
        beats.matters = true;
        assert_eq!(beats.due(wall, Some(wall - 10 * SECOND), 5 * SECOND), Some(Due::Thorough));
        beats.looked(Due::Thorough, wall, Duration::from_millis(500));
        beats.matters = true;
        assert_eq!(beats.due(wall + SECOND, Some(wall - 10 * SECOND), 5 * SECOND), Some(Due::Quick));
        beats.looked(Due::Quick, wall + SECOND, Duration::ZERO);
        assert_eq!(beats.due(wall + SECOND, None, 5 * SECOND), Some(Due::Keep));
        beats.kept(wall + SECOND);
        assert_eq!(beats.due(wall + 2 * SECOND, None, 5 * SECOND), None);
    }
}
