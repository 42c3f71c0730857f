//! A look at the window: judged failures, and which of them are final now. In: the window, what was settled before, the
//! moment of the logs; out: a conclusion by the function of the batch. It must not know who wants it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::conclude::{Conclusion, conclude, once};
use super::super::context::Context;
use super::super::quotes::Originals;
use super::super::summary;
use super::super::{History, Job};
use super::frozen::Frozen;
use super::window::{Scope, Window};
use crate::model::report::ClockOffset;
use crate::model::{Decisions, Evidence, Failure, FileId, Remembered, Stamp};

/// Healthy rows of either side in a quick look, and in a thorough one.
const SAMPLES: (usize, usize) = (10_000, 100_000);

/// How to look.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// The moment of the logs.
    pub now: Stamp,
    /// How long a failure waits for the next tier's line, microseconds.
    pub settle_us: i64,
    /// With every row that is there: what is old enough becomes final.
    pub thorough: bool,
    /// Nothing more will come: everything is final, and what is open is told as it is.
    pub last: bool,
}

/// What the store remembered when the tail began.
#[derive(Debug, Default)]
pub struct Past {
    /// Failed fetches of the last day.
    pub failures: Vec<Failure>,
    /// Their proof.
    pub evidence: HashMap<u64, Evidence>,
    /// Clocks.
    pub clocks: Vec<ClockOffset>,
    /// Changes and incidents of other times.
    pub remembered: Arc<Remembered>,
    /// What people decided about incidents before this run.
    pub decisions: Decisions,
}

/// What was seen.
pub struct Seen {
    /// Judged failures: those that are settled by this look say so; those settled before are `stored`.
    pub conclusion: Conclusion,
    /// Changes in the window: when, kind word, node, words.
    pub changes: Vec<(Stamp, String, String, String)>,
    /// Clocks.
    pub clocks: Vec<ClockOffset>,
    /// Records whose time has come.
    ripe: HashSet<Place>,
}

/// Looks.
pub fn look(
    window: &mut Window,
    frozen: &mut Frozen,
    context: &Context<'_>,
    job: &Job<'_>,
    past: &Past,
    how: How,
    originals: &mut dyn Originals,
) -> Seen {
    let sample = if how.thorough { SAMPLES.1 } else { SAMPLES.0 };
    let mut partial = window.look(Scope { sample }, &frozen.claimed(), context);
    if how.last {
        partial.open = std::mem::take(&mut window.partial.open);
    }
    let mut partial = once(partial.settle(context), context, job);
    let history = History {
        frozen: frozen.iter().cloned().collect(),
        evidence: past.evidence.iter().chain(&frozen.evidence).map(|(id, e)| (*id, e.clone())).collect(),
        harm: frozen.harm.clone(),
        failures: past.failures.iter().filter(|f| !frozen.holds(f.id)).cloned().collect(),
        clocks: past.clocks.clone(),
        remembered: Arc::clone(&past.remembered),
        decisions: past.decisions.clone(),
    };
    let mut conclusion = conclude(&mut partial, context, job, history, how.now, originals);
    let ripe = ripe(window, how);
    let is_final = |f: &Failure| !f.stored && ripe.contains(&place(f));
    let finals: HashSet<u64> = conclusion.failures.iter().filter(|f| is_final(f)).map(|f| f.id).collect();
    for f in conclusion.failures.iter_mut().filter(|f| !f.stored) {
        // What is told in a failure is told with it.
        f.settled = finals.contains(&f.id) || f.told_in.is_some_and(|id| finals.contains(&id));
    }
    let changes = summary::changes(&partial, context);
    let clocks = summary::clocks(&conclusion.linked, context);
    Seen { conclusion, changes, clocks, ripe }
}

/// Moves what became final from the window to what is kept of it.
pub fn freeze(seen: &Seen, window: &mut Window, frozen: &mut Frozen) {
    let mut over: HashSet<Place> = HashSet::new();
    for f in seen.conclusion.failures.iter().filter(|f| f.settled && !f.stored) {
        over.insert(place(f));
        let evidence: Option<Evidence> = seen.conclusion.evidence.get(&f.id).cloned();
        frozen.push(f.clone(), evidence, seen.conclusion.judged.harm.get(&f.id).copied());
    }
    // What a look did not call a failure when its time had come is none.
    window.failures.retain(|(_, f)| !over.contains(&place(f)) && !seen.ripe.contains(&place(f)));
}

/// A record: file, byte, transaction.
type Place = (FileId, u64, u64);

fn place(f: &Failure) -> Place {
    (f.at.file, f.at.offset, f.vxid)
}

/// Failures whose time has come: the next tier's line would be there. What counts is when they were taken in, because
/// clocks of lower tiers may be hours apart.
fn ripe(window: &Window, how: How) -> HashSet<Place> {
    let waited = |taken: Stamp| how.now.since(taken).is_some_and(|us| us >= how.settle_us);
    let all = window.failures.iter().filter(|(taken, _)| how.last || (how.thorough && waited(*taken)));
    all.map(|(_, f)| place(f)).collect()
}
