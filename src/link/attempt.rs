//! When a fetch's line at the next tier is expected to end. In: fetch rows; out: attempts, each with the span of time
//! in which its line may end and the moment at which it most likely does. It must not know requests or clocks.
//!
//! A line is written when the request ends at the next tier (reference: linking, "when the line is expected to end"):
//! a whole answer between its headers and its last byte; after a first byte timeout at that moment if the next tier
//! notices (499), else when it is done; after a broken body whenever it next tries to write.

use crate::model::FetchRow;
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;

/// How long after we gave up a line may still come.
pub const LATE_US: i64 = 120 * SECOND;

/// So long an answer may take from the tier that fetched to its client, where only the end of that is logged.
const DELIVERY_US: i64 = 2 * SECOND;

/// What is known of how an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole answer.
    Whole,
    /// Nobody answered in time.
    TimedOut,
    /// The body broke off.
    BodyBroke,
    /// It ended at once in another way: closed, reset, refused answer.
    Broke,
}

/// One connection's worth of a fetch.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Index of the fetch.
    pub fetch: usize,
    /// True for the first of two attempts.
    pub first: bool,
    /// How it ended.
    pub kind: Kind,
    /// The request was sent; where only its end is logged, that.
    pub sent: i64,
    /// Whether it is known when the request was sent.
    pub says_sent: bool,
    /// The line most likely ends from here …
    pub from: i64,
    /// … to here.
    pub to: i64,
    /// The latest moment at which the line may end.
    pub latest: i64,
}

/// The attempts of all fetches that sent something, in order of time.
pub fn attempts(fetches: &[FetchRow]) -> Vec<Attempt> {
    let mut out = Vec::with_capacity(fetches.len());
    for (fetch, f) in fetches.iter().enumerate() {
        if f.flags & FetchRow::OPENED == 0 {
            continue;
        }
        if f.flags & FetchRow::TWICE != 0 {
            let sent = f.sent_at - i64::from(f.earlier);
            out.push(Attempt {
                fetch,
                first: true,
                kind: Kind::Broke,
                sent,
                says_sent: true,
                from: sent,
                to: f.sent_at,
                latest: f.sent_at + SECOND / 5,
            });
        }
        out.push(last(fetch, f));
    }
    // What is as good is decided by this order, which must not depend on the order in which the fetches came.
    out.sort_by(|a: &Attempt, b| {
        let row = |a: &Attempt| bytemuck::bytes_of(&fetches[a.fetch]);
        (a.sent, !a.first).cmp(&(b.sent, !b.first)).then_with(|| row(a).cmp(row(b)))
    });
    out
}

fn last(fetch: usize, f: &FetchRow) -> Attempt {
    let after = |us: u32| if us == NOT_LOGGED { f.sent_at } else { f.sent_at + i64::from(us) };
    let answered = after(f.wait);
    let ended = after(f.whole).max(answered);
    // A line that tells when it began and not how long it took: the next tier's may end at any time from then on, soon
    // rather than late.
    let (kind, from, to, latest) = if f.flags & FetchRow::START_ONLY != 0 {
        (Kind::BodyBroke, f.sent_at, f.sent_at + SECOND, f.sent_at + LATE_US)
    } else if f.flags & FetchRow::TIMED_OUT != 0 {
        (Kind::TimedOut, answered, answered, answered + LATE_US)
    } else if f.flags & FetchRow::BODY_BROKE != 0 {
        (Kind::BodyBroke, answered, ended, ended + LATE_US)
    } else if f.flags & FetchRow::WHOLE != 0 {
        (Kind::Whole, answered, ended, ended + SECOND / 4)
    } else {
        (Kind::Broke, f.sent_at, ended, ended + SECOND / 2)
    };
    let says_sent = f.flags & (FetchRow::END_ONLY | FetchRow::START_ONLY) == 0;
    // What the next tier had sent long ago may still have been on its way to the client.
    let from = if f.flags & FetchRow::END_ONLY == 0 { from } else { from - DELIVERY_US };
    Attempt { fetch, first: false, kind, sent: f.sent_at, says_sent, from, to, latest }
}
