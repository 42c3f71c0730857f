//! What lies beside the failures: traffic, changes, clocks. In: what a run measured; out: rows that the same log read
//! again does not change. It must not know incidents.

use rusqlite::{Connection, Transaction, params};

use super::batch::Batch;
use super::text::{count, plain, stamp, us};
use crate::model::remembered::{KnownChange, Opening};
use crate::model::report::ClockOffset;
use crate::model::stamp::Stamp;
use crate::model::traffic::NodeTraffic;

/// Writes traffic; a minute that is there already merges by maximum.
pub fn traffic(tx: &Transaction<'_>, nodes: &[NodeTraffic]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO traffic (tier, node, minute_us, requests, requests_5xx, fetches, failed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET requests = max(requests, excluded.requests),
             requests_5xx = max(requests_5xx, excluded.requests_5xx), fetches = max(fetches, excluded.fetches),
             failed = max(failed, excluded.failed)
         WHERE excluded.requests > requests OR excluded.requests_5xx > requests_5xx OR excluded.fetches > fetches
            OR excluded.failed > failed",
    )?;
    for t in nodes {
        for (at, m) in t.minutes.iter().filter(|(at, _)| at.is_known()) {
            statement.execute(params![
                plain(&t.tier),
                plain(&t.node),
                at.0,
                count(m.requests),
                count(m.requests_5xx),
                count(m.fetches),
                count(m.failed)
            ])?;
        }
    }
    Ok(())
}

/// Writes changes; one without a time is of no use and left out.
pub fn changes(tx: &Transaction<'_>, changes: &[(Stamp, String, String, String)]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO changes (at_us, kind, node, text) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for (at, kind, node, text) in changes.iter().filter(|c| c.0.is_known()) {
        statement.execute(params![at.0, plain(kind), plain(node), plain(text)])?;
    }
    Ok(())
}

/// Writes clock offsets under the day of the last moment of the log that they were measured in: clocks drift, so each
/// day has its own. Within a day the measurement with more pairs stays.
pub fn clocks(tx: &Transaction<'_>, batch: &Batch<'_>) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO clock_offsets (from_node, to_node, day, offset_ms, error_ms, drift_ppm, pairs, enough, zone_mistake)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET offset_ms = excluded.offset_ms, error_ms = excluded.error_ms,
             drift_ppm = excluded.drift_ppm, pairs = excluded.pairs, enough = excluded.enough,
             zone_mistake = excluded.zone_mistake
         WHERE excluded.pairs > pairs",
    )?;
    let day = day_of(batch);
    for c in batch.clocks {
        let finite = |x: f64| x.is_finite().then_some(x);
        statement.execute(params![
            plain(&c.from),
            plain(&c.to),
            day,
            finite(c.offset_ms),
            finite(c.error_ms),
            finite(c.drift_ppm),
            count(c.pairs),
            c.enough,
            c.zone_mistake.as_deref().map(plain)
        ])?;
    }
    Ok(())
}

/// `YYYY-MM-DD` of the last moment that the run read; empty when it read none.
fn day_of(batch: &Batch<'_>) -> String {
    let minutes = batch.traffic.iter().filter_map(|t| t.minutes.keys().next_back().copied());
    let failed = batch.failures.iter().filter(|f| !f.stored).map(|f| f.started);
    let last = minutes.chain(failed).max().unwrap_or_default();
    if us(last).is_none() { String::new() } else { last.rfc3339().split('T').next().unwrap_or_default().to_string() }
}

/// The newest stored offset of each pair of nodes.
pub fn stored_clocks(db: &Connection) -> rusqlite::Result<Vec<ClockOffset>> {
    db.prepare_cached(
        "SELECT from_node, to_node, coalesce(offset_ms, 0.0), coalesce(error_ms, 0.0), coalesce(drift_ppm, 0.0), pairs,
                enough, zone_mistake
         FROM clock_offsets c
         WHERE day = (SELECT max(day) FROM clock_offsets d WHERE d.from_node = c.from_node AND d.to_node = c.to_node)
         ORDER BY from_node, to_node",
    )?
    .query_map([], |r| {
        Ok(ClockOffset {
            from: r.get(0)?,
            to: r.get(1)?,
            offset_ms: r.get(2)?,
            error_ms: r.get(3)?,
            drift_ppm: r.get(4)?,
            pairs: r.get::<_, i64>(5)?.unsigned_abs(),
            enough: r.get(6)?,
            zone_mistake: r.get(7)?,
        })
    })?
    .collect()
}

/// The changes of a span of time, in order of time.
pub fn changes_between(db: &Connection, from: Stamp, to: Stamp) -> rusqlite::Result<Vec<KnownChange>> {
    db.prepare_cached("SELECT at_us, kind, node, text FROM changes WHERE at_us BETWEEN ?1 AND ?2 ORDER BY 1, 2, 3, 4")?
        .query_map([from.0, to.0], |r| {
            Ok(KnownChange { at: stamp(r.get(0)?), kind: r.get(1)?, node: r.get(2)?, text: r.get(3)? })
        })?
        .collect()
}

/// When the newest incidents opened.
pub fn openings(db: &Connection, most: usize) -> rusqlite::Result<Vec<Opening>> {
    db.prepare_cached(
        "SELECT service, cause, opened_at_us FROM incidents
         WHERE scattered = 0 AND opened_at_us IS NOT NULL ORDER BY opened_at_us DESC LIMIT ?1",
    )?
    .query_map([most as i64], |r| Ok(Opening { service: r.get(0)?, cause: r.get(1)?, at: stamp(r.get(2)?) }))?
    .collect()
}

/// When incidents of one service and headline cause opened, up to a moment, in order of time.
pub fn openings_of(db: &Connection, service: &str, cause: &str, until: Stamp) -> rusqlite::Result<Vec<Stamp>> {
    db.prepare_cached(
        "SELECT opened_at_us FROM incidents
         WHERE service = ?1 AND cause = ?2 AND scattered = 0 AND opened_at_us <= ?3 ORDER BY opened_at_us",
    )?
    .query_map(params![service, cause, until.0], |r| Ok(stamp(r.get(0)?)))?
    .collect()
}
