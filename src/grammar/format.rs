//! One log format. In: a checked program with its properties; out: `Grammar`, which reads lines of that format. It
//! must not know how its file is written.

use crate::model::{Event, Family, LineOutcome, Locator, Tier, Word};

use super::access::Access;
use super::error_log;
use super::mask::Mask;
use super::sample::Sample;

/// How a format's bytes divide into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One line is one record.
    Lines,
    /// A record starts with a line that [`Grammar::starts`] knows, and takes the lines after it along.
    Records,
    /// varnishlog text: another room frames and reads it.
    Vsl,
}

/// What moment the stamp of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamped {
    /// The end of the request (nginx).
    #[default]
    End,
    /// Its start (Apache, varnishncsa).
    Start,
}

/// What turns a record into events.
#[derive(Clone, Debug)]
pub enum Program {
    /// Layouts of an access log.
    Access(Access),
    /// nginx error log.
    NginxError,
    /// varnishlog text: only recognised here.
    Vsl,
}

/// A log format.
#[derive(Clone, Debug)]
pub struct Grammar {
    /// Its name: that of its file.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// The family it belongs to.
    pub family: Family,
    /// The tier that writes it, unless the user says otherwise.
    pub tier: Tier,
    /// How its bytes divide into records.
    pub framing: Framing,
    /// True when its stamps carry no zone and are read as if they were UTC.
    pub local_time: bool,
    /// Granularity of its stamps, in microseconds.
    pub resolution_us: i64,
    /// What moment a stamp is.
    pub stamped: Stamped,
    /// Parts of file names that speak for it where the content cannot decide.
    pub file_names: Vec<String>,
    /// What reads it.
    pub program: Program,
    /// What a line must have in common with it: the larger, the more it says when a line fits.
    pub specificity: usize,
    /// What the first line of a record looks like.
    pub record_start: Option<Mask>,
    /// Lines with what they must be read as.
    pub samples: Vec<Sample>,
    /// What its verdict words mean.
    pub words: Vec<Word>,
}

impl Grammar {
    /// Reads one line, or one record with its further lines, and emits what it tells: for an access line the request
    /// and then its fetch. Events borrow the line, or for escaped values a buffer that lives as long as the call.
    #[inline]
    pub fn line(&self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        self.program.line(line, at, emit)
    }

    /// True when the line starts a record; every line does where records are lines.
    #[inline]
    pub fn starts(&self, line: &[u8]) -> bool {
        self.record_start.as_ref().is_none_or(|mask| mask.fits(line))
    }

    /// Seconds east of UTC in the stamp of a line; `None` for a line or a format that does not say.
    pub fn zone_of(&self, line: &[u8]) -> Option<i32> {
        match &self.program {
            Program::Access(access) => access.zone_of(line),
            Program::NginxError | Program::Vsl => None,
        }
    }
}

impl Program {
    /// See [`Grammar::line`]. varnishlog text is not read here: every record of it is `NotUnderstood`.
    #[inline]
    pub fn line(&self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        match self {
            Program::Access(access) => access.line(line, at, emit),
            Program::NginxError => error_log::record(line, at, emit),
            Program::Vsl => LineOutcome::NotUnderstood,
        }
    }
}
