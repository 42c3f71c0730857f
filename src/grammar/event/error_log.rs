//! nginx's error log. In: one record, with its continuation lines; out: a `Message`, or a `Change` for the notices of
//! starting, reloading and stopping. It must not know what a message means for a fetch: that is `classify`.
//!
//! Source: nginx 1.22.1, `ngx_http_log_error_handler` and provoked lines. Nothing is escaped, so a request may contain
//! anything that looks like the tail: the tail is taken apart from the right.

use memchr::{memmem, memrchr_iter};

use crate::model::{Change, ChangeKind, Event, LineOutcome, Locator, Message, Stamp};

use super::super::field::number;
use super::super::time::nginx_error;
use super::access::MAX_LINE;
use super::request_line::{request_line, without_port};

/// Length of `2026/11/20 17:48:34`.
const STAMP: usize = 19;

/// Reads a record and emits what it tells.
pub fn record(record: &[u8], at: Locator, emit: &mut impl FnMut(Event<'_>)) -> LineOutcome {
    if record.is_empty() {
        return LineOutcome::Skipped;
    }
    let Some(Prefix { time, level, connection, rest }) = prefix(record) else { return LineOutcome::NotUnderstood };
    if let Some(kind) = change(level, rest) {
        emit(Event::Change(Change { at, time, kind, text: rest }));
    } else {
        emit(Event::Message(message(Message { at, time, level, connection, ..Message::default() }, rest)));
    }
    LineOutcome::Parsed
}

struct Prefix<'c> {
    time: Stamp,
    level: &'c [u8],
    connection: u64,
    rest: &'c [u8],
}

/// `2026/11/20 17:48:34 [error] 32734#32734: *5 `; the number of the connection is not always there.
fn prefix(record: &[u8]) -> Option<Prefix<'_>> {
    if record.len() > MAX_LINE {
        return None;
    }
    let (stamp, rest) = record.split_at_checked(STAMP)?;
    let time = nginx_error(stamp)?;
    let rest = rest.strip_prefix(b" [")?;
    let end = rest.iter().take(8).position(|c| *c == b']')?;
    let (level, rest) = (&rest[..end], rest[end + 1..].strip_prefix(b" ")?);
    let (_, rest) = digits(rest)?;
    let (_, rest) = digits(rest.strip_prefix(b"#")?)?;
    let rest = rest.strip_prefix(b":")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let is_word = !level.is_empty() && level.iter().all(u8::is_ascii_lowercase);
    let numbered = rest.strip_prefix(b"*").and_then(digits).and_then(|(n, r)| Some((n, r.strip_prefix(b" ")?)));
    let (connection, rest) = numbered.unwrap_or((0, rest));
    is_word.then_some(Prefix { time, level, connection, rest })
}

/// Digits at the start, and what follows them.
fn digits(b: &[u8]) -> Option<(u64, &[u8])> {
    let n = b.iter().take_while(|c| c.is_ascii_digit()).count();
    Some((number(&b[..n])?, &b[n..]))
}

/// The notices of nginx's master process that say that something was changed.
fn change(level: &[u8], text: &[u8]) -> Option<ChangeKind> {
    if level != b"notice" {
        return None;
    }
    let starts = |words: &[&str]| words.iter().any(|w| text.starts_with(w.as_bytes()));
    // The banner comes once per start; "start worker processes" would come on every reload too.
    if starts(&["nginx/", "openresty/", "Tengine/", "signal 15 (SIGTERM) received", "signal 3 (SIGQUIT) received"]) {
        return Some(ChangeKind::Restart);
    }
    starts(&["signal 1 (SIGHUP) received"]).then_some(ChangeKind::Reload)
}

/// Takes the tail off and apart.
fn message<'c>(m: Message<'c>, rest: &'c [u8]) -> Message<'c> {
    let Some(at) = memmem::find(rest, b", client: ") else { return Message { text: rest, ..m } };
    let (text, tail) = rest.split_at(at);
    let mut left = tail;
    let any = |_: &[u8]| true;
    take_quoted(&mut left, b", referrer: \"", any);
    let host = take_quoted(&mut left, b", host: \"", any);
    let upstream = take_quoted(&mut left, b", upstream: \"", has_scheme);
    take_quoted(&mut left, b", subrequest: \"", |uri| uri.starts_with(b"/"));
    let request = take_quoted(&mut left, b", request: \"", any);
    // nginx cuts a record at 2048 bytes: then the last quote is open and what followed it is lost.
    let request = if request.is_empty() { take_open(&mut left, b", request: \"") } else { request };
    let (client, server) = client_and_server(left);
    let line = request_line(request);
    // Before a request is read, `server` is the address that was listened on.
    let (host, port) = if request.is_empty() {
        (without_port(host), listen_port(server))
    } else {
        (without_port(if host.is_empty() { if line.host.is_empty() { server } else { line.host } } else { host }), 0)
    };
    Message { text, client, host, port, upstream, method: line.method, url: line.url, ..m }
}

/// nginx writes an upstream as `http://…`, `fastcgi://…`, `uwsgi://…`.
fn has_scheme(upstream: &[u8]) -> bool {
    upstream.iter().position(|c| *c == b':').is_some_and(|at| at < 12 && upstream[at..].starts_with(b"://"))
}

/// The text between `opening` and the quote that ends `left`, cutting both off; empty when it is not there or is not
/// such a value.
fn take_quoted<'c>(left: &mut &'c [u8], opening: &[u8], is_such: impl Fn(&[u8]) -> bool) -> &'c [u8] {
    let Some(inner) = left.strip_suffix(b"\"") else { return b"" };
    // An opening ends with a quote, and there are few: looking at those takes a sixth of the
    // instructions of searching the text backwards (memmem).
    let Some(quote) = memrchr_iter(b'"', inner).find(|q| inner[..=*q].ends_with(opening)) else { return b"" };
    let (at, value) = (quote + 1 - opening.len(), &inner[quote + 1..]);
    if !is_such(value) {
        return b"";
    }
    *left = &left[..at];
    value
}

/// The same for a value whose closing quote was cut off.
fn take_open<'c>(left: &mut &'c [u8], opening: &[u8]) -> &'c [u8] {
    let Some(at) = memmem::find(left, opening) else { return b"" };
    let value = &left[at + opening.len()..];
    *left = &left[..at];
    value
}

/// `, client: ADDRESS, server: NAME`.
fn client_and_server(left: &[u8]) -> (&[u8], &[u8]) {
    let left = left.strip_prefix(b", client: ").unwrap_or(left);
    match memmem::find(left, b", server: ") {
        Some(at) => (&left[..at], &left[at + b", server: ".len()..]),
        None => (left, b""),
    }
}

fn listen_port(server: &[u8]) -> u16 {
    let bare = without_port(server);
    server.get(bare.len() + 1..).and_then(number).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        record(text.as_bytes(), Locator::default(), &mut |e| match e {
            Event::Message(m) => found.extend([
                lossy(m.text),
                lossy(m.method),
                lossy(m.url),
                lossy(m.host),
                lossy(m.upstream),
                format!("{} {} {}", m.connection, lossy(m.client), m.port),
            ]),
            Event::Change(c) => found.push(format!("{:?} {}", c.kind, lossy(c.text))),
            other => found.push(format!("{other:?}")),
        });
        found
    }

    #[test]
    fn a_request_that_imitates_the_tail_does_not_mislead() {
        let line = concat!(
            r#"2026/11/20 17:50:51 [error] 1#2: *7 open() "/x" failed (2: No such file or directory), client: 10.0.0.1, "#,
            r#"server: a.example, request: "GET /, host: "evil", upstream: "no HTTP/1.1", host: "a.example:8080""#
        );
        let expected = [
            r#"open() "/x" failed (2: No such file or directory)"#,
            "GET",
            r#"/, host: "evil", upstream: "no"#,
            "a.example",
            "",
            "7 10.0.0.1 0",
        ];
        assert_eq!(read(line), expected);
    }

    #[test]
    fn a_record_that_was_cut_keeps_what_is_left() {
        let line =
            "2026/11/20 17:50:51 [error] 1#1: *7 timed out, client: ::1, server: a.example, request: \"GET /long";
        assert_eq!(read(line), ["timed out", "GET", "/long", "a.example", "", "7 ::1 0"]);
        assert_eq!(read("2026/11/20 17:50:51 [error] 1#1: "), ["", "", "", "", "", "0  0"]);
    }

    #[test]
    fn before_a_request_the_server_is_the_address_listened_on() {
        let line =
            "2026/11/20 17:50:51 [info] 1#1: *7 client closed connection, client: unix:, server: 127.0.0.1:21100";
        assert_eq!(read(line), ["client closed connection", "", "", "", "", "7 unix: 21100"]);
    }

    #[test]
    fn starts_reloads_and_stops_are_changes() {
        let at = |text: &str| read(&format!("2026/11/20 17:50:51 [notice] 1#1: {text}"));
        assert_eq!(at("nginx/1.22.1"), ["Restart nginx/1.22.1"]);
        assert_eq!(at("signal 1 (SIGHUP) received from 7, reconfiguring").len(), 1);
        assert!(at("signal 3 (SIGQUIT) received from 7, shutting down")[0].starts_with("Restart"));
        assert_eq!(at("start worker process 12")[0], "start worker process 12");
    }

    #[test]
    fn what_is_no_record_is_not_understood() {
        let mut nothing = |_: Event<'_>| {};
        for text in [
            "2026/11/20 17:50:51 error",
            "#0 {main}",
            "2026/11/20 17:50:51 [error] x#1: y",
            "2026/13/20 17:50:51 [error] 1#1: y",
        ] {
            assert_eq!(record(text.as_bytes(), Locator::default(), &mut nothing), LineOutcome::NotUnderstood, "{text}");
        }
    }
}
