//! Writes the row of an incident and what is told of it. In: a group as this run sees it; out: the stored incident
//! brought up to date. A run may see only a part of an incident; therefore what is said of its beginning is only
//! replaced by a group that reaches back as far, and what is said of its end by one that reaches as far forward.

use rusqlite::{OptionalExtension, Transaction, params};

use super::text::{count, masked, plain, stamp, us};
use crate::model::incident::{Candidate, Incident, Quote, State};
use crate::model::stamp::Stamp;

/// What is stored of an incident, as far as a save compares it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// First failure.
    pub opened: Stamp,
    /// Last failure.
    pub closed: Stamp,
    /// The state that the logs show.
    pub state: State,
}

/// Reads it.
pub fn row(tx: &Transaction<'_>, id: u32) -> rusqlite::Result<Option<Row>> {
    tx.prepare_cached("SELECT opened_at_us, closed_at_us, logged_state FROM incidents WHERE id = ?1")?
        .query_row([id], |r| {
            let word: String = r.get(2)?;
            Ok(Row {
                opened: stamp(r.get(0)?),
                closed: stamp(r.get(1)?),
                state: State::parse(&word).unwrap_or(State::Closed),
            })
        })
        .optional()
}

/// The next free id. Ids are never given twice: those that were merged away stay as aliases.
pub fn next_id(tx: &Transaction<'_>) -> rusqlite::Result<u32> {
    tx.query_row(
        "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM incidents),
                        (SELECT coalesce(max(alias), 0) FROM incident_aliases))",
        [],
        |r| r.get(0),
    )
}

/// Creates an incident. Its tallies, quotes and candidates follow with [`retell`].
pub fn create(tx: &Transaction<'_>, id: u32, i: &Incident, scattered: bool) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO incidents (id, opened_at_us, closed_at_us, logged_state, scattered, service, title, cause, in_short)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        id,
        us(i.opened_at),
        us(i.closed_at),
        logged(i.state).word(),
        scattered,
        plain(&i.service),
        plain(&i.title),
        plain(&i.cause),
        plain(&i.in_short)
    ])
    .map(|_| ())
}

/// The state as logs can show it.
pub fn logged(state: State) -> State {
    if state == State::Resolved { State::Closed } else { state }
}

/// How much a state has settled. Without a later failure an incident only ever settles: a slice of the log that ends
/// right after a failure does not open again what is known to be over.
fn settled(state: State) -> u8 {
    match state {
        State::Open => 0,
        State::Recovering => 1,
        State::Recurring => 2,
        State::Closed | State::Resolved => 3,
    }
}

/// The state after this run.
fn next_state(was: Row, i: &Incident) -> State {
    let now = logged(i.state);
    let later = i.closed_at > was.closed;
    let same_end = i.closed_at == was.closed;
    if later || (same_end && settled(now) > settled(was.state)) { now } else { was.state }
}

/// What a run brought to an incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct News {
    /// Who tells has seen the incident grow from its beginning, and takes back what turned out otherwise.
    pub followed: bool,
    /// It was not there before.
    pub created: bool,
    /// Failures came, moved or were judged better.
    pub members: bool,
    /// Another incident became part of it.
    pub merged: bool,
}

/// Brings an incident up to date with what this run says of it. True when that changed its state or its story.
pub fn retell(tx: &Transaction<'_>, id: u32, i: &Incident, news: News) -> rusqlite::Result<bool> {
    let Some(mut was) = row(tx, id)? else { return Ok(false) };
    if news.followed && i.closed_at < was.closed {
        was.closed = shorten(tx, id, was.closed)?;
    }
    let state = next_state(was, i);
    if !(news.created || news.members || news.merged) {
        if state != was.state {
            end(tx, id, i, state)?;
        }
        return Ok(state != was.state);
    }
    tx.prepare_cached("UPDATE incidents SET opened_at_us = ?2, closed_at_us = ?3 WHERE id = ?1")?.execute(params![
        id,
        us(earliest(was.opened, i.opened_at)),
        us(was.closed.max(i.closed_at))
    ])?;
    let opened = if news.followed { reopen(tx, id, was.opened)? } else { was.opened };
    if news.created || news.merged || !opened.is_known() || i.opened_at <= opened {
        beginning(tx, id, i)?;
    }
    if news.created || i.closed_at >= was.closed {
        end(tx, id, i, if news.created { logged(i.state) } else { state })?;
    }
    Ok(true)
}

/// Sets the beginning to that of the first failure that is still in the incident, and says when that is.
pub fn reopen(tx: &Transaction<'_>, id: u32, was: Stamp) -> rusqlite::Result<Stamp> {
    let first: Option<i64> = tx
        .prepare_cached("SELECT min(first_at_us) FROM incident_causes WHERE incident_id = ?1")?
        .query_row([id], |r| r.get(0))?;
    let first = stamp(first);
    if first.is_known() && first != was {
        tx.prepare_cached("UPDATE incidents SET opened_at_us = ?2 WHERE id = ?1")?.execute(params![id, us(first)])?;
    }
    Ok(first.or(was))
}

/// Sets the end to that of the last failure that is still in the incident, and says when that is.
pub fn shorten(tx: &Transaction<'_>, id: u32, was: Stamp) -> rusqlite::Result<Stamp> {
    let last: Option<i64> = tx
        .prepare_cached(
            "SELECT max(coalesce(ended_at_us, started_at_us)) FROM failed_fetches
             WHERE incident_id = ?1 AND told_in IS NULL",
        )?
        .query_row([id], |r| r.get(0))?;
    let last = stamp(last);
    if last.is_known() && last != was {
        tx.prepare_cached("UPDATE incidents SET closed_at_us = ?2 WHERE id = ?1")?.execute(params![id, us(last)])?;
    }
    Ok(last.or(was))
}

fn earliest(a: Stamp, b: Stamp) -> Stamp {
    if a.is_known() && b.is_known() { a.min(b) } else { a.or(b) }
}

/// What it is, how it began, and what proves it.
pub fn beginning(tx: &Transaction<'_>, id: u32, i: &Incident) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE incidents SET service = ?2, title = ?3, cause = ?4, root = ?5, in_short = ?6 WHERE id = ?1",
    )?
    .execute(params![
        id,
        plain(&i.service),
        plain(&i.title),
        plain(&i.cause),
        i.root.as_deref().map(plain),
        plain(&i.in_short)
    ])?;
    for share in &i.causes {
        tx.prepare_cached("UPDATE incident_causes SET role = ?3 WHERE incident_id = ?1 AND cause = ?2")?
            .execute(params![id, share.cause, plain(&share.role)])?;
    }
    strengthen(tx, id, &i.began)?;
    examples(tx, id, i)
}

/// How far it has come, and what may have ended it.
fn end(tx: &Transaction<'_>, id: u32, i: &Incident, state: State) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE incidents SET logged_state = ?2, rate_per_hour = ?3, share_failed = coalesce(?4, share_failed) WHERE id = ?1",
    )?
    .execute(params![id, state.word(), finite(i.rate_per_hour), finite(i.harm.share)])?;
    candidates(tx, id, "ended_by", &i.ended_by)
}

fn finite(x: Option<f64>) -> Option<f64> {
    x.filter(|x| x.is_finite())
}

fn candidates(tx: &Transaction<'_>, id: u32, side: &str, list: &[Candidate]) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM incident_candidates WHERE incident_id = ?1 AND side = ?2")?
        .execute(params![id, side])?;
    for (ordinal, c) in list.iter().enumerate() {
        tx.prepare_cached(
            "INSERT INTO incident_candidates (incident_id, side, ordinal, kind, at_us, text, strength)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![id, side, ordinal as i64, plain(&c.kind), us(c.at), plain(&c.text), c.strength])?;
    }
    Ok(())
}

/// Candidates for the trigger only get stronger: a run that saw a part of the incident does not take back what one that
/// saw more of it found.
fn strengthen(tx: &Transaction<'_>, id: u32, began: &[Candidate]) -> rusqlite::Result<()> {
    let known: Option<f64> = tx
        .prepare_cached("SELECT max(strength) FROM incident_candidates WHERE incident_id = ?1 AND side = 'began'")?
        .query_row([id], |r| r.get(0))?;
    let strongest = began.iter().map(|c| c.strength).fold(0.0, f64::max);
    if known.is_none_or(|k| strongest >= k - 0.05) {
        candidates(tx, id, "began", began)?;
    }
    Ok(())
}

fn examples(tx: &Transaction<'_>, id: u32, i: &Incident) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM incident_quotes WHERE incident_id = ?1")?.execute([id])?;
    tx.prepare_cached("DELETE FROM incident_examples WHERE incident_id = ?1")?.execute([id])?;
    for (n, e) in i.examples.iter().enumerate() {
        tx.prepare_cached(
            "INSERT INTO incident_examples (incident_id, ordinal, at_us, request, verdict) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id, n as i64, us(e.at), plain(&masked(&e.request)), plain(&e.verdict)])?;
        for (role, q) in [("own", &e.own), ("origin", &e.origin), ("origin_error", &e.origin_error)] {
            if let Some(q) = q {
                quote(tx, id, (Some(n as i64), role, 0), q)?;
            }
        }
    }
    for (ordinal, q) in i.proof.iter().enumerate() {
        quote(tx, id, (None, "proof", ordinal as i64), q)?;
    }
    Ok(())
}

fn quote(
    tx: &Transaction<'_>,
    id: u32,
    (example, role, ordinal): (Option<i64>, &str, i64),
    q: &Quote,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO incident_quotes (incident_id, example, role, ordinal, file, line, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![id, example, role, ordinal, plain(&q.file), (q.line > 0).then(|| count(q.line)), plain(&q.text)])
    .map(|_| ())
}
