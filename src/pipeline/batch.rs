//! The batch driver: reads every file of a plan in stages and folds its chunks in parallel. In: a plan; out: one
//! settled `Partial`. It must not know what an event means; it only decides what is read when.
//!
//! Error logs come first and the fetching tier before the next, because what failed above decides which of the
//! requests below are kept.

use std::collections::HashSet;
use std::sync::Mutex;

use rayon::prelude::*;

use super::Job;
use super::chunked::chunks;
use super::context::{Context, Wanted};
use super::fold::fold;
use super::partial::Partial;
use super::plan::{Plan, bears_requests};
use super::rewrites;
use crate::model::report::Span;
use crate::model::{FileId, SeriesId, Stamp, Tier};
use crate::source::{Found, Settings, Trouble};

/// Fetches up to which every request of the next tier is kept.
const KEEP_ALL: usize = 400_000;
/// Healthy fetches that a sample should hold for clocks and coverage.
const SAMPLE: usize = 200_000;

/// Reads and folds everything.
pub fn read(plan: &mut Plan<'_>, job: &Job<'_>) -> Partial {
    let troubles = Mutex::new(std::mem::take(&mut plan.troubles));
    let mut all = stage(plan, job, |c, id| !bears_requests(&c.reading(c.files[&id].series).grammar), &troubles);
    let mut tiers: Vec<Tier> =
        plan.context.series.values().filter(|r| bears_requests(&r.grammar)).map(|r| r.series.tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    for (n, tier) in tiers.iter().enumerate() {
        let wanted = if n == 0 { remembered(&all, *tier, plan, job) } else { wanted(&mut all, *tier, &plan.context) };
        plan.context.wanted.insert(*tier, wanted);
        let this = |c: &Context<'_>, id: FileId| {
            let reading = c.reading(c.files[&id].series);
            reading.series.tier == *tier && bears_requests(&reading.grammar)
        };
        let mut part = stage(plan, job, this, &troubles);
        if n > 0 && is_rewritten(&mut all, &mut part, tiers[n - 1], *tier, &plan.context) {
            // What failed above has other keys here, so that the filter left out what was wanted.
            plan.context.wanted.insert(*tier, Wanted::All);
            part = stage(plan, job, this, &troubles);
        }
        all = all.merge(part, &plan.context);
    }
    plan.troubles = troubles.into_inner().unwrap_or_else(|e| e.into_inner());
    all.settle(&plan.context)
}

/// Which requests of the uppermost tier are kept: those that an error log tells of, and those that could be the other
/// end of a failure of a tier above, stored by an earlier run.
fn remembered(so_far: &Partial, tier: Tier, plan: &Plan<'_>, job: &Job<'_>) -> Wanted {
    let mut keys: HashSet<u64> = note_keys(so_far).collect();
    if plan.begins.is_known() {
        let to = if job.until.is_known() { job.until } else { Stamp(i64::MAX) };
        let stored = (job.history)(Span { from: plan.begins, to }).failures;
        keys.extend(stored.iter().filter(|f| f.tier < tier && f.link.is_none()).map(|f| f.row.key));
    }
    Wanted::Keys { keys, every: 0, errors: errors_wanted(so_far, tier, &plan.context) }
}

/// True when what explains an error of the tier may name no key, or stand in the log that is read only now.
fn errors_wanted(so_far: &Partial, tier: Tier, context: &Context<'_>) -> bool {
    let of_tier = |id: &SeriesId| context.reading(*id).series.tier == tier;
    let tells_both = context.series.values().any(|r| r.series.tier == tier && r.grammar.messages.is_some());
    tells_both || so_far.notes.iter().any(|(id, n)| n.key == 0 && of_tier(id))
}

fn note_keys(partial: &Partial) -> impl Iterator<Item = u64> {
    partial.notes.iter().map(|(_, n)| n.key).filter(|k| *k != 0)
}

/// Which requests of a tier are kept, by what is known of the tiers above and of the error logs.
fn wanted(so_far: &mut Partial, tier: Tier, context: &Context<'_>) -> Wanted {
    let fetches = so_far.fetches.len();
    if fetches <= KEEP_ALL {
        return Wanted::All;
    }
    let keys: HashSet<u64> = note_keys(so_far).chain(so_far.failures.iter().map(|f| f.row.key)).collect();
    Wanted::Keys { keys, every: (fetches / SAMPLE).max(1) as u64, errors: errors_wanted(so_far, tier, context) }
}

/// True when requests were kept by keys and the sample of them shows that the tier above has other keys for its URLs.
fn is_rewritten(above: &mut Partial, part: &mut Partial, upper: Tier, lower: Tier, context: &Context<'_>) -> bool {
    let filtered = matches!(context.wanted.get(&lower), Some(Wanted::Keys { .. }));
    let of = |tier: Tier| move |id: SeriesId| context.reading(id).series.tier == tier;
    filtered && rewrites::learn(&mut above.fetches, &mut part.requests, of(upper), of(lower)).is_some()
}

/// Folds the files that `this` chooses, in parallel, file by file and chunk by chunk.
fn stage(
    plan: &Plan<'_>,
    job: &Job<'_>,
    this: impl Fn(&Context<'_>, FileId) -> bool,
    troubles: &Mutex<Vec<Trouble>>,
) -> Partial {
    let context = &plan.context;
    let files: Vec<(FileId, &Found)> =
        plan.files.iter().filter(|(id, _)| this(context, **id)).map(|(id, f)| (*id, f)).collect();
    files
        .into_par_iter()
        .map(|(id, found)| file(found, id, context, job, troubles))
        .reduce(Partial::empty, |a, b| a.merge(b, context))
}

fn file(found: &Found, id: FileId, context: &Context<'_>, job: &Job<'_>, troubles: &Mutex<Vec<Trouble>>) -> Partial {
    // A file with several logs is read once for each; its trouble and its bytes are told once.
    let told = |t: Trouble| {
        let mut told = troubles.lock().unwrap_or_else(|e| e.into_inner());
        if !told.contains(&t) {
            told.push(t);
        }
    };
    let progress = job.progress.clone().filter(|_| context.counts_file(id));
    let settings = Settings { progress, chunk: job.chunk, ..Settings::default() };
    let chunks = match chunks(found, id, context, &settings) {
        Ok(chunks) => chunks,
        Err(t) => {
            told(t);
            return Partial::empty();
        }
    };
    chunks
        .par_bridge()
        .map(|chunk| match chunk {
            Ok(chunk) => fold(&chunk, context),
            Err(t) => {
                told(t);
                Partial::empty()
            }
        })
        .reduce(Partial::empty, |a, b| a.merge(b, context))
}
