//! Every fetching tier against the next one. In: settled state; out: links on failures, notes on requests, clocks,
//! coverage. It must not know how a line is found; that is the room `link`. This loads the partitions and carries
//! results back to the failures they belong to.

use std::collections::{BTreeMap, HashMap};

use super::Job;
use super::circumstances::Loads;
use super::context::Context;
use super::partial::Partial;
use super::rewrites;
use crate::link::{
    Clock, Coverage, Finding, NoteSeries, Rewrites, SeriesTraits, attach, by_client, clocks, link as solve,
};
use crate::model::report::ClockOffset;
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;
use crate::model::{Failure, FetchRow, FileId, Link, Locator, Method, Note, RequestRow, SeriesId, Stamp, Text, Tier};
use crate::trigger::{Case, Contrast};

/// Rows of either side that vote for the clock at most.
const VOTERS: usize = 2_000_000;
/// Series from here on are those of failures that came from the store: one per node, counted down from the end.
pub const STORED: SeriesId = SeriesId(u32::MAX - 100_000);

/// What linking found beside the links.
#[derive(Debug, Default)]
pub struct Linked {
    /// Clocks by pair of series.
    pub clocks: BTreeMap<(SeriesId, SeriesId), Clock>,
    /// Which backends are covered by the next tier's logs.
    pub coverage: Coverage,
    /// The request row of each linked failure, by index.
    pub rows: HashMap<usize, RequestRow>,
    /// Notes by the line they belong to.
    pub notes: HashMap<(FileId, u64), Vec<Note>>,
    /// Zone found for each error log, microseconds to subtract.
    pub zones: BTreeMap<SeriesId, i64>,
    /// Load of the URL groups that have failures.
    pub loads: Loads,
    /// Healthy fetches of the minutes in which something failed.
    pub contrast: Contrast,
    /// Rewrites of URLs between two tiers, in words.
    pub rewrites: Vec<String>,
}

impl Linked {
    /// How far the clock of a series is from that of the tier above, in the middle of the log, microseconds. Where
    /// several nodes fetch from it their own clocks differ by less than matters to who asks this.
    pub fn offset_of(&self, series: SeriesId) -> i64 {
        let offsets: Vec<i64> =
            self.clocks.iter().filter(|((_, to), _)| *to == series).map(|(_, c)| c.middle()).collect();
        offsets.get(offsets.len() / 2).copied().unwrap_or(0)
    }
}

/// Links. Sets link and candidates of every failure that sent something.
pub fn link(
    failures: &mut [Failure],
    partial: &mut Partial,
    context: &Context<'_>,
    job: &Job<'_>,
    remembered: &[ClockOffset],
) -> Linked {
    let failing = failures.iter().filter(|f| !f.stored && f.told_in.is_none()).map(|f| Case::of(&f.row));
    let mut linked = Linked { loads: Loads::of(failures), contrast: Contrast::of(failing), ..Linked::default() };
    let of = partial.fetches.partitions().max(partial.requests.partitions());
    for n in 0..of {
        let (twins, repeats) = (&partial.twins, &partial.fetch_twins);
        let (loads, contrast) = (&mut linked.loads, &mut linked.contrast);
        partial.fetches.visit(n, of, |row| {
            if !twins.contains(&row.series) && !repeats.contains(&row.series) {
                loads.add(row);
                if row.flags & FetchRow::FAILED == 0 {
                    contrast.add(Case::of(row));
                }
            }
        });
    }
    linked.loads.settle();
    attach_notes(&mut linked, partial, context, job, of);
    let mut tiers: Vec<Tier> = context.series.values().map(|r| r.series.tier).collect();
    tiers.extend(failures.iter().filter(|f| f.stored).map(|f| f.tier));
    tiers.sort_unstable();
    tiers.dedup();
    for pair in tiers.windows(2) {
        link_pair(&mut linked, failures, partial, context, job, remembered, (pair[0], pair[1]), of);
    }
    linked
}

/// Error-log messages to the rows of the access logs of the same tier: of the same node first.
fn attach_notes(linked: &mut Linked, partial: &mut Partial, context: &Context<'_>, job: &Job<'_>, of: usize) {
    let keys: std::collections::HashSet<u64> = partial.notes.iter().map(|(_, n)| n.key).collect();
    let clients: std::collections::HashSet<u32> =
        partial.notes.iter().filter(|(_, n)| n.key == 0 && n.client != 0).map(|(_, n)| n.client).collect();
    let is_error = |r: &RequestRow| r.status >= 500 || r.status < 100;
    let may_fit = |r: &RequestRow| keys.contains(&r.key) || (is_error(r) && clients.contains(&r.peer()));
    let rows: Vec<RequestRow> = (0..of).flat_map(|n| partial.requests.load(n, of, may_fit)).collect();
    let mut by_series: BTreeMap<SeriesId, Vec<Note>> = BTreeMap::new();
    for (id, note) in &partial.notes {
        by_series.entry(*id).or_default().push(*note);
    }
    for (id, notes) in by_series {
        let own = &context.reading(id).series;
        let beside = |same_node: bool| -> Vec<RequestRow> {
            let fits = |r: &&RequestRow| {
                context
                    .series
                    .get(&r.series)
                    .is_some_and(|a| a.series.tier == own.tier && (!same_node || a.series.node == own.node))
            };
            rows.iter().filter(fits).copied().collect()
        };
        let mut candidates = beside(true);
        if candidates.is_empty() {
            candidates = beside(false);
        }
        let access = context.series.values().find(|a| a.series.node == own.node && a.zone_offset_s.is_some());
        let stated = job.log_zones.iter().find(|(n, _)| n.as_ref().is_none_or(|n| *n == own.node.lossy()));
        let series = NoteSeries {
            notes: &notes,
            local_time: own.local_time && stated.is_none(),
            zone_hint_us: access.and_then(|a| a.zone_offset_s).map(|s| i64::from(s) * SECOND),
        };
        let given = stated.map_or(0, |(_, s)| i64::from(*s) * SECOND);
        let shifted: Vec<Note> = notes.iter().map(|n| Note { time: n.time - given, ..*n }).collect();
        let (shift, found) = attach(NoteSeries { notes: &shifted, ..series }, &candidates);
        linked.zones.insert(id, shift + given);
        let mut errors: HashMap<u32, Vec<&RequestRow>> = HashMap::new();
        for r in candidates.iter().filter(|r| is_error(r)) {
            errors.entry(r.peer()).or_default().push(r);
        }
        let of_client = |note: &Note, time: Stamp| {
            let errors = errors.get(&note.client).filter(|_| note.key == 0 && note.client != 0)?;
            by_client(note, time.0 - shift, errors).map(|i| errors[i])
        };
        if context.reading(id).alone {
            // The message is the line of the fetch itself.
            notes.iter().for_each(|n| linked.notes.entry((n.at.file, n.at.offset)).or_default().push(*n));
        }
        for ((note, shifted), row) in notes.iter().zip(&shifted).zip(found) {
            if let Some(r) = row.map(|i| &candidates[i]).or_else(|| of_client(note, shifted.time)) {
                linked.notes.entry((FileId(r.file), r.offset)).or_default().push(*note);
            }
        }
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one settled state, borrowed apart
fn link_pair(
    linked: &mut Linked,
    failures: &mut [Failure],
    partial: &mut Partial,
    context: &Context<'_>,
    job: &Job<'_>,
    remembered: &[ClockOffset],
    (upper, lower): (Tier, Tier),
    of: usize,
) {
    let twins = partial.twins.clone();
    let repeats = partial.fetch_twins.clone();
    let tier_of = |id: SeriesId| context.series.get(&id).filter(|_| !twins.contains(&id)).map(|r| r.series.tier);
    let fetches_at = |id: SeriesId| tier_of(id).filter(|_| !repeats.contains(&id));
    let [series, fetching] = [lower, upper].map(|tier| -> BTreeMap<SeriesId, SeriesTraits> {
        let bears = context.series.values().filter(|r| r.series.tier == tier && super::bears_requests(&r.grammar));
        bears.map(|r| (r.series.id, SeriesTraits { resolution_us: r.series.resolution_us })).collect()
    });
    if series.is_empty() {
        return;
    }
    let stored: Vec<FetchRow> = failures
        .iter()
        .filter(|f| f.stored && f.tier == upper && f.link.is_none())
        .map(|f| f.row)
        .filter(FetchRow::is_timed)
        .collect();
    let rewrites = rewrites::learn(
        &mut partial.fetches,
        &mut partial.requests,
        |id| fetches_at(id) == Some(upper),
        |id| tier_of(id) == Some(lower),
    );
    linked.rewrites.extend(rewrites.iter().flat_map(|r| rewrites::words(r, context)));
    let rewrites = rewrites.unwrap_or_default();
    // Spilled rows are cut by key: with other keys they are cut anew.
    let mut cut = (of > 1 && !rewrites.found.is_empty()).then(|| {
        let fetches = rewrites::mapped(&mut partial.fetches, |f| rewrites.fetch(f));
        (fetches, rewrites::mapped(&mut partial.requests, |r| rewrites.request(r)))
    });
    let (asked, answered) = match &mut cut {
        Some((fetches, requests)) => (fetches, requests),
        None => (&mut partial.fetches, &mut partial.requests),
    };
    let mut index = index(failures, &rewrites);
    let none = BTreeMap::new();
    let mut pair_clocks: Option<BTreeMap<(SeriesId, SeriesId), Clock>> = None;
    let (fetch_rows, request_rows) = (asked.len().max(1), answered.len().max(1));
    let every = |rows: usize| (rows / VOTERS + 1) as u64;
    let sample = every(fetch_rows).max(every(request_rows));
    for n in 0..of {
        let mut fetches = asked.load(n, of, |f| fetches_at(f.series) == Some(upper));
        fetches.extend(stored.iter().filter(|f| of == 1 || (f.key >> 58) as usize % 64 == n));
        let mut requests = answered.load(n, of, |r| tier_of(r.series) == Some(lower));
        if of == 1 && !rewrites.found.is_empty() {
            fetches.iter_mut().for_each(|f| *f = rewrites.fetch(f));
            requests.iter_mut().for_each(|r| *r = rewrites.request(r));
        }
        if pair_clocks.is_none() {
            let mut found = if of == 1 {
                clocks(&fetches, &requests, &series, &fetching)
            } else {
                let keep = |key: u64| key.is_multiple_of(sample);
                let sampled = |n| asked.load(n, of, |f| keep(f.key) && fetches_at(f.series) == Some(upper));
                let f: Vec<FetchRow> = (0..of).flat_map(sampled).chain(stored.iter().copied()).collect();
                let sampled = |n| answered.load(n, of, |r| keep(r.key) && tier_of(r.series) == Some(lower));
                let r: Vec<RequestRow> = (0..of).flat_map(sampled).collect();
                clocks(&f, &r, &series, &fetching)
            };
            state_clocks(&mut found, context, failures, job, remembered, (upper, &series));
            pair_clocks = Some(found);
        }
        let known = pair_clocks.as_ref().unwrap_or(&none);
        let result = solve(&fetches, &requests, known, &series);
        linked.coverage.absorb(result.coverage);
        carry_back(linked, failures, &mut index, &fetches, &requests, &result.findings, known);
    }
    linked.clocks.extend(pair_clocks.unwrap_or_default());
}

/// Clocks that the user stated, or that an earlier run learnt for logs that are not here now.
fn state_clocks(
    found: &mut BTreeMap<(SeriesId, SeriesId), Clock>,
    context: &Context<'_>,
    failures: &[Failure],
    job: &Job<'_>,
    remembered: &[ClockOffset],
    (upper, series): (Tier, &BTreeMap<SeriesId, SeriesTraits>),
) {
    let mut from: Vec<(SeriesId, Text)> =
        context.series.values().filter(|r| r.series.tier == upper).map(|r| (r.series.id, r.series.node)).collect();
    let stored: BTreeMap<SeriesId, Text> =
        failures.iter().filter(|f| f.stored && f.tier == upper).map(|f| (f.series, f.node)).collect();
    from.extend(stored);
    for to in series.keys() {
        let node = context.reading(*to).series.node;
        let stated = job.offsets.iter().find(|(name, _)| *name == node.lossy());
        for (id, own) in &from {
            if let Some((_, us)) = stated {
                found.insert((*id, *to), Clock::given(*us, SECOND / 10, 1_000));
                continue;
            }
            let same = |c: &&ClockOffset| c.to == node.lossy() && c.from == own.lossy();
            if let Some(c) = remembered.iter().find(same).filter(|_| *id >= STORED) {
                let us = |ms: f64| (ms * 1000.0) as i64;
                found.insert((*id, *to), Clock::given(us(c.offset_ms), us(c.error_ms).max(50_000), c.pairs as usize));
            }
        }
    }
}

/// Failures by what their rows say, the last first: a line log with coarse stamps may say the same of several.
type Index = HashMap<FetchRow, Vec<usize>>;

fn index(failures: &[Failure], rewrites: &Rewrites) -> Index {
    let mut order: Vec<usize> = (0..failures.len()).collect();
    order.sort_unstable_by_key(|n| std::cmp::Reverse((failures[*n].at.file, failures[*n].at.offset)));
    let mut out = Index::new();
    for n in order {
        out.entry(rewrites.fetch(&failures[n].row)).or_default().push(n);
    }
    out
}

fn carry_back(
    linked: &mut Linked,
    failures: &mut [Failure],
    index: &mut Index,
    fetches: &[FetchRow],
    requests: &[RequestRow],
    findings: &[Finding],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
) {
    for (row, finding) in fetches.iter().zip(findings).filter(|(r, _)| r.flags & FetchRow::FAILED != 0) {
        let Some(n) = index.get_mut(row).and_then(Vec::pop) else { continue };
        failures[n].candidates = finding.candidates;
        let Some(m) = finding.found else { continue };
        let r = &requests[m.request];
        let clock = clocks.get(&(row.series, r.series));
        let ended = clock.map_or(r.end - m.offset_us, |c| c.ours(r.end));
        failures[n].link = Some(Link {
            at: Locator { file: FileId(r.file), offset: r.offset, len: 0, line: r.line },
            status: r.status,
            duration_us: (r.duration != NOT_LOGGED).then_some(i64::from(r.duration)),
            ended: Stamp(ended),
            // Who does not say when it gave up cannot say what came too late.
            late_us: Stamp(ended).since(failures[n].gave_up).filter(|_| row.flags & FetchRow::START_ONLY == 0),
            method: if m.by_id { Method::Id } else { Method::Time },
            confidence: m.confidence,
            offset_us: m.offset_us,
        });
        linked.rows.insert(n, *r);
    }
}
