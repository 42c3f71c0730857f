//! Stored failed fetches for a later run. In: a span of time; out: `Failure`s that grouping and linking can work on
//! beside the new ones. What only the log had (places in files, most facts) stays empty.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{JUDGEMENT, RECORD, ROW, SURROUNDINGS};
use super::known_row::failure;
use super::text::signed;
use crate::model::evidence::Evidence;
use crate::model::failure::Failure;
use crate::model::incident::Quote;
use crate::model::locator::Locator;
use crate::model::mark::{MarkKind, OwnedMark};
use crate::model::stamp::Stamp;
use crate::model::text::Text;

type R<T> = rusqlite::Result<T>;

/// Failures of a span, and all others of their incidents: grouping must see an incident whole, or it would come apart.
/// Lone failures that were folded into one row are no incident in that sense.
const SPAN: &str = "started_at_us BETWEEN ?1 AND ?2 OR incident_id IN (
    SELECT DISTINCT f.incident_id FROM failed_fetches f JOIN incidents i ON i.id = f.incident_id
    WHERE f.started_at_us BETWEEN ?1 AND ?2 AND i.scattered = 0)";

/// The failed fetches that began between `from` and `to`, both widened by `pad_us`, with all others of their
/// incidents, in order of time.
pub fn known(db: &Connection, from: Stamp, to: Stamp, pad_us: i64) -> R<Vec<Failure>> {
    among(db, SPAN, params![from.0.saturating_sub(pad_us), to.0.saturating_add(pad_us)])
}

/// Of one incident so many failed fetches at most are handed to a run that goes on: enough to know it by.
const EACH: i64 = 300;
/// So many of all incidents.
const ALL: usize = 4_000;

/// What a run that goes on needs of the failed fetches that began after `from`, in order of time: those that are not
/// settled, and the newest ones of each incident. What it takes does not grow with the length of an incident.
pub fn recent(db: &Connection, from: Stamp) -> R<Vec<Failure>> {
    let mut newest: Vec<(i64, i64)> = Vec::new();
    let mut of = db.prepare_cached(
        "SELECT started_at_us, number FROM failed_fetches WHERE incident_id IS ?1 AND started_at_us >= ?2
         ORDER BY started_at_us DESC LIMIT ?3",
    )?;
    let mut incidents = db.prepare_cached("SELECT id FROM incidents WHERE closed_at_us >= ?1")?;
    let ids = incidents.query_map([from.0], |r| r.get(0))?.collect::<R<Vec<i64>>>()?;
    for id in ids.into_iter().map(Some).chain([None]) {
        let found = of.query_map(params![id, from.0, EACH], |r| Ok((r.get(0)?, r.get(1)?)))?;
        newest.extend(found.collect::<R<Vec<_>>>()?);
    }
    newest.sort_unstable();
    let picked: Vec<i64> = newest.iter().rev().take(ALL).map(|(_, number)| *number).collect();
    let picked = serde_json::json!(picked).to_string();
    among(
        db,
        "number IN (SELECT value FROM json_each(?1)) OR (settled = 0 AND started_at_us >= ?2)",
        params![picked, from.0],
    )
}

/// Of an incident so many failed fetches at most are told, the newest ones.
const MEMBERS: i64 = 50_000;

/// The failed fetches of an incident, in order of time.
pub fn members(db: &Connection, incident: u32) -> R<Vec<Failure>> {
    let newest =
        "number IN (SELECT number FROM failed_fetches WHERE incident_id = ?1 ORDER BY started_at_us DESC LIMIT ?2)";
    among(db, newest, params![incident, MEMBERS])
}

/// Those that a condition holds for, in order of time.
pub fn among(db: &Connection, condition: &str, given: &[&dyn rusqlite::ToSql]) -> R<Vec<Failure>> {
    let mut marks = marks(db, condition, given)?;
    let sql = format!(
        "SELECT {RECORD}, {ROW}, {SURROUNDINGS}, {JUDGEMENT} FROM failed_fetches
         WHERE {condition} ORDER BY started_at_us, identity"
    );
    db.prepare_cached(&sql)?.query_map(given, |r| failure(r, &mut marks))?.collect()
}

/// The stored quotes of failed fetches; those without any are left out.
pub fn evidence(db: &Connection, ids: &[u64]) -> R<HashMap<u64, Evidence>> {
    let mut own = db.prepare_cached("SELECT file, line, text FROM failed_fetches JOIN evidence ON failure_id = number WHERE identity = ?1 ORDER BY ordinal")?;
    let mut far = db.prepare_cached(
        "SELECT origin_file, origin_line, origin_text, origin_error_file, origin_error_line, origin_error_text
         FROM failed_fetches WHERE identity = ?1",
    )?;
    let mut found = HashMap::new();
    for &id in ids {
        let own = own.query_map([signed(id)], |r| quote(r, 0))?.collect::<R<Vec<_>>>()?;
        let both = far.query_row([signed(id)], |r| Ok((quote(r, 0)?, quote(r, 3)?))).optional()?;
        let (origin, origin_error) = both.unwrap_or_default();
        let e = Evidence { own: own.into_iter().flatten().collect(), origin, origin_error };
        if e != Evidence::default() {
            found.insert(id, e);
        }
    }
    Ok(found)
}

/// File, line and text from column `at` on; `None` when there is no file.
fn quote(r: &Row<'_>, at: usize) -> R<Option<Quote>> {
    let Some(file) = r.get::<_, Option<String>>(at)? else { return Ok(None) };
    let line = r.get::<_, Option<i64>>(at + 1)?.map_or(0, i64::unsigned_abs);
    Ok(Some(Quote { file, line, offset: None, text: r.get::<_, Option<String>>(at + 2)?.unwrap_or_default() }))
}

/// Their quoted records, as marks.
fn marks(db: &Connection, condition: &str, given: &[&dyn rusqlite::ToSql]) -> R<HashMap<i64, Vec<OwnedMark>>> {
    let mut found: HashMap<i64, Vec<OwnedMark>> = HashMap::new();
    let sql = format!(
        "SELECT identity, kind, text FROM failed_fetches JOIN evidence ON failure_id = number
         WHERE {condition} ORDER BY started_at_us, number, ordinal"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(given)?;
    while let Some(r) = rows.next()? {
        let kind = MarkKind::parse(r.get_ref(1)?.as_str()?).unwrap_or(MarkKind::Message);
        let text = r.get_ref(2)?.as_str()?;
        let payload = text.strip_prefix(kind.word()).map_or(text, str::trim_start);
        found.entry(r.get(0)?).or_default().push(OwnedMark { kind, text: Text::from(payload), at: Locator::default() });
    }
    Ok(found)
}
