//! One followed file and the logs in it. In: its opening, its bytes, its end; out: feeds of bytes once its format is
//! known, its position, and quotes from it. It must not fold anything.

use std::collections::HashMap;

use super::super::quotes::Originals;
use super::again::{Again, Opening};
use super::delta::Sent;
use super::feed::Feed;
use crate::model::stamp::SECOND;
use crate::model::{Evidence, Failure, FileId, FileKey, Position, Stamp};
use crate::source::{Found, series_key};

/// A file whose format is not clear is looked at again when it has grown, or after so long; microseconds.
const RETRY: i64 = SECOND;
/// So many bytes must tell a format; beyond it the file is passed over.
const PATIENCE: usize = 1 << 20;

/// Whether its format is known.
#[derive(Debug)]
pub enum State {
    /// Not yet: bytes wait, from the opening's `from` on.
    Asking {
        /// What has come.
        waiting: Vec<u8>,
        /// Bytes at the last look, and when it was.
        looked: (usize, Stamp),
        /// Recognised in this very moment.
        known: Vec<Feed>,
    },
    /// It is.
    Known(Vec<Feed>),
    /// It never will be: bytes are passed over.
    Refused,
}

/// A followed file.
#[derive(Debug)]
pub struct Strand {
    /// How it was opened.
    pub opening: Opening,
    /// Whether its format is known.
    pub state: State,
    /// Nothing more will come.
    pub ended: bool,
    /// The low watermark at the last keeping.
    pub low: u64,
    fed: Stamp,
    done: bool,
}

impl Strand {
    /// A file that is followed from now on.
    pub fn new(opening: Opening) -> Strand {
        let state = State::Asking { waiting: Vec::new(), looked: (0, Stamp::NONE), known: Vec::new() };
        Strand { low: opening.from, opening, state, ended: false, fed: Stamp::NONE, done: false }
    }

    /// The name that its log has in the tables.
    pub fn log_key(&self) -> String {
        series_key(&self.opening.log).0
    }

    /// Appends bytes.
    pub fn append(&mut self, offset: u64, bytes: &[u8], wall: Stamp) {
        self.fed = wall;
        match &mut self.state {
            State::Asking { waiting, .. } => waiting.extend_from_slice(bytes),
            State::Known(feeds) => feeds.iter_mut().for_each(|f| f.append(bytes, wall)),
            State::Refused => self.low = offset + bytes.len() as u64,
        }
    }

    /// True when it is time to look what it is.
    pub fn asks(&self, wall: Stamp) -> bool {
        let State::Asking { waiting, looked, .. } = &self.state else { return false };
        let grown = waiting.len() >= 2 * looked.0.max(1);
        let later = wall.since(looked.1).is_none_or(|us| us >= RETRY) && waiting.len() > looked.0;
        let has_line = self.ended || memchr::memchr(b'\n', waiting).is_some() || waiting.len() > 4096;
        !waiting.is_empty() && has_line && (grown || later || (self.ended && looked.0 == 0))
    }

    /// What to recognise: the file, or of a stream what has come of it.
    pub fn found(&self) -> Found {
        match &self.state {
            State::Asking { waiting, .. } if self.opening.stream => self.opening.found.with_content(waiting.clone()),
            _ => self.opening.found.clone(),
        }
    }

    /// What has come of a file, to be recognised whatever its name leads to by now; `None` of a stream.
    pub fn come(&self) -> Option<Found> {
        match &self.state {
            State::Asking { waiting, .. } if !self.opening.stream && !waiting.is_empty() => {
                Some(self.opening.found.with_content(waiting.clone()))
            }
            _ => None,
        }
    }

    /// The beginning of the file, when bytes before `from` may matter.
    pub fn head(&self) -> Vec<u8> {
        if self.opening.from == 0 || self.opening.stream {
            return Vec::new();
        }
        crate::source::head(&self.opening.found, 64 << 10).map(|h| h.bytes).unwrap_or_default()
    }

    /// Nothing can be said yet.
    pub fn wait(&mut self, wall: Stamp) {
        if let State::Asking { waiting, looked, .. } = &mut self.state {
            *looked = (waiting.len(), wall);
        }
    }

    /// It was not recognised. True when that is worth a word: when it has ended, or goes on being strange.
    pub fn refuse(&mut self, wall: Stamp) -> bool {
        let State::Asking { waiting, looked, .. } = &mut self.state else { return false };
        *looked = (waiting.len(), wall);
        if waiting.len() < PATIENCE && !self.ended {
            return memchr::memchr_iter(b'\n', waiting).count() >= 10;
        }
        self.low = self.opening.from + waiting.len() as u64;
        self.state = State::Refused;
        true
    }

    /// One of its logs is known.
    pub fn know(&mut self, feed: Feed) {
        if let State::Asking { known, .. } = &mut self.state {
            known.push(feed);
        }
    }

    /// Feeds what waited, once its logs are known.
    pub fn begin(&mut self) {
        let State::Asking { waiting, known, .. } = &mut self.state else { return };
        if known.is_empty() {
            return;
        }
        let (waiting, mut feeds) = (std::mem::take(waiting), std::mem::take(known));
        feeds.iter_mut().for_each(|f| f.append(&waiting, self.fed));
        self.state = State::Known(feeds);
    }

    /// Its logs.
    pub fn feeds(&self) -> impl Iterator<Item = &Feed> {
        let feeds = if let State::Known(feeds) = &self.state { feeds.as_slice() } else { &[] };
        feeds.iter()
    }

    /// Its logs.
    pub fn feeds_mut(&mut self) -> impl Iterator<Item = &mut Feed> {
        let feeds = if let State::Known(feeds) = &mut self.state { feeds.as_mut_slice() } else { &mut [] };
        feeds.iter_mut()
    }

    /// One of its logs.
    pub fn feed(&mut self, n: usize) -> Option<&mut Feed> {
        if let State::Known(feeds) = &mut self.state { feeds.get_mut(n) } else { None }
    }

    /// From where it would have to be read again, so that everything taken in at or after `horizon`, and what is `needed`
    /// beside it, is seen again. `None` when it is not worth a note yet. `now`: the moment of the logs.
    pub fn position(
        &mut self,
        key: FileKey,
        path: String,
        horizon: Stamp,
        needed: &HashMap<FileId, (u64, u64)>,
        now: Stamp,
        wall: Stamp,
    ) -> Option<Position> {
        let mut taken = Vec::new();
        let mut place: Option<(u64, u64, u64, bool)> = None;
        let passed = self.low;
        match &mut self.state {
            State::Asking { .. } => {
                place = Some((self.opening.from, self.opening.lines_before, self.opening.counted, false))
            }
            State::Refused => place = Some((passed, 0, passed, self.ended)),
            State::Known(feeds) => {
                for feed in feeds {
                    let (mut low, mut lines) = feed.marks.low(horizon);
                    if let Some(needed) = needed.get(&feed.file).filter(|needed| needed.0 < low) {
                        (low, lines) = *needed;
                    }
                    let (end, counted) = (feed.marks.end, feed.marks.end.max(feed.counted));
                    let finished = self.ended && low == end && feed.is_empty();
                    let before = place.unwrap_or((low, lines, counted, finished));
                    let lowest = if low < before.0 { (low, lines) } else { (before.0, before.1) };
                    place = Some((lowest.0, lowest.1, counted.min(before.2), finished && before.3));
                }
            }
        }
        let (low, low_lines, counted, finished) = place?;
        match &self.state {
            State::Asking { .. } => taken.clone_from(&self.opening.taken),
            State::Known(feeds) if feeds.len() == 1 => taken = feeds[0].taken_from(low, now, wall),
            _ => {}
        }
        self.low = low;
        self.done = finished;
        Some(Position { path, key, low, low_lines, counted, finished, wall, taken })
    }

    /// True while what an earlier run has read of it is read again.
    pub fn reads_again(&self) -> bool {
        let known = match &self.state {
            State::Asking { waiting, .. } => self.opening.from + waiting.len() as u64 >= self.opening.counted,
            State::Known(feeds) => feeds.iter().all(|f| f.marks.end >= f.counted),
            State::Refused => true,
        };
        !self.ended && !known
    }

    /// True when nobody needs it any more: it has ended, and all of it is settled and noted.
    pub fn is_done(&self) -> bool {
        match &self.state {
            State::Asking { waiting, .. } => self.ended && waiting.is_empty(),
            State::Refused => self.ended,
            State::Known(_) => self.ended && self.done,
        }
    }
}

/// Quotes from followed files.
pub struct Place<'t> {
    /// Which file is which.
    pub places: &'t HashMap<FileId, u32>,
    /// Whoever follows them.
    pub again: &'t mut dyn Again,
    /// What was quoted before.
    pub known: &'t Sent,
}

impl Originals for Place<'_> {
    fn path(&self, file: FileId) -> String {
        self.places.get(&file).map(|id| self.again.path(*id)).unwrap_or_default()
    }

    fn read(&mut self, file: FileId, wanted: &[(u64, u32)], give: &mut dyn FnMut(usize, &[u8])) {
        let Some(id) = self.places.get(&file) else { return };
        for (n, (offset, len)) in wanted.iter().enumerate() {
            if let Some(bytes) = self.again.read(*id, *offset, *len) {
                give(n, &bytes);
            }
        }
    }

    fn before(&mut self, failure: &Failure) -> Option<Evidence> {
        self.known.quoted(failure)
    }
}
