//! How one backend did in one minute, as one node saw it: what the screen of a tail and early warnings are made of. In:
//! waiting times; out: counts and percentiles that merge by adding. It must not know who looks at them.

use std::fmt;

use hdrhistogram::Histogram;

/// The longest waiting time that is told apart: an hour, in milliseconds.
const LONGEST_MS: u64 = 3_600_000;

/// Fetches of one node from one backend in one minute.
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
}

impl Pulse {
    /// Adds a waiting time, microseconds.
    pub fn wait(&mut self, us: i64) {
        let ms = u64::try_from(us / 1000).unwrap_or(0).min(LONGEST_MS);
        // Two significant digits over an hour are bounds that the library accepts.
        let fresh = || Histogram::new_with_bounds(1, LONGEST_MS, 2).ok().map(Box::new);
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
        (1..=50).for_each(|n| a.wait(n * 10_000));
        (51..=100).for_each(|n| b.wait(n * 10_000));
        a.add(&b);
        let p95 = a.percentile_ms(0.95).unwrap();
        assert!((940.0..=960.0).contains(&p95), "{p95}");
        assert_eq!(Pulse::default().percentile_ms(0.5), None);
        let mut counts = [0; 3];
        a.buckets(&[0.1, 0.5], &mut counts);
        assert_eq!(counts, [10, 40, 50]);
    }
}
