//! What one tier logged of a request. In: a borrowed event or a judged failure; out: an owned step with secrets masked.
//! It must not know which story it is part of, nor how that is told.

use super::event::{Event, Logged};
use super::evidence::Evidence;
use super::failure::{Failure, identity};
use super::fetch::{Fetch, FetchOutcome};
use super::incident::Quote;
use super::redact::redact;
use super::request::{MadeBy, Request};
use super::stamp::Stamp;

/// What one tier logged of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// A request or a fetch, and what only that has.
    pub kind: StepKind,
    /// Tier.
    pub tier: &'static str,
    /// Node.
    pub node: String,
    /// Where it is logged; without text. `None` for a failed fetch of the history.
    pub place: Option<Quote>,
    /// Transaction id; 0 where the format has none.
    pub vxid: u64,
    /// Transaction that it belongs to; 0 for none.
    pub parent: u64,
    /// Why it was made.
    pub reason: &'static str,
    /// Method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path and query, secrets masked.
    pub url: String,
    /// Status that this tier gave; 0 for none.
    pub status: u16,
    /// First moment; where a log tells only when it ended, that.
    pub start: Stamp,
    /// Last moment; not known where the log tells only when it began.
    pub end: Stamp,
    /// Microseconds by which the clock of its node is ahead of that of the story's first node; 0 when not known.
    pub ahead_us: i64,
    /// Microseconds that it took.
    pub duration_us: Option<i64>,
    /// Microseconds to the first byte of the answer.
    pub ttfb_us: Option<i64>,
    /// Why it failed and what the next tier saw, when it is a failed fetch.
    pub failed: Option<Box<Judged>>,
}

/// What only requests or only fetches have.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A request that the tier served.
    Request(Answer),
    /// A fetch that the tier made.
    Fetch(Asked),
}

/// Where the answer to a request came from.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Peer that sent it.
    pub client: String,
    /// Client behind that peer.
    pub forwarded: String,
    /// What made the answer.
    pub made_by: MadeBy,
    /// What the cache did, in its own word.
    pub cache: String,
    /// Fetch that made the stored object it was served from; 0 for none.
    pub hit: u64,
    /// Microseconds of grace that this object had left when it was served stale.
    pub grace_left_us: Option<i64>,
    /// True when it waited for another request's fetch.
    pub waited: bool,
    /// True when VCL restarted it.
    pub restarted: bool,
    /// True when its record or its delivery is not whole.
    pub incomplete: bool,
}

/// Whom a fetch asked, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Name of the backend.
    pub backend: String,
    /// Its address and port.
    pub backend_addr: String,
    /// Status that it answered; 0 for none.
    pub origin_status: u16,
    /// What became of it, by this tier's own record.
    pub outcome: FetchOutcome,
    /// True when VCL retried it.
    pub retried: bool,
    /// Identity, as that of a failed fetch.
    pub id: u64,
}

/// A failed fetch, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The judgement.
    pub failure: Failure,
    /// Its proof.
    pub evidence: Evidence,
    /// What its cause means, in one sentence.
    pub means: String,
    /// Its incident in the history.
    pub incident: Option<u32>,
}

impl Step {
    /// A request or a fetch as it was logged; `None` for any other event.
    pub fn of(event: &Event<'_>, logged: &Logged<'_>) -> Option<Step> {
        match event {
            Event::Request(r) => Some(Step::request(r, logged)),
            Event::Fetch(f) => Some(Step::fetch(f, logged)),
            _ => None,
        }
    }

    fn request(r: &Request<'_>, logged: &Logged<'_>) -> Step {
        let zone_us = logged.zone_us.unwrap_or(0);
        let answer = Answer {
            client: redact(r.peer),
            forwarded: redact(r.forwarded),
            made_by: r.made_by,
            cache: redact(r.cache),
            hit: r.hit,
            grace_left_us: r.grace_left_us,
            waited: r.waited,
            restarted: r.restarted,
            incomplete: r.incomplete,
        };
        Step {
            kind: StepKind::Request(answer),
            tier: logged.tier.word(),
            node: lossy(logged.node),
            place: Some(place(&Event::Request(*r), logged)),
            vxid: r.vxid,
            parent: r.parent,
            reason: r.reason.word(),
            method: redact(r.method),
            host: redact(r.host),
            url: redact(r.url),
            status: r.status,
            start: r.start.or(r.end) - zone_us,
            end: if r.unended { Stamp::NONE } else { r.end - zone_us },
            ahead_us: 0,
            duration_us: if r.unended { None } else { r.end.since(r.start) },
            ttfb_us: r.ttfb_us,
            failed: None,
        }
    }

    fn fetch(f: &Fetch<'_>, logged: &Logged<'_>) -> Step {
        let zone_us = logged.zone_us.unwrap_or(0);
        let asked = Asked {
            backend: redact(f.backend),
            backend_addr: address(f.addr, f.port),
            origin_status: f.origin_status,
            outcome: f.outcome,
            retried: f.retried,
            id: identity(f),
        };
        Step {
            kind: StepKind::Fetch(asked),
            tier: logged.tier.word(),
            node: lossy(logged.node),
            place: Some(place(&Event::Fetch(*f), logged)),
            vxid: f.vxid,
            parent: f.parent,
            reason: f.reason.word(),
            method: redact(f.method),
            host: redact(f.host),
            url: redact(f.url),
            status: f.status,
            start: f.started.or(f.ended) - zone_us,
            end: if f.unended { Stamp::NONE } else { f.ended - zone_us },
            ahead_us: 0,
            duration_us: if f.unended { None } else { f.ended.since(f.started) },
            ttfb_us: f.answered.since(f.sent).filter(|_| f.origin_status > 0),
            failed: None,
        }
    }

    /// A failed fetch whose own record is not at hand.
    pub fn failed(judged: Judged) -> Step {
        let f = &judged.failure;
        let asked = Asked {
            backend: redact(&f.backend.bytes()),
            backend_addr: f.backend_addr.lossy().into_owned(),
            origin_status: f.origin_status,
            outcome: f.outcome,
            retried: f.retried,
            id: f.id,
        };
        let place = judged.evidence.own.first().map(|q| Quote { text: String::new(), ..q.clone() });
        Step {
            kind: StepKind::Fetch(asked),
            tier: f.tier.word(),
            node: f.node.lossy().into_owned(),
            place,
            vxid: f.vxid,
            parent: f.parent,
            reason: f.reason.word(),
            method: redact(&f.method.bytes()),
            host: redact(&f.host.bytes()),
            url: redact(&f.url.bytes()),
            status: f.status,
            start: f.started.or(f.ended),
            end: f.ended,
            ahead_us: 0,
            duration_us: f.ended.since(f.started),
            ttfb_us: None,
            failed: Some(Box::new(judged)),
        }
    }

    /// Its identity when it is a fetch.
    pub fn fetch_id(&self) -> Option<u64> {
        match &self.kind {
            StepKind::Fetch(asked) => Some(asked.id),
            StepKind::Request(_) => None,
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// File and line of an event; the byte stands beside them, for logs without lines.
fn place(event: &Event<'_>, logged: &Logged<'_>) -> Quote {
    let (file, line) = (logged.place)(event.at());
    Quote { file: lossy(file), line, offset: Some(event.at().offset), text: String::new() }
}

fn address(addr: &[u8], port: u16) -> String {
    match (addr, port) {
        ([], _) => String::new(),
        (addr, 0) => redact(addr),
        (addr, port) if addr.contains(&b':') && !addr.starts_with(b"[") => format!("[{}]:{port}", redact(addr)),
        (addr, port) => format!("{}:{port}", redact(addr)),
    }
}
