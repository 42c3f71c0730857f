//! varnishncsa, which logs the backend side as lines of their own. In: the fields of a line; out: the `Fetch` that a
//! backend line tells of, and what a client line says of the cache. It must not know causes.
//!
//! Source: varnishncsa 7.1.1. Of a fetch that failed it writes 503, no body and a duration of 0; a 503 of the origin
//! itself has a body or a duration; a body that broke off leaves the status and a duration of 0. Without a connection the address is `-`.

use crate::model::row::id_of;
use crate::model::{Fetch, FetchOutcome, MadeBy, Mark, MarkKind, Reason, Request, Stamp};

use super::super::field::{Field, Fields, number};
use super::super::meaning::Meaning;
use super::super::unit::Unit;
use super::access::Tells;

/// True when the line is one of the backend side.
pub fn is_fetch(tells: Tells, f: &Fields<'_>) -> bool {
    tells == Tells::Fetches || matches!(f.get(Field::Side), [b'b'])
}

/// What a client line says beside the request.
pub fn settle<'c>(f: &Fields<'c>, r: &mut Request<'c>) {
    r.vxid = f.number(Field::Vxid).unwrap_or(0);
    r.made_by = match f.get(Field::CacheStatus) {
        b"hit" => MadeBy::Hit,
        b"miss" | b"pass" | b"pipe" | b"hitmiss" | b"hitpass" => MadeBy::Fetch,
        b"synth" => MadeBy::Itself,
        _ => MadeBy::Unknown,
    };
}

/// The fetch of a backend line, read as if it were a request.
pub fn fetch<'c>(meaning: &Meaning, f: &Fields<'c>, r: &Request<'c>) -> Fetch<'c> {
    let open = Open::of(f.get(Field::BackendOpen));
    let vxid = f.number(Field::Vxid).unwrap_or(0);
    let error = f.get(Field::FetchError);
    let outcome = outcome(f, r, error, never_done(meaning, f));
    let good = matches!(outcome, FetchOutcome::Good | FetchOutcome::Relayed | FetchOutcome::Denied);
    let first_byte = r.start + r.ttfb_us.unwrap_or(0);
    let logged_end = if good { r.end } else { r.end.max(first_byte) };
    let mut fetch = Fetch {
        at: r.at,
        vxid,
        reason: Reason::Fetch,
        method: r.method,
        host: r.host,
        url: r.url,
        agent: r.agent,
        referer: r.referer,
        backend: if open.name.is_empty() { f.get(Field::UpstreamName) } else { open.name },
        addr: if r.peer.is_empty() { open.addr } else { r.peer },
        port: open.port,
        local_port: open.local_port,
        opens: u8::from(!r.peer.is_empty()),
        reused: open.reused,
        had_connection: f.seen(Field::RemoteAddr).then_some(!r.peer.is_empty()),
        started: r.start,
        sent: if r.peer.is_empty() { Stamp::NONE } else { r.start },
        first_sent: r.start,
        ended: logged_end,
        unended: r.unended && r.ttfb_us.is_none(),
        status: r.status,
        origin_status: if good { r.status } else { 0 },
        outcome,
        travelled_id: if vxid > 0 { vxid } else { u64::from(id_of(r.own_id)) },
        ..Fetch::default()
    };
    fetch.answered = if r.ttfb_us.is_some() { first_byte } else { logged_end };
    fetch.completed = if good { r.end } else { Stamp::NONE };
    if !error.is_empty() {
        fetch.marks.push(Mark { kind: MarkKind::FetchError, text: error, at: r.at });
    }
    if outcome != FetchOutcome::Good {
        fetch.marks.push(Mark { kind: MarkKind::Status, text: f.get(Field::Status), at: r.at });
    }
    fetch
}

/// True when the duration is 0 microseconds: the fetch has no end. In seconds a 0 says nothing.
fn never_done(meaning: &Meaning, f: &Fields<'_>) -> bool {
    meaning.unit(Field::RequestTime) == Unit::Micros && f.get(Field::RequestTime) == b"0"
}

fn outcome(f: &Fields<'_>, r: &Request<'_>, error: &[u8], never_done: bool) -> FetchOutcome {
    let took = r.end.since(r.start).unwrap_or(0);
    let own = r.status == 503 && r.body_bytes.unwrap_or(0) == 0 && took == 0;
    match r.status {
        _ if !error.is_empty() && r.status < 500 => FetchOutcome::Cut,
        // The headers came; the body broke off.
        200..400 if never_done => FetchOutcome::Cut,
        _ if !error.is_empty() || own || (f.get(Field::RemoteAddr).is_empty() && r.status >= 500) => {
            FetchOutcome::Failed
        }
        500.. => FetchOutcome::Relayed,
        403 => FetchOutcome::Denied,
        // A pipe has no status.
        0 => FetchOutcome::Unknown,
        _ => FetchOutcome::Good,
    }
}

/// The words of VSL `BackendOpen`: `FD NAME RIP RPORT LIP LPORT connect|reuse` (4.1 and later).
#[derive(Default)]
struct Open<'c> {
    name: &'c [u8],
    addr: &'c [u8],
    port: u16,
    local_port: u16,
    reused: bool,
}

impl<'c> Open<'c> {
    fn of(text: &'c [u8]) -> Open<'c> {
        let mut words = text.split(|c| *c == b' ').skip(1);
        let port = |w: Option<&[u8]>| w.and_then(number).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
        let name = words.next().unwrap_or_default();
        let name = name.iter().rposition(|c| *c == b'.').map_or(name, |dot| &name[dot + 1..]);
        let addr = words.next().unwrap_or_default();
        let remote = port(words.next());
        let local_port = port(words.nth(1));
        Open { name, addr, port: remote, local_port, reused: words.next() == Some(b"reuse") }
    }
}
