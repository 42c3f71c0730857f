//! What the history says of an incident: earlier ones that look like it, how often it came back, whether its fix worked.
//! In: an incident and the store; out: the same incident with these filled in.

use crate::error::Result;
use crate::incident::similar;
use crate::model::Incident;
use crate::model::similar::Recurrence;
use crate::store::Store;
use crate::trigger::{beat, period};

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
    let moments = store.openings_of(&incident.service, &incident.cause, incident.opened_at)?;
    let Some(first) = moments.first().copied().filter(|_| moments.len() > 1) else { return Ok(None) };
    let beat = period(&moments).map(beat).unwrap_or_default();
    Ok(Some(Recurrence { times: moments.len() as u64, since: first, beat }))
}
