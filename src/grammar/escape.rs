//! Undoes the escaping that nginx applies to variable values. In: a logged value; out: the bytes that it stood for,
//! appended to a buffer of the caller. It must not know which field the value belongs to.

/// How values are escaped (`log_format … escape=`; nginx 1.11.8 and later, `default` before).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// `\xHH` for control bytes, `"`, `\` and everything above 0x7E.
    #[default]
    Default,
    /// JSON string escapes.
    Json,
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
            _ => None,
        }
    }

    /// Appends the decoded value. A backslash that begins no escape of this mode is kept as it is.
    pub fn decode(self, value: &[u8], out: &mut Vec<u8>) {
        let mut rest = value;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let (byte, len) = match self {
                Escape::None => (None, 1),
                Escape::Default => hex_escape(rest),
                Escape::Json => json_escape(rest),
            };
            match byte {
                Some(b) => out.push(b),
                None => out.extend_from_slice(&rest[..len]),
            }
            rest = &rest[len..];
        }
        out.extend_from_slice(rest);
    }
}

/// `\xHH` at the start: its byte and length.
fn hex_escape(b: &[u8]) -> (Option<u8>, usize) {
    match b {
        [_, b'x', h, l, ..] => match (hex(*h), hex(*l)) {
            (Some(h), Some(l)) => (Some(h << 4 | l), 4),
            _ => (None, 1),
        },
        _ => (None, 1),
    }
}

/// A JSON escape at the start; of `\u` only what nginx writes (control bytes, below 0x20).
fn json_escape(b: &[u8]) -> (Option<u8>, usize) {
    match b {
        [_, b'u', b'0', b'0', h, l, ..] => match (hex(*h), hex(*l)) {
            (Some(h), Some(l)) if h < 8 => (Some(h << 4 | l), 6),
            _ => (None, 1),
        },
        [_, c, ..] => {
            let byte = match c {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 8,
                b'f' => 12,
                b'"' | b'\\' | b'/' => *c,
                _ => return (None, 1),
            };
            (Some(byte), 2)
        }
        _ => (None, 1),
    }
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
        assert_eq!(decoded(Escape::None, r"/a\x22"), br"/a\x22");
    }

    #[test]
    fn a_backslash_that_begins_no_escape_stays() {
        for value in [r"a\", r"\x2", r"\xZZ", r"\q"] {
            assert_eq!(decoded(Escape::Default, value), value.as_bytes());
        }
        assert_eq!(decoded(Escape::Json, r"\u12"), br"\u12");
    }
}
