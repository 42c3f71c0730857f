//! What people decided about incidents, as rows. In: an open database; out: `Decisions`, and rows that follow an incident
//! into the one that it became part of. It must not know how decisions are made or what follows from them.

use rusqlite::{Connection, Transaction, params};

use super::text::{plain, us};
use crate::model::decision::{Decisions, Part, SplitBy};
use crate::model::stamp::Stamp;

/// Everything that was decided about incidents that are there.
pub fn decisions(db: &Connection) -> rusqlite::Result<Decisions> {
    let united = db
        .prepare_cached("SELECT DISTINCT incident_id FROM decisions WHERE kind = 'merge'")?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let parts = db
        .prepare_cached(
            "SELECT split_id, what, value, p.incident_id FROM incident_parts p JOIN decisions d ON d.id = split_id
             ORDER BY split_id, value, p.incident_id",
        )?
        .query_map([], |r| {
            // Only words of `SplitBy` are written.
            let by = SplitBy::parse(r.get_ref(1)?.as_str()?).unwrap_or(SplitBy::Cause);
            Ok(Part { split: r.get(0)?, by, value: r.get(2)?, incident: r.get(3)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Decisions { united, parts })
}

/// Records a decision and returns its number.
pub fn record(tx: &Transaction<'_>, kind: &str, incident: u32, what: &str, now: Stamp) -> rusqlite::Result<i64> {
    tx.prepare_cached("INSERT INTO decisions (kind, incident_id, what, decided_at_us) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![kind, incident, plain(what), us(now).unwrap_or(0)])?;
    Ok(tx.last_insert_rowid())
}

/// Records which incident holds a part.
pub fn part(tx: &Transaction<'_>, split: i64, value: &str, incident: u32) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO incident_parts (split_id, value, incident_id) VALUES (?1, ?2, ?3)")?
        .execute(params![split, value, incident])
        .map(|_| ())
}

/// Lets decisions about one incident hold for a new one that was taken out of it.
pub fn inherit(tx: &Transaction<'_>, of: u32, by: u32) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO incident_parts (split_id, value, incident_id)
         SELECT split_id, value, ?2 FROM incident_parts WHERE incident_id = ?1",
        [of, by],
    )?;
    tx.execute(
        "INSERT INTO decisions (kind, incident_id, what, decided_at_us)
         SELECT kind, ?2, what, decided_at_us FROM decisions WHERE incident_id = ?1 AND kind = 'merge'",
        [of, by],
    )
    .map(|_| ())
}

/// Lets decisions about one incident hold for the one that it becomes part of.
pub fn merge(tx: &Transaction<'_>, from: u32, into: u32) -> rusqlite::Result<()> {
    tx.execute("UPDATE decisions SET incident_id = ?2 WHERE incident_id = ?1", [from, into])?;
    tx.execute("UPDATE OR IGNORE incident_parts SET incident_id = ?2 WHERE incident_id = ?1", [from, into])?;
    tx.execute("DELETE FROM incident_parts WHERE incident_id = ?1", [from]).map(|_| ())
}
