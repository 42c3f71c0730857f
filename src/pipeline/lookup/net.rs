//! What belongs to what was found. In: records, the judgements and clocks of an analysis; out: for any event whether it
//! is a part of their story; it grows with what it catches. It must not know how parts are put in order.
//!
//! Parts of one transaction tree name each other by number, on one node and at about one time: numbers come again after
//! a restart of Varnish. The next tier's line of a fetch that went well is known by the id that travelled, else by
//! method, URL and status within the time of the fetch.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::gather::Record;
use super::judged::Judgements;
use crate::model::incident::Quote;
use crate::model::row::id_of;
use crate::model::stamp::SECOND;
use crate::model::{Event, Logged, Request, RequestReason, Stamp, Step, StepKind, Tier, key_of};

/// Parts of one tree are not further apart.
pub const APART: i64 = 60 * SECOND;
/// So many parts are kept of all stories: includes of includes multiply.
const MOST: usize = 20_000;

/// Where and when a part may be.
struct Near {
    node: String,
    from: Stamp,
    to: Stamp,
}

/// A fetch that went well and whose line is looked for at the next tier.
struct Window {
    near: Near,
    tier: Tier,
    status: u16,
}

/// Catches what belongs to what it has caught.
pub struct Net<'a> {
    judgements: &'a Judgements<'a>,
    records: Vec<Record>,
    held: HashSet<u64>,
    trees: HashMap<u64, Vec<Near>>,
    ids: HashMap<u32, Vec<Near>>,
    keys: HashMap<u64, Vec<Window>>,
}

impl<'a> Net<'a> {
    /// A net around what was found, and around the failed fetches of upper tiers that it explains.
    pub fn of(seeds: Vec<Record>, judgements: &'a Judgements<'a>) -> Net<'a> {
        let mut net = Net {
            judgements,
            records: Vec::new(),
            held: HashSet::new(),
            trees: HashMap::new(),
            ids: HashMap::new(),
            keys: HashMap::new(),
        };
        let above: Vec<Step> = seeds.iter().flat_map(|r| above(r, judgements)).collect();
        for record in seeds {
            net.take(record);
        }
        for step in above {
            if step.vxid > 0 {
                // Its own record comes when the logs are read again.
                net.want(step.vxid, near(&step));
            } else if net.records.iter().all(|r| r.step.fetch_id() != step.fetch_id()) {
                net.records.push(Record::failed(step));
            }
        }
        net
    }

    /// True when nothing is looked for.
    pub fn is_content(&self) -> bool {
        self.trees.is_empty() && self.ids.is_empty() && self.keys.is_empty()
    }

    /// What was caught so far.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What was caught.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// True when the event belongs to something that was caught and is not caught yet.
    pub fn catches(&self, event: &Event<'_>, logged: &Logged<'_>) -> bool {
        let belongs = match event {
            Event::Request(r) => {
                self.is_near(r.vxid, event, logged)
                    || self.is_near(if has_parent(r.reason) { r.parent } else { 0 }, event, logged)
                    || self.was_asked(r, logged)
            }
            Event::Fetch(f) if f.vxid > 0 => {
                self.is_near(f.vxid, event, logged) || self.is_near(f.parent, event, logged)
            }
            // A line that tells both of a request and of its fetch.
            Event::Fetch(f) => {
                let (file, _) = (logged.place)(f.at);
                !self.held.is_empty() && self.held.contains(&name_of(file, f.at.offset, true, 0))
            }
            _ => false,
        };
        belongs && self.records.len() < MOST && !self.held.contains(&name(event, logged))
    }

    /// Keeps an event that was caught.
    pub fn keep(&mut self, event: &Event<'_>, logged: &Logged<'_>) {
        if self.held.insert(name(event, logged)) {
            Record::of(event, logged).into_iter().for_each(|r| self.take(r));
        }
    }

    fn is_near(&self, vxid: u64, event: &Event<'_>, logged: &Logged<'_>) -> bool {
        vxid > 0
            && self.trees.get(&vxid).is_some_and(|all| {
                let at = event.time() - logged.zone_us.unwrap_or(0);
                all.iter().any(|n| n.node.as_bytes() == logged.node && within(at, n.from - APART, n.to + APART))
            })
    }

    /// True for a request that a fetch which went well caused.
    fn was_asked(&self, r: &Request<'_>, logged: &Logged<'_>) -> bool {
        let at = r.end.or(r.start) - logged.zone_us.unwrap_or(0);
        let by_id = || {
            let all = self.ids.get(&id_of(r.travelled_id));
            all.is_some_and(|all| all.iter().any(|n| n.node.as_bytes() != logged.node))
        };
        let by_time = || {
            let all = self.keys.get(&key_of(r.method, r.url));
            all.is_some_and(|all| all.iter().any(|w| w.fits(r.status, at, logged, self.judgements)))
        };
        (!self.ids.is_empty() && !r.travelled_id.is_empty() && by_id()) || (!self.keys.is_empty() && by_time())
    }

    fn take(&mut self, record: Record) {
        let place = record.step.place.as_ref();
        let name = |p: &Quote| name_of(p.file.as_bytes(), p.offset.unwrap_or(0), record.is_request(), record.step.vxid);
        self.held.extend(place.map(name));
        self.want(record.step.vxid, near(&record.step));
        if let Some((_, parent)) = record.part_of() {
            self.want(parent, near(&record.step));
        }
        self.look_below(&record);
        self.records.push(record);
    }

    fn want(&mut self, vxid: u64, near: Near) {
        if vxid > 0 {
            self.trees.entry(vxid).or_default().push(near);
        }
    }

    /// The next tier's line of a fetch that went well is looked for; that of a failed one is known from its judgement.
    fn look_below(&mut self, record: &Record) {
        let StepKind::Fetch(asked) = &record.step.kind else { return };
        if record.step.vxid == 0 || asked.outcome.has_failed() || asked.origin_status == 0 {
            return;
        }
        if record.travelled > 0 {
            self.ids.entry(record.travelled).or_default().push(near(&record.step));
        }
        if let Some(tier) = Tier::parse(record.step.tier) {
            let window = Window { near: near(&record.step), tier, status: asked.origin_status };
            self.keys.entry(record.key).or_default().push(window);
        }
    }
}

impl Window {
    fn fits(&self, status: u16, at: Stamp, logged: &Logged<'_>, judgements: &Judgements<'_>) -> bool {
        if logged.tier <= self.tier || status != self.status || logged.node == self.near.node.as_bytes() {
            return false;
        }
        let clock = judgements.clock(&self.near.node, &String::from_utf8_lossy(logged.node));
        clock.may_lie(at, logged.resolution_us, self.near.from, self.near.to)
    }
}

/// The failed fetches of upper tiers that a record explains, the nearest first.
fn above(record: &Record, judgements: &Judgements<'_>) -> Vec<Step> {
    let mut found = Vec::new();
    let told_in = record.step.fetch_id().and_then(|id| judgements.failure(id)?.told_in);
    let mut next = told_in.or_else(|| record.line().and_then(|line| judgements.linked_to(line)));
    while let Some(f) = next.and_then(|id| judgements.failure(id)) {
        if found.len() >= 8 {
            break;
        }
        found.push(Step::failed(judgements.judged(f)));
        next = f.told_in;
    }
    found
}

fn has_parent(reason: RequestReason) -> bool {
    matches!(reason, RequestReason::Esi | RequestReason::Restart)
}

fn near(step: &Step) -> Near {
    Near { node: step.node.clone(), from: step.start, to: step.end.or(step.start) }
}

pub fn within(at: Stamp, from: Stamp, to: Stamp) -> bool {
    !at.is_known() || !from.is_known() || (at >= from && at <= to)
}

/// Names an event by its place.
fn name(event: &Event<'_>, logged: &Logged<'_>) -> u64 {
    let (file, _) = (logged.place)(event.at());
    name_of(file, event.at().offset, matches!(event, Event::Request(_)), event.vxid())
}

fn name_of(file: &[u8], offset: u64, request: bool, vxid: u64) -> u64 {
    let numbers = u128::from(offset) << 64 | u128::from(vxid);
    xxh3_64_with_seed(&numbers.to_le_bytes(), xxh3_64_with_seed(file, u64::from(request)))
}
