//! What may have set an incident off: candidates, ranked, each with its evidence. In: the moment it opened, the traffic,
//! answer times and changes around it, its failures against the healthy fetches of the same minutes, and when the same
//! thing happened before; out: candidates with a strength. It must not know logs or SQL.
//!
//! Everything here is correlation and is worded so. A strength of 0.5 and more claims something; what is weaker is left
//! out. The strengths are set so that a planted trigger comes first among decoys (tests/triggers.rs).

mod changed;
mod contrast;
mod drift;
mod fisher;
mod periodic;
mod surge;
mod words;
mod workers;

use crate::model::incident::Candidate;
use crate::model::{Failure, KnownChange, Minutes, Stamp};

pub use contrast::{Case, Contrast};
pub use periodic::{Period, period, told as beat};

/// Weaker candidates claim nothing and are not listed.
pub const CLAIMS: f64 = 0.5;
/// So many are listed at most.
const LISTED: usize = 4;

/// A fetch to the services of the incident: when it was sent, how long its headers took, microseconds, and whether it
/// failed. In order of time.
pub type Waited = (i64, i64, bool);

/// What an incident is looked at against.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// Headline cause id.
    pub cause: &'a str,
    /// Its service, to be named.
    pub service: &'a str,
    /// First failure.
    pub opened: Stamp,
    /// Last failure.
    pub closed: Stamp,
    /// Its failures that this run read, in order of time.
    pub failures: &'a [&'a Failure],
    /// Traffic of the uppermost tier by minute.
    pub traffic: &'a Minutes,
    /// Changes that logs tell of and people recorded, in order of time.
    pub changes: &'a [KnownChange],
    /// Fetches to the same parts of the site, from an hour before on.
    pub waits: &'a [Waited],
    /// Healthy fetches of the minutes in which something failed.
    pub contrast: &'a Contrast,
    /// When incidents of the same service and cause opened, this one included, in order of time.
    pub openings: &'a [Stamp],
}

/// The candidates for the trigger, strongest first.
pub fn candidates(around: &Surroundings<'_>) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = said(around).into_iter().collect();
    all.extend(changed::before(around));
    all.extend(surge::requests(around));
    all.extend(surge::misses(around));
    all.extend(drift::rising(around));
    all.extend(workers::plateau(around));
    all.extend(periodic::repeats(around));
    all.extend(contrast::differs(around));
    all.retain(|c| c.strength >= CLAIMS);
    all.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(b.at.cmp(&a.at)).then(a.text.cmp(&b.text)));
    all.dedup_by(|a, b| a.text == b.text);
    all.truncate(LISTED);
    all
}

/// What the failures themselves say.
fn said(around: &Surroundings<'_>) -> Option<Candidate> {
    let (kind, text) = match around.cause {
        "maintenance" => ("maintenance", "the origin itself says that it is in maintenance".to_string()),
        "tls" if around.failures.iter().any(|f| expired(f)) => {
            ("certificate", "a certificate of the origin has expired".to_string())
        }
        _ => return None,
    };
    Some(Candidate { kind: kind.into(), at: around.opened, text, strength: 0.95 })
}

fn expired(f: &Failure) -> bool {
    let says = |text: &[u8]| memchr::memmem::find(text, b"expired").is_some();
    f.marks.iter().any(|m| says(&m.text.bytes())) || f.origin_error.as_ref().is_some_and(|n| says(&n.text.bytes()))
}

/// The middle of numbers; 0 of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        n if n % 2 == 1 => numbers[n / 2],
        n => (numbers[n / 2 - 1] + numbers[n / 2]) / 2.0,
    }
}
