//! The clock of one node against another's. In: fetch and request rows; out: an offset over time with its error bar.
//! It must not know which fetch belongs to which line: every healthy pair with equal keys votes, and the true offset
//! is the one value that many agree on (reference: linking, evidence 1).
//!
//! How the votes are counted is in `estimate`.

use std::collections::BTreeMap;

use super::SeriesTraits;
use super::estimate::{Grain, estimate};
use super::steps::{WINDOW_US, densest};
use super::votes::{Vote, votes};
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// The farthest that two clocks are looked for apart: a day and two hours, so that any zone mistake fits.
const REACH_US: i64 = 26 * 3600 * SECOND;
/// Stamps of this resolution and above say in which interval a moment lies, not where.
pub const COARSE_STAMP: i64 = SECOND / 2;
/// Below this many pairs an offset is not to be relied on.
pub const ENOUGH: usize = 20;
/// Error bar of a clock that nothing is known of: most machines keep theirs better.
const UNKNOWN_US: i64 = 2 * SECOND;
/// So many look-alikes that are the only ones of their key must agree on the offset when all of them failed.
const AGREED: f32 = 2.5;

/// One clock against another.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Offset at some moments, oldest first: (moment on the fetching node's clock, their clock minus ours).
    knots: Vec<(i64, i64)>,
    /// Error bar of the offset, microseconds.
    pub error_us: i64,
    /// Drift in millionths.
    pub drift_ppm: f64,
    /// Healthy pairs that agree with it.
    pub pairs: usize,
    /// What is cut off the stamps of the node that fetches, on average, microseconds: half of their resolution where that
    /// is coarse. It is part of what [`Clock::at`] answers, because who asks has such a stamp in hand.
    cut_us: i64,
}

impl Clock {
    /// A clock that somebody stated, or that was learnt in an earlier run.
    pub fn given(offset_us: i64, error_us: i64, pairs: usize) -> Clock {
        Clock { knots: vec![(0, offset_us)], error_us, drift_ppm: 0.0, pairs, cut_us: 0 }
    }

    /// A clock that was found, for a node whose stamps have the resolution `cut`, microseconds. There is a knot at least.
    pub fn learnt(knots: Vec<(i64, i64)>, error_us: i64, drift_ppm: f64, pairs: usize, cut: i64) -> Clock {
        Clock { knots, error_us: error_us + cut / 2, drift_ppm, pairs, cut_us: cut / 2 }
    }

    /// What their stamp is expected to show more than ours at `moment` of our clock, microseconds.
    pub fn at(&self, moment: i64) -> i64 {
        self.offset(moment) + self.cut_us
    }

    /// Their clock minus ours at `moment` of our clock.
    fn offset(&self, moment: i64) -> i64 {
        let k = &self.knots;
        match k.partition_point(|(t, _)| *t <= moment) {
            0 => k[0].1 - self.drift_over(k[0].0 - moment),
            n if n == k.len() => k[n - 1].1 + self.drift_over(moment - k[n - 1].0),
            n => {
                let ((t0, o0), (t1, o1)) = (k[n - 1], k[n]);
                o0 + ((o1 - o0) as i128 * (moment - t0) as i128 / (t1 - t0).max(1) as i128) as i64
            }
        }
    }

    fn drift_over(&self, us: i64) -> i64 {
        (self.drift_ppm * us as f64 / 1e6) as i64
    }

    /// A moment of their clock on ours.
    pub fn ours(&self, theirs: i64) -> i64 {
        let middle = self.knots[self.knots.len() / 2].1;
        theirs - self.at(theirs - middle)
    }

    /// The offset in the middle of the log, microseconds.
    pub fn middle(&self) -> i64 {
        match (self.knots.first(), self.knots.last()) {
            (Some(a), Some(b)) => self.offset(a.0 / 2 + b.0 / 2),
            _ => 0,
        }
    }

    /// True when enough pairs agree.
    pub fn enough(&self) -> bool {
        self.pairs >= ENOUGH
    }

    /// What the confidence of a link is multiplied with. Already three pairs that agree are seldom wrong.
    pub fn trust(&self) -> f32 {
        match self.pairs {
            ENOUGH.. => 1.0,
            3.. => 0.95,
            _ => 0.7,
        }
    }
}

/// The whole or half hours that an offset most likely is a zone mistake of, in seconds; `None` when it is none.
pub fn zone_mistake(offset_us: i64) -> Option<i64> {
    let half_hours = (offset_us as f64 / (1800.0 * SECOND as f64)).round() as i64;
    let rest = offset_us - half_hours * 1800 * SECOND;
    (half_hours != 0 && rest.abs() <= 90 * SECOND).then_some(half_hours * 1800)
}

/// The clocks of every pair of series that share keys. `series` are those of requests, `fetching` those of fetches.
pub fn clocks(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    series: &BTreeMap<SeriesId, SeriesTraits>,
    fetching: &BTreeMap<SeriesId, SeriesTraits>,
) -> BTreeMap<(SeriesId, SeriesId), Clock> {
    let mut votes = healthy_votes(fetches, requests);
    let mut out = BTreeMap::new();
    for (pair, v) in &mut votes {
        let resolution = series.get(&pair.1).map_or(SECOND, |s| s.resolution_us);
        if let Some(clock) = estimate(v, Grain { cut: cut_of(fetching, pair.0), resolution }) {
            out.insert(*pair, clock);
        }
    }
    assume(&mut out, fetches, requests, series, fetching);
    out
}

/// The resolution of a fetching series where it is so coarse that it matters, else 0; microseconds.
fn cut_of(fetching: &BTreeMap<SeriesId, SeriesTraits>, id: SeriesId) -> i64 {
    fetching.get(&id).map(|s| s.resolution_us).filter(|us| *us >= COARSE_STAMP).unwrap_or(0)
}

/// Clocks for fetching series that no healthy pair speaks for: their log holds failures only (`varnishlog -q`, or
/// failures that the store remembers). What was sent began there when it was sent, so where durations are logged even
/// failures agree on an offset; else the clocks are taken to be right within seconds.
fn assume(
    known: &mut BTreeMap<(SeriesId, SeriesId), Clock>,
    fetches: &[FetchRow],
    requests: &[RequestRow],
    series: &BTreeMap<SeriesId, SeriesTraits>,
    fetching: &BTreeMap<SeriesId, SeriesTraits>,
) {
    let alone = |f: &&FetchRow| f.flags & FetchRow::OPENED != 0 && !known.keys().any(|(from, _)| *from == f.series);
    let failed: Vec<FetchRow> = fetches.iter().filter(alone).copied().collect();
    let mut from: Vec<SeriesId> = failed.iter().map(|f| f.series).collect();
    from.sort_unstable();
    from.dedup();
    let mut votes = votes(&failed, requests, |f, r| {
        let apart = r.end - i64::from(r.duration) - f.sent_at;
        (r.duration != NOT_LOGGED && apart.abs() <= REACH_US).then_some((f.sent_at, apart, 0))
    });
    for id in from {
        for (to, traits) in series {
            let agreed = votes.get_mut(&(id, *to)).and_then(|v| {
                v.sort_unstable_by_key(|v| v.apart);
                let grain = Grain { cut: cut_of(fetching, id), resolution: traits.resolution_us };
                if densest(v, WINDOW_US)?.weight >= AGREED { estimate(v, grain) } else { None }
            });
            known.insert((id, *to), agreed.unwrap_or_else(|| Clock::given(0, UNKNOWN_US, 0)));
        }
    }
}

/// How long after it was sent the answer of a fetch was there that came whole, so that its line ends then: the headers,
/// or where only that is logged the body; microseconds. `None` for any other fetch.
fn answered_whole(f: &FetchRow) -> Option<i64> {
    let whole = f.flags & FetchRow::WHOLE != 0 && f.flags & FetchRow::TWICE == 0;
    let end = (f.flags & FetchRow::END_ONLY != 0).then_some(0);
    let known = [f.wait, f.whole].into_iter().find(|us| *us != NOT_LOGGED).or(end);
    known.filter(|_| whole).map(i64::from)
}

/// How long after its headers an answer was whole: its line ended some time between the two; microseconds.
fn delivery(f: &FetchRow) -> u32 {
    if f.wait == NOT_LOGGED || f.whole == NOT_LOGGED { 0 } else { f.whole.saturating_sub(f.wait).min(SECOND as u32) }
}

fn healthy_votes(fetches: &[FetchRow], requests: &[RequestRow]) -> BTreeMap<(SeriesId, SeriesId), Vec<Vote>> {
    let healthy: Vec<FetchRow> = fetches.iter().filter(|f| answered_whole(f).is_some()).copied().collect();
    votes(&healthy, requests, |f, r| {
        let at = f.sent_at + answered_whole(f)?;
        // Not every CDN logs what the next tier answered.
        let alike = f.status == r.status || f.status == 0;
        (alike && (r.end - at).abs() <= REACH_US).then_some((at, r.end - at, delivery(f)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fetches of one URL, a fiftieth of a second apart, and their lines on a clock that is five seconds behind.
    fn crowd(len: i64, body: impl Fn(i64) -> u32) -> (Vec<FetchRow>, Vec<RequestRow>) {
        let jitter = |n: i64| n * n % 17_011;
        let sent = |n: i64| 1_000 * SECOND + n * 20_000 + jitter(n);
        let fetch = |n| FetchRow {
            key: 1,
            sent_at: sent(n),
            wait: 3_000,
            whole: 3_000,
            body: body(n),
            status: 200,
            flags: FetchRow::WHOLE | FetchRow::OPENED,
            ..FetchRow::default()
        };
        let line = |n| RequestRow {
            key: 1,
            end: sent(n) + 3_000 - 5 * SECOND,
            body: body(n),
            status: 200,
            series: SeriesId(1),
            ..RequestRow::default()
        };
        ((0..len).map(fetch).collect(), (0..len).map(line).collect())
    }

    #[test]
    fn a_crowd_too_large_to_vote_is_told_apart_by_the_size_of_its_answers() {
        let (fetches, requests) = crowd(3_000, |n| (n * 7_919 % 1_500) as u32);
        let series = BTreeMap::from([(SeriesId(1), SeriesTraits { resolution_us: 1_000 })]);
        let clock = &clocks(&fetches, &requests, &series, &BTreeMap::new())[&(SeriesId(0), SeriesId(1))];
        assert!((clock.middle() + 5 * SECOND).abs() < 10_000, "{}", clock.middle());
        assert!(clock.enough());
    }

    #[test]
    fn votes_are_bounded_where_nothing_tells_a_crowd_apart() {
        let (fetches, requests) = crowd(3_000, |_| 143);
        let cast: usize = healthy_votes(&fetches, &requests).values().map(Vec::len).sum();
        assert!((1_000..=super::super::votes::VOTES).contains(&cast), "{cast}");
    }
}
