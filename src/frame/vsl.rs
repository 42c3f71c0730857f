//! varnishlog text to records. In: bytes of any grouping, with or without `-v`; out: headers and records borrowed from
//! them, counts of lines, and the places where the bytes may be cut. It must not know what a record means, nor keep
//! any state from one chunk to the next: each line is judged by its shape alone.

use memchr::{memchr_iter, memrchr};

use super::vsl_line::{Shape, shape};
use crate::model::report::Lines;
use crate::model::vsl::NO_HEADER;
use crate::model::{FileId, Locator, Tag, VslHeader, VslItem, VslRecord};

/// A group longer than this is cut at any line: its pieces are joined again, and memory stays bounded.
const LONG_GROUP: usize = 4 << 20;

/// The last safe place to cut a buffer: an exclusive end.
///
/// In grouped text that is after the last `End` (and the blank lines below it) or before the last header, whichever
/// is later; in raw text after the last line feed, or before the last record when its text may go on in the next line.
/// `None` when there is no such place: read on.
pub fn cut(bytes: &[u8]) -> Option<usize> {
    let whole = memrchr(b'\n', bytes)? + 1;
    let mut end = whole;
    let mut blanks_only = true;
    while end > 0 {
        let start = memrchr(b'\n', &bytes[..end - 1]).map_or(0, |n| n + 1);
        match shape(text(&bytes[start..end])) {
            Shape::Header(..) if start == 0 => return (whole >= LONG_GROUP).then_some(whole),
            Shape::Header(..) => return Some(start),
            Shape::Record(_, Tag::End, ..) if blanks_only => return Some(whole),
            Shape::Record(_, tag, ..) if tag.may_hold_newline() && start > 0 && is_raw(bytes[start]) => {
                return Some(start);
            }
            Shape::Record(..) if is_raw(bytes[start]) => return Some(whole),
            Shape::Blank => {}
            Shape::Record(..) | Shape::Unfit => blanks_only = false,
        }
        end = start;
    }
    Some(whole)
}

/// True for the first byte of a raw record; those of grouped text begin with a dash.
fn is_raw(first: u8) -> bool {
    first != b'-'
}

/// The line without line feed and carriage return.
#[inline]
fn text(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Pushes the headers and records of a chunk in their order, and counts its lines.
///
/// `offset` is the place of `bytes` in the file. Blank lines are skipped; headers and records are parsed. A line that
/// is neither counts as parsed when the record before it may hold a line feed (its payload is not extended), otherwise
/// as not understood, and is pushed as rejected. Records of grouped text without `-v` get the id of the last header,
/// or [`NO_HEADER`]. Nothing is allocated.
pub fn records<'c>(bytes: &'c [u8], file: FileId, offset: u64, lines: &mut Lines, mut push: impl FnMut(VslItem<'c>)) {
    let mut framer = Framer { group: NO_HEADER, goes_on: false };
    let mut start = 0;
    let mut line = 0;
    let ends = memchr_iter(b'\n', bytes).chain((bytes.last().is_some_and(|&b| b != b'\n')).then_some(bytes.len()));
    for end in ends {
        let content = text(&bytes[start..end]);
        let len = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let at = Locator { file, offset: offset + start as u64, len, line };
        framer.line(content, at, lines, &mut push);
        start = end + 1;
        line += 1;
    }
    lines.read += u64::from(line);
}

/// What one line needs to know of the lines before it in the same chunk.
struct Framer {
    /// The id of the last header.
    group: u64,
    /// True when the last record may go on in this line.
    goes_on: bool,
}

impl Framer {
    #[inline]
    fn line<'c>(&mut self, content: &'c [u8], at: Locator, lines: &mut Lines, push: &mut impl FnMut(VslItem<'c>)) {
        match shape(content) {
            Shape::Record(vxid, tag, side, payload) => {
                lines.parsed += 1;
                self.goes_on = tag.may_hold_newline();
                push(VslItem::Record(VslRecord { vxid: vxid.unwrap_or(self.group), tag, side, payload, at }));
            }
            Shape::Header(vxid, kind) => {
                lines.parsed += 1;
                self.group = vxid;
                self.goes_on = false;
                push(VslItem::Header(VslHeader { vxid, kind, at }));
            }
            Shape::Blank => lines.skipped += 1,
            Shape::Unfit if self.goes_on => lines.parsed += 1,
            Shape::Unfit => {
                lines.not_understood += 1;
                push(VslItem::Rejected(at, content));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<String>, Lines) {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        records(text, FileId(1), 100, &mut lines, |item| {
            seen.push(match item {
                VslItem::Header(h) => format!("header {} {:?} line {}", h.vxid, h.kind, h.at.line),
                VslItem::Record(r) => {
                    format!("{} {:?} {} at {}", r.vxid, r.tag, String::from_utf8_lossy(r.payload), r.at.offset)
                }
                VslItem::Rejected(at, text) => format!("rejected {} of line {}", text.len(), at.line),
            });
        });
        (seen, lines)
    }

    #[test]
    fn grouped_records_get_the_id_of_their_header_and_lines_add_up() {
        let (seen, lines) = read(b"-   End\n*   << BeReq    >> 3\n-   Length         7\r\n\nwhat\n-   End            ");
        assert_eq!(
            seen,
            [
                "18446744073709551615 End  at 100",
                "header 3 BeReq line 1",
                "3 Length 7 at 129",
                "rejected 4 of line 4",
                "3 End  at 157",
            ]
        );
        assert_eq!(lines, Lines { read: 6, parsed: 4, skipped: 1, not_understood: 1 });
        assert!(lines.add_up());
    }

    #[test]
    fn a_line_goes_on_only_after_a_tag_that_may_hold_a_line_feed() {
        let (_, lines) = read(b"         3 VCL_Log        b one\ntwo\nthree\n         3 Length         b 7\nfour\n");
        assert_eq!(lines, Lines { read: 5, parsed: 4, skipped: 0, not_understood: 1 });
    }

    #[test]
    fn text_is_cut_where_no_transaction_loses_its_header() {
        let group = "*   << BeReq    >> 3\n-   Begin          bereq 2 fetch\n";
        assert_eq!(cut(b"no line feed"), None);
        assert_eq!(cut(group.as_bytes()), None, "the only group is still open");
        let two = format!("{group}-   Length         7\n{group}");
        assert_eq!(cut(two.as_bytes()), Some(two.len() - group.len()));
        let ended = format!("{group}-   End            \n\n");
        assert_eq!(cut(ended.as_bytes()), Some(ended.len()));
        assert_eq!(cut(format!("{ended}*   << Be").as_bytes()), Some(ended.len()));
        let raw = "         3 Length         b 7\n";
        assert_eq!(cut(format!("{raw}{raw}   3 Le").as_bytes()), Some(2 * raw.len()));
        let logged = format!("{raw}         3 VCL_Log        b one\ntwo\n");
        assert_eq!(cut(logged.as_bytes()), Some(raw.len()));
        assert_eq!(cut(b"junk\njunk\n"), Some(10));
    }
}
