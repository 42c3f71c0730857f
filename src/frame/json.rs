//! The little of JSON that log shippers need. In: one line that should be an object; out: its members as raw slices,
//! strings and byte arrays decoded into a buffer. It must not know what a member means.
//!
//! Shippers write logs that are not UTF-8 into strings that then are none either, and a full parser would refuse them.

use memchr::memchr2;

/// Hands over key (without quotes, not decoded) and raw value of every member, in their order. `None` when the text
/// is not one whole object.
pub(super) fn members<'t>(object: &'t [u8], mut each: impl FnMut(&'t [u8], &'t [u8])) -> Option<()> {
    let mut at = blanks(object, 0);
    if object.get(at) != Some(&b'{') {
        return None;
    }
    at = blanks(object, at + 1);
    if object.get(at) == Some(&b'}') {
        return Some(());
    }
    loop {
        let end = string_end(object, at)?;
        let key = object.get(at + 1..end - 1)?;
        at = blanks(object, end);
        if object.get(at) != Some(&b':') {
            return None;
        }
        at = blanks(object, at + 1);
        let end = value_end(object, at)?;
        each(key, object.get(at..end)?);
        at = blanks(object, end);
        match object.get(at)? {
            b',' => at = blanks(object, at + 1),
            b'}' => return Some(()),
            _ => return None,
        }
    }
}

fn blanks(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// The end of the string that begins at `at`, after its closing quote.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut from = at + 1;
    loop {
        let found = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[found] == b'"' {
            return Some(found + 1);
        }
        from = found + 2;
    }
}

fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => {
            let (mut depth, mut from) = (0usize, at);
            loop {
                match text.get(from)? {
                    b'"' => {
                        from = string_end(text, from)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                from += 1;
                if depth == 0 {
                    return Some(from);
                }
            }
        }
        _ => {
            let rest = &text[at..];
            let len = rest.iter().position(|b| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace())?;
            (len > 0).then_some(at + len)
        }
    }
}

/// What stands between the quotes of a raw string value, not decoded; `None` for other values.
pub(super) fn quoted(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// Decodes a raw value into `out`: a string, or an array of bytes (journald's way to write text that is not UTF-8).
/// `null` is the empty text. `None` for anything else; `out` is then not to be used.
pub(super) fn decode(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    match value.first()? {
        b'"' => {
            unescape(quoted(value)?, out);
            Some(())
        }
        b'[' if value == b"[]" => Some(()),
        b'[' => value.strip_prefix(b"[")?.strip_suffix(b"]")?.split(|b| *b == b',').try_for_each(|number| {
            let number = std::str::from_utf8(number.trim_ascii()).ok()?;
            out.push(number.parse().ok()?);
            Some(())
        }),
        b'n' => (value == b"null").then_some(()),
        _ => None,
    }
}

fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(&text[..at]);
        let taken = match text.get(at + 1) {
            Some(b'n') => simple(out, b'\n'),
            Some(b't') => simple(out, b'\t'),
            Some(b'r') => simple(out, b'\r'),
            Some(b'b') => simple(out, 8),
            Some(b'f') => simple(out, 12),
            Some(b'u') => unicode(&text[at..], out),
            Some(other) => simple(out, *other),
            None => 1,
        };
        text = text.get(at + taken..).unwrap_or_default();
    }
    out.extend_from_slice(text);
}

fn simple(out: &mut Vec<u8>, byte: u8) -> usize {
    out.push(byte);
    2
}

/// `\uXXXX`, or two of them for one character; returns the bytes taken.
fn unicode(text: &[u8], out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (code, taken) = match (unit(0), unit(6)) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
        }
        (Some(code), _) => (code, 6),
        (None, _) => return simple(out, b'u'),
    };
    let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let word = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        members(text.as_bytes(), |k, v| found.push((word(k), word(v)))).map(|()| found)
    }

    #[test]
    fn members_are_found_whatever_their_values_are() {
        let found = read(r#" {"log":"a \"}, b\n", "n" : -1.5,"o":{"x":["}",{}]},"z":null} "#).unwrap();
        let expected = [("log", r#""a \"}, b\n""#), ("n", "-1.5"), ("o", r#"{"x":["}",{}]}"#), ("z", "null")];
        assert_eq!(found, expected.map(|(k, v)| (k.to_string(), v.to_string())));
        assert_eq!(read("{}"), Some(Vec::new()));
        for broken in ["", "{", r#"{"log":"cut"#, r#"{"log" "x"}"#, r#"{"a":1,}"#, "[1]", r#"{"a":}"#, r#"{"a":[1}"#] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn strings_and_byte_arrays_are_decoded() {
        let mut out = Vec::new();
        for (value, text) in [
            (r#""a\tb\\\"\u003c\u00e9\ud83d\ude00\/\n""#, "a\tb\\\"<é😀/\n"),
            (r#""\ud83d \u12""#, "\u{fffd} u12"),
            ("[45, 32,65]", "- A"),
            ("null", ""),
            ("[]", ""),
        ] {
            decode(value.as_bytes(), &mut out).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), text, "{value}");
        }
        for other in ["1", "[300]", "[1,]", "true", "{}"] {
            assert_eq!(decode(other.as_bytes(), &mut out), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_a_json_writer_writes_is_read_back(text in ".{0,40}", more in any::<i32>()) {
            let object = serde_json::json!({"log": text, "more": {"n": [more, "]"]}}).to_string();
            let mut out = Vec::new();
            members(object.as_bytes(), |key, value| if key == b"log" { decode(value, &mut out).unwrap() }).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&out), text);
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in prop::collection::vec(prop::sample::select(br#"{}[]",:\u0a "#.to_vec()), 0..30)) {
            members(&bytes, |_, value| { decode(value, &mut Vec::new()); });
        }
    }
}
