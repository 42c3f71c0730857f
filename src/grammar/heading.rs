//! Header lines that name the columns of the lines below: `#Fields:` of W3C extended logs, the first line of CSV. In: a
//! header line and what the format knows of names; out: columns, and a `Reader` that keeps the header in force. It must
//! not know how a file is cut into chunks.

use std::collections::BTreeMap;

use crate::model::{Event, LineOutcome, Locator};

use super::escape::Escape;
use super::field::Field;
use super::format::Grammar;
use super::meaning::Meaning;
use super::shape::columns::{Columns, Division};
use super::shape::vocabulary::Vocabulary;
use super::term::Term;

/// What kind of header line there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadingKind {
    /// `#Fields:` before the lines, and again wherever it changes.
    W3c,
    /// The first line.
    Csv,
}

/// A format whose lines are named by a header.
#[derive(Clone, Debug)]
pub struct Heading {
    /// What kind.
    pub kind: HeadingKind,
    /// Names that a header must have to be one of this format.
    pub needs: Vec<String>,
    /// What makes columns of names.
    pub names: ColumnNames,
}

/// What makes columns of names.
#[derive(Clone, Debug)]
pub struct ColumnNames {
    /// What each name means.
    pub own: BTreeMap<String, Term>,
    /// How columns are divided.
    pub division: Division,
    /// How values are escaped.
    pub escape: Escape,
    /// Values that stand for none.
    pub absent: Vec<String>,
}

impl ColumnNames {
    /// The columns of such names, in order.
    pub fn columns<'n>(&self, names: impl Iterator<Item = &'n str>) -> Columns {
        let words = Vocabulary { own: &self.own, absent: &self.absent };
        let mut meaning = Meaning::new(self.escape, &self.absent);
        let (mut slots, mut loose) = (Vec::new(), None);
        for (n, name) in names.enumerate() {
            let term = words.of_column(name);
            meaning.add(term);
            slots.push((term.field, term.kind));
            if self.division.loose.as_deref() == Some(name) {
                loose = Some(n);
            }
        }
        Columns::new(slots, loose, &self.division, meaning)
    }
}

impl Heading {
    /// The columns that a header line names; `None` when it is no header of this format.
    pub fn columns(&self, line: &[u8]) -> Option<Columns> {
        let text = std::str::from_utf8(line).ok()?;
        let names: Vec<&str> = match self.kind {
            HeadingKind::W3c => text.strip_prefix("#Fields:")?.split_ascii_whitespace().collect(),
            HeadingKind::Csv => {
                let delimiter = char::from(self.names.division.delimiter.unwrap_or(b','));
                text.trim_start_matches('\u{feff}').split(delimiter).map(|n| n.trim().trim_matches('"')).collect()
            }
        };
        if !self.needs.iter().all(|need| names.contains(&need.as_str())) {
            return None;
        }
        let columns = self.names.columns(names.into_iter());
        let useful = columns.meaning.has(Field::Status) || columns.meaning.has(Field::Text);
        useful.then_some(columns)
    }
}

/// Reads consecutive lines of one format.
pub struct Reader<'g> {
    grammar: &'g Grammar,
    columns: Option<Columns>,
    /// The header in force is one of another format: the order without a header is no help then.
    foreign: bool,
}

impl<'g> Reader<'g> {
    /// One that begins below `header`, when that is known.
    pub fn new(grammar: &'g Grammar, header: Option<&[u8]>) -> Reader<'g> {
        let columns = grammar.heading.as_ref().zip(header).and_then(|(heading, line)| heading.columns(line));
        let named = grammar.heading.as_ref().is_some_and(|h| h.kind == HeadingKind::W3c) && header.is_some();
        Reader { grammar, foreign: named && columns.is_none(), columns }
    }

    /// Reads a line; see [`Grammar::line`].
    #[inline]
    pub fn line(&mut self, line: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
        // What some editors and exporters put before the first line.
        let line = if at.offset == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if let Some(heading) = &self.grammar.heading
            && self.is_header(heading, line)
        {
            return LineOutcome::Skipped;
        }
        if self.foreign {
            return LineOutcome::NotUnderstood;
        }
        let outcome = self.grammar.program.line(line, self.columns.as_ref(), at, emit);
        match &self.grammar.messages {
            Some(messages) if outcome == LineOutcome::NotUnderstood => messages.line(line, at, emit),
            _ => outcome,
        }
    }

    /// How many bytes of a line fit, for people to see.
    pub fn reach(&self, line: &[u8]) -> usize {
        match &self.grammar.program {
            super::format::Program::Access(access) => access.reach(line, self.columns.as_ref()),
            _ => 0,
        }
    }

    /// True for a header or a comment; a header takes effect.
    fn is_header(&mut self, heading: &Heading, line: &[u8]) -> bool {
        match heading.kind {
            HeadingKind::W3c => {
                let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
                if !line.starts_with(b"#") {
                    return false;
                }
                if line.starts_with(b"#Fields:") {
                    self.columns = heading.columns(line);
                    self.foreign = self.columns.is_none();
                    return self.columns.is_some();
                }
                true
            }
            HeadingKind::Csv if self.columns.is_none() => {
                self.columns = heading.columns(line);
                self.columns.is_some()
            }
            HeadingKind::Csv => false,
        }
    }
}
