//! The evidence and the advice of an incident. In: quotes, examples, advice, what people wrote; out: their lines.
//! It must not know what the incident did to visitors.

use crate::model::incident::{Advice, Example, Incident, Quote};
use crate::model::verdict::Verdict;

use super::paper::{LABEL, Line, Paint, Section, beside, labelled};
use super::plain::{Plain, width};
use super::style::Style;
use super::telling::telling;

/// Columns of a file name before a quote on one screen.
const PLACE: usize = 32;
/// Columns of the word before a piece of advice.
const KIND: usize = 7;
/// The kinds of advice, in the order to read them.
pub(super) const KINDS: [&str; 3] = ["look", "change", "NOT"];

/// `FILE:LINE`, or `FILE byte OFFSET` of a binary log, cut at its front to fit; the end of a path tells more than its beginning.
fn place(quote: &Quote, style: &Style) -> String {
    whole_place(quote, PLACE, style)
}

/// The same in at most so many columns.
pub(super) fn whole_place(quote: &Quote, columns: usize, style: &Style) -> String {
    let line = match quote.offset {
        Some(byte) => format!(" byte {byte}"),
        None if quote.line > 0 => format!(":{}", quote.line),
        None => String::new(),
    };
    let file = Plain::of(&quote.file).to_string();
    let room = columns.saturating_sub(line.len());
    if style.full || file.chars().count() <= room {
        return format!("{file}{line}");
    }
    let skip = file.chars().count() - (room - 1);
    let tail: String = file.chars().skip(skip).collect();
    // Whole path components read better, where one begins early enough.
    let tail = tail.find('/').filter(|at| *at < tail.len() / 2).map_or(tail.as_str(), |at| &tail[at..]);
    format!("…{tail}{line}")
}

/// One quote: its most telling part on one line of the screen, wrapped when everything is shown.
pub(super) fn quote(q: &Quote, style: &Style) -> Vec<Line> {
    let place = Plain::of(&place(q, style)).to_string();
    let columns = style.columns() - LABEL;
    if style.full {
        return quote_lines(&format!("{place}  {}", q.text), style);
    }
    let room = columns.saturating_sub(width(&place) + 2);
    vec![Line::of(&format!("{place}  {}", telling(&q.text, room)), Paint::Bare)]
}

/// A quote with all its words.
fn quote_lines(text: &str, style: &Style) -> Vec<Line> {
    let lines = Plain::of(text).wrapped(style.columns() - LABEL);
    lines.iter().map(|t| Line::of(t.as_str(), Paint::Bare)).collect()
}

/// The origin's proof in its own words: whole where two lines hold it, for it is what convinces.
pub(super) fn proof(incident: &Incident, style: &Style) -> Vec<Line> {
    let room = if style.full { usize::MAX } else { 2 };
    let one = |q: &Quote| {
        let text = format!("{}  {}", Plain::of(&place(q, style)), q.text);
        let lines = quote_lines(&text, style);
        if style.full || lines.len() <= 2 { lines } else { quote(q, style) }
    };
    beside("Proof", incident.proof.iter().take(room).flat_map(one).collect())
}

/// The most telling example: what was asked, the own record, the next tier's line and message.
pub(super) fn example(incident: &Incident, style: &Style) -> Vec<Line> {
    let room = if style.full { usize::MAX } else { 1 };
    incident.examples.iter().take(room).flat_map(|e| one_example(e, style)).collect()
}

/// What the next tier saw, in a few words.
pub(super) fn saw(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoOriginLog => "no log covers it",
        Verdict::Ambiguous => "several lines could be it",
        Verdict::NeverArrived => "never arrived",
        Verdict::NotSent => "not sent",
        Verdict::OriginAborted => "we hung up",
        Verdict::LateAnswer => "answered late",
        Verdict::AnswerRefused => "answer rejected by us",
        Verdict::OriginFailed => "it failed itself",
    }
}

fn one_example(e: &Example, style: &Style) -> Vec<Line> {
    let saw = Verdict::parse(&e.verdict).map_or(e.verdict.as_str(), |v| saw(v));
    let at = style.zone.second(e.at);
    let room = (style.columns() - LABEL).saturating_sub(at.len() + saw.len() + 4);
    let request = Plain::of(&e.request);
    let request = if style.full { request } else { request.clipped(room.max(10)) };
    let mut lines = labelled("Example", &format!("{at} {request}: {saw}"), style);
    let quotes = [&e.own, &e.origin, &e.origin_error];
    let quotes = quotes.into_iter().flatten().flat_map(|q| quote(q, style)).collect();
    lines.extend(beside("", quotes));
    lines
}

/// What to look at, change and not do: one section per kind, the first piece of each on one screen.
pub(super) fn advice(all: &[Advice], style: &Style) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut kinds: Vec<&str> = KINDS.to_vec();
    for a in all {
        if !kinds.contains(&a.kind.as_str()) {
            kinds.push(&a.kind);
        }
    }
    for kind in kinds {
        let of_kind = all.iter().filter(|a| a.kind == kind);
        let room = if style.full { usize::MAX } else { 2 };
        let mut lines: Vec<Line> = Vec::new();
        for piece in of_kind.take(room) {
            lines.extend(one_advice(piece, lines.is_empty(), style));
        }
        if !lines.is_empty() {
            let label = if sections.is_empty() { "Do" } else { "" };
            let least = usize::from(KINDS.contains(&kind));
            sections.push(Section::soft(beside(label, lines), least, 6));
        }
    }
    sections
}

/// One piece of advice: the text, its knob with the present default, the value that fits, and what it costs; the command
/// on a line of its own, whole.
pub(super) fn one_advice(a: &Advice, first: bool, style: &Style) -> Vec<Line> {
    let text = advice_text(a);
    let paint = match a.kind.as_str() {
        "look" => Paint::Good,
        "change" => Paint::Careful,
        "NOT" => Paint::Bad,
        _ => Paint::Bare,
    };
    let kind = Plain::of(if first { &a.kind } else { "" }).clipped(KIND - 1).to_string();
    let mut word = format!("{kind:<KIND$}");
    let mut lines = Vec::new();
    for part in Plain::of(&text).wrapped(style.columns() - LABEL - KIND) {
        lines.push(Line::of(&word, paint).and(part.as_str(), Paint::Bare));
        word = " ".repeat(KIND);
    }
    if style.full && !a.command.is_empty() {
        lines.extend(command(&a.command, &word, style));
    }
    lines
}

/// The text of a piece of advice, with its knob, the present default, the value that fits, and what it costs.
pub(super) fn advice_text(a: &Advice) -> String {
    let default = if a.default.is_empty() { String::new() } else { format!(" (default {})", a.default) };
    let mut text = match a.knob.as_str() {
        "" => format!("{}{default}", a.text),
        knob if a.text.contains(knob) => a.text.replacen(knob, &format!("{knob}{default}"), 1),
        knob => format!("{knob}{default}: {}", a.text),
    };
    match (a.value.as_str(), a.figure.as_str()) {
        ("", "") => {}
        ("", figure) => text.push_str(&format!(" Seen: {figure}.")),
        (value, "") => text.push_str(&format!(" Here: {value}.")),
        (value, figure) => text.push_str(&format!(" Here: {value} ({figure}).")),
    }
    if !a.cost.is_empty() {
        text.push_str(&format!(" ({})", a.cost));
    }
    text
}

/// A command as it can be pasted: broken between words, with a backslash at each break.
fn command(text: &str, before: &str, style: &Style) -> Vec<Line> {
    let room = style.columns().saturating_sub(LABEL + KIND + 4);
    let (mut rows, mut row) = (Vec::new(), String::new());
    for word in Plain::of(text).as_str().split(' ') {
        if !row.is_empty() && width(&row) + 1 + width(word) > room {
            rows.push(std::mem::take(&mut row) + " \\");
        }
        let gap = if row.is_empty() { "" } else { " " };
        row = row + gap + word;
    }
    rows.push(row);
    let sign = |n: usize| if n == 0 { "$ " } else { "  " };
    let paint = |row: &str| if width(row) > room + 2 { Paint::ToPaste } else { Paint::Good };
    let line =
        |(n, row): (usize, &String)| Line::of(before, Paint::Bare).and(sign(n), Paint::Faint).and(row, paint(row));
    rows.iter().enumerate().map(line).collect()
}
