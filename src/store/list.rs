//! Which incidents a question is about. In: a filter; out: their summaries, newest first, or the one to show when
//! nobody named any. It must not know how they are printed.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::read::{COLUMNS, counts, summary};
use super::text::{stamp, us};
use crate::model::incident::{CauseShare, Incident, State};
use crate::model::stamp::Stamp;

/// A question to the list of incidents. What is empty or `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Still going on at or after this moment.
    pub since: Option<Stamp>,
    /// Opened at or before this moment.
    pub until: Option<Stamp>,
    /// Each of these words occurs in name, title, service, causes, what happened, trigger, fix, a note, or a change from an
    /// hour before it until its end; case and place in the word do not matter.
    pub words: Vec<String>,
    /// In this state.
    pub state: Option<State>,
    /// One of its causes is this id, or of this family (`timeout`).
    pub cause: Option<String>,
    /// Of this service.
    pub service: Option<String>,
    /// With failed fetches for this host.
    pub host: Option<String>,
    /// With failed fetches of a path that begins so.
    pub url: Option<String>,
}

const WORD: &str = "EXISTS (
    SELECT 1 FROM (
        SELECT title AS said UNION ALL SELECT name UNION ALL SELECT service UNION ALL SELECT cause UNION ALL SELECT root
        UNION ALL SELECT in_short UNION ALL SELECT \"trigger\" UNION ALL SELECT fix
        UNION ALL SELECT c.cause FROM incident_causes c WHERE c.incident_id = incidents.id
        UNION ALL SELECT k.text FROM incident_candidates k WHERE k.incident_id = incidents.id
        UNION ALL SELECT n.text FROM notes n WHERE n.incident_id = incidents.id
        UNION ALL SELECT h.text FROM changes h WHERE h.at_us BETWEEN opened_at_us - 3600000000
            AND min(closed_at_us, opened_at_us + 86400000000) + 60000000)
    WHERE said LIKE ? ESCAPE '\\')";

const CAUSE: &str = "(cause = ? OR root = ? OR EXISTS (SELECT 1 FROM incident_causes c
    WHERE c.incident_id = incidents.id AND (c.cause = ? OR c.cause LIKE ? ESCAPE '\\')))";

const HOST: &str =
    "EXISTS (SELECT 1 FROM incident_hosts h WHERE h.incident_id = incidents.id AND h.host LIKE ? ESCAPE '\\')";

const URL: &str =
    "EXISTS (SELECT 1 FROM incident_urls u WHERE u.incident_id = incidents.id AND u.path LIKE ? ESCAPE '\\')";

/// The incidents that a filter lets pass, newest first. They are summaries: curve, URLs, examples, proof, candidates
/// and earlier incidents are left out.
pub fn list(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Incident>> {
    let (conditions, values) = conditions(filter);
    let sql = format!("SELECT {COLUMNS} FROM incidents{conditions} ORDER BY opened_at_us DESC, id DESC");
    let mut found: Vec<Incident> =
        db.prepare_cached(&sql)?.query_map(params_from_iter(values), summary)?.collect::<rusqlite::Result<_>>()?;
    match found.len() {
        0..FEW => found.iter_mut().try_for_each(|i| counts(db, i))?,
        _ => counts_of_all(db, &mut found)?,
    }
    Ok(found)
}

/// From so many on, tallies are read table by table instead of five questions for each incident.
const FEW: usize = 100;

/// Adds nodes, causes, verdicts, impacts and notes to many at once, in the order of [`counts`].
fn counts_of_all(db: &Connection, found: &mut [Incident]) -> rusqlite::Result<()> {
    let places: HashMap<u32, usize> = found.iter().enumerate().map(|(n, i)| (i.id, n)).collect();
    let mut each = |sql: &str, put: &dyn Fn(&mut Incident, &Row<'_>) -> rusqlite::Result<()>| {
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            if let Some(n) = places.get(&r.get(0)?) {
                put(&mut found[*n], r)?;
            }
        }
        Ok::<_, rusqlite::Error>(())
    };
    let number = |r: &Row<'_>, at| r.get::<_, i64>(at).map(i64::unsigned_abs);
    each("SELECT incident_id, node FROM incident_nodes ORDER BY node", &|i, r| {
        i.nodes.push(r.get(1)?);
        Ok(())
    })?;
    each(
        "SELECT incident_id, cause, failures, first_at_us, role FROM incident_causes ORDER BY failures DESC, cause",
        &|i, r| {
            let (cause, failures) = (r.get(1)?, number(r, 2)?);
            i.causes.push(CauseShare { cause, failures, first_at: stamp(r.get(3)?), role: r.get(4)? });
            Ok(())
        },
    )?;
    each("SELECT incident_id, verdict, failures FROM incident_verdicts", &|i, r| {
        i.verdicts.insert(r.get(1)?, number(r, 2)?);
        Ok(())
    })?;
    each("SELECT incident_id, impact, failures FROM incident_impacts", &|i, r| {
        i.harm.by_impact.insert(r.get(1)?, number(r, 2)?);
        Ok(())
    })?;
    each("SELECT incident_id, text FROM notes ORDER BY id", &|i, r| {
        i.notes.push(r.get(1)?);
        Ok(())
    })
}

fn conditions(filter: &Filter) -> (String, Vec<Value>) {
    let mut sql: Vec<&str> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &'static str, v: Vec<Value>| {
        sql.push(condition);
        values.extend(v);
    };
    if let Some(t) = filter.since.and_then(us) {
        add("closed_at_us >= ?", vec![t.into()]);
    }
    if let Some(t) = filter.until.and_then(us) {
        add("opened_at_us <= ?", vec![t.into()]);
    }
    if let Some(state) = filter.state {
        add("state = ?", vec![state.word().to_string().into()]);
    }
    if let Some(service) = &filter.service {
        add("service = ?", vec![service.clone().into()]);
    }
    if let Some(cause) = &filter.cause {
        let exact = || Value::from(cause.clone());
        add(CAUSE, vec![exact(), exact(), exact(), (escaped(cause) + ".%").into()]);
    }
    if let Some(host) = &filter.host {
        add(HOST, vec![escaped(host).into()]);
    }
    if let Some(url) = &filter.url {
        add(URL, vec![(escaped(url) + "%").into()]);
    }
    for word in filter.words.iter().filter(|w| !w.is_empty()) {
        add(WORD, vec![format!("%{}%", escaped(word)).into()]);
    }
    let sql = if sql.is_empty() { String::new() } else { format!(" WHERE {}", sql.join(" AND ")) };
    (sql, values)
}

/// The word without meaning in a LIKE pattern.
fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The incident to show when nobody named one: the open one whose last failure is newest, else the newest.
pub fn current(db: &Connection) -> rusqlite::Result<Option<u32>> {
    db.query_row(
        "SELECT id FROM incidents
         ORDER BY state IN ('open', 'recovering') DESC, scattered,
         CASE WHEN state IN ('open', 'recovering') THEN visitors_5xx END DESC, closed_at_us DESC, id DESC LIMIT 1",
        [],
        |r| r.get(0),
    )
    .optional()
}
