//! Nothing is ever doubled: the same logs again, or overlapping slices of them in any order, leave the history as the
//! whole leaves it. The command itself is run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use guru::model::Tier;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};
use rusqlite::types::ValueRef;

use crate::support::{Folder, data};

/// `guru analyze` over a cache's log and the origins' logs.
fn analyze(folder: &Folder, cache: &str, store: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guru"));
    command.arg("analyze").arg("--store").arg(store).arg(format!("cache={}", folder.path(cache).display()));
    for origin in ["nginx-access.log", "nginx2-access.log", "nginx-error.log"] {
        command.arg(format!("origin={}", folder.path(origin).display()));
    }
    let done = command.output().expect("guru runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Rows of a query as text, sorted.
pub fn ask(store: &Path, sql: &str) -> BTreeSet<String> {
    let db = rusqlite::Connection::open(store).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let columns = statement.column_count();
    let row = |r: &rusqlite::Row<'_>| {
        let cell = |c| match r.get_ref(c)? {
            ValueRef::Text(t) => Ok(String::from_utf8_lossy(t).into_owned()),
            other => Ok(format!("{other:?}")),
        };
        (0..columns).map(cell).collect::<rusqlite::Result<Vec<String>>>()
    };
    statement.query_map([], row).unwrap().map(|r| r.unwrap().join("|")).collect()
}

/// Every row of every table.
fn dump(store: &Path) -> BTreeSet<String> {
    let tables = ask(store, "SELECT name FROM sqlite_schema WHERE type = 'table'");
    let rows = |t: &String| ask(store, &format!("SELECT '{t}', * FROM \"{t}\"")).into_iter().collect::<Vec<_>>();
    tables.iter().flat_map(rows).collect()
}

fn failed(store: &Path) -> BTreeSet<String> {
    ask(store, "SELECT id, cause FROM v_failed_fetches")
}

fn folder(grouping: &str) -> (Folder, PathBuf) {
    let folder = Folder::recorded("groupings", grouping, "rich");
    let store = folder.path("history.db");
    (folder, store)
}

#[test]
fn analysing_twice_leaves_the_history_as_it_was() {
    for grouping in ["raw", "request"] {
        let (folder, store) = folder(grouping);
        analyze(&folder, "varnish.log", &store);
        let once = dump(&store);
        assert!(failed(&store).len() >= 26, "{:?}", failed(&store));
        analyze(&folder, "varnish.log", &store);
        assert_eq!(once, dump(&store), "{grouping}");
    }
}

/// Slices of a log, cut at lines, each overlapping the next by a third.
fn slices(log: &[u8], parts: usize) -> Vec<&[u8]> {
    let edge = |at: usize| log[..at.min(log.len())].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let size = log.len() / parts;
    (0..parts).map(|n| &log[edge(n * size)..edge(((n + 1) * size + size / 3).min(log.len()))]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overlapping_slices_in_any_order_give_the_failures_of_the_whole(
        (parts, order) in (2usize..5).prop_flat_map(|n| (Just(n), Just((0..n).collect::<Vec<_>>()).prop_shuffle()))
    ) {
        let (mut folder, whole) = folder("raw");
        analyze(&folder, "varnish.log", &whole);
        let log = data("groupings/varnish-raw.log");
        let sliced = folder.path("sliced.db");
        for n in order {
            let name = format!("slice-{n}.log");
            folder.add(&name, Some(Tier::Cache), slices(&log, parts)[n]);
            analyze(&folder, &name, &sliced);
        }
        let identities = |store: &Path| ask(store, "SELECT id FROM v_failed_fetches");
        prop_assert_eq!(identities(&whole), identities(&sliced));
        // A slice may hold too few pairs to tell the origin's clock: then no line is found, and the cause is what the
        // cache saw.
        let unlinked = ask(&sliced, "SELECT id FROM v_failed_fetches WHERE origin_line IS NULL");
        let linked = ask(&whole, "SELECT id FROM v_failed_fetches WHERE origin_line IS NOT NULL");
        let causes = |store: &Path| -> Vec<String> {
            let mut all = Vec::from_iter(failed(store));
            all.retain(|row| !linked.iter().any(|id| unlinked.contains(id) && row.contains(id.as_str())));
            all
        };
        prop_assert!(causes(&whole).len() >= 20);
        prop_assert_eq!(causes(&whole), causes(&sliced));
    }
}
