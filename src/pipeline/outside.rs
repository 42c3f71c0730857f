//! Files that lie wholly outside `--since/--until` and need not be read. In: first stamps, glimpses into plain files, the
//! order of rotated ones; out: a plan without those files. What is not certain is read: the report must be the same
//! either way (tests/archives/outside.rs).
//!
//! A plain file shows its last stamp at its end. Of an archive only the beginning is known without unpacking all of it,
//! so it is bounded by the next file of its log, and only where names and contents agree about the order of all of them.
//! Times of modification are not asked: copying changes them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{APART, Context, Reading};
use super::plan::{Plan, bears_requests};
use super::reach::Reach;
use super::{Job, fold};
use crate::frame::Unwrapped;
use crate::grammar::Grammar;
use crate::model::stamp::SECOND;
use crate::model::{FileId, FileInfo, Series, SeriesId, Stamp, Text};
use crate::source::{Chunk, Found, Rotation, samples};

/// Lines are written when something ends, not when it began, and by several threads: so far may they be out of order.
const MARGIN: i64 = 3600 * SECOND;
/// A local time and UTC are at most so far apart.
const ZONES: i64 = 15 * 3600 * SECOND;
/// How many parts of a plain file are looked at, and how large they are.
const PARTS: u64 = 8;
const PART: u64 = 64 << 10;

/// What is known of the time that a file covers.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// First stamp of its head; unknown for one of several logs in a file, which is always read.
    pub first: Stamp,
    /// First and last stamp of a plain file whose parts are in order.
    pub spread: Option<(Stamp, Stamp)>,
    /// Its place among the files of its log, by its name.
    pub rotation: Rotation,
}

/// How a file is read whose log is not known yet.
fn alone(grammar: &Grammar) -> Reading {
    let series = Series {
        id: SeriesId(0),
        tier: grammar.tier,
        node: Text::EMPTY,
        format: Text::EMPTY,
        family: grammar.family,
        local_time: grammar.local_time,
        resolution_us: grammar.resolution_us,
    };
    Reading { series, grammar: grammar.clone(), top: false, fetches_on: false, alone: false, zone_offset_s: None }
}

/// First and last stamp in some lines: folded like any chunk, and thrown away. Transactions that are not whole count.
pub fn stamps(bytes: &[u8], grammar: &Grammar, job: &Job<'_>) -> (Stamp, Stamp) {
    let mut reading = alone(grammar);
    // Wall-clock times are taken as they stand: the zone is not known yet.
    reading.series.local_time = false;
    let id = reading.series.id;
    let file = FileInfo { id: FileId(0), path: Text::EMPTY, series: id, ordinal: 0 };
    let context = Context {
        series: BTreeMap::from([(id, reading)]),
        files: BTreeMap::from([(FileId(0), file)]),
        wraps: BTreeMap::new(),
        rules: job.rules,
        wanted: BTreeMap::new(),
        since: Stamp::NONE,
        until: Stamp::NONE,
        unread: BTreeSet::new(),
        pulses: None,
        small_chunks: false,
    };
    let partial = fold::fold(&Chunk::whole(FileId(0), bytes.to_vec()), &context);
    let open = partial.open.values().flat_map(|piece| [piece.fragments.first_moment(), piece.fragments.last_moment()]);
    let told = partial.files.values().flat_map(|t| [t.first, t.last]);
    let all: Vec<Stamp> = open.chain(told).filter(|s| s.is_known()).collect();
    (all.iter().min().copied().unwrap_or(Stamp::NONE), all.iter().max().copied().unwrap_or(Stamp::NONE))
}

/// First and last stamp of a plain file; `None` when it is packed, or when its parts are not in order of time or show no
/// stamp. Not looked for unless a span was asked for. `reach` is the way to its lines, where they are wrapped.
pub fn spread(found: &Found, grammar: &Grammar, reach: Option<&Reach>, job: &Job<'_>) -> Option<(Stamp, Stamp)> {
    if !job.since.is_known() && !job.until.is_known() {
        return None;
    }
    let mut all: Option<(Stamp, Stamp)> = None;
    let mut log = Unwrapped::default();
    for part in samples(found, PARTS, PART)? {
        let lines = reach.map_or(&part[..], |reach| {
            reach.fill(&mut log, &part, true);
            log.bytes()
        });
        let (first, last) = stamps(lines, grammar, job);
        if !first.is_known() || all.is_some_and(|(_, before)| before > first + MARGIN) {
            return None;
        }
        all = Some(all.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
    }
    all
}

/// Takes the files that need not be read out of the plan.
pub fn leave_out(plan: &mut Plan<'_>) {
    let context = &plan.context;
    let mut by_series: BTreeMap<SeriesId, Vec<FileId>> = BTreeMap::new();
    for (id, info) in &context.files {
        by_series.entry(info.series).or_default().push(*id);
    }
    let mut out: BTreeSet<FileId> = BTreeSet::new();
    for (series, mut files) in by_series {
        files.sort_by_key(|id| context.files[id].ordinal);
        let extents: Vec<Extent> = files.iter().map(|id| plan.extents[id]).collect();
        let skipped = skipped(&extents, context.reading(series), context);
        out.extend(files.iter().zip(skipped).filter(|(_, s)| *s).map(|(id, _)| *id));
    }
    plan.outside =
        out.iter().map(|id| (context.reading(context.files[id].series).top, plan.extents[id].first)).collect();
    plan.context.unread =
        out.iter().map(|id| (plan.context.files[id].series, plan.context.files[id].ordinal)).collect();
    plan.files.retain(|id, _| !out.contains(id));
    plan.recognised.retain(|r| !out.contains(&r.file));
}

/// Which files of a series need not be read, oldest first.
fn skipped(files: &[Extent], reading: &Reading, context: &Context<'_>) -> Vec<bool> {
    let slack = match slack(reading, context) {
        Some(slack) => slack + MARGIN,
        None => return vec![false; files.len()],
    };
    let rotated = files.len() > 1
        && files.iter().all(|f| f.first.is_known())
        && files.windows(2).all(|w| w[0].rotation < w[1].rotation && w[0].first <= w[1].first);
    let lies_outside = |n: usize| {
        let next = files.get(n + 1).map_or(Stamp::NONE, |f| f.first);
        let (from, to) = match files[n].spread {
            Some((from, to)) => (from.min(files[n].first), to),
            None if rotated => (files[n].first, next),
            None => (Stamp::NONE, Stamp::NONE),
        };
        let before = context.since.is_known() && to.is_known() && to + slack < context.since;
        let after = context.until.is_known() && from.is_known() && from - slack > context.until;
        before || after
    };
    let out: Vec<bool> = (0..files.len()).map(lies_outside).collect();
    if !reading.grammar.framing.is_vsl() {
        return out;
    }
    // A transaction may begin in one file and end in the next: the neighbours of what is read are read.
    let beside = |n: usize| n.checked_sub(1).is_none_or(|m| out[m]) && out.get(n + 1).is_none_or(|o| *o);
    (0..out.len()).map(|n| out[n] && beside(n)).collect()
}

/// How far outside of the span lines of a series still matter; `None` when all do.
fn slack(reading: &Reading, context: &Context<'_>) -> Option<i64> {
    if bears_requests(&reading.grammar) {
        return Some(context.slack(reading));
    }
    // Messages are not left out by their time: they go to the lines of the access log beside them, whatever zone theirs
    // is, and where there is none they are counted.
    let own = &reading.series;
    let beside = context.series.values().any(|r| bears_requests(&r.grammar) && r.series.tier == own.tier);
    beside.then_some(if own.local_time { APART + ZONES } else { APART })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::series_key;

    fn extents(names: &[(&str, i64)]) -> Vec<Extent> {
        let extent = |(name, hour): &(&str, i64)| Extent {
            first: Stamp(hour * 3600 * SECOND),
            spread: None,
            rotation: series_key(name).1,
        };
        names.iter().map(extent).collect()
    }

    fn left_out(files: &[Extent], since: i64, until: i64, format: &str, top: bool) -> Vec<bool> {
        let library = crate::grammar::Library::embedded();
        let reading = Reading { top, ..alone(library.get(format).expect("a known format")) };
        let at = |hour: i64| if hour == 0 { Stamp::NONE } else { Stamp(hour * 3600 * SECOND) };
        let context = Context {
            series: BTreeMap::new(),
            files: BTreeMap::new(),
            wraps: BTreeMap::new(),
            rules: crate::classify::Rules::embedded(),
            wanted: BTreeMap::new(),
            since: at(since),
            until: at(until),
            unread: BTreeSet::new(),
            pulses: None,
            small_chunks: false,
        };
        skipped(files, &reading, &context)
    }

    const DAYS: [(&str, i64); 5] =
        [("a.log.4.gz", 24), ("a.log.3.gz", 48), ("a.log.2.gz", 72), ("a.log.1", 96), ("a.log", 120)];

    #[test]
    fn archives_are_bounded_by_the_next_file_of_their_log() {
        let files = extents(&DAYS);
        assert_eq!(left_out(&files, 80, 0, "nginx-combined", true), [true, true, false, false, false]);
        assert_eq!(left_out(&files, 0, 80, "nginx-combined", true), [false, false, false, true, true]);
        assert_eq!(left_out(&files, 72, 0, "nginx-combined", true), [true, false, false, false, false], "the margin");
        assert_eq!(
            left_out(&files, 200, 0, "nginx-combined", true),
            [true, true, true, true, false],
            "no end is known"
        );
        assert_eq!(left_out(&files, 0, 0, "nginx-combined", true), [false; 5]);
    }

    #[test]
    fn clocks_of_lower_tiers_may_be_a_day_apart() {
        assert_eq!(left_out(&extents(&DAYS), 125, 0, "nginx-combined", false), [true, true, true, false, false]);
        assert_eq!(left_out(&extents(&DAYS), 98, 0, "nginx-combined", false), [true, false, false, false, false]);
    }

    #[test]
    fn the_neighbours_of_a_varnishlog_that_is_read_are_read() {
        assert_eq!(left_out(&extents(&DAYS), 106, 0, "varnishlog", true), [true, true, false, false, false]);
    }

    #[test]
    fn where_names_and_contents_disagree_archives_are_read() {
        let mut renamed = DAYS;
        renamed[0].0 = "a.log.2.gz";
        assert_eq!(left_out(&extents(&renamed), 110, 0, "nginx-combined", true), [false; 5]);
        assert_eq!(left_out(&extents(&DAYS[..1]), 110, 0, "nginx-combined", true), [false], "a lone archive");
        // The end of a plain file is known without its neighbours.
        let mut files = extents(&renamed);
        files[3].spread = Some((Stamp(96 * 3600 * SECOND), Stamp(97 * 3600 * SECOND)));
        assert_eq!(left_out(&files, 110, 0, "nginx-combined", true), [false, false, false, true, false]);
    }

    #[test]
    fn an_error_log_without_an_access_log_beside_it_is_read() {
        assert_eq!(left_out(&extents(&DAYS), 500, 0, "nginx-error", false), [false; 5]);
    }
}
