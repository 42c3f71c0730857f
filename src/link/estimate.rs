//! The clock that most votes agree on. In: the votes of one pair of series; out: a clock, or none. It must not know
//! rows: a vote says when a pair was, and by how much the clocks would differ were it a true one.
//!
//! First the log is cut where one of the clocks was corrected (`steps`). Then, per piece, ever narrower windows straighten
//! the drift; then per stretch of time fine stamps vote for their mode, one-second stamps of either end each for an
//! interval, and the value that lies in most intervals wins. What a crowd of look-alikes votes by chance is told from what
//! they agree on by how many votes lie beside.

use super::clock::{COARSE_STAMP, Clock, ENOUGH};
use super::steps::{WINDOW_US, by_weight, densest, pieces};
use super::votes::Vote;
use crate::model::stamp::SECOND;

/// Windows in which votes are looked for, one after the other, each around the line that the one before found.
const WINDOWS_US: [i64; 3] = [2 * SECOND, SECOND / 5, SECOND / 50];
/// No clock that runs drifts faster, millionths. Where that comes to less than the window shows, nothing is straightened.
const DRIFT_PPM: f64 = 250.0;
/// The window of the mode of fine stamps.
const MODE_US: i64 = 6_000;
/// Weight of a stretch of fine stamps, of coarse ones, and of one whose middle is only to show the drift.
const FINE: f32 = 200.0;
const COARSE: f32 = 800.0;
const ROUGH: f32 = 25.0;
/// Stretches of a piece at most.
const STRETCHES: usize = 64;
/// What agrees must exceed what chance would bring by so many standard deviations.
const DEVIATIONS: f64 = 5.0;

/// Resolution of the stamps at either end: that of the fetches where it is coarse, else 0, and that of the requests.
#[derive(Clone, Copy)]
pub struct Grain {
    pub cut: i64,
    pub resolution: i64,
}

impl Grain {
    fn is_fine(self) -> bool {
        self.resolution < COARSE_STAMP && self.cut == 0
    }

    /// The least and the greatest offset that a vote allows.
    fn span(self, v: &Vote) -> (i64, i64) {
        (v.apart - self.cut - i64::from(v.less), v.apart + self.resolution)
    }

    /// Votes so far from the middle of the window of others may be of the same clock.
    pub fn near(self, window: i64) -> i64 {
        window * 3 / 4 + self.resolution + self.cut
    }
}

/// What a stretch of votes says: an offset, its error, and how many pairs agree on it beyond chance.
#[derive(Clone, Copy)]
struct Said {
    offset: i64,
    width: i64,
    agree: usize,
}

/// A piece of a clock.
struct Fitted {
    knots: Vec<(i64, i64)>,
    widths: Vec<i64>,
    pairs: usize,
    drift_ppm: f64,
}

/// The clock that most votes agree on.
pub fn estimate(votes: &mut [Vote], grain: Grain) -> Option<Clock> {
    votes.sort_unstable_by_key(|v| (v.at, v.apart, v.less, v.weight.to_bits()));
    let (mut knots, mut pairs, mut widths, mut drift) = (Vec::new(), 0, Vec::new(), (0, 0.0));
    let pieces = pieces(votes, grain);
    let last = pieces.len().saturating_sub(1);
    for (n, piece) in pieces.into_iter().enumerate() {
        let Some(fit) = fitted(piece.votes, grain) else { continue };
        let at = |moment: i64, (t, o): (i64, i64)| (moment, o + along(fit.drift_ppm, moment - t));
        if n > 0 && fit.knots[0].0 > piece.from {
            knots.push(at(piece.from, fit.knots[0]));
        }
        let end = fit.knots[fit.knots.len() - 1];
        knots.extend(&fit.knots);
        if n < last && piece.until > end.0 {
            knots.push(at(piece.until, end));
        }
        pairs += fit.pairs;
        widths.extend(fit.widths);
        drift = if fit.pairs >= drift.0 { (fit.pairs, fit.drift_ppm) } else { drift };
    }
    widths.sort_unstable();
    let width = *widths.get(widths.len() / 2)?;
    let fine = grain.is_fine();
    let mut error_us = width + grain.resolution.min(SECOND / 2) / if fine { 2 } else { 100 };
    if pairs < ENOUGH {
        error_us = error_us.max(if fine { 20_000 } else { 250_000 });
    }
    Some(Clock::learnt(knots, error_us, drift.1, pairs, grain.cut))
}

/// What a drift comes to.
fn along(drift_ppm: f64, us: i64) -> i64 {
    (drift_ppm * us as f64 / 1e6) as i64
}

/// The clock over a piece without corrections.
fn fitted(mut votes: Vec<Vote>, grain: Grain) -> Option<Fitted> {
    let origin = votes.first()?.at;
    let mut drift_ppm = 0.0;
    let mut lean = |votes: &mut Vec<Vote>, ppm: f64| {
        votes.iter_mut().for_each(|v| v.apart -= along(ppm, v.at - origin));
        drift_ppm += ppm;
    };
    let drifted = along(DRIFT_PPM, votes[votes.len() - 1].at - origin);
    for window in WINDOWS_US.iter().filter(|window| grain.is_fine() || **window > grain.resolution) {
        if drifted > window / 4 {
            let rough: Vec<(i64, i64)> =
                by_weight(&votes, ROUGH, STRETCHES).filter_map(|s| rough(s, *window)).collect();
            if rough.len() < 3 {
                break;
            }
            lean(&mut votes, slope(&rough).clamp(-DRIFT_PPM, DRIFT_PPM));
        }
        retain_near(&mut votes, grain.near(*window));
    }
    if !grain.is_fine() {
        let ppm = most_covered(&votes, grain);
        lean(&mut votes, ppm);
    }
    let per_stretch = if grain.is_fine() { FINE } else { COARSE };
    let stretches: Vec<&[Vote]> = by_weight(&votes, per_stretch, STRETCHES).collect();
    let (mut knots, mut widths, mut pairs) = (Vec::new(), Vec::new(), 0);
    for stretch in &stretches {
        let said = if grain.is_fine() { mode(stretch) } else { overlap(stretch, grain) };
        pairs += said.agree;
        if said.agree >= 3 || stretches.len() == 1 {
            knots.push((stretch[stretch.len() / 2].at, said.offset));
            widths.push(said.width);
        }
    }
    let width = *widths.get(widths.len() / 2)?;
    // What a stretch may be off by chance; a drift that comes to less over the whole is none.
    let near = width + grain.resolution / 20;
    let length = knots[knots.len() - 1].0 - knots[0].0;
    let rest = Some(slope(&knots)).filter(|ppm| along(*ppm, length).abs() > near / 2).unwrap_or(0.0);
    let mut knots = straightened(knots, rest, near);
    knots.iter_mut().for_each(|k| k.1 += along(drift_ppm, k.0 - origin));
    Some(Fitted { knots, widths, pairs, drift_ppm: drift_ppm + rest })
}

/// Middle of a stretch in time, and of its densest window.
fn rough(stretch: &[Vote], window: i64) -> Option<(i64, i64)> {
    let mut sorted = stretch.to_vec();
    sorted.sort_unstable_by_key(|v| v.apart);
    densest(&sorted, window).map(|d| (stretch[stretch.len() / 2].at, d.middle))
}

/// Leaves the votes near the densest window of all.
fn retain_near(votes: &mut Vec<Vote>, near: i64) {
    let mut sorted = votes.clone();
    sorted.sort_unstable_by_key(|v| v.apart);
    if let Some(d) = densest(&sorted, 2 * near) {
        votes.retain(|v| (v.apart - d.middle).abs() <= near);
    }
}

/// Of some drifts, the one with which the most intervals have a value in common. Stamps of a second show no drift from one
/// to the next, only over the whole.
fn most_covered(votes: &[Vote], grain: Grain) -> f64 {
    /// Drifts that are tried, either way; votes that try them.
    const TRIED: i64 = 40;
    const TRYING: usize = 4_000;
    let some: Vec<Vote> = votes.iter().step_by(votes.len() / TRYING + 1).copied().collect();
    let (Some(first), Some(last)) = (some.first(), some.last()) else { return 0.0 };
    let step = grain.resolution as f64 / 20.0 / (last.at - first.at).max(1) as f64 * 1e6;
    // Over some minutes no drift of a clock that runs shows at all.
    let tries = ((DRIFT_PPM / step) as i64).min(TRIED);
    let depth = |n: i64| {
        let lean = |v: &Vote| Vote { apart: v.apart - along(n as f64 * step, v.at - first.at), ..*v };
        covered(&some.iter().map(lean).collect::<Vec<Vote>>(), grain).0
    };
    let mut tried: Vec<(f64, i64)> = (-tries..=tries).map(|n| (depth(n), n)).collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.abs().cmp(&b.1.abs())).then(a.1.cmp(&b.1)));
    let best = tried[0].0;
    // Several neighbours are often as good: the middle of them.
    let mut alike: Vec<i64> = tried.iter().take_while(|t| t.0 >= best - 1e-6).map(|t| t.1).collect();
    alike.sort_unstable();
    alike[alike.len() / 2] as f64 * step
}

/// Fine stamps: the window of 6 ms with most votes, and its median.
fn mode(stretch: &[Vote]) -> Said {
    let mut votes = stretch.to_vec();
    votes.sort_unstable_by_key(|v| v.apart);
    let Some(best) = densest(&votes, MODE_US) else { return Said { offset: 0, width: WINDOW_US, agree: 0 } };
    let window = &votes[best.from..=best.to];
    let range = votes[votes.len() - 1].apart - votes[0].apart;
    let beside = votes[..best.from].iter().chain(&votes[best.to + 1..]);
    let part = MODE_US as f64 / (range - MODE_US).max(MODE_US) as f64;
    let agree = beyond_chance(window.iter(), beside, part);
    let offset = window[window.len() / 2].apart;
    let spread = (window[window.len() * 3 / 4].apart - window[window.len() / 4].apart).max(200);
    let width = if agree == 0 { WINDOW_US / 2 } else { (spread as f64 / (agree as f64).sqrt()).ceil() as i64 };
    Said { offset, width, agree }
}

/// How many pairs of a window are more than chance, which brings as many as lie `beside`, times `part`. A line and a
/// fetch of a crowd vote again and again; each counts once.
fn beyond_chance<'a>(
    window: impl Iterator<Item = &'a Vote>,
    beside: impl Iterator<Item = &'a Vote>,
    part: f64,
) -> usize {
    let (mut fetches, mut lines, mut heavy) = (Vec::new(), Vec::new(), 0.0f64);
    for v in window {
        fetches.push(v.fetch);
        lines.push(v.line);
        heavy += f64::from(v.weight);
    }
    let (mut outside, mut expected, mut variance) = (0usize, 0.0f64, 0.0f64);
    for v in beside {
        let weight = f64::from(v.weight);
        (outside, expected, variance) = (outside + 1, expected + weight * part, variance + weight * weight * part);
    }
    if heavy - expected <= DEVIATIONS * variance.sqrt() {
        return 0;
    }
    let inside = fetches.len().saturating_sub((outside as f64 * part).round() as usize);
    inside.min(distinct(fetches)).min(distinct(lines))
}

fn distinct(mut all: Vec<u32>) -> usize {
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Coarse stamps: each pair says "the offset lies in [end - whole - cut, end + resolution - answered)"; the middle of the
/// span that most votes cover, and half its width.
fn overlap(stretch: &[Vote], grain: Grain) -> Said {
    let (_, (from, to)) = covered(stretch, grain);
    let offset = from + (to - from) / 2;
    let covers = |v: &&Vote| grain.span(v).0 <= offset && offset < grain.span(v).1;
    // A vote of chance that lies beside may cover as much on either side.
    let beside = stretch.iter().filter(|v| !covers(v));
    let near = grain.near(WINDOW_US);
    let part = grain.resolution as f64 / (2 * near - grain.resolution).max(grain.resolution) as f64;
    let agree = beyond_chance(stretch.iter().filter(covers), beside, part);
    Said { offset, width: if agree == 0 { WINDOW_US / 2 } else { (to - from) / 2 + 1_000 }, agree }
}

/// The greatest weight of intervals that have a value in common, and the span of such values.
fn covered(votes: &[Vote], grain: Grain) -> (f64, (i64, i64)) {
    let mut edges: Vec<(i64, f64)> = Vec::with_capacity(votes.len() * 2);
    for v in votes {
        let (from, to) = grain.span(v);
        edges.push((from, f64::from(v.weight)));
        edges.push((to, -f64::from(v.weight)));
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
    (best, span)
}

/// A clock that drifts evenly is a line, and a line through all stretches is surer than each of them. One that is none
/// keeps its knots. `near` is what a stretch may be off by chance.
fn straightened(knots: Vec<(i64, i64)>, drift_ppm: f64, near: i64) -> Vec<(i64, i64)> {
    let (Some(first), Some(last)) = (knots.first().copied(), knots.last().copied()) else { return knots };
    let from_line = |k: &(i64, i64)| k.1 - along(drift_ppm, k.0 - first.0);
    let mut levels: Vec<i64> = knots.iter().map(from_line).collect();
    levels.sort_unstable();
    let level = levels[levels.len() / 2];
    let off = knots.iter().filter(|k| (from_line(k) - level).abs() > 2 * near).count();
    if knots.len() < 3 || off * 5 > knots.len() {
        return knots;
    }
    let at = |t: i64| (t, level + along(drift_ppm, t - first.0));
    vec![at(first.0), at(last.0)]
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
