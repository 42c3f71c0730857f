//! Laws over random runs: order, overlap and repetition do not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use guru::model::Failure;
use guru::store::Store;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, proptest};
use proptest::{collection, prop_assert_eq};

use crate::support::{Run, ask, dump, failure, group, linked, new_store};

/// Failures of one group: number, and whether its origin line was found.
type Members = Vec<(u64, bool)>;
/// The groups of one run, and whether the first is the one of lone failures.
type Groups = (Vec<Members>, bool);

fn runs() -> impl Strategy<Value = Vec<Groups>> {
    let one = collection::vec(collection::vec((0u64..14, any::<bool>()), 1..5), 1..4);
    collection::vec((one, any::<bool>()), 1..6)
}

fn run_of(groups: &[Members], scattered: bool) -> Run {
    let mut seen = BTreeMap::new();
    for &(n, strong) in groups.iter().flatten() {
        *seen.entry(n).or_insert(strong) |= strong;
    }
    let failures: BTreeMap<u64, Failure> =
        seen.iter().map(|(n, strong)| (*n, if *strong { linked(failure(*n)) } else { failure(*n) })).collect();
    let mut taken = BTreeSet::new();
    let mut made = Vec::new();
    for g in groups {
        // Grouping never puts one failure into two groups of a run.
        let members: Vec<&Failure> = g.iter().filter(|(n, _)| taken.insert(*n)).map(|(n, _)| &failures[n]).collect();
        made.push(group(&members));
    }
    Run {
        groups: made,
        failures: failures.values().cloned().collect(),
        scattered: scattered.then_some(0),
        ..Run::default()
    }
}

/// What must not depend on the order of runs: failures, which of them are together, and what is counted of them.
fn canonical(path: &Path) -> Vec<String> {
    let mut all = ask(
        path,
        "SELECT f.id, f.verdict, f.cause, f.origin_cause, f.origin_line, f.origin_error_text, f.evidence, f.impact,
                (SELECT min(o.id) FROM v_failed_fetches o WHERE o.incident = f.incident),
                i.opened_at, i.closed_at, i.failures
         FROM v_failed_fetches f JOIN v_incidents i ON i.id = f.incident ORDER BY f.id",
    );
    for (table, column) in TALLIES {
        all.extend(ask(
            path,
            &format!(
                "SELECT '{table}', (SELECT min(o.id) FROM v_failed_fetches o WHERE o.incident = t.incident_id) AS first,
                        {column}, failures FROM {table} t ORDER BY 2, 3"
            ),
        ));
    }
    all
}

const TALLIES: [(&str, &str); 6] = [
    ("incident_causes", "cause"),
    ("incident_verdicts", "verdict"),
    ("incident_impacts", "impact"),
    ("incident_nodes", "node"),
    ("incident_minutes", "minute_us"),
    ("incident_urls", "path"),
];

/// Every tally, counted anew.
fn recounted(path: &Path) -> Vec<String> {
    let by = [
        "cause",
        "verdict",
        "impact",
        "node",
        "started_at_us - started_at_us % 60000000",
        "substr(url, 1, instr(url, '?') - 1)",
    ];
    let mut all = Vec::new();
    for ((table, _), expression) in TALLIES.iter().zip(by) {
        all.extend(ask(
            path,
            &format!(
                "SELECT '{table}', incident_id, {expression} AS k, count(*) FROM failed_fetches
                 WHERE incident_id IS NOT NULL AND told_in IS NULL GROUP BY incident_id, k ORDER BY 2, 3"
            ),
        ));
    }
    all
}

fn stored_tallies(path: &Path) -> Vec<String> {
    TALLIES
        .iter()
        .flat_map(|(t, c)| ask(path, &format!("SELECT '{t}', incident_id, {c}, failures FROM {t} ORDER BY 2, 3")))
        .collect()
}

fn save_all(store: &mut Store, order: &[usize], runs: &[Groups], scattered: bool) {
    for &n in order {
        run_of(&runs[n].0, scattered && runs[n].1).save(store);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn order_and_overlap_of_runs_do_not_matter(
        (runs, order) in runs().prop_flat_map(|r| {
            let order: Vec<usize> = (0..r.len()).collect();
            (Just(r), Just(order).prop_shuffle())
        })
    ) {
        let (_a, mut one) = new_store();
        let (_b, mut other) = new_store();
        save_all(&mut one, &(0..runs.len()).collect::<Vec<_>>(), &runs, false);
        save_all(&mut other, &order, &runs, false);
        prop_assert_eq!(canonical(one.path()), canonical(other.path()));
        prop_assert_eq!(stored_tallies(one.path()), recounted(one.path()));
    }

    #[test]
    fn a_run_saved_again_changes_nothing_and_no_id_is_lost(runs in runs()) {
        let (_folder, mut store) = new_store();
        let mut shown = BTreeSet::new();
        for (groups, scattered) in &runs {
            let mut run = run_of(groups, *scattered);
            run.save(&mut store);
            let once = dump(store.path());
            shown.extend(run.groups.iter().map(|g| g.incident.id).filter(|id| *id > 0));
            let again = run_of(groups, *scattered).save(&mut store);
            prop_assert_eq!(once, dump(store.path()));
            prop_assert_eq!((again.new, again.updated), (0, 0));
        }
        prop_assert_eq!(stored_tallies(store.path()), recounted(store.path()));
        for id in shown {
            prop_assert_eq!(store.incident(id).map(|_| ()).map_err(|e| e.message), Ok(()));
        }
        let counted = ask(store.path(), "SELECT count(*) FROM v_incidents i WHERE failures <>
            (SELECT count(*) FROM v_failed_fetches f WHERE f.incident = i.id) OR failures = 0");
        prop_assert_eq!(counted, ["0"]);
    }
}
