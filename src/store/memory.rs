//! What the history remembers beside an incident: earlier ones like it, other openings, changes, whether a fix held. In: an
//! open store; out: nouns. How each is read is told in `profiles`, `context` and `verify`.

use super::{Store, answered, context, profiles, verify};
use crate::error::Result;
use crate::model::remembered::Remembered;
use crate::model::similar::{Measured, Profile};
use crate::model::stamp::Stamp;

impl Store {
    /// What an incident looks like, and earlier ones of its service or cause.
    ///
    /// # Errors
    /// Usage, when there is no such incident; store, when the database cannot be read.
    pub fn profiles(&self, id: u32) -> Result<(Profile, Vec<Profile>)> {
        self.read(|db| profiles::profiles(db, id))?.ok_or_else(|| self.no_such(id))
    }

    /// When incidents of one service and headline cause opened, up to a moment, in order of time.
    ///
    /// # Errors
    /// Store, when the database cannot be read.
    pub fn openings_of(&self, service: &str, cause: &str, until: Stamp) -> Result<Vec<Stamp>> {
        self.read(|db| context::openings_of(db, service, cause, until))
    }

    /// How far the history reaches back.
    ///
    /// # Errors
    /// Store, when the database cannot be read.
    pub fn reaches(&self) -> Result<Stamp> {
        self.read(profiles::reaches)
    }

    /// What later logs say of an incident's fix; `None` when it has none.
    ///
    /// # Errors
    /// Store, when the database cannot be read.
    pub fn measure(&self, id: u32) -> Result<Option<Measured>> {
        self.read(|db| verify::measure(db, id))
    }

    /// The changes between two moments, when incidents opened (the newest `most` of them), and which parts of sites were
    /// answered since the first moment.
    ///
    /// # Errors
    /// Store, when the database cannot be read.
    pub fn remembered(&self, from: Stamp, to: Stamp, most: usize) -> Result<Remembered> {
        self.read(|db| {
            let changes = context::changes_between(db, from, to)?;
            Ok(Remembered { changes, openings: context::openings(db, most)?, answered: answered::since(db, from)? })
        })
    }
}
