//! The marks of one fetch, indexed for rules. In: borrowed marks; out: which kinds occur and which is the last of its
//! kind. It must not allocate: one is made per judged fetch.

use crate::model::{Mark, MarkKind};

use super::glob::Glob;

/// A set of mark kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// The set with that kind too.
    pub fn and(self, kind: MarkKind) -> Kinds {
        Kinds(self.0 | 1 << kind as u16)
    }

    /// True when the kind is in it.
    pub fn has(self, kind: MarkKind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    /// True when both have a kind in common.
    pub fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// True for the empty set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Marks with their index.
pub struct Seen<'m> {
    /// The marks in log order.
    pub marks: &'m [Mark<'m>],
    /// Kinds that occur.
    pub kinds: Kinds,
    echoed: u32,
}

impl<'m> Seen<'m> {
    /// Indexes marks. A mark that fits one of `echoes` repeats another record in vaguer words; it is passed over when
    /// the last record is sought, unless there is no other. Marks beyond the 32nd are not looked at for echoes.
    pub fn of(marks: &'m [Mark<'m>], echoes: &[Glob]) -> Seen<'m> {
        let (mut kinds, mut echoed) = (Kinds::default(), 0u32);
        for (i, m) in marks.iter().enumerate() {
            kinds = kinds.and(m.kind);
            if i < 32 && m.kind == MarkKind::FetchError && echoes.iter().any(|g| g.fits(m.text)) {
                echoed |= 1 << i;
            }
        }
        Seen { marks, kinds, echoed }
    }

    fn is_echo(&self, at: usize) -> bool {
        at < 32 && self.echoed & 1 << at != 0
    }

    /// Index of the last mark of the kinds, echoes passed over.
    pub fn last(&self, kinds: Kinds) -> Option<usize> {
        self.last_before(kinds, self.marks.len())
    }

    /// The same among the marks before index `end`.
    pub fn last_before(&self, kinds: Kinds, end: usize) -> Option<usize> {
        let of_kind = |&i: &usize| kinds.has(self.marks[i].kind);
        (0..end).rev().filter(of_kind).find(|&i| !self.is_echo(i)).or_else(|| (0..end).rev().find(of_kind))
    }

    /// Index of the first mark of the kinds that fits.
    pub fn first(&self, kinds: Kinds, fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
        self.marks.iter().position(|m| kinds.has(m.kind) && fits(m.text))
    }
}
