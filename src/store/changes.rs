//! Changes as people and other records tell them. In: changes and filters; out: rows, each once however often it is
//! told. It must not know where they come from.

use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use super::context;
use super::text::{stamp, us};
use crate::model::stamp::Stamp;

/// A change: when, kind word, node (empty for everywhere), text.
pub type Changed = (Stamp, String, String, String);

/// Which changes are asked for; what is empty or not known does not filter.
#[derive(Clone, Debug)]
pub struct ChangeFilter {
    /// At or after this moment.
    pub since: Stamp,
    /// At or before this moment.
    pub until: Stamp,
    /// Of this kind.
    pub kind: Option<String>,
    /// On this node.
    pub node: Option<String>,
}

/// Writes changes in one transaction; returns how many were not there yet.
pub fn record(db: &mut Connection, changes: &[Changed]) -> rusqlite::Result<u64> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let count = || tx.query_row("SELECT count(*) FROM changes", [], |r| r.get::<_, i64>(0));
    let before = count()?;
    context::changes(&tx, changes)?;
    let new = count()? - before;
    tx.commit()?;
    Ok(new.unsigned_abs())
}

/// The changes that a filter lets pass, newest first.
pub fn list(db: &Connection, filter: &ChangeFilter) -> rusqlite::Result<Vec<Changed>> {
    let mut sql = String::from("SELECT at_us, kind, node, text FROM changes WHERE 1");
    let mut values: Vec<Value> = Vec::new();
    for (condition, value) in [
        (" AND at_us >= ?", us(filter.since).map(Value::from)),
        (" AND at_us <= ?", us(filter.until).map(Value::from)),
        (" AND kind = ?", filter.kind.clone().map(Value::from)),
        (" AND node = ?", filter.node.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            sql += condition;
            values.push(value);
        }
    }
    sql += " ORDER BY at_us DESC, kind, node, text";
    db.prepare(&sql)?
        .query_map(params_from_iter(values), |r| Ok((stamp(r.get(0)?), r.get(1)?, r.get(2)?, r.get(3)?)))?
        .collect()
}
