//! Numbers of incidents for a tail that does not record. In: groups; out: the same with the numbers that the store gave
//! them, or their order where there is none.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Result;
use crate::model::Group;
use crate::store::Store;

/// The next number where nothing is stored.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Numbers groups in the order in which they came. One that has a number keeps it, and of two that were one the first.
pub fn by_order(groups: &mut [Group]) {
    let mut taken = HashSet::from([0]);
    for i in groups.iter_mut().map(|g| &mut g.incident) {
        if !taken.insert(i.id) {
            i.id = NEXT.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Gives groups the numbers, and what people wrote, of the incidents that their members are stored in.
pub fn as_stored(store: &Store, groups: &mut [Group]) -> Result<()> {
    for g in groups {
        let Some(id) = store.incident_of(&g.members)? else { continue };
        let stored = store.incident(id)?;
        let i = &mut g.incident;
        (i.id, i.trigger, i.fix, i.worked) = (stored.id, stored.trigger, stored.fix, stored.worked);
        (i.notes, i.seen_before) = (stored.notes, stored.seen_before);
    }
    Ok(())
}
