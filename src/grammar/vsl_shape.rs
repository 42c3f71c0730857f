//! What varnishlog text looks like, for recognising it. In: one line; out: its shape. It must not read a record: that
//! is the varnish room.
//!
//! Source: Varnish 4.0 to 8.0, `varnishlog` in every grouping, with and without `-v`. Blanks that a log shipper
//! trimmed at either end are not missed.

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `*   << BeReq    >> 3`.
    Header,
    /// A record whose tag is one that every log has.
    Known,
    /// Something of the shape of a record.
    Record,
    /// Nothing.
    Blank,
    /// Anything else: a payload may contain a newline, so such lines occur within.
    Other,
}

/// Tags that stand in every varnishlog, whatever was filtered; sorted.
const KNOWN: [&str; 34] = [
    "BackendClose",
    "BackendOpen",
    "BackendReuse",
    "Backend_health",
    "Begin",
    "BereqAcct",
    "BereqHeader",
    "BereqMethod",
    "BereqProtocol",
    "BereqURL",
    "BerespHeader",
    "BerespProtocol",
    "BerespReason",
    "BerespStatus",
    "CLI",
    "End",
    "FetchError",
    "Fetch_Body",
    "Hit",
    "Length",
    "Link",
    "ReqAcct",
    "ReqHeader",
    "ReqMethod",
    "ReqProtocol",
    "ReqStart",
    "ReqURL",
    "RespHeader",
    "RespStatus",
    "SessClose",
    "SessOpen",
    "Timestamp",
    "VCL_call",
    "VCL_return",
];

/// The shape of one line.
pub fn shape(line: &[u8]) -> Shape {
    let line = line.trim_ascii();
    let Some((word, rest)) = word(line) else { return Shape::Blank };
    if level(word, b'*') {
        return if header(rest) { Shape::Header } else { Shape::Other };
    }
    let grouped = level(word, b'-');
    if grouped {
        // Verbose records have the transaction's number before the tag.
        return match self::word(rest) {
            Some((number, rest)) if is_number(number) => numbered(rest),
            Some((tag, _)) => tag_shape(tag),
            None => Shape::Other,
        };
    }
    if is_number(word) { numbered(rest) } else { Shape::Other }
}

/// `Tag side payload`: the rest of a record that has its transaction's number.
fn numbered(rest: &[u8]) -> Shape {
    let Some((tag, rest)) = word(rest) else { return Shape::Other };
    match word(rest) {
        Some((b"c" | b"b" | b"-", _)) => tag_shape(tag),
        _ => Shape::Other,
    }
}

/// Tags that only Varnish 3.0 writes.
const ONLY_3: [&str; 19] = [
    "BackendXID",
    "ObjRequest",
    "ObjResponse",
    "ReqEnd",
    "RxHeader",
    "RxProtocol",
    "RxRequest",
    "RxResponse",
    "RxStatus",
    "RxURL",
    "SessionClose",
    "SessionOpen",
    "StatSess",
    "TxHeader",
    "TxProtocol",
    "TxRequest",
    "TxResponse",
    "TxStatus",
    "TxURL",
];

/// True when more lines have a tag that only Varnish 3.0 writes than one that only later versions write.
pub fn era<'l>(lines: impl Iterator<Item = &'l [u8]>) -> bool {
    let (mut old, mut new) = (0, 0);
    for line in lines {
        let Some((number, rest)) = word(line) else { continue };
        let Some((tag, _)) = word(rest).filter(|_| is_number(number)) else { continue };
        let Ok(tag) = std::str::from_utf8(tag) else { continue };
        old += usize::from(ONLY_3.binary_search(&tag).is_ok());
        new += usize::from(matches!(tag, "Begin" | "End" | "Link" | "Timestamp" | "ReqMethod" | "BereqMethod"));
    }
    old > new
}

fn tag_shape(tag: &[u8]) -> Shape {
    let is_tag = tag.len() <= 24
        && tag[0].is_ascii_uppercase()
        && tag.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'));
    match std::str::from_utf8(tag) {
        Ok(tag) if KNOWN.binary_search(&tag).is_ok() => Shape::Known,
        _ if is_tag => Shape::Record,
        _ => Shape::Other,
    }
}

/// `<< BeReq    >> 3`.
fn header(rest: &[u8]) -> bool {
    let parts = || -> Option<(&[u8], &[u8])> {
        let (opening, rest) = word(rest)?;
        let (kind, rest) = word(rest)?;
        let (closing, rest) = word(rest)?;
        let (number, after) = word(rest)?;
        (opening == b"<<" && closing == b">>" && after.is_empty()).then_some((kind, number))
    };
    parts().is_some_and(|(kind, number)| kind.iter().all(u8::is_ascii_alphabetic) && is_number(number))
}

/// `-`, `--`, `---`, `-4-`, and the same with asterisks.
fn level(word: &[u8], c: u8) -> bool {
    match word {
        [a] => *a == c,
        [a, b] => *a == c && *b == c,
        [a, middle @ .., b] => *a == c && *b == c && (middle == [c] || is_number(middle)),
        [] => false,
    }
}

fn is_number(b: &[u8]) -> bool {
    !b.is_empty() && b.iter().all(u8::is_ascii_digit)
}

/// The first word and what follows the blanks after it.
fn word(b: &[u8]) -> Option<(&[u8], &[u8])> {
    let b = b.trim_ascii_start();
    if b.is_empty() {
        return None;
    }
    let end = b.iter().position(|c| *c == b' ').unwrap_or(b.len());
    Some((&b[..end], b[end..].trim_ascii_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grouping_is_recognised_also_trimmed() {
        let cases = [
            ("*   << BeReq    >> 3         ", Shape::Header),
            ("*4* << Request  >> 2251799813685247", Shape::Header),
            ("*              << Request  >>   8         ", Shape::Header),
            ("-   Begin          bereq 2 fetch", Shape::Known),
            ("-4- VCL_call       BACKEND_FETCH", Shape::Known),
            ("-            8 Begin          c req 7 rxreq", Shape::Known),
            ("         3 FetchError     b backend refused: fail errno 111 (Connection refused)", Shape::Known),
            ("3 End            b", Shape::Known),
            ("-   End            ", Shape::Known),
            ("--- Debug          \"x\"", Shape::Record),
            ("         0 Backend_health - default Still healthy", Shape::Known),
            ("", Shape::Blank),
            ("--- a markdown rule", Shape::Other),
            ("* << list >>", Shape::Other),
            ("12 monkeys", Shape::Other),
            ("-", Shape::Other),
            ("2026/11/20 17:48:34 [error] 1#1: x", Shape::Other),
        ];
        for (line, expected) in cases {
            assert_eq!(shape(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn known_tags_are_sorted() {
        assert!(KNOWN.is_sorted() && ONLY_3.is_sorted());
    }
}
