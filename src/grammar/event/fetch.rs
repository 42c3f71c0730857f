//! The upstream part of an access line. In: its fields and the request; out: the `Fetch` that the server made for
//! it, or that it must have made. It must not know why it failed: that is `classify`.
//!
//! nginx writes its own 502 and 504 into `$upstream_status`; they are the upstream's own only when
//! `$upstream_header_time` is a number. A line without upstream fields that says 502 or 504 tells of a failed fetch
//! all the same: nothing else makes a proxy answer so, while 500 and 503 may be its own.

use crate::model::row::id_of;
use crate::model::{Fetch, FetchOutcome, Mark, MarkKind, Reason, Request, Stamp};

use super::super::field::{Field, Fields, number};
use super::super::meaning::Meaning;
use super::list::{before_last_us, count, last};
use super::request_line::without_port;

/// True when the line tells of a fetch: an upstream was asked, or the status says that one should have been.
#[inline]
pub fn made_one(r: &Request<'_>) -> bool {
    r.upstream.asked == Some(true) || matches!(r.status, 502 | 504)
}

/// The fetch of a line that [`made_one`].
#[inline]
pub fn fetch<'c>(meaning: &Meaning, f: &Fields<'c>, r: &Request<'c>) -> Fetch<'c> {
    let asked = r.upstream.asked == Some(true);
    let mut fetch = base(meaning, f, r);
    fetch.outcome = if asked { outcome(r) } else { FetchOutcome::Failed };
    fetch.origin_status = origin_status(r);
    // Nobody was asked, or the group had nobody alive; a format that does not say whom it asked leaves that open.
    if r.upstream.asked.is_some() && fetch.opens == 0 {
        fetch.had_connection = Some(false);
    }
    settle_times(&mut fetch);
    let text = mark(f, r, fetch.outcome);
    if !text.is_empty() {
        fetch.marks.push(Mark { kind: MarkKind::Status, text, at: r.at });
    }
    fetch
}

/// What a line says of the fetch that was made for its request, before it is known what became of it.
#[inline]
pub fn base<'c>(meaning: &Meaning, f: &Fields<'c>, r: &Request<'c>) -> Fetch<'c> {
    let (addr, port) = address(last(f.get(Field::UpstreamAddr)));
    let upstream_host = f.get(Field::UpstreamHost);
    let mut fetch = Fetch {
        at: r.at,
        reason: Reason::Upstream,
        method: r.method,
        host: if upstream_host.is_empty() { r.host } else { without_port(upstream_host) },
        url: r.url,
        agent: r.agent,
        referer: r.referer,
        backend: backend(f, last(f.get(Field::UpstreamAddr))),
        addr,
        port,
        pop: r.pop,
        opens: opens(f, addr),
        started: r.start,
        ended: r.end,
        unended: r.unended,
        status: r.status,
        travelled_id: u64::from(id_of(r.own_id)),
        ..Fetch::default()
    };
    fetch.response.retry_after = r.retry_after;
    times(meaning, f, &mut fetch);
    fetch
}

/// Group or host of `proxy_pass` where that is logged, else the address, else the group that had nobody alive.
fn backend<'c>(f: &Fields<'c>, addr: &'c [u8]) -> &'c [u8] {
    let name = f.get(Field::UpstreamName);
    match name {
        b"" if addr != b"-" => addr,
        _ => name,
    }
}

/// Address and port of `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`; nothing for a group's name.
fn address(item: &[u8]) -> (&[u8], u16) {
    if item.starts_with(b"unix:") {
        return (item, 0);
    }
    let host = without_port(item);
    if host.len() == item.len() {
        // A group's name, or an address without a port.
        let bare = !item.is_empty() && item.iter().all(|c| c.is_ascii_hexdigit() || matches!(c, b'.' | b':'));
        return (if bare && item.contains(&b'.') || item.contains(&b':') { item } else { b"" }, 0);
    }
    let port = number(&item[host.len() + 1..]).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    (host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]")).unwrap_or(host), port)
}

/// Attempts made. A group without a live peer is named alone: nobody was asked.
fn opens(f: &Fields<'_>, addr: &[u8]) -> u8 {
    let addrs = f.get(Field::UpstreamAddr);
    if !addrs.is_empty() && addr.is_empty() {
        return 0;
    }
    let attempts = if addrs.is_empty() { count(f.raw(Field::UpstreamResponse)) } else { count(addrs) };
    attempts.min(usize::from(u8::MAX)) as u8
}

/// The upstream's own status: as logged when headers came, or when the format cannot say and it is none that nginx
/// writes there itself; this server's where it relayed an answer whose status is not logged.
fn origin_status(r: &Request<'_>) -> u16 {
    match (r.upstream.asked, r.upstream.answered) {
        _ if (1..100).contains(&r.status) => 0,
        (Some(true), Some(true)) if r.upstream.status == 0 && r.status != 499 => r.status,
        (Some(true), None) if matches!(r.upstream.status, 502 | 504) => 0,
        (Some(true), Some(true) | None) => r.upstream.status,
        _ => 0,
    }
}

fn outcome(r: &Request<'_>) -> FetchOutcome {
    if r.status == 499 {
        return FetchOutcome::Unknown;
    }
    let status = if r.upstream.status > 0 { r.upstream.status } else { r.status };
    match (status, r.upstream.answered) {
        // nginx passes what is no HTTP at all as 009, and calls the upstream's status 200 then.
        _ if (1..100).contains(&r.status) => FetchOutcome::Failed,
        (1..=99, _) | (500.., Some(false)) | (502 | 504, None) => FetchOutcome::Failed,
        (500.., _) => FetchOutcome::Relayed,
        (403, Some(true)) => FetchOutcome::Denied,
        // Incomplete, but "OK" is logged when the upstream cuts and "" when the client leaves: neither proves a cut.
        _ if r.incomplete => FetchOutcome::Unknown,
        _ => FetchOutcome::Good,
    }
}

/// The status to quote: the upstream's where it is bad, else this server's; nothing for a good fetch.
fn mark<'c>(f: &Fields<'c>, r: &Request<'c>, outcome: FetchOutcome) -> &'c [u8] {
    match outcome {
        FetchOutcome::Good => b"",
        FetchOutcome::Unknown if r.status != 499 => b"",
        _ if r.status != 499 && (r.upstream.status >= 400 || (1..100).contains(&r.upstream.status)) => {
            last(f.raw(Field::UpstreamStatus))
        }
        _ => f.raw(Field::Status),
    }
}

/// When the last attempt connected, was answered and done; measured from its own beginning.
fn times(meaning: &Meaning, f: &Fields<'_>, fetch: &mut Fetch<'_>) {
    let begun = fetch.started + before_last_us(f.raw(Field::UpstreamResponse), meaning.unit(Field::UpstreamResponse));
    let after = |field| meaning.us(field, last(f.raw(field))).map_or(Stamp::NONE, |us| begun + us);
    fetch.connecting = begun;
    fetch.connected = after(Field::UpstreamConnect);
    // Without a connection nothing was sent; a format that does not log connecting cannot tell.
    fetch.sent = if f.seen(Field::UpstreamConnect) { fetch.connected } else { begun };
    fetch.first_sent = if begun == fetch.started { fetch.sent } else { fetch.started };
    fetch.answered = after(Field::UpstreamHeader);
    fetch.completed = after(Field::UpstreamResponse);
    if f.seen(Field::UpstreamConnect) {
        fetch.had_connection = Some(fetch.connected.is_known());
    }
    if f.seen(Field::Connected) {
        fetch.had_connection = Some(says_so(f.raw(Field::Connected)));
    }
    if f.seen(Field::Answered) {
        fetch.had_answer = Some(says_so(f.raw(Field::Answered)));
    } else if f.seen(Field::UpstreamHeader) {
        fetch.had_answer = Some(fetch.answered.is_known());
    }
}

/// A flag that is a number or a word when true.
pub fn says_so(value: &[u8]) -> bool {
    !matches!(value, [] | [b'-'] | b"-1" | b"false")
}

/// What the outcome says of the times that are not logged. Without a whole answer there is no moment when it was
/// complete; what is logged as such is then the moment of giving up.
pub fn settle_times(fetch: &mut Fetch<'_>) {
    let done = std::mem::take(&mut fetch.completed);
    if matches!(fetch.outcome, FetchOutcome::Good | FetchOutcome::Relayed | FetchOutcome::Denied) {
        fetch.completed = done.or(fetch.ended);
    } else {
        fetch.answered = fetch.answered.or(done).or(fetch.ended);
    }
}
