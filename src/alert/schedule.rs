//! When to try again. In: how often it was tried, since when, and what the receiver asked for; out: a moment, or that it
//! is tried no more. It must not know what is sent.

use std::time::Duration;

use crate::model::stamp::{MINUTE, SECOND, Stamp};

/// First wait, microseconds.
const FIRST_US: i64 = SECOND;
/// Longest wait of our own, microseconds.
const LONGEST_US: i64 = 15 * MINUTE;
/// Longest wait that a receiver may ask for, microseconds: one that asks for a year is not to silence us.
const OBEYED_US: i64 = 60 * MINUTE;
/// After so long it is tried no more, microseconds.
pub const GIVE_UP_US: i64 = 24 * 60 * MINUTE;

/// The moment of the next try after `tries` failed ones (the one just made included), of something written at
/// `created`; `None` when a day has passed. `seed` spreads those that failed together: half of each wait is chance.
pub fn next_try(created: Stamp, now: Stamp, tries: u32, retry_after: Option<Duration>, seed: u64) -> Option<Stamp> {
    let longest = FIRST_US.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(LONGEST_US);
    let chance = xxhash_rust::xxh3::xxh3_64_with_seed(&tries.to_le_bytes(), seed) % (longest / 2 + 1).unsigned_abs();
    let wait = longest - i64::try_from(chance).unwrap_or(0);
    let asked = retry_after.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)).min(OBEYED_US);
    let at = now + wait.max(asked);
    (at.since(created).unwrap_or(0) <= GIVE_UP_US).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Stamp = Stamp(1_795_196_946_000_000);

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_half_of_each_is_chance() {
        for tries in 1..40 {
            let longest = (SECOND << (tries - 1).min(30)).min(LONGEST_US);
            for seed in 0..50 {
                let wait = next_try(T, T, tries, None, seed).unwrap().since(T).unwrap();
                assert!((longest / 2..=longest).contains(&wait), "{tries} tries, seed {seed}: {wait}");
            }
        }
        let some: std::collections::HashSet<_> = (0..50).map(|seed| next_try(T, T, 5, None, seed)).collect();
        assert!(some.len() > 40, "those that failed together come back apart");
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_for_silence() {
        let wait = |s: u64| next_try(T, T, 1, Some(Duration::from_secs(s)), 1).unwrap().since(T).unwrap();
        assert_eq!(wait(120), 120 * SECOND);
        assert!(wait(0) <= SECOND);
        assert_eq!(wait(u64::MAX), OBEYED_US);
    }

    #[test]
    fn after_a_day_it_is_tried_no_more() {
        let mut now = T;
        let mut tries = 0;
        while let Some(next) = next_try(T, now, tries + 1, None, 7) {
            tries += 1;
            now = next;
        }
        assert!(now.since(T).unwrap() > GIVE_UP_US - LONGEST_US && (96..250).contains(&tries), "{tries} tries");
    }
}
