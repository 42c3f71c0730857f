//! A limit of workers, seen from outside: the number of requests that were in progress rose and then stayed. In: fetches
//! with their lengths; out: a candidate. It must not know the origin's settings.
//!
//! Little's law: the mean number in progress during a minute is the sum of the stretches of fetches that lie in it,
//! divided by the minute.

use std::collections::BTreeMap;

use super::{Surroundings, median};
use crate::model::incident::Candidate;
use crate::model::stamp::MINUTE;
use crate::model::{Fact, Stamp};

/// So many minutes in a row must be level.
const LEVEL: usize = 3;
/// They differ by no more than this share.
const SCATTER: f64 = 0.15;
/// And are so many times the usual.
const ABOVE: f64 = 2.0;
/// Fewer than this many in progress are no pool.
const LEAST: f64 = 4.0;

/// A level number of requests in progress, above the usual.
pub fn plateau(around: &Surroundings<'_>) -> Option<Candidate> {
    if !matches!(around.cause, "timeout.first_byte" | "overload" | "app.slow" | "timeout.connect" | "backend.busy") {
        return None;
    }
    // A steady stream of timeouts is level too. Where workers are short, answers that still come fill the whole stretch
    // up to the limit.
    let queued = around.failures.iter().filter(|f| f.facts.get(Fact::Climbing) == Some(1.0)).count();
    if queued * 5 < around.failures.len().max(1) {
        return None;
    }
    let opened = around.opened.minute();
    if around.closed.minute() <= opened + MINUTE {
        return None; // no full minute in it
    }
    let by_minute = in_progress(around.waits);
    let before: Vec<f64> = by_minute.range(opened - 60 * MINUTE..opened - 5 * MINUTE).map(|m| *m.1).collect();
    // The first and the last minute are not full.
    let during: Vec<f64> = by_minute.range(opened + MINUTE..around.closed.minute()).map(|m| *m.1).collect();
    if before.len() < 5 || during.len() < LEVEL {
        return None;
    }
    let usual = median(before);
    let highest = during.iter().copied().fold(0.0, f64::max);
    let level: Vec<f64> = during.iter().copied().filter(|n| *n >= highest * (1.0 - SCATTER)).collect();
    let is_plateau = level.len() >= LEVEL && level.len() * 2 >= during.len();
    (is_plateau && highest >= LEAST && highest >= ABOVE * usual).then(|| Candidate {
        kind: "workers".into(),
        at: around.opened,
        text: format!(
            "about {:.0} requests were in progress at once, never more (usually {:.1}): a limit of workers or \
             connections?",
            median(level),
            usual
        ),
        strength: 0.55,
    })
}

/// The mean number in progress by minute.
fn in_progress(waits: &[(i64, i64, bool)]) -> BTreeMap<Stamp, f64> {
    let mut out: BTreeMap<Stamp, f64> = BTreeMap::new();
    for (sent, wait, _) in waits {
        let (mut at, end) = (*sent, sent + wait.clamp(&0, &(15 * MINUTE)));
        while at < end {
            let minute = Stamp(at).minute();
            let next = (minute + MINUTE).0.min(end);
            *out.entry(minute).or_default() += (next - at) as f64 / MINUTE as f64;
            at = next;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stamp::SECOND;

    #[test]
    fn littles_law_counts_what_lies_in_a_minute() {
        // Ten fetches of 30 s, two of them across the edge of the minute.
        let mut waits = vec![(0, 30 * SECOND, false); 8];
        waits.extend([(45 * SECOND, 30 * SECOND, false); 2]);
        let of = in_progress(&waits);
        assert_eq!(of.values().copied().collect::<Vec<_>>(), [4.5, 0.5]);
    }
}
