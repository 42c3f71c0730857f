//! Bytes become state: what came is cut into chunks, folded in parallel and merged into the window in order. In: feeds; out:
//! a window that holds more, and the moment of the logs. It must not judge.

use rayon::prelude::*;

use super::super::fold::fold;
use super::super::partial::Partial;
use super::intake::Tail;
use super::strand::{State, Strand};
use crate::model::{FileId, Stamp};
use crate::source::Chunk;

impl Tail<'_> {
    /// Cuts chunks, folds them in parallel and merges them in order. True when there were any.
    pub(super) fn take_in(&mut self, wall: Stamp) -> bool {
        let context = &self.roll.context;
        let mut chunks: Vec<(bool, Chunk)> = Vec::new();
        let mut begun: Vec<(u32, usize, u64, u64)> = Vec::new();
        for (id, strand) in &mut self.strands {
            let ended = strand.ended;
            let State::Known(feeds) = &mut strand.state else { continue };
            for (n, feed) in feeds.iter_mut().enumerate() {
                let (offset, lines, counted) = (feed.marks.end, feed.marks.lines, feed.counted);
                let before = chunks.len();
                feed.chunks(context, ended, wall, &mut |chunk| chunks.push((chunk.offset < counted, chunk)));
                if chunks.len() > before {
                    begun.push((*id, n, offset, lines));
                }
            }
        }
        if chunks.is_empty() {
            return false;
        }
        let parts: Vec<(bool, Partial)> =
            chunks.par_iter().map(|(again, chunk)| (*again && !chunk.bytes.is_empty(), fold(chunk, context))).collect();
        drop(chunks);
        let newest = self.newest(&parts);
        let dated = self.beats.now(wall).is_known();
        self.beats.heard(newest, wall);
        self.merge(parts);
        let taken = self.beats.now(wall);
        if !dated && taken.is_known() {
            self.date(taken, false);
        }
        for (id, n, offset, lines) in begun {
            if let Some(feed) = self.strands.get_mut(&id).and_then(|s| s.feed(n)) {
                feed.marks.note(taken, offset, lines);
                if let Some((offset, lines)) = feed.boundary.take() {
                    feed.marks.split(taken, offset, lines);
                }
            }
        }
        true
    }

    /// What an earlier run counted is not counted again, but for the transactions that end only now.
    fn merge(&mut self, parts: Vec<(bool, Partial)>) {
        let context = &self.roll.context;
        let (mut again, mut fresh, mut read_again) = (Partial::empty(), Partial::empty(), false);
        for (counted, part) in parts {
            let into = if counted { &mut again } else { &mut fresh };
            *into = std::mem::take(into).merge(part, context);
            read_again |= counted;
        }
        let taken = self.beats.now(Stamp::NONE);
        if read_again {
            // Transactions become whole here, where they do not count, whichever pieces of them came before.
            let again = self.window.join_open(again, context).uncounted();
            self.keep_of(again, taken);
        }
        self.keep_of(fresh, taken);
    }

    fn keep_of(&mut self, part: Partial, taken: Stamp) {
        let fresh = self.window.take(part, &self.roll.context);
        self.beats.matters(&fresh);
        self.window.keep(fresh, taken);
    }

    pub(super) fn date(&mut self, now: Stamp, anew: bool) {
        self.window.date(now, anew);
        let feeds = self.strands.values_mut().flat_map(Strand::feeds_mut);
        feeds.for_each(|f| f.marks.date(now, anew));
    }

    /// The newest moment that the uppermost tier tells in these parts.
    fn newest(&self, parts: &[(bool, Partial)]) -> Stamp {
        let any_top = self.roll.context.series.values().any(|r| r.top);
        let counts =
            |file: &FileId| self.roll.context.files.get(file).is_some_and(|f| !any_top || self.roll.is_top(f.series));
        let files = parts.iter().flat_map(|(_, p)| &p.files);
        files.filter(|(id, _)| counts(id)).map(|(_, tally)| tally.last).max().unwrap_or(Stamp::NONE)
    }
}
