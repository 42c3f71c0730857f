//! From record to record through a binary Varnish log. In: bytes that begin at a record or a magic, the layout in
//! force there, and what the end of the bytes is; out: steps. It must not know what a record says, beyond the beginning
//! of a transaction, by whose number 4.0 is told from 4.1.
//!
//! A magic may stand at any record (files put one behind another) and changes the layout from there on. Where no
//! record is, the walk looks for the next place where several follow each other, in any layout. Every answer depends
//! on the bytes from the place on only, so that a walk may start again at any step.

use super::vsl_layout::{Layout, Look, Lying, look, magic};
use super::vsl_tags::{Numbering, told_by};

/// So far behind a magic a beginning is looked for; without one the numbering is that of 4.1 to 7.2.
const SIGHT: usize = 64 << 10;
/// So many records in a row are no chance.
const IN_A_ROW: usize = 3;
/// So many records are read in both orders of bytes to see which one fits.
const ROW: usize = 8;
/// A stretch without records longer than this is cut into several.
const LONG_DAMAGE: usize = 1 << 20;

/// What is behind the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: the file ends.
    File,
    /// What a cut has decided to leave to the next range.
    Cut,
    /// Not known yet.
    Open,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A file begins.
    Magic,
    /// A record; its places are relative to where the walk was before the step.
    Record(Lying, Layout),
    /// A header that is no record of its own.
    Batch,
    /// Bytes that are no records.
    Damage,
    /// The file ends within a record.
    Torn,
}

/// A walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'b> {
    bytes: &'b [u8],
    end: End,
    /// Where the next step begins.
    pub at: usize,
    /// The layout in force there; `None` before the first record of a range whose beginning is not known.
    pub layout: Option<Layout>,
}

/// Where records go on.
enum Found {
    At(usize, Layout),
    /// More bytes are needed to tell whether they go on here.
    Perhaps(usize),
    Nowhere,
}

impl<'b> Walk<'b> {
    pub fn new(bytes: &'b [u8], layout: Option<Layout>, end: End) -> Walk<'b> {
        Walk { bytes, end, at: 0, layout }
    }

    /// The next step. `None` at the end of the bytes, and where more of them are needed.
    #[inline]
    pub fn step(&mut self) -> Option<Step> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return None;
        }
        if let Some(layout) = self.layout {
            match look(rest, layout, false) {
                Look::Record(lying) if lying.next <= rest.len() || self.end == End::File => {
                    self.at += lying.next.min(rest.len());
                    return Some(Step::Record(lying, layout));
                }
                Look::Batch(header) => {
                    self.at += header;
                    return Some(Step::Batch);
                }
                Look::Record(_) | Look::Short if self.end == End::Open => return None,
                _ => {}
            }
        }
        self.unusual()
    }

    /// A step where no record of the layout in force is.
    #[cold]
    fn unusual(&mut self) -> Option<Step> {
        let rest = &self.bytes[self.at..];
        if let Some(wide) = magic(rest) {
            self.layout = Some(decided(&rest[4..], wide, self.end)?);
            self.at += 4;
            return Some(Step::Magic);
        }
        let short = self.layout.is_some_and(|l| look(rest, l, false) == Look::Short);
        let to = match found(rest, self.layout, self.end) {
            Found::At(n, layout) => {
                let unknown = self.layout.is_none();
                self.layout = Some(if unknown { numbered(&rest[n..], layout, self.end)? } else { layout });
                if n == 0 {
                    return self.step();
                }
                n
            }
            Found::Perhaps(n) if n > LONG_DAMAGE => n,
            Found::Perhaps(_) => return None,
            Found::Nowhere if self.end == End::File && short => {
                self.at = self.bytes.len();
                return Some(Step::Torn);
            }
            Found::Nowhere => rest.len(),
        };
        self.at += to;
        Some(Step::Damage)
    }
}

/// The layout that a magic announces, by the bytes behind it. `None` when they are too few to tell.
fn decided(bytes: &[u8], wide: bool, end: End) -> Option<Layout> {
    let numbering = if wide { Numbering::V73 } else { Numbering::V41 };
    let little = Layout { numbering, big_endian: false };
    let big = Layout { numbering, big_endian: true };
    // In the wrong order a length may pass for a number, but not several times.
    let (ours, theirs) = (row(bytes, little, end)?, row(bytes, big, end)?);
    numbered(bytes, if theirs > ours { big } else { little }, end)
}

/// The layout with the numbering that the bytes themselves tell; `None` when they are too few.
fn numbered(bytes: &[u8], mut layout: Layout, end: End) -> Option<Layout> {
    let mut at = 0;
    while !layout.is_wide() && at < SIGHT {
        match look(&bytes[at..], layout, false) {
            Look::Record(r) => {
                let payload = &bytes[at + r.payload..at + r.payload + r.len];
                if let Some(numbering) = told_by(r.number, payload) {
                    layout.numbering = numbering;
                    break;
                }
                at = (at + r.next).min(bytes.len());
            }
            Look::Batch(header) => at += header,
            Look::Short if end == End::Open => return None,
            Look::Short | Look::Unfit => break,
        }
    }
    Some(layout)
}

/// How many records follow each other, [`ROW`] at most; `None` when the bytes are too few to tell.
fn row(bytes: &[u8], layout: Layout, end: End) -> Option<usize> {
    let mut at = 0;
    for n in 0..ROW {
        match look(&bytes[at..], layout, false) {
            Look::Record(r) => at = (at + r.next).min(bytes.len()),
            Look::Batch(header) => at += header,
            Look::Short if end == End::Open => return None,
            Look::Short | Look::Unfit => return Some(n),
        }
    }
    Some(ROW)
}

/// The first place where records go on, and how they lie. The layout so far is tried first.
fn found(bytes: &[u8], before: Option<Layout>, end: End) -> Found {
    let narrow = before.filter(|l| !l.is_wide()).map_or(Numbering::V41, |l| l.numbering);
    let others = [narrow, Numbering::V73]
        .into_iter()
        .flat_map(|numbering| [false, true].map(|big_endian| Layout { numbering, big_endian }));
    let layouts: Vec<Layout> = before.into_iter().chain(others.filter(|l| Some(*l) != before)).collect();
    for at in 0..bytes.len() {
        for layout in &layouts {
            if magic(&bytes[at..]).is_some() {
                // It says itself what follows.
                return Found::At(at, *layout);
            }
            match go_on(&bytes[at..], *layout, end) {
                Some(true) => return Found::At(at, *layout),
                Some(false) => {}
                None => return Found::Perhaps(at),
            }
        }
    }
    Found::Nowhere
}

/// True when several records follow each other here; `None` when the bytes are too few to tell.
fn go_on(bytes: &[u8], layout: Layout, end: End) -> Option<bool> {
    let mut at = 0;
    for n in 0..IN_A_ROW {
        match look(&bytes[at..], layout, true) {
            // The padding of a file's last record may be cut off.
            Look::Record(r) if end == End::File => at = (at + r.next).min(bytes.len()),
            Look::Record(r) if at + r.next <= bytes.len() => at += r.next,
            Look::Record(_) | Look::Short if end == End::Open => return None,
            // Whole records up to the end, or up to one that the end cuts.
            Look::Record(_) | Look::Short => return Some(n > 0),
            Look::Unfit | Look::Batch(_) => return Some(n > 0 && magic(&bytes[at..]).is_some()),
        }
    }
    Some(true)
}
