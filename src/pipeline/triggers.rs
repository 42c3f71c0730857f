//! What set each incident off, and what may have ended it. In: groups, failures and settled state, and what the history
//! remembers; out: candidates on each incident. How strong a candidate is it asks `trigger`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::circumstances::Loads;
use super::context::Context;
use super::partial::Partial;
use crate::model::incident::{Candidate, Incident};
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Failure, Group, KnownChange, Minutes, Remembered, Stamp, redact};
use crate::trigger::{self, Contrast, Surroundings, Waited};

/// Changes so long before the last failure, or just after, are candidates for the fix.
const AROUND_END: i64 = 2 * MINUTE;
/// So much before the first failure is looked at.
const BEFORE: i64 = 60 * MINUTE;
/// One opening that is told by two runs lies so near to itself.
const SAME: i64 = MINUTE;
/// So many candidates for the fix are listed at most.
const LISTED: usize = 3;

/// Finds the candidates of every group that this run saw something of.
pub fn find(
    groups: &mut [Group],
    failures: &[Failure],
    (loads, contrast): (&Loads, &Contrast),
    partial: &Partial,
    context: &Context<'_>,
    remembered: &Remembered,
) {
    let by_id: HashMap<u64, &Failure> = failures.iter().map(|f| (f.id, f)).collect();
    let (traffic, changes) = (visitors(partial, context), changes(partial, context, remembered));
    let openings = openings(groups, remembered);
    for g in groups.iter_mut().filter(|g| g.incident.service != "scattered") {
        let members: Vec<&Failure> = g.members.iter().filter_map(|id| by_id.get(id).copied()).collect();
        let incident = &mut g.incident;
        if members.iter().all(|f| f.stored) {
            continue;
        }
        let parts: HashSet<u32> = members.iter().map(|f| f.row.group).collect();
        let waits: Vec<Waited> = loads.between(&parts, incident.opened_at - BEFORE, incident.closed_at);
        incident.began = trigger::candidates(&Surroundings {
            cause: &incident.cause,
            service: &incident.service,
            opened: incident.opened_at,
            closed: incident.closed_at,
            failures: &members,
            traffic: &traffic,
            changes: &changes,
            waits: &waits,
            contrast,
            openings: openings.get(&key(incident)).map_or(&[], Vec::as_slice),
        });
        incident.ended_by = ended_by(incident, &changes);
    }
}

fn key(incident: &Incident) -> (String, String) {
    (incident.service.clone(), incident.cause.clone())
}

/// Traffic of the uppermost tier, all nodes.
fn visitors(partial: &Partial, context: &Context<'_>) -> Minutes {
    let mut out = Minutes::default();
    for (_, minutes) in partial.traffic.iter().filter(|(id, _)| context.reading(**id).top) {
        for (at, m) in minutes.iter().filter(|(at, _)| at.is_known()) {
            out.entry(*at).or_default().add(m);
        }
    }
    out
}

/// Changes of the logs and of the history, in order of time, each once.
fn changes(partial: &Partial, context: &Context<'_>, remembered: &Remembered) -> Vec<KnownChange> {
    let told = partial.changes.iter().map(|c| KnownChange {
        at: c.time,
        kind: c.kind.word().to_string(),
        node: context.reading(c.series).series.node.lossy().into_owned(),
        text: redact(&c.text.bytes()),
    });
    let mut out: Vec<KnownChange> = told.collect();
    out.extend(remembered.changes.iter().cloned());
    out.sort();
    out.dedup();
    out
}

/// When incidents of one service and cause opened.
fn openings(groups: &[Group], remembered: &Remembered) -> BTreeMap<(String, String), Vec<Stamp>> {
    let mut out: BTreeMap<(String, String), Vec<Stamp>> = BTreeMap::new();
    let here = groups.iter().map(|g| (key(&g.incident), g.incident.opened_at));
    let before = remembered.openings.iter().map(|o| ((o.service.clone(), o.cause.clone()), o.at));
    for (key, at) in here.chain(before) {
        out.entry(key).or_default().push(at);
    }
    for moments in out.values_mut() {
        moments.sort_unstable();
        moments.dedup_by(|b, a| b.since(*a).is_some_and(|us| us <= SAME));
    }
    out
}

/// What was changed just before the failures stopped.
fn ended_by(incident: &Incident, changes: &[KnownChange]) -> Vec<Candidate> {
    if incident.closed_at.since(incident.opened_at).is_none_or(|lasted| lasted <= 0) {
        return Vec::new();
    }
    let from = (incident.closed_at - AROUND_END).max(incident.opened_at + SECOND);
    let to = incident.closed_at + 10 * SECOND;
    let near = changes.iter().rev().filter(|c| c.at >= from && c.at <= to);
    near.take(LISTED)
        .map(|c| Candidate { kind: c.kind.clone(), at: c.at, text: c.text.clone(), strength: 0.5 })
        .collect()
}
