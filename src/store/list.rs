//! Which incidents a question is about. In: a filter; out: their summaries, newest first, or the one to show when
//! nobody named any. It must not know how they are printed.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::read::{COLUMNS, counts, summary};
use super::text::us;
use crate::model::incident::{Incident, State};
use crate::model::stamp::Stamp;

/// A question to the list of incidents. What is empty or `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Still going on at or after this moment.
    pub since: Option<Stamp>,
    /// Opened at or before this moment.
    pub until: Option<Stamp>,
    /// Each of these words occurs in title, service, causes, what happened, trigger, fix or a note; case and place in
    /// the word do not matter.
    pub words: Vec<String>,
    /// In this state.
    pub state: Option<State>,
    /// One of its causes is this id, or of this family (`timeout`).
    pub cause: Option<String>,
    /// Of this service.
    pub service: Option<String>,
}

const WORD: &str = "EXISTS (
    SELECT 1 FROM (
        SELECT title AS said UNION ALL SELECT service UNION ALL SELECT cause UNION ALL SELECT root
        UNION ALL SELECT in_short UNION ALL SELECT \"trigger\" UNION ALL SELECT fix
        UNION ALL SELECT c.cause FROM incident_causes c WHERE c.incident_id = incidents.id
        UNION ALL SELECT k.text FROM incident_candidates k WHERE k.incident_id = incidents.id
        UNION ALL SELECT n.text FROM notes n WHERE n.incident_id = incidents.id)
    WHERE said LIKE ? ESCAPE '\\')";

const CAUSE: &str = "(cause = ? OR root = ? OR EXISTS (SELECT 1 FROM incident_causes c
    WHERE c.incident_id = incidents.id AND (c.cause = ? OR c.cause LIKE ? ESCAPE '\\')))";

/// The incidents that a filter lets pass, newest first. They are summaries: curve, URLs, examples, proof, candidates
/// and earlier incidents are left out.
pub fn list(db: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Incident>> {
    let (conditions, values) = conditions(filter);
    let sql = format!("SELECT {COLUMNS} FROM incidents{conditions} ORDER BY opened_at_us DESC, id DESC");
    let mut found: Vec<Incident> =
        db.prepare_cached(&sql)?.query_map(params_from_iter(values), summary)?.collect::<rusqlite::Result<_>>()?;
    found.iter_mut().try_for_each(|i| counts(db, i))?;
    Ok(found)
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
