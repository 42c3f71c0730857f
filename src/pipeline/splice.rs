//! What chunks tell, in the order of the logs. In: the bytes of each chunk, one after the other, and what its edges
//! cut; out: one stream in which a transaction stands where it became whole, however the log was cut into chunks. It
//! must not read, and works on one thread.
//!
//! Transactions whose beginning is not in the log, and those without an end, come at the end of their series.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use super::encode::{Cut, Desk, Told};
use super::partial::FileTally;
use super::stream::Streamed;
use crate::model::{Event, FileId, Locator, SeriesId};
use crate::varnish::Fragments;

/// An event that became whole with a chunk: its place in the chunk's bytes, and its own bytes.
type Whole = ((usize, usize), Range<usize>);

/// Puts chunks together.
pub struct Splicer<'d, 'o> {
    desk: &'d Desk<'d>,
    out: &'o mut dyn Write,
    /// Emptied buffers, to be used again.
    spare: Vec<Vec<u8>>,
    /// The series at hand and what is not whole of it so far.
    open: Option<(SeriesId, Fragments)>,
    /// Number of the first line of each chunk of that series.
    lines: BTreeMap<(FileId, u64), u64>,
    /// What was counted of each file: its lines, and its events.
    tallies: BTreeMap<FileId, (FileTally, u64)>,
    /// What is written of events that became whole with the chunk at hand.
    joined: Vec<u8>,
}

impl<'d, 'o> Splicer<'d, 'o> {
    /// One that has seen nothing.
    pub fn new(desk: &'d Desk<'d>, out: &'o mut dyn Write) -> Splicer<'d, 'o> {
        Splicer {
            desk,
            out,
            spare: Vec::new(),
            open: None,
            lines: BTreeMap::new(),
            tallies: BTreeMap::new(),
            joined: Vec::new(),
        }
    }

    /// A buffer for the next chunk.
    pub fn spare(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Writes the next chunk.
    pub fn deliver(&mut self, told: Told) -> io::Result<()> {
        let series = self.desk.context.files[&told.file].series;
        if self.open.as_ref().is_some_and(|(id, _)| *id != series) {
            self.end_series()?;
        }
        let tally = self.tallies.entry(told.file).or_default();
        tally.0.absorb(told.tally);
        tally.1 += told.events;
        if let Some(cut) = told.cut {
            self.lines.insert((told.file, told.offset), told.first_line);
            let whole = self.join(cut, series);
            self.write_with(&told.bytes, whole)?;
        } else {
            self.out.write_all(&told.bytes)?;
        }
        self.spare.push(told.bytes);
        self.out.flush()
    }

    /// Joins what the chunk's edges cut with what was open before it. Of each event that became whole: its place in
    /// the chunk's bytes, and its own bytes in `joined`.
    fn join(&mut self, mut cut: Cut, series: SeriesId) -> Vec<Whole> {
        let mut whole = Vec::new();
        let right = std::mem::take(&mut cut.fragments);
        let left = self.open.take();
        let open = match left {
            None => right,
            Some((_, left)) => self.told_by(series, |write| {
                left.join(right, &mut |event| {
                    let bytes = write(&event);
                    whole.push((cut.place_of(&event), bytes));
                })
            }),
        };
        self.open = Some((series, open));
        whole.sort_by_key(|(place, _): &Whole| *place);
        whole
    }

    /// Ends the series at hand: what is not whole is told as it is.
    pub fn end_series(&mut self) -> io::Result<()> {
        let Some((series, open)) = self.open.take() else { return Ok(()) };
        self.told_by(series, |write| {
            open.flush(&mut |event| {
                write(&event);
            });
        });
        self.lines.clear();
        self.write_with(&[], vec![((0, 0), 0..self.joined.len())])
    }

    /// Calls `act` with what writes an event into `joined`, from whichever chunk it comes.
    fn told_by<T>(&mut self, series: SeriesId, act: impl FnOnce(&mut dyn FnMut(&Event<'_>) -> Range<usize>) -> T) -> T {
        let Splicer { desk, lines, tallies, joined, .. } = self;
        let place = |at: Locator| {
            let chunk = lines.range(..=(at.file, at.offset)).next_back();
            (desk.path(at.file), chunk.map_or(1, |(_, first)| *first) + u64::from(at.line))
        };
        let logged = desk.logged(series, &place);
        act(&mut |event| {
            let start = joined.len();
            if desk.write(event, &logged, joined) {
                tallies.entry(event.at().file).or_default().1 += 1;
            }
            start..joined.len()
        })
    }

    /// Writes `bytes` with pieces of `joined` set in at their places, and empties that.
    fn write_with(&mut self, bytes: &[u8], whole: Vec<Whole>) -> io::Result<()> {
        let mut done = 0;
        for ((place, _), piece) in whole {
            self.out.write_all(&bytes[done..place])?;
            self.out.write_all(&self.joined[piece])?;
            done = place;
        }
        self.joined.clear();
        self.out.write_all(&bytes[done..])
    }

    /// What was read of these files, in their order.
    pub fn sources(mut self, files: impl Iterator<Item = FileId>) -> Vec<Streamed> {
        let source = |id: FileId| {
            let (tally, events) = self.tallies.remove(&id)?;
            let first_lines = tally.first_lines();
            let number = |offset: &u64, line: &u32| {
                let chunk = first_lines.range(..=offset).next_back();
                chunk.map_or(1, |(_, first)| *first) + u64::from(*line)
            };
            let rejects = tally.rejects.iter().map(|(offset, (line, text))| (number(offset, line), *text)).collect();
            let file = String::from_utf8_lossy(self.desk.path(id)).into_owned();
            Some(Streamed { file, lines: tally.lines, events, rejects })
        };
        files.filter_map(source).collect()
    }
}
