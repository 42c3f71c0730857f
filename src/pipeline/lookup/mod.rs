//! One request's whole story, out of the logs. In: a job and a question; out: what each tier logged of the requests that
//! answer it, judged as `analyze` judges. It must not know how a story is told.
//!
//! The logs are read several times: once for what answers the question, once as `analyze` reads them, and as often as
//! the transactions go deep for those that belong to what was found. Only what matches is kept, and of that the newest.

mod gather;
mod judged;
mod net;
mod stories;

use std::collections::HashSet;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::plan::Plan;
use super::stream::{Stream, stream};
use super::{Job, run};
use crate::grammar::Framing;
use crate::model::question::is_host;
use crate::model::stamp::SECOND;
use crate::model::{Event, Logged, Lookup, Question, Searched, Stamp};

use gather::{Kept, Record};
use judged::Judgements;
use net::Net;

/// Passes for what belongs to what was found: retries, restarts and ESI includes are limited by Varnish to a few.
const DEPTH: usize = 8;
/// So much more than the time of what was found is analysed: clocks, coverage and zones want surroundings.
const AROUND: i64 = 86_400 * SECOND;

/// What was found, and what was read for it.
#[derive(Debug)]
pub struct Looked {
    /// The stories.
    pub lookup: Lookup,
    /// What was read.
    pub stream: Stream,
}

/// Finds what answers the question; `host` narrows it unless it is empty. Calls `told` with the plan.
///
/// # Errors
/// None but those of an output that nothing is written to.
pub fn lookup(job: &Job<'_>, question: &Question, host: &[u8], told: impl FnOnce(&Plan<'_>)) -> io::Result<Looked> {
    let mut binary = HashSet::new();
    let told = |plan: &Plan<'_>| {
        let is_binary = |s| plan.context.reading(s).grammar.framing == Framing::VslBinary;
        let files = plan.context.files.values().filter(|f| is_binary(f.series));
        binary = files.map(|f| f.path.lossy().into_owned()).collect();
        told(plan);
    };
    let count = Count::default();
    let kept = Mutex::new(Kept::default());
    let encode = |event: &Event<'_>, logged: &Logged<'_>, _: &mut Vec<u8>| {
        count.add(event, logged);
        if fits(question, host, event) {
            kept.lock().unwrap_or_else(|e| e.into_inner()).add(event, logged);
        }
    };
    let stream = stream(job, told, &encode, &mut io::sink())?;
    let (records, older) = kept.into_inner().unwrap_or_else(|e| e.into_inner()).newest();
    let mut lookup = Lookup {
        question: question.words(),
        kind: question.kind(),
        searched: count.searched(),
        older,
        ..Lookup::default()
    };
    if !records.is_empty() {
        let job = around(job, &records);
        let analysis = run(&job);
        let judgements = Judgements::of(&analysis, job.rules);
        lookup.stories = stories::stories(whole(&job, records, &judgements)?, &judgements);
    }
    lookup.stories.iter_mut().flat_map(|s| &mut s.steps).for_each(|step| {
        step.place.iter_mut().for_each(|p| match binary.contains(&p.file) {
            true => p.line = 0,
            false => p.offset = None,
        });
    });
    Ok(Looked { lookup, stream })
}

fn fits(question: &Question, host: &[u8], event: &Event<'_>) -> bool {
    match event {
        Event::Request(r) => question.fits_request(r) && is_host(host, r.host),
        Event::Fetch(f) => question.fits_fetch(f) && is_host(host, f.host),
        _ => false,
    }
}

/// The same job for the time around what was found.
fn around<'a>(job: &Job<'a>, records: &[Record]) -> Job<'a> {
    let times = || records.iter().flat_map(|r| [r.step.start, r.step.end]).filter(|t| t.is_known());
    let (since, until) = match (times().min(), times().max()) {
        (Some(from), Some(to)) => (from - AROUND, to + AROUND),
        _ => (Stamp::NONE, Stamp::NONE),
    };
    Job { since, until, progress: None, ..job.clone() }
}

/// What was found with all that belongs to it.
fn whole(job: &Job<'_>, seeds: Vec<Record>, judgements: &Judgements<'_>) -> io::Result<Vec<Record>> {
    let mut net = Net::of(seeds, judgements);
    for _ in 0..DEPTH {
        if net.is_content() {
            break;
        }
        let before = net.records().len();
        let shared = std::sync::RwLock::new(net);
        let encode = |event: &Event<'_>, logged: &Logged<'_>, _: &mut Vec<u8>| {
            if shared.read().is_ok_and(|net| net.catches(event, logged)) {
                shared.write().unwrap_or_else(|e| e.into_inner()).keep(event, logged);
            }
        };
        stream(job, |_| (), &encode, &mut io::sink())?;
        net = shared.into_inner().unwrap_or_else(|e| e.into_inner());
        if net.records().len() == before {
            break;
        }
    }
    Ok(net.into_records())
}

/// Counts what is searched.
#[derive(Debug)]
struct Count {
    requests: AtomicU64,
    fetches: AtomicU64,
    from: AtomicI64,
    to: AtomicI64,
}

impl Default for Count {
    fn default() -> Count {
        let (requests, fetches) = (AtomicU64::new(0), AtomicU64::new(0));
        Count { requests, fetches, from: AtomicI64::new(i64::MAX), to: AtomicI64::new(i64::MIN) }
    }
}

impl Count {
    fn add(&self, event: &Event<'_>, logged: &Logged<'_>) {
        let counter = match event {
            Event::Request(_) => &self.requests,
            Event::Fetch(_) => &self.fetches,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let at = event.time() - logged.zone_us.unwrap_or(0);
        if at.is_known() {
            self.from.fetch_min(at.0, Ordering::Relaxed);
            self.to.fetch_max(at.0, Ordering::Relaxed);
        }
    }

    fn searched(&self) -> Searched {
        let to = self.to.load(Ordering::Relaxed);
        let from = if to == i64::MIN { Stamp::NONE } else { Stamp(self.from.load(Ordering::Relaxed)) };
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Searched { history: None, requests: of(&self.requests), fetches: of(&self.fetches), from, to: Stamp(to) }
    }
}
