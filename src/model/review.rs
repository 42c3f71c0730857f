//! What a written report is made of: the incidents of a stretch of time and the figures beside them. In: nothing; out:
//! the noun that the store fills and views write. It must not know how it is written.

use super::backends::BackendHour;
use super::early::EarlyWarning;
use super::incident::Incident;
use super::stamp::Stamp;

/// A stretch of time, looked back upon.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// First moment.
    pub from: Stamp,
    /// Last moment.
    pub to: Stamp,
    /// The one incident that it is about; `None` when it is about all of that time.
    pub about: Option<u32>,
    /// Incidents with their advice, worst first.
    pub incidents: Vec<Incident>,
    /// How long a slice of `failures` is, microseconds.
    pub slice_us: i64,
    /// Failed fetches by slice and cause, in order of time; those told in another one are left out.
    pub failures: Vec<CauseSlice>,
    /// The same of each incident by itself, those of least visitors left out where there are many.
    pub courses: Vec<Course>,
    /// Who failed to fetch from whom, in order of names.
    pub pairs: Vec<Pair>,
    /// How the backends did, hour by hour, in order of time.
    pub hours: Vec<BackendHour>,
    /// Time limits on the answer that failed fetches agree on, by backend.
    pub limits: Vec<BackendLimit>,
    /// What did not fail yet, in order of time; empty for one incident.
    pub early: Vec<EarlyWarning>,
    /// Addresses of the backends that fetches failed from: the own machines.
    pub addresses: Vec<String>,
    /// What was changed, in order of time.
    pub changes: Vec<ChangeMark>,
    /// What was served and fetched in all.
    pub served: Served,
}

/// Failed fetches of one cause in one slice of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseSlice {
    /// Start of the slice.
    pub at: Stamp,
    /// Cause id.
    pub cause: String,
    /// Failed fetches.
    pub failures: u64,
}

/// The failed fetches of one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Its number.
    pub incident: u32,
    /// How long a slice is, microseconds.
    pub slice_us: i64,
    /// By slice and cause, in order of time.
    pub slices: Vec<CauseSlice>,
}

/// One node and one backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Node that fetched.
    pub node: String,
    /// Backend.
    pub backend: String,
    /// Fetches; 0 when not counted.
    pub fetches: u64,
    /// Failed fetches.
    pub failed: u64,
    /// The cause of most of them; empty without any.
    pub cause: String,
}

/// A time limit of the fetches from one backend.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendLimit {
    /// Backend.
    pub backend: String,
    /// What sets it.
    pub knob: String,
    /// The limit, milliseconds.
    pub ms: f64,
}

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeMark {
    /// When.
    pub at: Stamp,
    /// Kind word (`vcl`, `restart`, `change` …).
    pub kind: String,
    /// Node; empty when a person told of it.
    pub node: String,
    /// In words.
    pub text: String,
}

/// Counts of the uppermost tier that logged any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Client requests.
    pub requests: u64,
    /// Of those, answered 5xx.
    pub requests_5xx: u64,
    /// Fetches.
    pub fetches: u64,
    /// Of those, failed.
    pub failed: u64,
}
