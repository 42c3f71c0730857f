//! What was told of one thing, from its beginning to its end. In: the notices of one group, in order, whether they were
//! made just now or before a restart; out: what is known to have been told. Nothing else is remembered, so that a
//! restarted process knows exactly what this one knew. It must not know why something is told.

use std::collections::BTreeSet;

use super::severity::Severity;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::stamp::{MINUTE, SECOND, Stamp};

/// Characters of a service's name that go into the name of a group: receivers take no more than 255 in all.
const SERVICE: usize = 150;

/// What was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// It was told that it began, and not yet that it ended.
    pub open: bool,
    /// How often it was told that it ended.
    pub ends: u32,
    /// Log time of the notice that told of its beginning.
    pub opened_at: Stamp,
    /// Wall clock of the last notice.
    pub last: Stamp,
    /// Share of client requests answered 5xx when it was last told.
    pub share: f64,
    /// Failed fetches per minute from its beginning until it was last told that it began or became worse.
    pub per_min: f64,
    /// How often it was told that it became worse, since it began.
    pub escalations: u32,
    /// How often it was told again without news, since it began.
    pub repeats: u32,
    /// Causes that were told.
    pub causes: BTreeSet<String>,
    /// Worst severity that was told since it began.
    pub worst: Severity,
}

impl Told {
    /// Takes note of a notice of this group, told at that moment of the wall clock.
    pub fn note(&mut self, notice: &Notice, wall: Stamp) {
        let severity = Severity::of(&notice.severity);
        self.last = self.last.max(wall);
        match notice.kind {
            NoticeKind::Recovered => {
                *self = Told { ends: self.ends + 1, last: self.last, ..Told::default() };
                return;
            }
            NoticeKind::Escalated => self.escalations += 1,
            NoticeKind::NewCause => {}
            _ if self.open => self.repeats += 1,
            _ => self.opened_at = notice.at(),
        }
        self.worst = severity.max(self.worst);
        self.open = true;
        self.causes.insert(notice.cause.clone());
        if notice.kind != NoticeKind::NewCause {
            self.share = self.share.max(notice.share);
            self.per_min = self.per_min.max(per_min(notice));
        }
    }
}

/// Failed fetches per minute, of a notice: those that its key names (see [`worse`]), else the mean since it began.
fn per_min(notice: &Notice) -> f64 {
    let named = notice.key.rsplit_once('/').and_then(|(_, last)| last.strip_suffix(PER_MIN)?.parse::<u64>().ok());
    let us = opened_at(&notice.group).and_then(|t| notice.at().since(t)).unwrap_or(0).max(SHORTEST_US);
    named.map_or(notice.failures as f64 * MINUTE as f64 / us as f64, |n| n as f64)
}

/// The step of becoming worse for the `n`th time, at so many failed fetches per minute. The rate stands in the key
/// because the mean since the beginning follows a jump only slowly: every step after it would look like another.
pub fn worse(n: u32, per_min: u64) -> String {
    format!("escalated/{n}/{per_min}{PER_MIN}")
}

const PER_MIN: &str = "-per-min";
/// A mean is taken over no less than this, microseconds.
const SHORTEST_US: i64 = 5 * SECOND;

/// The name of a group: service and the moment the thing began, by which it is known ever after.
pub fn group(service: &str, topic: &str, began: Stamp) -> String {
    let short: String = service.chars().take(SERVICE).collect();
    format!("{short}{topic}@{began}")
}

/// The moment in the name of a group; `None` for names that [`group`] did not make.
pub fn opened_at(group: &str) -> Option<Stamp> {
    let moment = group.rsplit_once('@')?.1.split_once('Z')?.0;
    let parsed = chrono::NaiveDateTime::parse_from_str(moment, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(Stamp(parsed.and_utc().timestamp_micros()))
}

/// One thing that is watched: an incident, or a condition such as an early warning.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name in notices.
    pub group: String,
    /// Service.
    pub service: String,
    /// Headline cause, as last seen.
    pub cause: String,
    /// Its number, as last seen; may change.
    pub incident: u32,
    /// When it began, as it was known when it was first seen.
    pub anchor: Stamp,
    /// What was told.
    pub told: Told,
    /// Wall clock since which it deserves a call.
    pub ripe: Option<Stamp>,
    /// Wall clock since which it is over.
    pub over: Option<Stamp>,
    /// Wall clock when it was last seen.
    pub seen: Stamp,
    /// The last title, for its end.
    pub title: String,
}

impl Thread {
    /// A thing that was just seen for the first time.
    pub fn new(group: String, service: &str, anchor: Stamp, wall: Stamp) -> Thread {
        Thread {
            group,
            service: service.to_string(),
            cause: String::new(),
            incident: 0,
            anchor,
            told: Told::default(),
            ripe: None,
            over: None,
            seen: wall,
            title: String::new(),
        }
    }

    /// A thing as the first notice that is known of it tells.
    pub fn remembered(notice: &Notice, wall: Stamp) -> Thread {
        let anchor = opened_at(&notice.group).unwrap_or(notice.at());
        Thread::new(notice.group.clone(), &notice.service, anchor, wall)
    }

    /// Takes note of a notice of it.
    pub fn note(&mut self, notice: &Notice, wall: Stamp) {
        self.told.note(notice, wall);
        self.incident = notice.incident;
        self.cause.clone_from(&notice.cause);
        self.seen = self.seen.max(wall);
        if notice.kind != NoticeKind::Recovered {
            self.title.clone_from(&notice.title);
        }
    }

    /// The key of a notice about it: what makes it this one and no other.
    pub fn key(&self, step: &str) -> String {
        format!("{}/{}/{step}", self.group, self.told.ends + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_names_the_moment_it_began() {
        let t = Stamp(1_795_196_946_123_456);
        assert_eq!(group("web@eu", "", t), "web@eu@2026-11-20T17:49:06.123456Z");
        assert_eq!(opened_at(&group("web@eu", "", t)), Some(t));
        assert_eq!(opened_at(&(group("x", "/early", t) + "~2")), Some(t));
        assert_eq!(opened_at("web@eu"), None);
        assert!(group(&"é".repeat(400), "/early_warning", t).chars().count() < 255);
    }
}
