//! Lines and multi-line records of a text log. In: a range of decompressed bytes and where it lies; out: borrowed
//! slices with their `Locator`, pushed one by one, and the places where a range may be cut. It must not know any
//! format: what starts a record is a question put to the caller.

use memchr::{memchr, memrchr};

use crate::model::{FileId, Locator};

/// No line of a known format is longer: beyond it a record is cut at any newline, so that memory stays bounded.
pub const MAX_RECORD: usize = 1 << 20;

/// Where a range of lines may be cut: after its last newline. `None` when it has none.
pub fn cut(bytes: &[u8]) -> Option<usize> {
    memrchr(b'\n', bytes).map(|at| at + 1)
}

/// Where a range of multi-line records may be cut: before the last line that starts a record, because what follows
/// may still belong to it.
///
/// `None` when no cut leaves a whole record before it; more bytes are needed then, unless more than [`MAX_RECORD`]
/// have gathered since the last start: such a record is cut after its last newline. At the end of a file no cut is
/// needed: everything left is handed over.
pub fn cut_records(bytes: &[u8], starts: &dyn Fn(&[u8]) -> bool) -> Option<usize> {
    let mut end = bytes.len();
    while end > 0 {
        // A line's first byte: after the newline that precedes its last byte.
        let begin = memrchr(b'\n', &bytes[..end - 1]).map_or(0, |at| at + 1);
        if starts(without_newline(&bytes[begin..end])) {
            if begin > 0 {
                return Some(begin);
            }
            break;
        }
        end = begin;
    }
    if bytes.len() > MAX_RECORD { cut(bytes) } else { None }
}

/// Pushes every line of `bytes` without its LF or CRLF; `offset` is where the range lies in the file.
///
/// Blank lines are pushed too, and so is a last line without newline.
pub fn each_line<'c>(bytes: &'c [u8], file: FileId, offset: u64, mut push: impl FnMut(&'c [u8], Locator)) {
    let (mut begin, mut line) = (0, 0);
    while begin < bytes.len() {
        let end = memchr(b'\n', &bytes[begin..]).map_or(bytes.len(), |at| begin + at + 1);
        let text = without_newline(&bytes[begin..end]);
        push(text, locator(file, offset, begin, text.len(), line));
        line += 1;
        begin = end;
    }
}

/// Pushes every record of `bytes`: a line that `starts` one with the lines after it that do not, as one slice without
/// its last newline. The last argument of `push` is the number of those further lines.
///
/// Lines before the first start (the range begins within a record) are pushed as one record of their own.
pub fn each_record<'c>(
    bytes: &'c [u8],
    file: FileId,
    offset: u64,
    starts: &dyn Fn(&[u8]) -> bool,
    mut push: impl FnMut(&'c [u8], Locator, u32),
) {
    let (mut begin, mut end, mut first, mut more) = (0, 0, 0u32, 0u32);
    let mut line = 0u32;
    while end < bytes.len() {
        let next = memchr(b'\n', &bytes[end..]).map_or(bytes.len(), |at| end + at + 1);
        if end > begin && starts(without_newline(&bytes[end..next])) {
            let text = without_newline(&bytes[begin..end]);
            push(text, locator(file, offset, begin, text.len(), first), more);
            (begin, first, more) = (end, line, 0);
        } else if end > begin {
            more += 1;
        }
        line += 1;
        end = next;
    }
    if end > begin {
        let text = without_newline(&bytes[begin..end]);
        push(text, locator(file, offset, begin, text.len(), first), more);
    }
}

/// The line without a final LF or CRLF.
pub fn without_newline(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn locator(file: FileId, offset: u64, begin: usize, len: usize, line: u32) -> Locator {
    Locator { file, offset: offset + begin as u64, len: u32::try_from(len).unwrap_or(u32::MAX), line }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dated(line: &[u8]) -> bool {
        line.starts_with(b"2026")
    }

    fn records(bytes: &[u8], offset: u64) -> Vec<(Vec<u8>, u64, u32, u32)> {
        let mut found = Vec::new();
        each_record(bytes, FileId(0), offset, &dated, |r, at, more| {
            found.push((r.to_vec(), at.offset, at.line, more));
        });
        found
    }

    #[test]
    fn lines_come_without_their_newline_and_know_where_they_are() {
        let mut found = Vec::new();
        each_line(b"one\r\n\ntwo\nthree", FileId(3), 100, |l, at| {
            found.push((String::from_utf8_lossy(l).into_owned(), at.offset, at.len, at.line));
        });
        let expected = [("one", 100, 3, 0), ("", 105, 0, 1), ("two", 106, 3, 2), ("three", 110, 5, 3)];
        assert_eq!(found, expected.map(|(t, o, n, l)| (t.to_string(), o, n, l)));
    }

    #[test]
    fn a_record_takes_its_further_lines_along() {
        let found = records(b"tail of an old one\n2026 a\n b\n c\n2026 d\n", 10);
        let expected = [
            (b"tail of an old one".to_vec(), 10, 0, 0),
            (b"2026 a\n b\n c".to_vec(), 29, 1, 2),
            (b"2026 d".to_vec(), 42, 4, 0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_range_is_cut_after_a_line_or_before_a_record() {
        assert_eq!(cut(b"a\nb"), Some(2));
        assert_eq!(cut(b"ab"), None);
        assert_eq!(cut_records(b"2026 a\n b\n2026 c\n d", &dated), Some(10));
        assert_eq!(cut_records(b"2026 a\n b\n", &dated), None);
        assert_eq!(cut_records(b"", &dated), None);
    }

    #[test]
    fn a_record_without_end_does_not_gather_for_ever() {
        let mut bytes = b"2026 a\n".to_vec();
        while bytes.len() <= MAX_RECORD + 7 {
            bytes.extend_from_slice(b" more of the same\n");
        }
        assert_eq!(cut_records(&bytes, &dated), Some(bytes.len()));
    }

    proptest! {
        #[test]
        fn cutting_a_range_where_it_may_be_cut_changes_no_record(
            lines in prop::collection::vec(prop::sample::select(vec!["2026 x", " more", "", "2026", "20"]), 0..20),
            cut_at in 0usize..120,
        ) {
            let text: Vec<u8> = lines.iter().flat_map(|l| [l.as_bytes(), b"\n"].concat()).collect();
            let whole: Vec<_> = records(&text, 0).into_iter().map(|(r, o, _, n)| (r, o, n)).collect();
            let seen = &text[..cut_at.min(text.len())];
            if let Some(at) = cut_records(seen, &dated) {
                let mut parts = records(&text[..at], 0);
                parts.extend(records(&text[at..], at as u64));
                let parts: Vec<_> = parts.into_iter().map(|(r, o, _, n)| (r, o, n)).collect();
                prop_assert_eq!(parts, whole);
            }
        }

        #[test]
        fn no_byte_is_lost_or_read_twice(bytes in prop::collection::vec(prop::sample::select(b"2a\r\n".to_vec()), 0..60)) {
            let mut lines = 0usize;
            let mut last = 0;
            each_line(&bytes, FileId(0), 0, |l, at| {
                assert_eq!(l, &bytes[at.offset as usize..][..at.len as usize]);
                assert!(at.offset >= last);
                last = at.offset + u64::from(at.len);
                lines += 1;
            });
            let mut counted = 0;
            each_record(&bytes, FileId(0), 0, &|l| l.starts_with(b"2"), |_, _, more| counted += 1 + more as usize);
            prop_assert_eq!(lines, counted);
        }
    }
}
