//! What happened before that looks like what happens now. In: the open incident and the store; out: earlier incidents with
//! what was done about them. It asks the store only when the incident has changed.

use super::keep::Keeper;
use crate::incident::similar;
use crate::model::Live;
use crate::model::live::Seen;
use crate::model::similar::Similar;

/// What an answer rests on: number, magnitude of its failures, earlier ones.
type Asked = (u32, u64, usize);

/// Earlier incidents, and of which one they were asked.
#[derive(Debug, Default)]
pub struct Before {
    asked: Asked,
    seen: Vec<Seen>,
}

impl Before {
    /// Fills in what was seen before.
    pub fn tell(&mut self, live: &mut Live, keeper: &Keeper) {
        let Some(open) = live.open().filter(|i| i.id > 0) else { return };
        // Likeness changes as the incident grows, but not with each failure.
        let now = (open.id, open.failures.max(1).ilog2().into(), open.seen_before.len());
        if now != self.asked {
            let found = keeper.with(|store| store.profiles(open.id));
            self.seen =
                found.map(|(own, others)| similar(&own, &others)).unwrap_or_default().into_iter().map(seen).collect();
            self.asked = now;
        }
        live.seen.clone_from(&self.seen);
    }
}

fn seen(s: Similar) -> Seen {
    Seen {
        id: s.id,
        opened_at: s.opened_at,
        same: format!("same {}", s.same.join(", ")),
        fix: s.fix.unwrap_or_default(),
        worked: s.worked.unwrap_or_default(),
    }
}
