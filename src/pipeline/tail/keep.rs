//! What is new, handed to the sink, and what nobody needs any more, forgotten. In: the state after a look; out: a delta.
//! It must not judge.

use std::collections::BTreeMap;

use super::super::summary;
use super::intake::Tail;
use super::opening::Again;
use super::strand::Strand;
use crate::error::Result;
use crate::model::sink::LogTraffic;
use crate::model::{SeriesId, Sink, Stamp};

impl Tail<'_> {
    /// Hands over what is new, and forgets what nobody needs any more.
    pub(super) fn keep(&mut self, wall: Stamp, sink: &mut dyn Sink, again: &mut dyn Again) -> Result<()> {
        let now = self.beats.now(wall);
        let oldest = self.window.failures.front().map_or(now, |(taken, _)| (*taken).min(now));
        let rows = oldest - self.settle_us;
        let open = self.window.oldest_open();
        let mut positions = Vec::new();
        for (id, strand) in &mut self.strands {
            if let Some(key) = again.key(*id) {
                positions.extend(strand.position(key, again.path(*id), rows, &open, wall));
            }
        }
        let traffic = summary::traffic(&self.window.partial, &self.roll.context);
        let by_log = self.log_traffic();
        let kept = self.sent.hand_over(sink, &traffic, &by_log, &positions);
        match &kept {
            Ok(()) => {
                self.scene.store_error.clear();
                self.sent.settle_numbers(&mut self.scene);
                self.let_go(rows, now, again);
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
