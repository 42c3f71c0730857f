//! The lexer of JSON logs: where strings, numbers and whole values end. In: bytes and a place in them; out: a place
//! behind. It must not know keys.
//!
//! It is lenient where loggers are careless: nginx `escape=json` writes bare `-`, nothing, or `0.000, 0.001` for a
//! number, and templates without escaping put quotes into strings. What still has the outline of an object is read.

use memchr::{memchr2, memchr3};

/// The first byte that is no white space, from `at` on.
#[inline]
pub fn blank(b: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = b.get(at) {
        at += 1;
    }
    at
}

/// The quote that ends a string whose first byte is at `from`. A quote that nothing of JSON follows is part of the
/// text. `None` when the string is not closed.
#[inline]
pub fn string_end(b: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'"', b'\\', b.get(at..)?)?;
        if b[at] == b'\\' {
            at += 2;
            continue;
        }
        match b.get(blank(b, at + 1)) {
            None | Some(b',' | b'}' | b']' | b':') => return Some(at),
            Some(_) => at += 1,
        }
    }
}

/// The end of a value that is no string, object or array: before `}` or `]`, or before a comma that a key follows.
#[inline]
pub fn scalar_end(b: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr3(b',', b'}', b']', b.get(at..)?)?;
        if b[at] != b',' || b.get(blank(b, at + 1)) == Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The end of the object or array that begins at `from`.
pub fn nested_end(b: &[u8], from: usize) -> Option<usize> {
    let (mut depth, mut at) = (0usize, from);
    loop {
        match *b.get(at)? {
            b'"' => at = string_end(b, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_quote_does_not_end_a_string() {
        let b = br#"a "b" c","k":1}"#;
        assert_eq!(string_end(b, 0), Some(7));
        assert_eq!(string_end(br#"a\"b" }"#, 0), Some(4));
        assert_eq!(string_end(b"open", 0), None);
        assert_eq!(string_end(br"x\", 0), None);
    }

    #[test]
    fn bare_lists_are_one_value() {
        assert_eq!(scalar_end(br#"0.000, 0.001,"k":1}"#, 0), Some(12));
        assert_eq!(scalar_end(b"-}", 0), Some(1));
        assert_eq!(scalar_end(b"12", 0), None);
    }

    #[test]
    fn nested_values_are_skipped_whole() {
        assert_eq!(nested_end(br#"{"a":["}",{}]} x"#, 0), Some(14));
        assert_eq!(nested_end(br#"{"a":[}"#, 0), None);
    }
}
