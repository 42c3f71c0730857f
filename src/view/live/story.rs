//! One failed fetch whole. In: a `LiveFailure`; out: lines. It must not know how many others there are.

use crate::model::incident::Quote;
use crate::model::live::{Live, LiveFailure};
use crate::model::stamp::SECOND;

use super::super::paper::{LABEL, Line, Paint, beside};
use super::super::plain::Plain;
use super::super::words::share;
use super::ui::Ui;

/// All that is known of it: the request, the cause with its proof, the verdict with the next tier's words.
pub(super) fn story(f: &LiveFailure, live: &Live, ui: &Ui, width: usize) -> Vec<Line> {
    let zone = ui.style.zone;
    let wrap = |label: &str, text: &str, paint: Paint| -> Vec<Line> {
        let parts = Plain::of(text).wrapped(width.saturating_sub(LABEL).max(10));
        beside(label, parts.iter().map(|t| Line::of(t.as_str(), paint)).collect())
    };
    let day = format!("{} {}", zone.day_and_year(f.at), zone.second(f.at));
    let mut lines = vec![Line::of(&format!("FAILED FETCH {}  {day} {}", f.id, zone.offset_word(f.at)), Paint::Strong)];
    lines.extend(wrap("Request", &format!("{} {}{}", f.method, f.host, f.url), Paint::Bare));
    lines.extend(wrap("Path", &format!("{} {} -> {}", f.tier, f.node, f.backend), Paint::Bare));
    let status = if f.status == 0 { "no status".to_string() } else { format!("status {}", f.status) };
    lines.extend(wrap("Client", &format!("{status}, {}", impact(&f.impact)), Paint::Bare));
    lines.push(Line::default());
    let sure = if f.confidence.is_finite() { share(f.confidence) } else { "unknown".to_string() };
    lines.extend(wrap("Cause", &format!("{} (confidence {sure})", f.cause), Paint::Bad));
    for q in &f.evidence.own {
        lines.extend(quote(q, width));
    }
    lines.push(Line::default());
    let settled = if f.settled { "" } else { ", not settled: its line may still come" };
    lines.extend(wrap("Origin", &format!("{} ({}{settled})", f.told, f.verdict), Paint::Bare));
    for q in f.evidence.origin.iter().chain(&f.evidence.origin_error) {
        lines.extend(quote(q, width));
    }
    if f.evidence.origin.is_none() && f.evidence.origin_error.is_none() {
        lines.extend(wrap("", "no line of the next tier is quoted for it", Paint::Faint));
    }
    lines.push(Line::default());
    lines.extend(incident(f, live).map(|text| wrap("Incident", &text, Paint::Bare)).unwrap_or_default());
    if let Some(cause) = live.causes.iter().find(|c| c.cause == f.cause && !c.advice.is_empty()) {
        lines.extend(wrap("Look", &cause.advice, Paint::Good));
    }
    lines
}

fn impact(word: &str) -> &str {
    match word {
        "error" => "the client got the error",
        "truncated" => "the client got a part of the answer",
        "stale" => "HIDDEN: the client got a stale object",
        "retried_ok" => "a retry worked",
        "unknown" | "" => "what the client got is not known",
        other => other,
    }
}

fn incident(f: &LiveFailure, live: &Live) -> Option<String> {
    let found = live.incidents.iter().find(|i| i.id == f.incident)?;
    let before = f.at.since(found.opened_at).filter(|us| *us >= SECOND);
    let when = before.map_or_else(String::new, |us| format!(", {} after it began", super::super::words::duration(us)));
    Some(format!("{} {}{when} (i opens it)", found.id, found.title))
}

/// A quoted line with its place, all its words.
fn quote(q: &Quote, width: usize) -> Vec<Line> {
    let room = width.saturating_sub(LABEL).max(10);
    let place = match (q.offset, q.line) {
        (Some(byte), _) => format!("{} byte {byte}", q.file),
        (None, 0) => q.file.clone(),
        (None, line) => format!("{}:{line}", q.file),
    };
    let mut lines: Vec<Line> =
        Plain::of(&place).wrapped(room).iter().map(|t| Line::of(t.as_str(), Paint::Faint)).collect();
    let text = Plain::of(&q.text).wrapped(room.saturating_sub(2));
    lines.extend(text.iter().map(|t| Line::of("  ", Paint::Bare).and(t.as_str(), Paint::Bare)));
    beside("", lines)
}
