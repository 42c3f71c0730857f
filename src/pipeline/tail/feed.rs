//! The bytes of one log, as they come, to chunks that end at record edges. In: appended bytes, the end of the log, the
//! wall clock; out: chunks for the fold. It must not know who reads the file, nor fold anything.

use std::sync::Arc;

use super::super::chunked::{cut, heading};
use super::super::context::Context;
use super::marks::Marks;
use crate::frame::{Unwrapped, lines};
use crate::grammar::Framing;
use crate::model::follow::Taken;
use crate::model::stamp::SECOND;
use crate::model::{FileId, Stamp};
use crate::source::{Chunk, Heading};

/// Chunks are not larger than this, so that several threads have something to do; bytes.
const CHUNK: usize = 1 << 20;
/// The longest record that is kept whole; bytes.
const CAP: usize = 16 << 20;
/// A message that may go on in the next line is taken as it is when nothing came for so long; microseconds.
const QUIET: i64 = 2 * SECOND;

/// One log of a followed file.
#[derive(Debug)]
pub struct Feed {
    /// Its file.
    pub file: FileId,
    /// The name of its log in the tables.
    pub key: String,
    /// How far it was folded.
    pub marks: Marks,
    /// Events before this byte were counted by an earlier run.
    pub counted: u64,
    /// When that run took in what was read again, until it was recalled.
    pub earlier: Vec<Taken>,
    /// The edge between what that run counted and what it did not, when it was reached just now: byte, newlines before it.
    pub boundary: Option<(u64, u64)>,
    buffer: Vec<u8>,
    number: u32,
    before: u8,
    header: Option<Arc<[u8]>>,
    inside: Unwrapped,
    overlong: u64,
    /// The rest of a line that is too long is passed over.
    passing: bool,
    /// When bytes came last (wall clock).
    fed: Stamp,
    closed: bool,
}

impl Feed {
    /// A log that is read from a byte on. `head`: the beginning of its file, which may name the columns.
    pub fn new(file: FileId, from: u64, lines: u64, counted: u64, head: &[u8], context: &Context<'_>) -> Feed {
        let grammar = &context.reading(context.files[&file].series).grammar;
        let (mut before, mut header) = (0, None);
        if from > 0 {
            let end = head.len().min(usize::try_from(from).unwrap_or(usize::MAX));
            header = heading(grammar).and_then(|h| h.last(&head[..end], true));
            // A binary log says at its beginning how its records are laid out.
            before = cut(grammar, &head[..end], 0).map_or(0, |(_, next)| next);
        }
        Feed {
            file,
            key: String::new(),
            marks: Marks::new(from, lines),
            counted,
            earlier: Vec::new(),
            boundary: None,
            buffer: Vec::new(),
            number: 0,
            before,
            header,
            inside: Unwrapped::default(),
            overlong: 0,
            passing: false,
            fed: Stamp::NONE,
            closed: false,
        }
    }

    /// Appends bytes.
    pub fn append(&mut self, bytes: &[u8], wall: Stamp) {
        self.fed = wall;
        self.buffer.extend_from_slice(bytes);
    }

    /// True when no byte waits for the end of its record.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes out whole records, in chunks. `ended`: nothing more will come, so that the last record is whole.
    pub fn chunks(&mut self, context: &Context<'_>, ended: bool, wall: Stamp, give: &mut dyn FnMut(Chunk)) {
        self.pass_over();
        let mut from = 0;
        while from < self.buffer.len() {
            let Some((edge, next)) = self.edge(from, context, ended, wall) else { break };
            give(self.chunk(from, edge, next, context, false));
            from += edge;
        }
        self.buffer.drain(..from);
        if self.buffer.len() > CAP {
            self.drop_line();
        }
        if ended && !self.closed {
            self.closed = true;
            let last = self.chunk(0, self.buffer.len(), 0, context, true);
            self.buffer.clear();
            give(last);
        }
    }

    /// How many bytes from `from` on are whole records, at most a chunk of them, and what the next chunk must know.
    fn edge(&mut self, from: usize, context: &Context<'_>, ended: bool, wall: Stamp) -> Option<(usize, u8)> {
        let rest = &self.buffer[from..];
        let uncounted = self.counted.saturating_sub(self.marks.end);
        // What an earlier run counted must not lie in one chunk with what it did not.
        let stop = usize::try_from(uncounted).ok().filter(|n| *n > 0).unwrap_or(usize::MAX);
        let grammar = &context.reading(context.files[&self.file].series).grammar;
        let reach = context.wraps.get(&self.file);
        let mut most = CHUNK;
        loop {
            let range = &rest[..rest.len().min(most).min(stop)];
            let found = match reach {
                Some(reach) => reach.cut(grammar, &mut self.inside, range).map(|edge| (edge, 0)),
                None => cut(grammar, range, self.before),
            };
            if let Some((edge, next)) = found.filter(|(edge, _)| *edge > 0) {
                return Some((edge.min(range.len()), next));
            }
            if range.len() == stop {
                return Some((stop, self.before));
            }
            if range.len() == rest.len() {
                break;
            }
            most = most.saturating_mul(2);
        }
        let quiet = wall.since(self.fed).is_some_and(|us| us >= QUIET);
        let by_lines = quiet && !ended && grammar.framing == Framing::Records && rest.ends_with(b"\n");
        by_lines.then(|| lines::cut(rest)).flatten().map(|edge| (edge, 0))
    }

    fn chunk(&mut self, from: usize, len: usize, next: u8, context: &Context<'_>, last: bool) -> Chunk {
        let bytes = self.buffer[from..from + len].to_vec();
        let mut chunk = Chunk::whole(self.file, bytes);
        chunk.number = self.number;
        chunk.offset = self.marks.end;
        chunk.overlong = std::mem::take(&mut self.overlong);
        chunk.header = self.header.clone();
        chunk.before = std::mem::replace(&mut self.before, next);
        chunk.last = last;
        let grammar = &context.reading(context.files[&self.file].series).grammar;
        if let Some(line) = heading(grammar).and_then(|h: Heading| h.last(&chunk.bytes, chunk.offset == 0)) {
            self.header = Some(line);
        }
        self.number += 1;
        let before = self.marks.end;
        self.marks.end += len as u64;
        self.marks.lines += chunk.newlines;
        if before < self.counted && self.marks.end >= self.counted {
            self.boundary = Some((self.marks.end, self.marks.lines));
        }
        chunk
    }

    /// Drops a line that is longer than any record may be.
    fn drop_line(&mut self) {
        self.marks.end += self.buffer.len() as u64;
        self.buffer.clear();
        self.overlong += 1;
        self.passing = true;
    }

    /// Passes over the rest of a dropped line.
    fn pass_over(&mut self) {
        if !self.passing {
            return;
        }
        let newline = memchr::memchr(b'\n', &self.buffer);
        let end = newline.map_or(self.buffer.len(), |n| n + 1);
        self.marks.end += end as u64;
        self.marks.lines += u64::from(newline.is_some());
        self.passing = newline.is_none();
        self.buffer.drain(..end);
    }
}
