//! One chunk into a `Partial`: a pure function, run on any thread in any order. In: a chunk and the read-only tables;
//! out: what its events add up to, and the pieces of transactions that its edges cut. It must not keep anything.
//! The same reading serves whoever else listens to a chunk's events.

use super::absorb::Absorber;
use super::context::{Context, Reading};
use super::partial::{FileTally, Partial, Piece};
use crate::frame::{lines, vsl};
use crate::grammar::Framing;
use crate::model::report::Lines;
use crate::model::vsl::VslItem;
use crate::model::{Event, LineOutcome, Locator, SeriesId, Tag};
use crate::source::Chunk;
use crate::varnish::{Assembler, Fragments};

/// Who listens to what a chunk tells.
pub trait Listen {
    /// An event, in the order in which the log completes them.
    fn event(&mut self, event: &Event<'_>);

    /// A record at which a transaction may have become whole whose other parts are in earlier chunks.
    #[inline]
    fn edge(&mut self, _vxid: u64, _at: Locator) {}
}

impl Listen for Absorber<'_, '_> {
    #[inline]
    fn event(&mut self, event: &Event<'_>) {
        Absorber::event(self, event);
    }
}

/// Folds a chunk.
pub fn fold(chunk: &Chunk, context: &Context<'_>) -> Partial {
    let file = &context.files[&chunk.file];
    let reading = context.reading(file.series);
    let mut partial = Partial::empty();
    let mut tally = FileTally::default();
    let mut absorber = Absorber::new(&mut partial, context, reading);
    let fragments = read(chunk, reading, &mut tally, &mut absorber);
    absorber.finish();
    if let Some(fragments) = fragments {
        let end = if chunk.last {
            (file.ordinal + 1, 0)
        } else {
            (file.ordinal, chunk.offset + chunk.bytes.len() as u64)
        };
        partial.open.insert((file.series, (file.ordinal, chunk.offset)), Piece { end, fragments });
    }
    partial.file(chunk.file).absorb(tally);
    partial
}

/// Reads a chunk: tells its events and counts its lines. Hands back the pieces of transactions that its edges cut,
/// where the format has transactions.
pub fn read(chunk: &Chunk, reading: &Reading, tally: &mut FileTally, to: &mut impl Listen) -> Option<Fragments> {
    let fragments = match reading.grammar.framing {
        Framing::Vsl => Some(transactions(chunk, tally, to)),
        _ => {
            records(chunk, tally, reading, to);
            None
        }
    };
    tally.lines.read += chunk.overlong;
    tally.lines.not_understood += chunk.overlong;
    tally.chunks.insert(chunk.offset, (chunk.overlong, chunk.newlines));
    fragments
}

/// Lines and multi-line records.
fn records(chunk: &Chunk, tally: &mut FileTally, reading: &Reading, to: &mut impl Listen) {
    let grammar = &reading.grammar;
    let mut one = |text: &[u8], at: Locator, further: u32| {
        let outcome = if text.is_empty() {
            LineOutcome::Skipped
        } else {
            grammar.line(text, at, &mut |event| to.event(&event))
        };
        count(tally, outcome, u64::from(further), at, text);
    };
    match grammar.framing {
        Framing::Records => {
            lines::each_record(&chunk.bytes, chunk.file, chunk.offset, &|l| grammar.starts(l), &mut one);
        }
        _ => lines::each_line(&chunk.bytes, chunk.file, chunk.offset, |text, at| one(text, at, 0)),
    }
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
fn transactions(chunk: &Chunk, tally: &mut FileTally, to: &mut impl Listen) -> Fragments {
    let mut assembler = Assembler::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    vsl::records(&chunk.bytes, chunk.file, chunk.offset, &mut tally.lines, |item| match item {
        VslItem::Rejected(at, text) if rejects.len() < 8 => rejects.push((at, text)),
        VslItem::Rejected(..) => {}
        item => {
            assembler.push(item, &mut |event| to.event(&event));
            if let VslItem::Record(r) = item
                && (r.vxid == 0 || matches!(r.tag, Tag::Begin | Tag::End))
            {
                to.edge(r.vxid, r.at);
            }
        }
    });
    rejects.into_iter().for_each(|(at, text)| tally.reject(at.offset, at.line, text));
    assembler.finish()
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
