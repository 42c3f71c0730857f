//! What an incident looks like, and which earlier ones look like it. In: nothing; out: the nouns. It must not know how
//! likeness is reckoned.

use serde::Serialize;

use super::incident::as_rfc3339;
use super::stamp::Stamp;

/// What an incident looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Its number.
    pub id: u32,
    /// First failure.
    pub opened_at: Stamp,
    /// Last failure.
    pub closed_at: Stamp,
    /// Service.
    pub service: String,
    /// Headline cause id.
    pub cause: String,
    /// Failed fetches.
    pub failures: u64,
    /// Cause ids with their failures.
    pub causes: Vec<(String, u64)>,
    /// Verdict words with their failures.
    pub verdicts: Vec<(String, u64)>,
    /// Nodes that made the fetches.
    pub nodes: Vec<String>,
    /// Parts of the site (first path segments) that were hit.
    pub parts: Vec<String>,
    /// Kind word of the strongest trigger candidate; empty for none.
    pub trigger: String,
    /// What was done about it.
    pub fix: Option<String>,
    /// Whether that worked: `yes`, `no`, `unknown`.
    pub worked: Option<String>,
    /// When it was resolved.
    pub resolved_at: Stamp,
}

/// An earlier incident that looks like this one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Similar {
    /// Its number.
    pub id: u32,
    /// First failure of it.
    #[serde(serialize_with = "as_rfc3339")]
    pub opened_at: Stamp,
    /// How much it looks like this one, 0 to 1.
    pub likeness: f64,
    /// What is the same.
    pub same: Vec<String>,
    /// What differs.
    pub differs: Vec<String>,
    /// What was done about it then.
    pub fix: Option<String>,
    /// Whether that worked: `yes`, `no`, `unknown`.
    pub worked: Option<String>,
    /// When it was resolved; not known when it was not.
    #[serde(serialize_with = "as_rfc3339")]
    pub resolved_at: Stamp,
    /// True when the same cause of the same service had been resolved before this one opened: it is back, a regression.
    pub regression: bool,
    /// From the first failure to the last, seconds.
    pub recovered_s: f64,
}

/// How often the same service failed for the same cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recurrence {
    /// Incidents, this one included.
    pub times: u64,
    /// The first of them.
    #[serde(serialize_with = "as_rfc3339")]
    pub since: Stamp,
    /// The beat they keep to, in words; empty for none.
    pub beat: String,
}

/// What later logs say of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The failures stopped.
    Worked,
    /// They became fewer, and did not stop.
    Partly,
    /// They went on as before.
    NoEffect,
    /// They became more.
    Worse,
    /// The logs do not reach far enough.
    TooEarly,
}

impl Effect {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Effect::Worked => "worked",
            Effect::Partly => "helped in part",
            Effect::NoEffect => "no effect",
            Effect::Worse => "worse than before",
            Effect::TooEarly => "too early to tell",
        }
    }

    /// The answer to "did it work"; `None` for too early.
    pub fn answer(self) -> Option<&'static str> {
        match self {
            Effect::Worked => Some("yes"),
            Effect::NoEffect | Effect::Worse => Some("no"),
            Effect::Partly | Effect::TooEarly => None,
        }
    }
}

/// A fix held against the logs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// What they say.
    pub effect: Effect,
    /// Failures a minute before, while it lasted.
    pub before_per_min: f64,
    /// Failures since, of the same service and cause.
    pub after: u64,
    /// Minutes of log since.
    pub minutes: u64,
}
