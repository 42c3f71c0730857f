//! Runs of failures without a longer silence than the gap. In: failures in order of time; out: runs by service and
//! trouble, related ones merged. It must not know causes beyond the kind of trouble.

use std::collections::HashMap;

use super::service::{Key, Trouble, key};
use crate::model::{Failure, Stamp};

/// When trouble hits more parts of a site than this at once, it is the service that is in trouble, not its parts.
const PARTS: usize = 3;

/// Failures that belong together.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// What they share.
    pub key: Key,
    /// In order of time.
    pub failures: Vec<&'a Failure>,
}

impl Run<'_> {
    /// First failure.
    pub fn from(&self) -> Stamp {
        self.failures.first().map_or(Stamp::NONE, |f| f.started)
    }

    /// Last failure's end.
    pub fn to(&self) -> Stamp {
        self.failures.iter().map(|f| f.ended.or(f.started)).max().unwrap_or(Stamp::NONE)
    }
}

/// Splits failures, given in order of time, into runs by key and gap. `told`: by identity, what is told in a failure.
pub fn split<'a>(failures: &[&'a Failure], told: &HashMap<u64, &Failure>, gap_us: i64) -> Vec<Run<'a>> {
    let mut last: HashMap<Key, usize> = HashMap::new();
    let mut ends: Vec<Stamp> = Vec::new();
    let mut runs: Vec<Run<'a>> = Vec::new();
    for f in failures {
        let key = key(f, told.get(&f.id).copied());
        let end = f.ended.or(f.started);
        match last.get(&key).copied().filter(|n| f.started.since(ends[*n]).is_none_or(|us| us <= gap_us)) {
            Some(n) => {
                runs[n].failures.push(f);
                ends[n] = ends[n].max(end);
            }
            None => {
                last.insert(key, runs.len());
                runs.push(Run { key, failures: vec![f] });
                ends.push(end);
            }
        }
    }
    runs
}

/// Merges runs of one service that follow from each other: a service that is slow and then out of reach is one
/// outage, and so is one that is slow in more than a few parts at once. Everything else stays apart.
pub fn merge_related(runs: Vec<Run<'_>>, gap_us: i64) -> Vec<Run<'_>> {
    let mut by_unit: HashMap<crate::model::Text, Vec<Run<'_>>> = HashMap::new();
    let mut out = Vec::new();
    for run in runs {
        match run.key.trouble {
            Trouble::Own(_) => out.push(run),
            _ => by_unit.entry(run.key.unit).or_default().push(run),
        }
    }
    for (_, mut runs) in by_unit {
        runs.sort_by_key(|r| (r.from(), r.failures[0].id));
        for cluster in touching(runs, gap_us) {
            out.extend(settle(cluster));
        }
    }
    out
}

/// Groups runs, in order of beginning, whose times overlap or lie no farther apart than the gap.
fn touching(runs: Vec<Run<'_>>, gap_us: i64) -> Vec<Vec<Run<'_>>> {
    let mut out: Vec<Vec<Run<'_>>> = Vec::new();
    let mut end = Stamp::NONE;
    for run in runs {
        let to = run.to();
        match out.last_mut() {
            Some(cluster) if run.from().since(end).is_none_or(|us| us <= gap_us) => cluster.push(run),
            _ => out.push(vec![run]),
        }
        end = end.max(to);
    }
    out
}

/// One run of a cluster, or its parts when only a few parts are slow and the rest is fine.
fn settle(cluster: Vec<Run<'_>>) -> Vec<Run<'_>> {
    let out_of_reach = cluster.iter().any(|r| r.key.trouble == Trouble::Reach);
    let mut parts: Vec<_> = cluster.iter().filter(|r| r.failures.len() >= 2).map(|r| r.key.part.bytes()).collect();
    parts.sort_unstable();
    parts.dedup();
    if !out_of_reach && parts.len() <= PARTS {
        return cluster;
    }
    let mut runs = cluster.into_iter();
    let Some(mut one) = runs.next() else { return Vec::new() };
    for run in runs {
        if run.key.trouble == Trouble::Reach {
            one.key = run.key;
        }
        one.failures.extend(run.failures);
    }
    one.failures.sort_by_key(|f| (f.started, f.id));
    vec![one]
}
