//! Answers from the history. In: an id or a filter; out: incidents as the model has them. Advice stays empty: it comes
//! from the cause files when it is shown, so that better advice reaches old incidents too.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::human::{notes, seen_before};
use super::text::{path_of, stamp};
use crate::model::incident::{Candidate, CauseShare, Example, Harm, Incident, Limit, Quote, State};
use crate::model::{Crawled, FetchRow, Grace, Stamp};

type R<T> = rusqlite::Result<T>;

/// How many URLs an incident names.
const TOP_URLS: i64 = 10;

/// The columns that [`summary`] reads.
pub const COLUMNS: &str = "id, coalesce(name, title), opened_at_us, closed_at_us, state, service, cause, root, failures, visitors_5xx, \
    crawlers_5xx, share_failed, rate_per_hour, in_short, \"trigger\", fix, worked";

/// The incident that an id stands for: its own, or the one that it is an alias of.
pub fn resolve_id(db: &Connection, id: u32) -> R<Option<u32>> {
    db.prepare_cached(
        "SELECT id FROM incidents WHERE id = ?1 UNION ALL SELECT incident_id FROM incident_aliases WHERE alias = ?1",
    )?
    .query_row([id], |r| r.get(0))
    .optional()
}

/// One incident, whole.
pub fn incident(db: &Connection, id: u32) -> R<Option<Incident>> {
    let sql = format!("SELECT {COLUMNS} FROM incidents WHERE id = ?1");
    let Some(mut i) = db.prepare_cached(&sql)?.query_row([id], summary).optional()? else { return Ok(None) };
    counts(db, &mut i)?;
    i.harm.top_urls = db
        .prepare_cached(
            "SELECT path, failures FROM incident_urls WHERE incident_id = ?1 ORDER BY failures DESC, path LIMIT ?2",
        )?
        .query_map(params![id, TOP_URLS], |r| Ok((r.get(0)?, number(r, 1)?)))?
        .collect::<R<_>>()?;
    i.curve = db
        .prepare_cached("SELECT minute_us, failures FROM incident_minutes WHERE incident_id = ?1 ORDER BY minute_us")?
        .query_map([id], |r| Ok((r.get(0)?, number(r, 1)?)))?
        .collect::<R<_>>()?;
    i.limits = limits(db, id)?;
    i.harm.grace = grace(db, id)?;
    i.harm.crawled = crawled(db, id)?;
    i.harm.retry_after = db
        .prepare_cached("SELECT avg(error_retry_after) FROM failed_fetches WHERE incident_id = ?1")?
        .query_row([id], |r| r.get(0))?;
    i.examples = examples(db, id)?;
    i.proof = quotes(db, id, None, "proof")?;
    i.began = candidates(db, id, "began")?;
    i.ended_by = candidates(db, id, "ended_by")?;
    i.seen_before = seen_before(db, id)?;
    Ok(Some(i))
}

fn crawled(db: &Connection, id: u32) -> R<Option<Crawled>> {
    let errors: Vec<(Stamp, String)> = db
        .prepare_cached(
            "SELECT started_at_us, url FROM failed_fetches
             WHERE incident_id = ?1 AND impact = 'error' AND told_in IS NULL AND link_flags & ?2 <> 0",
        )?
        .query_map(params![id, FetchRow::CRAWLER], |r| {
            let url: Option<String> = r.get(1)?;
            Ok((stamp(r.get(0)?), path_of(&url.unwrap_or_default()).to_string()))
        })?
        .collect::<R<_>>()?;
    Ok(Crawled::of(errors.into_iter()))
}

fn limits(db: &Connection, id: u32) -> R<Vec<Limit>> {
    let counts: Vec<(String, String, f64, u64)> = db
        .prepare_cached(
            "SELECT tier, cause, learnt_limit_ms, count(*) FROM failed_fetches
             WHERE incident_id = ?1 AND learnt_limit_ms IS NOT NULL GROUP BY 1, 2, 3",
        )?
        .query_map([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, number(r, 3)?)))?
        .collect::<R<_>>()?;
    Ok(Limit::of(counts.into_iter()))
}

fn grace(db: &Connection, id: u32) -> R<Option<Grace>> {
    let hidden: Vec<((Option<String>, String), Stamp, f64)> = db
        .prepare_cached(
            "SELECT host, url, started_at_us, grace_left_ms FROM failed_fetches
             WHERE incident_id = ?1 AND impact = 'stale' AND grace_left_ms IS NOT NULL",
        )?
        .query_map([id], |r| Ok(((r.get(0)?, r.get(1)?), stamp(r.get(2)?), r.get(3)?)))?
        .collect::<R<_>>()?;
    Ok(Grace::of(hidden.into_iter()))
}

/// The row of an incident; reads [`COLUMNS`].
pub fn summary(r: &Row<'_>) -> R<Incident> {
    let state = State::parse(r.get_ref(4)?.as_str()?).unwrap_or(State::Closed);
    Ok(Incident {
        id: r.get(0)?,
        title: r.get(1)?,
        opened_at: stamp(r.get(2)?),
        closed_at: stamp(r.get(3)?),
        state,
        service: r.get(5)?,
        nodes: Vec::new(),
        cause: r.get(6)?,
        root: r.get(7)?,
        failures: number(r, 8)?,
        causes: Vec::new(),
        verdicts: BTreeMap::new(),
        limits: Vec::new(),
        harm: Harm { visitors_5xx: number(r, 9)?, crawlers_5xx: number(r, 10)?, share: r.get(11)?, ..Harm::default() },
        curve: Vec::new(),
        rate_per_hour: r.get(12)?,
        in_short: r.get(13)?,
        examples: Vec::new(),
        proof: Vec::new(),
        advice: Vec::new(),
        began: Vec::new(),
        ended_by: Vec::new(),
        trigger: r.get(14)?,
        fix: r.get(15)?,
        worked: r.get(16)?,
        notes: Vec::new(),
        seen_before: Vec::new(),
        similar: Vec::new(),
        recurrence: None,
        measured: None,
        history_since: Stamp::NONE,
    })
}

/// Adds nodes, causes, verdicts, impacts and notes.
pub fn counts(db: &Connection, i: &mut Incident) -> R<()> {
    i.nodes = db
        .prepare_cached("SELECT node FROM incident_nodes WHERE incident_id = ?1 ORDER BY node")?
        .query_map([i.id], |r| r.get(0))?
        .collect::<R<_>>()?;
    i.causes = db
        .prepare_cached(
            "SELECT cause, failures, first_at_us, role FROM incident_causes WHERE incident_id = ?1
             ORDER BY failures DESC, cause",
        )?
        .query_map([i.id], |r| {
            Ok(CauseShare { cause: r.get(0)?, failures: number(r, 1)?, first_at: stamp(r.get(2)?), role: r.get(3)? })
        })?
        .collect::<R<_>>()?;
    i.verdicts = by_word(db, "SELECT verdict, failures FROM incident_verdicts WHERE incident_id = ?1", i.id)?;
    i.harm.by_impact = by_word(db, "SELECT impact, failures FROM incident_impacts WHERE incident_id = ?1", i.id)?;
    i.notes = notes(db, i.id)?;
    Ok(())
}

fn by_word(db: &Connection, sql: &str, id: u32) -> R<BTreeMap<String, u64>> {
    db.prepare_cached(sql)?.query_map([id], |r| Ok((r.get(0)?, number(r, 1)?)))?.collect()
}

fn number(r: &Row<'_>, column: usize) -> R<u64> {
    Ok(u64::try_from(r.get::<_, i64>(column)?).unwrap_or(0))
}

fn examples(db: &Connection, id: u32) -> R<Vec<Example>> {
    let mut found: Vec<Example> = db
        .prepare_cached(
            "SELECT at_us, request, verdict FROM incident_examples WHERE incident_id = ?1 ORDER BY ordinal",
        )?
        .query_map([id], |r| {
            let (at, request, verdict) = (stamp(r.get(0)?), r.get(1)?, r.get(2)?);
            Ok(Example { at, request, verdict, own: None, origin: None, origin_error: None })
        })?
        .collect::<R<_>>()?;
    for (n, e) in found.iter_mut().enumerate() {
        let one = |role: &str| quotes(db, id, Some(n as i64), role).map(|q| q.into_iter().next());
        (e.own, e.origin, e.origin_error) = (one("own")?, one("origin")?, one("origin_error")?);
    }
    Ok(found)
}

fn quotes(db: &Connection, id: u32, example: Option<i64>, role: &str) -> R<Vec<Quote>> {
    db.prepare_cached(
        "SELECT file, coalesce(line, 0), text FROM incident_quotes
         WHERE incident_id = ?1 AND example IS ?2 AND role = ?3 ORDER BY ordinal",
    )?
    .query_map(params![id, example, role], |r| {
        Ok(Quote { file: r.get(0)?, line: number(r, 1)?, offset: None, text: r.get(2)? })
    })?
    .collect()
}

fn candidates(db: &Connection, id: u32, side: &str) -> R<Vec<Candidate>> {
    db.prepare_cached(
        "SELECT kind, at_us, text, strength FROM incident_candidates WHERE incident_id = ?1 AND side = ?2 ORDER BY ordinal",
    )?
    .query_map(params![id, side], |r| {
        Ok(Candidate { kind: r.get(0)?, at: stamp(r.get(1)?), text: r.get(2)?, strength: r.get(3)? })
    })?
    .collect()
}

/// The incident that the first of these failed fetches is in that is stored.
pub fn incident_of(db: &Connection, ids: &[u64]) -> rusqlite::Result<Option<u32>> {
    let mut ask = db.prepare_cached("SELECT incident_id FROM failed_fetches WHERE identity = ?1")?;
    for id in ids {
        let found: Option<Option<u32>> = ask.query_row([super::text::signed(*id)], |r| r.get(0)).optional()?;
        if let Some(incident) = found.flatten() {
            return Ok(Some(incident));
        }
    }
    Ok(None)
}
