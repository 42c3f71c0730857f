//! One chunk to the bytes that are written of its events. In: a chunk and an encoder; out: the bytes, what was counted,
//! and for a log of transactions the pieces that the chunk's edges cut with the places in the bytes where they belong.
//! Run on any thread in any order. It must not know what is written of an event.

use std::collections::BTreeMap;

use super::Job;
use super::context::{Context, Reading};
use super::fold::{self, Listen};
use super::partial::FileTally;
use crate::model::stamp::SECOND;
use crate::model::vsl::NO_HEADER;
use crate::model::{Bytes, Event, FileId, Locator, Logged, SeriesId};
use crate::source::Chunk;
use crate::varnish::Fragments;

/// Writes what is to be said of an event, or nothing.
pub type Encode<'a> = dyn Fn(&Event<'_>, &Logged<'_>, &mut Vec<u8>) + Sync + 'a;

/// The key of a record without transaction is its place with this bit; transaction ids end at 2^51.
const PLACE: u64 = 1 << 63;

/// What every thread reads.
pub struct Desk<'p> {
    /// The tables of the plan.
    pub context: &'p Context<'p>,
    encode: &'p Encode<'p>,
    /// Node and zone of each series. The interned texts are looked up once: their table is behind a lock.
    series: BTreeMap<SeriesId, (Bytes, Option<i64>)>,
    paths: BTreeMap<FileId, Bytes>,
}

impl<'p> Desk<'p> {
    /// The tables of a run.
    pub fn new(context: &'p Context<'p>, job: &Job<'_>, encode: &'p Encode<'p>) -> Desk<'p> {
        let series = context.series.iter().map(|(id, r)| (*id, (r.series.node.bytes(), zone_us(r, context, job))));
        let paths = context.files.iter().map(|(id, f)| (*id, f.path.bytes()));
        Desk { context, encode, series: series.collect(), paths: paths.collect() }
    }

    /// The path of a file.
    pub fn path(&self, file: FileId) -> &[u8] {
        self.paths.get(&file).map(|path| &**path).unwrap_or_default()
    }

    /// What is to be known of a series to write its events.
    pub fn logged<'a>(&'a self, id: SeriesId, place: &'a dyn Fn(Locator) -> (&'a [u8], u64)) -> Logged<'a> {
        let series = &self.context.reading(id).series;
        let (node, zone_us) = &self.series[&id];
        Logged { tier: series.tier, node, resolution_us: series.resolution_us, zone_us: *zone_us, place }
    }

    /// Writes an event of the span asked for; false when nothing was written.
    #[inline]
    pub fn write(&self, event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>) -> bool {
        if !self.context.covers(event.time() - logged.zone_us.unwrap_or(0), 0) {
            return false;
        }
        let before = out.len();
        (self.encode)(event, logged, out);
        out.len() > before
    }
}

/// What is taken from the stamps of a series: where they name no zone, that which the user states, else that of an
/// access log of the same node; `None` when nobody knows.
fn zone_us(reading: &Reading, context: &Context<'_>, job: &Job<'_>) -> Option<i64> {
    let own = &reading.series;
    if !own.local_time {
        return Some(0);
    }
    let stated = job.log_zones.iter().find(|(n, _)| n.as_ref().is_none_or(|n| *n == own.node.lossy())).map(|(_, s)| *s);
    let beside = context.series.values().filter(|a| a.series.node == own.node).find_map(|a| a.zone_offset_s);
    stated.or(beside).map(|s| i64::from(s) * SECOND)
}

/// What became of a chunk.
#[derive(Debug)]
pub struct Told {
    /// Its file.
    pub file: FileId,
    /// Its place in it.
    pub offset: u64,
    /// Number of its first line, from 1.
    pub first_line: u64,
    /// What was written of its own events.
    pub bytes: Vec<u8>,
    /// How many those are.
    pub events: u64,
    /// Its lines.
    pub tally: FileTally,
    /// What its edges cut.
    pub cut: Option<Cut>,
}

/// What the edges of a chunk cut.
#[derive(Debug)]
pub struct Cut {
    /// The pieces.
    pub fragments: Fragments,
    /// Where a transaction may have become whole, sorted.
    edges: Vec<Edge>,
}

impl Cut {
    /// Where in the chunk's bytes an event belongs that became whole with it, and before which others there.
    pub fn place_of(&self, event: &Event<'_>) -> (usize, usize) {
        let key = if event.vxid() == 0 { PLACE | event.at().offset } else { event.vxid() };
        // The end of grouped text above the first header names no transaction.
        let edge = self.first(key).or_else(|| self.first(NO_HEADER));
        edge.map_or((0, 0), |e| (e.place, e.number))
    }

    fn first(&self, key: u64) -> Option<&Edge> {
        let at = self.edges.partition_point(|e| e.key < key);
        self.edges.get(at).filter(|e| e.key == key)
    }
}

/// A record at which a transaction may have become whole.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    /// Its transaction, or with [`PLACE`] its own place.
    key: u64,
    /// Its number among the edges of the chunk.
    number: usize,
    /// How much was written before it.
    place: usize,
}

/// Turns a chunk into bytes, using the buffer `spare`. `first_line` is the number of its first line, from 1.
pub fn encode(chunk: &Chunk, first_line: u64, desk: &Desk<'_>, mut spare: Vec<u8>) -> Told {
    spare.clear();
    let id = desk.context.files[&chunk.file].series;
    let path = desk.path(chunk.file);
    let place = |at: Locator| (path, first_line + u64::from(at.line));
    let mut tally = FileTally::default();
    let mut scribe = Scribe { desk, logged: desk.logged(id, &place), out: spare, events: 0, edges: Vec::new() };
    let fragments = fold::read(chunk, desk.context, &mut tally, &mut scribe);
    let Scribe { out: bytes, events, mut edges, .. } = scribe;
    edges.sort_unstable();
    let cut = fragments.map(|fragments| Cut { fragments, edges });
    Told { file: chunk.file, offset: chunk.offset, first_line, bytes, events, tally, cut }
}

/// Writes down what a chunk tells.
struct Scribe<'s, 'p> {
    desk: &'s Desk<'p>,
    logged: Logged<'s>,
    out: Vec<u8>,
    events: u64,
    edges: Vec<Edge>,
}

impl Listen for Scribe<'_, '_> {
    #[inline]
    fn event(&mut self, event: &Event<'_>) {
        self.events += u64::from(self.desk.write(event, &self.logged, &mut self.out));
    }

    #[inline]
    fn edge(&mut self, vxid: u64, at: Locator) {
        let key = if vxid == 0 { PLACE | at.offset } else { vxid };
        self.edges.push(Edge { key, number: self.edges.len(), place: self.out.len() });
    }
}
