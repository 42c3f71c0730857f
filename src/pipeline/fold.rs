//! One chunk into a `Partial`: a pure function, run on any thread in any order. In: a chunk and the read-only tables;
//! out: what its events add up to, and the pieces of transactions that its edges cut. It must not keep anything.
//! The same reading serves whoever else listens to a chunk's events.

use std::cell::Cell;

use super::absorb::Absorber;
use super::context::{Context, Reading};
use super::partial::{FileTally, Partial, Piece};
use super::reach::Reach;
use crate::frame::vsl_binary::{self, Quotes};
use crate::frame::{Unwrapped, lines, objects, vsl, vsl3};
use crate::grammar::Framing;
use crate::model::report::Lines;
use crate::model::vsl::{VslHeader, VslItem, VslRecord};
use crate::model::vsl3::Record3;
use crate::model::{Event, LineOutcome, Locator, SeriesId, Tag};
use crate::source::Chunk;
use crate::varnish::{Assembler, Assembler3, Fragments};

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

thread_local! {
    /// Where logs are taken out of their wrapping: one chunk after the other, so that nothing is allocated.
    static INSIDE: Cell<Unwrapped> = Cell::default();
}

/// What is framed: the bytes of a chunk, or a log taken out of them.
struct Range<'c> {
    chunk: &'c Chunk,
    bytes: &'c [u8],
    /// Where `bytes` lie; from the beginning on for a log that was taken out.
    offset: u64,
    inside: Option<&'c Unwrapped>,
}

impl Range<'_> {
    /// The place in the file.
    #[inline]
    fn place(&self, at: Locator) -> Locator {
        self.inside.map_or(at, |log| log.place(at, self.chunk.offset))
    }
}

/// Folds a chunk.
pub fn fold(chunk: &Chunk, context: &Context<'_>) -> Partial {
    let file = &context.files[&chunk.file];
    let reading = context.reading(file.series);
    let mut partial = Partial::empty();
    let mut tally = FileTally::default();
    let mut absorber = Absorber::new(&mut partial, context, reading);
    let fragments = read(chunk, context, &mut tally, &mut absorber);
    absorber.finish();
    if let Some(fragments) = fragments {
        let end =
            if chunk.last { (file.ordinal + 1, 0) } else { (file.ordinal, chunk.offset + chunk.bytes.len() as u64) };
        partial.open.insert((file.series, (file.ordinal, chunk.offset)), Piece { end, fragments });
    }
    partial.file(chunk.file).absorb(tally);
    partial
}

/// Reads a chunk: tells its events and counts its lines. Hands back the pieces of transactions that its edges cut,
/// where the format has transactions. Places are those in the file, also of a log that is taken out of its wrapping.
pub fn read(chunk: &Chunk, context: &Context<'_>, tally: &mut FileTally, to: &mut impl Listen) -> Option<Fragments> {
    let reading = context.reading(context.files[&chunk.file].series);
    let fragments = match context.wraps.get(&chunk.file) {
        Some(reach) => inside(chunk, reach, reading, tally, to),
        None => {
            let range = Range { chunk, bytes: &chunk.bytes, offset: chunk.offset, inside: None };
            framed(&range, reading, tally, to)
        }
    };
    if context.counts_file(chunk.file) {
        tally.lines.read += chunk.overlong;
        tally.lines.not_understood += chunk.overlong;
    }
    tally.chunks.insert(chunk.offset, (chunk.overlong, chunk.newlines));
    fragments
}

/// Reads a log that must be taken out of its chunk.
fn inside(
    chunk: &Chunk,
    reach: &Reach,
    reading: &Reading,
    tally: &mut FileTally,
    to: &mut impl Listen,
) -> Option<Fragments> {
    let mut log = INSIDE.take();
    reach.fill(&mut log, &chunk.bytes, true);
    let range = Range { chunk, bytes: log.bytes(), offset: 0, inside: Some(&log) };
    let fragments = framed(&range, reading, tally, to);
    log.count(&mut tally.lines);
    INSIDE.set(log);
    fragments
}

fn framed(range: &Range<'_>, reading: &Reading, tally: &mut FileTally, to: &mut impl Listen) -> Option<Fragments> {
    match reading.grammar.framing {
        Framing::Vsl | Framing::VslBinary => Some(transactions(range, &Quotes::default(), tally, reading, to)),
        Framing::Vsl3 => Some(requests(range, tally, to)),
        _ => {
            records(range, tally, reading, to);
            None
        }
    }
}

/// Lines and multi-line records.
fn records(range: &Range<'_>, tally: &mut FileTally, reading: &Reading, to: &mut impl Listen) {
    let (bytes, file, offset) = (range.bytes, range.chunk.file, range.offset);
    let grammar = &reading.grammar;
    let mut reader = grammar.reader(range.chunk.header.as_deref());
    let mut one = |text: &[u8], at: Locator, further: u32| {
        let at = range.place(at);
        let outcome =
            if text.is_empty() { LineOutcome::Skipped } else { reader.line(text, at, &mut |event| to.event(&event)) };
        count(tally, outcome, u64::from(further), at, text);
    };
    match grammar.framing {
        Framing::Records => {
            lines::each_record(bytes, file, offset, &|l| grammar.starts(l), &mut one);
        }
        Framing::Objects => objects::each_object(bytes, file, offset, &mut one),
        _ => lines::each_line(bytes, file, offset, |text, at| one(text, at, 0)),
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

/// Varnish's own records, text or binary.
fn transactions<'c>(
    range: &Range<'c>,
    quotes: &'c Quotes,
    tally: &mut FileTally,
    reading: &Reading,
    to: &mut impl Listen,
) -> Fragments {
    let mut assembler = Assembler::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    let take = |item: VslItem<'c>| match placed(item, range) {
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
    };
    let Chunk { file, before, last, .. } = *range.chunk;
    let (bytes, offset) = (range.bytes, range.offset);
    match reading.grammar.framing {
        Framing::VslBinary => {
            let range = vsl_binary::Range { bytes, before, last, file, offset };
            vsl_binary::records(&range, quotes, &mut tally.lines, take);
        }
        _ => vsl::records(bytes, file, offset, &mut tally.lines, take),
    }
    rejects.into_iter().for_each(|(at, text)| tally.reject(at.offset, at.line, text));
    assembler.finish()
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

/// varnishlog text of Varnish 3.0.
fn requests<'c>(range: &Range<'c>, tally: &mut FileTally, to: &mut impl Listen) -> Fragments {
    let mut assembler = Assembler3::new();
    let mut rejects: Vec<(Locator, &[u8])> = Vec::new();
    let reject = |at, text| {
        if rejects.len() < 8 {
            rejects.push((range.place(at), text));
        }
    };
    let take = |r: Record3<'c>| assembler.push(Record3 { at: range.place(r.at), ..r }, &mut |event| to.event(&event));
    vsl3::records(range.bytes, range.chunk.file, range.offset, &mut tally.lines, take, reject);
    let fragments = assembler.finish(&mut |event| to.event(&event));
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
