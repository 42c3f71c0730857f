//! What another limit would have spared. In: failed fetches, a knob, a value; out: how many would not have failed, how
//! many would have, and of how many nobody knows. It must not know where the fetches come from.
//!
//! What was given up before its true duration or size showed counts as unknown, never as spared.

use super::figures::{needed_ms, sent_header, waited_ms, words};
use super::limit::{Knob, Limit};
use crate::model::stamp::SECOND;
use crate::model::whatif::WhatIf;
use crate::model::{Cause, Fact, Failure};

/// Of `http_max_hdr`, Varnish 6.0 to 8.0 takes so many for the status line.
const OWN_LINES: f64 = 5.0;

/// What a limit does to one failed fetch.
enum Fate {
    Spared { longer_ms: f64 },
    Still,
    Unknown,
}

impl Knob {
    /// The causes of failures that it breaks fetches with. What the server in front of the application gave up is told
    /// as the application's slowness where its log says so.
    fn breaks(self, cause: Cause) -> bool {
        match self {
            Knob::Connect => cause.is("timeout.connect"),
            Knob::FirstByte => cause.is("timeout.first_byte") || cause.is("app.slow"),
            Knob::BetweenBytes => cause.is("timeout.between_bytes"),
            Knob::HeaderLine => cause.is("oversized.header_line"),
            Knob::Headers => cause.is("oversized.headers_total"),
            Knob::HeaderCount => cause.is("oversized.header_count"),
        }
    }

    fn assumes(self) -> &'static str {
        match self {
            Knob::Connect => {
                "nothing tells how long a connection that was given up would have taken, unless the origin logged the request"
            }
            Knob::FirstByte => {
                "the origin would have answered when its log says that it did, and no slower with more waiting; under load \
                 it would, because longer waits hold its workers"
            }
            Knob::BetweenBytes => "nothing tells how long a pause that was given up would have lasted",
            Knob::HeaderLine => "no header line is longer than all header bytes that the origin says it sent",
            Knob::Headers => {
                "the header bytes that the origin says it sent are all that the cache has to hold; workspace_backend (96k by default) must be larger"
            }
            Knob::HeaderCount => "the header lines that were logged are all there were",
        }
    }

    /// With a limit of `value`: microseconds, bytes or lines.
    fn fate(self, f: &Failure, value: i64) -> Fate {
        let bounded = |n: Option<f64>| match n {
            Some(n) if n <= value as f64 => Fate::Spared { longer_ms: 0.0 },
            Some(_) if self == Knob::HeaderLine => Fate::Unknown,
            Some(_) => Fate::Still,
            None => Fate::Unknown,
        };
        match self {
            Knob::HeaderLine | Knob::Headers => bounded(sent_header(f)),
            // Varnish takes five of them itself.
            Knob::HeaderCount => bounded(f.facts.get(Fact::HeaderCount).map(|n| n + OWN_LINES)),
            Knob::FirstByte => timed(value as f64 / 1000.0, needed_ms(f), waited_ms(f)),
            // Nothing tells how long a pause or a connection that was given up would have lasted; that a limit no longer
            // than the one in force breaks it too, is sure.
            Knob::Connect | Knob::BetweenBytes => {
                timed(value as f64 / 1000.0, None, f.facts.get(Fact::LearntLimitMs).filter(|_| self == Knob::Connect))
            }
        }
    }

    fn now(self, failures: &[&Failure]) -> Option<String> {
        let learnt = || failures.iter().filter_map(|f| f.facts.get(Fact::LearntLimitMs)).reduce(f64::max);
        let seen = || failures.iter().filter_map(|f| waited_ms(f)).reduce(f64::max);
        match self {
            Knob::FirstByte => learnt().or_else(seen).map(words),
            Knob::Connect => learnt().map(words),
            _ => None,
        }
    }
}

/// With a time limit, of a fetch that would have needed so long and waited so long.
fn timed(limit_ms: f64, needed_ms: Option<f64>, waited_ms: Option<f64>) -> Fate {
    match needed_ms {
        Some(ms) if ms <= limit_ms => Fate::Spared { longer_ms: ms - waited_ms.unwrap_or(ms) },
        Some(_) => Fate::Still,
        // A shorter limit would have broken it even earlier.
        None if waited_ms.is_some_and(|waited| limit_ms <= waited) => Fate::Still,
        None => Fate::Unknown,
    }
}

/// What the failed fetches would have been with a limit of `value`: microseconds, bytes or lines; `given` is the same as
/// it was written. Only failures count that a program with this limit met, as far as that is known.
pub fn what_if(failures: &[Failure], limit: Limit, value: i64, given: &str) -> WhatIf {
    let knob = limit.knob;
    let broken = |f: &&Failure| knob.breaks(f.ruling.cause) && f.told_in.is_none() && limit.is_of(f.broke_at);
    let of_it: Vec<&Failure> = failures.iter().filter(broken).collect();
    let (mut spared, mut still, mut held_ms) = (0, 0, 0.0);
    for f in &of_it {
        match knob.fate(f, value) {
            Fate::Spared { longer_ms } => (spared, held_ms) = (spared + 1, held_ms + longer_ms.max(0.0)),
            Fate::Still => still += 1,
            Fate::Unknown => {}
        }
    }
    let failures = of_it.len() as u64;
    WhatIf {
        knob: limit.name.into(),
        value: given.into(),
        now: knob.now(&of_it),
        failures,
        spared,
        still,
        unknown: failures - spared - still,
        held_s: knob.is_time().then_some(held_ms * 1000.0 / SECOND as f64),
        assumes: limit.unsaid().unwrap_or(knob.assumes()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Text, Tier};

    fn failure(cause: &str, facts: &[(Fact, f64)]) -> Failure {
        let mut f = Failure::of(&Default::default(), Tier::Cache, Text::EMPTY, Default::default());
        f.ruling.cause = Cause::named(cause);
        f.row.wait = crate::model::row::NOT_LOGGED;
        for (fact, value) in facts {
            f.facts.set(*fact, *value);
        }
        f
    }

    fn asked(failures: &[Failure], name: &str, value: i64) -> (u64, u64, u64) {
        let told = what_if(failures, Limit::parse(name).expect("a limit"), value, "x");
        assert_eq!(told.spared + told.still + told.unknown, told.failures);
        (told.spared, told.still, told.unknown)
    }

    #[test]
    fn sizes_that_were_logged_are_compared_and_others_are_not_known() {
        let sized = |n: f64| failure("oversized.headers_total", &[(Fact::LinkedHeaderBytes, n)]);
        let all = [sized(40_000.0), sized(70_000.0), failure("oversized.headers_total", &[])];
        assert_eq!(asked(&all, "http_resp_size", 65_536), (1, 1, 1));
        let lines = |n: f64| failure("oversized.header_count", &[(Fact::HeaderCount, n)]);
        // Five of the places are Varnish's own.
        assert_eq!(asked(&[lines(123.0), lines(124.0)], "http_max_hdr", 128), (1, 1, 0));
        let line = |n: f64| failure("oversized.header_line", &[(Fact::LinkedHeaderBytes, n)]);
        assert_eq!(asked(&[line(9_000.0), line(20_000.0)], "http_resp_hdr_len", 12_288), (1, 0, 1));
    }

    #[test]
    fn a_pause_or_a_connection_that_was_given_up_is_never_called_spared() {
        let connect = failure("timeout.connect", &[(Fact::LearntLimitMs, 3_500.0)]);
        assert_eq!(asked(std::slice::from_ref(&connect), "connect_timeout", 10_000_000), (0, 0, 1));
        assert_eq!(asked(&[connect], "connect_timeout", 1_000_000), (0, 1, 0));
        let pause = failure("timeout.between_bytes", &[(Fact::WaitMs, 60_000.0)]);
        assert_eq!(asked(&[pause], "between_bytes_timeout", 90_000_000), (0, 0, 1));
    }
}
