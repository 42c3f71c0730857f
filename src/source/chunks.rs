//! From a file to chunks that end at record edges. In: a [`Found`] and a closure that says where its records end;
//! out: [`Chunk`]s in order, then at most one [`Trouble`]. It must not know any format.
//!
//! A record that does not fit makes the buffer grow, up to a cap; then it is cut at the last newline. A line longer
//! than the cap is dropped and counted. So memory stays bounded whatever the file holds, and offsets stay true.

use std::io::Read;
use std::sync::Arc;

use super::open::{Content, open, plain_words};
use super::pool::{Chunk, Pool};
use super::progress::Progress;
use super::spec::{Found, Trouble};
use crate::model::FileId;

/// How large chunks are, and who wants to know how far reading has come.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes per chunk, roughly.
    pub chunk: usize,
    /// The longest record, and the longest line, that is kept whole; bytes.
    pub cap: usize,
    /// Counts what is read.
    pub progress: Option<Arc<Progress>>,
    /// Which lines name the columns of those below them.
    pub heading: Option<Heading>,
}

/// A kind of line that names the columns of the lines below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// Every line that begins so.
    Marked(&'static str),
    /// The first line of the file.
    First,
}

impl Heading {
    /// The last such line in `bytes`, which begin with a line; `first` when they are the beginning of the file.
    pub fn last(self, bytes: &[u8], first: bool) -> Option<Arc<[u8]>> {
        let begin = match self {
            Heading::First => first.then_some(0)?,
            Heading::Marked(mark) => {
                let found = memchr::memmem::rfind_iter(bytes, mark.as_bytes());
                found.take(64).find(|at| *at == 0 || bytes[at - 1] == b'\n' || (first && *at == 3))?
            }
        };
        let end = memchr::memchr(b'\n', &bytes[begin..]).map_or(bytes.len(), |n| begin + n);
        (end - begin <= 1 << 16).then(|| bytes[begin..end].trim_ascii_end().into())
    }
}

impl Default for Settings {
    /// 4 MiB chunks, 64 MiB cap.
    fn default() -> Settings {
        Settings { chunk: 4 << 20, cap: 64 << 20, progress: None, heading: None }
    }
}

/// The chunks of one file; an iterator.
pub struct Chunks<C> {
    path: String,
    content: Content,
    file: FileId,
    cut: C,
    chunk: usize,
    cap: usize,
    pool: Arc<Pool>,
    /// Bytes not yet given out; only the first `filled` are real.
    buffer: Vec<u8>,
    filled: usize,
    /// Offset of `buffer[0]` in the content.
    offset: u64,
    number: u32,
    heading: Option<Heading>,
    /// The header line in force at `offset`.
    header: Option<Arc<[u8]>>,
    /// Newlines given out or dropped.
    lines: u64,
    overlong: u64,
    ended: bool,
    done: bool,
    trouble: Option<Trouble>,
}

impl<C: FnMut(&[u8]) -> Option<usize>> Chunks<C> {
    /// Opens a file. `cut` gets bytes that begin at a record edge and says how many of them are whole records,
    /// as many as possible: `None` or 0 when none is complete. It must be safe on any bytes; it is called once per
    /// chunk, and once more whenever the buffer has doubled without an edge.
    pub fn open(found: &Found, file: FileId, cut: C, settings: &Settings) -> Result<Chunks<C>, Trouble> {
        let (content, _) = open(found, settings.progress.clone())?;
        let chunk = settings.chunk.max(1);
        Ok(Chunks {
            path: found.path.clone(),
            content,
            file,
            cut,
            chunk,
            cap: settings.cap.max(chunk),
            pool: Pool::new(chunk.saturating_mul(2)),
            buffer: Vec::new(),
            filled: 0,
            offset: 0,
            number: 0,
            heading: settings.heading,
            header: None,
            lines: 0,
            overlong: 0,
            ended: false,
            done: false,
            trouble: None,
        })
    }

    /// Reads until `target` bytes are in the buffer or the file has ended.
    fn fill(&mut self, target: usize) {
        if self.buffer.len() < target {
            self.buffer.resize(target, 0);
        }
        while !self.ended && self.filled < target {
            match self.content.read(&mut self.buffer[self.filled..target]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.filled += n,
                Err(e) => {
                    self.ended = true;
                    self.trouble = Some(Trouble::new(&self.path, plain_words(&e)));
                }
            }
        }
    }

    /// Fills the buffer until it holds a whole record or can grow no more; returns how many bytes to give out.
    fn next_edge(&mut self) -> usize {
        // A rest larger than a chunk has no edge in it, so there is no point in asking before it has grown.
        let mut target =
            if self.filled < self.chunk { self.chunk } else { self.filled.saturating_mul(2).min(self.cap) };
        loop {
            self.fill(target);
            if self.ended {
                return self.filled;
            }
            let edge = (self.cut)(&self.buffer[..self.filled]).unwrap_or(0).min(self.filled);
            if edge > 0 {
                return edge;
            }
            if target < self.cap {
                target = target.saturating_mul(2).min(self.cap);
            } else if let Some(newline) = memchr::memrchr(b'\n', &self.buffer[..self.filled]) {
                return newline + 1;
            } else {
                self.drop_line();
                target = self.chunk;
            }
        }
    }

    /// Drops the line that fills the whole buffer, up to and including its newline.
    fn drop_line(&mut self) {
        self.overlong += 1;
        loop {
            self.offset += self.filled as u64;
            self.filled = 0;
            self.fill(self.chunk);
            if let Some(newline) = memchr::memchr(b'\n', &self.buffer[..self.filled]) {
                self.buffer.copy_within(newline + 1..self.filled, 0);
                self.filled -= newline + 1;
                self.offset += newline as u64 + 1;
                self.lines += 1;
                return;
            }
            if self.ended {
                self.offset += self.filled as u64;
                self.filled = 0;
                return;
            }
        }
    }

    /// Gives out the first `edge` bytes and carries the rest over.
    fn give(&mut self, edge: usize) -> Chunk {
        let mut next = self.pool.take();
        let rest = self.filled - edge;
        if next.len() < rest {
            next.resize(rest, 0);
        }
        next[..rest].copy_from_slice(&self.buffer[edge..self.filled]);
        let mut bytes = std::mem::replace(&mut self.buffer, next);
        bytes.truncate(edge);
        let newlines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let chunk = Chunk {
            file: self.file,
            number: self.number,
            offset: self.offset,
            newlines,
            overlong: std::mem::take(&mut self.overlong),
            header: self.header.clone(),
            before: 0,
            last: self.ended,
            pool: Some(self.pool.clone()),
            bytes,
        };
        if let Some(heading) = self.heading
            && let Some(line) = heading.last(&chunk.bytes, self.number == 0)
        {
            self.header = Some(line);
        }
        self.number += 1;
        self.offset += edge as u64;
        self.lines += newlines;
        self.filled = rest;
        chunk
    }

    /// The trouble with its place, now that all before it has been given out.
    fn report(&mut self) -> Option<Trouble> {
        let mut trouble = self.trouble.take()?;
        let why = &trouble.why;
        trouble.why =
            format!("{why} at byte {} of its content; {} lines before that were kept", self.offset, self.lines);
        Some(trouble)
    }
}

impl<C: FnMut(&[u8]) -> Option<usize>> Iterator for Chunks<C> {
    type Item = Result<Chunk, Trouble>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return self.report().map(Err);
        }
        let edge = self.next_edge();
        self.done = self.ended;
        Some(Ok(self.give(edge)))
    }
}
