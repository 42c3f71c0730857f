//! Traffic per minute: the baseline beside the failures. In: events; out: counters that merge by adding within a run
//! and by maximum in the store (the same minute read twice is the same minute).

use std::collections::BTreeMap;

use super::stamp::Stamp;

/// Counters of one minute of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Requests served.
    pub requests: u64,
    /// Of those, answered 5xx.
    pub requests_5xx: u64,
    /// Fetches made.
    pub fetches: u64,
    /// Of those, failed.
    pub failed: u64,
}

impl Minute {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Minute) {
        self.requests += other.requests;
        self.requests_5xx += other.requests_5xx;
        self.fetches += other.fetches;
        self.failed += other.failed;
    }
}

/// Minutes by their start.
pub type Minutes = BTreeMap<Stamp, Minute>;

/// The minutes of one node, for the store.
#[derive(Clone, Debug, Default)]
pub struct NodeTraffic {
    /// Tier word.
    pub tier: String,
    /// Node.
    pub node: String,
    /// Its minutes.
    pub minutes: Minutes,
}
