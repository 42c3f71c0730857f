//! The corridor: fold, merge, link, refine, group, report. In: found files and what the user said; out: an `Analysis`.
//!
//! This is the only room that walks into other rooms (never into `store` and `view`). One pipeline serves batch and,
//! later, tail and cluster: everything left of [`Partial`] is a pure function of one chunk; everything right of it
//! works on merged state. It must not know SQL, screens, or the command line.

mod absorb;
mod alone;
mod batch;
mod beside;
mod chunked;
mod circumstances;
mod conclude;
mod context;
mod copies;
mod deepest;
mod early;
mod encode;
mod flags;
mod fold;
mod hours;
mod impact;
mod inside;
mod known;
mod limits;
mod linking;
mod lookup;
mod outside;
mod partial;
mod plan;
mod pulses;
mod quotes;
mod reach;
mod refine;
mod rewrites;
mod rows;
mod splice;
mod spoken;
mod story;
mod stream;
mod summary;
mod tail;
mod triggers;
mod twice;
mod twins;
mod writers;
mod zones;

use std::collections::HashMap;
use std::sync::Arc;

use crate::classify::Rules;
use crate::grammar::Library;
use crate::model::report::ClockOffset;
use crate::model::{
    BackendHour, Decisions, Evidence, Failure, FileId, Group, NodeTraffic, Remembered, Report, SeriesId, Stamp, report,
};
use crate::source::{Found, Progress, Trouble};

pub use chunked::chunks;
pub use context::{Context, Reading, Wanted};
pub use encode::Encode;
pub use fold::fold;
pub use inside::{Log, Logs, logs};
pub use known::stops;
pub use lookup::{Looked, lookup};
pub use partial::Partial;
pub use plan::{Plan, bears_requests, plan};
pub use reach::{Reach, Split};
pub use story::safe_advice;
pub use stream::{Stream, Streamed, stream};
pub use summary::worst_first;
pub use tail::{Again, Opening, Settings as TailSettings, Tail};

/// A format that the user named, for all files or for those whose path matches.
#[derive(Clone, Debug)]
pub struct Forced {
    /// Name of the grammar.
    pub name: String,
    /// Pattern of the paths it is for; `None` for all.
    pub paths: Option<glob::Pattern>,
}

impl Forced {
    /// True when it is meant for that path.
    pub fn fits(&self, path: &str) -> bool {
        self.paths.as_ref().is_none_or(|p| p.matches(path))
    }
}

/// What the store remembers of the time that a run covers.
#[derive(Debug, Default)]
pub struct History {
    /// Stored failures of that time, and all others of their incidents.
    pub failures: Vec<Failure>,
    /// The proof of those failures.
    pub evidence: HashMap<u64, Evidence>,
    /// Stored clocks.
    pub clocks: Vec<ClockOffset>,
    /// Failures of this very run whose judgement is final, and that are grouped with the others.
    pub frozen: Vec<Failure>,
    /// Client 5xx and crawlers' 5xx of those.
    pub harm: HashMap<u64, (u64, u64)>,
    /// Changes and incidents of other times.
    pub remembered: Arc<Remembered>,
    /// What people decided about stored incidents.
    pub decisions: Decisions,
}

/// Asks the store for what it remembers of a span of time.
pub type AskHistory<'a> = dyn Fn(report::Span) -> History + Sync + 'a;

/// What to do.
#[derive(Clone)]
pub struct Job<'a> {
    /// Files to read.
    pub files: Vec<Found>,
    /// Formats that the user named; the first that fits counts.
    pub formats: Vec<Forced>,
    /// Known formats.
    pub known: &'a Library,
    /// Cause rules.
    pub rules: &'a Rules,
    /// Only events from here on count.
    pub since: Stamp,
    /// Only events up to here count.
    pub until: Stamp,
    /// Longest silence inside an incident, microseconds.
    pub gap_us: i64,
    /// Threads; 0 for one per processor.
    pub jobs: usize,
    /// Bytes per chunk, roughly.
    pub chunk: usize,
    /// Zones of logs without one: node (all when `None`) and seconds east of UTC.
    pub log_zones: Vec<(Option<String>, i32)>,
    /// Clock offsets that the user states: node and its clock minus the true one, microseconds.
    pub offsets: Vec<(String, i64)>,
    /// Counts bytes read.
    pub progress: Option<Arc<Progress>>,
    /// Asks the store.
    pub history: &'a AskHistory<'a>,
}

/// What a file was taken for.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// The file.
    pub file: FileId,
    /// Its series.
    pub series: SeriesId,
    /// How sure.
    pub confidence: f32,
    /// Why.
    pub why: String,
    /// The runner-up.
    pub runner_up: Option<(String, f32)>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The report, its incidents not yet numbered by a store.
    pub report: Report,
    /// Failed fetches of this run, and stored ones whose verdict got stronger.
    pub failures: Vec<Failure>,
    /// Their proof, by identity.
    pub evidence: HashMap<u64, Evidence>,
    /// Incidents with their members, in order of opening.
    pub groups: Vec<Group>,
    /// Traffic per minute.
    pub traffic: Vec<NodeTraffic>,
    /// How backends did, by hour.
    pub hours: Vec<BackendHour>,
    /// Parts of sites that got a whole answer, and when last.
    pub answered: Vec<(u32, Stamp)>,
    /// Changes: when, kind, node, words.
    pub changes: Vec<(Stamp, String, String, String)>,
    /// What could not be read or recognised.
    pub troubles: Vec<Trouble>,
    /// Files without a byte in them: no mistake, but worth a word.
    pub empty: Vec<String>,
    /// Files that were not read because they lie outside of the span.
    pub outside: usize,
    /// How sure each file of the report's sources was recognised, in their order.
    pub confidences: Vec<f32>,
}

/// Runs a job. Files that lie outside of its span are not read.
pub fn run(job: &Job<'_>) -> Analysis {
    run_on(job, outside::leave_out)
}

/// Runs a job on every file, also those that [`run`] leaves out: to check that it makes no difference.
pub fn run_on_all(job: &Job<'_>) -> Analysis {
    run_on(job, |_| ())
}

fn run_on(job: &Job<'_>, choose: fn(&mut Plan<'_>)) -> Analysis {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.jobs).build();
    match pool {
        Ok(pool) => pool.install(|| analyse(job, choose)),
        // No thread can be had: the calling one does it all.
        Err(_) => analyse(job, choose),
    }
}

fn analyse(job: &Job<'_>, choose: fn(&mut Plan<'_>)) -> Analysis {
    let mut plan = plan::plan(job);
    choose(&mut plan);
    let partial = batch::read(&mut plan, job);
    let mut partial = conclude::once(partial, &plan.context, job);
    let span = summary::span(&partial, &plan);
    let history = span.map(job.history).unwrap_or_default();
    let logs_end = span.map_or(Stamp::NONE, |s| s.to);
    let mut originals = quotes::Files(&plan.files);
    let concluded = conclude::conclude(&mut partial, &plan.context, job, history, logs_end, &mut originals);
    summary::analysis(plan, partial, concluded, span)
}
