//! The history of incidents in SQLite. In: what a run found, and questions; out: stored once, and answers. Nothing is
//! ever doubled, nothing known gets weaker, and no analysis touches what people wrote.
//!
//! It knows the nouns of the model and its own tables, nothing of logs, grouping or printing. The tables and the two
//! public views are described in `migrations/`.
//!
//! Why a failed fetch has a number beside its identity: identities are hashes, and rows in their order fall on pages at
//! random. Numbered in order of arrival, saving 200,000 failures took 4.2 s instead of 6.4, reading them 1.3 instead of 2.7.
//!
//! Why identities are signed integers: SQLite has no unsigned ones. `failed_fetches.identity` holds the same 64 bits,
//! `failed_fetches.id` shows them as the 16 hexadecimal digits of reports.

mod answered;
mod apart;
mod ask;
mod backends;
mod batch;
mod changes;
mod columns;
mod contested;
mod context;
mod decide;
mod decided;
mod divide;
mod dossier;
mod early;
mod failures;
mod fault;
mod harm;
mod human;
mod incidents;
mod known;
mod known_row;
mod ledger;
mod list;
mod locate;
mod lookup;
mod memory;
mod merge;
mod migrate;
mod open;
mod outbox;
mod profiles;
mod read;
mod review;
mod save;
mod tail;
mod tally;
mod text;
mod verify;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

use crate::error::{Error, Kind, Result};
use crate::model::decision::{Decisions, SplitBy};
use crate::model::dossier::Dossier;
use crate::model::evidence::Evidence;
use crate::model::failure::Failure;
use crate::model::follow::Position;
use crate::model::incident::Incident;
use crate::model::report::{ClockOffset, Span, Stored};
use crate::model::review::Review;
use crate::model::sink::{Delta, LogTraffic};
use crate::model::stamp::Stamp;

use decide::{Answer, Made, Refusal};

pub use ask::{Bounds, Rows};
pub use batch::Batch;
pub use changes::{ChangeFilter, Changed};
pub use decide::Share;
pub use divide::Words;
pub use human::Worked;
pub use list::Filter;
pub use locate::{Chosen, PACKAGED, choose, locate};
pub use lookup::{Answers, Inquiry};
pub use outbox::Letter;

/// An open history.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the history for writing; creates it when it is not there and brings it to the newest version.
    ///
    /// # Errors
    /// Of kind `Store`: the file is no history (it stays as it is), or cannot be written.
    pub fn open(path: &Path) -> Result<Store> {
        Ok(Store { db: open::create(path)?, path: path.to_path_buf() })
    }

    /// Opens a history that must be there for writing, as `resolve` and `note` do.
    ///
    /// # Errors
    /// As [`Store::open`]; also when there is none yet.
    pub fn open_existing(path: &Path) -> Result<Store> {
        Ok(Store { db: open::existing(path)?, path: path.to_path_buf() })
    }

    /// Opens a history for asking; works beside a writer and changes nothing.
    ///
    /// # Errors
    /// Of kind `Store`: there is none yet, or the file is no history.
    pub fn open_read_only(path: &Path) -> Result<Store> {
        Ok(Store { db: open::read_only(path)?, path: path.to_path_buf() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is and why there, for the line that every writing run prints.
    pub fn in_words(&self, chosen: Chosen) -> String {
        format!("history: {} ({})", self.path.display(), chosen.words())
    }

    /// Saves what a run found, in one transaction: all of it or nothing. Groups get their ids and what people wrote.
    ///
    /// # Errors
    /// Of kind `Store`; then nothing was written.
    pub fn save(&mut self, batch: &mut Batch<'_>) -> Result<Stored> {
        let saved = save::save(&mut self.db, batch);
        let stored = saved.map_err(|e| fault::fault(&self.path, "write", &e))?;
        Ok(Stored { path: self.path.display().to_string(), ..stored })
    }

    /// Keeps what a tail has found since its last delta, and up to where each log was read, in one transaction.
    ///
    /// # Errors
    /// Of kind `Store`; then nothing was written.
    pub fn keep(&mut self, delta: &mut Delta<'_>) -> Result<Stored> {
        let kept = tail::keep(&mut self.db, delta);
        let stored = kept.map_err(|e| fault::fault(&self.path, "write", &e))?;
        Ok(Stored { path: self.path.display().to_string(), ..stored })
    }

    /// How far logs were read by earlier tails, and what was counted of them.
    pub fn positions(&self) -> Result<(Vec<Position>, Vec<LogTraffic>)> {
        self.read(|db| Ok((tail::read_positions(db)?, tail::read_minutes(db)?)))
    }

    /// Takes the place of the one process that records, or gives a sign of life in it. When another one has it: who.
    ///
    /// # Errors
    /// Of kind `Store`.
    pub fn record(&mut self, pid: u32, host: &str, name: &str) -> Result<Option<String>> {
        tail::record(&mut self.db, pid, host, name, now()).map_err(|e| fault::fault(&self.path, "write", &e))
    }

    /// Gives that place up.
    ///
    /// # Errors
    /// Of kind `Store`.
    pub fn retire(&mut self, pid: u32, host: &str) -> Result<()> {
        tail::retire(&self.db, pid, host).map_err(|e| fault::fault(&self.path, "write", &e))
    }

    /// The stored failed fetches that began between `from` and `to`, both widened by `pad_us`, with all others of
    /// their incidents, in order of time, for grouping and linking beside new ones. `series` is meaningless, locators and most facts are empty.
    pub fn known(&self, from: Stamp, to: Stamp, pad_us: i64) -> Result<Vec<Failure>> {
        self.read(|db| known::known(db, from, to, pad_us))
    }

    /// What a run that goes on needs of the stored failed fetches that began after `from`, in order of time.
    pub fn recent(&self, from: Stamp) -> Result<Vec<Failure>> {
        self.read(|db| known::recent(db, from))
    }

    /// The failed fetches of an incident, in order of time; of a very long one the newest.
    pub fn members(&self, incident: u32) -> Result<Vec<Failure>> {
        self.read(|db| known::members(db, incident))
    }

    /// The stored quotes of these failed fetches, for a run that tells of stored ones without their logs.
    pub fn evidence(&self, ids: &[u64]) -> Result<HashMap<u64, Evidence>> {
        self.read(|db| known::evidence(db, ids))
    }

    /// The newest stored clock offset of each pair of nodes.
    pub fn clocks(&self) -> Result<Vec<ClockOffset>> {
        self.read(context::stored_clocks)
    }

    /// What people decided about incidents.
    pub fn decisions(&self) -> Result<Decisions> {
        self.read(decided::decisions)
    }

    /// The incidents that a filter lets pass, newest first, without curve, URLs, examples, proof and candidates.
    pub fn incidents(&self, filter: &Filter) -> Result<Vec<Incident>> {
        self.read(|db| list::list(db, filter))
    }

    /// One incident, whole but for its advice. An id that was merged away gives the incident that it is part of now.
    ///
    /// # Errors
    /// Of kind `Usage` when there is none of that id.
    pub fn incident(&self, id: u32) -> Result<Incident> {
        let id = self.resolve_id(id)?;
        self.read(|db| read::incident(db, id))?.ok_or_else(|| self.no_such(id))
    }

    /// The incident that an id stands for now: its own, or the one that it became part of.
    ///
    /// # Errors
    /// Of kind `Usage` when there is none.
    pub fn resolve_id(&self, id: u32) -> Result<u32> {
        self.read(|db| read::resolve_id(db, id))?.ok_or_else(|| self.no_such(id))
    }

    /// The incident to show when nobody named one: the open one, else the newest; `None` in an empty history.
    pub fn current(&self) -> Result<Option<u32>> {
        self.read(list::current)
    }

    /// Records what was done about an incident, and when (now); without `worked`, what is recorded about the same fix
    /// stays. Returns the id of the incident. Failures after that moment open it again.
    ///
    /// # Errors
    /// Of kind `Usage` for an unknown id or an empty text.
    pub fn resolve(&mut self, id: u32, fix: &str, worked: Option<Worked>, at: Option<Stamp>) -> Result<u32> {
        let fix = said(fix, "guru resolve ID 'what you did'")?;
        let found = human::resolve(&mut self.db, id, &fix, worked, (at, now()));
        found.map_err(|e| fault::fault(&self.path, "write", &e))?.ok_or_else(|| self.no_such(id))
    }

    /// Adds a note to an incident and returns its id.
    ///
    /// # Errors
    /// Of kind `Usage` for an unknown id or an empty text.
    pub fn note(&mut self, id: u32, words: &str) -> Result<u32> {
        let words = said(words, "guru note ID 'what you saw'")?;
        let found = human::note(&mut self.db, id, &words, now());
        found.map_err(|e| fault::fault(&self.path, "write", &e))?.ok_or_else(|| self.no_such(id))
    }

    /// Makes the incident `from` a part of `into`: its id becomes an alias, and no later run takes them apart. With
    /// `dry` nothing is written.
    ///
    /// # Errors
    /// Of kind `Usage` for an unknown id, the same one twice, or the row of lone failures.
    pub fn merge(&mut self, into: u32, from: u32, dry: bool) -> Result<Share> {
        let answer = decide::merge(&mut self.db, into, from, Made { now: now(), dry });
        self.decided(answer)
    }

    /// Takes an incident apart, one per value; the largest keeps the id and comes first, and no later run makes them
    /// one. `words`: brief title and meaning of a cause. With `dry` nothing is written.
    ///
    /// # Errors
    /// Of kind `Usage` for an unknown id, the row of lone failures, or an incident that does not come apart that way.
    pub fn split(&mut self, id: u32, by: SplitBy, words: Words<'_>, dry: bool) -> Result<Vec<Share>> {
        let answer = decide::split(&mut self.db, id, by, words, Made { now: now(), dry });
        self.decided(answer)
    }

    /// Gives an incident a name that no later run changes; returns its id.
    ///
    /// # Errors
    /// Of kind `Usage` for an unknown id or an empty name.
    pub fn rename(&mut self, id: u32, name: &str) -> Result<u32> {
        let name = said(name, "guru rename ID 'a name'")?;
        let answer = decide::rename(&mut self.db, id, &name, Made { now: now(), dry: false });
        self.decided(answer)
    }

    fn decided<T>(&self, answer: Answer<T>) -> Result<T> {
        let refused = answer.map_err(|e| fault::fault(&self.path, "write", &e))?;
        refused.map_err(|refusal| fault::refused(&self.path, &refusal))
    }

    /// Records a change that somebody made: a deploy, a campaign, a switch that was turned.
    ///
    /// # Errors
    /// Of kind `Usage` for an empty text.
    pub fn change(&mut self, words: &str) -> Result<()> {
        let words = said(words, "guru change add 'what changed'")?;
        let change = (now(), "change".to_string(), String::new(), words);
        self.record_changes(&[change]).map(|_| ())
    }

    /// Records changes, each once however often it is told; returns how many are new.
    ///
    /// # Errors
    /// Of kind `Store`; then none was written.
    pub fn record_changes(&mut self, changes: &[Changed]) -> Result<u64> {
        changes::record(&mut self.db, changes).map_err(|e| fault::fault(&self.path, "write", &e))
    }

    /// The changes that a filter lets pass, newest first.
    pub fn changes(&self, filter: &ChangeFilter) -> Result<Vec<Changed>> {
        self.read(|db| changes::list(db, filter))
    }

    /// First and last moment of the stored incidents; `None` in an empty history.
    pub fn span(&self) -> Result<Option<Span>> {
        self.read(review::span)
    }

    /// What there is to say of a stretch of time: its incidents, worst first and without advice, and the figures beside
    /// them. With `about` only what belongs to that incident.
    pub fn review(&self, from: Stamp, to: Stamp, about: Option<u32>) -> Result<Review> {
        self.read(|db| review::review(db, from, to, about))
    }

    /// What somebody else needs to look into an incident.
    ///
    /// # Errors
    /// Of kind `Usage` when there is none of that id.
    pub fn dossier(&self, id: u32) -> Result<Dossier> {
        let incident = self.incident(id)?;
        self.read(|db| dossier::dossier(db, incident.clone()))
    }

    /// The failed fetches that answer a question about one request, newest first.
    pub fn lookup(&self, inquiry: &Inquiry) -> Result<Answers> {
        self.read(|db| lookup::lookup(db, inquiry))
    }

    /// The incident that the first of these failed fetches is in that is stored; `None` when none is.
    pub fn incident_of(&self, ids: &[u64]) -> Result<Option<u32>> {
        self.read(|db| read::incident_of(db, ids))
    }

    /// Answers one SELECT; `given` are its parameters by name, with their colon. Nothing can be changed.
    ///
    /// # Errors
    /// Of kind `Usage` when it is no SELECT, is wrong, or takes too long.
    pub fn ask(&mut self, sql: &str, given: &[(String, serde_json::Value)], bounds: Bounds) -> Result<Rows> {
        ask::ask(&mut self.db, sql, given, bounds).map_err(|r| fault::unanswered(&self.path, bounds.patience, r))
    }

    fn read<T>(&self, ask: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        ask(&self.db).map_err(|e| fault::fault(&self.path, "read", &e))
    }

    fn no_such(&self, id: u32) -> Error {
        fault::refused(&self.path, &Refusal::NoSuch(id))
    }
}

fn said(words: &str, usage: &str) -> Result<String> {
    let words = text::plain(words.trim()).into_owned();
    if words.is_empty() {
        return Err(Error::new(Kind::Usage, "the text is empty").hint(usage));
    }
    Ok(words)
}

/// The wall clock; only what people write is dated by it.
fn now() -> Stamp {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_micros()).ok())
        .map_or(Stamp::NONE, Stamp)
}
