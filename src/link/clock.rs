//! The clock of one node against another's. In: fetch and request rows; out: an offset over time with its error bar.
//! It must not know which fetch belongs to which line: every healthy pair with equal keys votes, and the true offset
//! is the one value that many agree on (reference: linking, evidence 1).
//!
//! First a coarse vote in two-second windows over a day either way, then per stretch of time: fine stamps vote for
//! their mode, one-second stamps each for an interval, and the value that lies in most intervals wins.

use std::collections::{BTreeMap, HashMap};

use super::SeriesTraits;
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// The farthest that two clocks are looked for apart: a day and two hours, so that any zone mistake fits.
const REACH_US: i64 = 26 * 3600 * SECOND;
/// Half of the window that the coarse vote leaves for the fine one.
const COARSE_US: i64 = SECOND + SECOND / 2;
/// Pairs of look-alikes that take part in the coarse vote at most. (Without a bound 10,000 fetches of one URL took
/// 2.4 GB and 12 s.)
const VOTES: usize = 2_000_000;
/// Look-alikes with more pairs than this are told apart by the size of the answer before any is left out.
const CROWD: usize = 10_000;
/// Below this many pairs an offset is not to be relied on.
const ENOUGH: usize = 20;

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
}

impl Clock {
    /// A clock that somebody stated, or that was learnt in an earlier run.
    pub fn given(offset_us: i64, error_us: i64, pairs: usize) -> Clock {
        Clock { knots: vec![(0, offset_us)], error_us, drift_ppm: 0.0, pairs }
    }

    /// Their clock minus ours at `moment` of our clock, microseconds.
    pub fn at(&self, moment: i64) -> i64 {
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
            (Some(a), Some(b)) => self.at(a.0 / 2 + b.0 / 2),
            _ => 0,
        }
    }

    /// True when enough pairs agree.
    pub fn enough(&self) -> bool {
        self.pairs >= ENOUGH
    }

    /// What the confidence of a link is multiplied with.
    pub fn trust(&self) -> f32 {
        if self.enough() { 1.0 } else { 0.7 }
    }
}

/// The whole or half hours that an offset most likely is a zone mistake of, in seconds; `None` when it is none.
pub fn zone_mistake(offset_us: i64) -> Option<i64> {
    let half_hours = (offset_us as f64 / (1800.0 * SECOND as f64)).round() as i64;
    let rest = offset_us - half_hours * 1800 * SECOND;
    (half_hours != 0 && rest.abs() <= 90 * SECOND).then_some(half_hours * 1800)
}

/// A healthy fetch and a request with equal keys: when the answer was there, and by how much the line ends later.
#[derive(Clone, Copy)]
struct Vote {
    at: i64,
    apart: i64,
    weight: f32,
}

/// The clocks of every pair of series that share keys.
pub fn clocks(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    series: &BTreeMap<SeriesId, SeriesTraits>,
) -> BTreeMap<(SeriesId, SeriesId), Clock> {
    let mut votes = votes(fetches, requests);
    let mut out = BTreeMap::new();
    for (pair, v) in &mut votes {
        let resolution = series.get(&pair.1).map_or(SECOND, |s| s.resolution_us);
        if let Some(clock) = estimate(v, resolution) {
            out.insert(*pair, clock);
        }
    }
    out
}

/// True for a fetch whose answer came whole, so that its line ends when the answer does.
fn votes_at_all(f: &FetchRow) -> bool {
    f.flags & FetchRow::WHOLE != 0 && f.flags & FetchRow::TWICE == 0 && f.wait != NOT_LOGGED
}

/// Fetches and requests that look alike, by index.
type Alike = (Vec<u32>, Vec<u32>);

fn pairs((fetches, requests): &Alike) -> usize {
    fetches.len() * requests.len()
}

fn votes(fetches: &[FetchRow], requests: &[RequestRow]) -> BTreeMap<(SeriesId, SeriesId), Vec<Vote>> {
    let mut out: BTreeMap<(SeriesId, SeriesId), Vec<Vote>> = BTreeMap::new();
    let mut left = VOTES;
    for alike in look_alikes(fetches, requests) {
        // Rare ones come first: they say most, and the bound cuts only the crowds.
        let every = pairs(&alike).div_ceil(left.max(1)).max(1);
        let (mut fs, rs) = alike;
        if every > 1 {
            fs.sort_unstable_by_key(|i| (fetches[*i as usize].sent_at, fetches[*i as usize].vxid));
        }
        let weight = 1.0 / fs.len().max(rs.len()) as f32;
        for f in fs.iter().step_by(every).map(|i| &fetches[*i as usize]) {
            let at = f.sent_at + i64::from(f.wait);
            for r in rs.iter().map(|i| &requests[*i as usize]) {
                let apart = r.end - at;
                if f.status == r.status && apart.abs() <= REACH_US {
                    out.entry((f.series, r.series)).or_default().push(Vote { at, apart, weight });
                }
            }
        }
        left = left.saturating_sub(fs.len().div_ceil(every) * rs.len());
        if left == 0 {
            break;
        }
    }
    out
}

/// Healthy fetches with the requests of equal keys, those with fewest pairs first.
fn look_alikes(fetches: &[FetchRow], requests: &[RequestRow]) -> Vec<Alike> {
    let mut keys: HashMap<u64, Alike> = HashMap::new();
    for (i, f) in fetches.iter().enumerate().filter(|(_, f)| votes_at_all(f)) {
        keys.entry(f.key).or_default().0.push(i as u32);
    }
    for (i, r) in requests.iter().enumerate() {
        if let Some(k) = keys.get_mut(&r.key) {
            k.1.push(i as u32);
        }
    }
    let mut all: Vec<Alike> = keys.into_values().filter(|alike| pairs(alike) > 0).collect();
    if all.iter().map(pairs).sum::<usize>() > VOTES {
        all = all.into_iter().flat_map(|alike| of_one_size(alike, fetches, requests)).collect();
    }
    // By what the rows say, not by their place: that depends on which thread came first.
    let row = |alike: &Alike| alike.0.first().map(|i| (fetches[*i as usize].key, fetches[*i as usize].body));
    all.sort_unstable_by_key(|alike| (pairs(alike), row(alike)));
    all
}

/// A crowd by the size of the answer, where both ends logged one; the whole crowd when no sizes agree.
fn of_one_size(crowd: Alike, fetches: &[FetchRow], requests: &[RequestRow]) -> Vec<Alike> {
    if pairs(&crowd) <= CROWD {
        return vec![crowd];
    }
    let mut sizes: HashMap<u32, Alike> = HashMap::new();
    for i in &crowd.0 {
        sizes.entry(fetches[*i as usize].body).or_default().0.push(*i);
    }
    for i in &crowd.1 {
        if let Some(alike) = sizes.get_mut(&requests[*i as usize].body) {
            alike.1.push(*i);
        }
    }
    sizes.remove(&NOT_LOGGED);
    let parts: Vec<Alike> = sizes.into_values().filter(|alike| pairs(alike) > 0).collect();
    if parts.is_empty() { vec![crowd] } else { parts }
}

fn estimate(votes: &mut Vec<Vote>, resolution: i64) -> Option<Clock> {
    let coarse = coarse(votes)?;
    votes.retain(|v| (v.apart - coarse).abs() <= COARSE_US + resolution);
    votes.sort_unstable_by_key(|v| (v.at, v.apart));
    let fine = resolution < SECOND / 2;
    let per_stretch = if fine { 200 } else { 800 };
    let stretches = (votes.len() / per_stretch).clamp(1, 64);
    let mut knots: Vec<(i64, i64)> = Vec::new();
    let (mut pairs, mut widths) = (0, Vec::new());
    for stretch in votes.chunks(votes.len().div_ceil(stretches)) {
        let (offset, width, agree) = if fine { mode(stretch) } else { overlap(stretch, resolution) };
        pairs += agree;
        if agree >= 3 || stretches == 1 {
            knots.push((stretch[stretch.len() / 2].at, offset));
            widths.push(width);
        }
    }
    if knots.is_empty() {
        return None;
    }
    let drift_ppm = slope(&knots);
    widths.sort_unstable();
    let mut error_us = widths[widths.len() / 2] + resolution.min(SECOND / 2) / if fine { 2 } else { 100 };
    if pairs < ENOUGH {
        error_us = error_us.max(if fine { 20_000 } else { 250_000 });
    }
    Some(Clock { knots, error_us, drift_ppm, pairs })
}

/// The two-second window of offsets with most votes: its weighted middle.
fn coarse(votes: &mut [Vote]) -> Option<i64> {
    votes.sort_unstable_by_key(|v| v.apart);
    let (mut best, mut from, mut sum) = ((0.0f32, 0, 0), 0, 0.0f32);
    for to in 0..votes.len() {
        sum += votes[to].weight;
        while votes[to].apart - votes[from].apart > 2 * SECOND {
            sum -= votes[from].weight;
            from += 1;
        }
        if sum > best.0 * 1.000_01 {
            best = (sum, from, to);
        }
    }
    if best.0 <= 0.0 {
        return None;
    }
    let window = &votes[best.1..=best.2];
    let half = window.iter().map(|v| v.weight).sum::<f32>() / 2.0;
    let mut seen = 0.0;
    window
        .iter()
        .find(|v| {
            seen += v.weight;
            seen >= half
        })
        .map(|v| v.apart)
}

/// Fine stamps: the 6 ms window with most votes; its median, the error of that, and how many pairs are in it.
fn mode(stretch: &[Vote]) -> (i64, i64, usize) {
    let mut votes: Vec<(i64, f32)> = stretch.iter().map(|v| (v.apart, v.weight)).collect();
    votes.sort_unstable_by_key(|v| v.0);
    let (mut best, mut from, mut sum) = ((0.0, 0, 0), 0, 0.0);
    for to in 0..votes.len() {
        sum += votes[to].1;
        while votes[to].0 - votes[from].0 > 6_000 {
            sum -= votes[from].1;
            from += 1;
        }
        if sum > best.0 {
            best = (sum, from, to);
        }
    }
    let window = &votes[best.1..=best.2];
    let n = window.len();
    let spread = (window[n * 3 / 4].0 - window[n / 4].0).max(200);
    (window[n / 2].0, (spread as f64 / (n as f64).sqrt()).ceil() as i64, n)
}

/// Coarse stamps: each pair says "the offset lies in [end - answered, end + resolution - answered)"; the middle of the
/// span that most votes cover, half its width, and how many pairs cover it.
fn overlap(stretch: &[Vote], resolution: i64) -> (i64, i64, usize) {
    let mut edges: Vec<(i64, f64)> = Vec::with_capacity(stretch.len() * 2);
    for v in stretch {
        edges.push((v.apart, f64::from(v.weight)));
        edges.push((v.apart + resolution, -f64::from(v.weight)));
    }
    edges.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut depth, mut best, mut span) = (0.0, 0.0, (0, 0));
    for (i, (at, step)) in edges.iter().enumerate() {
        depth += step;
        if depth > best + 1e-6 {
            best = depth;
            span = (*at, edges.get(i + 1).map_or(*at, |e| e.0));
        }
    }
    let middle = span.0 + (span.1 - span.0) / 2;
    let agree = stretch.iter().filter(|v| v.apart <= middle && middle < v.apart + resolution).count();
    (middle, (span.1 - span.0) / 2 + 1_000, agree)
}

/// The median slope between knots (Theil-Sen), in millionths; 0 for a single knot.
fn slope(knots: &[(i64, i64)]) -> f64 {
    let mut slopes: Vec<f64> = Vec::new();
    for (i, a) in knots.iter().enumerate() {
        for b in &knots[i + 1..] {
            if b.0 > a.0 {
                slopes.push((b.1 - a.1) as f64 * 1e6 / (b.0 - a.0) as f64);
            }
        }
    }
    if slopes.is_empty() {
        return 0.0;
    }
    slopes.sort_unstable_by(f64::total_cmp);
    slopes[slopes.len() / 2]
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
        let clock = &clocks(&fetches, &requests, &series)[&(SeriesId(0), SeriesId(1))];
        assert!((clock.middle() + 5 * SECOND).abs() < 10_000, "{}", clock.middle());
        assert!(clock.enough());
    }

    #[test]
    fn votes_are_bounded_where_nothing_tells_a_crowd_apart() {
        let (fetches, requests) = crowd(3_000, |_| 143);
        let cast: usize = votes(&fetches, &requests).values().map(Vec::len).sum();
        assert!((1_000..=VOTES).contains(&cast), "{cast}");
    }
}
