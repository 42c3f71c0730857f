//! From settled state to judged, grouped and quoted failures: the one way by which a batch and a tail come to their
//! verdicts. In: settled state, and what is remembered; out: what is to be said. It must not know where the state came
//! from, nor where the answer goes.

use std::collections::HashMap;

use super::context::Context;
use super::linking::{self, Linked};
use super::partial::Partial;
use super::quotes::{self, Originals};
use super::refine::{self, Judged};
use super::{History, Job, alone, spoken, story, triggers, twice, twins};
use crate::model::{Evidence, Failure, Group, Stamp};

/// What was found out.
pub struct Conclusion {
    /// Failures, judged.
    pub failures: Vec<Failure>,
    /// Their proof, by identity.
    pub evidence: HashMap<u64, Evidence>,
    /// Incidents with their members, in order of opening.
    pub groups: Vec<Group>,
    /// What linking found.
    pub linked: Linked,
    /// What refining found.
    pub judged: Judged,
}

/// Leaves out what two logs tell alike, and reads local stamps in the zones that the user names.
pub fn once(partial: Partial, context: &Context<'_>, job: &Job<'_>) -> Partial {
    let twins = twins::twins(&partial, context);
    let mut partial = twice::count_once(partial.without(twins), context);
    alone::settle_zones(&mut partial, context, job);
    partial
}

/// Links, judges, groups, quotes and tells. `logs_end`: the last moment that the logs cover.
pub fn conclude(
    partial: &mut Partial,
    context: &Context<'_>,
    job: &Job<'_>,
    history: History,
    logs_end: Stamp,
    originals: &mut dyn Originals,
) -> Conclusion {
    let mut failures = std::mem::take(&mut partial.failures);
    refine::recall(&mut failures, history.failures);
    failures.extend(history.frozen);
    let mut linked = linking::link(&mut failures, partial, context, job, &history.clocks);
    spoken::attach(&mut linked, &failures, partial, context);
    linked.loads.recall(|part| partial.answered.contains_key(&part) || history.remembered.answered.contains(&part));
    let mut judged = refine::refine(&mut failures, partial, &linked, context);
    judged.harm.extend(history.harm);
    let rules = crate::incident::Rules { gap_us: job.gap_us, logs_end };
    let mut groups = crate::incident::group(&failures, &rules, &history.decisions);
    let mut evidence = quotes::fetch(&failures, partial, context, originals);
    quotes::remember(&mut evidence, history.evidence);
    story::tell(&mut groups, &failures, &evidence, &judged, partial, context, job);
    let beside = (&linked.loads, &linked.contrast);
    triggers::find(&mut groups, &failures, beside, partial, context, &history.remembered);
    Conclusion { failures, evidence, groups, linked, judged }
}
