//! Writes failed fetches. In: a failure, its quotes, its incident and what is stored of it; out: a new row, a
//! strengthened one, or nothing. Law: the same failure twice is one row, and nothing in it ever gets weaker.

use std::sync::LazyLock;

use rusqlite::{Transaction, params};

use super::columns::{Binder, JUDGEMENT, RECORD, ROW, SURROUNDINGS, marks};
use super::ledger::{Known, rank_of};
use super::tally::{Counted, Tally};
use super::text::{count, plain, signed, signed_or_null};
use crate::model::evidence::Evidence;
use crate::model::failure::Failure;
use crate::model::mark::MarkKind;
use crate::model::verdict::Impact;

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let columns = format!("{RECORD}, {ROW}, {SURROUNDINGS}, {JUDGEMENT}");
    format!("INSERT INTO failed_fetches ({columns}) VALUES ({})", marks(&columns, 0))
});

static REPLACE_JUDGEMENT: LazyLock<String> = LazyLock::new(|| {
    format!("UPDATE failed_fetches SET ({JUDGEMENT}) = ({}) WHERE identity = ?1", marks(JUDGEMENT, 1))
});

/// Writes one that is not stored yet.
pub fn insert(
    tx: &Transaction<'_>,
    f: &Failure,
    quotes: Option<&Evidence>,
    incident: Option<u32>,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(&INSERT)?;
    let mut b = Binder::new(&mut statement);
    b.record(f)?;
    b.row(&f.row, f.vxid)?;
    b.surroundings(f, incident)?;
    b.judgement(f, quotes)?;
    b.run()?;
    let number = tx.last_insert_rowid();
    if let (Some(incident), None) = (incident, f.told_in) {
        tally.count(incident, &Counted::of(f), 1);
    }
    quotes.map_or(Ok(()), |q| quote(tx, number, q))
}

/// Brings one that is stored up to date. `incident` is where it belongs now. True when that changed anything.
pub fn strengthen(
    tx: &Transaction<'_>,
    f: &Failure,
    quotes: Option<&Evidence>,
    (known, was_in): (&Known, Option<u32>),
    incident: Option<u32>,
    tally: &mut Tally,
) -> rusqlite::Result<bool> {
    let mut now = known.counted.clone();
    let stronger = rank_of(f) > known.rank || !known.settled;
    if stronger {
        (now.verdict, now.cause) = (f.verdict, f.ruling.cause);
        let mut statement = tx.prepare_cached(&REPLACE_JUDGEMENT)?;
        let mut b = Binder::new(&mut statement);
        b.put(signed(f.id))?;
        b.judgement(f, quotes)?;
        b.run()?;
    }
    if now.impact == Impact::Unknown || !known.settled {
        now.impact = f.impact;
    }
    let told = f.told_in.is_some() || (known.told && known.settled);
    if !known.settled {
        retell(tx, f, known.number)?;
    }
    let filled = now.impact != known.counted.impact || told != known.told || (!known.has_client && f.client_vxid != 0);
    if filled || !known.settled {
        fill_in(tx, f, now.impact)?;
    }
    let newly_quoted = (!known.quoted || !known.settled) && quotes.is_some_and(|q| !q.own.is_empty());
    if let (true, Some(q)) = (newly_quoted, quotes) {
        quote(tx, known.number, q)?;
    }
    if was_in != incident {
        place(tx, f.id, incident)?;
    }
    if (was_in, known.told, &known.counted) != (incident, told, &now) {
        recount(tally, (was_in, known.told, &known.counted), -1);
        recount(tally, (incident, told, &now), 1);
    }
    Ok(stronger || filled || newly_quoted || was_in != incident)
}

/// Moves one that this run has not read to another incident.
pub fn relocate(
    tx: &Transaction<'_>,
    id: u64,
    known: &Known,
    was_in: Option<u32>,
    incident: u32,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    recount(tally, (was_in, known.told, &known.counted), -1);
    recount(tally, (Some(incident), known.told, &known.counted), 1);
    place(tx, id, Some(incident))
}

fn recount(tally: &mut Tally, (incident, told, c): (Option<u32>, bool, &Counted), by: i64) {
    if let (Some(incident), false) = (incident, told) {
        tally.count(incident, c, by);
    }
}

fn place(tx: &Transaction<'_>, id: u64, incident: Option<u32>) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE failed_fetches SET incident_id = ?2 WHERE identity = ?1")?
        .execute(params![signed(id), incident])
        .map(|_| ())
}

/// What was told of one that was not settled counts no more.
fn retell(tx: &Transaction<'_>, f: &Failure, number: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM evidence WHERE failure_id = ?1")?.execute([number])?;
    tx.prepare_cached("UPDATE failed_fetches SET told_in = NULL WHERE identity = ?1")?
        .execute([signed(f.id)])
        .map(|_| ())
}

/// Takes one out that was not settled and turned out to be none; others stay. True when it was there.
pub fn retract(tx: &Transaction<'_>, id: u64, known: &Known, tally: &mut Tally) -> rusqlite::Result<bool> {
    if known.settled {
        return Ok(false);
    }
    recount(tally, (known.incident, known.told, &known.counted), -1);
    tx.prepare_cached("DELETE FROM evidence WHERE failure_id = ?1")?.execute([known.number])?;
    tx.prepare_cached("DELETE FROM failed_fetches WHERE identity = ?1")?.execute([signed(id)])?;
    Ok(true)
}

fn fill_in(tx: &Transaction<'_>, f: &Failure, impact: Impact) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE failed_fetches SET impact = ?2, client_vxid = coalesce(client_vxid, ?3),
                told_in = coalesce(told_in, ?4) WHERE identity = ?1",
    )?
    .execute(params![signed(f.id), impact.word(), signed_or_null(f.client_vxid), f.told_in.map(signed)])
    .map(|_| ())
}

fn quote(tx: &Transaction<'_>, number: i64, quotes: &Evidence) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO evidence (failure_id, ordinal, kind, file, line, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (ordinal, q) in quotes.own.iter().enumerate() {
        let line = (q.line > 0).then(|| count(q.line));
        statement.execute(params![number, ordinal as i64, kind_of(&q.text), plain(&q.file), line, plain(&q.text)])?;
    }
    Ok(())
}

/// The record's word at the beginning of a quote; `message` when it begins with something else.
fn kind_of(text: &str) -> &'static str {
    let word = text.split(' ').next().unwrap_or_default();
    MarkKind::parse(word).unwrap_or(MarkKind::Message).word()
}
