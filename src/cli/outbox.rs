//! The store as the courier sees it. In: an open history; out: the outbox of the alert room over it. The courier has a
//! connection of its own, so that it never waits for the tail's transaction in the tail's thread.

use std::path::Path;

use crate::alert::{Letter, Outbox};
use crate::error::Result;
use crate::model::Stamp;
use crate::store::Store;

/// An outbox in the history.
#[derive(Debug)]
pub struct Kept(Store);

impl Kept {
    /// Opens the history for it.
    ///
    /// # Errors
    /// As [`Store::open_existing`].
    pub fn open(path: &Path) -> Result<Kept> {
        Ok(Kept(Store::open_existing(path)?))
    }
}

impl Outbox for Kept {
    fn due(&mut self, sink: &str, now: Stamp, limit: usize) -> Result<Vec<Letter>> {
        let due = self.0.due_notices(sink, now, limit)?;
        Ok(due.into_iter().map(|l| Letter { id: l.id, notice: l.notice, created: l.created, tries: l.tries }).collect())
    }

    fn next(&mut self, sink: &str) -> Result<Option<Stamp>> {
        self.0.next_notice(sink)
    }

    fn sent(&mut self, id: i64, now: Stamp) -> Result<()> {
        self.0.notice_sent(id, now)
    }

    fn failed(&mut self, id: i64, next_try: Stamp, error: &str) -> Result<()> {
        self.0.notice_failed(id, next_try, error)
    }

    fn gave_up(&mut self, id: i64, error: &str) -> Result<()> {
        self.0.notice_given_up(id, error)
    }
}
