//! Failed fetches whose judgement is final: kept for grouping, for the limits that failures agree on, and to show. In:
//! judged failures with their proof; out: the same, fewer as time goes on. It must not judge.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::model::stamp::MINUTE;
use crate::model::{Evidence, Failure, FileId, Stamp};

/// A trickle drips at most so slowly: so long are failures grouped with later ones.
const GROUPED: i64 = 26 * 60 * MINUTE;
/// So many are kept at most; the oldest go first. What they were counted for stays in the store.
const MOST: usize = 10_000;

/// Client 5xx and crawlers' 5xx of one failure.
pub type Harm = (u64, u64);

/// Failures with a final judgement, in the order in which they got it.
#[derive(Debug, Default)]
pub struct Frozen {
    failures: VecDeque<Failure>,
    ids: HashSet<u64>,
    /// Their proof.
    pub evidence: HashMap<u64, Evidence>,
    /// What they did to clients.
    pub harm: HashMap<u64, Harm>,
}

impl Frozen {
    /// Keeps one.
    pub fn push(&mut self, mut f: Failure, evidence: Option<Evidence>, harm: Option<Harm>) {
        if !self.ids.insert(f.id) {
            return;
        }
        f.stored = true;
        f.settled = true;
        // It takes no part in linking any more.
        f.row = f.row.unlinkable();
        self.evidence.extend(evidence.map(|e| (f.id, e)));
        self.harm.extend(harm.map(|h| (f.id, h)));
        self.failures.push_back(f);
    }

    /// True when one is among them.
    pub fn holds(&self, id: u64) -> bool {
        self.ids.contains(&id)
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Failure> {
        self.failures.iter()
    }

    /// The lines that they are linked to.
    pub fn claimed(&self) -> HashSet<(FileId, u64)> {
        self.failures.iter().filter_map(|f| f.link.as_ref()).map(|l| (l.at.file, l.at.offset)).collect()
    }

    /// Forgets the oldest.
    pub fn forget(&mut self, now: Stamp) {
        let old = |f: &Failure| f.started.is_known() && f.started < now - GROUPED;
        while self.failures.len() > MOST || self.failures.front().is_some_and(old) {
            let Some(f) = self.failures.pop_front() else { break };
            self.ids.remove(&f.id);
            self.evidence.remove(&f.id);
            self.harm.remove(&f.id);
        }
    }
}
