//! The fixed records that leave the fold for linking. In: a `Request` or a `Fetch`; out: numbers and hashes only, so
//! that millions of them fit in memory or spill to a file as they are. They must hold no text and no pointer.
//!
//! Why 96 bytes and not the 40 of the design: `request_length`, `bytes_sent`, the port and the upstream's status make
//! the rich access format exact (reference: linking) and save a second reading of the line; the parts of a rewritten URL save
//! a third.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::fetch::Fetch;
use super::request::Request;
use super::shape::Shape;
use super::stamp::Stamp;
use super::tier::SeriesId;

/// How many bytes of a URL take part in its key: varnishlog cuts payloads at `vsl_reclen` - 1 = 254 bytes by default.
pub const KEY_URL: usize = 254;

/// Stands for "not logged" in the 32-bit fields of a row.
pub const NOT_LOGGED: u32 = u32::MAX;

/// Hash of what both ends log of a request: method and (cut) path and query. Never 0. Where a format has no method it is
/// most likely GET.
pub fn key_of(method: &[u8], url: &[u8]) -> u64 {
    let cut = &url[..url.len().min(KEY_URL)];
    let method = if method.is_empty() { b"GET" } else { method };
    xxh3_64_with_seed(cut, xxh3_64_with_seed(method, 0)).max(1)
}

/// 32-bit hash of a text that is compared for equality only; 0 for the empty text and for `-`.
pub fn hash32(text: &[u8]) -> u32 {
    if text.is_empty() || text == b"-" {
        return 0;
    }
    (xxh3_64_with_seed(text, 1) as u32).max(1)
}

/// `n` in 32 bits; [`NOT_LOGGED`] when absent or too large.
fn small(n: Option<u64>) -> u32 {
    n.and_then(|n| u32::try_from(n).ok()).unwrap_or(NOT_LOGGED)
}

/// An id that travelled with a request, in 32 bits; 0 for none. Numbers (`X-Varnish`) keep their low bits, so that the
/// two ends agree whether one logs text and the other a number; of an id that proxies on the way extend, the part counts
/// that they leave alone (see [`kept_part`]).
pub fn id_of(text: &[u8]) -> u32 {
    let first = kept_part(text.split(|b| *b == b' ').next().unwrap_or_default());
    match std::str::from_utf8(first).ok().and_then(|t| t.parse::<u64>().ok()) {
        Some(n) => n as u32,
        None => hash32(first),
    }
}

/// The part of an id that is the same at both ends: `cf-ray` without the POP that Cloudflare appends to the header, the
/// trace of a W3C `traceparent` without its span, the `Root=` of an `X-Amzn-Trace-Id`.
fn kept_part(id: &[u8]) -> &[u8] {
    let hex = |b: &[u8]| b.iter().all(u8::is_ascii_hexdigit);
    match id {
        [ray @ .., b'-', a, b, c]
            if ray.len() == 16 && hex(ray) && [a, b, c].iter().all(|c| c.is_ascii_uppercase()) =>
        {
            ray
        }
        [_, _, b'-', rest @ ..] if id.len() == 55 && rest[32] == b'-' && hex(&rest[..32]) => &rest[..32],
        _ => match id.windows(5).position(|w| w == b"Root=") {
            Some(at) => id[at + 5..].split(|c| *c == b';').next().unwrap_or_default(),
            None => id,
        },
    }
}

/// Which part of a site a URL belongs to: its first two path segments, up to the first that is a number, an id or a
/// file. `/v1/reports/8214640?x=1` and `/v1/reports/7` are one group.
pub fn group_of(url: &[u8]) -> &[u8] {
    let path = &url[..url.iter().position(|b| matches!(b, b'?' | b'#' | b';')).unwrap_or(url.len())];
    let mut end = 0;
    for _ in 0..2 {
        let Some(from) = path[end..].iter().position(|b| *b != b'/').map(|n| end + n) else { break };
        let to = path[from..].iter().position(|b| *b == b'/').map_or(path.len(), |n| from + n);
        if is_id(&path[from..to]) {
            break;
        }
        end = to;
    }
    if end == 0 { b"/" } else { &path[..end] }
}

/// Hash of host and URL group.
pub fn group_hash(host: &[u8], url: &[u8]) -> u32 {
    hash32(group_of(url)).rotate_left(7) ^ hash32(host)
}

/// A segment that names one thing: it has a dot, four digits or more, or is a number.
fn is_id(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|b| b.is_ascii_digit()).count();
    segment.contains(&b'.') || digits >= 4 || digits == segment.len()
}

/// A served request as the linker sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct RequestRow {
    /// See [`key_of`].
    pub key: u64,
    /// End, microseconds since 1970 on the clock of the node that wrote it.
    pub end: i64,
    /// Byte offset of the line in its file.
    pub offset: u64,
    /// Duration in microseconds; [`NOT_LOGGED`] where the format has none.
    pub duration: u32,
    /// Body bytes sent.
    pub body: u32,
    /// All bytes sent.
    pub sent: u32,
    /// Bytes of the request.
    pub length: u32,
    /// Hash of User-Agent and Referer.
    pub agent: u32,
    /// Hash of the host.
    pub host: u32,
    /// Number of the client connection, low 32 bits, or where it is not logged the hash of the peer's address, see
    /// [`RequestRow::PEER`]; 0 for neither.
    pub connection: u32,
    /// Id that the caller sent along, see [`id_of`]; 0 when not logged.
    pub id: u32,
    /// Line within the chunk, see [`super::Locator::line`].
    pub line: u32,
    /// File.
    pub file: u32,
    /// Series.
    pub series: SeriesId,
    /// Status.
    pub status: u16,
    /// Local port.
    pub port: u16,
    /// Status of the last upstream that this tier asked itself; 0 when it asked none or the format does not say.
    pub upstream: u16,
    /// Bits: see the constants.
    pub flags: u16,
    /// Transaction id, low 32 bits; 0 where the format has none.
    pub vxid: u32,
    /// What stays of the URL when it is rewritten.
    pub shape: Shape,
}

impl RequestRow {
    /// The format says whether an upstream was asked.
    pub const SAYS_ASKED: u16 = 1;
    /// An upstream was asked.
    pub const ASKED: u16 = 2;
    /// The format says whether the upstream sent headers.
    pub const SAYS_ANSWERED: u16 = 4;
    /// The upstream sent headers.
    pub const ANSWERED: u16 = 8;
    /// `connection` is the hash of the peer's address.
    pub const PEER: u16 = 16;
    /// The format says whether the connection to the upstream stood.
    pub const SAYS_CONNECTED: u16 = 32;
    /// It stood.
    pub const CONNECTED: u16 = 64;

    /// Number of the client connection, low 32 bits; 0 when not logged.
    pub fn connection_number(&self) -> u32 {
        if self.flags & Self::PEER == 0 { self.connection } else { 0 }
    }

    /// Hash of the peer's address; 0 when not kept.
    pub fn peer(&self) -> u32 {
        if self.flags & Self::PEER == 0 { 0 } else { self.connection }
    }

    /// The row of a request.
    pub fn of(r: &Request<'_>, series: SeriesId) -> RequestRow {
        RequestRow {
            key: key_of(r.method, r.url),
            end: r.end.0,
            offset: r.at.offset,
            duration: if r.unended { NOT_LOGGED } else { small(r.end.since(r.start).map(|us| us.max(0) as u64)) },
            body: small(r.body_bytes),
            sent: small(r.sent_bytes),
            length: small(r.request_length),
            agent: hash32(r.agent) ^ hash32(r.referer).rotate_left(16),
            host: hash32(r.host),
            connection: if r.connection > 0 { r.connection as u32 } else { hash32(r.peer) },
            id: id_of(r.travelled_id),
            line: r.at.line,
            file: r.at.file.0,
            series,
            status: r.status,
            port: r.port,
            upstream: 0,
            flags: if r.connection > 0 { 0 } else { Self::PEER },
            vxid: r.vxid as u32,
            shape: Shape::of(r.method, r.url),
        }
    }
}

/// A fetch as the linker sees it; failed or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct FetchRow {
    /// See [`key_of`].
    pub key: u64,
    /// The request was sent (last attempt), microseconds since 1970 on the clock of the node that fetched.
    pub sent_at: i64,
    /// Transaction id, or 0: names the failure that this row belongs to.
    pub vxid: u64,
    /// Microseconds from `sent_at` to the answer's headers or to giving up; [`NOT_LOGGED`] when not logged.
    pub wait: u32,
    /// Microseconds from `sent_at` to the end of the body or to the last stamp; [`NOT_LOGGED`] when not logged.
    pub whole: u32,
    /// Microseconds by which the first attempt was sent before `sent_at`; 0 for a single attempt.
    pub earlier: u32,
    /// Response body bytes received.
    pub body: u32,
    /// Response header bytes received.
    pub header: u32,
    /// Request header bytes sent.
    pub header_sent: u32,
    /// Request body bytes sent.
    pub body_sent: u32,
    /// Hash of User-Agent and Referer.
    pub agent: u32,
    /// Hash of the host.
    pub host: u32,
    /// Hash of the backend's name.
    pub backend: u32,
    /// Hash of host and URL group, see [`group_of`].
    pub group: u32,
    /// Id that was sent along, see [`id_of`]; 0 for none.
    pub id: u32,
    /// Status that the next tier answered; 0 for none.
    pub status: u16,
    /// Port of the next tier; 0 when not logged.
    pub port: u16,
    /// Own port of the connection; 0 when not logged.
    pub local_port: u16,
    /// Bits: see the constants.
    pub flags: u16,
    /// Series.
    pub series: SeriesId,
    /// Id that came from above and was passed on, see [`id_of`]; 0 for none. Several fetches may carry one.
    pub passed: u32,
    /// What stays of the URL when it is rewritten.
    pub shape: Shape,
    /// Hash of the point of presence that made it; 0 for none.
    pub pop: u64,
}

impl FetchRow {
    /// The fetch failed and is kept as a failure.
    pub const FAILED: u16 = 1;
    /// It got a whole answer.
    pub const WHOLE: u16 = 2;
    /// It gave up waiting for the answer's headers.
    pub const TIMED_OUT: u16 = 4;
    /// The body broke off while it was read.
    pub const BODY_BROKE: u16 = 8;
    /// A connection was taken, so that bytes can have left.
    pub const OPENED: u16 = 16;
    /// The URL was cut by the log: the key is a prefix.
    pub const URL_CUT: u16 = 32;
    /// The bytes are those of a whole retry chain, not of this fetch alone.
    pub const SUMMED: u16 = 64;
    /// Two connections were taken: two rows may belong to it.
    pub const TWICE: u16 = 128;
    /// The last connection was a kept-alive one.
    pub const REUSED: u16 = 256;
    /// It was made for another node of the same tier.
    pub const HOP: u16 = 512;
    /// The log says only when it ended: that is `sent_at`.
    pub const END_ONLY: u16 = 1024;
    /// A User-Agent that claims to be a crawler asked.
    pub const CRAWLER: u16 = 2048;

    /// The line says when it began, to the second or so, and not how long it took.
    pub const START_ONLY: u16 = 4096;
    /// Its method changes something at the origin: neither GET nor HEAD nor OPTIONS.
    pub const WRITES: u16 = 8192;
    /// The key is that of a part of the URL, because the next tier logs it in another form.
    pub const REWRITTEN: u16 = 16_384;

    /// True when it can be linked by time: the log says when it was made.
    pub fn is_timed(&self) -> bool {
        Stamp(self.sent_at).is_known()
    }

    /// What is left of it when its line at the next tier is not looked for any more: it must not take another's.
    pub fn unlinkable(&self) -> FetchRow {
        let flags = self.flags & (FetchRow::CRAWLER | FetchRow::WRITES);
        FetchRow { key: self.key, group: self.group, sent_at: Stamp::NONE.0, flags, ..FetchRow::default() }
    }

    /// The row of a fetch. `flags` are given by the caller, who knows what became of it.
    pub fn of(f: &Fetch<'_>, series: SeriesId, flags: u16) -> FetchRow {
        let gap = |from: Stamp, to: Stamp| small(to.since(from).map(|us| us.max(0) as u64));
        let last = f.completed.or(f.ended);
        let begun = f.sent.or(f.started);
        FetchRow {
            key: key_of(f.method, f.url),
            sent_at: begun.or(f.ended).0,
            vxid: f.vxid,
            wait: gap(f.sent, f.answered),
            whole: gap(f.sent, last),
            earlier: f.sent.since(f.first_sent).map_or(0, |us| us.clamp(0, i64::from(u32::MAX)) as u32),
            body: small(f.acct.map(|a| a.body_received)),
            header: small(f.acct.map(|a| a.header_received)),
            header_sent: small(f.acct.map(|a| a.header_sent)),
            body_sent: small(f.acct.map(|a| a.body_sent)),
            agent: hash32(f.agent) ^ hash32(f.referer).rotate_left(16),
            host: hash32(f.host),
            backend: hash32(f.backend),
            group: group_hash(f.host, f.url),
            id: f.travelled_id as u32,
            status: f.origin_status,
            port: f.port,
            local_port: f.local_port,
            series,
            flags: match begun.is_known() {
                false => flags | FetchRow::END_ONLY,
                true if f.vxid == 0 && (!last.is_known() || last == begun) => flags | FetchRow::START_ONLY,
                true => flags,
            },
            passed: f.passed_id as u32,
            shape: Shape::of(f.method, f.url),
            pop: if f.pop.is_empty() { 0 } else { hash32(f.pop).into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_small() {
        assert_eq!(size_of::<RequestRow>(), 96);
        assert!(size_of::<FetchRow>() <= 112);
    }

    #[test]
    fn a_url_group_ends_before_the_first_id() {
        for (url, group) in [
            ("/v1/reports/8214640", "/v1/reports"),
            ("/products/12-red-shoes.html?x=1", "/products"),
            ("/", "/"),
            ("/search?q=a/b", "/search"),
            ("/static/js/js-0.js", "/static/js"),
            ("/index.php", "/"),
            ("/20261120/x", "/"),
        ] {
            assert_eq!(group_of(url.as_bytes()), group.as_bytes(), "{url}");
        }
    }

    #[test]
    fn an_id_is_the_same_whether_logged_as_number_or_text() {
        assert_eq!(id_of(b"32770"), 32770);
        assert_eq!(id_of(b"32770 3"), 32770);
        assert_eq!(id_of(b"-"), 0);
    }

    #[test]
    fn an_id_that_was_extended_on_the_way_is_the_same() {
        let trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let other = b"00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01";
        assert_eq!(id_of(trace), id_of(other));
        assert_eq!(id_of(b"9203c5b1aa1e4d1e-AMS"), id_of(b"9203c5b1aa1e4d1e"));
        assert_eq!(
            id_of(b"Self=1-2-3;Root=1-69b52a01-36d228ad5d99923122bbe301"),
            id_of(b"Root=1-69b52a01-36d228ad5d99923122bbe301")
        );
        assert_ne!(id_of(b"9203c5b1-aa1e-4d1e-8888-AMS"), id_of(b"9203c5b1-aa1e-4d1e-8888"));
    }

    #[test]
    fn a_cut_url_has_the_key_of_the_whole() {
        let long = vec![b'a'; 400];
        assert_eq!(key_of(b"GET", &long), key_of(b"GET", &long[..KEY_URL]));
        assert_ne!(key_of(b"GET", b"/a"), key_of(b"HEAD", b"/a"));
        assert_eq!(key_of(b"GET", b"/a"), key_of(b"", b"/a"));
    }
}
