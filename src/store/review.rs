//! A stretch of the history, looked back upon. In: its first and last moment, and the one incident it is about, if any;
//! out: incidents and the figures beside them. It must not know how a report is written; advice is left to who shows it.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::list::{self, Filter};
use super::text::{stamp, us};
use super::{backends, early, read};
use crate::model::backends::BackendHour;
use crate::model::incident::{Incident, Limit};
use crate::model::report::Span;
use crate::model::review::{BackendLimit, CauseSlice, ChangeMark, Course, Pair, Review, Served};
use crate::model::stamp::{MINUTE, SECOND, Stamp};

type R<T> = rusqlite::Result<T>;

/// Lengths of slices, seconds; the shortest that gives few enough is taken.
const SLICES: [i64; 16] =
    [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 2 * 86_400, 7 * 86_400];
/// So many slices at most, but for the longest ones.
const MOST_SLICES: i64 = 48;
/// So many changes at most, the newest.
const MOST_CHANGES: i64 = 500;

/// So many addresses of backends at most.
const MOST_ADDRESSES: i64 = 1_000;

/// Of so many incidents the course is told, the worst.
const COURSES: usize = 60;

/// Failed fetches of a span; of one incident when ?3 is given.
const OF_SPAN: &str = "started_at_us >= ?1 AND started_at_us <= ?2 AND (?3 IS NULL OR incident_id = ?3)";

/// First and last moment of the stored incidents and early warnings.
pub fn span(db: &Connection) -> R<Option<Span>> {
    let sql = "SELECT min(a), max(b) FROM (SELECT opened_at_us AS a, closed_at_us AS b FROM incidents
               UNION ALL SELECT at_us, at_us FROM early_warnings)";
    db.query_row(sql, [], |r| {
        let (from, to): (Option<i64>, Option<i64>) = (r.get(0)?, r.get(1)?);
        Ok(from.zip(to).map(|(from, to)| Span { from: Stamp(from), to: Stamp(to) }))
    })
}

/// Looks back.
pub fn review(db: &Connection, from: Stamp, to: Stamp, about: Option<u32>) -> R<Review> {
    let slice_us = slice(from, to);
    let named = match about {
        Some(id) => vec![id],
        None => {
            let within = Filter { since: Some(from), until: Some(to), ..Filter::default() };
            list::list(db, &within)?.iter().map(|i| i.id).collect()
        }
    };
    let mut incidents: Vec<Incident> = Vec::with_capacity(named.len());
    for id in named {
        incidents.extend(read::incident(db, id)?);
    }
    incidents.sort_by_key(|i| {
        let scattered = i.service == "scattered";
        (scattered, std::cmp::Reverse(i.harm.visitors_5xx), std::cmp::Reverse(i.failures), i.opened_at, i.id)
    });
    let hours = backends::between(db, from, to)?;
    Ok(Review {
        from,
        to,
        about,
        slice_us,
        failures: failures(db, (from, to), about, slice_us)?,
        courses: incidents.iter().take(COURSES).map(|i| course(db, i)).collect::<R<_>>()?,
        incidents,
        pairs: pairs(db, (from, to), about, &hours)?,
        hours,
        limits: limits(db, from, to)?,
        early: if about.is_none() { early::between(db, from, to)? } else { Vec::new() },
        addresses: addresses(db, (from, to), about)?,
        changes: changes(db, from, to)?,
        served: served(db, from, to)?,
    })
}

fn slice(from: Stamp, to: Stamp) -> i64 {
    let long = to.since(from).unwrap_or(0).max(1);
    let few = |seconds: &&i64| long / (**seconds * SECOND) < MOST_SLICES;
    SLICES.iter().find(few).or(SLICES.last()).map_or(MINUTE, |seconds| seconds * SECOND)
}

fn failures(db: &Connection, span: (Stamp, Stamp), about: Option<u32>, slice_us: i64) -> R<Vec<CauseSlice>> {
    let sql = format!(
        "SELECT started_at_us / ?4 * ?4, cause, count(*) FROM failed_fetches
         WHERE {OF_SPAN} AND told_in IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
    );
    db.prepare_cached(&sql)?
        .query_map(params![span.0.0, span.1.0, about, slice_us], |r| {
            Ok(CauseSlice { at: stamp(r.get(0)?), cause: r.get(1)?, failures: r.get::<_, i64>(2)?.unsigned_abs() })
        })?
        .collect()
}

/// The failures of one incident in slices that fit its length.
fn course(db: &Connection, i: &Incident) -> R<Course> {
    let span = (i.opened_at, i.closed_at);
    let slice_us = slice(span.0, span.1);
    Ok(Course { incident: i.id, slice_us, slices: failures(db, span, Some(i.id), slice_us)? })
}

/// Who failed to fetch from whom, beside who fetched from whom.
fn pairs(db: &Connection, span: (Stamp, Stamp), about: Option<u32>, hours: &[BackendHour]) -> R<Vec<Pair>> {
    let mut out: BTreeMap<(String, String), Pair> = BTreeMap::new();
    let blank = |node: &str, backend: &str| Pair { node: node.into(), backend: backend.into(), ..Pair::default() };
    for h in hours {
        let pair = out.entry((h.node.clone(), h.backend.clone())).or_insert_with(|| blank(&h.node, &h.backend));
        pair.fetches = pair.fetches.saturating_add(h.fetches);
    }
    let sql = format!(
        "SELECT node, coalesce(backend, ''), cause, count(*) FROM failed_fetches WHERE {OF_SPAN}
         GROUP BY 1, 2, 3 ORDER BY 4, 3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![span.0.0, span.1.0, about])?;
    while let Some(r) = rows.next()? {
        let (node, backend): (String, String) = (r.get(0)?, r.get(1)?);
        let fresh = blank(&node, &backend);
        let pair = out.entry((node, backend)).or_insert(fresh);
        pair.failed += r.get::<_, i64>(3)?.unsigned_abs();
        // In ascending order: the last one is that of most.
        pair.cause = r.get(2)?;
    }
    Ok(out.into_values().collect())
}

/// Addresses of backends that fetches failed from.
fn addresses(db: &Connection, span: (Stamp, Stamp), about: Option<u32>) -> R<Vec<String>> {
    let sql = format!(
        "SELECT DISTINCT backend_addr FROM failed_fetches WHERE {OF_SPAN} AND backend_addr IS NOT NULL
         ORDER BY 1 LIMIT {MOST_ADDRESSES}"
    );
    db.prepare_cached(&sql)?.query_map(params![span.0.0, span.1.0, about], |r| r.get(0))?.collect()
}

/// Limits on waiting for the answer that failed fetches agree on: of each backend that of most failures.
fn limits(db: &Connection, from: Stamp, to: Stamp) -> R<Vec<BackendLimit>> {
    let mut out: Vec<BackendLimit> = Vec::new();
    let mut statement = db.prepare_cached(
        "SELECT backend, tier, cause, learnt_limit_ms FROM failed_fetches
         WHERE started_at_us >= ?1 AND started_at_us <= ?2 AND learnt_limit_ms IS NOT NULL AND backend IS NOT NULL
         GROUP BY 1, 2, 3, 4 ORDER BY 1, count(*) DESC, 4",
    )?;
    let mut rows = statement.query(params![from.0, to.0])?;
    while let Some(r) = rows.next()? {
        let (backend, tier, cause): (String, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
        let knob = Limit::knob(&tier, &cause).filter(|knob| !knob.starts_with("connect"));
        if let Some(knob) = knob.filter(|_| out.last().is_none_or(|l| l.backend != backend)) {
            out.push(BackendLimit { backend, knob: knob.into(), ms: r.get(3)? });
        }
    }
    Ok(out)
}

fn changes(db: &Connection, from: Stamp, to: Stamp) -> R<Vec<ChangeMark>> {
    let mut found: Vec<ChangeMark> = db
        .prepare_cached(
            "SELECT at_us, kind, node, text FROM changes WHERE at_us >= ?1 AND at_us <= ?2
             ORDER BY at_us DESC, kind, node, text LIMIT ?3",
        )?
        .query_map(params![from.0, to.0, MOST_CHANGES], |r| {
            Ok(ChangeMark { at: stamp(r.get(0)?), kind: r.get(1)?, node: r.get(2)?, text: r.get(3)? })
        })?
        .collect::<R<_>>()?;
    found.reverse();
    Ok(found)
}

/// What the uppermost tier served, and the uppermost one that tells of fetches fetched.
fn served(db: &Connection, from: Stamp, to: Stamp) -> R<Served> {
    let by_tier: Vec<(String, [u64; 4])> = db
        .prepare_cached(
            "SELECT tier, sum(requests), sum(requests_5xx), sum(fetches), sum(failed) FROM traffic
             WHERE minute_us > ?1 AND minute_us <= ?2 GROUP BY tier",
        )?
        .query_map(params![us(from).map(|at| at - MINUTE), us(to)], |r| {
            let n = |column: usize| r.get::<_, i64>(column).map(i64::unsigned_abs);
            Ok((r.get(0)?, [n(1)?, n(2)?, n(3)?, n(4)?]))
        })?
        .collect::<R<_>>()?;
    let upper = |any: usize| {
        let of = |tier: &&str| by_tier.iter().find(|(t, n)| t == tier && n[any] > 0).map(|(_, n)| *n);
        ["edge", "cache", "origin", "app"].iter().find_map(of).unwrap_or_default()
    };
    let (requests, fetches) = (upper(0), upper(2));
    Ok(Served { requests: requests[0], requests_5xx: requests[1], fetches: fetches[2], failed: fetches[3] })
}
