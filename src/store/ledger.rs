//! What a save has to know of failed fetches that are already stored. In: identities; out: where each stands and how
//! strong its stored judgement is. It changes nothing in the database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{OptionalExtension, Transaction};

use super::tally::{Counted, counted};
use super::text::signed;
use crate::model::cause::Cause;
use crate::model::failure::Failure;
use crate::model::verdict::Verdict;

/// How much a judgement is worth: compared from left to right. Law: a stored one is only replaced by a greater one,
/// so that the order in which logs are read does not matter.
pub type Rank = (u8, bool, bool, u8);

/// The rank of a judgement.
pub fn rank(verdict: Verdict, linked: bool, origin_error: bool, cause: Cause) -> Rank {
    // That a director has no backend is what remains when no log shows it giving one.
    let known = [("unknown", 0), ("config.no_backend", 1)].iter().find(|(id, _)| cause.is(id)).map_or(2, |k| k.1);
    (verdict.strength(), linked, origin_error, known)
}

/// The rank of a failure's judgement.
pub fn rank_of(f: &Failure) -> Rank {
    rank(f.verdict, f.link.is_some(), f.origin_error.is_some(), f.ruling.cause)
}

/// A failed fetch that is already stored.
#[derive(Clone, Debug)]
pub struct Known {
    /// Number of its row.
    pub number: i64,
    /// Its incident as stored; follow merges of this save with [`Ledger::home`].
    pub incident: Option<u32>,
    /// What its incident counts of it.
    pub counted: Counted,
    /// How strong its judgement is.
    pub rank: Rank,
    /// True when its client transaction is known.
    pub has_client: bool,
    /// True when it is told in another failure: then no incident counts it.
    pub told: bool,
    /// True when records of its own are quoted.
    pub quoted: bool,
    /// False while its judgement may still change: then it gives way to any later one.
    pub settled: bool,
}

/// The stored failed fetches that a batch speaks of.
#[derive(Default)]
pub struct Ledger {
    known: HashMap<u64, Option<Known>>,
    merged: HashMap<u32, u32>,
}

impl Ledger {
    /// Looks a failed fetch up; each is read once.
    pub fn look_up(&mut self, tx: &Transaction<'_>, id: u64) -> rusqlite::Result<Option<&Known>> {
        Ok(match self.known.entry(id) {
            Entry::Occupied(found) => found.into_mut().as_ref(),
            Entry::Vacant(place) => place.insert(read(tx, id)?).as_ref(),
        })
    }

    /// Forgets one that was taken out.
    pub fn forget(&mut self, id: u64) {
        self.known.insert(id, None);
    }

    /// What was found of a failed fetch that was looked up.
    pub fn get(&self, id: u64) -> Option<&Known> {
        self.known.get(&id).and_then(Option::as_ref)
    }

    /// The incident that a failed fetch is in, after the merges of this save.
    pub fn incident(&self, id: u64) -> Option<u32> {
        self.get(id).and_then(|k| k.incident).map(|i| self.home(i))
    }

    /// Remembers that one incident went into another.
    pub fn merge(&mut self, from: u32, into: u32) {
        self.merged.insert(from, into);
    }

    /// The incident that an id stands for after the merges of this save.
    pub fn home(&self, mut incident: u32) -> u32 {
        // Ends: an incident that was merged away is never merged into again.
        while let Some(&next) = self.merged.get(&incident) {
            incident = next;
        }
        incident
    }
}

fn read(tx: &Transaction<'_>, id: u64) -> rusqlite::Result<Option<Known>> {
    tx.prepare_cached(
        "SELECT cause, verdict, impact, node, started_at_us, url, host, incident_id, client_vxid IS NOT NULL,
                told_in IS NOT NULL, origin_method IS NOT NULL, origin_error_cause IS NOT NULL,
                EXISTS (SELECT 1 FROM evidence WHERE failure_id = number), number, settled
         FROM failed_fetches WHERE identity = ?1",
    )?
    .query_row([signed(id)], |r| {
        let counted = counted(r, 0)?;
        Ok(Known {
            rank: rank(counted.verdict, r.get(10)?, r.get(11)?, counted.cause),
            counted,
            incident: r.get(7)?,
            has_client: r.get(8)?,
            told: r.get(9)?,
            quoted: r.get(12)?,
            number: r.get(13)?,
            settled: r.get(14)?,
        })
    })
    .optional()
}
