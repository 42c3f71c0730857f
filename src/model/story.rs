//! One request's whole story: what each tier logged of it, in order. In: steps; out: `Story`, and `Lookup`, all stories
//! that answer a question. It must not know how they were found, nor how they are told.

use super::request::RequestReason;
use super::stamp::Stamp;
use super::step::Step;

/// What a lookup found.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// The question, as it was understood.
    pub question: String,
    /// Its kind: xid, url, address.
    pub kind: &'static str,
    /// What was searched.
    pub searched: Searched,
    /// The stories, newest first.
    pub stories: Vec<Story>,
    /// Older requests and fetches that match too but were not kept.
    pub older: u64,
}

/// What was searched.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// The history that was asked; `None` when logs were read.
    pub history: Option<String>,
    /// Requests.
    pub requests: u64,
    /// Fetches; of a history, the failed ones.
    pub fetches: u64,
    /// The first moment.
    pub from: Stamp,
    /// The last moment.
    pub to: Stamp,
}

/// One request, through every tier that logged it.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// What happened: each request is followed by its fetches, each fetch by what the next tier logged of it.
    pub steps: Vec<Step>,
}

impl Story {
    /// When it began.
    pub fn at(&self) -> Stamp {
        self.steps.first().map_or(Stamp::NONE, |s| s.start)
    }

    /// What the client got in the end: after restarts, the answer of the last one; 0 when not known.
    pub fn status(&self) -> u16 {
        let first = self.steps.first();
        let restarted = |s: &&Step| s.reason == RequestReason::Restart.word();
        let last = self.steps.iter().rfind(restarted);
        last.or(first).map_or(0, |s| s.status)
    }
}
