//! How far back a tail would have to read again. In: the window; out: the oldest byte of each file that an open
//! transaction or a failure that is not settled needs, with the number of its line. It must not know where that is kept.

use std::collections::HashMap;

use super::window::Window;
use crate::model::{FileId, Locator};

/// An open transaction holds the low watermark back by so many bytes at most.
const HELD_BACK: u64 = 64 << 20;

impl Window {
    /// Lines are numbered by sums over the chunks of their file; those before `offset` need no numbers of their own.
    pub fn fold_tally(&mut self, file: FileId, offset: u64) {
        let Some(tally) = self.partial.files.get_mut(&file) else { return };
        // The chunk that holds the offset keeps its own beginning.
        let Some(start) = tally.chunks.range(..=offset).next_back().map(|(at, _)| *at) else { return };
        let after = tally.chunks.split_off(&start);
        let mut before = std::mem::replace(&mut tally.chunks, after).into_iter();
        if let Some((at, (dropped, newlines))) = before.next() {
            let rest: u64 = before.map(|(_, (dropped, newlines))| dropped + newlines).sum();
            tally.chunks.insert(at, (dropped, newlines + rest));
        }
    }

    /// Forgets a file that nothing points into any more.
    pub fn forget_file(&mut self, file: FileId) {
        self.partial.files.remove(&file);
    }

    /// Where the transaction of a file begins that began first, of those that are open or failed and are not settled:
    /// its byte, and the newlines before it.
    pub fn oldest_needed(&self) -> HashMap<FileId, (u64, u64)> {
        let mut oldest: HashMap<FileId, Locator> = HashMap::new();
        let end = |file| self.partial.files.get(&file).and_then(|t| t.chunks.last_key_value()).map_or(0, |(at, _)| *at);
        let mut seen = |at: Locator| {
            let first = oldest.entry(at.file).or_insert(at);
            if at.offset < first.offset {
                *first = at;
            }
        };
        let near = |at: &Locator| at.offset + HELD_BACK > end(at.file);
        self.partial.open.values().for_each(|piece| piece.fragments.begun().filter(near).for_each(&mut seen));
        let failed = self.failures.iter().filter(|(_, f)| f.vxid != 0).map(|(_, f)| f.at);
        failed.filter(near).for_each(&mut seen);
        let lines = |at: &Locator| {
            let first_lines = self.partial.files.get(&at.file)?.first_lines();
            let (_, first) = first_lines.range(..=at.offset).next_back()?;
            Some(first - 1 + u64::from(at.line))
        };
        oldest.into_iter().filter_map(|(file, at)| Some((file, (at.offset, lines(&at)?)))).collect()
    }
}
