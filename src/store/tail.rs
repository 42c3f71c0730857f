//! What a tail keeps beside the history: how far each log was read, what was counted of it, and who records. In: deltas;
//! out: one transaction for what was found and for the place up to which it was read, so that after a crash neither is
//! ahead of the other. It must not know how logs are followed.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::batch::Batch;
use super::save;
use super::text::{count, plain, signed, unsigned};
use crate::model::follow::{FileKey, Position};
use crate::model::report::Stored;
use crate::model::sink::{Delta, LogTraffic};
use crate::model::stamp::{MINUTE, SECOND, Stamp};
use crate::model::traffic::Minute;

/// Positions of files that are over are remembered so long: they must not be read again under another name.
const REMEMBERED: i64 = 8 * 24 * 60 * MINUTE;
/// Counts by log are needed only for minutes that may still grow.
const GROWING: i64 = 3 * 60 * MINUTE;
/// Without a sign of life for so long a recorder is gone.
const ALIVE: i64 = 15 * SECOND;

/// Keeps a delta, all of it or nothing.
pub fn keep(db: &mut Connection, delta: &mut Delta<'_>) -> rusqlite::Result<Stored> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch {
        failures: delta.failures,
        evidence: delta.evidence,
        groups: delta.groups,
        scattered: delta.scattered,
        visited: delta.visited,
        told: delta.told,
        retracted: delta.retracted,
        traffic: delta.traffic,
        hours: delta.hours,
        answered: &[],
        early: &[],
        changes: delta.changes,
        clocks: delta.clocks,
    };
    let stored = save::write(&tx, &mut batch)?;
    positions(&tx, delta.positions)?;
    minutes(&tx, delta.by_log)?;
    tx.commit()?;
    Ok(stored)
}

fn positions(tx: &Transaction<'_>, positions: &[Position]) -> rusqlite::Result<()> {
    // A file whose beginning was not whole yet, that has another name now or became an archive, has one position all
    // the same.
    let mut outdated = tx.prepare_cached(
        "DELETE FROM positions WHERE finished = 0
         AND ((device = ?1 AND inode = ?2) OR path = ?3 OR (head = ?4 AND head_len = ?5))",
    )?;
    for p in positions {
        let key = &p.key;
        let same = params![signed(key.device), signed(key.inode), plain(&p.path), signed(key.head), key.head_len];
        outdated.execute(same)?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO positions (path, device, inode, head, head_len, low, low_lines, counted, finished, wall_us, taken)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for p in positions {
        put.execute(params![
            plain(&p.path),
            signed(p.key.device),
            signed(p.key.inode),
            signed(p.key.head),
            p.key.head_len,
            count(p.low),
            count(p.low_lines),
            count(p.counted),
            p.finished,
            p.wall.0,
            serde_json::to_string(&p.taken).unwrap_or_else(|_| "[]".into())
        ])?;
    }
    if let Some(now) = positions.iter().map(|p| p.wall.0).max() {
        tx.prepare_cached("DELETE FROM positions WHERE finished = 1 AND wall_us < ?1")?.execute([now - REMEMBERED])?;
    }
    Ok(())
}

fn minutes(tx: &Transaction<'_>, logs: &[LogTraffic]) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO tail_minutes (tier, node, series, minute_us, requests, requests_5xx, fetches, failed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut newest = None;
    for t in logs {
        for (at, m) in t.minutes.iter().filter(|(at, _)| at.is_known()) {
            let counts = [m.requests, m.requests_5xx, m.fetches, m.failed].map(count);
            let [requests, errors, fetches, failed] = counts;
            put.execute(params![
                plain(&t.tier),
                plain(&t.node),
                plain(&t.log),
                at.0,
                requests,
                errors,
                fetches,
                failed
            ])?;
            newest = newest.max(Some(at.0));
        }
    }
    if let Some(newest) = newest {
        tx.prepare_cached("DELETE FROM tail_minutes WHERE minute_us < ?1")?.execute([newest - GROWING])?;
    }
    Ok(())
}

/// How far logs were read.
pub fn read_positions(db: &Connection) -> rusqlite::Result<Vec<Position>> {
    db.prepare_cached(
        "SELECT path, device, inode, head, head_len, low, low_lines, counted, finished, wall_us, taken FROM positions
         ORDER BY wall_us, path",
    )?
    .query_map([], |r| {
        let byte = |n: usize| r.get::<_, i64>(n).map(i64::unsigned_abs);
        Ok(Position {
            path: r.get(0)?,
            key: FileKey {
                device: unsigned(r.get(1)?),
                inode: unsigned(r.get(2)?),
                head: unsigned(r.get(3)?),
                head_len: r.get(4)?,
            },
            low: byte(5)?,
            low_lines: byte(6)?,
            counted: byte(7)?,
            finished: r.get(8)?,
            wall: Stamp(r.get(9)?),
            // What cannot be read only makes the next run wait longer.
            taken: serde_json::from_str(r.get_ref(10)?.as_str()?).unwrap_or_default(),
        })
    })?
    .collect()
}

/// What was counted of each log.
pub fn read_minutes(db: &Connection) -> rusqlite::Result<Vec<LogTraffic>> {
    let mut out: Vec<LogTraffic> = Vec::new();
    let mut statement = db.prepare_cached(
        "SELECT tier, node, series, minute_us, requests, requests_5xx, fetches, failed FROM tail_minutes
         ORDER BY series, node, tier, minute_us",
    )?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let (tier, node, log): (String, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
        let n = |i: usize| r.get::<_, i64>(i).map(i64::unsigned_abs);
        let minute = Minute { requests: n(4)?, requests_5xx: n(5)?, fetches: n(6)?, failed: n(7)? };
        if out.last().is_none_or(|t| (&t.tier, &t.node, &t.log) != (&tier, &node, &log)) {
            out.push(LogTraffic { tier, node, log, ..LogTraffic::default() });
        }
        if let Some(t) = out.last_mut() {
            t.minutes.insert(Stamp(r.get(3)?), minute);
        }
    }
    Ok(out)
}

/// Takes the place of the recorder, or says who has it. Whoever gave no sign of life for a while has lost it, and whoever
/// was killed on this machine at once.
pub fn record(db: &mut Connection, pid: u32, host: &str, name: &str, now: Stamp) -> rusqlite::Result<Option<String>> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let other: Option<(u32, String, String)> = tx
        .query_row(
            "SELECT pid, host, name FROM recorder WHERE id = 1 AND beat_at_us > ?1 AND NOT (pid = ?2 AND host = ?3)",
            params![now.0 - ALIVE, pid, host],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
        .optional()?;
    if let Some((other, at, name)) = other.filter(|(other, at, _)| at != host || !is_gone(*other)) {
        return Ok(Some(format!("{name} (process {other} on {at})")));
    }
    tx.execute(
        "INSERT INTO recorder (id, pid, started_at_us, beat_at_us, host, name) VALUES (1, ?1, ?2, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET beat_at_us = excluded.beat_at_us, pid = excluded.pid, host = excluded.host,
             name = excluded.name,
             started_at_us = CASE WHEN pid = excluded.pid THEN started_at_us ELSE excluded.started_at_us END",
        params![pid, now.0, host, plain(name)],
    )?;
    tx.commit()?;
    Ok(None)
}

/// True when no process of this machine has that number: then it need not be waited for. One that may not be asked is
/// there.
#[cfg(unix)]
fn is_gone(pid: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_gone(_pid: u32) -> bool {
    false
}

/// Gives the place of the recorder up.
pub fn retire(db: &Connection, pid: u32, host: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM recorder WHERE id = 1 AND pid = ?1 AND host = ?2", params![pid, host]).map(|_| ())
}
