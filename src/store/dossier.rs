//! What somebody else needs to look into an incident. In: the incident; out: its backends, sample fetches with their
//! records, and how other backends did meanwhile. It must not know who reads it, nor mask anything for them.

use rusqlite::{Connection, Row, params};

use super::text::{stamp, unsigned};
use super::{backends::HOUR, known};
use crate::model::dossier::{BackendSeen, Dossier, Others, Sample};
use crate::model::incident::Incident;
use crate::model::report::ClockOffset;

type R<T> = rusqlite::Result<T>;

/// So many samples, of as many kinds as there are.
const SAMPLES: i64 = 6;
/// So many backends at most.
const BACKENDS: i64 = 20;

/// Gathers it.
pub fn dossier(db: &Connection, incident: Incident) -> R<Dossier> {
    let id = incident.id;
    let (sent, opened) = connections(db, id)?;
    Ok(Dossier {
        backends: backends_seen(db, id)?,
        samples: samples(db, id)?,
        statuses: statuses(db, id)?,
        sent,
        opened,
        others: others(db, &incident)?,
        clocks: clocks(db, id)?,
        incident,
    })
}

fn backends_seen(db: &Connection, id: u32) -> R<Vec<BackendSeen>> {
    db.prepare_cached(
        "SELECT coalesce(backend, ''), coalesce(backend_addr, ''), node, count(*), min(started_at_us), max(started_at_us)
         FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT ?2",
    )?
    .query_map(params![id, BACKENDS], |r| {
        Ok(BackendSeen {
            backend: r.get(0)?,
            address: r.get(1)?,
            node: r.get(2)?,
            failures: number(r, 3)?,
            first: stamp(r.get(4)?),
            last: stamp(r.get(5)?),
        })
    })?
    .collect()
}

/// Of each cause, verdict and backend the first fetch, then the second and so on, until there are enough.
fn samples(db: &Connection, id: u32) -> R<Vec<Sample>> {
    let mut found: Vec<(u64, Sample)> = db
        .prepare_cached(
            "SELECT identity, started_at_us, gave_up_at_us, node, coalesce(vxid, 0), coalesce(method, ''),
                    coalesce(host, ''), coalesce(url, ''), coalesce(backend, ''), coalesce(backend_addr, ''),
                    coalesce(status, 0), cause, verdict
             FROM (SELECT *, row_number() OVER (PARTITION BY cause, verdict, backend ORDER BY started_at_us, identity) AS nth
                   FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL)
             ORDER BY nth, started_at_us, identity LIMIT ?2",
        )?
        .query_map(params![id, SAMPLES], |r| Ok((unsigned(r.get(0)?), sample(r)?)))?
        .collect::<R<_>>()?;
    found.sort_by_key(|(identity, s)| (s.at, *identity));
    let ids: Vec<u64> = found.iter().map(|(identity, _)| *identity).collect();
    let mut quotes = known::evidence(db, &ids)?;
    let with_quotes = |(identity, mut s): (u64, Sample)| {
        let e = quotes.remove(&identity).unwrap_or_default();
        (s.own, s.origin, s.origin_error) = (e.own, e.origin, e.origin_error);
        s
    };
    Ok(found.into_iter().map(with_quotes).collect())
}

fn sample(r: &Row<'_>) -> R<Sample> {
    Ok(Sample {
        at: stamp(r.get(1)?),
        gave_up: stamp(r.get(2)?),
        node: r.get(3)?,
        vxid: number(r, 4)?,
        method: r.get(5)?,
        host: r.get(6)?,
        url: r.get(7)?,
        backend: r.get(8)?,
        address: r.get(9)?,
        status: u16::try_from(number(r, 10)?).unwrap_or(0),
        cause: r.get(11)?,
        verdict: r.get(12)?,
        own: Vec::new(),
        origin: None,
        origin_error: None,
    })
}

fn statuses(db: &Connection, id: u32) -> R<Vec<(u16, u64)>> {
    db.prepare_cached(
        "SELECT coalesce(status, 0), count(*) FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL
         GROUP BY 1 ORDER BY 2 DESC, 1",
    )?
    .query_map([id], |r| Ok((u16::try_from(number(r, 0)?).unwrap_or(0), number(r, 1)?)))?
    .collect()
}

/// Fetches whose request was sent, and those of them that met an address.
fn connections(db: &Connection, id: u32) -> R<(u64, u64)> {
    db.query_row(
        "SELECT count(*) FILTER (WHERE sent), count(*) FILTER (WHERE sent AND backend_addr IS NOT NULL)
         FROM (SELECT backend_addr, sent_at_us IS NOT NULL AND verdict <> 'not_sent' AS sent
               FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL)",
        [id],
        |r| Ok((number(r, 0)?, number(r, 1)?)),
    )
}

/// How the other backends of the same nodes did.
fn others(db: &Connection, i: &Incident) -> R<Others> {
    const THEIRS: &str = "node IN (SELECT node FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL)
        AND backend NOT IN (SELECT coalesce(backend, '') FROM failed_fetches WHERE incident_id = ?1)";
    let (from, to) = (i.opened_at, i.closed_at);
    let sql = format!(
        "SELECT backend, sum(fetches) FROM backend_hours WHERE {THEIRS} AND hour_us > ?2 AND hour_us <= ?3
         GROUP BY 1 ORDER BY 1"
    );
    let fetched: Vec<(String, u64)> = db
        .prepare_cached(&sql)?
        .query_map(params![i.id, from.0.saturating_sub(HOUR), to.0], |r| Ok((r.get(0)?, number(r, 1)?)))?
        .collect::<R<_>>()?;
    let sql =
        format!("SELECT count(*) FROM failed_fetches WHERE {THEIRS} AND started_at_us >= ?2 AND started_at_us <= ?3");
    let failed = db.query_row(&sql, params![i.id, from.0, to.0], |r| number(r, 0))?;
    let fetches = fetched.iter().map(|(_, n)| *n).sum();
    Ok(Others { backends: fetched.into_iter().map(|(backend, _)| backend).collect(), fetches, failed })
}

fn clocks(db: &Connection, id: u32) -> R<Vec<ClockOffset>> {
    let nodes: Vec<String> = db
        .prepare_cached("SELECT DISTINCT node FROM failed_fetches WHERE incident_id = ?1 AND told_in IS NULL")?
        .query_map([id], |r| r.get(0))?
        .collect::<R<_>>()?;
    let all = super::context::stored_clocks(db)?;
    Ok(all.into_iter().filter(|c| c.enough && nodes.contains(&c.from)).collect())
}

fn number(r: &Row<'_>, column: usize) -> R<u64> {
    r.get::<_, i64>(column).map(i64::unsigned_abs)
}
