//! Chance, the same again for the same seed.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator of numbers (xorshift64*).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// From GURU_SOAK_SEED, or from the clock; the seed is printed.
    pub fn thrown(test: &str) -> Dice {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_nanos() as u64);
        let seed = std::env::var("GURU_SOAK_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(clock);
        println!("{test}: GURU_SOAK_SEED={seed}");
        Dice::new(seed)
    }

    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % below
    }
}
