//! The order in which rows arrive does not matter: it depends on which thread was first.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use crate::found::Found;
use crate::rows::{self, Dice, Logs};
use crate::world::{World, worlds};

/// What is found, in terms that do not name places: clocks, links and candidates by the number of the fetch.
type Findings = (Vec<String>, BTreeMap<u64, Option<(u64, f32)>>, BTreeMap<u64, u32>);

fn findings(world: &World, logs: &Logs) -> Findings {
    let found = Found::of(world, logs);
    let clocks = found.clocks.iter().map(|clock| format!("{clock:?}")).collect();
    let counted = logs.fetches.iter().zip(&found.linked.findings);
    (clocks, found.links(logs), counted.map(|(fetch, finding)| (fetch.vxid, finding.candidates)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_in_any_order_are_linked_alike(world in worlds(1..300), seed in any::<u64>()) {
        let logs = rows::logs(&world);
        let mut mixed = logs.clone();
        let mut dice = Dice::new(seed);
        dice.shuffle(&mut mixed.fetches);
        dice.shuffle(&mut mixed.requests);
        prop_assert_eq!(findings(&world, &logs), findings(&world, &mixed));
    }
}
