//! What stored incidents look like. In: the history; out: profiles of one incident and of those that may look like it. It
//! must not judge likeness.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::text::stamp;
use crate::model::row::group_of;
use crate::model::similar::Profile;
use crate::model::stamp::Stamp;

type R<T> = rusqlite::Result<T>;

/// So many incidents of the same service or cause are looked at, the newest.
const MOST: usize = 400;
/// So many URLs of an incident tell its parts.
const URLS: i64 = 200;

/// So many parts are told.
const PARTS: usize = 8;

const COLUMNS: &str = "id, opened_at_us, closed_at_us, service, cause, failures, fix, worked, resolved_at_us";

/// The profile of an incident, and those of earlier ones of the same service or cause.
pub fn profiles(db: &Connection, id: u32) -> R<Option<(Profile, Vec<Profile>)>> {
    let sql = format!("SELECT {COLUMNS} FROM incidents WHERE id = ?1");
    let Some(mut own) = rows(db, &sql, params![id])?.pop() else { return Ok(None) };
    let unit = own.service.split(' ').next().unwrap_or_default().to_string();
    let sql = format!(
        "SELECT {COLUMNS} FROM incidents WHERE scattered = 0 AND opened_at_us < ?1
         AND (cause = ?2 OR service = ?3 OR service >= ?3 || ' ' AND service < ?3 || '!')
         ORDER BY opened_at_us DESC LIMIT ?4"
    );
    let mut others = rows(db, &sql, params![own.opened_at.0, own.cause, unit, MOST as i64])?;
    std::iter::once(&mut own).chain(&mut others).try_for_each(|p| fill(db, p))?;
    Ok(Some((own, others)))
}

/// How far the history reaches back.
pub fn reaches(db: &Connection) -> R<Stamp> {
    let first: Option<i64> = db
        .prepare_cached(
            "SELECT min(t) FROM (SELECT min(opened_at_us) AS t FROM incidents UNION ALL SELECT min(minute_us) FROM traffic)",
        )?
        .query_row([], |r| r.get(0))?;
    Ok(stamp(first))
}

fn rows(db: &Connection, sql: &str, given: &[&dyn rusqlite::ToSql]) -> R<Vec<Profile>> {
    db.prepare_cached(sql)?
        .query_map(given, |r| {
            Ok(Profile {
                id: r.get(0)?,
                opened_at: stamp(r.get(1)?),
                closed_at: stamp(r.get(2)?),
                service: r.get(3)?,
                cause: r.get(4)?,
                failures: u64::try_from(r.get::<_, i64>(5)?).unwrap_or(0),
                fix: r.get(6)?,
                worked: r.get(7)?,
                resolved_at: stamp(r.get(8)?),
                ..Profile::default()
            })
        })?
        .collect()
}

fn fill(db: &Connection, p: &mut Profile) -> R<()> {
    p.causes = tally(db, "SELECT cause, failures FROM incident_causes WHERE incident_id = ?1", p.id)?;
    p.verdicts = tally(db, "SELECT verdict, failures FROM incident_verdicts WHERE incident_id = ?1", p.id)?;
    p.nodes = tally(db, "SELECT node, failures FROM incident_nodes WHERE incident_id = ?1", p.id)?
        .into_iter()
        .map(|(node, _)| node)
        .collect();
    p.parts = parts(db, p.id)?;
    let kind: Option<String> = db
        .prepare_cached(
            "SELECT kind FROM incident_candidates WHERE incident_id = ?1 AND side = 'began' AND ordinal = 0",
        )?
        .query_map([p.id], |r| r.get(0))?
        .next()
        .transpose()?;
    p.trigger = kind.unwrap_or_default();
    Ok(())
}

fn tally(db: &Connection, sql: &str, id: u32) -> R<Vec<(String, u64)>> {
    db.prepare_cached(sql)?
        .query_map([id], |r| Ok((r.get(0)?, u64::try_from(r.get::<_, i64>(1)?).unwrap_or(0))))?
        .collect()
}

/// The parts of the site that were hit most, of a bounded number of URLs.
fn parts(db: &Connection, id: u32) -> R<Vec<String>> {
    let urls: Vec<(String, u64)> = db
        .prepare_cached("SELECT path, failures FROM incident_urls WHERE incident_id = ?1 LIMIT ?2")?
        .query_map(params![id, URLS], |r| Ok((r.get(0)?, u64::try_from(r.get::<_, i64>(1)?).unwrap_or(0))))?
        .collect::<R<_>>()?;
    let mut of: BTreeMap<String, u64> = BTreeMap::new();
    for (path, n) in urls {
        *of.entry(String::from_utf8_lossy(group_of(path.as_bytes())).into_owned()).or_default() += n;
    }
    let all: u64 = of.values().sum();
    let weighty: BTreeSet<String> = of.into_iter().filter(|(_, n)| *n * 10 >= all).map(|(part, _)| part).collect();
    Ok(weighty.into_iter().take(PARTS).collect())
}
