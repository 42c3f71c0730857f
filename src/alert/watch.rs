//! Decides what is worth a call. In: what a tail knows, moment by moment, and the wall clock; out: notices with stable
//! keys. A pure state machine: it sends nothing, and what it remembers is what it told ([`super::thread::Told`]), so a
//! process that is restarted with the notices of the outbox goes on where the last one stopped.
//!
//! Why keys have no numbers of incidents in them: incidents merge, and without a store numbers begin anew. What stays is
//! the service and the moment the incident began, as it was known when it was first seen.

use std::collections::BTreeMap;

use super::conditions;
use super::incidents;
use super::rules::Rules;
use super::thread::Thread;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::live::{Live, Mood};
use crate::model::stamp::{MINUTE, Stamp};

/// How far back the notices are needed with which a watch is begun, microseconds: as long as the outbox keeps them.
pub const MEMORY_US: i64 = 91 * 24 * 60 * MINUTE;
/// How long a thing that was told of but is no longer heard of counts as going on, microseconds.
const UNSEEN_US: i64 = 5 * MINUTE;
/// How long things are remembered after they were last seen, microseconds.
const FORGET_US: i64 = 6 * 60 * MINUTE;
/// The hour of `max_opened_per_hour`, microseconds.
const HOUR_US: i64 = 60 * MINUTE;

/// The state machine.
#[derive(Clone, Debug)]
pub struct Watch {
    pub(super) rules: Rules,
    pub(super) incidents: Vec<Thread>,
    pub(super) conditions: Vec<Thread>,
    /// When things of a service were told as new, wall clock, within the last hour.
    opened: BTreeMap<String, Vec<Stamp>>,
}

impl Watch {
    /// Begins, with the notices that earlier processes told (oldest first, each with the moment of the wall clock when
    /// it was told): see [`MEMORY_US`].
    pub fn new(rules: Rules, told: &[(Notice, Stamp)]) -> Watch {
        let mut watch = Watch { rules, incidents: Vec::new(), conditions: Vec::new(), opened: BTreeMap::new() };
        for (notice, wall) in told {
            let list = if conditions::is_one(&notice.group) { &mut watch.conditions } else { &mut watch.incidents };
            let at = list.iter().position(|t| t.group == notice.group).unwrap_or_else(|| {
                list.push(Thread::remembered(notice, *wall));
                list.len() - 1
            });
            let new = !list[at].told.open && notice.kind != NoticeKind::Recovered;
            list[at].note(notice, *wall);
            if new {
                watch.opened.entry(notice.service.clone()).or_default().push(*wall);
            }
        }
        watch
    }

    /// What is to be told now. The caller puts it into the outbox; telling the same again is harmless there.
    ///
    /// Nothing is told while what the logs held before the start is still read, so that what was over before is never
    /// told, and by a process that only watches another one record.
    pub fn step(&mut self, live: &Live, wall: Stamp) -> Vec<Notice> {
        if !live.caught_up || live.recorder.is_some() || live.mood == Mood::Starting || !live.at.is_known() {
            return Vec::new();
        }
        let mut out = Vec::new();
        self.count_hour(wall);
        incidents::step(self, live, wall, &mut out);
        conditions::step(self, live, wall, &mut out);
        let keep = |t: &Thread| t.told.open || wall.since(t.seen).unwrap_or(0) < FORGET_US;
        self.incidents.retain(keep);
        self.conditions.retain(keep);
        out
    }

    fn count_hour(&mut self, wall: Stamp) {
        for times in self.opened.values_mut() {
            times.retain(|t| wall.since(*t).is_some_and(|us| us < HOUR_US));
        }
        self.opened.retain(|_, times| !times.is_empty());
    }

    /// True when something of that service may be told as new: it was not too often within the last hour.
    pub(super) fn may_open(&self, service: &str) -> bool {
        let most = self.rules.max_opened_per_hour.max(1) as usize;
        self.opened.get(service).is_none_or(|times| times.len() < most)
    }

    /// Takes note that something of that service was told as new.
    pub(super) fn note_opened(&mut self, service: &str, wall: Stamp) {
        self.opened.entry(service.to_string()).or_default().push(wall);
    }
}

/// True when a thread that was told of is over for long enough to say so. `active` is `None` for one that is no longer
/// heard of.
pub(super) fn is_over(thread: &mut Thread, active: Option<bool>, rules: &Rules, wall: Stamp) -> bool {
    if active == Some(true) {
        thread.over = None;
        return false;
    }
    let since = *thread.over.get_or_insert(wall);
    let wait = if active.is_none() { rules.recovered_wait.0.max(UNSEEN_US) } else { rules.recovered_wait.0 };
    thread.told.open && wall.since(since).is_some_and(|us| us >= wait)
}
