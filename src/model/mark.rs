//! The records of a failed fetch that say why it failed, as logged. In: what a format room found in a transaction or
//! a line; out: a small fixed list that needs no allocation. It must not know what a mark means: that is `classify`.

use super::locator::Locator;
use super::text::{Bytes, Text};

/// What kind of record a mark is. The word is what cause rules and evidence call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// VSL `FetchError`.
    FetchError,
    /// VSL `Error`.
    Error,
    /// VSL `VCL_Error`.
    VclError,
    /// VSL `BogoHeader`.
    BogoHeader,
    /// VSL `LostHeader`.
    LostHeader,
    /// VSL `HttpGarbage`.
    HttpGarbage,
    /// VSL `Gzip` that is an error text, not the five numbers.
    Gzip,
    /// VSL `ESI_xmlerror`.
    EsiError,
    /// VSL `VCL_return` of a BeReq that ended it: `fail`, `abandon`, `error`, `retry`.
    VclReturn,
    /// Reason part of VSL `BackendClose`.
    CloseReason,
    /// VSL `VSL`: the transaction in the log is not whole.
    Incomplete,
    /// The status that a lower tier answered, e.g. `BerespStatus 503`.
    Status,
    /// A message of an error log that belongs to this fetch.
    Message,
    /// A verdict word of the log itself, with its field: `errorInfo OriginTimeout`.
    Word,
}

impl MarkKind {
    /// The word for it in rules and in evidence text: the VSL tag where there is one.
    pub fn word(self) -> &'static str {
        match self {
            MarkKind::FetchError => "FetchError",
            MarkKind::Error => "Error",
            MarkKind::VclError => "VCL_Error",
            MarkKind::BogoHeader => "BogoHeader",
            MarkKind::LostHeader => "LostHeader",
            MarkKind::HttpGarbage => "HttpGarbage",
            MarkKind::Gzip => "Gzip",
            MarkKind::EsiError => "ESI_xmlerror",
            MarkKind::VclReturn => "VCL_return",
            MarkKind::CloseReason => "BackendClose",
            MarkKind::Incomplete => "VSL",
            MarkKind::Status => "BerespStatus",
            MarkKind::Message => "message",
            MarkKind::Word => "word",
        }
    }

    /// The record as it is quoted: its tag and its payload; a verdict word brings its field instead.
    pub fn quoted(self, text: &[u8]) -> Vec<u8> {
        match self {
            MarkKind::Word => text.to_vec(),
            _ => [self.word().as_bytes(), b" ", text].concat(),
        }
    }

    /// The kind of a rule's word.
    pub fn parse(word: &str) -> Option<MarkKind> {
        use MarkKind::*;
        [
            FetchError,
            Error,
            VclError,
            BogoHeader,
            LostHeader,
            HttpGarbage,
            Gzip,
            EsiError,
            VclReturn,
            CloseReason,
            Incomplete,
            Status,
            Message,
            Word,
        ]
        .into_iter()
        .find(|k| k.word() == word)
    }
}

/// One such record, borrowed from the chunk.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'c> {
    /// What it is.
    pub kind: MarkKind,
    /// Its payload, as logged.
    pub text: &'c [u8],
    /// Its own line.
    pub at: Locator,
}

/// The marks of one fetch in log order. Holds [`Marks::ROOM`]; later ones beyond that are dropped, which keeps the
/// first ones: they decide.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'c> {
    len: usize,
    items: [Mark<'c>; Marks::ROOM],
}

impl<'c> Marks<'c> {
    /// How many marks are kept.
    pub const ROOM: usize = 12;

    /// No marks.
    pub fn new() -> Self {
        let none = Mark { kind: MarkKind::Error, text: b"", at: Locator::default() };
        Marks { len: 0, items: [none; Marks::ROOM] }
    }

    /// Adds one, unless the list is full.
    pub fn push(&mut self, mark: Mark<'c>) {
        if self.len < Marks::ROOM {
            self.items[self.len] = mark;
            self.len += 1;
        }
    }

    /// The marks in log order.
    pub fn as_slice(&self) -> &[Mark<'c>] {
        &self.items[..self.len]
    }

    /// True when there is a mark of that kind.
    pub fn has(&self, kind: MarkKind) -> bool {
        self.as_slice().iter().any(|m| m.kind == kind)
    }

    /// Copies out what is kept of a failed fetch.
    pub fn keep(&self) -> Box<[OwnedMark]> {
        self.as_slice().iter().map(|m| OwnedMark { kind: m.kind, text: Text::of(m.text), at: m.at }).collect()
    }
}

impl Default for Marks<'_> {
    fn default() -> Self {
        Marks::new()
    }
}

/// A mark of a kept failure.
#[derive(Clone, Copy, Debug)]
pub struct OwnedMark {
    /// What it is.
    pub kind: MarkKind,
    /// Its payload, as logged.
    pub text: Text,
    /// Its own line.
    pub at: Locator,
}

impl OwnedMark {
    /// The mark with its payload.
    pub fn with<'t>(&self, text: &'t Bytes) -> Mark<'t> {
        Mark { kind: self.kind, text, at: self.at }
    }
}
