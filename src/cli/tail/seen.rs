//! What happened before that looks like what happens now. In: the open incident and the store; out: earlier incidents with
//! what was done about them. It asks the store only when the incident has changed.

use super::keep::Keeper;
use crate::model::Live;
use crate::model::live::Seen;

/// So many are shown.
const MOST: usize = 3;

/// Earlier incidents, and of which one they were asked.
#[derive(Debug, Default)]
pub struct Before {
    asked: (u32, Vec<u32>),
    seen: Vec<Seen>,
}

impl Before {
    /// Fills in what was seen before.
    pub fn tell(&mut self, live: &mut Live, keeper: &Keeper) {
        let Some(open) = live.open().filter(|i| i.id > 0) else { return };
        let now = (open.id, open.seen_before.clone());
        if now != self.asked {
            let earlier = now.1.iter().rev().take(MOST);
            self.seen = earlier.filter_map(|id| earlier_one(*id, open.cause.as_str(), keeper)).collect();
            self.asked = now;
        }
        live.seen.clone_from(&self.seen);
    }
}

fn earlier_one(id: u32, cause: &str, keeper: &Keeper) -> Option<Seen> {
    let stored = keeper.with(|store| store.incident(id)).ok()?;
    let same = if stored.cause == cause { "same service, same cause" } else { "same service" };
    Some(Seen {
        id: stored.id,
        opened_at: stored.opened_at,
        same: same.into(),
        fix: stored.fix.unwrap_or_default(),
        worked: stored.worked.unwrap_or_default(),
    })
}
