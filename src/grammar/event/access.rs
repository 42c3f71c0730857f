//! Lines that tell of requests, to events. In: a line and the shapes it may have; out: a `Request` and, where the line
//! tells of one, the `Fetch` that this server made for it. It must not know where the shapes came from.

use std::cell::Cell;

use crate::model::{Event, LineOutcome, Locator, Reason};

use super::super::field::{Field, Fields};
use super::super::format::Stamped;
use super::super::meaning::Meaning;
use super::super::shape::Shape;
use super::super::shape::columns::Columns;
use super::compose::{UrlForm, WordTexts, compose, is_needed};
use super::fetch::{fetch, made_one};
use super::judge::Judge;
use super::judged::{Told, told};
use super::ncsa;
use super::request::{When, request, when, zone};
use super::request_line::request_line;

/// A longer line is not understood (design: input is hostile).
pub const MAX_LINE: usize = 1 << 20;

thread_local! {
    /// Decoded values of the line at hand. Taken out while in use, so that a reader within a reader merely allocates.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// JSON that stood in a string.
    static EMBEDDED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What a line of a format is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tells {
    /// A request that was served, and perhaps its fetch.
    #[default]
    Requests,
    /// A fetch alone (varnishncsa `-b`).
    Fetches,
    /// Either, as its side says.
    BySide,
}

/// The shapes of one format, tried in order, and what their values mean.
#[derive(Clone, Debug)]
pub struct Access {
    /// The shapes.
    pub shapes: Vec<Shape>,
    /// What the stamp of a line means.
    pub stamped: Stamped,
    /// What a line is about.
    pub tells: Tells,
    /// How paths are written.
    pub url: UrlForm,
    /// Verdict words.
    pub judge: Judge,
    /// Microseconds to take off stamps that say no zone.
    pub shift_us: i64,
}

impl Access {
    /// Reads a line and emits its request, then its fetch. `header` are the columns that a header line of the file
    /// named, when it did.
    #[inline]
    pub fn line(
        &self,
        line: &[u8],
        header: Option<&Columns>,
        at: Locator,
        emit: &mut impl FnMut(Event<'_>),
    ) -> LineOutcome {
        if line.is_empty() {
            return LineOutcome::Skipped;
        }
        let json = self.shapes.iter().find_map(|s| if let Shape::Json(json) = s { Some(json) } else { None });
        if let Some(json) = json
            && let Some(array) = json.wrapped(line)
        {
            return super::super::shape::json::each_outcome(array, |record| self.one(record, None, at, emit));
        }
        if line.len() > MAX_LINE {
            return LineOutcome::NotUnderstood;
        }
        self.one(line, header, at, emit)
    }

    /// Reads one record.
    #[inline]
    fn one(&self, line: &[u8], header: Option<&Columns>, at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        let mut fields = Fields::new();
        let mut embedded = None;
        let Some(meaning) = self.read(line, header, &mut fields, &mut embedded) else {
            return LineOutcome::NotUnderstood;
        };
        let Some((text, level)) = embedded else { return self.tell(meaning, line, &mut fields, at, emit) };
        let mut inner = EMBEDDED.take();
        inner.clear();
        meaning.escape.decode(text, &mut inner);
        let mut all = fields;
        let read = self.shapes.iter().any(|s| matches!(s, Shape::Json(j) if j.inner(&inner, level, &mut all).is_ok()));
        let outcome = if read { self.tell(meaning, line, &mut all, at, emit) } else { LineOutcome::NotUnderstood };
        EMBEDDED.set(inner);
        outcome
    }

    /// Tells what the values of a line say.
    #[inline]
    fn tell(
        &self,
        meaning: &Meaning,
        line: &[u8],
        fields: &mut Fields<'_>,
        at: Locator,
        emit: &mut impl FnMut(Event<'_>),
    ) -> LineOutcome {
        meaning.blank(fields);
        // A record that happens to have a time is no request.
        if [Field::Request, Field::Uri, Field::Status].iter().all(|f| fields.get(*f).is_empty()) {
            return LineOutcome::NotUnderstood;
        }
        let Some(mut when) = when(meaning, fields, self.stamped) else { return LineOutcome::NotUnderstood };
        if self.shift_us != 0 {
            when = When { start: when.start - self.shift_us, end: when.end - self.shift_us, ..when };
        }
        if !is_needed(meaning, self.url, &self.judge, line, fields) {
            return self.events(meaning, fields, &WordTexts::default(), when, at, emit);
        }
        let mut scratch = SCRATCH.take();
        scratch.clear();
        let (composed, words) = compose(meaning, self.url, &self.judge, fields, &mut scratch);
        let outcome = self.events(meaning, &composed, &words, when, at, emit);
        SCRATCH.set(scratch);
        outcome
    }

    #[inline]
    fn events(
        &self,
        meaning: &Meaning,
        fields: &Fields<'_>,
        words: &WordTexts<'_>,
        when: When,
        at: Locator,
        emit: &mut impl FnMut(Event<'_>),
    ) -> LineOutcome {
        let mut request = request(meaning, fields, when, at);
        if self.tells == Tells::Fetches && !self.judge.is_silent() {
            if let Told::Fetched(mut fetch) = told(meaning, &self.judge, fields, words, &mut request) {
                // Whatever its status: of what the client got, this log says nothing.
                fetch.reason = Reason::Upstream;
                emit(Event::Fetch(fetch));
            }
        } else if self.tells != Tells::Requests {
            if ncsa::is_fetch(self.tells, fields) {
                emit(Event::Fetch(ncsa::fetch(meaning, fields, &request)));
            } else {
                ncsa::settle(fields, &mut request);
                emit(Event::Request(request));
            }
        } else if self.judge.is_silent() {
            emit(Event::Request(request));
            if made_one(&request) {
                emit(Event::Fetch(fetch(meaning, fields, &request)));
            }
        } else {
            match told(meaning, &self.judge, fields, words, &mut request) {
                Told::Noise => return LineOutcome::Skipped,
                Told::Served => emit(Event::Request(request)),
                Told::Fetched(fetch) => {
                    emit(Event::Request(request));
                    emit(Event::Fetch(fetch));
                }
            }
        }
        LineOutcome::Parsed
    }

    /// Seconds east of UTC that the line's stamp says.
    pub fn zone_of(&self, line: &[u8], header: Option<&Columns>) -> Option<i32> {
        let mut fields = Fields::new();
        let meaning = self.read(line, header, &mut fields, &mut None)?;
        zone(meaning, &fields)
    }

    /// Whether the line's target is in absolute form, and whether it is of this format at all.
    pub fn absolute(&self, line: &[u8]) -> Option<bool> {
        let mut fields = Fields::new();
        self.read(line, None, &mut fields, &mut None)?;
        Some(request_line(fields.raw(Field::Request)).absolute)
    }

    /// What the values of the line mean; `fields`, which the caller gives empty, are then those values. (Handing out
    /// that array of slices instead more than doubled the instructions spent on copying.)
    #[inline]
    fn read<'a, 'c>(
        &'a self,
        line: &'c [u8],
        header: Option<&'a Columns>,
        fields: &mut Fields<'c>,
        embedded: &mut Option<(&'c [u8], usize)>,
    ) -> Option<&'a Meaning> {
        if let Some(columns) = header {
            return columns.reach(line, fields).is_ok().then_some(&columns.meaning);
        }
        self.shapes.iter().enumerate().find_map(|(n, shape)| {
            if n > 0 {
                *fields = Fields::new();
            }
            shape.read(line, fields, embedded).then(|| shape.meaning())
        })
    }

    /// How many bytes of the line fit the shape that it fits best.
    pub fn reach(&self, line: &[u8], header: Option<&Columns>) -> usize {
        let reached = |shape: &Shape| shape.reach(line).map_or_else(|at| at, |()| line.len());
        match header {
            Some(columns) => columns.reach(line, &mut Fields::new()).map_or_else(|at| at, |()| line.len()),
            None => self.shapes.iter().map(reached).max().unwrap_or(0),
        }
    }
}
