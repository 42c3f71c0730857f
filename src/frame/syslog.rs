//! The head of a syslog line, in all the shapes that end up in files. In: a line; out: what follows the head, the host
//! and the program. It must not know what is logged.
//!
//! Shapes: RFC 3164 with and without `<PRI>` and host, the file format of rsyslog (ISO stamp), Fastly's classic log
//! streaming, the `short`, `short-precise`, `short-iso`, `short-full` and `short-unix` outputs of journalctl; RFC 5424.

use memchr::{memchr, memchr_iter};

use super::layer::Sender;

/// A line as syslogd or journalctl writes it: `[<PRI>]STAMP [HOST ]TAG[PID]: TEXT`.
pub(super) fn classic<'t>(line: &'t [u8], sender: &mut Sender<'t>) -> Option<&'t [u8]> {
    let rest = priority(line);
    let rest = after_stamp(rest)?;
    let (first, after) = word(rest)?;
    let (host, tag, text) = match tag(first) {
        Some(tag) => (&b""[..], tag, after),
        None => {
            let (second, after) = word(after)?;
            (first, tag(second)?, after)
        }
    };
    sender.host(host);
    sender.service(tag);
    Some(text)
}

/// `[<PRI>]1 STAMP HOST APP PID MSGID SD [BOM]TEXT` (RFC 5424).
pub(super) fn modern<'t>(line: &'t [u8], sender: &mut Sender<'t>) -> Option<&'t [u8]> {
    let rest = priority(line).strip_prefix(b"1 ")?;
    let rest = match rest.strip_prefix(b"- ") {
        Some(rest) => rest,
        None => after_stamp(rest)?,
    };
    let (host, rest) = word(rest)?;
    let (app, rest) = word(rest)?;
    let (_pid, rest) = word(rest)?;
    let (_id, rest) = word(rest)?;
    let rest = after_structured(rest)?;
    let text = rest.strip_prefix(b" ").unwrap_or(rest);
    sender.host(if host == b"-" { b"" } else { host });
    sender.service(if app == b"-" { b"" } else { app });
    Some(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
}

/// What follows `<PRI>`, which may have the length of the message before it (RFC 6587).
fn priority(line: &[u8]) -> &[u8] {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let counted = digits(line);
    let rest = match line.get(counted..).and_then(|r| r.strip_prefix(b" <")) {
        Some(rest) if counted > 0 => rest,
        _ => line.strip_prefix(b"<").unwrap_or(line),
    };
    let len = digits(rest);
    let is_priority = rest.len() < line.len() && (1..=3).contains(&len) && rest.get(len) == Some(&b'>');
    if is_priority { &rest[len + 1..] } else { line }
}

/// A word and what follows the one blank behind it; the blank may be trimmed at the end of a line.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text).unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text.get(end + 1..).unwrap_or_default()))
}

/// The program of `nginx:`, `varnishlog[123]:` or `(systemd)[1]:`.
fn tag(word: &[u8]) -> Option<&[u8]> {
    let name = word.strip_suffix(b":")?;
    let name = match memchr(b'[', name) {
        Some(at) if name.ends_with(b"]") => &name[..at],
        _ => name,
    };
    (!name.is_empty() && !name.contains(&b':')).then_some(name)
}

/// What follows the stamp and its blank.
fn after_stamp(text: &[u8]) -> Option<&[u8]> {
    let len = [dated, iso, full, unix].iter().find_map(|shape| shape(text))?;
    text.get(len..)?.strip_prefix(b" ")
}

/// What follows an RFC 3339 stamp and its blank; the blank may be trimmed at the end of a line.
pub(super) fn after_iso(text: &[u8]) -> Option<&[u8]> {
    let rest = &text[iso(text)?..];
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b" ") }
}

/// True when `text` begins like `shape`, in which `9` stands for a digit and `~` for a digit or a blank.
fn begins(text: &[u8], shape: &[u8]) -> bool {
    text.len() >= shape.len()
        && shape.iter().zip(text).all(|(s, b)| match s {
            b'9' => b.is_ascii_digit(),
            b'~' => b.is_ascii_digit() || *b == b' ',
            _ => s == b,
        })
}

/// The length of a fraction of a second, point included.
fn fraction(text: &[u8]) -> usize {
    match text.split_first() {
        Some((b'.' | b',', digits)) => match digits.iter().take_while(|b| b.is_ascii_digit()).count() {
            0 => 0,
            n => n + 1,
        },
        _ => 0,
    }
}

/// `Nov 20 17:58:24`, `Nov  3 …`, with microseconds in short-precise.
fn dated(text: &[u8]) -> Option<usize> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = text.get(..3)?;
    let known = MONTHS.chunks(3).any(|m| m == month);
    (known && begins(&text[3..], b" ~9 99:99:99")).then(|| 15 + fraction(&text[15..]))
}

/// `2026-11-20T17:58:24.123456+00:00`, also `Z`, `+0000`, and without fraction.
fn iso(text: &[u8]) -> Option<usize> {
    if !begins(text, b"9999-99-99T99:99:99") {
        return None;
    }
    let at = 19 + fraction(&text[19..]);
    let zone = &text[at..];
    match zone.first()? {
        b'Z' => Some(at + 1),
        b'+' | b'-' if begins(&zone[1..], b"99:99") => Some(at + 6),
        b'+' | b'-' if begins(&zone[1..], b"9999") => Some(at + 5),
        _ => None,
    }
}

/// `Fri 2026-11-20 17:58:24 UTC`.
fn full(text: &[u8]) -> Option<usize> {
    let day = text.get(..3)?.iter().all(u8::is_ascii_alphabetic);
    if !day || !begins(&text[3..], b" 9999-99-99 99:99:99") {
        return None;
    }
    let at = 23 + fraction(&text[23..]);
    let zone = text[at..].strip_prefix(b" ")?;
    let len = memchr(b' ', zone).filter(|n| *n > 0)?;
    Some(at + 1 + len)
}

/// `1795196914.073123`.
fn unix(text: &[u8]) -> Option<usize> {
    begins(text, b"9999999999.999999").then_some(17)
}

/// What follows the structured data: `-` or elements in brackets.
fn after_structured(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest);
    }
    let mut rest = text;
    while rest.first() == Some(&b'[') {
        let mut from = 0;
        let end = loop {
            let at = from + memchr(b']', &rest[from..])?;
            if rest[at - 1] != b'\\' {
                break at;
            }
            from = at + 1;
        };
        rest = &rest[end + 1..];
    }
    (rest.len() < text.len()).then_some(rest)
}

/// True when the text holds what rsyslog makes of control characters or of bytes that are not ASCII.
pub(super) fn is_escaped(text: &[u8]) -> bool {
    memchr_iter(b'#', text).any(|at| octal(text, at).is_some())
}

/// Writes the text with `#011`, `#012` and other control characters, and UTF-8 in octal, made bytes again.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut from = 0;
    for at in memchr_iter(b'#', text) {
        if let Some(byte) = octal(text, at) {
            out.extend_from_slice(&text[from..at]);
            out.push(byte);
            from = at + 4;
        }
    }
    out.extend_from_slice(&text[from..]);
}

/// The byte of `#ooo`. Only control characters, and bytes beside another one of a UTF-8 sequence: `16903#16903` is a
/// process and a thread of nginx.
fn octal(text: &[u8], at: usize) -> Option<u8> {
    let value = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 4)?.strip_prefix(b"#")?;
        digits.iter().try_fold(0, |n, b| (b'0'..=b'7').contains(b).then(|| n * 8 + u32::from(b - b'0')))
    };
    let byte = u8::try_from(value(at)?).ok()?;
    let follows = |at: Option<usize>| at.and_then(value).is_some_and(|v| (0o200..0o300).contains(&v));
    let leads = |at: Option<usize>| at.and_then(value).is_some_and(|v| (0o200..0o400).contains(&v));
    let accepted = match byte {
        0..=0o37 => true,
        0o302..=0o364 => follows(Some(at + 4)),
        0o200..=0o277 => leads(at.checked_sub(4)),
        _ => false,
    };
    accepted.then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Strip = for<'t> fn(&'t [u8], &mut Sender<'t>) -> Option<&'t [u8]>;

    fn strip(by: Strip, line: &str) -> Option<[String; 3]> {
        let mut sender = Sender::default();
        let text = by(line.as_bytes(), &mut sender)?;
        Some([sender.host, sender.service, text].map(|b| String::from_utf8_lossy(b).into_owned()))
    }

    #[test]
    fn heads_of_every_shape_are_taken_off() {
        for (line, host, tag, text) in [
            ("Nov 20 17:58:24 web1 nginx: 127.0.0.1 - -", "web1", "nginx", "127.0.0.1 - -"),
            ("Nov  3 17:58:24 web1 varnishlog[12]: -   End            ", "web1", "varnishlog", "-   End            "),
            ("<190>Nov 20 17:58:24 web1 nginx: a: b", "web1", "nginx", "a: b"),
            ("<190>Nov 20 17:58:24 nginx: a b", "", "nginx", "a b"),
            ("57 <190>Nov 20 17:58:24 web1 nginx: a", "web1", "nginx", "a"),
            ("Nov 20 17:58:24.123456 web1 nginx[1]:  two blanks", "web1", "nginx", " two blanks"),
            ("2026-11-20T17:58:24.123456+00:00 web1 nginx[1]: a", "web1", "nginx", "a"),
            ("2026-11-20T17:58:24+0000 web1 nginx[1]:", "web1", "nginx", ""),
            ("Fri 2026-11-20 17:58:24 UTC web1 (sd)[1]: a", "web1", "(sd)", "a"),
            ("1795196914.073123 web1 nginx[1]: a", "web1", "nginx", "a"),
            ("<134>2026-03-14T09:26:01Z cache-ams21063-AMS access[411093]: a", "cache-ams21063-AMS", "access", "a"),
        ] {
            assert_eq!(strip(classic, line), Some([host, tag, text].map(String::from)), "{line}");
        }
        for (line, host, app, text) in [
            ("<134>1 2026-11-20T17:49:06.1Z web1 varnish 123 - - -   End", "web1", "varnish", "-   End"),
            ("<134>1 - - - - - [a@1 b=\"x\\]y\"][c] \u{feff}a b", "", "", "a b"),
            ("1 2026-11-20T17:49:06Z h app - - -", "h", "app", ""),
        ] {
            assert_eq!(strip(modern, line), Some([host, app, text].map(String::from)), "{line}");
        }
    }

    #[test]
    fn lines_with_a_stamp_only_are_no_syslog() {
        for line in [
            "2026-11-20T17:58:24Z -   ReqHeader      Host: x",
            "2026-11-20T17:58:24Z 2026/11/20 17:58:24 [error] 1#1: *5 message",
            "2026-11-20T17:58:24Z stdout F 127.0.0.1 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\"",
            "127.0.0.1 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\" 200 1",
            "<134>",
            "Nov 20 17:58:24",
            "",
        ] {
            assert_eq!(strip(classic, line), None, "{line}");
            assert_eq!(strip(modern, line), None, "{line}");
        }
    }

    #[test]
    fn octal_escapes_become_bytes_and_thread_ids_stay() {
        let cases =
            [("a#011b#012c", "a\tb\nc"), ("M#303#274nchen", "München"), ("12#12: *5 x#1234", "12#12: *5 x#1234")];
        for (text, expected) in cases {
            let mut out = Vec::new();
            unescape(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
            assert_eq!(is_escaped(text.as_bytes()), text != expected, "{text}");
        }
    }
}
