//! The clock: where enough healthy pairs are there whose keys no other has, its offset is right at any moment, however
//! far the clocks are apart, however they drift, and whether or not one of them was corrected in mid-log.

use std::collections::BTreeMap;

use guru::model::{FetchRow, SeriesId};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::found::Found;
use crate::rows::{self, Logs, ORIGIN};
use crate::world::{World, worlds};

/// So many healthy pairs are enough.
const ENOUGH: usize = 50;
/// By how much an offset may be off, microseconds; or by half the resolution, if that is more.
const OFF_US: i64 = 50_000;
/// So many healthy pairs before and after a correction the clock may be on either side of it.
const AROUND: usize = 40;

/// When the healthy pairs with keys of their own were sent, by cache, in order.
fn pairs(logs: &Logs) -> BTreeMap<u32, Vec<i64>> {
    let lines: std::collections::BTreeSet<u64> = logs.requests.iter().map(|r| u64::from(r.vxid)).collect();
    let mut out: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    let healthy = FetchRow::WHOLE | FetchRow::FAILED;
    for f in logs.fetches.iter().filter(|f| f.key != 1 && f.flags & healthy == FetchRow::WHOLE) {
        if lines.contains(&f.vxid) {
            out.entry(f.series.0).or_default().push(f.sent_at);
        }
    }
    out.values_mut().for_each(|sent| sent.sort_unstable());
    out
}

/// The pairs that are far from a correction.
fn far_from_step(world: &World, cache: u32, sent: &[i64]) -> Vec<i64> {
    let Some(step) = world.stepped_at().map(|at| at + world.cache_ahead(cache)) else { return sent.to_vec() };
    let at = sent.partition_point(|t| *t < step);
    let far = |n: usize| n + AROUND < at || n >= at + AROUND;
    sent.iter().enumerate().filter(|(n, _)| far(*n)).map(|(_, t)| *t).collect()
}

fn the_offset_is_right(world: &World) -> Result<(), TestCaseError> {
    let logs = rows::logs(world);
    let found = Found::of(world, &logs);
    for (cache, sent) in pairs(&logs).iter().filter(|(_, sent)| sent.len() >= ENOUGH) {
        let Some(clock) = found.clocks.get(&(SeriesId(*cache), ORIGIN)) else {
            return Err(TestCaseError::fail(format!("no clock for cache {cache} with {} pairs", sent.len())));
        };
        let half = world.resolution_us / 2;
        for moment in far_from_step(world, *cache, sent) {
            let off = clock.at(moment) - world.ahead(*cache, moment);
            if off.abs() > OFF_US.max(half) {
                let part = (moment - sent[0]) as f64 / (sent[sent.len() - 1] - sent[0]).max(1) as f64;
                return Err(TestCaseError::fail(format!(
                    "{off} us off at {part:.2} of cache {cache}'s {} pairs: {clock:?}",
                    sent.len()
                )));
            }
        }
    }
    Ok(())
}

fn hold(cases: u32, fetches: std::ops::Range<usize>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&worlds(fetches), |world| the_offset_is_right(&world)).unwrap();
}

#[test]
fn the_offset_is_right_at_any_moment() {
    hold(32, 60..600);
}

#[test]
#[ignore = "takes long: GURU_WORLDS says how many"]
fn the_offset_is_right_at_any_moment_of_many_worlds() {
    hold(crate::many(), 60..6_000);
}
