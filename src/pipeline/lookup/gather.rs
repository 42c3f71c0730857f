//! What is kept of an event, and of many events the newest. In: borrowed events; out: records that own what a story
//! tells and what belongs together is found by. It must not know why an event is kept.

use crate::model::row::id_of;
use crate::model::{Event, Logged, RequestReason, Stamp, Step, key_of};

/// So many requests and fetches are kept that answer the question themselves.
const MOST: usize = 1_000;

/// An event that was kept.
#[derive(Clone, Debug)]
pub struct Record {
    /// What is told of it.
    pub step: Step,
    /// Method and URL, see [`key_of`]; 0 when only its judgement is known.
    pub key: u64,
    /// Id that travelled with it; 0 for none.
    pub travelled: u32,
    /// Granularity of its stamps, microseconds.
    pub resolution_us: i64,
    /// True when it answers the question itself.
    pub seed: bool,
}

impl Record {
    /// What is kept of a request or a fetch; `None` for other events.
    pub fn of(event: &Event<'_>, logged: &Logged<'_>) -> Option<Record> {
        let (key, travelled) = match event {
            Event::Request(r) => (key_of(r.method, r.url), id_of(r.travelled_id)),
            Event::Fetch(f) => (key_of(f.method, f.url), f.travelled_id as u32),
            _ => return None,
        };
        Some(Record {
            step: Step::of(event, logged)?,
            key,
            travelled,
            resolution_us: logged.resolution_us,
            seed: false,
        })
    }

    /// What is known of a failed fetch whose own record is not at hand.
    pub fn failed(step: Step) -> Record {
        Record { step, key: 0, travelled: 0, resolution_us: 0, seed: false }
    }

    /// True for a request.
    pub fn is_request(&self) -> bool {
        self.step.fetch_id().is_none()
    }

    /// File and line.
    pub fn line(&self) -> Option<(&str, u64)> {
        self.step.place.as_ref().map(|p| (p.file.as_str(), p.line))
    }

    /// Node and transaction; `None` where the format has none.
    pub fn transaction(&self) -> Option<(&str, u64)> {
        (self.step.vxid > 0).then_some((self.step.node.as_str(), self.step.vxid))
    }

    /// The transaction that it is a part of. That of a client's own request is its connection, which has many.
    pub fn part_of(&self) -> Option<(&str, u64)> {
        let alone = self.is_request() && self.step.reason == RequestReason::Client.word();
        (self.step.vxid > 0 && self.step.parent > 0 && !alone).then_some((self.step.node.as_str(), self.step.parent))
    }

    /// Its first and last moment.
    pub fn span(&self) -> (Stamp, Stamp) {
        (self.step.start, self.step.end.or(self.step.start))
    }
}

/// The newest of what answers the question.
#[derive(Debug, Default)]
pub struct Kept {
    records: Vec<Record>,
    older: u64,
    /// Nothing before this moment is among the newest any more.
    floor: Option<Stamp>,
}

impl Kept {
    /// Keeps an event, if it is new enough.
    pub fn add(&mut self, event: &Event<'_>, logged: &Logged<'_>) {
        let at = event.time() - logged.zone_us.unwrap_or(0);
        if self.floor.is_some_and(|floor| at < floor) {
            self.older += 1;
            return;
        }
        self.records.extend(Record::of(event, logged).map(|r| Record { seed: true, ..r }));
        if self.records.len() >= 2 * MOST {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.records.sort_by_key(|r| std::cmp::Reverse(r.step.start));
        self.older += self.records.len().saturating_sub(MOST) as u64;
        self.records.truncate(MOST);
        self.floor = self.records.last().filter(|_| self.older > 0).map(|r| r.step.start);
    }

    /// The newest, and how many older ones were not kept.
    pub fn newest(mut self) -> (Vec<Record>, u64) {
        self.cut();
        (self.records, self.older)
    }
}
