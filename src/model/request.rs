//! One request as the tier that *served* it logged it. In: fields that a format room borrowed from a chunk; out: the
//! noun `Request`. It must not know the format it came from.

use super::locator::Locator;
use super::stamp::Stamp;
use super::upstream::Upstream;

/// Why the request exists (VSL `Begin req PARENT REASON`; plain access logs only know `Client`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequestReason {
    /// A client sent it.
    #[default]
    Client,
    /// VCL restarted an earlier request.
    Restart,
    /// An ESI include.
    Esi,
    /// Another node of the same tier sent it (a CDN's shield): no visitor of its own.
    Hop,
}

impl RequestReason {
    /// True for a request of a client itself, not for a part or a relay of one.
    pub fn is_visit(self) -> bool {
        !matches!(self, RequestReason::Esi | RequestReason::Hop)
    }

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            RequestReason::Client => "client",
            RequestReason::Restart => "restart",
            RequestReason::Esi => "esi",
            RequestReason::Hop => "hop",
        }
    }
}

/// What made the answer that the client got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MadeBy {
    /// Not known from this log.
    #[default]
    Unknown,
    /// Its own fetch (miss, pass, pipe).
    Fetch,
    /// A stored object, possibly another request's failed fetch that it waited for.
    Hit,
    /// The tier itself: VCL `synth`, or a web server that asked no upstream.
    Itself,
}

impl MadeBy {
    /// The word in JSON; `None` when it is not known.
    pub fn word(self) -> Option<&'static str> {
        match self {
            MadeBy::Unknown => None,
            MadeBy::Fetch => Some("fetch"),
            MadeBy::Hit => Some("hit"),
            MadeBy::Itself => Some("itself"),
        }
    }
}

/// A served request; every text field is borrowed from the chunk, empty when the log has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'c> {
    /// Its first physical line.
    pub at: Locator,
    /// Transaction id at this tier; 0 where the format has none.
    pub vxid: u64,
    /// Transaction id of the parent (VSL); 0 when there is none.
    pub parent: u64,
    /// Why it exists.
    pub reason: RequestReason,
    /// Request method.
    pub method: &'c [u8],
    /// Host without port, as logged.
    pub host: &'c [u8],
    /// Path and query as logged.
    pub url: &'c [u8],
    /// Status sent to the client; 0 when none was.
    pub status: u16,
    /// First moment; `Stamp::NONE` where neither start nor duration is logged.
    pub start: Stamp,
    /// Last moment; the first one where `unended`.
    pub end: Stamp,
    /// True when the log tells only when it began.
    pub unended: bool,
    /// Body bytes sent to the client.
    pub body_bytes: Option<u64>,
    /// All bytes sent to the client.
    pub sent_bytes: Option<u64>,
    /// Bytes of the request: line, headers and body.
    pub request_length: Option<u64>,
    /// User-Agent.
    pub agent: &'c [u8],
    /// Referer.
    pub referer: &'c [u8],
    /// Address of the peer that sent the request.
    pub peer: &'c [u8],
    /// Address of the client behind that peer (X-Forwarded-For), as logged.
    pub forwarded: &'c [u8],
    /// Local port that the request arrived at; 0 when not logged.
    pub port: u16,
    /// Number of the client connection (nginx `$connection`); 0 when not logged.
    pub connection: u64,
    /// Position of the request on that connection, from 1; 0 when not logged.
    pub on_connection: u32,
    /// Id that the caller sent along (`X-Varnish`, `X-Request-ID` …); empty when not logged.
    pub travelled_id: &'c [u8],
    /// Id that this tier gave it and sends along (`cf-ray`, `x-amz-cf-id`, `X-Varnish` …); empty when not logged.
    pub own_id: &'c [u8],
    /// Point of presence that served it; empty when not logged.
    pub pop: &'c [u8],
    /// What the cache of this tier did, in its own word; empty when not logged.
    pub cache: &'c [u8],
    /// Microseconds from the request to the first byte of the answer; `None` when not logged.
    pub ttfb_us: Option<i64>,
    /// What made the answer.
    pub made_by: MadeBy,
    /// Id of the last fetch that it started itself (not in the background); 0 for none.
    pub fetch: u64,
    /// Id of the fetch that made the stored object it was served from (VSL `Hit`); 0 for none.
    pub hit: u64,
    /// Microseconds of grace that this object had left when it was served although it was stale (VSL `Hit`); `None` when
    /// it was fresh, or the log does not tell.
    pub grace_left_us: Option<i64>,
    /// True when it waited for another request's fetch (VSL `Timestamp Waitinglist`).
    pub waited: bool,
    /// True when VCL restarted it: the client saw its successor.
    pub restarted: bool,
    /// True when the delivery was cut or the transaction in the log is not whole.
    pub incomplete: bool,
    /// True when the answer carried `Retry-After`.
    pub retry_after: bool,
    /// What the line says of the upstream that was asked for the answer.
    pub upstream: Upstream,
}
