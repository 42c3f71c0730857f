//! Messages of an application's own log that name no request, to the errors that the tier before it passed on. In: notes
//! and failures; out: notes on the lines of those failures. It must not know what a message says, only which causes are
//! told once per request.
//!
//! PHP's error_log (7.4 to 8.3) names neither URL nor process, and its stamp is a whole second at which the request still
//! ran: a note is of the first failure to end whose time it lies in, one to one.

use std::collections::BTreeSet;

use super::bears_requests;
use super::context::Context;
use super::linking::Linked;
use super::partial::Partial;
use crate::model::stamp::SECOND;
use crate::model::{Fact, Failure, Note, SeriesId, Stamp, Tier};

/// Causes that an application tells once per request. "All workers are busy" is about many.
const OF_ONE: [&str; 3] = ["app.error", "timeout.task", "resources.memory"];
/// How much less sure a message is that names no request.
const LESS: f32 = 0.8;
/// A request without a duration in its line began at most so long before it ended; microseconds.
const AFTER: i64 = 2 * SECOND;

/// Puts each such note on the line of the failure that it explains.
pub fn attach(linked: &mut Linked, failures: &[Failure], partial: &Partial, context: &Context<'_>) {
    let told = |r: &&super::context::Reading| r.series.tier == Tier::App && bears_requests(&r.grammar);
    if context.series.values().any(|r| told(&r)) {
        return;
    }
    let mut notes: Vec<(Stamp, &Note)> = partial
        .notes
        .iter()
        .filter(|(id, n)| speaks(*id, n, context))
        .map(|(id, n)| (n.time - linked.zones.get(id).copied().unwrap_or(0), n))
        .collect();
    if notes.is_empty() {
        return;
    }
    notes.sort_by_key(|(at, n)| (*at, n.at.file, n.at.offset));
    let mut waiting: BTreeSet<(i64, u64, usize)> = failures
        .iter()
        .enumerate()
        .filter(|(_, f)| is_passed_on(f) && !linked.notes.contains_key(&(f.at.file, f.at.offset)))
        .map(|(n, f)| (f.ended.0, f.id, n))
        .collect();
    let longest = failures.iter().map(|f| f.ended.0 - began(f)).max().unwrap_or(0);
    for (at, note) in notes {
        let near = waiting.range((at.0, 0, 0)..=(at.0 + SECOND + longest, u64::MAX, usize::MAX));
        let fits = |p: &&(i64, u64, usize)| began(&failures[p.2]) < at.0 + SECOND;
        if let Some(p) = near.take(NEAR).find(fits).copied() {
            waiting.remove(&p);
            let place = (failures[p.2].at.file, failures[p.2].at.offset);
            linked.notes.entry(place).or_default().push(Note { confidence: note.confidence * LESS, ..*note });
        }
    }
}

/// So many failures that end after a note are looked at.
const NEAR: usize = 200;

fn speaks(id: SeriesId, n: &Note, context: &Context<'_>) -> bool {
    let of_one = OF_ONE.iter().any(|c| n.cause.is(c));
    of_one && n.key == 0 && n.client == 0 && n.time.is_known() && context.reading(id).series.tier == Tier::App
}

/// An error that the tier before the application passed on, or made because the application broke off.
fn is_passed_on(f: &Failure) -> bool {
    !f.stored
        && f.tier == Tier::Origin
        && f.ended.is_known()
        && f.status >= 500
        && f.facts.get(Fact::Denied) != Some(1.0)
}

/// When it began, microseconds; where the line does not say, it was not long ago.
fn began(f: &Failure) -> i64 {
    if f.started.is_known() && f.started < f.ended { f.started.0 } else { f.ended.0.saturating_sub(AFTER) }
}
