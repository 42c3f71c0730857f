//! One log format. In: a checked program with its properties; out: `Grammar`, which reads lines of that format. It
//! must not know how its file is written.

use crate::model::{Event, Family, LineOutcome, Locator, Stamp, Tier, Word};

use super::event::access::Access;
use super::event::error_log;
use super::event::message::Messages;
use super::heading::{ColumnNames, Heading, Reader};
use super::mask::Mask;
use super::sample::Sample;
use super::shape::Shape;

/// How a format's bytes divide into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One line is one record.
    Lines,
    /// A record starts with a line that [`Grammar::starts`] knows, and takes the lines after it along.
    Records,
    /// JSON objects, wherever lines end.
    Objects,
    /// varnishlog text: another room frames and reads it.
    Vsl,
    /// A binary Varnish log: the same.
    VslBinary,
    /// varnishlog text of Varnish 3.0: the same.
    Vsl3,
}

impl Framing {
    /// True for a log of Varnish's own records, in any form: it tells of every fetch, and transactions may span chunks.
    pub fn is_vsl(self) -> bool {
        matches!(self, Framing::Vsl | Framing::VslBinary | Framing::Vsl3)
    }
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
#[allow(clippy::large_enum_variant)] // a handful per run
pub enum Program {
    /// Lines that tell of requests.
    Access(Access),
    /// Lines that tell of something else.
    Messages(Messages),
    /// nginx error log.
    NginxError,
    /// varnishlog text: only recognised here.
    Vsl,
    /// A binary Varnish log: only recognised here.
    VslBinary,
    /// varnishlog text of Varnish 3.0: only recognised here.
    Vsl3,
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
    /// True when the granularity is to be read off the stamps themselves.
    pub measure_resolution: bool,
    /// What moment a stamp is.
    pub stamped: Stamped,
    /// Parts of file names that speak for it where the content cannot decide.
    pub file_names: Vec<String>,
    /// Parts of lines that speak for it where another format reads them as well.
    pub hints: Vec<String>,
    /// True when few different addresses on many lines speak for it: it logs the side that has few.
    pub few_peers: bool,
    /// Parts of lines that speak against it, where few addresses speak for it.
    pub against: Vec<String>,
    /// What to do about lines that look like it but do not say enough to be read.
    pub guess: Option<Guess>,
    /// What reads it.
    pub program: Program,
    /// Messages that stand among its requests.
    pub messages: Option<Messages>,
    /// A line of the file that names its columns.
    pub heading: Option<Heading>,
    /// What makes columns of names, for a format of columns.
    pub names: Option<ColumnNames>,
    /// What a line must have in common with it: the larger, the more it says when a line fits.
    pub specificity: usize,
    /// What the first line of a record looks like.
    pub record_start: Option<Mask>,
    /// Lines with what they must be read as.
    pub samples: Vec<Sample>,
}

/// How to recognise a format that needs to be told its columns.
#[derive(Clone, Debug)]
pub struct Guess {
    /// What lines look like.
    pub looks: regex::bytes::Regex,
    /// What to pass, in a sentence.
    pub remedy: String,
}

impl Grammar {
    /// Reads one line, or one record with its further lines, and emits what it tells: for an access line the request
    /// and then its fetch. Events borrow the line, or for escaped values a buffer that lives as long as the call.
    /// Lines of a format with a header line are read by a [`Reader`] instead, which knows the header.
    #[inline]
    pub fn line(&self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        self.reader(None).line(line, at, emit)
    }

    /// A reader of consecutive lines. `header` is the header line in force where they begin, when it is known.
    pub fn reader(&self, header: Option<&[u8]>) -> Reader<'_> {
        Reader::new(self, header)
    }

    /// True for a header line of the format.
    pub fn names_columns(&self, line: &[u8]) -> bool {
        self.heading.as_ref().is_some_and(|h| h.columns(line).is_some())
    }

    /// True when the line starts a record; every line does where records are lines.
    #[inline]
    pub fn starts(&self, line: &[u8]) -> bool {
        self.record_start.as_ref().is_none_or(|mask| mask.fits(line))
    }

    /// Seconds east of UTC in the stamp of a line; `None` for a line or a format that does not say.
    pub fn zone_of(&self, line: &[u8]) -> Option<i32> {
        match &self.program {
            Program::Access(access) => access.zone_of(line, None),
            Program::Messages(_) | Program::NginxError | Program::Vsl | Program::VslBinary | Program::Vsl3 => None,
        }
    }

    /// True when lines of the format tell of requests or fetches, not only of messages.
    pub fn bears_requests(&self) -> bool {
        !matches!(self.program, Program::Messages(_) | Program::NginxError)
    }

    /// The verdict words of the format.
    pub fn words(&self) -> &[Word] {
        match &self.program {
            Program::Access(access) => &access.judge.words,
            _ => &[],
        }
    }

    /// Reads lines as columns of these names. The error says what they lack, or that this is no format of columns.
    pub fn set_columns(&mut self, names: &[&str]) -> Result<(), String> {
        let (Some(known), Program::Access(access)) = (&self.names, &mut self.program) else {
            return Err(format!("{} is no format of columns", self.name));
        };
        let columns = known.columns(names.iter().copied());
        columns.meaning.check_request().map_err(|why| format!("as columns of {}, {why}", self.name))?;
        access.shapes = vec![Shape::Columns(columns)];
        self.heading = None;
        self.guess = None;
        self.specificity = 4 * names.len();
        Ok(())
    }

    /// How many of these names the format knows as columns.
    pub fn knows_columns(&self, names: &[&str]) -> usize {
        self.names.as_ref().map_or(0, |known| names.iter().filter(|n| known.own.contains_key(**n)).count())
    }

    /// Tells the moment that no stamp is after: a stamp without a year is of the last year that puts it before this,
    /// give or take a day.
    pub fn set_latest(&mut self, latest: Stamp) {
        if let Program::Messages(messages) = &mut self.program {
            messages.latest = latest;
        }
        if let Some(messages) = &mut self.messages {
            messages.latest = latest;
        }
    }

    /// Reads stamps that say no zone as if they were of this one, seconds east of UTC.
    pub fn set_zone(&mut self, zone_s: i32) {
        let us = i64::from(zone_s) * 1_000_000;
        if self.local_time
            && let Program::Access(access) = &mut self.program
        {
            access.shift_us = us;
            self.local_time = false;
        }
    }
}

impl Program {
    /// Reads a record; `header` are columns that a header line named. Varnish's logs are not read here: every record of
    /// them is `NotUnderstood`.
    #[inline]
    pub fn line(
        &self,
        line: &[u8],
        header: Option<&super::shape::columns::Columns>,
        at: Locator,
        emit: &mut impl FnMut(Event<'_>),
    ) -> LineOutcome {
        match self {
            Program::Access(access) => access.line(line, header, at, emit),
            Program::Messages(messages) => messages.line(line, at, emit),
            Program::NginxError => error_log::record(line, at, emit),
            Program::Vsl | Program::VslBinary | Program::Vsl3 => LineOutcome::NotUnderstood,
        }
    }
}
