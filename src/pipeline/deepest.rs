//! What a lower tier proves of a failure above. In: judged failures and what is told in which; out: for a failure that
//! only relayed an error the cause that the chain of logs proves, for any other what the chain adds. It must not know
//! how a cause is judged, nor how a failure came to be told in another.

use std::collections::HashMap;

use super::impact::Chains;
use super::linking::Linked;
use crate::model::{Cause, Failure, FetchOutcome, FetchRow, Note, Ruling, Text};

/// Carries causes up, tier by tier, so that the uppermost failure of a chain names the deepest proven one.
pub fn carry_up(failures: &mut [Failure], linked: &Linked, chains: &Chains<'_>) {
    let below = last_told(failures);
    let mut order: Vec<usize> = (0..failures.len()).collect();
    // A shield's before what relayed it.
    order.sort_by_key(|n| std::cmp::Reverse((failures[*n].tier, failures[*n].row.flags & FetchRow::HOP)));
    for n in order {
        if failures[n].stored && !linked.rows.contains_key(&n) {
            continue;
        }
        // One that shared another's failed fetch tells nothing itself, but knows whose it was.
        let shared = || linked.rows.get(&n).filter(|r| r.vxid != 0).and_then(|r| chains.shared(r));
        let Some(from) = below.get(&failures[n].id).copied().or_else(shared).filter(|from| *from != n) else {
            continue;
        };
        let lower = Lower::of(&failures[from]);
        learn(&mut failures[n], &lower);
    }
}

/// By the identity of a failure the last one that is told in it: what that came to is what was answered in the end.
pub fn last_told(failures: &[Failure]) -> HashMap<u64, usize> {
    let mut out: HashMap<u64, usize> = HashMap::new();
    let place = |n: usize| (failures[n].ended, failures[n].id);
    for (n, f) in failures.iter().enumerate() {
        if let Some(above) = f.told_in {
            let last = out.entry(above).or_insert(n);
            if place(n) > place(*last) {
                *last = n;
            }
        }
    }
    out
}

/// True for a cause that says no more than that something failed.
fn says_nothing(cause: Cause) -> bool {
    cause.is("origin.status") || cause.is("unknown")
}

/// What is known of a failure of a lower tier.
struct Lower {
    ruling: Ruling,
    broke_at: Text,
    origin_cause: Option<Cause>,
    origin_error: Option<Note>,
}

impl Lower {
    fn of(f: &Failure) -> Lower {
        Lower { ruling: f.ruling, broke_at: f.broke_at, origin_cause: f.origin_cause, origin_error: f.origin_error }
    }
}

fn learn(f: &mut Failure, lower: &Lower) {
    let proven = lower.ruling.cause;
    f.origin_error = f.origin_error.or(lower.origin_error);
    if says_nothing(proven) {
        return;
    }
    if f.outcome == FetchOutcome::Relayed && says_nothing(f.ruling.cause) {
        let sure = f.link.map_or(1.0, |l| l.confidence);
        f.ruling = Ruling { cause: proven, confidence: lower.ruling.confidence * sure, ..f.ruling };
        f.broke_at = lower.broke_at;
        f.origin_cause = f.origin_cause.or(lower.origin_cause);
    } else {
        f.origin_cause = f.origin_cause.or(Some(proven));
    }
    f.origin_cause = f.origin_cause.filter(|c| *c != f.ruling.cause);
}
