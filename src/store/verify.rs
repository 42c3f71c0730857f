//! Did a fix work? In: a resolved incident and the failures and traffic since; out: what the logs say. It must not know
//! what people said.
//!
//! The rate of failures while the incident lasted is held against that of the time since, in minutes that logs cover. A
//! fix that came after the failures had stopped proves nothing by silence, unless the same used to come back.

use rusqlite::{Connection, OptionalExtension, params};

use super::text::stamp;
use crate::model::similar::{Effect, Measured};
use crate::model::stamp::{MINUTE, Stamp};

type R<T> = rusqlite::Result<T>;

/// Older fixes are not looked at again.
const MONTHS: i64 = 90 * 1440 * MINUTE;
/// Failures just after the fix still belong to what was under way.
const SETTLES: i64 = MINUTE;
/// A fix at most so long after the last failure may be what ended it.
const ENDED_IT: i64 = 15 * MINUTE;
/// So many minutes of log without failure are no chance after an outage.
const QUIET: u64 = 30;
/// So many failures should have come by now, were it as before.
const EXPECTED: f64 = 5.0;
/// Such shares of the earlier rate are: stopped, unchanged, more.
const SHARES: (f64, f64, f64) = (0.05, 0.5, 1.5);

/// Writes down what the logs say of the fixes of the last months that nobody judged.
pub fn note(tx: &rusqlite::Transaction<'_>, now: Stamp) -> R<()> {
    let ids: Vec<u32> = tx
        .prepare_cached("SELECT id FROM incidents WHERE fix IS NOT NULL AND resolved_at_us > ?1 ORDER BY resolved_at_us DESC LIMIT 200")?
        .query_map([now.0 - MONTHS], |r| r.get(0))?
        .collect::<R<_>>()?;
    for id in ids {
        let answer = measure(tx, id)?.and_then(|m| m.effect.answer());
        tx.prepare_cached("UPDATE incidents SET measured = ?2 WHERE id = ?1 AND measured IS NOT ?2")?
            .execute(params![id, answer])?;
    }
    Ok(())
}

struct Resolved {
    opened: Stamp,
    closed: Stamp,
    at: Stamp,
    service: String,
    cause: String,
    is_recurring: bool,
    failures: u64,
}

/// What the logs say of an incident's fix; `None` when it has none.
pub fn measure(db: &Connection, id: u32) -> R<Option<Measured>> {
    let Some(i) = resolved(db, id)? else { return Ok(None) };
    let minutes = covered(db, i.at)?;
    let after = failures_since(db, id, &i)?;
    let before = failures_until(db, id, &i)?.max(i.failures.saturating_sub(after)).max(1);
    let end = if i.closed < i.at { i.closed } else { i.at };
    let lasted = (end.since(i.opened).unwrap_or(0) as f64 / MINUTE as f64).max(1.0);
    let before_per_min = before as f64 / lasted;
    let effect = effect(db, &i, (before_per_min, after, minutes))?;
    Ok(Some(Measured { effect, before_per_min, after, minutes }))
}

fn effect(db: &Connection, i: &Resolved, (before, after, minutes): (f64, u64, u64)) -> R<Effect> {
    let expected = before * minutes as f64;
    let share = after as f64 / expected.max(f64::MIN_POSITIVE);
    if after > 0 && after as f64 >= EXPECTED {
        return Ok(match share {
            s if s >= SHARES.2 => Effect::Worse,
            s if s >= SHARES.1 => Effect::NoEffect,
            s if s > SHARES.0 => Effect::Partly,
            _ => Effect::Worked,
        });
    }
    let was_on = i.at.since(i.closed).is_some_and(|us| us <= ENDED_IT);
    let enough = match i.is_recurring {
        true => expected >= EXPECTED,
        false if was_on => minutes >= QUIET && expected >= EXPECTED,
        // It had stopped before: only its not coming back can tell.
        false => usual_gap_min(db, i)?.is_some_and(|gap| minutes as f64 >= 3.0 * gap),
    };
    Ok(match enough {
        true if share <= SHARES.0 => Effect::Worked,
        true if share < SHARES.1 => Effect::Partly,
        true => Effect::NoEffect,
        false => Effect::TooEarly,
    })
}

fn resolved(db: &Connection, id: u32) -> R<Option<Resolved>> {
    db.prepare_cached(
        "SELECT opened_at_us, closed_at_us, resolved_at_us, service, cause, logged_state = 'recurring', failures
         FROM incidents WHERE id = ?1 AND resolved_at_us IS NOT NULL AND fix IS NOT NULL",
    )?
    .query_row([id], |r| {
        Ok(Resolved {
            opened: stamp(r.get(0)?),
            closed: stamp(r.get(1)?),
            at: stamp(r.get(2)?),
            service: r.get(3)?,
            cause: r.get(4)?,
            is_recurring: r.get(5)?,
            failures: u64::try_from(r.get::<_, i64>(6)?).unwrap_or(0),
        })
    })
    .optional()
}

/// Minutes since then of which logs tell.
fn covered(db: &Connection, since: Stamp) -> R<u64> {
    let n: i64 = db
        .prepare_cached(
            "SELECT count(DISTINCT minute_us) FROM traffic WHERE minute_us > ?1 AND requests + fetches > 0",
        )?
        .query_row([since.0], |r| r.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Failures of the same service and cause since then, in this incident and in later ones.
fn failures_since(db: &Connection, id: u32, i: &Resolved) -> R<u64> {
    let n: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM failed_fetches f WHERE f.told_in IS NULL AND f.started_at_us > ?2 AND f.cause = ?4
             AND f.incident_id IN (SELECT ?1 UNION ALL SELECT id FROM incidents
                                   WHERE service = ?3 AND cause = ?4 AND closed_at_us > ?2)",
        )?
        .query_row(params![id, i.at.0.saturating_add(SETTLES), i.service, i.cause], |r| r.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

fn failures_until(db: &Connection, id: u32, i: &Resolved) -> R<u64> {
    let n: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM failed_fetches WHERE told_in IS NULL AND incident_id = ?1 AND started_at_us <= ?2",
        )?
        .query_row(params![id, i.at.0], |r| r.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Minutes between incidents of the same service and cause before that, on average; `None` when it was the only one.
fn usual_gap_min(db: &Connection, i: &Resolved) -> R<Option<f64>> {
    let (n, first): (i64, Option<i64>) = db
        .prepare_cached(
            "SELECT count(*), min(opened_at_us) FROM incidents
             WHERE service = ?1 AND cause = ?2 AND scattered = 0 AND opened_at_us <= ?3",
        )?
        .query_row(params![i.service, i.cause, i.opened.0], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let span = i.opened.since(stamp(first)).unwrap_or(0) as f64 / MINUTE as f64;
    Ok((n > 1).then(|| span / (n - 1) as f64))
}
