//! What the history says of an incident: earlier ones that look like it, how often it came back, whether its fix worked.
//! In: an incident and the store; out: the same incident with these filled in.

use crate::error::Result;
use crate::incident::similar;
use crate::model::similar::Recurrence;
use crate::model::{Incident, Stamp};
use crate::store::Store;
use crate::trigger::{beat, period};

/// So many incidents are asked when the same happened before.
const OPENINGS: usize = 5_000;

/// Fills in what the history says of a stored incident.
///
/// # Errors
/// Store, when it cannot be read.
pub fn tell(incident: &mut Incident, store: &Store) -> Result<()> {
    if incident.id == 0 || incident.service == "scattered" {
        return Ok(());
    }
    let (own, others) = store.profiles(incident.id)?;
    incident.similar = similar(&own, &others);
    incident.measured = store.measure(incident.id)?;
    incident.history_since = store.reaches()?;
    incident.recurrence = recurrence(incident, store)?;
    Ok(())
}

/// How often the same service failed for the same cause, up to this time.
fn recurrence(incident: &Incident, store: &Store) -> Result<Option<Recurrence>> {
    let openings = store.remembered(Stamp::NONE, Stamp::NONE, OPENINGS)?.openings;
    let same = |service: &str, cause: &str| service == incident.service && cause == incident.cause;
    let mut moments: Vec<Stamp> =
        openings.iter().filter(|o| same(&o.service, &o.cause) && o.at <= incident.opened_at).map(|o| o.at).collect();
    moments.sort_unstable();
    let Some(first) = moments.first().copied().filter(|_| moments.len() > 1) else { return Ok(None) };
    let beat = period(&moments).map(beat).unwrap_or_default();
    Ok(Some(Recurrence { times: moments.len() as u64, since: first, beat }))
}
