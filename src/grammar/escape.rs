//! Undoes the escaping that a server applies to logged values. In: a logged value; out: the bytes that it stood for,
//! appended to a buffer of the caller. It must not know which field the value belongs to.

/// How values are escaped (`log_format … escape=`; nginx 1.11.8 and later, `default` before).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// `\xHH` for control bytes, `"`, `\` and everything above 0x7E.
    #[default]
    Default,
    /// JSON string escapes.
    Json,
    /// C escapes and `\xhh`: Apache httpd, varnishncsa.
    Apache,
    /// `%HH`, once: what a CDN encodes on top of what was sent (CloudFront, Akamai).
    Percent,
    /// `+` for a blank (IIS).
    Plus,
    /// `#HH` (HAProxy).
    Hash,
    /// Nothing is escaped.
    None,
}

impl Escape {
    /// The mode of a word in a `log_format` directive.
    pub fn parse(word: &str) -> Option<Escape> {
        match word {
            "default" => Some(Escape::Default),
            "json" => Some(Escape::Json),
            "none" => Some(Escape::None),
            "apache" => Some(Escape::Apache),
            "percent" => Some(Escape::Percent),
            "plus" => Some(Escape::Plus),
            "hash" => Some(Escape::Hash),
            _ => None,
        }
    }

    /// The byte that begins an escape; `None` when there are none.
    #[inline]
    pub fn marker(self) -> Option<u8> {
        match self {
            Escape::Default | Escape::Json | Escape::Apache => Some(b'\\'),
            Escape::Percent => Some(b'%'),
            Escape::Plus => Some(b'+'),
            Escape::Hash => Some(b'#'),
            Escape::None => None,
        }
    }

    /// True when a quote within a value has a backslash before it; otherwise the first quote ends the value.
    pub fn guards_quotes(self) -> bool {
        matches!(self, Escape::Json | Escape::Apache)
    }

    /// Appends the decoded value. A backslash that begins no escape of this mode is kept as it is.
    pub fn decode(self, value: &[u8], out: &mut Vec<u8>) {
        let Some(marker) = self.marker() else { return out.extend_from_slice(value) };
        let mut rest = value;
        while let Some(at) = memchr::memchr(marker, rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            rest = match self.one(rest, out) {
                0 => {
                    out.push(marker);
                    &rest[1..]
                }
                len => &rest[len..],
            };
        }
        out.extend_from_slice(rest);
    }

    /// Decodes the escape at the start of `b` and returns its length; 0 when there is none.
    fn one(self, b: &[u8], out: &mut Vec<u8>) -> usize {
        let byte = match self {
            Escape::None => None,
            Escape::Default => hex_escape(b),
            // An access log may put its own `\xHH` where JSON has no such escape.
            Escape::Json => match hex_escape(b) {
                None => return json_escape(b, out),
                some => some,
            },
            Escape::Apache => hex_escape(b).or_else(|| c_escape(b)),
            Escape::Plus => Some((b' ', 1)),
            Escape::Percent | Escape::Hash => hex_pair(&b[1..]).map(|byte| (byte, 3)),
        };
        let Some((byte, len)) = byte else { return 0 };
        out.push(byte);
        len
    }
}

/// `\xHH` at the start: its byte and length.
fn hex_escape(b: &[u8]) -> Option<(u8, usize)> {
    match b {
        [_, b'x', digits @ ..] => hex_pair(digits).map(|byte| (byte, 4)),
        _ => None,
    }
}

fn hex_pair(b: &[u8]) -> Option<u8> {
    match b {
        [h, l, ..] => Some(hex(*h)? << 4 | hex(*l)?),
        _ => None,
    }
}

/// `\n`, `\"` and their like.
fn c_escape(b: &[u8]) -> Option<(u8, usize)> {
    let byte = match b.get(1)? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        c @ (b'"' | b'\\' | b'/' | b'\'') => *c,
        _ => return None,
    };
    Some((byte, 2))
}

/// A JSON escape: surrogate pairs too; a lone surrogate is no escape.
fn json_escape(b: &[u8], out: &mut Vec<u8>) -> usize {
    let unit = |b: &[u8]| match b {
        [b'\\', b'u', a, b, c, d, ..] => {
            Some(u32::from(hex(*a)?) << 12 | u32::from(hex(*b)?) << 8 | u32::from(hex(*c)?) << 4 | u32::from(hex(*d)?))
        }
        _ => None,
    };
    let Some(first) = unit(b) else {
        let Some((byte, len)) = c_escape(b) else { return 0 };
        out.push(byte);
        return len;
    };
    let (code, len) = match (first, b.get(6..).and_then(unit)) {
        (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) => (0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12),
        _ => (first, 6),
    };
    let Some(c) = char::from_u32(code) else { return 0 };
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    len
}

fn hex(c: u8) -> Option<u8> {
    (c as char).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(mode: Escape, value: &str) -> Vec<u8> {
        let mut out = Vec::new();
        mode.decode(value.as_bytes(), &mut out);
        out
    }

    #[test]
    fn each_mode_undoes_its_own_escapes() {
        assert_eq!(decoded(Escape::Default, r"/a\x22b\xC3\xA9\x5C"), b"/a\"b\xC3\xA9\\");
        assert_eq!(decoded(Escape::Json, r#"\"a\\\n\u0007"#), b"\"a\\\n\x07");
        assert_eq!(decoded(Escape::Json, r"\u00e9\ud83d\ude00\/"), "é😀/".as_bytes());
        assert_eq!(decoded(Escape::Apache, r#"\"a\\\t\xc3\xa9"#), "\"a\\\té".as_bytes());
        assert_eq!(decoded(Escape::Percent, "a%2520b%"), b"a%20b%");
        assert_eq!(decoded(Escape::Plus, "Mozilla/5.0+(X11)"), b"Mozilla/5.0 (X11)");
        assert_eq!(decoded(Escape::Hash, "#22a#23"), b"\"a#");
        assert_eq!(decoded(Escape::None, r"/a\x22"), br"/a\x22");
    }

    #[test]
    fn a_backslash_that_begins_no_escape_stays() {
        for value in [r"a\", r"\x2", r"\xZZ", r"\q"] {
            assert_eq!(decoded(Escape::Default, value), value.as_bytes());
        }
        assert_eq!(decoded(Escape::Json, r"\u12"), br"\u12");
        assert_eq!(decoded(Escape::Json, r"\ud83d!"), br"\ud83d!");
        assert_eq!(decoded(Escape::Percent, "100%, %zz%2"), b"100%, %zz%2");
    }
}
