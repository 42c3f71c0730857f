//! The lines of one log out of a range of a wrapped file. In: the range and how the log is wrapped; out: the log as its
//! program wrote it, for any framing to read, and where in the file each of its lines stands. It must not know what is
//! logged.

use memchr::{memchr, memchr_iter};

use super::lines::{MAX_RECORD, without_newline};
use super::wrap::{Buffers, Line, Wrap};
use crate::model::Locator;
use crate::model::report::Lines;

/// Where a line begins.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// Byte in the log.
    inner: usize,
    /// Byte in the range of the file.
    outer: usize,
    /// Line in the range of the file.
    line: u32,
}

/// What a line is where a log of lines and a log of multi-line records run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A line of the one.
    Line,
    /// The first line of a record of the other.
    Start,
    /// A further line of a record.
    More,
}

/// Which lines are taken.
#[derive(Clone, Copy)]
pub struct Pick<'a> {
    /// Says what a line is; true for one that follows a line of a record.
    pub part: &'a dyn Fn(&[u8], bool) -> Part,
    /// True when records are taken, false when lines are.
    pub starts: bool,
}

/// A log taken out of a range. Used again for the next range, it allocates nothing in a steady state.
#[derive(Debug, Default)]
pub struct Unwrapped {
    bytes: Vec<u8>,
    starts: Vec<Start>,
    /// Lines of the file that were taken, and those of unknown senders among them.
    taken: u64,
    passed: u64,
    /// The last line goes on.
    open: bool,
    /// Up to here the range holds whole lines of the log.
    edge: usize,
    /// Here the range may be cut without changing what any later line is.
    decided: usize,
    buffers: Buffers,
}

impl Unwrapped {
    /// Takes the log out of a range. Unless the range is `whole`, a last line that may go on after it is left out.
    pub fn fill(&mut self, wrap: &Wrap, range: &[u8], whole: bool, pick: Option<Pick<'_>>) {
        self.bytes.clear();
        self.starts.clear();
        (self.taken, self.passed, self.open, self.edge, self.decided) = (0, 0, false, 0, 0);
        // Whether the line before is of a record, is ours, and goes on.
        let (mut within, mut mine, mut going_on) = (false, true, false);
        let mut buffers = std::mem::take(&mut self.buffers);
        let (mut begin, mut number) = (0, 0);
        while begin < range.len() {
            let Some(end) = line_end(range, begin, whole) else { break };
            match wrap.line(without_newline(&range[begin..end]), &mut buffers) {
                Line::Own(text, goes_on) => {
                    if let Some(pick) = pick.filter(|_| !going_on) {
                        let part = (pick.part)(text, within);
                        within = part != Part::Line;
                        mine = within == pick.starts;
                        if part == Part::Start {
                            self.decided = begin;
                        }
                    }
                    going_on = goes_on;
                    if mine {
                        self.taken += 1;
                        self.push(text, goes_on, begin, number);
                    }
                    if !within && !going_on {
                        self.decided = end;
                    }
                }
                Line::Passed => {
                    self.taken += 1;
                    self.passed += 1;
                }
                Line::Other => {}
            }
            if !going_on {
                self.edge = end;
            }
            number += 1;
            begin = end;
        }
        self.buffers = buffers;
        self.close(whole);
    }

    /// Ends a line that goes on in what follows the range: as it is, where nothing follows; else it is left for later.
    fn close(&mut self, whole: bool) {
        if self.open && whole {
            self.bytes.push(b'\n');
        } else if self.open {
            self.bytes.truncate(self.starts.pop().map_or(0, |s| s.inner));
        }
    }

    fn push(&mut self, text: &[u8], goes_on: bool, outer: usize, line: u32) {
        if !self.open {
            self.starts.push(Start { inner: self.bytes.len(), outer, line });
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(text);
        // A message of several lines in one line of the file.
        self.starts.extend(memchr_iter(b'\n', text).map(|at| Start { inner: from + at + 1, outer, line }));
        self.open = goes_on;
        if !goes_on {
            self.bytes.push(b'\n');
        }
    }

    /// The log.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place in the file of a place in the log, whose `line` counts from its start; `offset` is that of the range.
    #[inline]
    pub fn place(&self, at: Locator, offset: u64) -> Locator {
        match self.starts.get(at.line as usize) {
            Some(start) => Locator { offset: offset + start.outer as u64, line: start.line, ..at },
            None => at,
        }
    }

    /// Where the range may be cut when logs run together in it; `None` when it may not be cut yet.
    pub fn decided(&self) -> Option<usize> {
        (self.decided > 0).then_some(self.decided)
    }

    /// Where the range may be cut when the log may be cut at `cut`; `None` when it may not be cut yet.
    pub fn edge(&self, cut: Option<usize>, range: usize) -> Option<usize> {
        let edge = match cut {
            Some(cut) if cut < self.bytes.len() => {
                let after = self.starts.partition_point(|s| s.inner <= cut);
                let outer = self.starts.get(after.checked_sub(1)?)?.outer;
                // The first line of those that stand in one line of the file.
                return (outer > 0).then_some(outer);
            }
            Some(_) => self.edge,
            None if self.bytes.is_empty() => self.edge,
            // A quiet log among busy ones: what has not gone on for so long is whole.
            None => match self.starts.last() {
                Some(last) if range.saturating_sub(last.outer) > MAX_RECORD => self.edge,
                _ => 0,
            },
        };
        (edge > 0).then_some(edge)
    }

    /// Makes the counts of the log's lines those of the file's: of lines that were joined all but the first are
    /// skipped, those that stand in one line are one, those of unknown senders are skipped.
    pub fn count(&self, lines: &mut Lines) {
        let taken = self.taken;
        lines.skipped += taken.saturating_sub(lines.read);
        let mut over = lines.read.saturating_sub(taken);
        for part in [&mut lines.skipped, &mut lines.parsed, &mut lines.not_understood] {
            let less = over.min(*part);
            *part -= less;
            over -= less;
        }
        lines.read = taken;
    }

    /// Lines of unknown senders.
    pub fn passed(&self) -> u64 {
        self.passed
    }
}

/// Behind the line that begins at `begin`; `None` for one that may go on after the range.
fn line_end(range: &[u8], begin: usize, whole: bool) -> Option<usize> {
    match memchr(b'\n', &range[begin..]) {
        Some(at) => Some(begin + at + 1),
        None => whole.then_some(range.len()),
    }
}

/// Where a range of a wrapped file may be cut when any line of the log ends a record: after the last line of the log
/// that does not go on. `None` when there is none.
pub fn cut_lines(wrap: &Wrap, range: &[u8]) -> Option<usize> {
    let whole = super::lines::cut(range)?;
    if !wrap.divides() {
        return Some(whole);
    }
    let mut buffers = Buffers::default();
    let (mut end, mut edge) = (whole, whole);
    while end > 0 && whole - end < MAX_RECORD {
        let begin = memchr::memrchr(b'\n', &range[..end - 1]).map_or(0, |at| at + 1);
        match wrap.line(without_newline(&range[begin..end]), &mut buffers) {
            Line::Own(_, false) => return Some(edge),
            Line::Own(_, true) => edge = begin,
            Line::Passed | Line::Other => {}
        }
        end = begin;
    }
    // Nothing but lines that go on, or none of this log.
    if end > 0 || edge == whole { Some(edge).filter(|e| *e > 0) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::layer::{Layer, Sender};
    use crate::model::FileId;

    fn wrap(layer: Layer, stream: &str, first: bool) -> Wrap {
        let key = |s: &str| Sender { stream: s.as_bytes(), ..Sender::default() }.key();
        let others = ["stdout", "stderr"].iter().filter(|s| **s != stream).map(|s| key(s)).collect();
        Wrap { layers: vec![layer], shared: 1, depth: 1, own: vec![key(stream)], others, first, ..Wrap::default() }
    }

    /// The lines with their places.
    fn read(wrap: &Wrap, range: &[u8], offset: u64) -> Vec<(String, u64)> {
        let mut log = Unwrapped::default();
        log.fill(wrap, range, true, None);
        let mut found = Vec::new();
        crate::frame::lines::each_line(log.bytes(), FileId(0), 0, |text, at| {
            found.push((String::from_utf8_lossy(text).into_owned(), log.place(at, offset).offset));
        });
        found
    }

    #[test]
    fn parts_are_joined_and_messages_divided_and_all_lines_are_counted() {
        let range =
            b"2026-11-20T17:49:06Z stdout P a\n2026-11-20T17:49:06Z stderr F x\n2026-11-20T17:49:06Z stdout F b\n\
            junk\n";
        assert_eq!(read(&wrap(Layer::Cri, "stdout", true), range, 100), [("ab".into(), 100), ("junk".into(), 196)]);
        assert_eq!(read(&wrap(Layer::Cri, "stderr", false), range, 100), [("x".into(), 132)]);
        let range = b"Nov 20 17:58:24 h a: one#012 two#012\nNov 20 17:58:24 h a: three\n";
        let all = Wrap { layers: vec![Layer::Syslog], shared: 1, depth: 1, first: true, ..Wrap::default() };
        assert_eq!(read(&all, range, 0), [("one".into(), 0), (" two".into(), 0), ("three".into(), 37)]);
        let mut log = Unwrapped::default();
        log.fill(&all, range, true, None);
        let mut lines = Lines { read: 3, parsed: 2, skipped: 1, not_understood: 0 };
        log.count(&mut lines);
        assert_eq!(lines, Lines { read: 2, parsed: 2, skipped: 0, not_understood: 0 });
    }

    proptest! {
        #[test]
        fn a_range_cut_where_it_may_be_cut_gives_the_same_lines(
            parts in prop::collection::vec((prop::sample::select(vec!["stdout", "stderr"]), any::<bool>()), 1..24),
            at in 0.0f64..1.0,
            first in any::<bool>(),
        ) {
            let text: String = parts.iter().enumerate()
                .map(|(n, (stream, whole))| {
                    format!("2026-11-20T17:49:06Z {stream} {} {n}\n", if *whole { "F" } else { "P" })
                })
                .collect();
            let seen = &text.as_bytes()[..(at * text.len() as f64) as usize];
            for stream in ["stdout", "stderr"] {
                let wrap = wrap(Layer::Cri, stream, first);
                let mut log = Unwrapped::default();
                log.fill(&wrap, seen, false, None);
                let whole = log.edge(crate::frame::lines::cut(log.bytes()), seen.len());
                for edge in [whole, cut_lines(&wrap, seen)].into_iter().flatten() {
                    let mut parts = read(&wrap, &text.as_bytes()[..edge], 0);
                    parts.extend(read(&wrap, &text.as_bytes()[edge..], edge as u64));
                    prop_assert_eq!(parts, read(&wrap, text.as_bytes(), 0));
                }
            }
        }
    }
}
