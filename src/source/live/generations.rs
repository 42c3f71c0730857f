//! The log of a running Varnish as generations. In: bytes as they come, and where something is missing; out: openings,
//! bytes and ends. It must not know where the bytes come from.

use super::command::VarnishCommand;
use crate::model::Tier;
use crate::source::follow::{Followed, Generation, Kept};

/// Ended generations that can be quoted.
const MOST_KEPT: usize = 4;

/// What came of a Varnish.
pub(super) struct Generations {
    path: String,
    owner: (Option<Tier>, Option<String>),
    kept: Vec<Kept>,
    /// The one that gets what comes.
    open: Option<Generation>,
    gap: bool,
}

impl Generations {
    /// Nothing has come yet.
    pub fn new(command: &VarnishCommand) -> Generations {
        Generations { path: command.path(), owner: command.owner(), kept: Vec::new(), open: None, gap: false }
    }

    /// All that can be quoted.
    pub fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// The one that gets what comes.
    pub fn open(&self) -> Option<Generation> {
        self.open
    }

    /// Forgets an ended generation.
    pub fn release(&mut self, id: Generation) {
        self.kept.retain(|k| k.id != id || !k.ended);
    }

    /// Takes what came into the open generation, or into a new one.
    pub fn take(&mut self, bytes: Vec<u8>, give: &mut impl FnMut(Followed)) {
        if bytes.is_empty() {
            return;
        }
        if self.open.is_none() {
            let gap = std::mem::take(&mut self.gap);
            let kept = Kept::open(&self.path, self.owner.clone(), gap, give);
            self.open = Some(kept.id);
            self.kept.push(kept);
        }
        if let Some(kept) = self.kept.last_mut() {
            kept.take(bytes, give);
        }
    }

    /// Ends the open generation: what comes next does not go on where it ended.
    pub fn cut(&mut self, give: &mut impl FnMut(Followed)) {
        self.gap = true;
        if self.open.take().is_some()
            && let Some(kept) = self.kept.last_mut()
        {
            kept.end(give);
        }
        let many = self.kept.len().saturating_sub(MOST_KEPT);
        self.kept.drain(..many);
    }

    /// The last bytes of the open generation.
    pub fn end(&self) -> Vec<u8> {
        self.kept.last().filter(|k| self.open == Some(k.id)).map(Kept::end_of).unwrap_or_default()
    }
}
