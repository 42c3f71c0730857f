//! The mergeable state of a run. In: events of chunks, in any order and on any thread; out: what linking, grouping and
//! reporting need, and nothing that grows with the input except failures, a bounded sample and counters. It must not
//! know how chunks are read, and nothing in it asks whether the run is a batch or a tail.
//!
//! Laws (tests/laws.rs): `empty` is neutral, `merge` is associative and independent of order. Transactions cut by the
//! edges of chunks wait in `open`, keyed by the range they came from, and join only when ranges are adjacent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::context::Context;
use super::rows::Rows;
use crate::model::report::Lines;
use crate::model::{
    Cause, ChangeKind, Failure, FetchOutcome, FetchRow, FileId, Locator, Minute, Minutes, Note, Pulse, RequestRow,
    SeriesId, Served, Stamp, Text, further_identity,
};
use crate::varnish::Fragments;

/// A place in the byte space of a series: (ordinal of the file, byte). The end of a file is the start of the next.
pub type Place = (u32, u64);

/// What is told of one file.
#[derive(Clone, Debug, Default)]
pub struct FileTally {
    /// Its lines.
    pub lines: Lines,
    /// First and last stamp.
    pub first: Stamp,
    /// Last stamp.
    pub last: Stamp,
    /// Of each chunk, by the byte it begins at: lines dropped just before it, and newlines in it. Line numbers are
    /// prefix sums of these.
    pub chunks: BTreeMap<u64, (u64, u64)>,
    /// The first lines that were not understood: byte, line within its chunk, text.
    pub rejects: BTreeMap<u64, (u32, Text)>,
}

/// How many rejected lines are shown per file.
const REJECTS: usize = 3;
/// Parts of sites whose answers are noted at most.
const PARTS: usize = 4_096;

/// The outcome of a VCL retry, kept to tell what became of the attempt before it.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Series.
    pub series: SeriesId,
    /// The retried fetch.
    pub parent: u64,
    /// The fetch that retried it.
    pub vxid: u64,
    /// What became of it.
    pub outcome: FetchOutcome,
    /// When it began.
    pub started: Stamp,
}

/// A probe result that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Series.
    pub series: SeriesId,
    /// When.
    pub time: Stamp,
    /// Backend name.
    pub backend: Text,
    /// Verdict of the probe.
    pub healthy: bool,
    /// The probe's answer or error.
    pub response: Text,
}

/// A change that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// Series.
    pub series: SeriesId,
    /// When.
    pub time: Stamp,
    /// Kind.
    pub kind: ChangeKind,
    /// Its words.
    pub text: Text,
    /// Its line.
    pub at: Locator,
}

/// Pieces of transactions of one range of a series.
#[derive(Debug)]
pub struct Piece {
    /// End of the range.
    pub end: Place,
    /// What its edges cut.
    pub fragments: Fragments,
}

/// The mergeable state.
#[derive(Debug, Default)]
pub struct Partial {
    /// Files.
    pub files: BTreeMap<FileId, FileTally>,
    /// Traffic per minute.
    pub traffic: BTreeMap<SeriesId, Minutes>,
    /// Backends per slice of time, as fine as the driver wants to know.
    pub pulses: BTreeMap<(SeriesId, Stamp), HashMap<Text, Pulse>>,
    /// Fetches that failed or may prove to have failed (403).
    pub failures: Vec<Failure>,
    /// Requests that answered an error, or that a kept fetch belongs to.
    pub served: Vec<Served>,
    /// Outcomes of VCL retries.
    pub retries: Vec<Retry>,
    /// Fetches for the linker.
    pub fetches: Rows<FetchRow>,
    /// Requests for the linker.
    pub requests: Rows<RequestRow>,
    /// Parts of sites (host and URL group) that got a whole answer, and when last; at most [`PARTS`] of them.
    pub answered: BTreeMap<u32, Stamp>,
    /// Error-log messages that a cause rule recognised.
    pub notes: Vec<(SeriesId, Note)>,
    /// Probe results: the changes, and the first of each chunk.
    pub probes: Vec<Probe>,
    /// Changes.
    pub changes: Vec<Changed>,
    /// What was the client's or the edge's own doing, by series and cause.
    pub not_origin: HashMap<(SeriesId, Cause), u64>,
    /// Transactions whose record in the log is not whole.
    pub incomplete: BTreeMap<SeriesId, u64>,
    /// Series that tell the same traffic as another one of their node; their rows are not linked.
    pub twins: BTreeSet<SeriesId>,
    /// Series whose failed fetches another log of their node tells better; what they tell of requests still counts.
    pub fetch_twins: BTreeSet<SeriesId>,
    /// Transactions cut by the edges of ranges, by series and start.
    pub open: BTreeMap<(SeriesId, Place), Piece>,
}

impl Partial {
    /// The neutral element.
    pub fn empty() -> Partial {
        Partial::default()
    }

    /// The tally of a file.
    pub fn file(&mut self, id: FileId) -> &mut FileTally {
        self.files.entry(id).or_default()
    }

    /// The counters of a minute.
    pub fn minute(&mut self, series: SeriesId, at: Stamp) -> &mut Minute {
        self.traffic.entry(series).or_default().entry(at.minute()).or_default()
    }

    /// Notes when a part of a site was answered. Of very many parts those of the smallest numbers are known, so that the
    /// order of noting does not matter.
    pub fn note_answer(&mut self, part: u32, at: Stamp) {
        let last = self.answered.entry(part).or_default();
        *last = (*last).max(at);
        if self.answered.len() > PARTS {
            self.answered.pop_last();
        }
    }

    /// Adds what `other` holds and joins transactions of ranges that have become adjacent.
    pub fn merge(mut self, mut other: Partial, context: &Context<'_>) -> Partial {
        if other.failures.capacity() > self.failures.capacity() {
            std::mem::swap(&mut self, &mut other);
        }
        for (id, tally) in other.files {
            self.file(id).absorb(tally);
        }
        for (series, minutes) in other.traffic {
            let mine = self.traffic.entry(series).or_default();
            for (at, minute) in minutes {
                mine.entry(at).or_default().add(&minute);
            }
        }
        for (minute, backends) in other.pulses {
            let mine = self.pulses.entry(minute).or_default();
            backends.iter().for_each(|(backend, pulse)| mine.entry(*backend).or_default().add(pulse));
        }
        self.failures.append(&mut other.failures);
        self.served.append(&mut other.served);
        self.retries.append(&mut other.retries);
        self.fetches.absorb(other.fetches);
        self.requests.absorb(other.requests);
        other.answered.into_iter().for_each(|(part, at)| self.note_answer(part, at));
        self.notes.append(&mut other.notes);
        self.probes.append(&mut other.probes);
        self.changes.append(&mut other.changes);
        for (key, n) in other.not_origin {
            *self.not_origin.entry(key).or_default() += n;
        }
        for (series, n) in other.incomplete {
            *self.incomplete.entry(series).or_default() += n;
        }
        self.open.append(&mut other.open);
        self.join(context);
        self
    }

    /// Joins every pair of adjacent open ranges.
    fn join(&mut self, context: &Context<'_>) {
        let mut keys: Vec<(SeriesId, Place)> = self.open.keys().copied().collect();
        keys.dedup();
        let mut left: Option<((SeriesId, Place), Piece)> = None;
        let mut joined = BTreeMap::new();
        for key in keys {
            let Some(piece) = self.open.remove(&key) else { continue };
            left = Some(match left.take() {
                Some((start, mut before)) if start.0 == key.0 && before.end == key.1 => {
                    before.fragments = super::fold::join(self, before.fragments, piece.fragments, start.0, context);
                    before.end = piece.end;
                    (start, before)
                }
                Some((start, before)) => {
                    joined.insert(start, before);
                    (key, piece)
                }
                None => (key, piece),
            });
        }
        joined.extend(left);
        self.open = joined;
    }

    /// The same without what is only counted: it was counted before.
    pub fn uncounted(mut self) -> Partial {
        self.traffic.clear();
        self.not_origin.clear();
        self.incomplete.clear();
        self.pulses.clear();
        self.files.values_mut().for_each(|tally| tally.lines = Lines::default());
        self
    }

    /// Ends the run: whatever is still open is told as it is, and order becomes that of the logs.
    pub fn settle(mut self, context: &Context<'_>) -> Partial {
        for ((series, (ordinal, _)), mut piece) in std::mem::take(&mut self.open) {
            // What an unread file would make whole lies outside of the span.
            if ordinal.checked_sub(1).is_some_and(|before| context.unread.contains(&(series, before))) {
                piece.fragments.forget_before();
            }
            if context.unread.contains(&(series, piece.end.0)) {
                piece.fragments.forget_after();
            }
            super::fold::flush(&mut self, piece.fragments, series, context);
        }
        self.failures.sort_by_key(|f| (f.started, f.series, f.at.file, f.at.offset, f.vxid));
        self.tell_equals_apart();
        self.served.sort_by_key(|s| (s.end, s.series, s.vxid));
        self.retries.sort_by_key(|r| (r.started, r.series, r.vxid));
        self.notes.sort_by_key(|(s, n)| (*s, n.time, n.at.file, n.at.offset));
        self.probes.sort_by_key(|p| (p.series, p.time, p.backend.bytes()));
        self.changes.sort_by_key(|c| (c.time, c.series, c.at.file, c.at.offset));
        self.changes.dedup_by_key(|c| (c.time, c.series, c.at.file, c.at.offset));
        self
    }

    /// Equal lines of one file are as many requests. Those of different files may be copies, and stay one.
    fn tell_equals_apart(&mut self) {
        let mut seen: HashMap<(FileId, u64), u64> = HashMap::new();
        for f in self.failures.iter_mut().filter(|f| f.vxid == 0) {
            let before = seen.entry((f.at.file, f.id)).or_default();
            if *before > 0 {
                f.id = further_identity(f.id, *before);
            }
            *before += 1;
        }
    }
}

impl FileTally {
    /// Adds what `other` tells of another part of the file.
    pub fn absorb(&mut self, other: FileTally) {
        self.lines.add(&other.lines);
        self.seen(other.first);
        self.seen(other.last);
        self.chunks.extend(other.chunks);
        self.rejects.extend(other.rejects);
        while self.rejects.len() > REJECTS {
            self.rejects.pop_last();
        }
    }

    /// Widens the span of the file.
    pub fn seen(&mut self, at: Stamp) {
        if at.is_known() {
            self.first = if self.first.is_known() { self.first.min(at) } else { at };
            self.last = self.last.max(at);
        }
    }

    /// Keeps a line that was not understood, if it is among the first.
    pub fn reject(&mut self, offset: u64, line: u32, text: &[u8]) {
        if self.rejects.len() < REJECTS || self.rejects.last_key_value().is_some_and(|(last, _)| offset < *last) {
            self.rejects.insert(offset, (line, Text::of(&text[..text.len().min(200)])));
            while self.rejects.len() > REJECTS {
                self.rejects.pop_last();
            }
        }
    }

    /// Line number, from 1, of the first line of each chunk, by the byte it begins at.
    pub fn first_lines(&self) -> BTreeMap<u64, u64> {
        let mut before = 0;
        let first = |(at, (dropped, newlines)): (&u64, &(u64, u64))| {
            let line = before + dropped + 1;
            before += dropped + newlines;
            (*at, line)
        };
        self.chunks.iter().map(first).collect()
    }

    /// Lines dropped because they were too long.
    pub fn overlong(&self) -> u64 {
        self.chunks.values().map(|(dropped, _)| dropped).sum()
    }
}
