//! What people decide about incidents: that two are one, that one is several, what one is called. In: ids and words; out:
//! rows that hold, and the decision recorded, so that later runs follow it. Each is one transaction of its own; a trial
//! does everything and takes it back.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::incidents::row;
use super::read::resolve_id;
use super::{decided, divide, harm, merge};
use crate::model::decision::SplitBy;
use crate::model::stamp::Stamp;

/// How a decision is made.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// When.
    pub now: Stamp,
    /// Only to see what would come of it.
    pub dry: bool,
}

/// Why a decision cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no incident of that id.
    NoSuch(u32),
    /// Both ids stand for this incident already.
    Same(u32),
    /// It is the row that lone failures are folded into.
    Scattered(u32),
    /// All failures of the incident have this one value.
    OneValue(u32, String),
    /// It would come apart into so many incidents.
    TooMany(u32, usize),
}

/// What became of a decision.
pub type Answer<T> = rusqlite::Result<Result<T, Refusal>>;

/// One incident with what it now holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: u32,
    /// The value that its failures have; the former id for a merge.
    pub value: String,
    /// Its failed fetches.
    pub failures: u64,
}

/// A split that would make more incidents than this is refused: it would bury the history.
pub const MOST_PARTS: usize = 50;

/// Makes `from` a part of `into`, for good.
pub fn merge(db: &mut Connection, into: u32, from: u32, made: Made) -> Answer<Share> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (into, from) = match (real(&tx, into)?, real(&tx, from)?) {
        (Ok(into), Ok(from)) if into == from => return Ok(Err(Refusal::Same(into))),
        (Ok(into), Ok(from)) => (into, from),
        (Err(refusal), _) | (_, Err(refusal)) => return Ok(Err(refusal)),
    };
    let later = [into, from].into_iter().map(|id| row(&tx, id)).collect::<rusqlite::Result<Vec<_>>>()?;
    merge::merge(&tx, from, into)?;
    harm::join(&tx, into)?;
    if let Some(last) = later.into_iter().flatten().max_by_key(|r| r.closed) {
        tx.execute("UPDATE incidents SET logged_state = ?2 WHERE id = ?1", params![into, last.state.word()])?;
    }
    decided::record(&tx, "merge", into, &from.to_string(), made.now)?;
    let failures: i64 = tx.query_row("SELECT failures FROM incidents WHERE id = ?1", [into], |r| r.get(0))?;
    close(tx, made)?;
    Ok(Ok(Share { id: into, value: from.to_string(), failures: failures.unsigned_abs() }))
}

/// Takes an incident apart, one for each value; the one with most failures keeps the id and comes first. `words`: the
/// brief title of a cause and what it means.
pub fn split(db: &mut Connection, id: u32, by: SplitBy, words: divide::Words<'_>, made: Made) -> Answer<Vec<Share>> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = match real(&tx, id)? {
        Ok(id) => id,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let parts = match divide::parts(&tx, id, by)? {
        parts if parts.len() < 2 => {
            let value = parts.into_iter().next().map_or_else(String::new, |p| p.value);
            return Ok(Err(Refusal::OneValue(id, value)));
        }
        parts if parts.len() > MOST_PARTS => return Ok(Err(Refusal::TooMany(id, parts.len()))),
        parts => parts,
    };
    let split = decided::record(&tx, "split", id, by.word(), made.now)?;
    let shares = divide::divide(&tx, id, by, &parts, split, words, made.now)?;
    close(tx, made)?;
    Ok(Ok(shares))
}

/// Names an incident; the title that follows from the logs is kept beside it.
pub fn rename(db: &mut Connection, id: u32, name: &str, made: Made) -> Answer<u32> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(id) = resolve_id(&tx, id)? else { return Ok(Err(Refusal::NoSuch(id))) };
    tx.execute("UPDATE incidents SET name = ?2 WHERE id = ?1", params![id, name])?;
    decided::record(&tx, "name", id, name, made.now)?;
    close(tx, made)?;
    Ok(Ok(id))
}

/// The incident that an id stands for, unless it only holds lone failures.
fn real(tx: &Transaction<'_>, id: u32) -> Answer<u32> {
    let Some(id) = resolve_id(tx, id)? else { return Ok(Err(Refusal::NoSuch(id))) };
    let scattered = tx.query_row("SELECT scattered FROM incidents WHERE id = ?1", [id], |r| r.get(0))?;
    Ok(if scattered { Err(Refusal::Scattered(id)) } else { Ok(id) })
}

fn close(tx: Transaction<'_>, made: Made) -> rusqlite::Result<()> {
    if made.dry { tx.rollback() } else { tx.commit() }
}
