//! The samples of a format file: each line with what it must be read as. In: a grammar; out: what is wrong with it,
//! in words. The same check runs in the tests and for a format that a user wrote.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Event, Fetch, LineOutcome, Locator, Message, Request};

use super::detect::is_binary_vsl;
use super::format::{Framing, Grammar};
use super::vsl_shape;

/// A line of a format and what it says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The line, or several where a record has several.
    pub line: String,
    /// True for a line that the format must refuse.
    #[serde(default)]
    pub rejected: bool,
    /// Fields of the request that it must give; absent: it must give none.
    pub request: Option<toml::Table>,
    /// Fields of the fetch.
    pub fetch: Option<toml::Table>,
    /// Fields of the message.
    pub message: Option<toml::Table>,
    /// Fields of the change.
    pub change: Option<toml::Table>,
    /// Fields of the probe result.
    pub health: Option<toml::Table>,
    /// True for a line that says nothing of a client's request and is passed over.
    #[serde(default)]
    pub skipped: bool,
}

impl Sample {
    /// The bytes of the log that the sample shows; `None` when they are written in hex, for a binary log, and are wrong.
    pub fn bytes(&self, framing: Framing) -> Option<Vec<u8>> {
        let text = self.line.trim_start_matches('\n');
        if framing == Framing::VslBinary { bytes_of_hex(text) } else { Some(text.as_bytes().to_vec()) }
    }
}

/// The fields of an event by name, as text; what is not known is absent.
type Named = BTreeMap<&'static str, String>;

/// What is wrong with the samples of a grammar, a sentence each.
pub fn faults(grammar: &Grammar) -> Vec<String> {
    let mut wrong = Vec::new();
    if grammar.samples.is_empty() {
        wrong.push(format!("{} has no [[sample]]", grammar.name));
    }
    for sample in &grammar.samples {
        for fault in check(grammar, sample) {
            wrong.push(format!("{}: {fault}\n  in the sample {}", grammar.name, sample.line));
        }
    }
    wrong
}

fn check(grammar: &Grammar, sample: &Sample) -> Vec<String> {
    if matches!(grammar.framing, Framing::Vsl | Framing::Vsl3) {
        let strange = sample.line.lines().find(|l| vsl_shape::shape(l.as_bytes()) == vsl_shape::Shape::Other);
        return strange.map(|l| format!("{l:?} is no line of varnishlog")).into_iter().collect();
    }
    if grammar.framing == Framing::VslBinary {
        let known = sample.bytes(grammar.framing).is_some_and(|bytes| is_binary_vsl(&bytes));
        return if known { Vec::new() } else { vec!["the bytes are no beginning of a binary Varnish log".to_string()] };
    }
    let mut found: BTreeMap<&str, Named> = BTreeMap::new();
    let mut emit = |event: Event<'_>| {
        let (kind, fields) = named(&event);
        found.insert(kind, fields);
    };
    let mut reader = grammar.reader(None);
    let mut outcome = LineOutcome::Skipped;
    // A header stands above its line.
    let (text, several) = (sample.line.trim_start_matches('\n'), grammar.heading.is_some());
    for line in if several { text.lines().collect() } else { vec![text] } {
        outcome = reader.line(line.as_bytes(), Locator::default(), &mut emit);
    }
    let mut wrong = Vec::new();
    let wanted = match (sample.rejected, sample.skipped) {
        (true, _) => LineOutcome::NotUnderstood,
        (_, true) => LineOutcome::Skipped,
        _ => LineOutcome::Parsed,
    };
    if outcome != wanted {
        let why = format!("the line is {outcome:?}, not {wanted:?}");
        let last = text.lines().last().unwrap_or_default();
        return vec![if sample.rejected { why } else { format!("{why}{}", caret(last, reader.reach(last.as_bytes()))) }];
    }
    let parts = [
        ("request", &sample.request),
        ("fetch", &sample.fetch),
        ("message", &sample.message),
        ("change", &sample.change),
        ("health", &sample.health),
    ];
    for (kind, expected) in parts {
        match (found.get(kind), expected) {
            (None, None) => {}
            (Some(_), None) => wrong.push(format!("it gives a {kind}, which the sample does not have")),
            (None, Some(_)) => wrong.push(format!("it gives no {kind}")),
            (Some(found), Some(expected)) => wrong.extend(differences(kind, found, expected)),
        }
    }
    wrong
}

/// The line with a caret under the first byte that does not fit.
fn caret(line: &str, at: usize) -> String {
    let before: Vec<char> = line.char_indices().take_while(|(n, _)| *n < at).map(|(_, c)| c).collect();
    let shown: String = before.iter().skip(before.len().saturating_sub(50)).collect();
    let after: String = line.chars().skip(before.len()).take(25).collect();
    format!("; it fits up to here:\n  {shown}{after}\n  {}^", " ".repeat(shown.chars().count()))
}

/// The bytes that are written in hex, blanks and lines between them at will.
fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| Some(c.to_digit(16)? as u8)).collect();
    let digits = digits.filter(|d| d.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn differences(kind: &str, found: &Named, expected: &toml::Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, value) in expected {
        let expected = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        let found = found.get(name.as_str()).map_or("", String::as_str);
        if found != expected {
            wrong.push(format!("{kind}.{name} is {found:?}, not {expected:?}"));
        }
    }
    wrong
}

fn named(event: &Event<'_>) -> (&'static str, Named) {
    let (kind, fields) = match event {
        Event::Request(r) => ("request", request(r)),
        Event::Fetch(f) => ("fetch", fetch(f)),
        Event::Message(m) => ("message", message(m)),
        Event::Change(c) => {
            ("change", vec![("kind", c.kind.word().to_string()), ("time", c.time.rfc3339()), ("text", text(c.text))])
        }
        Event::Health(h) => (
            "health",
            vec![
                ("time", h.time.rfc3339()),
                ("backend", text(h.backend)),
                ("healthy", h.healthy.to_string()),
                ("response", text(h.response)),
            ],
        ),
    };
    (kind, fields.into_iter().filter(|(_, v)| !v.is_empty()).collect())
}

fn request(r: &Request<'_>) -> Vec<(&'static str, String)> {
    let some = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
    vec![
        ("method", text(r.method)),
        ("host", text(r.host)),
        ("url", text(r.url)),
        ("status", r.status.to_string()),
        ("start", r.start.rfc3339()),
        ("end", r.end.rfc3339()),
        ("body_bytes", some(r.body_bytes)),
        ("sent_bytes", some(r.sent_bytes)),
        ("request_length", some(r.request_length)),
        ("agent", text(r.agent)),
        ("referer", text(r.referer)),
        ("peer", text(r.peer)),
        ("forwarded", text(r.forwarded)),
        ("port", r.port.to_string()),
        ("connection", r.connection.to_string()),
        ("on_connection", r.on_connection.to_string()),
        ("travelled_id", text(r.travelled_id)),
        ("own_id", text(r.own_id)),
        ("pop", text(r.pop)),
        ("cache", text(r.cache)),
        ("ttfb_us", r.ttfb_us.map_or(String::new(), |us| us.to_string())),
        ("vxid", r.vxid.to_string()),
        ("made_by", format!("{:?}", r.made_by)),
        ("incomplete", r.incomplete.to_string()),
        ("retry_after", r.retry_after.to_string()),
        ("upstream_asked", r.upstream.asked.map_or(String::new(), |b| b.to_string())),
        ("upstream_answered", r.upstream.answered.map_or(String::new(), |b| b.to_string())),
        ("upstream_status", r.upstream.status.to_string()),
    ]
}

fn fetch(f: &Fetch<'_>) -> Vec<(&'static str, String)> {
    let marks = f.marks.as_slice().iter().map(|m| text(&m.kind.quoted(m.text)));
    vec![
        ("method", text(f.method)),
        ("host", text(f.host)),
        ("url", text(f.url)),
        ("backend", text(f.backend)),
        ("addr", text(f.addr)),
        ("port", f.port.to_string()),
        ("pop", text(f.pop)),
        ("vxid", f.vxid.to_string()),
        ("reason", f.reason.word().to_string()),
        ("reused", f.reused.to_string()),
        ("had_connection", f.had_connection.map_or(String::new(), |b| b.to_string())),
        ("had_answer", f.had_answer.map_or(String::new(), |b| b.to_string())),
        ("opens", f.opens.to_string()),
        ("started", f.started.rfc3339()),
        ("connecting", f.connecting.rfc3339()),
        ("connected", f.connected.rfc3339()),
        ("sent", f.sent.rfc3339()),
        ("answered", f.answered.rfc3339()),
        ("completed", f.completed.rfc3339()),
        ("ended", f.ended.rfc3339()),
        ("status", f.status.to_string()),
        ("origin_status", f.origin_status.to_string()),
        ("outcome", format!("{:?}", f.outcome)),
        ("marks", marks.collect::<Vec<_>>().join(", ")),
    ]
}

fn message(m: &Message<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("time", m.time.rfc3339()),
        ("level", text(m.level)),
        ("text", text(m.text)),
        ("connection", m.connection.to_string()),
        ("client", text(m.client)),
        ("method", text(m.method)),
        ("url", text(m.url)),
        ("host", text(m.host)),
        ("upstream", text(m.upstream)),
        ("port", m.port.to_string()),
    ]
}

fn text(b: &[u8]) -> String {
    String::from_utf8_lossy(b).into_owned()
}
