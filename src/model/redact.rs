//! Masks what must not be stored or shown: credentials in headers and in query strings. In: text of a log; out: the
//! same text with secret values replaced by their lengths (`Cookie: <redacted 11980 bytes>`), because the lengths
//! explain oversized headers. It must not know formats: it looks for names wherever they stand. It masks too much
//! rather than too little.

/// The longest redacted text, in bytes.
pub const LONGEST: usize = 512;

/// Headers whose values are credentials.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-security-token",
];

/// Words that make a query key secret when they stand in it alone or between `_`, `-`, `.` and brackets.
const WORDS: &[&str] = &[
    "token",
    "key",
    "apikey",
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sid",
    "auth",
    "authorization",
    "code",
    "signature",
    "sig",
    "hmac",
    "jwt",
    "otp",
    "credential",
    "credentials",
    "cookie",
    "phpsessid",
    "jsessionid",
];

/// Words that make a query key secret as its end (`accessToken`).
const ENDINGS: &[&str] = &["token", "secret", "password", "passwd", "signature", "sessionid", "sessid", "apikey"];

/// The text with secret values masked, invalid UTF-8 replaced, and cut to [`LONGEST`] bytes with `…`. Masking a text
/// twice changes nothing more. Control characters are left to whoever shows it.
pub fn redact(text: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    // Text that is kept is copied in one piece up to the next secret; what lies beyond the limit is not looked at.
    let mut kept = 0;
    while at < text.len() && out.len() + (at - kept) <= LONGEST {
        let Some(value) = secret_at(text, at) else {
            at += 1;
            continue;
        };
        out.push_str(&String::from_utf8_lossy(&text[kept..value.start]));
        let secret = &text[value.clone()];
        if secret.is_empty() || is_mask(secret) {
            out.push_str(&String::from_utf8_lossy(secret));
        } else {
            out.push_str(&format!("<redacted {} bytes>", secret.len()));
        }
        (at, kept) = (value.end, value.end);
    }
    out.push_str(&String::from_utf8_lossy(&text[kept..at]));
    bound(out, at < text.len())
}

/// A piece of a text of which secrets are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text that may be shown.
    Shown(&'t [u8]),
    /// A secret of so many bytes, for which `<redacted N bytes>` is shown.
    Masked(usize),
}

/// Takes a text of any length apart into what may be shown and what is masked, as [`redact`] does but neither
/// bounded nor copied. Text without a sign that introduces a value is given in one piece.
pub fn pieces<'t>(text: &'t [u8], mut give: impl FnMut(Piece<'t>)) {
    let (mut at, mut kept) = (0, 0);
    if memchr::memchr3(b'=', b':', b'%', text).is_none() {
        at = text.len();
    }
    while at < text.len() {
        let Some(value) = secret_at(text, at) else {
            at += 1;
            continue;
        };
        let secret = &text[value.clone()];
        if !secret.is_empty() && !is_mask(secret) {
            give(Piece::Shown(&text[kept..value.start]));
            give(Piece::Masked(secret.len()));
            kept = value.end;
        }
        at = value.end;
    }
    if kept < text.len() {
        give(Piece::Shown(&text[kept..]));
    }
}

/// The secret whose name or sign stands at `at`.
#[inline]
fn secret_at(text: &[u8], at: usize) -> Option<Range> {
    // Within a word nothing begins: most bytes need no further look.
    let begins = match text[at] {
        b'?' | b'&' | b';' | b'%' | b':' => true,
        b => is_name(b) && (at == 0 || !is_name(text[at - 1])),
    };
    if !begins {
        return None;
    }
    header_value(text, at).or_else(|| query_value(text, at)).or_else(|| user_of_url(text, at))
}

fn bound(mut text: String, more: bool) -> String {
    let ellipsis = '…';
    if text.len() > LONGEST || more {
        let mut end = (LONGEST - ellipsis.len_utf8()).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push(ellipsis);
    }
    text
}

type Range = std::ops::Range<usize>;

/// Already masked, by this function and nothing else.
fn is_mask(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"<redacted ").and_then(|v| v.strip_suffix(b" bytes>"));
    digits.is_some_and(|d| !d.is_empty() && d.iter().all(u8::is_ascii_digit))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The value of a secret header whose name starts at `at`: up to the end of the line, or to the closing quote where
/// name and value are quoted (JSON).
fn header_value(text: &[u8], at: usize) -> Option<Range> {
    let rest = &text[at..];
    if !rest[0].is_ascii_alphabetic() || (at > 0 && is_name(text[at - 1])) {
        return None;
    }
    let name = HEADERS.iter().find(|h| rest.get(..h.len()).is_some_and(|n| n.eq_ignore_ascii_case(h.as_bytes())))?;
    let mut start = at + name.len();
    let quoted = at > 0 && text[at - 1] == b'"' && text.get(start) == Some(&b'"');
    start += usize::from(quoted);
    let blanks = |from: usize| text[from..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    start += blanks(start);
    if text.get(start) != Some(&b':') {
        return None;
    }
    start += 1;
    start += blanks(start);
    if quoted && text.get(start) == Some(&b'"') {
        return Some(start + 1..closing_quote(text, start + 1));
    }
    let len = memchr::memchr2(b'\n', b'\r', &text[start..]).unwrap_or(text.len() - start);
    Some(start..start + len)
}

fn closing_quote(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// How many bytes stand for one of `signs` at the start of `text`: plain (1) or percent-encoded (3).
fn sign(text: &[u8], signs: &[u8]) -> Option<usize> {
    match text {
        [b, ..] if signs.contains(b) => Some(1),
        [b'%', high, low, ..] => signs.contains(&decoded(*high, *low)?).then_some(3),
        _ => None,
    }
}

fn decoded(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    Some(digit(high)? << 4 | digit(low)?)
}

/// The longest query key that is looked at.
const LONGEST_KEY: usize = 64;

/// The value of a secret query parameter whose separator (`?`, `&`, `;`, also percent-encoded) stands at `at`, or
/// that begins a word (`token=…` in a message).
fn query_value(text: &[u8], at: usize) -> Option<Range> {
    let mut from = at;
    let separator = sign(&text[at..], b"?&;");
    match separator {
        Some(len) => from += len,
        None if is_name(text[at]) && (at == 0 || matches!(text[at - 1], b' ' | b'"' | b'\'' | b'\t' | b',')) => {}
        None => return None,
    }
    let mut key = [0_u8; LONGEST_KEY];
    let mut len = 0;
    let mut end = from;
    loop {
        if let Some(equals) = sign(text.get(end..)?, b"=") {
            end += equals;
            break;
        }
        let (byte, width) = match text.get(end..)? {
            [b'%', high, low, ..] => (decoded(*high, *low)?, 3),
            [b, ..] => (*b, 1),
            [] => return None,
        };
        if len == LONGEST_KEY || matches!(byte, b' ' | b'"' | b'&' | b'?' | b'/' | b';' | b'\n' | b'\r') {
            return None;
        }
        key[len] = byte.to_ascii_lowercase();
        (len, end) = (len + 1, end + width);
    }
    let secret = is_secret(&key[..len]) && (separator.is_some() || !key[..len].ends_with(b"code"));
    if secret && text.get(end) == Some(&b'"') {
        return Some(end + 1..closing_quote(text, end + 1));
    }
    secret.then(|| end..value_end(text, end))
}

fn value_end(text: &[u8], from: usize) -> usize {
    let stop = |b: &u8| matches!(b, b'&' | b' ' | b'"' | b'\n' | b'\r' | b'\t');
    if is_mask_start(&text[from..]) {
        return from + memchr::memchr(b'>', &text[from..]).map_or(0, |n| n + 1);
    }
    from + text[from..].iter().position(stop).unwrap_or(text.len() - from)
}

fn is_mask_start(text: &[u8]) -> bool {
    let end = memchr::memchr(b'>', &text[..text.len().min(40)]);
    end.is_some_and(|n| is_mask(&text[..=n]))
}

fn is_secret(key: &[u8]) -> bool {
    let Ok(key) = std::str::from_utf8(key) else { return false };
    key.split(['_', '-', '.', '[', ']']).any(|word| WORDS.contains(&word)) || ENDINGS.iter().any(|e| key.ends_with(e))
}

/// User and password of `scheme://user:password@host`, at the `://`.
fn user_of_url(text: &[u8], at: usize) -> Option<Range> {
    let rest = text[at..].strip_prefix(b"://")?;
    let authority = rest
        .iter()
        .take(256)
        .position(|b| matches!(b, b'/' | b' ' | b'"' | b'?' | b'\n'))
        .unwrap_or(rest.len().min(256));
    let user = memchr::memrchr(b'@', &rest[..authority])?;
    rest[..user].contains(&b':').then_some(at + 3..at + 3 + user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_masked_and_names_and_lengths_stay() {
        for (text, masked) in [
            ("ReqHeader Cookie: a=1; b=2", "ReqHeader Cookie: <redacted 8 bytes>"),
            (
                "-   BerespHeader   Set-Cookie: frontend=abc; path=/",
                "-   BerespHeader   Set-Cookie: <redacted 20 bytes>",
            ),
            ("authorization: Basic dTpw\nHost: a", "authorization: <redacted 10 bytes>\nHost: a"),
            (r#"{"cookie":"a=\"1\"","host":"x"}"#, r#"{"cookie":"<redacted 7 bytes>","host":"x"}"#),
            (r#"host="a" cookie="s=1; t=2" rl=3"#, r#"host="a" cookie="<redacted 8 bytes>" rl=3"#),
            ("GET /?a=1&access_token=xyz&b=2 HTTP/1.1", "GET /?a=1&access_token=<redacted 3 bytes>&b=2 HTTP/1.1"),
            ("GET /?Token=a;b,c HTTP/1.1", "GET /?Token=<redacted 5 bytes> HTTP/1.1"),
            ("/x?user%5Bpass%77ord%5D=abc", "/x?user%5Bpass%77ord%5D=<redacted 3 bytes>"),
            ("/r?to=%2Fx%3Fsid%3Dabc%26y&z=1", "/r?to=%2Fx%3Fsid%3D<redacted 7 bytes>&z=1"),
            ("/cb?code=4711 502", "/cb?code=<redacted 4 bytes> 502"),
            ("/a;jsessionid=88", "/a;jsessionid=<redacted 2 bytes>"),
            ("connect to http://me:pw@api/x failed", "connect to http://<redacted 5 bytes>@api/x failed"),
            ("accessToken=1 x", "accessToken=<redacted 1 bytes> x"),
        ] {
            assert_eq!(redact(text.as_bytes()), masked);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "FetchError first byte timeout",
            "GET /?q=1&monkey=2&sort=asc HTTP/1.1",
            "ReqHeader X-Cookies-Allowed: yes",
            "status_code=503 code=7",
            "BogoHeader 1 Header too long: Set-Cooki",
            "GET /token/keys?=x&&a HTTP/1.1",
            "http://a:80/x@y",
            "/?token",
        ] {
            assert_eq!(redact(text.as_bytes()), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_a_long_secret_is_not_what_makes_it_long() {
        let long = "é".repeat(600);
        let cut = redact(long.as_bytes());
        assert!(cut.len() <= LONGEST && cut.ends_with("é…"));
        let cookie = format!("Cookie: {}", "x".repeat(11_980));
        assert_eq!(redact(cookie.as_bytes()), "Cookie: <redacted 11980 bytes>");
        assert_eq!(redact("a".repeat(512).as_bytes()), "a".repeat(512));
        assert!(redact("a".repeat(513).as_bytes()).ends_with("a…"));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_bounded_text(text in proptest::collection::vec(any::<u8>(), 0..1500)) {
            prop_assert!(redact(&text).len() <= LONGEST);
        }

        #[test]
        fn masking_twice_changes_nothing(text in "[ -~]{0,8}((Cookie: |[?&;]token=|\"| |%3Fsid%3D|://a:b@)[ -~]{0,12}){0,4}") {
            let once = redact(text.as_bytes());
            prop_assert_eq!(redact(once.as_bytes()), once);
        }

        #[test]
        fn pieces_make_the_same_text(text in "[ -~é]{0,8}((Cookie: |[?&;]token=|\"| |%3Fsid%3D|://a:b@)[ -~é]{0,12}){0,4}") {
            let mut made = Vec::new();
            pieces(text.as_bytes(), |piece| match piece {
                Piece::Shown(shown) => made.extend_from_slice(shown),
                Piece::Masked(bytes) => made.extend_from_slice(format!("<redacted {bytes} bytes>").as_bytes()),
            });
            prop_assert_eq!(String::from_utf8(made).unwrap(), redact(text.as_bytes()));
        }

        #[test]
        fn a_secret_never_shows(secret in "[a-zA-Z0-9;,.%'<>#=/]{6,20}", start in "[ -~]{0,20}", name in "[?&](token|api_key|PASSWORD|sid)") {
            let text = format!("{start} GET /x{name}={secret} HTTP/1.1");
            prop_assert!(!redact(text.as_bytes()).contains(&secret));
        }
    }
}
