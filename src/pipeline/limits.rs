//! Time limits that nobody told but failures agree on. In: failures of a settled run; out: the limit set as a fact on each
//! failure that agrees with it. It must not judge.
//!
//! Reference: Varnish, 3.4, "learn T": fetches that were given up all waited equally long, and a few milliseconds more
//! than the limit. The mode of the waiting times, in bins of 0.1 s, is the limit; the middle of its bin says it finely.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Fact, Failure, SeriesId, Text};

/// So many failures at least must agree on a limit before it counts as learnt.
const LEARN: usize = 3;
/// Shorter times are no limit that anybody sets, milliseconds.
const SHORTEST: f64 = 100.0;
/// A limit is a round number of tenths of a second when it is so near to one.
const ROUND: f64 = 0.02;

/// What a limit is of: node and backend, and whether of the connection (else of the first byte).
type Of = (SeriesId, Text, bool);

/// Learns the limits, and sets them where a waiting time agrees.
pub fn learn(failures: &mut [Failure]) {
    let mut waits: HashMap<Of, BTreeMap<i64, Vec<f64>>> = HashMap::new();
    for f in failures.iter().filter(|f| f.origin_status == 0 && may_be_limit(f)) {
        if let Some((ms, connecting)) = waited(f).filter(|(ms, _)| *ms >= SHORTEST) {
            let bins = waits.entry((f.series, f.backend, connecting)).or_default();
            bins.entry((ms / 100.0).round() as i64).or_default().push(ms);
        }
    }
    let learnt: HashMap<Of, f64> = waits.into_iter().filter_map(|(of, bins)| Some((of, limit(bins)?))).collect();
    for f in failures.iter_mut().filter(|f| !f.stored) {
        let Some((ms, connecting)) = waited(f) else { continue };
        let limit = learnt.get(&(f.series, f.backend, connecting));
        if let Some(limit) = limit.filter(|l| (ms - **l).abs() <= (**l * ROUND).max(100.0)) {
            f.facts.set(Fact::LearntLimitMs, *limit);
        }
    }
}

/// True for a failure that a limit of waiting may have made, by its own record: 4.0 and 4.1 say no more than "EOF".
fn may_be_limit(f: &Failure) -> bool {
    const CAUSES: [&str; 5] =
        ["timeout.first_byte", "timeout.connect", "connection.closed", "connection.failed", "unknown"];
    CAUSES.iter().any(|c| f.ruling.cause.is(c))
}

/// How long a fetch waited for the first byte, or where no connection came about for that; milliseconds.
fn waited(f: &Failure) -> Option<(f64, bool)> {
    let connecting = || f.facts.get(Fact::ConnectMs).filter(|_| f.facts.get(Fact::Connected) != Some(1.0));
    f.facts.get(Fact::WaitMs).map(|ms| (ms, false)).or_else(|| connecting().map(|ms| (ms, true)))
}

/// The limit that the fullest bin shows; of equally full ones the longest.
fn limit(bins: BTreeMap<i64, Vec<f64>>) -> Option<f64> {
    let mut mode = bins.into_values().filter(|b| b.len() >= LEARN).max_by_key(Vec::len)?;
    mode.sort_by(f64::total_cmp);
    let middle = mode[mode.len() / 2];
    let tenths = (middle / 100.0).round() * 100.0;
    let near = |round: f64| (middle - round).abs() <= round * ROUND;
    Some(if near(tenths) { tenths } else { (middle / 10.0).round() * 10.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(waits: &[f64]) -> Option<f64> {
        let mut bins: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        waits.iter().for_each(|ms| bins.entry((ms / 100.0).round() as i64).or_default().push(*ms));
        limit(bins)
    }

    #[test]
    fn a_limit_is_the_time_that_most_waited() {
        assert_eq!(learnt(&[15_003.1, 15_000.9, 15_012.0, 700.0, 720.0]), Some(15_000.0));
        assert_eq!(learnt(&[1_501.0, 1_502.5, 1_500.7]), Some(1_500.0));
        assert_eq!(learnt(&[251.0, 252.0, 250.8]), Some(250.0));
        assert_eq!(learnt(&[3_501.0, 60_010.0, 60_003.0]), None, "two may agree by chance");
        assert_eq!(
            learnt(&[900.0, 905.0, 910.0, 60_001.0, 60_002.0, 60_003.0]),
            Some(60_000.0),
            "of equals the longest"
        );
    }
}
