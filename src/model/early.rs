//! An early warning: what is not failing yet, or only now and then. In: nothing; out: the noun that a report lists and
//! views print. It must not know how it was noticed.

use serde::Serialize;

use super::incident::as_rfc3339;
use super::stamp::Stamp;

/// What an early warning is about. The word in JSON is the name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// All headers of an answer together come near the limit.
    HeaderBytes,
    /// The number of header lines of an answer comes near the limit.
    HeaderLines,
    /// A high percentile of the times to first byte comes near the timeout.
    FirstByte,
    /// Answers came just before the timeout would have cut them off.
    NearMiss,
    /// Probes said sick and healthy by turns.
    ProbeFlaps,
    /// Kept-alive connections were closed under a request, and a second connection saved it.
    ReuseRace,
    /// A share of the connections fails on TLS while others work.
    Certificates,
    /// The log itself is not whole.
    LogIncomplete,
}

/// All of them.
const CONCERNS: [Concern; 8] = [
    Concern::HeaderBytes,
    Concern::HeaderLines,
    Concern::FirstByte,
    Concern::NearMiss,
    Concern::ProbeFlaps,
    Concern::ReuseRace,
    Concern::Certificates,
    Concern::LogIncomplete,
];
/// Units of the figures.
const UNITS: [&str; 6] = ["bytes", "lines", "ms", "times", "share", "seconds"];

impl Concern {
    /// The word in JSON and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Concern::HeaderBytes => "header_bytes",
            Concern::HeaderLines => "header_lines",
            Concern::FirstByte => "first_byte",
            Concern::NearMiss => "near_miss",
            Concern::ProbeFlaps => "probe_flaps",
            Concern::ReuseRace => "reuse_race",
            Concern::Certificates => "certificates",
            Concern::LogIncomplete => "log_incomplete",
        }
    }

    /// The concern of such a word.
    pub fn parse(word: &str) -> Option<Concern> {
        CONCERNS.into_iter().find(|c| c.word() == word)
    }
}

impl EarlyWarning {
    /// The unit of that name.
    pub fn unit(name: &str) -> Option<&'static str> {
        UNITS.into_iter().find(|u| *u == name)
    }
}

/// One early warning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EarlyWarning {
    /// What it is about.
    pub kind: Concern,
    /// Node whose log shows it.
    pub node: String,
    /// Backend that it is about; empty for none.
    pub backend: String,
    /// The cause that it becomes when it goes on; empty for none.
    pub cause: String,
    /// In words.
    pub text: String,
    /// What to do before it fails.
    pub advice: String,
    /// The figure that was seen, in `unit`.
    pub seen: f64,
    /// The limit it is measured against, in `unit`; `None` for none.
    pub limit: Option<f64>,
    /// `bytes`, `lines`, `ms`, `times`, `share` (0 to 1) or `seconds`.
    pub unit: &'static str,
    /// When it was seen, the worst of it: exact to the hour where traffic was counted.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
}
