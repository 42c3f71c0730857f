//! The small parts of a payload. In: payload bytes of one record; out: words, numbers, moments, header names and
//! values. It must not know which record they come from. Nothing here allocates or panics on any bytes.

use crate::model::Stamp;

/// The blank-separated words of a payload.
pub(super) fn words(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    payload.split(|&b| b == b' ').filter(|w| !w.is_empty())
}

/// The word at that position, counted from 0; empty when there is none.
pub(super) fn word(payload: &[u8], n: usize) -> &[u8] {
    words(payload).nth(n).unwrap_or(b"")
}

/// A decimal number; `None` unless it is all digits and fits.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0u64, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
}

/// The number that a word is or begins with.
pub(super) fn leading_number(word: &[u8]) -> Option<u64> {
    let end = word.iter().position(|b| !b.is_ascii_digit()).unwrap_or(word.len());
    number(&word[..end])
}

/// Unix seconds with up to six decimals (`1795196962.826963`) as a moment.
pub(super) fn moment(text: &[u8]) -> Option<Stamp> {
    let dot = text.iter().position(|&b| b == b'.').unwrap_or(text.len());
    // Eleven digits reach the year 5138; more is no moment.
    let seconds = number(&text[..dot]).filter(|_| dot <= 11)?;
    let mut micros = 0;
    let decimals = text.get(dot + 1..).unwrap_or(b"");
    for n in 0..6 {
        micros = micros * 10
            + match decimals.get(n) {
                Some(d) if d.is_ascii_digit() => i64::from(d - b'0'),
                Some(_) => return None,
                None => 0,
            };
    }
    Some(Stamp(seconds as i64 * 1_000_000 + micros))
}

/// Label and moment of a `Timestamp` payload: `LABEL: ABSOLUTE SINCE_START SINCE_LAST`.
pub(super) fn timestamp(payload: &[u8]) -> Option<(&[u8], Stamp)> {
    // A label made by std.timestamp() may hold anything; ours hold neither colon nor blank.
    let colon = payload.iter().position(|&b| b == b':')?;
    let rest = payload.get(colon + 1..)?.strip_prefix(b" ")?;
    let end = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    Some((&payload[..colon], moment(&rest[..end])?))
}

/// Name and value of `Name: value`; a payload without a colon is a name without value.
pub(super) fn header(payload: &[u8]) -> (&[u8], &[u8]) {
    match payload.iter().position(|&b| b == b':') {
        Some(colon) => (&payload[..colon], payload[colon + 1..].trim_ascii()),
        None => (payload, b""),
    }
}

/// The host of a `Host` header without its port.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|&b| b == b':') {
        // A bare IPv6 address has more than one colon and no brackets.
        Some(colon) if host[..colon].contains(&b':') && !host[..colon].ends_with(b"]") => host,
        Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_microseconds() {
        assert_eq!(moment(b"1795196962.826963"), Some(Stamp(1_795_196_962_826_963)));
        assert_eq!(moment(b"1795196962.8"), Some(Stamp(1_795_196_962_800_000)));
        assert_eq!(moment(b"1795196962"), Some(Stamp(1_795_196_962_000_000)));
        assert_eq!(moment(b"1795196962.8269639"), Some(Stamp(1_795_196_962_826_963)));
        for bad in [&b""[..], b".5", b"-1.0", b"1.x", b"999999999999.0", b"nan"] {
            assert_eq!(moment(bad), None);
        }
    }

    #[test]
    fn a_timestamp_has_a_label() {
        assert_eq!(timestamp(b"Beresp: 12.000001 0.1 0.1"), Some((&b"Beresp"[..], Stamp(12_000_001))));
        assert_eq!(timestamp(b"Beresp:12"), None);
        assert_eq!(timestamp(b"my label"), None);
    }

    #[test]
    fn numbers_never_wrap() {
        assert_eq!(number(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        assert_eq!(number(b"99999999999999999999"), None);
        assert_eq!(number(b"1a"), None);
        assert_eq!(leading_number(b"26,27"), Some(26));
    }

    #[test]
    fn hosts_lose_their_port_only() {
        for (host, expected) in [
            ("shop.example:8080", "shop.example"),
            ("shop.example", "shop.example"),
            ("[::1]:80", "[::1]"),
            ("::1", "::1"),
            ("fe80::10", "fe80::10"),
            ("", ""),
        ] {
            assert_eq!(without_port(host.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn headers_are_split_at_their_first_colon() {
        assert_eq!(header(b"Host: a:80"), (&b"Host"[..], &b"a:80"[..]));
        assert_eq!(header(b"NoColonHere"), (&b"NoColonHere"[..], &b""[..]));
    }
}
