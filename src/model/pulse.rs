//! How one backend did in one slice of time, as one node saw it: what the screen of a tail and early warnings are made
//! of. In: fetches; out: counts, extremes and percentiles that merge by adding. It must not know who looks at them.

use std::fmt;

use hdrhistogram::Histogram;

use super::fetch::{Fetch, FetchOutcome, Reason};
use super::stamp::{MINUTE, Stamp};

/// The longest waiting time that is told apart: an hour, in milliseconds.
const LONGEST_MS: u64 = 3_600_000;

/// A payload of so many bytes was cut: varnishlog keeps `vsl_reclen` - 1 bytes, 255 - 1 by default (Varnish 3.0 to 8.0).
const CUT_AT: usize = 254;

/// How finely the pulse is taken.
#[derive(Clone, Copy, Debug)]
pub struct Fineness {
    /// How long a slice is, microseconds.
    pub slice_us: i64,
    /// Significant digits of waiting times.
    pub digits: u8,
}

impl Fineness {
    /// Minutes, two digits: for a screen that shows the last hour.
    pub const MINUTES: Fineness = Fineness { slice_us: MINUTE, digits: 2 };
    /// Hours, one digit: for archives of months.
    pub const HOURS: Fineness = Fineness { slice_us: 60 * MINUTE, digits: 1 };

    /// The start of the slice that holds a moment.
    pub fn slice(self, at: Stamp) -> Stamp {
        if at.is_known() { Stamp(at.0.div_euclid(self.slice_us).saturating_mul(self.slice_us)) } else { at }
    }
}

/// Fetches of one node from one backend in one slice of time.
#[derive(Clone, Default)]
pub struct Pulse {
    /// Fetches.
    pub fetches: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, failed while the client got stale content.
    pub hidden: u64,
    /// From sending the request to the first byte of the answer, or to giving up: milliseconds.
    waits: Option<Box<Histogram<u32>>>,
    /// Sum of them, milliseconds.
    pub sum_ms: u64,
    /// Most bytes of headers of an answer; 0 when not logged.
    pub header_bytes: u64,
    /// Most header lines of an answer; 0 when not logged.
    pub header_lines: u16,
    /// Good fetches that took a second connection, because the first was closed under them.
    pub saved: u64,
    /// Fetches whose URL has just the length at which varnishlog cuts.
    pub cut: u64,
}

impl Pulse {
    /// Takes in a fetch; `digits`: significant digits of its waiting time.
    pub fn take(&mut self, f: &Fetch<'_>, digits: u8) {
        let failed = f.outcome.has_failed();
        self.fetches += 1;
        self.failed += u64::from(failed);
        self.hidden += u64::from(failed && f.reason == Reason::Bgfetch);
        if let Some(us) = f.answered.since(f.sent) {
            self.wait(us, digits);
        }
        self.saved += u64::from(f.outcome == FetchOutcome::Good && f.opens > 1);
        self.cut += u64::from(f.vxid != 0 && f.url.len() == CUT_AT);
        if !failed {
            self.header_bytes = self.header_bytes.max(f.acct.map_or(0, |a| a.header_received));
            self.header_lines = self.header_lines.max(f.response.headers);
        }
    }

    /// Adds a waiting time, microseconds.
    fn wait(&mut self, us: i64, digits: u8) {
        let ms = u64::try_from(us / 1000).unwrap_or(0).min(LONGEST_MS);
        // One to five significant digits over an hour are bounds that the library accepts.
        let fresh = || Histogram::new_with_bounds(1, LONGEST_MS, digits).ok().map(Box::new);
        if self.waits.is_none() {
            self.waits = fresh();
        }
        if let Some(waits) = &mut self.waits {
            waits.saturating_record(ms);
            self.sum_ms += ms;
        }
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Pulse) {
        self.fetches += other.fetches;
        self.failed += other.failed;
        self.hidden += other.hidden;
        self.sum_ms += other.sum_ms;
        self.header_bytes = self.header_bytes.max(other.header_bytes);
        self.header_lines = self.header_lines.max(other.header_lines);
        self.saved += other.saved;
        self.cut += other.cut;
        match (&mut self.waits, &other.waits) {
            (Some(mine), Some(theirs)) => _ = mine.add(theirs.as_ref()),
            (None, Some(_)) => self.waits = other.waits.clone(),
            (_, None) => {}
        }
    }

    /// The waiting time that a share (0 to 1) of the fetches did not exceed, milliseconds; `None` without any.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        let waits = self.waits.as_ref().filter(|w| !w.is_empty())?;
        Some(waits.value_at_quantile(share).min(waits.max()) as f64)
    }

    /// How many waiting times were logged.
    pub fn waits(&self) -> u64 {
        self.waits.as_ref().map_or(0, |w| w.len())
    }

    /// How many waiting times are no less than `from_ms` and surely below `below_ms`, milliseconds.
    pub fn between(&self, from_ms: f64, below_ms: f64) -> u64 {
        let Some(waits) = &self.waits else { return 0 };
        let lies =
            |v: u64| waits.lowest_equivalent(v) as f64 >= from_ms && (waits.highest_equivalent(v) as f64) < below_ms;
        waits.iter_recorded().filter(|s| lies(s.value_iterated_to())).map(|s| u64::from(s.count_at_value())).sum()
    }

    /// How many waiting times lie in each of these ranges, whose upper bounds are given in seconds, ascending; the last
    /// count is of what lies above all of them.
    pub fn buckets<const N: usize>(&self, bounds_s: &[f64; N], into: &mut [u64]) {
        let Some(waits) = &self.waits else { return };
        for step in waits.iter_recorded() {
            // A range of the histogram counts as its lowest value: 500 ms lies within half a second.
            let s = waits.lowest_equivalent(step.value_iterated_to()) as f64 / 1000.0;
            let at = bounds_s.partition_point(|bound| *bound < s).min(into.len().saturating_sub(1));
            if let Some(n) = into.get_mut(at) {
                *n += u64::from(step.count_at_value());
            }
        }
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pulse({} fetches, {} failed)", self.fetches, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_survive_adding() {
        let (mut a, mut b) = (Pulse::default(), Pulse::default());
        (1..=50).for_each(|n| a.wait(n * 10_000, 2));
        (51..=100).for_each(|n| b.wait(n * 10_000, 2));
        a.add(&b);
        let p95 = a.percentile_ms(0.95).unwrap();
        assert!((940.0..=960.0).contains(&p95), "{p95}");
        assert_eq!(Pulse::default().percentile_ms(0.5), None);
        let mut counts = [0; 3];
        a.buckets(&[0.1, 0.5], &mut counts);
        assert_eq!(counts, [10, 40, 50]);
        assert_eq!((a.waits(), a.between(900.0, 990.0)), (100, 9));
    }
}
