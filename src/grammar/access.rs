//! Access lines to events. In: a line and the layouts it may have; out: a `Request` and, where the line tells of
//! one, the `Fetch` that this server made for it. It must not know where the layouts came from.

use std::cell::Cell;

use crate::model::{Event, LineOutcome, Locator};

use super::access_fetch::{fetch, made_one};
use super::access_request::{When, request, when};
use super::escape::Escape;
use super::field::{Field, Fields};
use super::format::Stamped;
use super::program::Layout;
use super::request_line::request_line;

/// A longer line is not understood (design: input is hostile).
pub const MAX_LINE: usize = 1 << 20;

/// The fields whose text is compared with other logs, and must therefore be the bytes that were sent.
const DECODED: [Field; 10] = [
    Field::Request,
    Field::Method,
    Field::Uri,
    Field::Args,
    Field::Host,
    Field::Referer,
    Field::Agent,
    Field::Forwarded,
    Field::XVarnish,
    Field::XRequestId,
];

thread_local! {
    /// Decoded values of the line at hand. Taken out while in use, so that a reader within a reader merely allocates.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The layouts of one format, tried in order.
#[derive(Clone, Debug)]
pub struct Access {
    /// The layouts.
    pub layouts: Vec<Layout>,
    /// What the stamp of a line means.
    pub stamped: Stamped,
}

impl Access {
    /// Reads a line and emits its request, then its fetch.
    pub fn line(&self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        if line.is_empty() {
            return LineOutcome::Skipped;
        }
        let mut fields = Fields::new();
        let Some(layout) = self.read(line, &mut fields) else { return LineOutcome::NotUnderstood };
        let Some(when) = when(layout, &fields, self.stamped) else { return LineOutcome::NotUnderstood };
        if layout.escape == Escape::None || memchr::memchr(b'\\', line).is_none() {
            events(layout, &fields, when, at, emit);
        } else {
            let mut scratch = SCRATCH.take();
            scratch.clear();
            let decoded = decode(layout.escape, fields, &mut scratch);
            events(layout, &decoded, when, at, emit);
            SCRATCH.set(scratch);
        }
        LineOutcome::Parsed
    }

    /// Seconds east of UTC that the line's stamp says.
    pub fn zone_of(&self, line: &[u8]) -> Option<i32> {
        let mut fields = Fields::new();
        let layout = self.read(line, &mut fields)?;
        super::access_request::zone(layout, &fields)
    }

    /// Whether the line's target is in absolute form, and whether it is of this format at all.
    pub fn absolute(&self, line: &[u8]) -> Option<bool> {
        let mut fields = Fields::new();
        self.read(line, &mut fields)?;
        Some(request_line(fields.raw(Field::Request)).absolute)
    }

    /// The layout of the line; `fields`, which the caller gives empty, are then its values. (Handing out that
    /// array of slices instead more than doubled the instructions spent on copying.)
    #[inline]
    fn read<'c>(&self, line: &'c [u8], fields: &mut Fields<'c>) -> Option<&Layout> {
        if line.len() > MAX_LINE {
            return None;
        }
        self.layouts.iter().enumerate().find_map(|(n, layout)| {
            if n > 0 {
                *fields = Fields::new();
            }
            layout.read(line, fields).then_some(layout)
        })
    }
}

fn events(layout: &Layout, fields: &Fields<'_>, when: When, at: Locator, emit: &mut impl FnMut(Event<'_>)) {
    let request = request(layout, fields, when, at);
    emit(Event::Request(request));
    if made_one(&request) {
        emit(Event::Fetch(fetch(layout, fields, &request)));
    }
}

/// The same fields with the escaping undone, where there is any.
fn decode<'s>(escape: Escape, mut fields: Fields<'s>, scratch: &'s mut Vec<u8>) -> Fields<'s> {
    let mut ends = [0; DECODED.len()];
    for (field, end) in DECODED.iter().zip(&mut ends) {
        let raw = fields.raw(*field);
        if raw.contains(&b'\\') {
            escape.decode(raw, scratch);
        }
        *end = scratch.len();
    }
    let mut from = 0;
    for (field, end) in DECODED.iter().zip(ends) {
        if end > from {
            fields.set(*field, &scratch[from..end]);
        }
        from = end;
    }
    fields
}
