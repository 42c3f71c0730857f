//! Each format on one core, from bytes in memory, beside the count of newlines in the same bytes: lines alone, events
//! into a sink that counts them, the whole fold, and the fold that keeps rows for linking.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::input::{FAILING, FORMATS, Format};
use guru::classify::Rules;
use guru::frame::vsl_binary::{Quotes, Range};
use guru::frame::{lines, objects, vsl, vsl_binary, vsl3};
use guru::grammar::{Framing, Grammar, Library};
use guru::model::report::Lines;
use guru::model::vsl::VslItem;
use guru::model::{Event, FileId, FileInfo, Series, SeriesId, Stamp, Text, Tier};
use guru::pipeline::{Context, Partial, Reading, Wanted, bears_requests, fold};
use guru::source::Chunk;
use guru::varnish::{Assembler, Assembler3};

const FILE: FileId = FileId(0);

/// Lines one by one, looking at their ends only: what no parser of lines can be faster than.
fn bare_lines(bytes: &[u8]) -> u64 {
    let mut sum = 0;
    lines::each_line(bytes, FILE, 0, |line, at| sum += at.offset ^ u64::from(line.first().copied().unwrap_or(0)));
    sum
}

/// The events of a log, counted.
fn events(bytes: &[u8], grammar: &Grammar) -> u64 {
    let mut seen = 0;
    let mut sink = |event: Event<'_>| {
        seen += match event {
            Event::Request(r) => u64::from(r.status),
            Event::Fetch(f) => u64::from(f.status),
            _ => 1,
        }
    };
    match grammar.framing {
        Framing::Lines => {
            let mut reader = grammar.reader(None);
            lines::each_line(bytes, FILE, 0, |line, at| {
                reader.line(line, at, &mut sink);
            });
        }
        Framing::Objects => objects::each_object(bytes, FILE, 0, |record, at, _| {
            grammar.line(record, at, &mut sink);
        }),
        Framing::Records => lines::each_record(bytes, FILE, 0, &|l| grammar.starts(l), |record, at, _| {
            grammar.line(record, at, &mut sink);
        }),
        Framing::Vsl => {
            let mut assembler = Assembler::new();
            vsl::records(bytes, FILE, 0, &mut Lines::default(), |item| match item {
                VslItem::Rejected(..) => {}
                item => assembler.push(item, &mut sink),
            });
            assembler.finish().flush(&mut sink);
        }
        Framing::Vsl3 => {
            let mut assembler = Assembler3::new();
            vsl3::records(bytes, FILE, 0, &mut Lines::default(), |r| assembler.push(r, &mut sink), |_, _| {});
            assembler.finish(&mut sink).flush(&mut sink);
        }
        Framing::VslBinary => {
            let (mut assembler, quotes) = (Assembler::new(), Quotes::default());
            let range = Range { bytes, before: 0, last: true, file: FILE, offset: 0 };
            vsl_binary::records(&range, &quotes, &mut Lines::default(), |item| assembler.push(item, &mut sink));
            assembler.finish().flush(&mut sink);
        }
    }
    seen
}

/// The tables of a run that reads one log. `linked` when another tier is read beside it.
fn context(grammar: &Grammar, linked: bool) -> Context<'static> {
    let id = SeriesId(0);
    let series = Series {
        id,
        tier: grammar.tier,
        node: Text::from("web1"),
        format: Text::EMPTY,
        family: grammar.family,
        local_time: grammar.local_time,
        resolution_us: grammar.resolution_us,
    };
    let top = !linked || grammar.tier == Tier::Cache;
    let reading =
        Reading { series, grammar: grammar.clone(), top, fetches_on: linked && top, zone_offset_s: None, alone: false };
    let wanted = BTreeMap::from([(grammar.tier, if top { Wanted::Nothing } else { Wanted::All })]);
    Context {
        series: BTreeMap::from([(id, reading)]),
        files: BTreeMap::from([(FILE, FileInfo { id: FILE, path: Text::EMPTY, series: id, ordinal: 0 })]),
        wraps: BTreeMap::new(),
        rules: Rules::embedded(),
        wanted,
        since: Stamp::NONE,
        until: Stamp::NONE,
        unread: BTreeSet::new(),
        pulses: Some(guru::model::Fineness::HOURS),
        small_chunks: false,
    }
}

/// The log in chunks of the size that a run reads.
fn chunks(bytes: &[u8], grammar: &Grammar) -> Vec<Chunk> {
    let (mut out, mut from) = (Vec::new(), 0);
    let header: Option<Arc<[u8]>> = grammar
        .heading
        .as_ref()
        .and_then(|_| bytes.split(|b| *b == b'\n').find(|l| l.starts_with(b"#Fields:")).map(Arc::from));
    while from < bytes.len() {
        let most = if grammar.framing == Framing::VslBinary { bytes.len() } else { from + (4 << 20) };
        let ahead = &bytes[from..bytes.len().min(most)];
        let cut = match grammar.framing {
            _ if from + ahead.len() == bytes.len() => None,
            Framing::Lines => lines::cut(ahead),
            Framing::Records => lines::cut_records(ahead, &|l| grammar.starts(l)),
            Framing::Objects => objects::cut(ahead),
            Framing::Vsl => vsl::cut(ahead),
            Framing::Vsl3 => vsl3::cut(ahead),
            // Read whole: only `pipeline::chunks` tells a chunk what is before it.
            Framing::VslBinary => None,
        };
        let piece = &ahead[..cut.unwrap_or(ahead.len())];
        let last = from + piece.len() == bytes.len();
        let mut chunk = Chunk::whole(FILE, piece.to_vec());
        (chunk.offset, chunk.last) = (from as u64, last);
        chunk.header = header.clone().filter(|_| from > 0);
        out.push(chunk);
        from += piece.len();
    }
    out
}

fn folded(chunks: &[Chunk], context: &Context<'_>) -> u64 {
    let all = chunks.iter().map(|c| fold(c, context)).fold(Partial::empty(), |a, b| a.merge(b, context));
    let all = all.settle(context);
    all.failures.len() as u64 + all.traffic.values().flatten().map(|(_, m)| m.fetches).sum::<u64>()
}

fn format(format: &Format, grammar: &Grammar) {
    let bytes = format.generate(1, common::size(), FAILING);
    let name = format.name;
    common::measure(&format!("lines/{name}"), &bytes, bare_lines);
    common::measure(&format!("events/{name}"), &bytes, |bytes| events(bytes, grammar));
    let chunks = chunks(&bytes, grammar);
    let alone = context(grammar, false);
    common::measure(&format!("fold/{name}"), &bytes, |_| folded(&chunks, &alone));
    if bears_requests(grammar) {
        let linked = context(grammar, true);
        common::measure(&format!("linked-fold/{name}"), &bytes, |_| folded(&chunks, &linked));
    }
}

fn main() {
    let library = Library::embedded();
    common::headline();
    for f in &FORMATS {
        match library.get(f.grammar) {
            Some(grammar) => format(f, grammar),
            None => println!("{}: no such grammar", f.grammar),
        }
    }
}
