//! Early warnings. In: those of a run; out: kept once each, the newest ones, and asked for by time. It must not know how
//! they are noticed.

use rusqlite::{Connection, Row, Transaction, params};

use super::text::{masked, plain, stamp};
use crate::model::early::{Concern, EarlyWarning};
use crate::model::stamp::Stamp;

/// So many are kept.
const KEPT: i64 = 2_000;
/// So many are told at most.
const TOLD: i64 = 50;

/// Writes warnings; the same one read again is told as it is told now. One without a moment belongs to no time.
pub fn write(tx: &Transaction<'_>, all: &[EarlyWarning]) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO early_warnings (kind, node, backend, at_us, cause, text, advice, seen, \"limit\", unit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for w in all.iter().filter(|w| w.at.is_known() && w.seen.is_finite()) {
        put.execute(params![
            w.kind.word(),
            plain(&w.node),
            plain(&w.backend),
            w.at.0,
            plain(&w.cause),
            plain(&masked(&w.text)),
            plain(&w.advice),
            w.seen,
            w.limit.filter(|x| x.is_finite()),
            w.unit
        ])?;
    }
    if all.is_empty() {
        return Ok(());
    }
    tx.prepare_cached(
        "DELETE FROM early_warnings WHERE at_us <= (SELECT at_us FROM early_warnings ORDER BY at_us DESC LIMIT 1 OFFSET ?1)",
    )?
    .execute([KEPT])
    .map(|_| ())
}

/// The newest warning of each concern and place in a span, in order of time.
pub fn between(db: &Connection, from: Stamp, to: Stamp) -> rusqlite::Result<Vec<EarlyWarning>> {
    let sql = "SELECT kind, node, backend, max(at_us), cause, text, advice, seen, \"limit\", unit FROM early_warnings
               WHERE at_us BETWEEN ?1 AND ?2 GROUP BY kind, node, backend ORDER BY 4, 1, 2, 3 LIMIT ?3";
    let all: Vec<Option<EarlyWarning>> =
        db.prepare_cached(sql)?.query_map(params![from.0, to.0, TOLD], warning)?.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// `None` for a concern or a unit of a newer guru.
fn warning(r: &Row<'_>) -> rusqlite::Result<Option<EarlyWarning>> {
    let (kind, unit): (String, String) = (r.get(0)?, r.get(9)?);
    let (Some(kind), Some(unit)) = (Concern::parse(&kind), EarlyWarning::unit(&unit)) else { return Ok(None) };
    Ok(Some(EarlyWarning {
        kind,
        node: r.get(1)?,
        backend: r.get(2)?,
        at: stamp(r.get(3)?),
        cause: r.get(4)?,
        text: r.get(5)?,
        advice: r.get(6)?,
        seen: r.get(7)?,
        limit: r.get(8)?,
        unit,
    }))
}
