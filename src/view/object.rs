//! JSON straight into bytes. In: keys and plain values; out: one object, appended to a buffer without an allocation.
//! It must not know what a key means. Whatever is absent is left out, unless it is asked for as null.
//!
//! A program reads it back as the same text: controls, and what else acts on a terminal, become `\uXXXX`; bytes that
//! are no UTF-8 become U+FFFD, as in every other JSON of this program; secrets are masked.

use crate::model::Stamp;
use crate::model::redact::{Piece, pieces};
use crate::model::stamp::{SECOND, civil};

use super::plain::is_unsafe;

/// An object that is being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Begins one.
    pub fn begin(out: &'o mut Vec<u8>) -> Object<'o> {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Ends it.
    pub fn end(self) {
        self.out.push(b'}');
    }

    #[inline]
    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Nothing is known of this key.
    pub fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"null");
    }

    /// A word of ours.
    pub fn word(&mut self, key: &str, word: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    /// A text of ours or of the user, as it is.
    pub fn name(&mut self, key: &str, text: &[u8]) {
        self.key(key);
        self.out.push(b'"');
        escape(self.out, text);
        self.out.push(b'"');
    }

    /// A text of the log with secrets masked; left out when it is empty.
    pub fn text(&mut self, key: &str, text: &[u8]) {
        if !text.is_empty() {
            self.key(key);
            self.out.push(b'"');
            masked(self.out, text);
            self.out.push(b'"');
        }
    }

    /// The same; null when it is empty.
    pub fn text_or_null(&mut self, key: &str, text: &[u8]) {
        if text.is_empty() { self.null(key) } else { self.text(key, text) }
    }

    /// An address with its port, or without where that is 0; left out when it is empty.
    pub fn address(&mut self, key: &str, address: &[u8], port: u16) {
        if address.is_empty() {
            return;
        }
        self.key(key);
        self.out.push(b'"');
        let bare_v6 = port > 0 && address.contains(&b':') && !address.starts_with(b"[");
        self.out.extend_from_slice(if bare_v6 { b"[" } else { b"" });
        escape(self.out, address);
        self.out.extend_from_slice(if bare_v6 { b"]" } else { b"" });
        if port > 0 {
            self.out.push(b':');
            digits(self.out, u64::from(port));
        }
        self.out.push(b'"');
    }

    /// A number, of which 0 says that there is none; left out then.
    pub fn number(&mut self, key: &str, n: impl Into<u64>) {
        let n = n.into();
        self.count(key, (n > 0).then_some(n));
    }

    /// A count; left out when it is not known.
    pub fn count(&mut self, key: &str, n: Option<u64>) {
        if let Some(n) = n {
            self.key(key);
            digits(self.out, n);
        }
    }

    /// The same; null when it is not known.
    pub fn count_or_null(&mut self, key: &str, n: Option<u64>) {
        if n.is_some() { self.count(key, n) } else { self.null(key) }
    }

    /// Something that holds; left out when it does not.
    pub fn flag(&mut self, key: &str, holds: bool) {
        self.known(key, holds.then_some(true));
    }

    /// Something that holds or does not; left out when that is not known.
    pub fn known(&mut self, key: &str, holds: Option<bool>) {
        if let Some(holds) = holds {
            self.key(key);
            self.out.extend_from_slice(if holds { b"true" } else { b"false" });
        }
    }

    /// Microseconds as milliseconds with up to three decimals; left out when not known.
    pub fn milliseconds(&mut self, key: &str, us: Option<i64>) {
        if let Some(us) = us {
            self.key(key);
            milliseconds(self.out, us);
        }
    }

    /// The same; null when not known.
    pub fn milliseconds_or_null(&mut self, key: &str, us: Option<i64>) {
        if us.is_some() { self.milliseconds(key, us) } else { self.null(key) }
    }

    /// A moment in RFC 3339 and UTC, with as many decimals as the log's resolution has; null when not known.
    pub fn stamp(&mut self, key: &str, at: Stamp, resolution_us: i64) {
        match at.is_known() {
            true => {
                self.key(key);
                stamp(self.out, at, resolution_us);
            }
            false => self.null(key),
        }
    }

    /// An object within; left out when nothing is written into it.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let (before, was_empty) = (self.out.len(), self.empty);
        self.key(key);
        let mut inner = Object::begin(self.out);
        fill(&mut inner);
        let nothing = inner.empty;
        inner.end();
        if nothing {
            self.out.truncate(before);
            self.empty = was_empty;
        }
    }

    /// A list of objects; left out when there are none.
    pub fn list<T>(&mut self, key: &str, items: &[T], mut fill: impl FnMut(&T, &mut Object<'_>)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        for (n, item) in items.iter().enumerate() {
            self.out.push(if n == 0 { b'[' } else { b',' });
            let mut inner = Object::begin(self.out);
            fill(item, &mut inner);
            inner.end();
        }
        self.out.push(b']');
    }
}

fn digits(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

fn milliseconds(out: &mut Vec<u8>, us: i64) {
    if us < 0 {
        out.push(b'-');
    }
    let us = us.unsigned_abs();
    digits(out, us / 1000);
    let rest = us % 1000;
    if rest > 0 {
        let all = [b'.', digit(rest / 100), digit(rest / 10), digit(rest)];
        let zeros = all.iter().rev().take_while(|b| **b == b'0').count();
        out.extend_from_slice(&all[..all.len() - zeros]);
    }
}

/// The last decimal digit.
fn digit(n: u64) -> u8 {
    b'0' + (n % 10) as u8
}

/// Decimals are never cut: a start that was computed from a duration may have more than the log's own stamps.
fn stamp(out: &mut Vec<u8>, at: Stamp, resolution_us: i64) {
    let seconds = at.seconds();
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let Ok(year @ 0..=9999) = u64::try_from(year) else {
        // RFC 3339 has no such year.
        return out.extend_from_slice(b"null");
    };
    let second = seconds.rem_euclid(86_400) as u64;
    let us = at.0.rem_euclid(SECOND) as u64;
    let two = |n: u64| [digit(n / 10), digit(n)];
    out.push(b'"');
    out.extend_from_slice(&two(year / 100));
    out.extend_from_slice(&two(year % 100));
    for (sign, n) in [
        (b'-', u64::from(month)),
        (b'-', u64::from(day)),
        (b'T', second / 3600),
        (b':', second / 60 % 60),
        (b':', second % 60),
    ] {
        let [ten, one] = two(n);
        out.extend_from_slice(&[sign, ten, one]);
    }
    let decimals = if us == 0 && resolution_us >= SECOND {
        0
    } else if us.is_multiple_of(1000) && resolution_us >= 1000 {
        4
    } else {
        7
    };
    let all =
        [b'.', digit(us / 100_000), digit(us / 10_000), digit(us / 1000), digit(us / 100), digit(us / 10), digit(us)];
    out.extend_from_slice(&all[..decimals]);
    out.extend_from_slice(b"Z\"");
}

fn masked(out: &mut Vec<u8>, text: &[u8]) {
    pieces(text, |piece| match piece {
        Piece::Shown(shown) => escape(out, shown),
        Piece::Masked(bytes) => {
            out.extend_from_slice(b"<redacted ");
            digits(out, bytes as u64);
            out.extend_from_slice(b" bytes>");
        }
    });
}

/// Bytes that stand for themselves in a JSON string and on a terminal.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut b = 0x20;
    while b < 0x7f {
        plain[b] = b != b'"' as usize && b != b'\\' as usize;
        b += 1;
    }
    plain
};

/// The inside of a JSON string.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let plain = text.iter().position(|b| !PLAIN[*b as usize]).unwrap_or(text.len());
    let (first, rest) = text.split_at(plain);
    out.extend_from_slice(first);
    for part in rest.utf8_chunks() {
        part.valid().chars().for_each(|c| escape_char(out, c));
        if !part.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn escape_char(out: &mut Vec<u8>, c: char) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        c if u8::try_from(c).is_ok_and(|b| PLAIN[b as usize]) => out.push(c as u8),
        c if !is_unsafe(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        c => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let hex = |shift: u16| b"0123456789abcdef"[usize::from(*unit >> shift & 15)];
                out.extend_from_slice(&[b'\\', b'u', hex(12), hex(8), hex(4), hex(0)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(fill: impl FnOnce(&mut Object<'_>)) -> String {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        fill(&mut object);
        object.end();
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn what_is_absent_is_left_out_or_null() {
        let text = written(|o| {
            o.object("none", |_| {});
            o.number("zero", 0_u32);
            o.text("empty", b"");
            o.text_or_null("host", b"");
            o.flag("no", false);
            o.known("asked", Some(false));
            o.object("some", |o| o.number("n", 7_u16));
            o.list("all", &[1_u64, 2], |n, o| o.number("n", *n));
            o.list("nothing", &[] as &[u64], |_, _| {});
            o.address("peer", b"::1", 80);
            o.address("to", b"10.0.0.1", 0);
        });
        let expected = concat!(
            r#"{"host":null,"asked":false,"some":{"n":7},"all":[{"n":1},{"n":2}],"#,
            r#""peer":"[::1]:80","to":"10.0.0.1"}"#
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn moments_and_durations_have_the_decimals_that_are_known() {
        let at = Stamp(1_795_196_946_000_000);
        for (us, resolution, expected) in [
            (0, SECOND, "2026-11-20T17:49:06Z"),
            (345_000, SECOND, "2026-11-20T17:49:06.345Z"),
            (0, 1000, "2026-11-20T17:49:06.000Z"),
            (120_000, 1, "2026-11-20T17:49:06.120000Z"),
            (123_456, SECOND, "2026-11-20T17:49:06.123456Z"),
        ] {
            assert_eq!(written(|o| o.stamp("t", at + us, resolution)), format!(r#"{{"t":"{expected}"}}"#));
        }
        assert_eq!(written(|o| o.stamp("t", Stamp(i64::MAX), 1)), r#"{"t":null}"#);
        for (us, expected) in [(0, "0"), (1, "0.001"), (1500, "1.5"), (-2_010, "-2.01"), (60_000_000, "60000")] {
            assert_eq!(written(|o| o.milliseconds("d", Some(us))), format!(r#"{{"d":{expected}}}"#));
        }
    }

    #[test]
    fn nothing_in_a_text_acts_on_a_terminal_or_gives_a_secret_away() {
        let text = written(|o| o.text("t", "\u{1b}[31m\u{9b}1m\u{202e}é\"\\\u{7f}\u{1f600}".as_bytes()));
        assert_eq!(text, r#"{"t":"\u001b[31m\u009b1m\u202eé\"\\\u007f😀"}"#);
        assert_eq!(written(|o| o.text("url", b"/a?token=abc&b=1")), r#"{"url":"/a?token=<redacted 3 bytes>&b=1"}"#);
        assert_eq!(written(|o| o.name("file", b"/a?token=abc")), r#"{"file":"/a?token=abc"}"#);
    }

    proptest! {
        #[test]
        fn any_bytes_read_back_as_their_text(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let json = written(|o| o.name("t", &text));
            let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
            prop_assert_eq!(value["t"].as_str().unwrap(), String::from_utf8_lossy(&text));
            prop_assert!(!json.chars().any(is_unsafe));
        }

        #[test]
        fn any_moment_is_json(us in any::<i64>(), resolution in prop_oneof![Just(1), Just(1000), Just(SECOND)]) {
            let json = written(|o| { o.stamp("t", Stamp(us), resolution); o.milliseconds("d", Some(us)); });
            serde_json::from_str::<serde_json::Value>(&json).expect("it is JSON");
        }
    }
}
