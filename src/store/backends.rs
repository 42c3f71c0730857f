//! How backends did, by hour. In: rows that a run measured; out: kept once, the richer reading of an hour, and asked for
//! by time. It must not know incidents.

use rusqlite::{Connection, Row, Transaction, params};

use super::text::{count, plain, stamp};
use crate::model::backends::BackendHour;
use crate::model::stamp::{MINUTE, Stamp};

/// Length of an hour, microseconds.
pub const HOUR: i64 = 60 * MINUTE;

/// Writes hours; of one that is there already the row with more fetches stays.
pub fn write(tx: &Transaction<'_>, hours: &[BackendHour]) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT INTO backend_hours (tier, node, backend, hour_us, fetches, failed, hidden, p50_ms, p95_ms, p99_ms,
             header_bytes, saved)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO UPDATE SET fetches = excluded.fetches, failed = excluded.failed, hidden = excluded.hidden,
             p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms,
             header_bytes = excluded.header_bytes, saved = excluded.saved
         WHERE excluded.fetches > fetches",
    )?;
    for h in hours.iter().filter(|h| h.hour.is_known()) {
        put.execute(params![
            plain(&h.tier),
            plain(&h.node),
            plain(&h.backend),
            h.hour.0,
            count(h.fetches),
            count(h.failed),
            count(h.hidden),
            h.p50_ms,
            h.p95_ms,
            h.p99_ms,
            count(h.header_bytes),
            count(h.saved)
        ])?;
    }
    Ok(())
}

/// The hours that touch a span, in order of time, then of names.
pub fn between(db: &Connection, from: Stamp, to: Stamp) -> rusqlite::Result<Vec<BackendHour>> {
    db.prepare_cached(
        "SELECT tier, node, backend, hour_us, fetches, failed, hidden, p50_ms, p95_ms, p99_ms, header_bytes, saved
         FROM backend_hours WHERE hour_us > ?1 AND hour_us <= ?2 ORDER BY hour_us, tier, node, backend",
    )?
    .query_map(params![from.0.saturating_sub(HOUR), to.0], hour)?
    .collect()
}

fn hour(r: &Row<'_>) -> rusqlite::Result<BackendHour> {
    let n = |column: usize| r.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(BackendHour {
        tier: r.get(0)?,
        node: r.get(1)?,
        backend: r.get(2)?,
        hour: stamp(r.get(3)?),
        fetches: n(4)?,
        failed: n(5)?,
        hidden: n(6)?,
        p50_ms: r.get(7)?,
        p95_ms: r.get(8)?,
        p99_ms: r.get(9)?,
        header_bytes: n(10)?,
        saved: n(11)?,
    })
}
