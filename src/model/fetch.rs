//! One attempt of a tier to get an answer from the next one. In: fields that a format room borrowed from a chunk;
//! out: the noun `Fetch`. It must not know the format it came from, nor why a fetch failed.

use super::locator::Locator;
use super::mark::Marks;
use super::stamp::Stamp;

/// Why a fetch was made (VSL `Begin bereq PARENT REASON`; `Upstream` for a proxy's access line).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A cache miss.
    #[default]
    Fetch,
    /// VCL passed the request.
    Pass,
    /// A background refresh; the client already had a stale answer.
    Bgfetch,
    /// VCL retried an earlier fetch.
    Retry,
    /// A pipe.
    Pipe,
    /// The upstream part of a proxy's own line.
    Upstream,
}

impl Reason {
    /// The word in JSON and in the store; VSL's own where it has one.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Fetch => "fetch",
            Reason::Pass => "pass",
            Reason::Bgfetch => "bgfetch",
            Reason::Retry => "retry",
            Reason::Pipe => "pipe",
            Reason::Upstream => "upstream",
        }
    }

    /// The reason of such a word.
    pub fn parse(word: &str) -> Option<Reason> {
        [Reason::Fetch, Reason::Pass, Reason::Bgfetch, Reason::Retry, Reason::Pipe, Reason::Upstream]
            .into_iter()
            .find(|r| r.word() == word)
    }
}

/// What became of a fetch, by the tier's own record (design: one failed fetch).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FetchOutcome {
    /// It got an answer below 500 and used it. A second connection within one BeReq counts as this when it worked.
    #[default]
    Good,
    /// It could not get or use an answer.
    Failed,
    /// The answer had begun to stream when it broke: the client got a cut success.
    Cut,
    /// It relayed a 5xx.
    Relayed,
    /// It relayed a 403: a failed fetch only when that is proven to be a refusal of the cache itself.
    Denied,
    /// The record in the log is not whole and does not say.
    Unknown,
}

impl FetchOutcome {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            FetchOutcome::Good => "good",
            FetchOutcome::Failed => "failed",
            FetchOutcome::Cut => "cut",
            FetchOutcome::Relayed => "relayed",
            FetchOutcome::Denied => "denied",
            FetchOutcome::Unknown => "unknown",
        }
    }

    /// True for what counts as a failed fetch without further proof.
    pub fn has_failed(self) -> bool {
        matches!(self, FetchOutcome::Failed | FetchOutcome::Cut | FetchOutcome::Relayed)
    }
}

/// Bytes exchanged with the next tier (VSL `BereqAcct`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acct {
    /// Request header bytes sent.
    pub header_sent: u64,
    /// Request body bytes sent.
    pub body_sent: u64,
    /// Response header bytes received.
    pub header_received: u64,
    /// Response body bytes received.
    pub body_received: u64,
}

/// What the answer's own headers say, as far as cause rules ask for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Response<'c> {
    /// `Content-Length`.
    pub content_length: Option<u64>,
    /// `Server`.
    pub server: &'c [u8],
    /// `Content-Type`.
    pub content_type: &'c [u8],
    /// True when `Retry-After` was sent.
    pub retry_after: bool,
    /// True when a header that only an application sends was there (`X-Powered-By`, `Set-Cookie`, framework headers).
    pub from_app: bool,
    /// Number of header lines.
    pub headers: u16,
}

/// A fetch; every text field is borrowed from the chunk, empty when the log has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch<'c> {
    /// Its first physical line.
    pub at: Locator,
    /// Transaction id at this tier; 0 where the format has none.
    pub vxid: u64,
    /// Transaction id of what asked for it: a request, or for a retry the earlier fetch; 0 when not known.
    pub parent: u64,
    /// Why it was made.
    pub reason: Reason,
    /// Method as sent.
    pub method: &'c [u8],
    /// Host as sent.
    pub host: &'c [u8],
    /// Path and query as sent, possibly cut by the log.
    pub url: &'c [u8],
    /// User-Agent as sent.
    pub agent: &'c [u8],
    /// Referer as sent.
    pub referer: &'c [u8],
    /// Name of the backend or upstream, without VCL prefix; empty when none was reached.
    pub backend: &'c [u8],
    /// Address of the next tier, without port; empty when no connection was made.
    pub addr: &'c [u8],
    /// Port of the next tier; 0 when no connection was made.
    pub port: u16,
    /// Point of presence that made it; empty when not logged.
    pub pop: &'c [u8],
    /// Own port of the last connection; 0 when not logged.
    pub local_port: u16,
    /// How many connections were taken (VSL `BackendOpen`).
    pub opens: u8,
    /// True when the last one was a kept-alive connection.
    pub reused: bool,
    /// Whether a connection to the next tier was there; `None` when the log does not say.
    pub had_connection: Option<bool>,
    /// Whether the next tier's headers came; `None` when the log does not say.
    pub had_answer: Option<bool>,
    /// The fetch was begun.
    pub started: Stamp,
    /// Connecting began (VSL `Timestamp Fetch`, else `started`).
    pub connecting: Stamp,
    /// The last connection was there.
    pub connected: Stamp,
    /// The request was sent, in the last attempt.
    pub sent: Stamp,
    /// The request was sent in the first attempt; differs from `sent` only after a second connection.
    pub first_sent: Stamp,
    /// The answer's headers were there, or the attempt failed.
    pub answered: Stamp,
    /// The body was complete; not known when it never was.
    pub completed: Stamp,
    /// The last moment that the log has of it; the first one where `unended`.
    pub ended: Stamp,
    /// The log tells when it began and nothing later: no time says how long anything took.
    pub unended: bool,
    /// Status that this tier made of it (VSL: last `BerespStatus`); 0 for none.
    pub status: u16,
    /// Status that the next tier answered; 0 for none.
    pub origin_status: u16,
    /// Bytes exchanged.
    pub acct: Option<Acct>,
    /// What the answer's headers say.
    pub response: Response<'c>,
    /// True when VCL retried it.
    pub retried: bool,
    /// What became of it.
    pub outcome: FetchOutcome,
    /// The records that say why.
    pub marks: Marks<'c>,
    /// Id that was sent along and that the next tier may log; 0 for none.
    pub travelled_id: u64,
    /// Id that came with the request and was passed on (`cf-ray`, `X-Request-ID` …), see `row::id_of`; 0 for none.
    pub passed_id: u64,
}
