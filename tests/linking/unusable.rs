//! A clock that nobody can find is said to be one: where stamps have nothing to do with when requests ended, or where
//! there are next to no pairs, hardly anything is linked with confidence.

use std::cell::RefCell;

use proptest::prelude::{ProptestConfig, prop_assert};
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::found::{CONFIDENT, Found, Tally};
use crate::rows;
use crate::world::{World, worlds};

/// Such a share of fetches may be given a wrong line with confidence.
const BOASTS: f64 = 0.005;

fn hold(cases: u32, fetches: std::ops::Range<usize>, judge: impl Fn(World) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&worlds(fetches), judge).unwrap();
}

#[test]
fn random_stamps_are_not_linked_with_confidence() {
    let total = RefCell::new(Tally::default());
    hold(24, 1..400, |world| {
        let world = World { stamps_are_random: true, ..world };
        let logs = rows::logs(&world);
        let found = Found::of(&world, &logs);
        for clock in found.clocks.values() {
            prop_assert!(!clock.enough(), "{clock:?}");
        }
        total.borrow_mut().add(&Tally::of(&logs, &found));
        Ok(())
    });
    let total = total.into_inner();
    total.print("random stamps");
    let boasts = total.wrong_and_confident as f64 / total.fetches as f64;
    assert!(boasts <= BOASTS, "{boasts} of the fetches were given a wrong line with confidence");
}

#[test]
fn a_clock_of_few_pairs_is_not_enough() {
    hold(48, 1..15, |world| {
        let logs = rows::logs(&world);
        let found = Found::of(&world, &logs);
        for clock in found.clocks.values() {
            prop_assert!(!clock.enough(), "{clock:?}");
        }
        Ok(())
    });
}

#[test]
fn a_single_line_is_nobodys_for_certain() {
    // One line and one fetch of an equal URL: any offset would fit.
    hold(32, 1..2, |world| {
        let logs = rows::logs(&world);
        let found = Found::of(&world, &logs);
        let sure = |confidence: f32| confidence > CONFIDENT;
        let links = found.links(&logs);
        prop_assert!(links.values().flatten().all(|(_, confidence)| !sure(*confidence)), "{links:?}");
        Ok(())
    });
}
