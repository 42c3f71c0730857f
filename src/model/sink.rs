//! Between a tail and what keeps it. In: nothing; out: the deltas that a tail emits, the trait of whoever takes them, and
//! what a tail is given to go on where an earlier one stopped. It must not know logs or databases.

use std::collections::HashMap;

use super::backends::BackendHour;
use super::decision::Decisions;
use super::evidence::Evidence;
use super::failure::Failure;
use super::follow::Position;
use super::incident::Group;
use super::remembered::Remembered;
use super::report::ClockOffset;
use super::stamp::Stamp;
use super::traffic::{Minutes, NodeTraffic};
use crate::error::Result;

/// Traffic of one log that one tail after the other counted: each line once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTraffic {
    /// Tier word.
    pub tier: String,
    /// Node.
    pub node: String,
    /// The log: its path without marks of rotation.
    pub log: String,
    /// Its minutes.
    pub minutes: Minutes,
}

/// Visitors of an incident: how many client requests were answered 5xx because of it, in which stretch of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visited {
    /// Begin of the first failed fetch that was counted.
    pub first: Stamp,
    /// End of the last one.
    pub last: Stamp,
    /// Client requests answered 5xx.
    pub visitors: u64,
    /// Of those, crawlers.
    pub crawlers: u64,
}

impl Visited {
    /// Both, when they are of different failures of one incident.
    pub fn with(self, other: Visited) -> Visited {
        Visited {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            visitors: self.visitors + other.visitors,
            crawlers: self.crawlers + other.crawlers,
        }
    }
}

/// What has become known since the last delta. All of it is kept, or nothing.
pub struct Delta<'a> {
    /// Failed fetches that are new, or of which something has changed.
    pub failures: &'a [Failure],
    /// Their proof, by identity.
    pub evidence: &'a HashMap<u64, Evidence>,
    /// Failed fetches of an earlier delta that turned out to be none, while they were not settled.
    pub retracted: &'a [u64],
    /// Incidents that have changed. Their members are the failures above, and of those before them enough to tell which
    /// incident of the store it is. The sink fills in ids and what people wrote.
    pub groups: &'a mut [Group],
    /// Visitors of each of `groups`, in place of what was told of them before.
    pub visited: &'a [Option<Visited>],
    /// What the same tail told of visitors before, of whatever incident: incidents may have been merged since.
    pub told: &'a [Visited],
    /// Position in `groups` of the one that lone failures were folded into.
    pub scattered: Option<usize>,
    /// Minutes that have changed.
    pub traffic: &'a [NodeTraffic],
    /// The same by log, to count on after a restart.
    pub by_log: &'a [LogTraffic],
    /// Hours of backends that have changed.
    pub hours: &'a [BackendHour],
    /// Changes: when, kind word, node, text.
    pub changes: &'a [(Stamp, String, String, String)],
    /// Clocks.
    pub clocks: &'a [ClockOffset],
    /// How far each log was read. All of them.
    pub positions: &'a [Position],
}

/// Takes deltas.
pub trait Sink {
    /// Keeps a delta, all of it or nothing.
    ///
    /// # Errors
    /// When nothing of it was kept; the tail hands it over again with the next one.
    fn take(&mut self, delta: &mut Delta<'_>) -> Result<()>;
}

/// What an earlier run left.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    /// Changes and incidents of other times.
    pub remembered: Remembered,
    /// Traffic that was counted already.
    pub by_log: Vec<LogTraffic>,
    /// Failed fetches of the last day, with the incidents they are in.
    pub failures: Vec<Failure>,
    /// Their proof.
    pub evidence: HashMap<u64, Evidence>,
    /// Clocks.
    pub clocks: Vec<ClockOffset>,
    /// What people decided about incidents.
    pub decisions: Decisions,
}
