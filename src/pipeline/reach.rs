//! How to get at the lines of one log of a file: what shippers put around them, and where an access log and an error
//! log run together. In: ranges of the file; out: the log's own bytes, and where a range may be cut. It must not know
//! what shippers write, nor any format.
//!
//! nginx in a container writes requests to stdout and errors to stderr. Where a shipper does not tell these apart
//! (compose, kubectl, a terminal), content does: an error begins with what begins an error, and goes on until a line
//! that the access log's format reads.

use super::chunked::cut;
use crate::frame::{Part, Pick, Unwrapped, Wrap, cut_lines, objects};
use crate::grammar::{Framing, Grammar};
use crate::model::{LineOutcome, Locator};

/// Two logs that run together.
#[derive(Clone, Debug)]
pub struct Split {
    /// The one of multi-line records.
    pub records: Grammar,
    /// The one of lines.
    pub lines: Grammar,
    /// True for the log of records, false for the log of lines.
    pub takes_records: bool,
}

/// The way to a log.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// What is around its lines.
    pub wrap: Wrap,
    /// What it runs together with.
    pub split: Option<Split>,
}

impl Split {
    /// What a line is; `within` when the line before is of a record.
    fn part(&self, text: &[u8], within: bool) -> Part {
        if self.records.starts(text) {
            Part::Start
        } else if within && !reads(&self.lines, text) {
            Part::More
        } else {
            Part::Line
        }
    }
}

/// True when the format reads the line by itself.
pub fn reads(grammar: &Grammar, text: &[u8]) -> bool {
    grammar.line(text, Locator::default(), &mut |_| {}) == LineOutcome::Parsed
}

impl Reach {
    /// Takes the log out of a range; see [`Unwrapped::fill`].
    pub fn fill(&self, log: &mut Unwrapped, range: &[u8], whole: bool) {
        match &self.split {
            None => log.fill(&self.wrap, range, whole, None),
            Some(split) => {
                let pick = Pick { part: &|text, within| split.part(text, within), starts: split.takes_records };
                log.fill(&self.wrap, range, whole, Some(pick));
            }
        }
    }

    /// Where a range may be cut, when the log is of that format.
    pub fn cut(&self, grammar: &Grammar, log: &mut Unwrapped, range: &[u8]) -> Option<usize> {
        if self.split.is_some() {
            self.fill(log, range, false);
            return log.decided();
        }
        if grammar.framing == Framing::Lines {
            return cut_lines(&self.wrap, range);
        }
        self.fill(log, range, false);
        let edge = match grammar.framing {
            // A line of the file cannot be cut in two.
            Framing::Objects => objects::cut_lines(log.bytes()),
            _ => cut(grammar, log.bytes(), 0).map(|(edge, _)| edge),
        };
        log.edge(edge, range.len())
    }
}
