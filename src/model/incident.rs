//! An incident: failures of one service that belong together. In: nothing; out: the noun that grouping fills, the
//! store keeps and views print. It must not know how failures are grouped.

use serde::Serialize;
use std::collections::BTreeMap;

use super::crawled::Crawled;
use super::grace::Grace;
use super::similar::{Measured, Recurrence, Similar};
use super::stamp::Stamp;

/// Serialises a stamp as RFC 3339, `null` when not known.
pub fn as_rfc3339<S: serde::Serializer>(t: &Stamp, s: S) -> Result<S::Ok, S::Error> {
    if t.is_known() { s.serialize_str(&t.rfc3339()) } else { s.serialize_none() }
}

/// Serialises a number, `null` for 0.
fn unless_zero<S: serde::Serializer>(n: &u64, s: S) -> Result<S::Ok, S::Error> {
    if *n > 0 { s.serialize_u64(*n) } else { s.serialize_none() }
}

/// The state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Failures went on until the end of what was read.
    Open,
    /// Failures became rare towards the end.
    Recovering,
    /// The same thing comes back more slowly than the gap.
    Recurring,
    /// Somebody said what they did about it.
    Resolved,
    /// It stopped.
    Closed,
}

impl State {
    /// The word in JSON and in the store.
    pub fn word(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Recovering => "recovering",
            State::Recurring => "recurring",
            State::Resolved => "resolved",
            State::Closed => "closed",
        }
    }

    /// The state of such a word.
    pub fn parse(word: &str) -> Option<State> {
        [State::Open, State::Recovering, State::Recurring, State::Resolved, State::Closed]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.word())
    }
}

/// How much of an incident one cause is.
#[derive(Clone, Debug, Serialize)]
pub struct CauseShare {
    /// Cause id.
    pub cause: String,
    /// Failed fetches of that cause.
    pub failures: u64,
    /// First of them.
    #[serde(serialize_with = "as_rfc3339")]
    pub first_at: Stamp,
    /// `came first`, `consequence`, or empty.
    pub role: String,
}

/// What the incident did to clients.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Harm {
    /// Client requests answered 5xx because of it.
    pub visitors_5xx: u64,
    /// Of those, with a User-Agent that claims to be a crawler.
    pub crawlers_5xx: u64,
    /// Failed fetches by impact word.
    pub by_impact: BTreeMap<String, u64>,
    /// Most affected URLs (path without query), most first, with their failed fetches.
    pub top_urls: Vec<(String, u64)>,
    /// Share (0 to 1) of all client requests of its minutes that were answered 5xx because of it; `None` when requests
    /// were not logged.
    pub share: Option<f64>,
    /// The stale copies that hid it, when the logs tell; `None` when nothing was hidden or they do not.
    pub grace: Option<Grace>,
    /// What crawlers got of it; `None` for nothing, or when the logs do not tell who asked.
    pub crawled: Option<Crawled>,
    /// Share (0 to 1) of its error pages that carried Retry-After; `None` when the logs do not tell.
    pub retry_after: Option<f64>,
}

/// One piece of advice. Its text comes from the cause's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `look`, `change` or `NOT`.
    pub kind: String,
    /// What to do, or not to do.
    pub text: String,
    /// The knob it is about; empty for none.
    pub knob: String,
    /// The knob's present default; empty for none.
    pub default: String,
    /// What it costs and how to undo it; empty for none.
    pub cost: String,
    /// A command to paste, with names that were observed; empty for none.
    pub command: String,
    /// The value to set, computed from what was observed; empty when nothing follows from it.
    pub value: String,
    /// The figure that the value comes from, or why there is none; empty for neither.
    pub figure: String,
    /// It is for failures that one of these programs met; empty for any.
    #[serde(skip)]
    pub broke_at: Vec<String>,
    /// It is for fetches that one of these programs made; empty for any.
    #[serde(skip)]
    pub made_by: Vec<String>,
}

/// A quoted log line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// File as given or found.
    pub file: String,
    /// Line, from 1; 0 when not known, and in a binary log.
    #[serde(serialize_with = "unless_zero")]
    pub line: u64,
    /// Byte of the decompressed content where the record begins, in a binary log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The text, redacted and bounded.
    pub text: String,
}

/// One failed fetch told as an example: the own record and what the next tier logged.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// When.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
    /// Method, host and URL.
    pub request: String,
    /// Verdict word.
    pub verdict: String,
    /// The deciding record.
    pub own: Option<Quote>,
    /// The next tier's line.
    pub origin: Option<Quote>,
    /// The next tier's error-log message.
    pub origin_error: Option<Quote>,
}

/// A candidate for what set it off, or for what ended it. Correlation only.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Kind word (`vcl`, `restart`, `maintenance` …).
    pub kind: String,
    /// When.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Stamp,
    /// The evidence in words.
    pub text: String,
    /// How strong the evidence is, 0 to 1; from 0.5 on it claims something. Correlation all the same.
    pub strength: f64,
}

/// A time limit in force that nobody told: failures agree on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// What sets it: the parameter in Varnish, else what it limits.
    pub knob: String,
    /// The limit, milliseconds.
    pub ms: f64,
    /// Failed fetches that waited so long.
    pub failures: u64,
}

impl Limit {
    /// What sets the limit that fetches of that cause ran into at that tier (words); `None` for no such cause.
    pub fn knob(tier: &str, cause: &str) -> Option<&'static str> {
        let of_varnish = tier == "cache";
        match cause {
            "timeout.connect" | "connection.unreachable" | "firewall" => {
                Some(if of_varnish { "connect_timeout" } else { "connect timeout" })
            }
            "timeout.first_byte" | "app.slow" | "overload" => {
                Some(if of_varnish { "first_byte_timeout" } else { "read timeout" })
            }
            _ => None,
        }
    }

    /// Limits out of counts by tier, cause and limit in milliseconds: those that most agree on first.
    pub fn of(counts: impl Iterator<Item = (String, String, f64, u64)>) -> Vec<Limit> {
        let mut out: Vec<Limit> = Vec::new();
        for (tier, cause, ms, failures) in counts {
            let Some(knob) = Limit::knob(&tier, &cause) else { continue };
            match out.iter_mut().find(|l| l.knob == knob && l.ms == ms) {
                Some(known) => known.failures += failures,
                None => out.push(Limit { knob: knob.into(), ms, failures }),
            }
        }
        out.sort_by(|a, b| b.failures.cmp(&a.failures).then(a.knob.cmp(&b.knob)).then(a.ms.total_cmp(&b.ms)));
        out
    }
}

/// An incident.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Its number: the store's id, or the position in the run, from 1, when nothing is stored.
    pub id: u32,
    /// Its name: the service and what broke.
    pub title: String,
    /// First failure.
    #[serde(serialize_with = "as_rfc3339")]
    pub opened_at: Stamp,
    /// Last failure.
    #[serde(serialize_with = "as_rfc3339")]
    pub closed_at: Stamp,
    /// Its state.
    pub state: State,
    /// The service: backend, host or URL group.
    pub service: String,
    /// Nodes that made the failed fetches.
    pub nodes: Vec<String>,
    /// Headline cause id: what came first and explains the rest.
    pub cause: String,
    /// The cause of the incident as a whole when it differs from that of its fetches (`firewall`).
    pub root: Option<String>,
    /// Number of failed fetches.
    pub failures: u64,
    /// Causes with counts, most first.
    pub causes: Vec<CauseShare>,
    /// Verdict words with counts.
    pub verdicts: BTreeMap<String, u64>,
    /// Time limits that its failures agree on, those of most failures first.
    pub limits: Vec<Limit>,
    /// What it did to clients.
    pub harm: Harm,
    /// Failed fetches per minute: minute, count.
    pub curve: Vec<(i64, u64)>,
    /// Failures per hour, for a recurring one.
    pub rate_per_hour: Option<f64>,
    /// One sentence: what happened.
    pub in_short: String,
    /// Examples, most telling first.
    pub examples: Vec<Example>,
    /// The origin's proof in its own words, when an error log told.
    pub proof: Vec<Quote>,
    /// What to look at, change, and not do.
    pub advice: Vec<Advice>,
    /// Candidates for the trigger, strongest first.
    pub began: Vec<Candidate>,
    /// What happened just before the failures stopped: a likely fix, unconfirmed.
    pub ended_by: Vec<Candidate>,
    /// What people wrote: the trigger.
    pub trigger: Option<String>,
    /// What people wrote: the fix.
    pub fix: Option<String>,
    /// Whether it worked: `yes`, `no`, `unknown`.
    pub worked: Option<String>,
    /// Notes, oldest first.
    pub notes: Vec<String>,
    /// Ids of earlier incidents of the same service and headline cause.
    pub seen_before: Vec<u32>,
    /// Earlier incidents that look like this one, likest first; filled in where the history is asked.
    pub similar: Vec<Similar>,
    /// How often the same happened; `None` when it is the first time, or the history was not asked.
    pub recurrence: Option<Recurrence>,
    /// What later logs say of the fix; `None` when there is none, or the history was not asked.
    pub measured: Option<Measured>,
    /// How far the history reaches back; not known where it was not asked.
    #[serde(serialize_with = "as_rfc3339")]
    pub history_since: Stamp,
}

/// An incident and the failures that are in it.
#[derive(Clone, Debug)]
pub struct Group {
    /// The incident.
    pub incident: Incident,
    /// Identities of its failures, in order of time.
    pub members: Vec<u64>,
}
