//! Where a clock was corrected. In: the votes of one pair of series, in order of time; out: pieces of time in each of
//! which the clocks at most drift, with the votes that may be true ones. It must not measure them finely.
//!
//! The votes are cut into blocks of some pairs. The densest window of each is a level that the clock may be on; the best
//! way from block to block (Viterbi) pays for every change, so that only several pairs that agree make one.

use super::estimate::Grain;
use super::votes::Vote;
use crate::model::stamp::SECOND;

/// The window in which votes agree roughly.
pub const WINDOW_US: i64 = 2 * SECOND;
/// Weight of a block at least, and blocks at most.
const BLOCK: f32 = 16.0;
const BLOCKS: usize = 64;
/// So many pairs must gain by a change of level.
const CHANGE: f32 = 6.0;
/// A change of less than this, millionths, is a drift.
const DRIFT_PPM: i64 = 500;

/// A piece of time.
pub struct Piece {
    /// It begins and ends here, on the clock of the node that fetches.
    pub from: i64,
    pub until: i64,
    /// The votes that may be true, in order of time.
    pub votes: Vec<Vote>,
}

/// The window with most votes.
#[derive(Clone, Copy)]
pub struct Densest {
    /// Its weighted median and its weight.
    pub middle: i64,
    pub weight: f32,
    /// Its first and last vote.
    pub from: usize,
    pub to: usize,
}

/// The window of that length with most votes, which come in order of how far they are apart.
pub fn densest(votes: &[Vote], window: i64) -> Option<Densest> {
    let (mut best, mut from, mut sum) = ((0.0f32, 0, 0), 0, 0.0f32);
    for to in 0..votes.len() {
        sum += votes[to].weight;
        while votes[to].apart - votes[from].apart > window {
            sum -= votes[from].weight;
            from += 1;
        }
        if sum > best.0 * 1.000_01 {
            best = (sum, from, to);
        }
    }
    let (weight, from, to) = best;
    if weight <= 0.0 {
        return None;
    }
    let half = votes[from..=to].iter().map(|v| v.weight).sum::<f32>() / 2.0;
    let mut seen = 0.0;
    let middle = votes[from..=to].iter().find(|v| {
        seen += v.weight;
        seen >= half
    });
    middle.map(|v| Densest { middle: v.apart, weight, from, to })
}

/// Consecutive votes in shares of at least that weight, so many shares at most.
pub fn by_weight(votes: &[Vote], weight: f32, most: usize) -> impl Iterator<Item = &[Vote]> {
    let all: f64 = votes.iter().map(|v| f64::from(v.weight)).sum();
    let shares = ((all / f64::from(weight)) as usize).clamp(1, most);
    let each = all / shares as f64;
    let (mut from, mut sum, mut at) = (0, 0.0f64, 0);
    std::iter::from_fn(move || {
        if from >= votes.len() {
            return None;
        }
        at += 1;
        let mut to = from;
        while to < votes.len()
            && (to == from || at >= shares || sum + f64::from(votes[to].weight) <= each * at as f64 + 1e-6)
        {
            sum += f64::from(votes[to].weight);
            to += 1;
        }
        let share = &votes[from..to];
        from = to;
        Some(share)
    })
}

/// The pieces between corrections.
pub fn pieces(votes: &[Vote], grain: Grain) -> Vec<Piece> {
    let mut whole = votes.to_vec();
    whole.sort_unstable_by_key(|v| v.apart);
    let Some(all) = densest(&whole, WINDOW_US) else { return Vec::new() };
    let blocks: Vec<&[Vote]> = by_weight(votes, BLOCK, BLOCKS).collect();
    let mut sorted: Vec<Vec<Vote>> = blocks.iter().map(|b| b.to_vec()).collect();
    sorted.iter_mut().for_each(|b| b.sort_unstable_by_key(|v| v.apart));
    let mut levels: Vec<i64> = sorted.iter().filter_map(|b| densest(b, WINDOW_US)).map(|d| d.middle).collect();
    levels.push(all.middle);
    levels.sort_unstable();
    levels.dedup_by(|b, a| *b - *a < WINDOW_US / 8);
    let way = best_way(&sorted, &levels);
    let near = grain.near(WINDOW_US);
    let mut out: Vec<Piece> = Vec::new();
    let mut before: Option<(i64, i64)> = None;
    for (n, block) in blocks.iter().enumerate() {
        let (level, middle) = (levels[way[n]], block[block.len() / 2].at);
        let is_drift = |(l, t): (i64, i64)| (level - l).abs() <= WINDOW_US + (middle - t) / 1_000_000 * DRIFT_PPM;
        if !before.is_some_and(is_drift) {
            let moment = before.map_or(block[0].at, |(l, _)| changed(&blocks[n - 1..=n], l, level));
            if let Some(last) = out.last_mut() {
                last.until = moment - 1;
            }
            out.push(Piece { from: moment, until: i64::MAX, votes: Vec::new() });
        }
        before = Some((level, middle));
        let kept = block.iter().filter(|v| (v.apart - level).abs() <= near);
        if let Some(piece) = out.last_mut() {
            piece.votes.extend(kept);
        }
    }
    out
}

/// The moment within two blocks that best parts the votes for one level from those for the next.
fn changed(blocks: &[&[Vote]], from: i64, to: i64) -> i64 {
    let for_level =
        |v: &Vote, level: i64| f64::from(u8::from((v.apart - level).abs() <= WINDOW_US)) * f64::from(v.weight);
    let votes: Vec<&Vote> = blocks.iter().flat_map(|b| b.iter()).collect();
    let (mut sum, mut best, mut moment) = (0.0, f64::MIN, blocks[blocks.len() - 1][0].at);
    for v in votes {
        // Before this vote: those for the old level count for a change here, those for the new one against it.
        if sum > best {
            (best, moment) = (sum, v.at);
        }
        sum += for_level(v, from) - for_level(v, to);
    }
    moment
}

/// For each block the level that it is on.
fn best_way(blocks: &[Vec<Vote>], levels: &[i64]) -> Vec<usize> {
    let mut sums = vec![0.0f32; levels.len()];
    let mut came: Vec<Vec<usize>> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let mut upto = vec![0.0f32];
        block.iter().for_each(|v| upto.push(upto[upto.len() - 1] + v.weight));
        let best = (0..levels.len()).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(0);
        let mut from: Vec<usize> = (0..levels.len()).collect();
        let mut next = vec![0.0f32; levels.len()];
        for (n, level) in levels.iter().enumerate() {
            if sums[best] - CHANGE > sums[n] {
                from[n] = best;
            }
            let (a, b) = (level - WINDOW_US / 2, level + WINDOW_US / 2);
            let (a, b) = (block.partition_point(|v| v.apart < a), block.partition_point(|v| v.apart <= b));
            next[n] = if from[n] == n { sums[n] } else { sums[best] - CHANGE } + upto[b] - upto[a];
        }
        sums = next;
        came.push(from);
    }
    let mut at = (0..levels.len()).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(0);
    let mut way = vec![0; blocks.len()];
    for n in (0..blocks.len()).rev() {
        way[n] = at;
        at = came[n][at];
    }
    way
}
