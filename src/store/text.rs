//! Texts and numbers as they are kept. In: logged bytes and 64-bit identities; out: what a column holds: valid UTF-8
//! without control characters, bounded, with secrets in query values masked. It must not know the tables.

use std::borrow::Cow;

use crate::model::row::KEY_URL;
use crate::model::stamp::Stamp;
use crate::model::text::Text;

/// Longest text that is kept, in bytes.
pub const LONGEST: usize = 4096;

/// A logged text as a column value; `None` for the empty one.
pub fn kept(text: Text) -> Option<Cow<'static, str>> {
    if text.is_empty() {
        return None;
    }
    Some(match text.lossy() {
        Cow::Borrowed(s) => plain(s),
        Cow::Owned(s) => Cow::Owned(plain(&s).into_owned()),
    })
}

/// The text without control characters and not longer than [`LONGEST`].
pub fn plain(s: &str) -> Cow<'_, str> {
    let short = cut(s, LONGEST);
    if short.bytes().any(|b| b.is_ascii_control() || b == 0xc2) {
        // Tabs and newlines stay: error messages of applications have them.
        let clean = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
        let mut cleaned: String = short.chars().map(clean).collect();
        let end = cut(&cleaned, LONGEST).len();
        cleaned.truncate(end);
        return Cow::Owned(cleaned);
    }
    Cow::Borrowed(short)
}

/// The beginning of a text: at most `most` bytes, cut between characters.
fn cut(s: &str, most: usize) -> &str {
    let mut end = s.len().min(most);
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    &s[..end]
}

/// A URL (or a request line that holds one) with the values of query keys that look secret masked as `***`.
pub fn masked(s: &str) -> Cow<'_, str> {
    let Some(query) = s.find('?').filter(|_| s.contains('=')) else { return Cow::Borrowed(s) };
    let mut out = String::new();
    let mut done = 0;
    let mut at = query + 1;
    for pair in s[query + 1..].split(['&', ';', '#', '?', ' ']) {
        if let Some((key, value)) = pair.split_once('=')
            && !value.is_empty()
            && looks_secret(key)
        {
            let start = at + key.len() + 1;
            out.push_str(&s[done..start]);
            out.push_str("***");
            done = start + value.len();
        }
        at += pair.len() + 1;
    }
    if done == 0 {
        return Cow::Borrowed(s);
    }
    out.push_str(&s[done..]);
    Cow::Owned(out)
}

/// True for names of query parameters whose values let somebody in.
fn looks_secret(key: &str) -> bool {
    const WHOLE: [&str; 9] = ["key", "sid", "sig", "code", "pin", "otp", "pw", "jwt", "hmac"];
    const PART: [&str; 12] = [
        "token",
        "secret",
        "passw",
        "pwd",
        "auth",
        "session",
        "apikey",
        "api_key",
        "api-key",
        "access_key",
        "signature",
        "credential",
    ];
    let key = key.to_ascii_lowercase();
    WHOLE.contains(&key.as_str()) || PART.iter().any(|p| key.contains(p))
}

/// The path of a URL, for tallies: without query, bounded like the key of linking.
pub fn path_of(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    cut(path, KEY_URL)
}

/// The signed number with the same 64 bits. SQLite has no unsigned integers.
pub fn signed(id: u64) -> i64 {
    id.cast_signed()
}

/// The inverse of [`signed`].
pub fn unsigned(id: i64) -> u64 {
    id.cast_unsigned()
}

/// The same, with 0 for "none" as NULL.
pub fn signed_or_null(id: u64) -> Option<i64> {
    (id != 0).then(|| signed(id))
}

/// A moment as a column value.
pub fn us(t: Stamp) -> Option<i64> {
    t.is_known().then_some(t.0)
}

/// The inverse of [`us`].
pub fn stamp(us: Option<i64>) -> Stamp {
    us.map_or(Stamp::NONE, Stamp)
}

/// A count as a column value.
pub fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_query_values_are_masked_and_nothing_else_is() {
        for (url, expected) in [
            ("/a?b=1", "/a?b=1"),
            ("/a?token=abc&b=1", "/a?token=***&b=1"),
            ("/a?b=1&X-Amz-Signature=ff#x", "/a?b=1&X-Amz-Signature=***#x"),
            ("GET shop /a?PASSWORD=x&key=9 HTTP/1.1", "GET shop /a?PASSWORD=***&key=*** HTTP/1.1"),
            ("/a?keyword=shoes&token=", "/a?keyword=shoes&token="),
            ("/token=abc", "/token=abc"),
            ("/?é=ü&sid=ß", "/?é=ü&sid=***"),
        ] {
            assert_eq!(masked(url), expected);
        }
    }

    #[test]
    fn kept_text_is_bounded_and_harmless() {
        assert_eq!(plain("a\u{1b}[31mb\0\u{9b}c\n"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\n");
        let long = "é".repeat(LONGEST);
        assert_eq!(plain(&long).len(), LONGEST);
        assert_eq!(kept(Text::of(b"\xff/x")).as_deref(), Some("\u{fffd}/x"));
        assert_eq!(kept(Text::EMPTY), None);
    }

    #[test]
    fn identities_keep_all_64_bits() {
        for id in [0, 1, u64::MAX, 0x9f2c_41d0_7be3_a611] {
            assert_eq!(unsigned(signed(id)), id);
        }
    }
}
