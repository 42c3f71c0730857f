//! How one backend did in one hour, as one node saw it: what charts are drawn of. In: nothing; out: the noun that a run
//! measures, the store keeps and views draw. It must not know how it was measured.

use super::stamp::Stamp;

/// Fetches of one node from one backend in one hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackendHour {
    /// Tier word of the node.
    pub tier: String,
    /// Node that fetched.
    pub node: String,
    /// Backend, as the node calls it.
    pub backend: String,
    /// Start of the hour.
    pub hour: Stamp,
    /// Fetches.
    pub fetches: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, failed while the client got stale content.
    pub hidden: u64,
    /// From sending the request to the first byte of the answer, or to giving up, milliseconds: the median; `None` when
    /// times were not logged.
    pub p50_ms: Option<f64>,
    /// What 95 % of the fetches did not exceed, milliseconds.
    pub p95_ms: Option<f64>,
    /// What 99 % of the fetches did not exceed, milliseconds.
    pub p99_ms: Option<f64>,
    /// Most bytes of headers of an answer; 0 when not logged.
    pub header_bytes: u64,
    /// Good fetches that took a second connection, because the first was closed under them.
    pub saved: u64,
}
