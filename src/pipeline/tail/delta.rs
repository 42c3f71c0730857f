//! What a sink was told, and what it was not told yet. In: what a look has seen; out: deltas. It must not know what the
//! sink does with them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::linking::STORED;
use super::frozen::Frozen;
use super::judge::Seen;
use super::live::Scene;
use super::window::Window;
use crate::error::Result;
use crate::model::report::ClockOffset;
use crate::model::sink::{LogTraffic, Visited};
use crate::model::stamp::MINUTE;
use crate::model::{
    BackendHour, Delta, Evidence, Failure, Group, Link, Minute, NodeTraffic, Position, Sink, Stamp, Verdict,
};

/// So many counts of visitors are remembered, to be taken back.
const REMEMBERED: usize = 256;

/// What was told of a failure: what may change of it, and whether it was settled.
type Told = (u64, bool);

/// A change: when, kind word, node, words.
type Change = (Stamp, String, String, String);

/// Tier, node, backend and hour.
type HourKey = (String, String, String, Stamp);

/// What was told, and the last look.
#[derive(Debug, Default)]
pub struct Sent {
    failures: HashMap<u64, Told>,
    quoted: HashMap<u64, (u64, Evidence)>,
    incidents: HashMap<u64, u32>,
    /// Those that the store held at the beginning.
    stored: HashSet<u64>,
    groups: HashMap<u64, u64>,
    minutes: BTreeMap<(String, String, Stamp), Minute>,
    /// Fetches of each hour of a backend.
    hours: HashMap<HourKey, u64>,
    by_log: HashMap<(String, String, String, Stamp), Minute>,
    changes: HashSet<u64>,
    positions: Vec<Position>,
    /// What was told of visitors lately, of whatever incident: incidents may have been merged since.
    visited: VecDeque<Visited>,
    last: Last,
}

/// Incidents that have changed.
#[derive(Default)]
struct Picked {
    /// Their places in the last look.
    places: Vec<usize>,
    groups: Vec<Group>,
    visited: Vec<Option<Visited>>,
    scattered: Option<usize>,
}

/// The last look, as far as it is still to be told.
#[derive(Debug, Default)]
pub struct Last {
    failures: Vec<Failure>,
    evidence: HashMap<u64, Evidence>,
    groups: Vec<Group>,
    visited: Vec<Option<Visited>>,
    changes: Vec<Change>,
    clocks: Vec<ClockOffset>,
    /// True until it was told.
    new: bool,
}

impl Sent {
    /// Nothing was told but what the store holds.
    pub fn of(stored: &[Failure]) -> Sent {
        let incidents = stored.iter().filter(|f| f.incident > 0).map(|f| (f.id, f.incident)).collect();
        Sent { incidents, stored: stored.iter().map(|f| f.id).collect(), ..Sent::default() }
    }

    /// Takes in a look.
    pub fn saw(&mut self, seen: Seen) {
        let Seen { conclusion, changes, clocks, .. } = seen;
        let by_id: HashMap<u64, &Failure> = conclusion.failures.iter().map(|f| (f.id, f)).collect();
        let visited = conclusion.groups.iter().map(|g| visited(g, &by_id)).collect();
        for f in conclusion.failures.iter().filter(|f| !f.stored) {
            if let Some(e) = conclusion.evidence.get(&f.id) {
                self.quoted.insert(f.id, (told_of(f), e.clone()));
            }
        }
        let mut failures: Vec<Failure> = conclusion.failures.into_iter().filter(|f| !f.stored).collect();
        let (mut evidence, groups) = (conclusion.evidence, conclusion.groups);
        self.carry_over(&mut failures, &mut evidence);
        self.last = Last { failures, evidence, groups, visited, changes, clocks, new: true };
    }

    /// What the look before has settled and nobody took: no later look tells it again.
    fn carry_over(&mut self, failures: &mut Vec<Failure>, evidence: &mut HashMap<u64, Evidence>) {
        if !self.last.new {
            return;
        }
        let here: HashSet<u64> = failures.iter().map(|f| f.id).collect();
        let untold = std::mem::take(&mut self.last.failures).into_iter().filter(|f| f.settled && !here.contains(&f.id));
        for f in untold {
            if let Some(e) = self.last.evidence.remove(&f.id) {
                evidence.entry(f.id).or_insert(e);
            }
            failures.push(f);
        }
    }

    /// What was quoted of a failure, when nothing that is quoted has changed.
    pub fn quoted(&self, f: &Failure) -> Option<Evidence> {
        self.quoted.get(&f.id).filter(|(told, _)| *told == told_of(f)).map(|(_, e)| e.clone())
    }

    /// Tells the sink what it does not know.
    ///
    /// # Errors
    /// Those of the sink; then all of it is told again the next time.
    pub fn hand_over(
        &mut self,
        sink: &mut dyn Sink,
        traffic: &[NodeTraffic],
        hours: &[BackendHour],
        by_log: &[LogTraffic],
        positions: &[Position],
    ) -> Result<()> {
        let (failures, marks) = self.changed_failures();
        let retracted = self.retracted();
        let Picked { places, mut groups, visited, scattered } = self.changed_groups(&failures);
        let traffic = self.changed_traffic(traffic);
        let hours = self.grown_hours(hours);
        let logs = self.changed_logs(by_log);
        let changes: Vec<Change> =
            self.last.changes.iter().filter(|c| !self.changes.contains(&hash(c))).cloned().collect();
        let moved = positions != self.positions.as_slice();
        if failures.is_empty()
            && groups.is_empty()
            && traffic.is_empty()
            && changes.is_empty()
            && !moved
            && retracted.is_empty()
        {
            return Ok(());
        }
        let clocks: &[ClockOffset] = if self.last.new { &self.last.clocks } else { &[] };
        sink.take(&mut Delta {
            failures: &failures,
            evidence: &self.last.evidence,
            retracted: &retracted,
            groups: &mut groups,
            visited: &visited,
            told: self.visited.make_contiguous(),
            scattered,
            traffic: &traffic,
            hours: &hours,
            by_log: &logs,
            changes: &changes,
            clocks,
            positions,
        })?;
        self.failures.extend(marks);
        retracted.iter().for_each(|id| _ = self.failures.remove(id));
        let mut counted: BTreeMap<u32, Visited> = BTreeMap::new();
        for ((n, group), now) in places.into_iter().zip(groups).zip(&visited) {
            if let Some(now) = *now {
                let all = counted.entry(group.incident.id);
                all.and_modify(|all| *all = all.with(now)).or_insert(now);
            }
            self.number(n, group);
        }
        for now in counted.into_values() {
            self.visited.retain(|v| *v != now);
            self.visited.push_back(now);
        }
        self.visited.drain(..self.visited.len().saturating_sub(REMEMBERED));
        for t in &traffic {
            let minute = |(at, m): (&Stamp, &Minute)| ((t.tier.clone(), t.node.clone(), *at), *m);
            self.minutes.extend(t.minutes.iter().map(minute));
        }
        self.hours.extend(hours.iter().map(|h| (hour_key(h), h.fetches)));
        for t in &logs {
            let minute = |(at, m): (&Stamp, &Minute)| ((t.tier.clone(), t.node.clone(), t.log.clone(), *at), *m);
            self.by_log.extend(t.minutes.iter().map(minute));
        }
        self.changes.extend(changes.iter().map(hash));
        self.positions = positions.to_vec();
        self.last.new = false;
        Ok(())
    }

    /// Failures that are new or differ from what was told, and what will have been told of them.
    fn changed_failures(&self) -> (Vec<Failure>, Vec<(u64, Told)>) {
        let mut out = Vec::new();
        let mut marks = Vec::new();
        for f in &self.last.failures {
            let now = (signature(f), f.settled);
            if self.failures.get(&f.id) != Some(&now) {
                out.push(provisional(f));
                marks.push((f.id, now));
            }
        }
        (out, marks)
    }

    /// What was told as a failure and, not being settled, turned out to be none.
    fn retracted(&self) -> Vec<u64> {
        if !self.last.new {
            return Vec::new();
        }
        let here: HashSet<u64> = self.last.failures.iter().map(|f| f.id).collect();
        let open = self.failures.iter().filter(|(_, (_, settled))| !settled);
        open.map(|(id, _)| *id).filter(|id| !here.contains(id)).collect()
    }

    /// Incidents that have changed, with as many members as are needed: those told now, and of every incident of the
    /// store that the others are in, one.
    fn changed_groups(&self, failures: &[Failure]) -> Picked {
        let told: HashSet<u64> = failures.iter().map(|f| f.id).collect();
        let mut out = Picked::default();
        for (n, g) in self.last.groups.iter().enumerate() {
            let key = g.members.first().copied().unwrap_or(0);
            let news = g.members.iter().any(|id| told.contains(id));
            if !news && self.groups.get(&key) == Some(&shape(g)) {
                continue;
            }
            let mut incidents = HashSet::new();
            let needed = |id: &u64| {
                let incident = self.incidents.get(id);
                told.contains(id) || incident.is_none_or(|i| incidents.insert(*i))
            };
            let members: Vec<u64> = g.members.iter().copied().filter(needed).collect();
            if g.incident.service == "scattered" {
                out.scattered = Some(out.groups.len());
            }
            out.visited.push(self.last.visited.get(n).copied().flatten());
            out.places.push(n);
            // The number it had, for a sink that remembers none.
            let mut incident = g.incident.clone();
            incident.id = g.members.iter().filter_map(|id| self.incidents.get(id)).min().copied().unwrap_or(0);
            out.groups.push(Group { incident, members });
        }
        out
    }

    /// The store has numbered a group.
    fn number(&mut self, n: usize, numbered: Group) {
        let Some(own) = self.last.groups.get_mut(n) else { return };
        own.incident = numbered.incident;
        // Without a number it is told again: who only looks waits for the one who records.
        if own.incident.id > 0 {
            self.groups.insert(own.members.first().copied().unwrap_or(0), shape(own));
            self.incidents.extend(own.members.iter().map(|id| (*id, own.incident.id)));
        }
    }

    /// Tells the scene the numbers of incidents.
    pub fn settle_numbers(&self, scene: &mut Scene) {
        scene.number(&self.last.groups, &self.incidents);
    }

    fn changed_traffic(&self, traffic: &[NodeTraffic]) -> Vec<NodeTraffic> {
        let changed = |t: &NodeTraffic| {
            let is_new =
                |(at, m): &(&Stamp, &Minute)| self.minutes.get(&(t.tier.clone(), t.node.clone(), **at)) != Some(*m);
            let minutes = t.minutes.iter().filter(is_new).map(|(at, m)| (*at, *m)).collect();
            NodeTraffic { minutes, ..t.clone() }
        };
        traffic.iter().map(changed).filter(|t| !t.minutes.is_empty()).collect()
    }

    /// Hours of which more was seen than was told. Of an hour that the window forgets there is less.
    fn grown_hours(&self, hours: &[BackendHour]) -> Vec<BackendHour> {
        let told = |h: &BackendHour| self.hours.get(&hour_key(h)).copied().unwrap_or(0);
        hours.iter().filter(|h| h.fetches > told(h)).cloned().collect()
    }

    fn changed_logs(&self, logs: &[LogTraffic]) -> Vec<LogTraffic> {
        let changed = |t: &LogTraffic| {
            let is_new = |(at, m): &(&Stamp, &Minute)| {
                self.by_log.get(&(t.tier.clone(), t.node.clone(), t.log.clone(), **at)) != Some(*m)
            };
            let minutes = t.minutes.iter().filter(is_new).map(|(at, m)| (*at, *m)).collect();
            LogTraffic { minutes, ..t.clone() }
        };
        logs.iter().map(changed).filter(|t| !t.minutes.is_empty()).collect()
    }

    /// Forgets what neither the window nor the frozen hold.
    pub fn forget(&mut self, frozen: &Frozen, window: &Window) {
        let open: HashSet<u64> = window.failures.iter().map(|(_, f)| f.id).collect();
        let kept = |id: &u64| frozen.holds(*id) || open.contains(id);
        self.failures.retain(|id, _| kept(id));
        self.quoted.retain(|id, _| open.contains(id));
        self.incidents.retain(|id, _| kept(id) || self.stored.contains(id));
        self.groups.retain(|id, _| kept(id) || self.stored.contains(id));
        let oldest = window.partial.traffic.values().filter_map(|m| m.keys().next()).min().copied();
        let oldest = oldest.unwrap_or(Stamp::NONE);
        self.minutes.retain(|(.., at), _| *at >= oldest);
        self.by_log.retain(|(.., at), _| *at >= oldest);
        // The hour that holds the oldest minute is still told of.
        self.hours.retain(|(.., at), _| *at + 60 * MINUTE > oldest);
    }
}

/// What is told of a failure that is not settled: what its own record proves, and of the next tier nothing that could
/// turn out otherwise, so that the store only ever learns more.
fn provisional(f: &Failure) -> Failure {
    let mut f = f.clone();
    if !f.settled && f.link.is_none() && matches!(f.verdict, Verdict::NeverArrived | Verdict::Ambiguous) {
        f.verdict = Verdict::NoOriginLog;
    }
    f
}

fn hour_key(h: &BackendHour) -> HourKey {
    (h.tier.clone(), h.node.clone(), h.backend.clone(), h.hour)
}

fn hash(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

fn place(link: &Option<Link>) -> Option<(u32, u64)> {
    link.as_ref().map(|l| (l.at.file.0, l.at.offset))
}

/// What is quoted of a failure.
fn told_of(f: &Failure) -> u64 {
    hash(&(place(&f.link), f.origin_error.map(|n| n.at), &f.ruling.decided_by[..], f.ruling.cause.id()))
}

/// What may change of a failure.
fn signature(f: &Failure) -> u64 {
    let error = f.origin_error.map(|n| (n.at, n.cause.id()));
    hash(&(
        (f.ruling.cause.id(), f.verdict, f.impact, f.client_vxid, f.told_in, f.settled),
        (place(&f.link), error, f.origin_cause.map(|c| c.id()), f.candidates),
    ))
}

/// What may change of an incident.
fn shape(g: &Group) -> u64 {
    let i = &g.incident;
    hash(&(
        (g.members.len(), i.opened_at, i.closed_at, i.state.word(), &i.cause, &i.title),
        (i.harm.visitors_5xx, i.harm.crawlers_5xx, i.began.len(), i.ended_by.len(), i.examples.len()),
    ))
}

/// Visitors of an incident, as far as this run counted them.
fn visited(g: &Group, by_id: &HashMap<u64, &Failure>) -> Option<Visited> {
    // What the store remembers was counted by the run that read it.
    let counted = || g.members.iter().filter_map(|id| by_id.get(id)).filter(|f| f.series < STORED);
    let first = counted().map(|f| f.started).filter(|t| t.is_known()).min()?;
    let last = counted().map(|f| f.ended.or(f.started)).max()?.max(first);
    let i = &g.incident.harm;
    let visited = Visited { first, last, visitors: i.visitors_5xx, crawlers: i.crawlers_5xx };
    (visited.visitors > 0 || visited.crawlers > 0).then_some(visited)
}
