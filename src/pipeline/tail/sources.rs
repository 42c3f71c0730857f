//! The logs that a tail follows, as they are shown. In: strands, counts, troubles; out: one entry per log. It must not know
//! what the logs say.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::strand::Strand;
use super::window::Window;
use crate::model::Stamp;
use crate::model::live::LiveSource;
use crate::model::stamp::SECOND;

/// One entry per log, and one for each that cannot be read.
/// `troubles`: what is wrong, by path.
pub fn sources<'s>(
    troubles: &BTreeMap<String, String>,
    strands: impl Iterator<Item = (u64, &'s Strand)>,
    window: &Window,
    context: &Context<'_>,
    wall: Stamp,
) -> Vec<LiveSource> {
    let mut out: BTreeMap<String, LiveSource> = BTreeMap::new();
    for (backlog, strand) in strands {
        let path = strand.opening.found.path.clone();
        let source = out.entry(strand.log_key()).or_default();
        for feed in strand.feeds() {
            let Some(file) = context.files.get(&feed.file) else { continue };
            let series = &context.reading(file.series).series;
            source.format = series.format.lossy().into_owned();
            (source.tier, source.node) = (series.tier.word().into(), series.node.lossy().into_owned());
            let Some(tally) = window.partial.files.get(&feed.file) else { continue };
            source.lines.add(&tally.lines);
            source.behind_s = wall.since(tally.last).map(|us| us as f64 / SECOND as f64).or(source.behind_s);
        }
        source.trouble = troubles.get(&path).cloned().unwrap_or_default();
        source.backlog += backlog;
        source.path = path;
    }
    let strangers = troubles.iter().filter(|(path, _)| !out.values().any(|s| s.path == **path));
    let strangers: Vec<LiveSource> = strangers
        .map(|(path, why)| LiveSource { path: path.clone(), trouble: why.clone(), ..LiveSource::default() })
        .collect();
    out.into_values().chain(strangers).collect()
}
