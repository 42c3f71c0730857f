//! What a run found: the one struct that every view prints and `--output json` writes. In: nothing; out: plain,
//! ordered, serialisable data. It must not know how any of it was found, nor how it is shown.

use serde::Serialize;
use std::collections::BTreeMap;

use super::early::EarlyWarning;
use super::incident::{Incident, as_rfc3339};
use super::stamp::Stamp;

/// Lines of a source. Law: `read = parsed + skipped + not_understood`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Physical lines read.
    pub read: u64,
    /// Understood.
    pub parsed: u64,
    /// Meant to be passed over: blank, comment, continuation.
    pub skipped: u64,
    /// Not understood.
    pub not_understood: u64,
}

impl Lines {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Lines) {
        self.read += other.read;
        self.parsed += other.parsed;
        self.skipped += other.skipped;
        self.not_understood += other.not_understood;
    }

    /// The law of honest totals.
    pub fn add_up(&self) -> bool {
        self.read == self.parsed + self.skipped + self.not_understood
    }
}

/// One file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// Path as given or found.
    pub file: String,
    /// Grammar name.
    pub format: String,
    /// Family.
    pub family: String,
    /// Tier word.
    pub tier: String,
    /// Node.
    pub node: String,
    /// Its lines.
    pub lines: Lines,
    /// First and last stamp in it.
    #[serde(serialize_with = "as_rfc3339")]
    pub first_at: Stamp,
    /// Last stamp in it.
    #[serde(serialize_with = "as_rfc3339")]
    pub last_at: Stamp,
    /// Why it was taken for that format.
    pub why: String,
    /// What was wrong with it (damaged archive, rejected lines with examples); empty when nothing was.
    pub trouble: Vec<String>,
}

/// Visitors who got a 5xx. Law: `got_5xx` is the sum of the five that follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Visitors {
    /// Client requests of the uppermost tier.
    pub requests: u64,
    /// Of those, answered 5xx.
    pub got_5xx: u64,
    /// Its own fetch failed.
    pub own_fetch: u64,
    /// It shared the outcome of another request's fetch.
    pub shared: u64,
    /// Made by VCL or by the server itself.
    pub made_here: u64,
    /// The edge's own.
    pub edge: u64,
    /// Not explained by these logs.
    pub unexplained: u64,
    /// The worst minute and its share (0 to 1) of 5xx.
    pub worst_minute: Option<(i64, f64)>,
}

/// Totals of a run. Law: `failed_fetches` is the sum over `by_verdict`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Lines of all sources.
    pub lines: Lines,
    /// Requests that the uppermost tier served.
    pub requests: u64,
    /// Fetches that the uppermost fetching tier made.
    pub fetches: u64,
    /// Failed fetches, those told in another left out.
    pub failed_fetches: u64,
    /// By verdict word.
    pub by_verdict: BTreeMap<String, u64>,
    /// By impact word.
    pub by_impact: BTreeMap<String, u64>,
    /// By cause id.
    pub by_cause: BTreeMap<String, u64>,
    /// Failures of a lower tier that are told in one above.
    pub told_in: u64,
    /// What was not the origin's fault, by cause id.
    pub not_origin: BTreeMap<String, u64>,
    /// Visitors.
    pub visitors: Visitors,
}

/// The clock of one node against that of the node that fetches from it.
#[derive(Clone, Debug, Serialize)]
pub struct ClockOffset {
    /// Node that fetches.
    pub from: String,
    /// Node that is fetched from.
    pub to: String,
    /// Its clock minus that of `from`, milliseconds, at the middle of the log.
    pub offset_ms: f64,
    /// Error bar of it, milliseconds.
    pub error_ms: f64,
    /// Drift, millionths.
    pub drift_ppm: f64,
    /// Healthy pairs that voted.
    pub pairs: u64,
    /// Set when the offset is most likely a mistake about the time zone, in words.
    pub zone_mistake: Option<String>,
    /// False when there were fewer than 20 pairs.
    pub enough: bool,
}

/// What became of the store.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stored {
    /// Path of the database.
    pub path: String,
    /// Incidents that were not there before.
    pub new: u64,
    /// Incidents that were there and got more failures or better verdicts.
    pub updated: u64,
    /// Failed fetches that were already there.
    pub known: u64,
    /// What went wrong, when it could not be written.
    pub error: Option<String>,
}

/// A report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Version of this contract.
    pub schema: u32,
    /// First and last moment of the logs, after `--since/--until`.
    pub span: Option<Span>,
    /// Files.
    pub sources: Vec<Source>,
    /// Totals.
    pub totals: Totals,
    /// Incidents, worst first.
    pub incidents: Vec<Incident>,
    /// Lone failures that were folded into one row instead of an incident each: their incident's id, if any.
    pub scattered: Option<u32>,
    /// Clocks.
    pub clock_offsets: Vec<ClockOffset>,
    /// What a reader must know before believing the figures.
    pub warnings: Vec<String>,
    /// What is not failing yet, most pressing first.
    pub early_warnings: Vec<EarlyWarning>,
    /// What became of the store; `None` with `--no-store`.
    pub store: Option<Stored>,
    /// How long the run took, milliseconds.
    pub took_ms: u64,
}

/// A span of time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Span {
    /// First moment.
    #[serde(serialize_with = "as_rfc3339")]
    pub from: Stamp,
    /// Last moment.
    #[serde(serialize_with = "as_rfc3339")]
    pub to: Stamp,
}

impl Report {
    /// The laws of honest totals that this report violates, in words; empty when all hold.
    pub fn violated_laws(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for s in &self.sources {
            if !s.lines.add_up() {
                broken.push(format!("lines of {} do not add up: {:?}", s.file, s.lines));
            }
        }
        let t = &self.totals;
        let verdicts: u64 = t.by_verdict.values().sum();
        if verdicts != t.failed_fetches {
            broken.push(format!("{} failed fetches, but {verdicts} verdicts", t.failed_fetches));
        }
        let v = &t.visitors;
        let ledger = v.own_fetch + v.shared + v.made_here + v.edge + v.unexplained;
        if ledger != v.got_5xx {
            broken.push(format!("{} client 5xx, but {ledger} in the ledger", v.got_5xx));
        }
        broken
    }
}
