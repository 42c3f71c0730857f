//! What is new is handed over, with the place up to which it was read, and what nobody needs any more is let go. In: the
//! window and what a look has seen; out: a delta, and less to hold. It must not know what the sink does with it.

use std::collections::BTreeMap;

use super::again::Again;
use super::intake::Tail;
use super::strand::Strand;
use crate::error::Result;
use crate::model::sink::LogTraffic;
use crate::model::{Position, SeriesId, Sink, Stamp};

impl Tail<'_> {
    /// Hands over what is new, and forgets what nobody needs any more.
    pub(super) fn keep(&mut self, wall: Stamp, sink: &mut dyn Sink, again: &mut dyn Again) -> Result<()> {
        let now = self.beats.now(wall);
        let oldest = self.window.failures.front().map_or(now, |(taken, _)| (*taken).min(now));
        let rows = oldest - self.settle_us;
        let needed = self.window.oldest_needed();
        let mut positions: Vec<Position> = Vec::new();
        for (id, strand) in &mut self.strands {
            let key = again.key(*id);
            let position = key.and_then(|key| strand.position(key, again.path(*id), rows, &needed, now, wall));
            position.into_iter().for_each(|position| note(&mut positions, position));
        }
        let traffic = super::super::summary::traffic(&self.window.partial, &self.roll.context);
        let hours = super::super::hours::hours(&self.window.partial, &self.roll.context);
        let by_log = self.log_traffic();
        let kept = self.sent.hand_over(sink, &traffic, &hours, &by_log, &positions);
        match &kept {
            Ok(()) => {
                self.scene.store_error.clear();
                self.sent.settle_numbers(&mut self.scene);
                self.let_go(rows, now, again);
                let (past, context) = (&self.past.failures, &self.roll.context);
                self.texts.turn(wall, &self.window, &self.frozen, past, context);
            }
            Err(e) => self.scene.store_error.clone_from(&e.message),
        }
        self.beats.kept(wall);
        kept
    }

    fn log_traffic(&self) -> Vec<LogTraffic> {
        let mut out: BTreeMap<SeriesId, LogTraffic> = BTreeMap::new();
        let feeds = self.strands.values().filter(|s| !s.opening.stream).flat_map(Strand::feeds);
        for feed in feeds {
            let Some(file) = self.roll.context.files.get(&feed.file) else { continue };
            let Some(minutes) = self.window.partial.traffic.get(&file.series) else { continue };
            let series = &self.roll.context.reading(file.series).series;
            out.entry(file.series).or_insert_with(|| LogTraffic {
                tier: series.tier.word().into(),
                node: series.node.lossy().into_owned(),
                log: feed.key.clone(),
                minutes: minutes.clone(),
            });
        }
        out.into_values().collect()
    }

    fn let_go(&mut self, rows: Stamp, now: Stamp, again: &mut dyn Again) {
        /// Coverage of a backend is judged by what its fetches found so long before.
        const AROUND: i64 = 5 * crate::model::stamp::MINUTE;
        let (scene, context) = (&mut self.scene, &self.roll.context);
        self.window.forget(rows - AROUND, now, &mut |id, minute, pulse| scene.add_up(id, minute, pulse, context));
        self.frozen.forget(now);
        self.sent.forget(&self.frozen, &self.window);
        let done: Vec<u32> = self.strands.iter().filter(|(_, s)| s.is_done()).map(|(id, _)| *id).collect();
        for strand in self.strands.values() {
            for feed in strand.feeds() {
                self.window.fold_tally(feed.file, strand.low);
            }
        }
        for id in done {
            if let Some(strand) = self.strands.remove(&id) {
                for feed in strand.feeds() {
                    self.window.forget_file(feed.file);
                    self.roll.forget(feed.file);
                    self.places.remove(&feed.file);
                }
                again.release(id);
            }
        }
    }
}

/// Notes a position. What was written late to a file that had ended is a generation of its own, but the same file.
fn note(positions: &mut Vec<Position>, p: Position) {
    let Some(before) = positions.iter_mut().find(|before| before.key == p.key) else { return positions.push(p) };
    let low = (before.low, before.low_lines).min((p.low, p.low_lines));
    let (counted, finished) = (before.counted.max(p.counted), before.finished && p.finished);
    *before = Position { low: low.0, low_lines: low.1, counted, finished, ..p };
}
