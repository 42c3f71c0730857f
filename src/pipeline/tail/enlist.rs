//! Logs become known: their format, their node, their place in the tables. In: files that were opened and what has come of
//! them; out: feeds, and what an earlier run counted of them. It must not fold anything.

use std::collections::HashMap;

use rayon::prelude::*;

use super::super::context::Context;
use super::super::known::{Known, recognise};
use super::super::partial::Partial;
use super::feed::Feed;
use super::intake::Tail;
use super::recall::from_byte;
use super::strand::Strand;
use crate::model::sink::LogTraffic;
use crate::model::{SeriesId, Stamp};
use crate::source::node_names;

impl Tail<'_> {
    /// Recognises the logs that have come since, all together: what a node is called depends on its siblings.
    pub(super) fn recognise(&mut self, wall: Stamp) {
        let asked: Vec<u32> = self.strands.iter().filter(|(_, s)| s.asks(wall)).map(|(id, _)| *id).collect();
        if asked.is_empty() {
            return;
        }
        let nodes = self.nodes();
        let job = &self.job;
        let look = |id: &u32| {
            let strand = &self.strands[id];
            let by_path = recognise(&strand.found(), job);
            // By now the name may be that of another file, or of none.
            let is_clear = by_path.as_ref().is_ok_and(|looked| !looked.logs.is_empty());
            let by_content = strand.come().filter(|_| !is_clear).and_then(|come| recognise(&come, job).ok());
            (*id, by_content.map_or(by_path, Ok))
        };
        let looked: Vec<_> = asked.par_iter().map(look).collect();
        let (mut known, mut of, mut apart): (Vec<Known>, Vec<u32>, Vec<bool>) = Default::default();
        for (id, looked) in looked {
            let Some(strand) = self.strands.get_mut(&id) else { continue };
            match looked {
                Ok(looked) if looked.logs.is_empty() => strand.wait(wall),
                Ok(looked) => {
                    for k in looked.logs {
                        let key = if k.sender.is_empty() { strand.log_key() } else { k.key.clone() };
                        let of_file = nodes.get(&id).cloned().unwrap_or_default();
                        known.push(Known { of_file, key, ..k });
                        of.push(id);
                        apart.push(strand.opening.after_gap);
                    }
                }
                Err(trouble) => {
                    if strand.refuse(wall) {
                        self.scene.trouble(&strand.opening.found.path, Some(&trouble));
                    }
                }
            }
        }
        self.enlist(known, &of, &apart);
    }

    /// What the node of each file is called. A log keeps the name that it got first, from an earlier run perhaps,
    /// whatever comes beside it.
    fn nodes(&mut self) -> HashMap<u32, String> {
        let logs: Vec<&str> = self.strands.values().map(|s| s.opening.log.as_str()).collect();
        let names = node_names(&logs);
        let named = self.strands.iter().zip(names);
        named.map(|((id, s), name)| (*id, self.named.entry(s.log_key()).or_insert(name).clone())).collect()
    }

    fn enlist(&mut self, known: Vec<Known>, of: &[u32], apart: &[bool]) {
        if known.is_empty() {
            return;
        }
        let keys: Vec<String> = known.iter().map(|k| k.key.clone()).collect();
        let top = self.roll.top();
        let files = self.roll.enlist(known, apart, &self.job);
        if self.roll.top() != top {
            self.beats.forget();
            self.date(Stamp::NONE, true);
        }
        for ((file, id), key) in files.into_iter().zip(of).zip(keys) {
            let Some(strand) = self.strands.get_mut(id) else { continue };
            self.places.insert(file, *id);
            let o = &strand.opening;
            let mut feed = Feed::new(file, o.from, o.lines_before, o.counted, &strand.head(), &self.roll.context);
            feed.key = key;
            feed.earlier = from_byte(&o.taken, o.from, o.lines_before);
            if o.from > 0 {
                let tally = self.window.partial.file(file);
                tally.chunks.insert(0, (0, o.lines_before));
            }
            if !o.stream {
                let series = self.roll.context.files[&file].series;
                count_on(&mut self.by_log, &mut self.window.partial, &self.roll.context, series, &feed.key);
            }
            self.scene.trouble(&strand.opening.found.path, None);
            strand.know(feed);
        }
        self.strands.values_mut().for_each(Strand::begin);
    }
}

/// Counts on where an earlier run stopped.
fn count_on(by_log: &mut Vec<LogTraffic>, partial: &mut Partial, context: &Context<'_>, id: SeriesId, key: &str) {
    let series = &context.reading(id).series;
    let is_it = |t: &LogTraffic| t.log == key && t.tier == series.tier.word() && t.node == series.node.lossy();
    if let Some(n) = by_log.iter().position(is_it) {
        let before = by_log.swap_remove(n);
        let minutes = partial.traffic.entry(id).or_default();
        before.minutes.iter().for_each(|(at, m)| minutes.entry(*at).or_default().add(m));
    }
}
