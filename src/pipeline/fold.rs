//! One chunk into a `Partial`: a pure function, run on any thread in any order. In: a chunk and the read-only tables;
//! out: what its events add up to, and the pieces of transactions that its edges cut. It must not keep anything.

use super::absorb::Absorber;
use super::context::{Context, Reading};
use super::partial::{FileTally, Partial, Piece};
use crate::frame::vsl_binary::{Quotes, Range};
use crate::frame::{lines, vsl, vsl_binary, vsl3};
use crate::grammar::Framing;
use crate::model::report::Lines;
use crate::model::vsl::VslItem;
use crate::model::{LineOutcome, Locator, SeriesId};
use crate::source::Chunk;
use crate::varnish::{Assembler, Assembler3, Fragments};

/// Folds a chunk.
pub fn fold(chunk: &Chunk, context: &Context<'_>) -> Partial {
    let file = &context.files[&chunk.file];
    let reading = context.reading(file.series);
    let mut partial = Partial::empty();
    let mut tally = FileTally::default();
    match reading.grammar.framing {
        framing if framing.is_vsl() => {
            let quotes = Quotes::default();
            let fragments = match framing {
                Framing::Vsl3 => requests(chunk, &mut partial, &mut tally, context, reading),
                _ => transactions(chunk, &quotes, &mut partial, &mut tally, context, reading),
            };
            let end = if chunk.last {
                (file.ordinal + 1, 0)
            } else {
                (file.ordinal, chunk.offset + chunk.bytes.len() as u64)
            };
            partial.open.insert((file.series, (file.ordinal, chunk.offset)), Piece { end, fragments });
        }
        _ => records(chunk, &mut partial, &mut tally, context, reading),
    }
    tally.lines.read += chunk.overlong;
    tally.lines.not_understood += chunk.overlong;
    tally.chunks.insert(chunk.offset, (chunk.overlong, chunk.newlines));
    partial.file(chunk.file).absorb(tally);
    partial
}

/// Lines and multi-line records.
fn records(chunk: &Chunk, partial: &mut Partial, tally: &mut FileTally, context: &Context<'_>, reading: &Reading) {
    let mut absorber = Absorber::new(partial, context, reading);
    let grammar = &reading.grammar;
    let mut one = |text: &[u8], at: Locator, further: u32| {
        let outcome = if text.is_empty() {
            LineOutcome::Skipped
        } else {
            grammar.line(text, at, &mut |event| absorber.event(&event))
        };
        count(tally, outcome, u64::from(further), at, text);
    };
    match grammar.framing {
        Framing::Records => {
            lines::each_record(&chunk.bytes, chunk.file, chunk.offset, &|l| grammar.starts(l), &mut one);
        }
        _ => lines::each_line(&chunk.bytes, chunk.file, chunk.offset, |text, at| one(text, at, 0)),
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

/// Varnish's own records, text or binary.
fn transactions<'c>(
    chunk: &'c Chunk,
    quotes: &'c Quotes,
    partial: &mut Partial,
    tally: &mut FileTally,
    context: &Context<'_>,
    reading: &Reading,
) -> Fragments {
    let mut absorber = Absorber::new(partial, context, reading);
    let mut assembler = Assembler::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    let take = |item: VslItem<'c>| match item {
        VslItem::Rejected(at, text) if rejects.len() < 8 => rejects.push((at, text)),
        VslItem::Rejected(..) => {}
        item => assembler.push(item, &mut |event| absorber.event(&event)),
    };
    let Chunk { bytes, file, offset, before, last, .. } = chunk;
    match reading.grammar.framing {
        Framing::VslBinary => {
            let range = Range { bytes, before: *before, last: *last, file: *file, offset: *offset };
            vsl_binary::records(&range, quotes, &mut tally.lines, take);
        }
        _ => vsl::records(bytes, *file, *offset, &mut tally.lines, take),
    }
    let fragments = assembler.finish();
    absorber.finish();
    rejects.into_iter().for_each(|(at, text)| tally.reject(at.offset, at.line, text));
    fragments
}

/// varnishlog text of Varnish 3.0.
fn requests(
    chunk: &Chunk,
    partial: &mut Partial,
    tally: &mut FileTally,
    context: &Context<'_>,
    reading: &Reading,
) -> Fragments {
    let mut absorber = Absorber::new(partial, context, reading);
    let mut assembler = Assembler3::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    let reject = |at, text| {
        if rejects.len() < 8 {
            rejects.push((at, text));
        }
    };
    let take = |record| assembler.push(record, &mut |event| absorber.event(&event));
    vsl3::records(&chunk.bytes, chunk.file, chunk.offset, &mut tally.lines, take, reject);
    let fragments = assembler.finish(&mut |event| absorber.event(&event));
    absorber.finish();
    rejects.into_iter().for_each(|(at, text)| tally.reject(at.offset, at.line, text));
    fragments
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
