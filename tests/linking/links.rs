//! Links: hardly one is wrong and confident, and no line is given away twice.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, prop_assert};
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::found::{Found, Tally};
use crate::rows;
use crate::world::{World, worlds};

/// Such a share of all links may be wrong and confident …
const BOASTS: f64 = 0.005;
/// … and such a share where nothing but time tells fetches apart: one URL, one size, no durations. There a line that ended
/// late shifts its neighbours, and each of them still looks sure. A known limit, not an aim: 3.3 % of 570 links when this
/// was written.
const BOASTS_OF_TWINS: f64 = 0.05;

fn no_line_is_given_twice(found: &Found) -> Result<(), TestCaseError> {
    let mut given = BTreeSet::new();
    for finding in &found.linked.findings {
        // The first attempt of two counts as the fetch's line where the last has none.
        let mut own: Vec<usize> = [finding.found, finding.first].into_iter().flatten().map(|m| m.request).collect();
        own.dedup();
        for request in own {
            prop_assert!(given.insert(request), "line {request} is given to two fetches");
        }
    }
    Ok(())
}

fn hold(cases: u32, fetches: std::ops::Range<usize>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let total = RefCell::new([Tally::default(); 2]);
    let worst: RefCell<Vec<(u64, World)>> = RefCell::new(Vec::new());
    let judge = |world: World| {
        let logs = rows::logs(&world);
        let found = Found::of(&world, &logs);
        no_line_is_given_twice(&found)?;
        let tally = Tally::of(&logs, &found);
        let twins = world.alike == 1.0 && !world.sizes_differ && !world.says_duration;
        total.borrow_mut()[usize::from(twins)].add(&tally);
        worst.borrow_mut().push((tally.wrong_and_confident, world));
        Ok(())
    };
    runner.run(&worlds(fetches), judge).unwrap();
    let ([total, twins], mut worst) = (total.into_inner(), worst.into_inner());
    total.print("worlds");
    twins.print("worlds of twins");
    worst.sort_by_key(|(wrong, _)| std::cmp::Reverse(*wrong));
    worst
        .iter()
        .take(3)
        .filter(|(wrong, _)| *wrong > 0)
        .for_each(|(wrong, world)| println!("{wrong} boasts: {world:?}"));
    assert!(total.boasts() <= BOASTS, "{} of all links are wrong and confident", total.boasts());
    assert!(twins.boasts() <= BOASTS_OF_TWINS, "{} of the links of twins are wrong and confident", twins.boasts());
}

#[test]
fn hardly_a_link_is_wrong_and_confident() {
    hold(48, 1..500);
}

#[test]
#[ignore = "takes long: GURU_WORLDS says how many"]
fn hardly_a_link_of_many_worlds_is_wrong_and_confident() {
    hold(crate::many(), 1..4_000);
}
