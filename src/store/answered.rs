//! Parts of sites that were answered. In: what a run saw; out: kept by part, bounded, and asked for by time. It must not
//! know what follows from it.

use std::collections::HashSet;

use rusqlite::{Connection, Transaction, params};

use crate::model::stamp::Stamp;

/// So many parts are kept, those answered last: 200 kB.
const KEPT: i64 = 10_000;

/// Notes when parts were last answered.
pub fn write(tx: &Transaction<'_>, answered: &[(u32, Stamp)]) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO answered_parts (part, last_at_us) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET last_at_us = excluded.last_at_us WHERE excluded.last_at_us > last_at_us",
    )?;
    for (part, at) in answered.iter().filter(|(_, at)| at.is_known()) {
        put.execute(params![part, at.0])?;
    }
    tx.prepare_cached(
        "DELETE FROM answered_parts WHERE part IN
         (SELECT part FROM answered_parts ORDER BY last_at_us DESC, part LIMIT -1 OFFSET ?1)",
    )?
    .execute([KEPT])
    .map(|_| ())
}

/// The parts that were answered since a moment.
pub fn since(db: &Connection, from: Stamp) -> rusqlite::Result<HashSet<u32>> {
    db.prepare_cached("SELECT part FROM answered_parts WHERE last_at_us >= ?1")?
        .query_map([from.0], |r| r.get(0))?
        .collect()
}
