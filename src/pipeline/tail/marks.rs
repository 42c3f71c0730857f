//! How far one log was read, and from where it would have to be read again. In: the edges of chunks with the moment at
//! which each was taken in; out: the low watermark. It must not know what was read.

use std::collections::VecDeque;

use crate::model::Stamp;
use crate::model::follow::Taken;

/// Parts in which is told when something was taken in.
const TOLD: usize = 16;

/// The edge of a chunk.
#[derive(Clone, Copy, Debug)]
struct Edge {
    /// The moment of the logs when it was taken in.
    taken: Stamp,
    /// Its first byte.
    offset: u64,
    /// Newlines before it.
    lines: u64,
}

/// The edges of one file, oldest first.
#[derive(Debug)]
pub struct Marks {
    edges: VecDeque<Edge>,
    /// The byte after the last one that was folded.
    pub end: u64,
    /// Newlines before it.
    pub lines: u64,
}

impl Marks {
    /// Marks of a file that is read from `from` on, before which there are so many newlines.
    pub fn new(from: u64, lines: u64) -> Marks {
        Marks { edges: VecDeque::new(), end: from, lines }
    }

    /// Notes that what begins at a byte, with so many newlines before it, is taken in at a moment of the logs.
    pub fn note(&mut self, taken: Stamp, offset: u64, lines: u64) {
        if self.edges.back().is_none_or(|e| e.taken < taken) {
            self.edges.push_back(Edge { taken, offset, lines });
        }
    }

    /// Dates what was taken in when the moment was not known, or not by the clock that counts now (`anew`).
    pub fn date(&mut self, now: Stamp, anew: bool) {
        self.edges.iter_mut().filter(|e| anew || !e.taken.is_known()).for_each(|e| e.taken = now);
    }

    /// When what lies between two bytes was taken in, by the wall clock: in at most [`TOLD`] parts, each dated by its last
    /// byte.
    pub fn told(&self, from: u64, now: Stamp, wall: Stamp) -> Vec<Taken> {
        let wall_us = |e: &Edge| wall.0 - now.since(e.taken).unwrap_or(0).max(0);
        let edges: Vec<&Edge> = self.edges.iter().filter(|e| e.offset >= from && e.taken.is_known()).collect();
        let part = |edges: &[&Edge]| {
            let (first, last) = (edges.first()?, edges.last()?);
            Some(Taken { offset: first.offset, lines: first.lines, wall_us: wall_us(last) })
        };
        edges.chunks(edges.len().div_ceil(TOLD).max(1)).filter_map(part).collect()
    }

    /// Dates what an earlier run took in, before byte `until`, as that run did. `parts`: byte, newlines before it, moment
    /// of the logs.
    pub fn recall(&mut self, parts: impl Iterator<Item = (u64, u64, Stamp)>, until: u64) {
        let own = self.edges.iter().filter(|e| e.offset >= until).copied();
        let recalled = parts.filter(|(offset, ..)| *offset < until);
        let mut edges: VecDeque<Edge> = recalled.map(|(offset, lines, taken)| Edge { taken, offset, lines }).collect();
        if !edges.is_empty() {
            edges.extend(own);
            self.edges = edges;
        }
    }

    /// Notes an edge whatever the moment: what lies before it was taken in by an earlier run.
    pub fn split(&mut self, taken: Stamp, offset: u64, lines: u64) {
        self.edges.push_back(Edge { taken, offset, lines });
    }

    /// The first byte taken in at or after `horizon`, and the newlines before it. Forgets what lies before.
    pub fn low(&mut self, horizon: Stamp) -> (u64, u64) {
        while self.edges.front().is_some_and(|e| e.taken.is_known() && e.taken < horizon) {
            self.edges.pop_front();
        }
        self.edges.front().map_or((self.end, self.lines), |e| (e.offset, e.lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermark_is_the_first_edge_after_the_horizon() {
        let mut marks = Marks::new(1000, 7);
        for n in 0..5 {
            marks.note(Stamp(n * 10), marks.end, marks.lines);
            (marks.end, marks.lines) = (marks.end + 100_000, marks.lines + 10);
        }
        assert_eq!(marks.low(Stamp(10)), (101_000, 17));
        assert_eq!(marks.low(Stamp(25)), (301_000, 37));
        assert_eq!(marks.low(Stamp(99)), (501_000, 57), "nothing is needed any more");
    }
}
