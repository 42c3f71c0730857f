//! Counts of failed fetches per incident: by cause, verdict, impact, node, minute, path and host. In: failures that came,
//! went or changed; out: the sums of the changes, applied once per save. Counting the changes, not the members, keeps
//! a save as cheap as what is new in it, however long an incident lasts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Transaction, params};

use super::text::{kept, path_of, stamp};
use crate::model::cause::Cause;
use crate::model::failure::Failure;
use crate::model::stamp::Stamp;
use crate::model::text::Text;
use crate::model::verdict::{Impact, Verdict};

/// What is counted of one failed fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its cause.
    pub cause: Cause,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its impact.
    pub impact: Impact,
    /// The node that made it.
    pub node: Text,
    /// When it began.
    pub started: Stamp,
    /// Path without query.
    pub path: String,
    /// The host that was asked for.
    pub host: Text,
}

impl Counted {
    /// What is counted of a failure as it is about to be stored.
    pub fn of(f: &Failure) -> Counted {
        Counted {
            cause: f.ruling.cause,
            verdict: f.verdict,
            impact: f.impact,
            node: f.node,
            started: f.started,
            path: path_of(&kept(f.url).unwrap_or_default()).to_string(),
            host: f.host,
        }
    }
}

/// The tally tables with the column that they count by.
const TABLES: [(&str, &str); 7] = [
    ("incident_causes", "cause"),
    ("incident_verdicts", "verdict"),
    ("incident_impacts", "impact"),
    ("incident_nodes", "node"),
    ("incident_minutes", "minute_us"),
    ("incident_urls", "path"),
    ("incident_hosts", "host"),
];

#[derive(Default)]
struct Changes {
    causes: HashMap<Cause, i64>,
    verdicts: HashMap<Verdict, i64>,
    impacts: HashMap<Impact, i64>,
    nodes: HashMap<Text, i64>,
    minutes: BTreeMap<i64, i64>,
    paths: BTreeMap<String, i64>,
    hosts: HashMap<Text, i64>,
}

/// Changes of all incidents of one save.
#[derive(Default)]
pub struct Tally {
    by_incident: BTreeMap<u32, Changes>,
}

impl Tally {
    /// Counts a failed fetch in (`by` = 1) or out (`by` = -1) of an incident.
    pub fn count(&mut self, incident: u32, c: &Counted, by: i64) {
        let x = self.by_incident.entry(incident).or_default();
        *x.causes.entry(c.cause).or_default() += by;
        *x.verdicts.entry(c.verdict).or_default() += by;
        *x.impacts.entry(c.impact).or_default() += by;
        *x.nodes.entry(c.node).or_default() += by;
        *x.hosts.entry(c.host).or_default() += by;
        if c.started.is_known() {
            *x.minutes.entry(c.started.minute().0).or_default() += by;
        }
        match x.paths.get_mut(&c.path) {
            Some(n) => *n += by,
            None => _ = x.paths.insert(c.path.clone(), by),
        }
    }

    /// Writes the sums and everything that follows from them. Call it after the failed fetches are written.
    pub fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<BTreeSet<u32>> {
        for (&incident, x) in &self.by_incident {
            let put = |table: usize, key: &dyn rusqlite::ToSql, by: i64| add(tx, TABLES[table], incident, key, by);
            x.causes.iter().try_for_each(|(k, n)| put(0, &k.id(), *n))?;
            x.verdicts.iter().try_for_each(|(k, n)| put(1, &k.word(), *n))?;
            x.impacts.iter().try_for_each(|(k, n)| put(2, &k.word(), *n))?;
            x.nodes.iter().try_for_each(|(k, n)| put(3, &kept(*k).unwrap_or_default(), *n))?;
            x.minutes.iter().try_for_each(|(k, n)| put(4, k, *n))?;
            x.paths.iter().try_for_each(|(k, n)| put(5, k, *n))?;
            x.hosts.iter().try_for_each(|(k, n)| put(6, &kept(*k).unwrap_or_default(), *n))?;
            settle(tx, incident)?;
        }
        Ok(self.by_incident.into_keys().collect())
    }
}

fn add(
    tx: &Transaction<'_>,
    (table, column): (&str, &str),
    incident: u32,
    key: &dyn rusqlite::ToSql,
    by: i64,
) -> rusqlite::Result<()> {
    if by == 0 {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {table} (incident_id, {column}, failures) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET failures = failures + excluded.failures"
    );
    tx.prepare_cached(&sql)?.execute(params![incident, key, by]).map(|_| ())
}

/// Drops what is no longer there and recomputes what the tallies imply.
fn settle(tx: &Transaction<'_>, incident: u32) -> rusqlite::Result<()> {
    for (table, _) in TABLES {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE incident_id = ?1 AND failures <= 0"))?
            .execute([incident])?;
    }
    tx.prepare_cached(
        "UPDATE incident_causes SET first_at_us = (
             SELECT min(started_at_us) FROM failed_fetches f
             WHERE f.incident_id = incident_causes.incident_id AND f.cause = incident_causes.cause AND told_in IS NULL)
         WHERE incident_id = ?1",
    )?
    .execute([incident])?;
    tx.prepare_cached(
        "UPDATE incidents SET failures = (
             SELECT coalesce(sum(failures), 0) FROM incident_verdicts WHERE incident_id = ?1) WHERE id = ?1",
    )?
    .execute([incident])
    .map(|_| ())
}

/// Adds the counts of one incident to those of another and drops them there.
pub fn merge(tx: &Transaction<'_>, from: u32, into: u32) -> rusqlite::Result<()> {
    for (table, column) in TABLES {
        tx.execute(
            &format!(
                "INSERT INTO {table} (incident_id, {column}, failures)
                 SELECT ?2, {column}, failures FROM {table} WHERE incident_id = ?1
                 ON CONFLICT DO UPDATE SET failures = failures + excluded.failures"
            ),
            [from, into],
        )?;
        tx.execute(&format!("DELETE FROM {table} WHERE incident_id = ?1"), [from])?;
    }
    settle(tx, into)
}

/// The same of a stored failed fetch; columns from `at` on: cause, verdict, impact, node, started, url, host.
pub fn counted(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Counted> {
    let word = |i: usize| row.get_ref(at + i)?.as_str().map_err(rusqlite::Error::from);
    Ok(Counted {
        cause: Cause::named(word(0)?),
        verdict: Verdict::parse(word(1)?).unwrap_or(Verdict::NoOriginLog),
        impact: Impact::parse(word(2)?).unwrap_or(Impact::Unknown),
        node: Text::from(word(3)?),
        started: stamp(row.get(at + 4)?),
        path: path_of(row.get_ref(at + 5)?.as_str_or_null()?.unwrap_or_default()).to_string(),
        host: Text::from(row.get_ref(at + 6)?.as_str_or_null()?.unwrap_or_default()),
    })
}
