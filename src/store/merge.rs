//! One incident becomes part of another. In: two ids; out: everything of the first belongs to the second, and the
//! first id is an alias of it for ever. It must not know why they belong together.

use rusqlite::{Transaction, params};

use super::{decided, harm, tally};

/// Tables whose rows are told anew by the group that united the two.
const RETOLD: [&str; 3] = ["incident_quotes", "incident_examples", "incident_candidates"];

/// Merges incident `from` into `into`.
pub fn merge(tx: &Transaction<'_>, from: u32, into: u32) -> rusqlite::Result<()> {
    tx.execute("UPDATE failed_fetches SET incident_id = ?2 WHERE incident_id = ?1", [from, into])?;
    tally::merge(tx, from, into)?;
    harm::merge(tx, from, into)?;
    keep_what_people_wrote(tx, from, into)?;
    tx.execute(
        "UPDATE incidents SET
             opened_at_us = min(coalesce(incidents.opened_at_us, f.opened_at_us), coalesce(f.opened_at_us, incidents.opened_at_us)),
             closed_at_us = max(coalesce(incidents.closed_at_us, f.closed_at_us), coalesce(f.closed_at_us, incidents.closed_at_us))
         FROM (SELECT opened_at_us, closed_at_us FROM incidents WHERE id = ?1) AS f WHERE id = ?2",
        [from, into],
    )?;
    for table in RETOLD {
        tx.execute(&format!("DELETE FROM {table} WHERE incident_id = ?1"), [from])?;
    }
    decided::merge(tx, from, into)?;
    tx.execute("UPDATE incident_aliases SET incident_id = ?2 WHERE incident_id = ?1", [from, into])?;
    tx.execute("INSERT INTO incident_aliases (alias, incident_id) VALUES (?1, ?2)", [from, into])?;
    tx.execute("DELETE FROM incidents WHERE id = ?1", [from]).map(|_| ())
}

/// Notes move. Of two fixes the second becomes a note, so that no word is lost; the later resolution counts.
fn keep_what_people_wrote(tx: &Transaction<'_>, from: u32, into: u32) -> rusqlite::Result<()> {
    tx.execute("UPDATE notes SET incident_id = ?2 WHERE incident_id = ?1", [from, into])?;
    for (column, what) in [("trigger", "Trigger"), ("fix", "Fix"), ("name", "Name")] {
        tx.execute(
            &format!(
                "INSERT INTO notes (incident_id, written_at_us, text)
                 SELECT i.id, f.resolved_at_us, ?3 || ' of incident ' || f.id || ', now part of this one: ' || f.\"{column}\"
                 FROM incidents i, incidents f
                 WHERE i.id = ?2 AND f.id = ?1 AND f.\"{column}\" IS NOT NULL AND i.\"{column}\" <> f.\"{column}\""
            ),
            params![from, into, what],
        )?;
    }
    tx.execute(
        "UPDATE incidents SET
             name = coalesce(incidents.name, f.name),
             \"trigger\" = coalesce(incidents.\"trigger\", f.\"trigger\"),
             fix = coalesce(incidents.fix, f.fix),
             worked = CASE WHEN incidents.fix IS NULL THEN f.worked ELSE incidents.worked END,
             resolved_at_us = coalesce(max(incidents.resolved_at_us, f.resolved_at_us),
                                       incidents.resolved_at_us, f.resolved_at_us)
         FROM (SELECT * FROM incidents WHERE id = ?1) AS f WHERE incidents.id = ?2",
        [from, into],
    )
    .map(|_| ())
}
