//! What a failure is a failure *of*: the service, and the kind of trouble. In: a failure; out: a key that failures of
//! one outage share. It must not know time.

use crate::model::{Cause, Failure, Text, Tier, group_of};

/// Kinds of trouble that are told apart even on one service at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The backend as a whole cannot be reached or is held to be sick. Refusals, connect timeouts and sick probes
    /// follow from each other.
    Reach,
    /// It is reached but too slow: timeouts, queueing, overload. Happens per part of a site.
    Slow,
    /// Anything else, by its cause.
    Own(&'static str),
}

/// The kind of trouble of a cause.
pub fn trouble(cause: Cause) -> Trouble {
    match cause.id() {
        "connection.refused"
        | "connection.unreachable"
        | "connection.blocked"
        | "connection.failed"
        | "timeout.connect"
        | "health.sick"
        | "backend.busy" => Trouble::Reach,
        "timeout.first_byte" | "timeout.between_bytes" | "timeout.write" | "timeout.task" | "overload" | "app.slow" => {
            Trouble::Slow
        }
        // One origin that goes away shows itself as closes and resets alike.
        "connection.closed" | "connection.reset" => Trouble::Own("connection.closed"),
        id => Trouble::Own(id),
    }
}

/// The key that failures of one run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Backend, or the host where no backend was reached.
    pub unit: Text,
    /// Kind of trouble.
    pub trouble: Trouble,
    /// Part of the site, for trouble that happens per part; empty otherwise.
    pub part: Text,
}

/// The key of a failure. An edge knows what is behind it by one name or address, whatever there is: of its failure the
/// service is that of the failure told in it.
pub fn key(f: &Failure, told: Option<&Failure>) -> Key {
    let at = told.filter(|_| f.tier == Tier::Edge).unwrap_or(f);
    let unit = if at.backend.is_empty() { at.host } else { at.backend };
    let trouble = trouble(f.ruling.cause);
    let part = if trouble == Trouble::Slow { part(f) } else { Text::EMPTY };
    Key { unit, trouble, part }
}

/// Host and URL group of a failure.
pub fn part(f: &Failure) -> Text {
    let mut s = f.host.bytes().to_vec();
    s.extend_from_slice(group_of(&f.url.bytes()));
    Text::of(&s)
}
