//! Trouble that drips: the same thing, again and again, more slowly than the gap. In: runs; out: recurring trouble,
//! outages, and the lone failures that are neither. It must not know causes.

use std::collections::HashMap;

use super::runs::Run;
use super::service::{Key, Trouble, part};
use crate::model::stamp::SECOND;
use crate::model::{Failure, Text};

/// A run smaller than this may be a drip.
const SMALL: usize = 3;
/// So many small runs of one kind are recurring trouble.
const DRIPS: usize = 4;
/// Drips farther apart than this are not one trickle: a daily job with an hour to spare still is.
const APART: i64 = 26 * 3600 * SECOND;

/// (recurring, outages, lone failures).
pub fn sort_out(runs: Vec<Run<'_>>) -> (Vec<Run<'_>>, Vec<Run<'_>>, Run<'_>) {
    let (small, outages): (Vec<_>, Vec<_>) = runs.into_iter().partition(|r| r.failures.len() < SMALL);
    let mut kinds: HashMap<(Key, Text), Vec<Run<'_>>> = HashMap::new();
    for run in small {
        let kind = (run.key, part(run.failures[0]));
        kinds.entry(kind).or_default().push(run);
    }
    let mut recurring = Vec::new();
    let mut lone: Vec<&Failure> = Vec::new();
    for (_, mut drips) in kinds {
        drips.sort_by_key(|r| r.from());
        for trickle in near_each_other(drips) {
            let key = trickle[0].key;
            let many = trickle.len() >= DRIPS;
            let failures: Vec<&Failure> = trickle.into_iter().flat_map(|r| r.failures).collect();
            if many {
                recurring.push(Run { key, failures });
            } else {
                lone.extend(failures);
            }
        }
    }
    lone.sort_by_key(|f| (f.started, f.id));
    let key = Key { unit: Text::EMPTY, trouble: Trouble::Own("scattered"), part: Text::EMPTY };
    (recurring, outages, Run { key, failures: lone })
}

fn near_each_other(drips: Vec<Run<'_>>) -> Vec<Vec<Run<'_>>> {
    let mut out: Vec<Vec<Run<'_>>> = Vec::new();
    for run in drips {
        match out.last_mut() {
            Some(t) if t.last().is_some_and(|l| run.from().since(l.to()).is_none_or(|us| us <= APART)) => t.push(run),
            _ => out.push(vec![run]),
        }
    }
    out
}
