//! Failed fetches to the next tier's requests: which line is it, how sure, and what does its absence mean?
//!
//! In: the fixed rows that left the fold (`FetchRow` of the tier that fetched, `RequestRow` of the next one) and the
//! kept error-log notes. Out: clocks with error bars, matches with their margin, coverage of each backend, verdicts.
//! It must not know formats, files or causes, and it reads nothing: whether nginx or a CDN wrote the line is the same
//! to it. The order of work is clock → traits → file order → assignment → verdict; each has its file.

mod assign;
mod attempt;
mod clock;
mod edges;
mod estimate;
mod lanes;
mod notes;
mod order;
mod rewrite;
mod steps;
mod sure;
mod traits;
mod verdict;
mod votes;

use std::collections::BTreeMap;

use crate::model::{FetchRow, RequestRow, SeriesId};

pub use clock::{Clock, clocks, zone_mistake};
pub use notes::{NoteSeries, attach, by_client};
pub use rewrite::{Each, Rewrite, Rewrites, learn as learn_rewrites};
pub use verdict::{Coverage, verdict};

/// What the linker must know of a series of requests.
#[derive(Clone, Copy, Debug)]
pub struct SeriesTraits {
    /// Granularity of its end stamps, microseconds.
    pub resolution_us: i64,
}

/// The line found for a fetch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Index into the requests.
    pub request: usize,
    /// True when an id that travelled proves it.
    pub by_id: bool,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// The clock offset used, microseconds.
    pub offset_us: i64,
}

/// What linking found for one fetch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Finding {
    /// The line, if one was found.
    pub found: Option<Match>,
    /// The line of the first attempt, when the fetch took two connections.
    pub first: Option<Match>,
    /// How many lines could be it, when that is why none is given.
    pub candidates: u32,
}

/// The result of linking one tier to the next.
#[derive(Debug, Default)]
pub struct Linked {
    /// One finding per fetch, in the order given.
    pub findings: Vec<Finding>,
    /// Which backends' healthy fetches find their lines, and when.
    pub coverage: Coverage,
}

/// Links fetches of one tier to requests of the next, one to one, healthy fetches included because they own their
/// lines. `clocks` are those of [`clocks()`]; a pair of series without a clock is linked by id only.
///
/// Cost: n log n in rows, plus the cube of the largest group of look-alikes up to a bound, beyond which the
/// order-keeping assignment is used (see `assign`).
pub fn link(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    series: &BTreeMap<SeriesId, SeriesTraits>,
) -> Linked {
    let mut findings = vec![Finding::default(); fetches.len()];
    let taken = edges::by_id(fetches, requests, clocks, &mut findings);
    let sure = sure::pairs(fetches, requests, clocks, series);
    let learnt = traits::learn(fetches, requests, &sure);
    let spans = order::spans(fetches, requests, clocks, series, &sure);
    let attempts = attempt::attempts(fetches);
    let mut graph = edges::graph(&attempts, fetches, requests, clocks, &spans, &learnt, &taken);
    edges::forbid_strangers(&mut graph, &attempts, fetches, requests);
    let possible = edges::lines_per_attempt(&graph);
    for m in assign::assign(&graph, &attempts, &spans) {
        let a = &attempts[m.attempt];
        let clock = &clocks[&(fetches[a.fetch].series, requests[m.request].series)];
        let one = (!m.ambiguous).then_some(Match {
            request: m.request,
            by_id: false,
            confidence: m.confidence * clock.trust(),
            offset_us: clock.at(fetches[a.fetch].sent_at),
        });
        let finding = &mut findings[a.fetch];
        if a.first {
            finding.first = one;
        } else {
            finding.found = one;
        }
        if one.is_none() {
            finding.candidates = finding.candidates.max(m.candidates);
        }
    }
    for f in &mut findings {
        if f.found.is_none() && f.candidates == 0 {
            f.found = f.first;
        }
    }
    // A fetch whose possible lines all went to others was not proven to be absent: one of them may be its own.
    for (attempt, lines) in possible {
        let finding = &mut findings[attempts[attempt as usize].fetch];
        if finding.found.is_none() && finding.candidates == 0 {
            finding.candidates = lines;
        }
    }
    let coverage = Coverage::of(fetches, requests, &findings);
    Linked { findings, coverage }
}
