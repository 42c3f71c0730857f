//! What the history holds, held against what was written.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::access;
use super::writer::Truth;

/// What differs.
#[derive(Debug, Default)]
pub struct Found {
    /// Rows of failed fetches.
    pub rows: usize,
    /// Failed fetches that were written and are not there, and no rotation has destroyed them.
    pub lost: Vec<u64>,
    /// Those that are there more than once.
    pub double: Vec<u64>,
    /// Rows that nobody wrote.
    pub foreign: Vec<String>,
    /// Those that are not there because a rotation destroyed them.
    pub destroyed: usize,
    /// Minutes whose requests were counted wrong: minute, written, counted.
    pub minutes: Vec<(i64, u64, u64)>,
}

impl Found {
    /// Reads the history.
    pub fn in_store(store: &Path, truth: &Truth) -> Found {
        let mut found = Found::default();
        let Ok(db) = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            found.lost = truth.failed.iter().copied().collect();
            return found;
        };
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        for url in column(&db, "SELECT url FROM v_failed_fetches", |row| row.get::<_, String>(0)) {
            found.rows += 1;
            match access::failed_number(&url).filter(|n| truth.failed.contains(n)) {
                Some(number) => *times.entry(number).or_default() += 1,
                None => found.foreign.push(url),
            }
        }
        found.double = times.iter().filter(|(_, n)| **n > 1).map(|(number, _)| *number).collect();
        let missing = truth.failed.iter().filter(|number| !times.contains_key(number));
        let (destroyed, lost): (Vec<u64>, Vec<u64>) = missing.partition(|number| truth.destroyed.contains(number));
        found.destroyed = destroyed.len();
        found.lost = lost;
        let sql = "SELECT minute_us, sum(requests) FROM traffic GROUP BY minute_us";
        let counted: BTreeMap<i64, u64> =
            column(&db, sql, |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64))).into_iter().collect();
        found.minutes = wrong_minutes(truth, &counted);
        found
    }

    /// Rows so far; 0 while there is no history.
    pub fn rows(store: &Path) -> usize {
        let open = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let count = |db: &Connection| db.query_row("SELECT count(*) FROM failed_fetches", [], |r| r.get::<_, i64>(0));
        open.and_then(|db| count(&db)).unwrap_or(0) as usize
    }

    /// Asserts that every failed fetch is there once and every request counted once.
    #[track_caller]
    pub fn must_be_exact(&self) {
        let right =
            self.lost.is_empty() && self.double.is_empty() && self.foreign.is_empty() && self.minutes.is_empty();
        assert!(right, "{} lost, {} double\n{self:?}", self.lost.len(), self.double.len());
    }
}

fn column<T>(db: &Connection, sql: &str, read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = db.prepare(sql).expect("the question is SQL");
    let rows = statement.query_map([], |row| read(row)).expect("it can be asked");
    rows.collect::<Result<_, _>>().expect("rows can be read")
}

/// Minutes with more requests than were written, or fewer than those and the destroyed ones.
fn wrong_minutes(truth: &Truth, counted: &BTreeMap<i64, u64>) -> Vec<(i64, u64, u64)> {
    let all = truth.minutes.keys().chain(counted.keys()).collect::<std::collections::BTreeSet<_>>();
    let of = |minutes: &BTreeMap<i64, u64>, minute: &i64| minutes.get(minute).copied().unwrap_or(0);
    all.into_iter()
        .map(|minute| (*minute, of(&truth.minutes, minute), of(counted, minute)))
        .filter(|(minute, written, counted)| {
            counted > written || counted + of(&truth.destroyed_minutes, minute) < *written
        })
        .collect()
}
