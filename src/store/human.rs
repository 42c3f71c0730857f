//! What people write: what they did about an incident, whether it worked, notes. In: words; out: rows that no analysis
//! ever changes. Each is a transaction of its own, so that it is safe beside a `tail` that writes.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::read::resolve_id;
use super::text::us;
use crate::model::incident::{Incident, State};
use crate::model::stamp::Stamp;

/// Whether a fix worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// Nobody knows yet.
    Unknown,
}

impl Worked {
    /// The word on the command line, in JSON and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Worked::Yes => "yes",
            Worked::No => "no",
            Worked::Unknown => "unknown",
        }
    }

    /// The value of such a word.
    pub fn parse(word: &str) -> Option<Worked> {
        [Worked::Yes, Worked::No, Worked::Unknown].into_iter().find(|w| w.word() == word)
    }
}

/// Records what was done about an incident. An earlier, different fix becomes a note. Without a moment of its own a
/// resolution covers everything known so far, also what a fast clock dates into the future. Returns the incident that the id stands for;
/// `None` when there is none.
pub fn resolve(
    db: &mut Connection,
    id: u32,
    fix: &str,
    worked: Option<Worked>,
    (at, now): (Option<Stamp>, Stamp),
) -> rusqlite::Result<Option<u32>> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(incident) = resolve_id(&tx, id)? else { return Ok(None) };
    tx.execute(
        "INSERT INTO notes (incident_id, written_at_us, text)
         SELECT id, resolved_at_us, 'Earlier fix' || coalesce(' (worked: ' || worked || ')', '') || ': ' || fix
         FROM incidents WHERE id = ?1 AND fix <> ?2",
        params![incident, fix],
    )?;
    tx.execute(
        "UPDATE incidents SET worked = coalesce(?3, CASE WHEN fix = ?2 THEN worked END), fix = ?2,
                resolved_at_us = coalesce(?5, max(?4, coalesce(closed_at_us, ?4))) WHERE id = ?1",
        params![incident, fix, worked.map(Worked::word), us(now), at.and_then(us)],
    )?;
    tx.commit()?;
    Ok(Some(incident))
}

/// Adds a note; returns as [`resolve`] does.
pub fn note(db: &mut Connection, id: u32, text: &str, now: Stamp) -> rusqlite::Result<Option<u32>> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(incident) = resolve_id(&tx, id)? else { return Ok(None) };
    tx.execute(
        "INSERT INTO notes (incident_id, written_at_us, text) VALUES (?1, ?2, ?3)",
        params![incident, us(now), text],
    )?;
    tx.commit()?;
    Ok(Some(incident))
}

/// Notes of an incident, oldest first.
pub fn notes(db: &Connection, incident: u32) -> rusqlite::Result<Vec<String>> {
    db.prepare_cached("SELECT text FROM notes WHERE incident_id = ?1 ORDER BY id")?
        .query_map([incident], |r| r.get(0))?
        .collect()
}

/// Ids of earlier incidents of the same service and headline cause, newest first, at most twenty.
pub fn seen_before(db: &Connection, incident: u32) -> rusqlite::Result<Vec<u32>> {
    db.prepare_cached(
        "SELECT e.id FROM incidents i JOIN incidents e ON e.service = i.service AND e.cause = i.cause
         WHERE i.id = ?1 AND e.opened_at_us < i.opened_at_us AND NOT e.scattered AND NOT i.scattered
         ORDER BY e.opened_at_us DESC, e.id DESC LIMIT 20",
    )?
    .query_map([incident], |r| r.get(0))?
    .collect()
}

/// Gives a group its id and what the store knows beyond this run.
pub fn hand_back(tx: &Transaction<'_>, id: u32, i: &mut Incident) -> rusqlite::Result<()> {
    i.id = id;
    tx.prepare_cached(
        "SELECT \"trigger\", fix, worked, resolved_at_us IS NOT NULL, state, name FROM incidents WHERE id = ?1",
    )?
    .query_row([id], |r| {
        (i.trigger, i.fix, i.worked) = (r.get(0)?, r.get(1)?, r.get(2)?);
        if r.get(3)? {
            i.state = State::parse(r.get_ref(4)?.as_str()?).unwrap_or(i.state);
        }
        if let Some(name) = r.get(5)? {
            i.title = name;
        }
        Ok(())
    })?;
    i.notes = notes(tx, id)?;
    i.seen_before = seen_before(tx, id)?;
    Ok(())
}
