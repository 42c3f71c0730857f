//! When to call for help: the thresholds of `[alerts]` and their defaults. In: TOML; out: numbers that were checked. It
//! must not know how they are applied.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Deserialize as Derive, Serialize};
use toml::Spanned;

use super::silence::Silence;
use super::span::Span;
use super::written::Written;

/// `[alerts]`.
#[derive(Clone, Debug, Derive, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Failed fetches that an incident, or a cause that joins one, must have.
    pub min_failures: u64,
    /// Share (0 to 1) of client requests answered 5xx that an incident must reach. With more than 0, failures that
    /// stay hidden behind stale answers are never told.
    #[serde(deserialize_with = "share")]
    pub min_share: f64,
    /// Share from which an incident is critical and not only a warning.
    #[serde(deserialize_with = "share")]
    pub critical_share: f64,
    /// How long an incident, or an early warning, must have lasted in the logs.
    #[serde(rename = "for")]
    pub lasting: Span,
    /// Wait between the moment an incident deserves a call and the call, so that it is told with all its causes.
    pub grouping_wait: Span,
    /// How many times worse, in share or in failed fetches per minute, before it is told again; more than 1.
    #[serde(deserialize_with = "factor")]
    pub escalation_factor: f64,
    /// While nothing new happens, an open incident is told again after this.
    pub repeat_interval: Span,
    /// How long something must be over before that is told.
    pub recovered_wait: Span,
    /// An incident of one service is told as new at most so often in an hour; after that only once the hour is over.
    pub max_opened_per_hour: u32,
    /// Share of the time limit that the 95th percentile of the times to first byte must reach for an early warning; 0
    /// for none.
    #[serde(deserialize_with = "share")]
    pub early_warning: f64,
    /// The time limit where failures have not shown it yet; 0 when it is not known.
    pub ttfb_limit: Span,
    /// Told when objects that hide failures run out of grace within this; 0 for never.
    pub grace_warning: Span,
    /// What is not told.
    #[serde(rename = "silence", skip_serializing_if = "Vec::is_empty")]
    pub silences: Vec<Silence>,
    /// `[[alerts.sink]]` as written, with their places in the file, until they are checked.
    #[serde(rename = "sink", skip_serializing)]
    pub(super) sinks: Vec<Spanned<Written>>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            min_failures: 10,
            min_share: 0.0,
            critical_share: 0.05,
            lasting: Span::seconds(10),
            grouping_wait: Span::seconds(10),
            escalation_factor: 3.0,
            repeat_interval: Span::seconds(4 * 3600),
            recovered_wait: Span::seconds(60),
            max_opened_per_hour: 3,
            early_warning: 0.8,
            ttfb_limit: Span::seconds(60),
            grace_warning: Span::seconds(600),
            silences: Vec::new(),
            sinks: Vec::new(),
        }
    }
}

impl Rules {
    /// The time limit where failures have not shown it yet, milliseconds.
    pub fn ttfb_limit_ms(&self) -> Option<f64> {
        (self.ttfb_limit.0 > 0).then_some(self.ttfb_limit.0 as f64 / 1000.0)
    }
}

fn share<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let n = f64::deserialize(d)?;
    if (0.0..=1.0).contains(&n) {
        Ok(n)
    } else {
        Err(D::Error::custom(format!("{n} is no share: write a number from 0 to 1, such as 0.05 for 5 %")))
    }
}

fn factor<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let n = f64::deserialize(d)?;
    if n > 1.0 && n.is_finite() {
        Ok(n)
    } else {
        Err(D::Error::custom(format!("{n} is no factor of worsening: write a number above 1, such as 3.0")))
    }
}
