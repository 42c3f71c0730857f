//! The shape of one line of varnishlog text (varnishlog 4.0 to 8.0; the grammar is the same in all). In: a line without
//! its line feed; out: header, record, blank or unfit. It must not know the lines around it.
//!
//! The printf forms are `PREFIX` + with a vxid `%10u ` + `%-14s ` + with a vxid the side letter and a blank + payload.
//! Columns are trusted where they fit, because a payload may begin with blanks; where a log shipper has trimmed a line
//! they are not there, and the parts are split on blanks.

use crate::model::{Side, Tag, TransactionKind};

/// Columns from the start of the tag to what follows it.
const TAG_WIDTH: usize = 15;
/// 2^51 - 1, the largest id of 7.3 and later, has 16 digits.
const VXID_DIGITS: usize = 16;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'c> {
    /// Nothing but blanks.
    Blank,
    /// The line above a transaction.
    Header(u64, TransactionKind),
    /// A record; the id is `None` in grouped text without `-v`.
    Record(Option<u64>, Tag, Side, &'c [u8]),
    /// None of these.
    Unfit,
}

/// The shape of a line.
#[inline]
pub(super) fn shape(line: &[u8]) -> Shape<'_> {
    match line.first() {
        Some(b'-') => grouped(line).unwrap_or(Shape::Unfit),
        Some(b' ' | b'0'..=b'9') => match blanks(line) {
            b"" => Shape::Blank,
            rest => numbered(rest).unwrap_or(Shape::Unfit),
        },
        Some(b'*') => header(line).unwrap_or(Shape::Unfit),
        None => Shape::Blank,
        Some(_) if line.iter().all(|b| b.is_ascii_whitespace()) => Shape::Blank,
        Some(_) => Shape::Unfit,
    }
}

/// The line without its leading blanks.
#[inline]
fn blanks(line: &[u8]) -> &[u8] {
    let n = line.iter().position(|&b| b != b' ').unwrap_or(line.len());
    &line[n..]
}

/// The rest after a level field: `*`, `**`, `***`, `*4*` and the same with dashes.
fn after_level(line: &[u8], mark: u8) -> Option<&[u8]> {
    let marks = line.iter().take(4).take_while(|&&b| b == mark).count();
    let mut at = marks;
    if marks == 1 && line.get(1).is_some_and(u8::is_ascii_digit) {
        at += line[1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
        if line.get(at) != Some(&mark) {
            return None;
        }
        at += 1;
    }
    (marks <= 3 && line.get(at) == Some(&b' ')).then(|| &line[at..])
}

/// Digits followed by a blank or the end, and what follows the digits.
#[inline]
fn vxid(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0u64;
    let mut at = 0;
    while let Some(d) = text.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        if at == VXID_DIGITS {
            return None;
        }
        n = n * 10 + u64::from(d);
        at += 1;
    }
    (at > 0 && text.get(at).is_none_or(|&b| b == b' ')).then(|| (n, &text[at..]))
}

/// `*   << BeReq    >> 3         `.
fn header(line: &[u8]) -> Option<Shape<'_>> {
    let rest = blanks(after_level(line, b'*')?).strip_prefix(b"<< ")?;
    let end = rest.iter().position(|&b| b == b' ')?;
    let kind = match &rest[..end] {
        b"Session" => TransactionKind::Session,
        b"Request" => TransactionKind::Request,
        b"BeReq" => TransactionKind::BeReq,
        b"Unknown" | b"Record" => TransactionKind::Unknown,
        _ => return None,
    };
    let (vxid, tail) = vxid(blanks(blanks(&rest[end..]).strip_prefix(b">>")?))?;
    tail.iter().all(u8::is_ascii_whitespace).then_some(Shape::Header(vxid, kind))
}

/// `-   Begin          bereq 2 fetch`, or with `-v` a numbered record after the dashes.
#[inline]
fn grouped(line: &[u8]) -> Option<Shape<'_>> {
    let rest = blanks(after_level(line, b'-')?);
    if rest.first()?.is_ascii_digit() {
        return numbered(rest);
    }
    let (tag, word) = tag(rest)?;
    // A word that is none of ours must at least stand where tags stand, so that a list in a logged text is none.
    if tag == Tag::Other && (line.len() - rest.len() < 4 || !padded(rest, word)) {
        return None;
    }
    let payload = if padded(rest, word) { rest.get(TAG_WIDTH..).unwrap_or(b"") } else { blanks(&rest[word..]) };
    Some(Shape::Record(None, tag, Side::Neither, payload))
}

/// `3 FetchError     b no backend connection`.
#[inline]
fn numbered(rest: &[u8]) -> Option<Shape<'_>> {
    let (vxid, rest) = vxid(rest)?;
    let rest = blanks(rest);
    let (tag, word) = tag(rest)?;
    let tail = if padded(rest, word) { rest.get(TAG_WIDTH..).unwrap_or(b"") } else { blanks(&rest[word..]) };
    let side = match tail.first()? {
        b'c' => Side::Client,
        b'b' => Side::Backend,
        b'-' => Side::Neither,
        _ => return None,
    };
    match tail.get(1) {
        None => Some(Shape::Record(Some(vxid), tag, side, b"")),
        Some(b' ') => Some(Shape::Record(Some(vxid), tag, side, &tail[2..])),
        Some(_) => None,
    }
}

/// The tag at the start and the length of its word: a capital, then letters, digits and underscores.
#[inline]
fn tag(text: &[u8]) -> Option<(Tag, usize)> {
    if !text.first()?.is_ascii_uppercase() {
        return None;
    }
    let word = text.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(text.len());
    if text.get(word).is_some_and(|&b| b != b' ') {
        return None;
    }
    Some((Tag::parse(&text[..word]), word))
}

/// True when the word is padded to its column, or the line ends before it because a shipper trimmed it.
#[inline]
fn padded(text: &[u8], word: usize) -> bool {
    word < TAG_WIDTH && text[word..].iter().take(TAG_WIDTH - word).all(|&b| b == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: Option<u64>, tag: Tag, side: Side, payload: &str) -> Shape<'_> {
        Shape::Record(id, tag, side, payload.as_bytes())
    }

    #[test]
    fn records_of_every_grouping_are_read_and_keep_the_blanks_of_their_payload() {
        for (line, expected) in [
            (
                "         3 FetchError     b no backend connection",
                record(Some(3), Tag::FetchError, Side::Backend, "no backend connection"),
            ),
            ("3 FetchError     b timeout", record(Some(3), Tag::FetchError, Side::Backend, "timeout")),
            ("         3 End            c ", record(Some(3), Tag::End, Side::Client, "")),
            ("         3 End            c", record(Some(3), Tag::End, Side::Client, "")),
            ("         0 CLI            - Rd ping", record(Some(0), Tag::Cli, Side::Neither, "Rd ping")),
            (
                "2251799813685247 VCL_Log        b  indented",
                record(Some(2_251_799_813_685_247), Tag::VclLog, Side::Backend, " indented"),
            ),
            ("-   Begin          bereq 2 fetch", record(None, Tag::Begin, Side::Neither, "bereq 2 fetch")),
            ("--- VCL_Log          two", record(None, Tag::VclLog, Side::Neither, "  two")),
            ("-12- End            ", record(None, Tag::End, Side::Neither, "")),
            ("-   Filters", record(None, Tag::Other, Side::Neither, "")),
            ("-   End", record(None, Tag::End, Side::Neither, "")),
            ("-            8 Begin          c req 7 rxreq", record(Some(8), Tag::Begin, Side::Client, "req 7 rxreq")),
            ("-4-      65538 BerespProtocol b HTTP/1.1", record(Some(65538), Tag::Other, Side::Backend, "HTTP/1.1")),
            ("-   FetchError timeout", record(None, Tag::FetchError, Side::Neither, "timeout")),
        ] {
            assert_eq!(shape(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn headers_are_read_with_and_without_their_trailing_blanks() {
        for (line, id, kind) in [
            ("*   << BeReq    >> 3         ", 3, TransactionKind::BeReq),
            ("*** << Request  >> 32781", 32781, TransactionKind::Request),
            ("*4*            << BeReq    >>   65538     ", 65538, TransactionKind::BeReq),
            ("*   << Session  >> 1", 1, TransactionKind::Session),
            ("*   << Unknown  >> 7", 7, TransactionKind::Unknown),
        ] {
            assert_eq!(shape(line.as_bytes()), Shape::Header(id, kind), "{line:?}");
        }
    }

    #[test]
    fn other_lines_are_blank_or_unfit() {
        for line in ["", " ", "\t", "          "] {
            assert_eq!(shape(line.as_bytes()), Shape::Blank, "{line:?}");
        }
        for line in [
            "- a list in a logged text",
            "- A list in a logged text",
            "* starred",
            "---- Begin          x",
            "-4 Begin          x",
            "-   lower          x",
            "123",
            "99999999999999999 Begin          c req 7 rxreq",
            "     3 Begin          x req 7 rxreq",
            "Nov 20 17:49:06 host varnishlog[1]: -   Begin          req 1 rxreq",
            "*   << BeReq    >> x",
            "*   << BeReq    >> 3 4",
        ] {
            assert_eq!(shape(line.as_bytes()), Shape::Unfit, "{line:?}");
        }
    }
}
