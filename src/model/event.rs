//! What a line or a transaction says, whatever its format. In: borrowed nouns; out: the enum that framing pushes into
//! the fold, and what became of a line. It lives as long as its chunk.

use super::fetch::Fetch;
use super::message::{Change, HealthChange, Message};
use super::request::Request;

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
