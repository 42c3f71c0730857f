//! What somebody else needs to look into an incident: the moments, the machines, sample requests. In: nothing; out: the
//! noun that the store fills and the ticket is written from. It must not know who reads it.

use super::incident::{Incident, Quote};
use super::report::ClockOffset;
use super::stamp::Stamp;

/// One incident, as its failed fetches tell of it.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The incident.
    pub incident: Incident,
    /// The backends that fetches failed from, most failures first.
    pub backends: Vec<BackendSeen>,
    /// Failed fetches that stand for the others, in order of time.
    pub samples: Vec<Sample>,
    /// Failed fetches by the status that their clients were given; 0 when not known. Most first.
    pub statuses: Vec<(u16, u64)>,
    /// Failed fetches whose request was sent, so that the connection stood.
    pub sent: u64,
    /// Of those, fetches over a new connection.
    pub opened: u64,
    /// What was fetched from other backends in the hours of the incident, by the same nodes.
    pub others: Others,
    /// Clocks of those who fetched against those they fetched from.
    pub clocks: Vec<ClockOffset>,
}

/// One backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendSeen {
    /// Its name.
    pub backend: String,
    /// Address and port; empty when no connection was made.
    pub address: String,
    /// Node that fetched.
    pub node: String,
    /// Failed fetches.
    pub failures: u64,
    /// First of them.
    pub first: Stamp,
    /// Last of them.
    pub last: Stamp,
}

/// One failed fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub at: Stamp,
    /// When it was given up.
    pub gave_up: Stamp,
    /// Node that fetched.
    pub node: String,
    /// Transaction number; 0 when there is none.
    pub vxid: u64,
    /// Method, host and URL.
    pub method: String,
    /// Host.
    pub host: String,
    /// URL.
    pub url: String,
    /// Backend.
    pub backend: String,
    /// Its address and port; empty when not known.
    pub address: String,
    /// What the client got; 0 when not known.
    pub status: u16,
    /// Cause id.
    pub cause: String,
    /// Verdict word.
    pub verdict: String,
    /// The records of the node that fetched, deciding one first.
    pub own: Vec<Quote>,
    /// The next tier's line.
    pub origin: Option<Quote>,
    /// The next tier's error-log message.
    pub origin_error: Option<Quote>,
}

/// How other backends did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Other backends that were fetched from, by name.
    pub backends: Vec<String>,
    /// Fetches from them in the hours of the incident.
    pub fetches: u64,
    /// Failed fetches from them while the incident lasted.
    pub failed: u64,
}
