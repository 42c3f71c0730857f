//! What a line or a transaction says, whatever its format. In: borrowed nouns; out: the enum that framing pushes into
//! the fold, who logged it, and what became of a line. It lives as long as its chunk.

use super::fetch::Fetch;
use super::locator::Locator;
use super::message::{Change, HealthChange, Message};
use super::request::Request;
use super::stamp::Stamp;
use super::tier::Tier;

/// One thing that happened, borrowed from the chunk it was read from.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant)] // lives on the stack for one call; boxing would allocate per line
pub enum Event<'c> {
    /// A request that a tier served.
    Request(Request<'c>),
    /// A fetch that a tier made.
    Fetch(Fetch<'c>),
    /// An error-log line.
    Message(Message<'c>),
    /// A probe result.
    Health(HealthChange<'c>),
    /// A change.
    Change(Change<'c>),
}

impl Event<'_> {
    /// Its first physical line.
    pub fn at(&self) -> Locator {
        match self {
            Event::Request(r) => r.at,
            Event::Fetch(f) => f.at,
            Event::Message(m) => m.at,
            Event::Health(h) => h.at,
            Event::Change(c) => c.at,
        }
    }

    /// When it began; where a log tells only when it ended, that.
    pub fn time(&self) -> Stamp {
        match self {
            Event::Request(r) => r.start.or(r.end),
            Event::Fetch(f) => f.started.or(f.ended),
            Event::Message(m) => m.time,
            Event::Health(h) => h.time,
            Event::Change(c) => c.time,
        }
    }

    /// Its transaction id; 0 where it has none.
    pub fn vxid(&self) -> u64 {
        match self {
            Event::Request(r) => r.vxid,
            Event::Fetch(f) => f.vxid,
            _ => 0,
        }
    }
}

/// Who logged an event, and how its places and stamps are read. Borrowed by whoever shows the event.
pub struct Logged<'a> {
    /// The tier.
    pub tier: Tier,
    /// The node.
    pub node: &'a [u8],
    /// Granularity of the stamps, microseconds.
    pub resolution_us: i64,
    /// What is taken from every stamp to make it UTC, microseconds; `None` when the log names no zone and nobody
    /// else does.
    pub zone_us: Option<i64>,
    /// File (interned) and line, from 1, of a place.
    pub place: &'a dyn Fn(Locator) -> (&'a [u8], u64),
}

/// What became of a line. Law: lines read = parsed + skipped + not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was understood.
    Parsed,
    /// It says nothing by design: blank, header, comment, continuation of the line before.
    Skipped,
    /// The format does not fit it.
    NotUnderstood,
}
