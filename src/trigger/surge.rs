//! Traffic that jumped before an incident: more requests, or more of them that missed the cache. In: counts by minute;
//! out: a candidate. It must not know answers.
//!
//! The minutes before the incident are compared with the hour before them, by median and scatter, so that neither a
//! night nor one odd minute makes a jump.

use super::{Surroundings, changed, median, words};
use crate::model::incident::Candidate;
use crate::model::stamp::MINUTE;
use crate::model::{Minute, Stamp};

/// A jump within so many minutes before the first failure may have set it off.
const LATELY: i64 = 10;
/// So many minutes before those say what is usual.
const USUAL: i64 = 60;
/// Fewer minutes than this say nothing.
const ENOUGH: usize = 10;
/// So many times as much is a jump.
const JUMP: f64 = 1.5;
/// So many deviations from the usual are no chance.
const SURE: f64 = 5.0;

/// More requests than usual.
pub fn requests(around: &Surroundings<'_>) -> Option<Candidate> {
    // Those that failed came of the trouble as much as it of them: people and programs try again.
    let rate = |m: &Minute| Some(m.requests.saturating_sub(m.requests_5xx) as f64);
    let jump = jump(around, rate, |usual| usual.sqrt())?;
    let text = format!(
        "requests rose to {:.0} a minute, {:.1} times as many as usual, {} before",
        jump.now,
        jump.ratio,
        changed::ago(around, jump.since)
    );
    Some(Candidate { kind: "surge".into(), at: jump.since, text, strength: jump.strength() })
}

/// More fetches for as many requests: a purge, a ban, or pages that are not cached any more.
pub fn misses(around: &Surroundings<'_>) -> Option<Candidate> {
    let share = |m: &Minute| {
        let fetches = m.fetches.saturating_sub(m.failed);
        (m.requests >= 10).then(|| fetches as f64 / m.requests as f64)
    };
    let many = median(around.traffic.values().map(|m| m.requests as f64).collect()).max(1.0);
    let jump = jump(around, share, |usual| (usual.clamp(0.001, 1.0) / many).sqrt())?;
    let usual = jump.now / jump.ratio;
    // A cache that fetches (almost) everything has no share to jump.
    if usual > 0.6 {
        return None;
    }
    let text = format!(
        "misses rose from {} to {} of the requests (a purge, a ban, or pages not cached any more?), {} before",
        words::percent(usual),
        words::percent(jump.now.min(1.0)),
        changed::ago(around, jump.since)
    );
    Some(Candidate { kind: "misses".into(), at: jump.since, text, strength: jump.strength() })
}

struct Jump {
    since: Stamp,
    now: f64,
    ratio: f64,
}

impl Jump {
    fn strength(&self) -> f64 {
        0.6 + 0.32 * (self.ratio.log2() / 2.0).clamp(0.0, 1.0)
    }
}

/// Since when a figure is far above its usual, up to the minute of the first failure. `scatter`: the least deviation that
/// counting alone gives a figure of that size.
fn jump(
    around: &Surroundings<'_>,
    figure: impl Fn(&Minute) -> Option<f64>,
    scatter: impl Fn(f64) -> f64,
) -> Option<Jump> {
    let opened = around.opened.minute();
    let span = |from: i64, to: i64| {
        let minutes = around.traffic.range(opened + from * MINUTE..opened + to * MINUTE);
        minutes.filter_map(|(at, m)| Some((*at, figure(m)?))).collect::<Vec<_>>()
    };
    let before = span(-USUAL - LATELY, -LATELY);
    if before.len() < ENOUGH {
        return None;
    }
    let usual = median(before.iter().map(|b| b.1).collect());
    let spread = median(before.iter().map(|b| (b.1 - usual).abs()).collect()) * 1.4826;
    let deviation = spread.max(scatter(usual)).max(f64::MIN_POSITIVE);
    let is_high = |n: f64| n >= JUMP * usual && (n - usual) / deviation >= SURE && usual > 0.0;
    // The minute of the first failure itself may be the first one; it is not over, so it counts only when it is high.
    let lately = span(-LATELY, 1);
    let high: Vec<(Stamp, f64)> =
        lately.iter().rev().take_while(|(at, n)| is_high(*n) || *at == opened).copied().collect();
    let high: Vec<(Stamp, f64)> = high.into_iter().filter(|(_, n)| is_high(*n)).collect();
    let (since, _) = *high.last()?;
    let now = median(high.iter().map(|h| h.1).collect());
    Some(Jump { since, now, ratio: now / usual })
}
