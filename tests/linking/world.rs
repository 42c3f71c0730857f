//! A made-up world: what happens in it, and how its clocks go. In: a strategy of numbers; out: those numbers, and what
//! a clock shows. It must not know rows.

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::strategy::Just;

pub const SECOND: i64 = 1_000_000;
/// When every world begins on the true clock.
pub const BEGIN: i64 = 1_795_194_000 * SECOND;

/// Numbers of a world.
#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub fetches: usize,
    /// Fetches per second, all caches together.
    pub rate: f64,
    /// Share of fetches of one and the same URL; every other URL is asked for once.
    pub alike: f64,
    /// Share of fetches that fail.
    pub failing: f64,
    pub caches: u32,
    /// The origin's clock: how far ahead it is when the world begins, how fast it runs, and at which part of the log it
    /// is corrected by how much.
    pub offset_us: i64,
    pub drift_ppm: f64,
    pub step: Option<(f64, i64)>,
    /// Of the origin's stamps, microseconds.
    pub resolution_us: i64,
    pub says_duration: bool,
    /// Share of lines that are lost.
    pub loss: f64,
    /// Whether lines stand in order of ending.
    pub in_order: bool,
    /// Whether answers of one URL differ in size.
    pub sizes_differ: bool,
    /// Whether the origin's stamps have nothing to do with when requests ended.
    pub stamps_are_random: bool,
}

impl World {
    /// What the clock of a cache shows more than the true one.
    pub fn cache_ahead(&self, cache: u32) -> i64 {
        i64::from(cache) * 733_000
    }

    /// How long the world lasts, microseconds.
    pub fn length(&self) -> i64 {
        (self.fetches as f64 / self.rate * 1e6) as i64
    }

    /// When the origin's clock is corrected, on the true clock.
    pub fn stepped_at(&self) -> Option<i64> {
        self.step.map(|(part, _)| BEGIN + (self.length() as f64 * part) as i64)
    }

    /// What the origin's clock shows at a true moment.
    pub fn at_origin(&self, truly: i64) -> i64 {
        let drifted = (self.drift_ppm * (truly - BEGIN) as f64 / 1e6) as i64;
        let step = self.step.filter(|_| self.stepped_at().is_some_and(|at| truly >= at)).map_or(0, |(_, by)| by);
        truly + self.offset_us + drifted + step
    }

    /// What the origin's clock shows more than that of a cache at a moment of the cache's clock.
    pub fn ahead(&self, cache: u32, moment: i64) -> i64 {
        self.at_origin(moment - self.cache_ahead(cache)) - moment
    }
}

/// Any world of at least and at most so many fetches.
pub fn worlds(fetches: std::ops::Range<usize>) -> impl Strategy<Value = World> {
    let traffic = (
        any::<u64>(),
        fetches,
        (0.0..2.7f64).prop_map(|power| 10f64.powf(power)),
        prop_oneof![Just(0.0), 0.0..1.0, Just(1.0)],
        prop_oneof![0.0..0.2, 0.2..0.9],
        1..4u32,
    );
    let clock = (
        -3600 * SECOND..3600 * SECOND,
        prop_oneof![Just(0.0), -200.0..200.0],
        prop_oneof![3 => Just(None), 1 => (0.2..0.8f64, -30 * SECOND..30 * SECOND).prop_map(Some)],
    );
    let log = (
        prop_oneof![Just(1), Just(1_000), Just(SECOND)],
        any::<bool>(),
        prop_oneof![Just(0.0), 0.0..0.2],
        prop_oneof![3 => Just(true), 1 => Just(false)],
        any::<bool>(),
    );
    (traffic, clock, log).prop_map(|(traffic, clock, log)| {
        let (seed, fetches, rate, alike, failing, caches) = traffic;
        let (offset_us, drift_ppm, step) = clock;
        let (resolution_us, says_duration, loss, in_order, sizes_differ) = log;
        World {
            seed,
            fetches,
            rate,
            alike,
            failing,
            caches,
            offset_us,
            drift_ppm,
            step,
            resolution_us,
            says_duration,
            loss,
            in_order,
            sizes_differ,
            stamps_are_random: false,
        }
    })
}
