//! What people paste after `guru explain`: varnishlog records with or without their prefix, nginx error lines, plain
//! words. In: the text; out: marks. It must not know what they mean.

use crate::model::{Locator, Mark, MarkKind};

/// How many lines of a paste are read.
const LINES: usize = 200;

/// The varnishlog records in a text, each line being `[-*<digits> ] TAG [b|c|-] payload` in any of its spellings.
pub fn records(text: &str) -> Vec<Mark<'_>> {
    text.lines().take(LINES).filter_map(record).collect()
}

/// True when a record among the lines names the reason of a failure, so that the error page around it does not matter.
pub fn names_reason(text: &str) -> bool {
    use MarkKind::{BogoHeader, FetchError, VclError};
    records(text).iter().any(|m| matches!(m.kind, FetchError | VclError | BogoHeader))
}

fn record(line: &str) -> Option<Mark<'_>> {
    let mut rest =
        line.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_ascii_whitespace() || "-*<>".contains(c));
    let tag = rest.split_ascii_whitespace().next()?;
    let kind = MarkKind::parse(tag).filter(|&k| k != MarkKind::Message)?;
    rest = rest[tag.len()..].trim_start();
    for side in ["b ", "c ", "- "] {
        rest = rest.strip_prefix(side).unwrap_or(rest);
    }
    Some(Mark { kind, text: rest.trim().as_bytes(), at: Locator::default() })
}

/// The text taken for the payload of each kind of record that may hold it, with how sure a rule must be of it to be
/// believed: other records than FetchError have rules that fit any text.
pub fn as_payload(text: &str) -> impl Iterator<Item = (Mark<'_>, f32)> {
    use MarkKind::{BogoHeader, Error, EsiError, FetchError, Gzip, VclError};
    let text = text.trim().as_bytes();
    [(FetchError, 0.5), (Error, 0.8), (BogoHeader, 0.8), (Gzip, 0.8), (EsiError, 0.8), (VclError, 0.85)]
        .into_iter()
        .map(move |(kind, least)| (Mark { kind, text, at: Locator::default() }, least))
}

/// A code of Apache's error log and nothing else: `AH00161`.
pub fn apache_code(text: &str) -> Option<&str> {
    let code = text.trim();
    let digits = code.strip_prefix("AH")?;
    (digits.len() == 5 && is_number(digits)).then_some(code)
}

/// The message of an nginx error line: without `time [level] pid#tid: *cid ` before it and `, client: …` after it.
pub fn message(line: &str) -> &str {
    let mut text = without_program(line.trim());
    if let Some((_, rest)) = text.split_once("] ")
        && let Some((worker, rest)) = rest.split_once(": ")
        && worker.split_once('#').is_some_and(|(pid, tid)| is_number(pid) && is_number(tid))
    {
        text = rest;
    }
    if let Some((connection, rest)) = text.split_once(' ')
        && connection.strip_prefix('*').is_some_and(is_number)
    {
        text = rest;
    }
    match text.rfind(", client: ") {
        Some(at) => &text[..at],
        None => text,
    }
}

/// A syslog line without host and program: `Nov 20 17:50:48 web1 varnishd[811]: Child (2345) died signal=6`.
fn without_program(line: &str) -> &str {
    let program = line.match_indices("]: ").find_map(|(end, _)| {
        let (before, pid) = line[..end].rsplit_once('[')?;
        let named = before.rsplit(' ').next().is_some_and(|name| name.len() > 1 && name.is_ascii());
        (named && is_number(pid)).then_some(end + 3)
    });
    program.map_or(line, |from| line[from..].trim_start())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_in_every_spelling() {
        for line in [
            "-   FetchError     HTC eof (-1)",
            "--- FetchError     HTC eof (-1)",
            "FetchError HTC eof (-1)",
            "     32771 FetchError     b HTC eof (-1)",
            "FetchError b HTC eof (-1)",
        ] {
            let marks = records(line);
            assert_eq!(marks.len(), 1, "{line}");
            assert_eq!((marks[0].kind, marks[0].text), (MarkKind::FetchError, b"HTC eof (-1)".as_slice()), "{line}");
        }
        assert!(records("something went wrong\n\n-   Debug  x").is_empty());
    }

    #[test]
    fn an_error_line_is_stripped_to_its_message() {
        let line = "2026/11/20 17:48:34 [error] 8#8: *5 no live upstreams while connecting to upstream, client: 10.0.0.1, \
                    server: a";
        assert_eq!(message(line), "no live upstreams while connecting to upstream");
        assert_eq!(message("no live upstreams"), "no live upstreams");
        let syslog = "Nov 20 17:50:48 web1 varnishd[811]: Child (2345) died signal=6";
        assert_eq!(message(syslog), "Child (2345) died signal=6");
        assert_eq!(message("2026/11/20 17:48:34 [alert] 8#8: socket() failed"), "socket() failed");
    }
}
