//! Lines that tell of something else than a request: error logs, state lines, panics. In: a line and the shapes it may
//! have; out: a `Message`, or a `Change` where the text says that a service started, stopped or reloaded. It must not
//! know what a message means for a fetch: that is `classify`.

use std::cell::Cell;

use memchr::memmem::Finder;

use crate::model::{Change, ChangeKind, Event, LineOutcome, Locator, Message, Stamp};

use super::super::field::{Field, Fields};
use super::super::meaning::Meaning;
use super::super::shape::Shape;
use super::super::stamp_form::with_year;
use super::compose::{UrlForm, compose, is_needed};
use super::judge::Judge;
use super::request::zoned;
use super::request_line::{request_line, target, without_port};

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The shapes of a format's messages.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// The shapes, tried in order.
    pub shapes: Vec<Shape>,
    /// Values that stand within the text.
    pub within: Vec<Within>,
    /// Texts that tell of a change.
    pub changes: Vec<(ChangeKind, Box<[u8]>)>,
    /// Microseconds to take off stamps that say no zone.
    pub shift_us: i64,
    /// No stamp is after this: decides the year of stamps that have none. Not known: they stay in 1972.
    pub latest: Stamp,
}

/// A value within the text of a message: what stands between two texts.
#[derive(Clone, Debug)]
pub struct Within {
    /// The field that it fills.
    pub field: Field,
    /// The text before it.
    pub after: Finder<'static>,
    /// The text that ends it; empty: the end of the message.
    pub before: Finder<'static>,
}

impl Messages {
    /// Reads a line and emits its message.
    pub fn line(&self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        if line.is_empty() {
            return LineOutcome::Skipped;
        }
        let mut fields = Fields::new();
        let found = self.shapes.iter().find(|shape| {
            fields = Fields::new();
            shape.read(line, &mut fields, &mut None)
        });
        let Some(meaning) = found.map(Shape::meaning) else { return LineOutcome::NotUnderstood };
        meaning.blank(&mut fields);
        let judge = Judge::default();
        if !is_needed(meaning, UrlForm::Plain, &judge, line, &fields) {
            return self.tell(meaning, fields, at, emit);
        }
        let mut scratch = SCRATCH.take();
        scratch.clear();
        let (composed, _) = compose(meaning, UrlForm::Plain, &judge, &fields, &mut scratch);
        let outcome = self.tell(meaning, composed, at, emit);
        SCRATCH.set(scratch);
        outcome
    }

    /// When it was written; not known where the message has no stamp at all, only what wraps it.
    fn time(&self, meaning: &Meaning, f: &Fields<'_>) -> Option<Stamp> {
        if !meaning.has_any(&[Field::Time, Field::TimeLocal, Field::TimeIso, Field::TimeOfDay]) {
            return Some(Stamp::NONE);
        }
        let zoned = zoned(meaning, f)?;
        let stamp = with_year(zoned.stamp, self.latest);
        Some(if zoned.zone_s.is_none() { stamp - self.shift_us } else { stamp })
    }

    fn tell(&self, meaning: &Meaning, mut f: Fields<'_>, at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        let Some(time) = self.time(meaning, &f) else { return LineOutcome::NotUnderstood };
        let text = f.raw(Field::Text);
        let change = self.changes.iter().find(|(_, part)| memchr::memmem::find(text, part).is_some());
        if let Some((kind, _)) = change {
            emit(Event::Change(Change { at, time, kind: *kind, text }));
            return LineOutcome::Parsed;
        }
        for within in &self.within {
            let Some(start) = within.after.find(text).map(|n| n + within.after.needle().len()) else { continue };
            let rest = &text[start..];
            let end = if within.before.needle().is_empty() { Some(rest.len()) } else { within.before.find(rest) };
            if let Some(end) = end.filter(|_| f.get(within.field).is_empty()) {
                f.set(within.field, &rest[..end]);
            }
        }
        emit(Event::Message(message(&f, Message { at, time, text, ..Message::default() })));
        LineOutcome::Parsed
    }
}

/// An address without the port that Apache writes behind it.
fn bare(client: &[u8]) -> &[u8] {
    if client.contains(&b'.') || client.starts_with(b"[") { without_port(client) } else { client }
}

fn message<'c>(f: &Fields<'c>, m: Message<'c>) -> Message<'c> {
    let line = request_line(f.get(Field::Request));
    let url = target(f.get(Field::Uri));
    let host = without_port(f.get(Field::Host));
    let upstream = f.get(Field::UpstreamUrl);
    Message {
        level: f.get(Field::Level),
        connection: f.number(Field::Connection).unwrap_or(0),
        client: bare(f.get(Field::RemoteAddr)),
        method: if line.method.is_empty() { f.get(Field::Method) } else { line.method },
        url: if line.url.is_empty() { url.url } else { line.url },
        host: [host, line.host, url.host].into_iter().find(|h| !h.is_empty()).unwrap_or(b""),
        upstream: if upstream.is_empty() { f.get(Field::UpstreamAddr) } else { upstream },
        ..m
    }
}
