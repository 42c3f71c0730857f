//! Calls for help on their way out. In: notices and the sinks that they are for; out: what is due, in order, until it
//! was taken or given up. Delivery is at least once: a row is written before anything is sent, and only the receiver's
//! yes ends it. It must not know how anything is sent, nor when to try again.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::text::plain;
use super::{Store, fault};
use crate::error::Result;
use crate::model::alert::Notice;
use crate::model::stamp::{MINUTE, Stamp};

/// How long rows stay after their end: 90 days, microseconds.
const KEPT_US: i64 = 90 * 24 * 60 * MINUTE;

/// One notice for one sink.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Its row.
    pub id: i64,
    /// Name of the sink.
    pub sink: String,
    /// What is to be sent.
    pub notice: Notice,
    /// When it was written (wall clock).
    pub created: Stamp,
    /// Tries that failed so far.
    pub tries: u32,
}

/// Writes notices with the sinks that each is for. One that is there already stays as it is, whatever became of it. A
/// notice for no sink is written as done, so that [`told`] knows of it. Returns the number of rows that are new.
pub fn put(db: &Connection, notices: &[(Notice, Vec<String>)], now: Stamp) -> rusqlite::Result<usize> {
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO outbox (key, sink, group_key, notice, created_at_us, next_try_at_us, sent_at_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
    )?;
    let mut new = 0;
    for (notice, sinks) in notices {
        let json = serde_json::to_string(notice).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        for sink in sinks {
            new += insert.execute(params![notice.key, sink, notice.group, json, now.0, None::<i64>])?;
        }
        if sinks.is_empty() {
            new += insert.execute(params![notice.key, "", notice.group, json, now.0, now.0])?;
        }
    }
    if new > 0 {
        let old = "DELETE FROM outbox WHERE created_at_us < ?1 AND (sent_at_us IS NOT NULL OR gave_up = 1)";
        db.prepare_cached(old)?.execute([now.0.saturating_sub(KEPT_US)])?;
    }
    Ok(new)
}

/// What is to be sent to a sink now, oldest first. Of each group only the oldest that is unsent: an end never overtakes
/// its beginning. A row that cannot be read is given up.
pub fn due(db: &Connection, sink: &str, now: Stamp, limit: usize) -> rusqlite::Result<Vec<Letter>> {
    let mut ask = db.prepare_cached(
        "SELECT o.id, o.notice, o.created_at_us, o.tries FROM outbox o
         WHERE o.sink = ?1 AND o.sent_at_us IS NULL AND o.gave_up = 0 AND o.next_try_at_us <= ?2
           AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.sink = o.sink AND e.group_key = o.group_key AND e.id < o.id
                           AND e.sent_at_us IS NULL AND e.gave_up = 0)
         ORDER BY o.id LIMIT ?3",
    )?;
    let rows = ask.query_map(params![sink, now.0, limit as i64], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?, r.get::<_, u32>(3)?))
    })?;
    let mut letters = Vec::new();
    for row in rows {
        let (id, json, created, tries) = row?;
        match serde_json::from_str(&json) {
            Ok(notice) => {
                letters.push(Letter { id, sink: sink.to_string(), notice, created: Stamp(created), tries });
            }
            Err(e) => gave_up(db, id, &format!("the stored notice cannot be read: {e}"))?,
        }
    }
    Ok(letters)
}

/// When something unsent of a sink is to be tried next; `None` when nothing is.
pub fn next(db: &Connection, sink: &str) -> rusqlite::Result<Option<Stamp>> {
    let sql = "SELECT min(next_try_at_us) FROM outbox WHERE sink = ?1 AND sent_at_us IS NULL AND gave_up = 0";
    let found: Option<Option<i64>> = db.prepare_cached(sql)?.query_row([sink], |r| r.get(0)).optional()?;
    Ok(found.flatten().map(Stamp))
}

/// A receiver took it.
pub fn sent(db: &Connection, id: i64, now: Stamp) -> rusqlite::Result<()> {
    let sql = "UPDATE outbox SET sent_at_us = ?2, tries = tries + 1, error = NULL WHERE id = ?1 AND sent_at_us IS NULL";
    db.prepare_cached(sql)?.execute(params![id, now.0]).map(drop)
}

/// A try failed; the next one is at `next_try`.
pub fn failed(db: &Connection, id: i64, next_try: Stamp, error: &str) -> rusqlite::Result<()> {
    let sql =
        "UPDATE outbox SET next_try_at_us = ?2, tries = tries + 1, error = ?3 WHERE id = ?1 AND sent_at_us IS NULL";
    db.prepare_cached(sql)?.execute(params![id, next_try.0, plain(error)]).map(drop)
}

/// It is tried no more.
pub fn gave_up(db: &Connection, id: i64, error: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE outbox SET gave_up = 1, tries = tries + 1, error = ?2 WHERE id = ?1 AND sent_at_us IS NULL";
    db.prepare_cached(sql)?.execute(params![id, plain(error)]).map(drop)
}

/// The notices written at or after a moment, each once, oldest first, with the moment (wall clock) they were written.
pub fn told(db: &Connection, since: Stamp) -> rusqlite::Result<Vec<(Notice, Stamp)>> {
    let mut ask = db.prepare_cached(
        "SELECT notice, min(created_at_us) FROM outbox WHERE created_at_us >= ?1 GROUP BY key ORDER BY min(id)",
    )?;
    let rows = ask.query_map([since.0], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))?;
    let mut all = Vec::new();
    for row in rows {
        let (json, created) = row?;
        // One that cannot be read is given up when it is due; here it is as if it had not been told.
        if let Ok(notice) = serde_json::from_str(&json) {
            all.push((notice, Stamp(created)));
        }
    }
    Ok(all)
}

impl Store {
    /// Writes notices with the names of the sinks that each is for, in one transaction; one that is there already stays
    /// as it is. Returns the number of new rows.
    ///
    /// # Errors
    /// Of kind `Store`; then nothing was written.
    pub fn put_notices(&mut self, notices: &[(Notice, Vec<String>)], now: Stamp) -> Result<usize> {
        let write = |db: &mut Connection| {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let new = put(&tx, notices, now)?;
            tx.commit()?;
            Ok(new)
        };
        write(&mut self.db).map_err(|e| fault::fault(&self.path, "write", &e))
    }

    /// What is to be sent to a sink now, oldest first, of each group only the oldest that is unsent.
    pub fn due_notices(&self, sink: &str, now: Stamp, limit: usize) -> Result<Vec<Letter>> {
        self.write(|db| due(db, sink, now, limit))
    }

    /// When something unsent of a sink is to be tried next; `None` when nothing is left to send.
    pub fn next_notice(&self, sink: &str) -> Result<Option<Stamp>> {
        self.write(|db| next(db, sink))
    }

    /// Records that a receiver took a notice.
    pub fn notice_sent(&self, id: i64, now: Stamp) -> Result<()> {
        self.write(|db| sent(db, id, now))
    }

    /// Records that a try failed and when the next one is.
    pub fn notice_failed(&self, id: i64, next_try: Stamp, error: &str) -> Result<()> {
        self.write(|db| failed(db, id, next_try, error))
    }

    /// Records that a notice is tried no more.
    pub fn notice_given_up(&self, id: i64, error: &str) -> Result<()> {
        self.write(|db| gave_up(db, id, error))
    }

    /// The notices written at or after a moment (wall clock), each once, oldest first, with that moment: what a started
    /// tail needs to say nothing twice.
    pub fn told_notices(&self, since: Stamp) -> Result<Vec<(Notice, Stamp)>> {
        self.write(|db| told(db, since))
    }

    fn write<T>(&self, what: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        what(&self.db).map_err(|e| fault::fault(&self.path, "write", &e))
    }
}
