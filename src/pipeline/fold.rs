//! One chunk into a `Partial`: a pure function, run on any thread in any order. In: a chunk and the read-only tables;
//! out: what its events add up to, and the pieces of transactions that its edges cut. It must not keep anything.

use std::cell::Cell;

use super::absorb::Absorber;
use super::context::{Context, Reading};
use super::partial::{FileTally, Partial, Piece};
use crate::frame::{Unwrapped, lines, vsl};
use crate::grammar::Framing;
use crate::model::report::Lines;
use crate::model::vsl::{VslHeader, VslItem, VslRecord};
use crate::model::{FileId, LineOutcome, Locator, SeriesId};
use crate::source::Chunk;
use crate::varnish::{Assembler, Fragments};

thread_local! {
    /// Where logs are taken out of their wrapping: one chunk after the other, so that nothing is allocated.
    static INSIDE: Cell<Unwrapped> = Cell::default();
}

/// What is framed: the bytes of a chunk, or a log taken out of them.
struct Range<'c> {
    bytes: &'c [u8],
    file: FileId,
    offset: u64,
    inside: Option<(&'c Unwrapped, u64)>,
}

impl Range<'_> {
    /// The place in the file.
    #[inline]
    fn place(&self, at: Locator) -> Locator {
        self.inside.map_or(at, |(log, offset)| log.place(at, offset))
    }
}

/// Folds a chunk.
pub fn fold(chunk: &Chunk, context: &Context<'_>) -> Partial {
    let file = &context.files[&chunk.file];
    let reading = context.reading(file.series);
    let mut partial = Partial::empty();
    let mut tally = FileTally::default();
    let reach = context.wraps.get(&chunk.file);
    let mut log = reach.map(|_| INSIDE.take()).unwrap_or_default();
    let inside = reach.map(|reach| reach.fill(&mut log, &chunk.bytes, true)).map(|()| (&log, chunk.offset));
    let range = match inside {
        Some((log, _)) => Range { bytes: log.bytes(), file: chunk.file, offset: 0, inside },
        None => Range { bytes: &chunk.bytes, file: chunk.file, offset: chunk.offset, inside },
    };
    match reading.grammar.framing {
        Framing::Vsl => {
            let fragments = transactions(&range, &mut partial, &mut tally, context, reading);
            let end = if chunk.last {
                (file.ordinal + 1, 0)
            } else {
                (file.ordinal, chunk.offset + chunk.bytes.len() as u64)
            };
            partial.open.insert((file.series, (file.ordinal, chunk.offset)), Piece { end, fragments });
        }
        _ => records(&range, &mut partial, &mut tally, context, reading),
    }
    if reach.is_some() {
        log.count(&mut tally.lines);
        INSIDE.set(log);
    }
    if reach.is_none_or(|r| r.wrap.tells) {
        tally.lines.read += chunk.overlong;
        tally.lines.not_understood += chunk.overlong;
    }
    tally.chunks.insert(chunk.offset, (chunk.overlong, chunk.newlines));
    partial.file(chunk.file).absorb(tally);
    partial
}

/// Lines and multi-line records.
fn records(range: &Range<'_>, partial: &mut Partial, tally: &mut FileTally, context: &Context<'_>, reading: &Reading) {
    let mut absorber = Absorber::new(partial, context, reading);
    let grammar = &reading.grammar;
    let mut one = |text: &[u8], at: Locator, further: u32| {
        let at = range.place(at);
        let outcome = if text.is_empty() {
            LineOutcome::Skipped
        } else {
            grammar.line(text, at, &mut |event| absorber.event(&event))
        };
        count(tally, outcome, u64::from(further), at, text);
    };
    match grammar.framing {
        Framing::Records => {
            lines::each_record(range.bytes, range.file, range.offset, &|l| grammar.starts(l), &mut one);
        }
        _ => lines::each_line(range.bytes, range.file, range.offset, |text, at| one(text, at, 0)),
    }
    absorber.finish();
}

fn count(tally: &mut FileTally, outcome: LineOutcome, further: u64, at: Locator, text: &[u8]) {
    let lines: &mut Lines = &mut tally.lines;
    lines.read += 1 + further;
    match outcome {
        LineOutcome::Parsed => {
            lines.parsed += 1;
            lines.skipped += further;
        }
        LineOutcome::Skipped => lines.skipped += 1 + further,
        LineOutcome::NotUnderstood => {
            lines.not_understood += 1 + further;
            tally.reject(at.offset, at.line, text);
        }
    }
}

/// varnishlog text.
fn transactions(
    range: &Range<'_>,
    partial: &mut Partial,
    tally: &mut FileTally,
    context: &Context<'_>,
    reading: &Reading,
) -> Fragments {
    let mut absorber = Absorber::new(partial, context, reading);
    let mut assembler = Assembler::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    vsl::records(range.bytes, range.file, range.offset, &mut tally.lines, |item| match placed(item, range) {
        VslItem::Rejected(at, text) if rejects.len() < 8 => rejects.push((at, text)),
        VslItem::Rejected(..) => {}
        item => assembler.push(item, &mut |event| absorber.event(&event)),
    });
    let fragments = assembler.finish();
    absorber.finish();
    rejects.into_iter().for_each(|(at, text)| tally.reject(at.offset, at.line, text));
    fragments
}

/// The item with its place in the file.
#[inline]
fn placed<'c>(item: VslItem<'c>, range: &Range<'_>) -> VslItem<'c> {
    match item {
        _ if range.inside.is_none() => item,
        VslItem::Header(h) => VslItem::Header(VslHeader { at: range.place(h.at), ..h }),
        VslItem::Record(r) => VslItem::Record(VslRecord { at: range.place(r.at), ..r }),
        VslItem::Rejected(at, text) => VslItem::Rejected(range.place(at), text),
    }
}

/// Joins the fragments of two adjacent ranges of a series; what became whole is absorbed.
pub fn join(into: &mut Partial, left: Fragments, right: Fragments, id: SeriesId, context: &Context<'_>) -> Fragments {
    let reading = context.reading(id);
    let mut absorber = Absorber::new(into, context, reading);
    let rest = left.join(right, &mut |event| absorber.event(&event));
    absorber.finish();
    rest
}

/// Absorbs what is left open at the end of a series as incomplete transactions.
pub fn flush(into: &mut Partial, fragments: Fragments, id: SeriesId, context: &Context<'_>) {
    let reading = context.reading(id);
    let mut absorber = Absorber::new(into, context, reading);
    fragments.flush(&mut |event| absorber.event(&event));
    absorber.finish();
}
