//! What a tail knows at one moment: the one struct that the screen, the plain lines, the metrics and the alerts are made
//! of. In: nothing; out: plain, ordered data. It must not know how it was found, nor how it is shown.
//!
//! Times are those of the logs, on the clock of the uppermost tier, unless a field says `wall`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evidence::Evidence;
use super::incident::{Incident, as_rfc3339};
use super::report::{ClockOffset, Lines};
use super::stamp::Stamp;

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mood {
    /// Nothing was read yet.
    #[default]
    Starting,
    /// No incident is open.
    Calm,
    /// Nothing fails yet, but something is on its way to it.
    Warning,
    /// An incident was open; failures have become rare or have stopped, for less than the gap.
    Recovering,
    /// An incident is open.
    Incident,
}

impl Mood {
    /// The word in JSON and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Mood::Starting => "starting",
            Mood::Calm => "calm",
            Mood::Warning => "warning",
            Mood::Recovering => "recovering",
            Mood::Incident => "incident",
        }
    }
}

impl Serialize for Mood {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.word())
    }
}

/// Rates of the uppermost tier, over the last whole minute and the one at hand.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Rates {
    /// Client requests per second.
    pub requests_per_s: f64,
    /// Client requests answered 5xx, per second.
    pub errors_per_s: f64,
    /// Share (0 to 1) of client requests answered 5xx now.
    pub share: f64,
    /// The status that nine in ten of those carry; `None` when they are mixed or there are none.
    pub status: Option<u16>,
    /// The same before the trouble: the median of the calm minutes known; `None` without ten of them.
    pub usual_share: Option<f64>,
    /// Failed fetches per minute.
    pub failed_per_min: f64,
    /// Failed fetches per minute that stayed hidden behind stale answers.
    pub hidden_per_min: f64,
}

/// One log that is followed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveSource {
    /// Its path, `-` or `varnish`.
    pub path: String,
    /// Grammar name; empty until it was recognised.
    pub format: String,
    /// Tier word.
    pub tier: String,
    /// Node.
    pub node: String,
    /// Seconds between its newest line and now; `None` before its first line.
    pub behind_s: Option<f64>,
    /// Bytes that are there and were not read yet.
    pub backlog: u64,
    /// Its lines since the start.
    pub lines: Lines,
    /// What is wrong with it now; empty when nothing is.
    pub trouble: String,
}

/// A sink of the configuration that calls do not reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiveSink {
    /// Its name.
    pub name: String,
    /// What went wrong last.
    pub trouble: String,
}

/// A stretch of a log that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When it was noticed (wall clock).
    #[serde(serialize_with = "as_rfc3339")]
    pub wall: Stamp,
    /// The log.
    pub path: String,
    /// Bytes that were lost, when that is known.
    pub bytes: Option<u64>,
    /// What happened, as words that follow the path: `was overrun: varnishlog could not keep up`.
    pub why: String,
}

/// One cause of the failures in sight.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveCause {
    /// Cause id.
    pub cause: String,
    /// `came first`, `consequence`, or empty.
    pub role: String,
    /// Failed fetches since the incident began, or in the last hour when none is open.
    pub failed: u64,
    /// Failed fetches of the last 12 spans of `span_s` seconds, oldest first.
    pub trend: Vec<u64>,
    /// One line of advice.
    pub advice: String,
}

/// One minute.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveMinute {
    /// Its start.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
    /// Client requests of the uppermost tier.
    pub requests: u64,
    /// Of those, answered 5xx.
    pub requests_5xx: u64,
    /// Failed fetches by cause id.
    pub failed: BTreeMap<String, u64>,
    /// Time to first byte of the uppermost tier's fetches that got an answer, milliseconds: median, 95th and 99th
    /// percentile; `None` without any.
    pub ttfb_ms: Option<[f64; 3]>,
    /// What changed in it, in words.
    pub changes: Vec<String>,
}

/// One backend as one node sees it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveCell {
    /// Backend name.
    pub backend: String,
    /// `healthy`, `sick`, or empty when no probe told.
    pub health: String,
    /// What the probe said, short (`2/8 slow`, `HTTP 503`, `refused`); empty when no probe told.
    pub probe: String,
    /// Fetches of the last whole minute and the one at hand.
    pub fetches: u64,
    /// Of those, failed.
    pub failed: u64,
    /// 95th percentile of the time to first byte of the same, milliseconds.
    pub ttfb_p95_ms: Option<f64>,
    /// The limit that its failures agree on, milliseconds.
    pub limit_ms: Option<f64>,
}

/// One node and its backends.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveNode {
    /// Node.
    pub node: String,
    /// Tier word.
    pub tier: String,
    /// Client requests answered 5xx in the last whole minute.
    pub errors_per_min: u64,
    /// 95th percentile of the time to first byte over all its backends, milliseconds.
    pub ttfb_p95_ms: Option<f64>,
    /// The limit that its failures agree on, milliseconds.
    pub limit_ms: Option<f64>,
    /// Its backends, by name.
    pub cells: Vec<LiveCell>,
}

/// One failed fetch.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveFailure {
    /// Identity, 16 hexadecimal digits.
    pub id: String,
    /// When it gave up.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
    /// Tier word.
    pub tier: String,
    /// Node that fetched.
    pub node: String,
    /// Backend name.
    pub backend: String,
    /// Method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path and query, redacted.
    pub url: String,
    /// Status that this tier made of it; 0 for none.
    pub status: u16,
    /// Cause id.
    pub cause: String,
    /// Confidence of the cause, 0 to 1.
    pub confidence: f64,
    /// Verdict word.
    pub verdict: String,
    /// Impact word.
    pub impact: String,
    /// False while the next tier's line may still come.
    pub settled: bool,
    /// What the origin saw, in one short sentence: `we hung up at 15.0 s (nginx 499)`, `not sent: all sick`,
    /// `waiting for origin log (max 90 s)`.
    pub told: String,
    /// The incident it is in; 0 for none yet.
    pub incident: u32,
    /// The logs' own words.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// An earlier incident that looks like the one that is open.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Seen {
    /// Its id.
    pub id: u32,
    /// When it opened.
    #[serde(serialize_with = "as_rfc3339")]
    pub opened_at: Stamp,
    /// What is the same, in words.
    pub same: String,
    /// What was done about it; empty when nobody wrote it down.
    pub fix: String,
    /// `yes`, `no`, `unknown`, or empty.
    pub worked: String,
}

/// Upper bounds of the buckets of the time to first byte, seconds; one more holds what is above.
pub const TTFB_BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0];

/// Counters since the tail was started; they only grow.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LiveTotals {
    /// Client requests by tier word and node.
    pub requests: BTreeMap<(String, String), u64>,
    /// Of those, answered 5xx.
    pub requests_5xx: BTreeMap<(String, String), u64>,
    /// Fetches by tier word and node.
    pub fetches: BTreeMap<(String, String), u64>,
    /// Failed fetches by tier word, node and cause id.
    pub failed: BTreeMap<(String, String, String), u64>,
    /// Settled failed fetches by verdict word.
    pub verdicts: BTreeMap<String, u64>,
    /// Times to first byte by bucket of [`TTFB_BOUNDS`], not added up.
    pub ttfb: [u64; TTFB_BOUNDS.len() + 1],
    /// Sum of them, seconds.
    pub ttfb_sum_s: f64,
    /// Bytes known to be lost.
    pub lost_bytes: u64,
    /// Gaps in logs, whether or not their size is known.
    pub gaps: u64,
}

/// What a tail knows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Live {
    /// Version of this contract.
    pub schema: u32,
    /// The newest moment of the logs.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
    /// The wall clock when this was made.
    #[serde(serialize_with = "as_rfc3339")]
    pub wall: Stamp,
    /// How things stand.
    pub mood: Mood,
    /// Since when.
    #[serde(serialize_with = "as_rfc3339")]
    pub since: Stamp,
    /// What is on its way, in words, when the mood is `Warning`.
    pub warning: String,
    /// False while what the logs held before the start is still read.
    pub caught_up: bool,
    /// Who records, when it is not this process: then this one only shows.
    pub recorder: Option<String>,
    /// Path of the store; `None` when nothing is kept.
    pub store: Option<String>,
    /// Why the store cannot be written; empty when it can.
    pub store_error: String,
    /// Incidents that are open or were seen in the last hour: open ones first, worst first.
    pub incidents: Vec<Incident>,
    /// How sure the deepest cause of the worst open incident is, 0 to 1; `None` when nobody reckoned it.
    pub confidence: Option<f64>,
    /// Rates.
    pub rates: Rates,
    /// Logs.
    pub sources: Vec<LiveSource>,
    /// Whom calls for help do not reach now.
    pub unreached: Vec<LiveSink>,
    /// What could not be read, newest first, at most 20.
    pub gaps: Vec<Gap>,
    /// Clocks.
    pub clocks: Vec<ClockOffset>,
    /// Causes of the open incidents, or of the last hour, most failures first but what came first on top.
    pub causes: Vec<LiveCause>,
    /// Seconds of one span of the causes' trends.
    pub span_s: u32,
    /// The last 60 minutes, oldest first.
    pub minutes: Vec<LiveMinute>,
    /// Nodes that fetch.
    pub nodes: Vec<LiveNode>,
    /// Failed fetches, newest first, at most 200.
    pub latest: Vec<LiveFailure>,
    /// Every failed fetch that is new or has settled since the moment before, oldest first; empty unless somebody wants
    /// each of them.
    #[serde(skip)]
    pub news: Vec<LiveFailure>,
    /// Earlier incidents like the worst open one, most alike first.
    pub seen: Vec<Seen>,
    /// Background fetches that failed while clients got stale content: seconds until the first of those objects runs
    /// out of grace; `None` when none does or the log does not say.
    pub grace_left_s: Option<f64>,
    /// Counters since the start.
    #[serde(skip)]
    pub totals: LiveTotals,
}

impl Live {
    /// The worst incident that is not over.
    pub fn open(&self) -> Option<&Incident> {
        use super::incident::State::{Open, Recovering, Recurring};
        self.incidents.iter().find(|i| matches!(i.state, Open | Recovering | Recurring))
    }
}
