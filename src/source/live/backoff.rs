//! Pauses before another try. In: how often it failed; out: microseconds. It must not try anything.

use xxhash_rust::xxh3::xxh3_64;

use crate::model::Stamp;
use crate::model::stamp::SECOND;

/// The longest pause.
const LONGEST: i64 = 30 * SECOND;
/// After so long a run the next failure counts as the first.
const STEADY: i64 = 60 * SECOND;

/// Pauses that double from 1 s to 30 s, each up to a fifth longer or shorter, so that many readers of one machine do
/// not come back at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after a run that began at `began` ended at `now`.
    pub fn pause(&mut self, began: Stamp, now: Stamp) -> i64 {
        if now.since(began).is_some_and(|us| us >= STEADY) {
            self.failures = 0;
        }
        let pause = (SECOND << self.failures.min(5)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let seed = now.0 ^ (i64::from(std::process::id()) << 32);
        let jitter = (xxh3_64(&seed.to_le_bytes()) % 401) as i64 - 200;
        pause + pause * jitter / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_start_over_after_a_steady_run() {
        let mut backoff = Backoff::default();
        for expected in [1, 2, 4, 8, 16, 30, 30] {
            let pause = backoff.pause(Stamp(0), Stamp(1)) as f64 / SECOND as f64;
            assert!((pause / f64::from(expected) - 1.0).abs() <= 0.2, "{pause} for {expected}");
        }
        assert!(backoff.pause(Stamp(0), Stamp(STEADY)) <= SECOND + SECOND / 5);
    }
}
