//! The served request of a line. In: its fields; out: a `Request` and when it was. It must not know the line's shape.

use crate::model::{Locator, MadeBy, Request, RequestReason, Stamp, Upstream};

use super::super::field::{Field, Fields, number};
use super::super::format::Stamped;
use super::super::meaning::Meaning;
use super::super::stamp_form::{date_and_time, moment};
use super::super::time::{Zoned, epoch, iso8601, time_local};
use super::fetch::says_so;
use super::list::last;
use super::request_line::{RequestLine, request_line, target, without_port};

/// When a request was served.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// First moment; not known without a duration.
    pub start: Stamp,
    /// Last moment; the first one where `unended`.
    pub end: Stamp,
    /// Only the beginning is told.
    pub unended: bool,
}

/// The interval of a line; `None` when its stamp is no time. `$msec` wins over the others: it has milliseconds.
#[inline]
pub fn when(meaning: &Meaning, fields: &Fields<'_>, stamped: Stamped) -> Option<When> {
    let mut took = meaning.us(Field::RequestTime, last(fields.raw(Field::RequestTime)));
    if meaning.has(Field::PlusTime) {
        let part = |field| meaning.us(field, fields.raw(field)).unwrap_or(0);
        took = took.map(|us| us + part(Field::PlusTime) + part(Field::PlusTime2));
    }
    if meaning.has_any(&[Field::Start, Field::End]) {
        return both_ends(meaning, fields, took);
    }
    let stamp = match meaning.has(Field::Msec) {
        true => epoch(fields.raw(Field::Msec))?,
        false => zoned(meaning, fields)?.stamp,
    };
    Some(match (stamped, took) {
        (Stamped::End, Some(us)) => When { start: stamp - us, end: stamp, unended: false },
        (Stamped::End, None) => When { start: Stamp::NONE, end: stamp, unended: false },
        (Stamped::Start, Some(us)) => When { start: stamp, end: stamp + us, unended: false },
        (Stamped::Start, None) => When { start: stamp, end: stamp, unended: true },
    })
}

/// The interval of a line that names its start or its end as such, or both.
fn both_ends(meaning: &Meaning, fields: &Fields<'_>, took: Option<i64>) -> Option<When> {
    let named = |field| match fields.get(field) {
        [] => Some(Stamp::NONE),
        value => moment(value).map(|z| z.stamp),
    };
    let (mut start, mut end) = (named(Field::Start)?, named(Field::End)?);
    if !start.is_known() && !end.is_known() {
        let stamp = zoned(meaning, fields)?.stamp;
        if meaning.has(Field::End) { end = stamp } else { start = stamp }
    }
    let unended = !end.is_known() && took.is_none();
    if !end.is_known() {
        end = start + took.unwrap_or(0);
    } else if !start.is_known() {
        start = took.map_or(Stamp::NONE, |us| end - us);
    }
    Some(When { start, end, unended })
}

/// The zone that the line's stamp says, in seconds east of UTC.
pub fn zone(meaning: &Meaning, fields: &Fields<'_>) -> Option<i32> {
    if meaning.has_any(&[Field::Msec, Field::Start, Field::End])
        && !meaning.has_any(&[Field::TimeLocal, Field::TimeIso])
    {
        return None;
    }
    zoned(meaning, fields)?.zone_s
}

/// The stamp of a line that has one.
pub fn zoned(meaning: &Meaning, fields: &Fields<'_>) -> Option<Zoned> {
    // A stamp in a form of its own is finer than the usual one beside it.
    if meaning.has(Field::Time)
        && let Some(zoned) = moment(fields.raw(Field::Time))
    {
        Some(zoned)
    } else if meaning.has(Field::TimeLocal) {
        time_local(fields.raw(Field::TimeLocal))
    } else if meaning.has(Field::TimeIso) {
        iso8601(fields.raw(Field::TimeIso))
    } else if meaning.has(Field::TimeOfDay) {
        date_and_time(fields.raw(Field::Date), fields.raw(Field::TimeOfDay))
    } else {
        None
    }
}

/// The request of a line.
pub fn request<'c>(meaning: &Meaning, f: &Fields<'c>, when: When, at: Locator) -> Request<'c> {
    let RequestLine { method, host, url, .. } = line(f);
    let logged_host = without_port(f.get(Field::Host));
    let real_peer = f.get(Field::RealPeer);
    // Some write the client's port behind its address.
    let peer_of =
        |value: &'c [u8]| if value.contains(&b'.') || value.starts_with(b"[") { without_port(value) } else { value };
    let (peer, client) = if real_peer.is_empty() {
        (peer_of(f.get(Field::RemoteAddr)), b"".as_slice())
    } else {
        (real_peer, f.get(Field::RemoteAddr))
    };
    let forwarded = f.get(Field::Forwarded);
    let upstream = upstream(meaning, f);
    Request {
        at,
        method,
        host: first_of([logged_host, host, f.get(Field::ServerName)]),
        url,
        status: f.number(Field::Status).unwrap_or(0) as u16,
        start: when.start,
        end: when.end,
        unended: when.unended,
        body_bytes: f.number(Field::BodyBytes),
        sent_bytes: f.number(Field::BytesSent),
        request_length: f.number(Field::RequestLength),
        agent: f.get(Field::Agent),
        referer: f.get(Field::Referer),
        peer,
        forwarded: first_of([forwarded, client, b""]),
        port: f.number(Field::ServerPort).and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
        connection: f.number(Field::Connection).unwrap_or(0),
        on_connection: f.number(Field::ConnectionRequests).and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        travelled_id: first_of([
            f.get(Field::CdnId),
            f.get(Field::XVarnish),
            f.get(Field::XRequestId),
            f.get(Field::RequestId),
        ]),
        reason: reason(f),
        made_by: made_by(f, upstream),
        own_id: f.get(Field::OwnId),
        pop: f.get(Field::Pop),
        cache: f.get(Field::CacheStatus),
        ttfb_us: if meaning.has(Field::Ttfb) { meaning.us(Field::Ttfb, f.raw(Field::Ttfb)) } else { None },
        // nginx `OK` or nothing, Apache `X`, `+` and `-`, JSON true and false.
        incomplete: f.seen(Field::Completion) && matches!(f.raw(Field::Completion), [] | [b'X'] | b"false"),
        retry_after: !f.get(Field::RetryAfter).is_empty(),
        upstream,
        ..Request::default()
    }
}

fn line<'c>(f: &Fields<'c>) -> RequestLine<'c> {
    if f.seen(Field::Request) {
        return request_line(f.raw(Field::Request));
    }
    RequestLine { method: f.get(Field::Method), ..target(f.get(Field::Uri)) }
}

fn first_of<const N: usize>(candidates: [&[u8]; N]) -> &[u8] {
    candidates.into_iter().find(|c| !c.is_empty()).unwrap_or(b"")
}

/// Whether a client sent it, or another node of the same tier (a shield).
fn reason(f: &Fields<'_>) -> RequestReason {
    let no = |value: &[u8]| matches!(value, [] | [b'0'] | b"false" | b"False");
    let inner = f.seen(Field::Hop) && !no(f.get(Field::Hop)) || f.seen(Field::FirstHop) && no(f.get(Field::FirstHop));
    if inner { RequestReason::Hop } else { RequestReason::Client }
}

/// What made the answer: an upstream, the proxy's own cache, or the server itself.
fn made_by(f: &Fields<'_>, upstream: Upstream) -> MadeBy {
    match upstream.asked {
        Some(true) => MadeBy::Fetch,
        Some(false) => match f.raw(Field::CacheStatus) {
            b"HIT" | b"STALE" | b"UPDATING" | b"REVALIDATED" => MadeBy::Hit,
            _ => MadeBy::Itself,
        },
        None => MadeBy::Unknown,
    }
}

/// What the line says of the upstream, of the last attempt where there were several.
pub fn upstream(meaning: &Meaning, f: &Fields<'_>) -> Upstream {
    // Whichever the format has: all upstream lists of one line have the same length.
    let present = [Field::UpstreamAddr, Field::UpstreamStatus, Field::UpstreamResponse, Field::UpstreamConnect]
        .into_iter()
        .find(|field| f.seen(*field));
    let Some(present) = present else { return Upstream::default() };
    let value = f.get(present);
    if value.is_empty() || present == Field::UpstreamStatus && matches!(value, b"0" | b"000" | b"-1") {
        return Upstream { asked: Some(false), ..Upstream::default() };
    }
    let status = number(last(f.raw(Field::UpstreamStatus))).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    Upstream { status, answered: answered(meaning, f), connected: connected(meaning, f), asked: Some(true) }
}

/// Whether the connection to the last upstream stood: `$upstream_connect_time` is a number.
fn connected(meaning: &Meaning, f: &Fields<'_>) -> Option<bool> {
    let connect = || meaning.us(Field::UpstreamConnect, last(f.raw(Field::UpstreamConnect)));
    f.seen(Field::UpstreamConnect).then(|| connect().is_some())
}

/// Whether the last upstream sent headers: `$upstream_header_time` is a number, or bytes were received.
fn answered(meaning: &Meaning, f: &Fields<'_>) -> Option<bool> {
    if f.seen(Field::Answered) {
        return Some(says_so(f.raw(Field::Answered)));
    }
    if f.seen(Field::UpstreamHeader) {
        return Some(meaning.us(Field::UpstreamHeader, last(f.raw(Field::UpstreamHeader))).is_some());
    }
    if f.seen(Field::UpstreamReceived) {
        // Some bytes may be half a header; none are no answer.
        return if number(last(f.raw(Field::UpstreamReceived))).unwrap_or(0) == 0 { Some(false) } else { None };
    }
    // A group's name alone: no peer of it was alive, so nobody can have answered.
    let addr = last(f.raw(Field::UpstreamAddr));
    (f.seen(Field::UpstreamAddr) && !addr.contains(&b':')).then_some(false)
}
