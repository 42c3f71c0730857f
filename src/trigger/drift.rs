//! Answers that became slower before the first one failed. In: healthy waiting times; out: a candidate with its lead
//! time. It must not know why.

use std::collections::BTreeMap;

use super::{Surroundings, changed, median};
use crate::model::Stamp;
use crate::model::incident::Candidate;
use crate::model::stamp::MINUTE;

/// So many minutes before the first failure are looked at.
const BEFORE: i64 = 60;
/// Minutes with answers without which nothing can be said.
const ENOUGH: usize = 8;
/// Answers so many times as slow have drifted.
const SLOWER: f64 = 2.0;
/// What is slower than this by the baseline belongs to the rise.
const RISING: f64 = 1.4;
/// Of all pairs of minutes, such a balance must rise rather than fall (Kendall's tau).
const TREND: f64 = 0.4;
/// A rise shorter than this is the outage itself.
const LEAD: i64 = 4 * MINUTE;

/// Answer times that rose slowly.
pub fn rising(around: &Surroundings<'_>) -> Option<Candidate> {
    let opened = around.opened.minute();
    let from = opened - BEFORE * MINUTE;
    let mut by_minute: BTreeMap<Stamp, Vec<f64>> = BTreeMap::new();
    for (at, wait, failed) in around.waits {
        let at = Stamp(*at).minute();
        if !failed && *wait > 0 && at >= from && at < opened {
            by_minute.entry(at).or_default().push(*wait as f64);
        }
    }
    let medians: Vec<(Stamp, f64)> = by_minute.into_iter().map(|(at, waits)| (at, median(waits))).collect();
    if medians.len() < ENOUGH {
        return None;
    }
    let third = medians.len() / 3;
    let base = median(medians[..third].iter().map(|m| m.1).collect());
    let last = median(medians[medians.len() - 3..].iter().map(|m| m.1).collect());
    let ratio = last / base.max(1.0);
    let since = medians.iter().rev().take_while(|m| m.1 >= RISING * base).last()?.0;
    let lead = around.opened.since(since)?;
    if ratio < SLOWER || lead < LEAD || tau(&medians) < TREND {
        return None;
    }
    let text = format!(
        "answers had become {ratio:.1} times as slow ({:.0} ms instead of {:.0} ms) since {} before",
        last / 1000.0,
        base / 1000.0,
        changed::ago(around, since)
    );
    let strength = 0.58 + 0.3 * (ratio.log2() / 3.0).clamp(0.0, 1.0);
    Some(Candidate { kind: "drift".into(), at: since, text, strength })
}

/// Kendall's tau of figures in order of time: 1 when each is larger than all before it, 0 for no trend.
fn tau(figures: &[(Stamp, f64)]) -> f64 {
    let mut balance = 0i64;
    for (n, (_, a)) in figures.iter().enumerate() {
        balance += figures[n + 1..].iter().map(|(_, b)| b.total_cmp(a) as i64).sum::<i64>();
    }
    let pairs = figures.len() * (figures.len() - 1) / 2;
    balance as f64 / pairs.max(1) as f64
}
