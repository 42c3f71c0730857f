//! What is known of one incident, as label and sentence. In: an `Incident`; out: pairs for whoever writes a document. The
//! sentences hold raw text of logs and people: the writer escapes them. It must not know the document.

use crate::model::Stamp;
use crate::model::incident::{Candidate, Incident, State};

use super::incident::{began, ended, grace, limit, noticed, per_hour};
use super::memory::{again, before, worked};
use super::style::Style;
use super::sums;
use super::table::lasted;
use super::words::{count, counted, listed};

/// Most URLs that are named.
const URLS: usize = 10;

/// Label and sentence.
pub(super) type Fact = (&'static str, String);

/// The state in a word or two.
pub(super) fn state(i: &Incident) -> &'static str {
    match i.state {
        State::Open => "still on",
        State::Recovering => "recovering",
        State::Recurring => "recurring",
        State::Resolved => "resolved",
        State::Closed => "over",
    }
}

/// True while nobody can say that it will not go on.
pub(super) fn is_open(i: &Incident) -> bool {
    matches!(i.state, State::Open | State::Recovering | State::Recurring)
}

/// When it was, and how long: `Tue 10 Nov 2026 03:04:12 - 03:22:40 +01:00 (18 min)`.
pub(super) fn when(i: &Incident, style: &Style) -> String {
    let span = style.zone.span(i.opened_at, i.closed_at);
    match (i.state, i.rate_per_hour) {
        (State::Recurring, Some(rate)) => format!("{span} ({}, about {})", lasted(i), per_hour(rate)),
        _ => format!("{span} ({})", lasted(i)),
    }
}

/// What it did, and why.
pub(super) fn facts(i: &Incident, style: &Style) -> Vec<Fact> {
    let mut out = vec![("Visitors", noticed(i))];
    let impacts = sums::impacts(&i.harm.by_impact);
    let of = if impacts.is_empty() { String::new() } else { format!(": {impacts}") };
    out.push(("Failed fetches", format!("{}{of}", count(i.failures))));
    out.extend(i.harm.grace.map(|g| ("Grace", grace(i, g, style))));
    if let Some(root) = i.root.as_ref().filter(|root| **root != i.cause) {
        out.push(("Root cause", root.clone()));
    }
    let limits: Vec<String> = i.limits.iter().map(|l| limit(l.ms, &l.knob)).collect();
    if !limits.is_empty() {
        out.push(("Limits", format!("failures agree on {}", listed(&limits))));
    }
    if !i.nodes.is_empty() {
        out.push(("Nodes", listed(&i.nodes)));
    }
    let urls: Vec<String> =
        i.harm.top_urls.iter().take(URLS).map(|(url, n)| format!("{url} ({})", count(*n))).collect();
    if !urls.is_empty() {
        out.push(("Most hit", urls.join(", ")));
    }
    out
}

/// What came before, and what people wrote.
pub(super) fn told(i: &Incident, style: &Style) -> Vec<Fact> {
    let mut out = Vec::new();
    out.extend(i.trigger.clone().map(|t| ("Trigger", t)));
    out.push(match &i.fix {
        Some(fix) => ("Fix", format!("{fix} ({})", worked(i))),
        None => ("Fix", "not recorded".to_string()),
    });
    out.extend(before(i, style).into_iter().map(|text| ("Seen before", text)));
    out.extend(again(i, style).map(|text| ("Again", text)));
    out.extend(i.notes.iter().map(|note| ("Note", note.clone())));
    out
}

/// What the next tier saw of the failed fetches.
pub(super) fn origin(i: &Incident) -> String {
    let mut text = sums::verdicts(&i.verdicts).join(" ");
    if sums::nothing_covered(&i.verdicts) {
        text.push_str(" (no log of the origin covers them; add it to learn what it saw)");
    }
    text
}

/// What may have set it off, then what may have ended it.
pub(super) fn candidates(i: &Incident, style: &Style) -> Vec<Fact> {
    let one = |c: &Candidate, anchor: Stamp, told: fn(i64) -> String| {
        let zone = style.zone;
        let at = format!("{} {}", zone.weekday_and_day(c.at), zone.second(c.at));
        let distance = anchor.since(c.at).map(told).unwrap_or_else(|| "at an unknown time".to_string());
        format!("{at}, {}: {}, {distance}", c.kind, c.text)
    };
    let before = i.began.iter().map(|c| ("Began", one(c, i.opened_at, began)));
    before.chain(i.ended_by.iter().map(|c| ("Ended", one(c, i.closed_at, ended)))).collect()
}

/// `1 visitor`, `2,391 visitors`.
pub(super) fn visitors(n: u64) -> String {
    counted(n, "visitor")
}
