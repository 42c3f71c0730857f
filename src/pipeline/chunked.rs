//! A file in chunks, each with what must be known of the bytes before it: the layout of a binary log, the header line
//! in force. In: a file and the tables of the run; out: its chunks, one after the other. It must not fold them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::context::Context;
use super::reach::Reach;
use crate::frame::{Unwrapped, lines, objects, vsl, vsl_binary, vsl3};
use crate::grammar::{Framing, Grammar, HeadingKind};
use crate::model::FileId;
use crate::source::{Chunk, Chunks, Found, Heading, Settings, Trouble};

/// The chunks of a file of the plan.
pub fn chunks<'a>(
    found: &Found,
    id: FileId,
    context: &'a Context<'_>,
    settings: &Settings,
) -> Result<impl Iterator<Item = Result<Chunk, Trouble>> + Send + use<'a>, Trouble> {
    let grammar = &context.reading(context.files[&id].series).grammar;
    let reach = context.wraps.get(&id);
    // Shared by the cut and by what comes after it; both run one after the other, on whatever thread asks next.
    let behind = Arc::new(AtomicU8::new(0));
    let mut before = 0;
    let told = behind.clone();
    let mut log = Unwrapped::default();
    let edge = move |bytes: &[u8]| {
        let (edge, next) = match reach {
            Some(reach) => (reach.cut(grammar, &mut log, bytes)?, 0),
            None => cut(grammar, bytes, before)?,
        };
        before = next;
        told.store(next, Relaxed);
        Some(edge)
    };
    let mut begins = 0;
    let settings = Settings { heading: heading(grammar).filter(|_| reach.is_none()), ..settings.clone() };
    let mut inside = reach.filter(|_| grammar.heading.is_some()).map(|reach| Header::new(reach, grammar));
    Ok(Chunks::open(found, id, edge, &settings)?.map(move |chunk| {
        chunk.map(|mut chunk| {
            chunk.before = std::mem::replace(&mut begins, behind.load(Relaxed));
            if let Some(header) = &mut inside {
                chunk.header = header.before(&chunk.bytes);
            }
            chunk
        })
    }))
}

/// Which lines of that format name the columns of others.
pub fn heading(grammar: &Grammar) -> Option<Heading> {
    grammar.heading.as_ref().map(|h| match h.kind {
        HeadingKind::W3c => Heading::Marked("#Fields:"),
        HeadingKind::Csv => Heading::First,
    })
}

/// The header line in force in a log that must be taken out of its file first.
struct Header<'a> {
    reach: &'a Reach,
    grammar: &'a Grammar,
    log: Unwrapped,
    line: Option<Arc<[u8]>>,
}

impl<'a> Header<'a> {
    fn new(reach: &'a Reach, grammar: &'a Grammar) -> Header<'a> {
        Header { reach, grammar, log: Unwrapped::default(), line: None }
    }

    /// The header in force where the next chunk begins.
    fn before(&mut self, bytes: &[u8]) -> Option<Arc<[u8]>> {
        let before = self.line.clone();
        let marked = self.grammar.heading.as_ref().is_some_and(|h| h.kind == HeadingKind::W3c);
        // A CSV log has one header; another may follow a mark, whatever a wrapping makes of the rest of its line.
        let may_change = if marked {
            self.reach.wrap.decodes() || memchr::memmem::find(bytes, b"#Fields:").is_some()
        } else {
            before.is_none()
        };
        if may_change {
            self.reach.fill(&mut self.log, bytes, true);
            let mut lines = self.log.bytes().split(|b| *b == b'\n').map(|l| l.trim_ascii_end());
            let found = if marked {
                lines.rfind(|l| l.starts_with(b"#Fields:"))
            } else {
                lines.find(|l| self.grammar.names_columns(l))
            };
            self.line = found.map(Arc::from).or(self.line.take());
        }
        before
    }
}

/// Where a buffer of that format may be cut, and what the next one must know of it; `before`: the same of this one.
pub fn cut(grammar: &Grammar, bytes: &[u8], before: u8) -> Option<(usize, u8)> {
    let edge = match grammar.framing {
        Framing::Lines => lines::cut(bytes),
        Framing::Records => lines::cut_records(bytes, &|l| grammar.starts(l)),
        Framing::Objects => objects::cut(bytes),
        Framing::Vsl => vsl::cut(bytes),
        Framing::Vsl3 => vsl3::cut(bytes),
        Framing::VslBinary => return vsl_binary::cut(bytes, before),
    };
    edge.map(|edge| (edge, 0))
}
