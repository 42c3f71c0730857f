//! Failures to incidents: which belong together, since when, and what came first.
//!
//! In: failed fetches with causes, verdicts and impacts, of this run and of the store alike; out: groups, each an
//! incident with its members. Grouping looks at every failure of the stretch of time, wherever it came from, so that a
//! second run over the same logs, or the next day's, comes to the same groups. It must not know log lines, SQL, or the
//! prose of causes.

mod count;
mod decided;
mod runs;
mod service;
mod similar;
mod trickle;

use std::collections::HashMap;

use crate::model::{Decisions, Failure, Group, Stamp};

pub use similar::similar;

/// How failures are grouped.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The longest silence inside one incident, microseconds.
    pub gap_us: i64,
    /// The last moment that the logs cover: what failed shortly before it is still on.
    pub logs_end: Stamp,
}

/// Groups failures into incidents, in order of opening. Failures that are told in another one, and those that are not
/// the origin's fault, are left out. What people decided of stored incidents holds. Sets no ids and no prose.
pub fn group(failures: &[Failure], rules: &Rules, decisions: &Decisions) -> Vec<Group> {
    let mut counted: Vec<&Failure> =
        failures.iter().filter(|f| f.told_in.is_none() && !f.ruling.cause.not_origin()).collect();
    counted.sort_by_key(|f| (f.started, f.id));
    let told = last_told(failures);
    let runs = runs::merge_related(runs::split(&counted, &told, rules.gap_us), rules.gap_us);
    let (trickles, outages, lone) = trickle::sort_out(runs);
    let mut shapes: Vec<_> = outages.into_iter().map(|run| (run, count::Shape::Outage)).collect();
    shapes.extend(trickles.into_iter().map(|run| (run, count::Shape::Recurring)));
    shapes.push((lone, count::Shape::Scattered));
    if !decisions.is_empty() {
        shapes = decided::apply(shapes, decisions);
    }
    let told = shapes.iter().filter(|(run, _)| !run.failures.is_empty());
    let mut out: Vec<Group> = told.map(|(run, shape)| count::group(run, *shape, rules)).collect();
    out.sort_by_key(|g| (g.incident.opened_at, g.members.first().copied()));
    out
}

/// By the identity of a failure the last one that is told in it.
fn last_told(failures: &[Failure]) -> HashMap<u64, &Failure> {
    let mut told: Vec<&Failure> = failures.iter().filter(|f| f.told_in.is_some()).collect();
    told.sort_by_key(|f| (f.ended, f.id));
    told.into_iter().filter_map(|f| Some((f.told_in?, f))).collect()
}
