//! How one record of a binary Varnish log lies in its bytes. In: a layout and bytes that begin at a record; out: the
//! record's number, transaction, side and extent, or that none can be there. It must not know what is around it.
//!
//! Layouts (varnishlog -w): before 7.3 a header of two words, `tag<<24 | length` and `vxid` with the marks of the side
//! in its bits 30 and 31; since 7.3 three words, the second the low half of the vxid, the third its bits 32 to 50 and
//! the marks. Words are those of the host that wrote them. Payloads end with a NUL and are padded to four bytes.

use super::vsl_tags::{Entry, Numbering, Printed, entry, table};
use crate::model::Side;

/// Number of a container in shared memory: only its header is no record.
const BATCH: u8 = 255;
/// Number of the marks of shared memory's end.
const RESERVED: u8 = 254;

/// The layout of a stretch of a binary log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What its numbers stand for; 7.3 and later have the wide header.
    pub numbering: Numbering,
    /// True when the writing host had the most significant byte first.
    pub big_endian: bool,
}

impl Layout {
    /// A small number for it, never 0.
    pub fn code(self) -> u8 {
        1 + self.numbering as u8 * 2 + u8::from(self.big_endian)
    }

    /// The layout of such a number; `None` for any other.
    pub fn of(code: u8) -> Option<Layout> {
        let n = code.checked_sub(1)?;
        let numbering = match n / 2 {
            0 => Numbering::V40,
            1 => Numbering::V41,
            2 => Numbering::V73,
            _ => return None,
        };
        Some(Layout { numbering, big_endian: n % 2 == 1 })
    }

    /// True for the header of three words.
    pub(super) fn is_wide(self) -> bool {
        self.numbering == Numbering::V73
    }

    /// What a tag number stands for here.
    #[inline]
    pub(super) fn entry(self, number: u8) -> Option<&'static Entry> {
        entry(table(self.numbering), number)
    }

    #[inline]
    fn word(self, bytes: &[u8], n: usize) -> u32 {
        let mut four = [0; 4];
        four.copy_from_slice(&bytes[4 * n..4 * n + 4]);
        if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }
}

/// A record as it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lying {
    /// Its tag number.
    pub number: u8,
    /// Its transaction; 0 for none.
    pub vxid: u64,
    /// Its side.
    pub side: Side,
    /// Where its payload begins.
    pub payload: usize,
    /// Length of its payload, NUL included.
    pub len: usize,
    /// Where the next record begins.
    pub next: usize,
}

/// What can be said of the bytes at a place where a record should begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A record.
    Record(Lying),
    /// The header of a batch, of that length: its records follow.
    Batch(usize),
    /// A record may begin here, but the bytes end before it does.
    Short,
    /// No record is here.
    Unfit,
}

/// The length of a file's magic, and whether it announces the wide header.
pub(super) fn magic(bytes: &[u8]) -> Option<bool> {
    match bytes.first_chunk() {
        Some(b"VSL\0") => Some(false),
        Some(b"VSL2") => Some(true),
        _ => None,
    }
}

/// Looks at the start of `bytes`, which is no magic.
///
/// `strict` is for finding records among damage: only numbers that are given out, only payloads that end with a NUL.
/// Otherwise a number of a later version is believed when the rest of the record is as it should be.
#[inline]
pub(super) fn look(bytes: &[u8], layout: Layout, strict: bool) -> Look {
    let header = if layout.is_wide() { 12 } else { 8 };
    if bytes.len() < header {
        return Look::Short;
    }
    let first = layout.word(bytes, 0);
    let (number, version, len) = ((first >> 24) as u8, (first >> 16) as u8, (first & 0xffff) as usize);
    if number == 0 || number == RESERVED || version > if layout.is_wide() { 3 } else { 0 } {
        return Look::Unfit;
    }
    let (mut vxid, mut marks) = (u64::from(layout.word(bytes, 1)), layout.word(bytes, 1) >> 30);
    if number == BATCH {
        return if strict { Look::Unfit } else { Look::Batch(header) };
    }
    if layout.is_wide() {
        let high = layout.word(bytes, 2);
        if high & 0x3ff8_0000 != 0 {
            return Look::Unfit;
        }
        vxid |= u64::from(high & 0x7_ffff) << 32;
        marks = high >> 30;
    } else {
        vxid &= 0x3fff_ffff;
    }
    let side = match marks {
        0 => Side::Neither,
        1 => Side::Client,
        2 => Side::Backend,
        _ => return Look::Unfit,
    };
    let entry = layout.entry(number);
    // Only what is printed as it is always ends with a NUL.
    let ends = strict || entry.is_some_and(|e| e.printed == Printed::Raw);
    if (strict && entry.is_none()) || (len == 0 && ends) || (strict && layout.is_wide() && version != 1) {
        return Look::Unfit;
    }
    let Some(payload) = bytes.get(header..header + len) else { return Look::Short };
    if ends && payload.last() != Some(&0) {
        return Look::Unfit;
    }
    Look::Record(Lying { number, vxid, side, payload: header, len, next: header + len.next_multiple_of(4) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Layout = Layout { numbering: Numbering::V41, big_endian: false };

    #[test]
    fn a_layout_is_known_again_by_its_number() {
        for code in 0..=255 {
            match Layout::of(code) {
                Some(layout) => assert_eq!(layout.code(), code),
                None => assert!(code == 0 || code > 6),
            }
        }
    }

    #[test]
    fn records_lie_as_the_reference_files_show() {
        let sess = [&[0x0e, 0, 0, 0x4c, 1, 0, 0, 0x40][..], b"sess 0 HTTP/1\0\xaa\xbb"].concat();
        let expected = Lying { number: 76, vxid: 1, side: Side::Client, payload: 8, len: 14, next: 24 };
        assert_eq!(look(&sess, NARROW, true), Look::Record(expected));
        let wide = Layout { numbering: Numbering::V73, big_endian: false };
        let ping = [&[8, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0][..], b"Rd ping\0"].concat();
        let expected = Lying { number: 3, vxid: 0, side: Side::Neither, payload: 12, len: 8, next: 20 };
        assert_eq!(look(&ping, wide, true), Look::Record(expected));
        let large = [&[1, 0, 1, 75, 1, 0, 0, 0, 1, 0, 0, 0x80][..], b"\0"].concat();
        let expected = Lying { number: 75, vxid: (1 << 32) + 1, side: Side::Backend, payload: 12, len: 1, next: 16 };
        assert_eq!(look(&large, wide, true), Look::Record(expected));
    }

    #[test]
    fn what_varnish_never_writes_is_no_record() {
        let with = |n: usize, to: u8| {
            let mut bytes = [&[0x0e, 0, 0, 0x4c, 1, 0, 0, 0x40][..], b"sess 0 HTTP/1\0\0\0"].concat();
            bytes[n] = to;
            bytes
        };
        for (n, to) in [(3, 0), (3, 254), (2, 1), (0, 0), (7, 0xc0), (21, b'x')] {
            assert_eq!(look(&with(n, to), NARROW, false), Look::Unfit, "{n} {to}");
        }
        // A number of a later version.
        assert!(matches!(look(&with(3, 200), NARROW, false), Look::Record(_)));
        assert_eq!(look(&with(3, 200), NARROW, true), Look::Unfit);
        assert_eq!(look(&with(3, 255), NARROW, false), Look::Batch(8));
        assert_eq!(look(&with(3, 76)[..20], NARROW, false), Look::Short);
        assert_eq!(look(b"", NARROW, false), Look::Short);
    }
}
