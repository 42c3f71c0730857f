//! The pages beside the overview, which are longer than a screen and scroll. In: a `Live` and the state of the screen;
//! out: all their lines. It must not know how many of them fit.

use crate::model::incident::Incident;
use crate::model::live::{Live, LiveFailure};

use super::super::incident::incident;
use super::super::paper::{LABEL, Line, Paint};
use super::super::plain::Plain;
use super::super::style::Style;
use super::sources::sources;
use super::story::story;
use super::ui::{Page, Ui};

/// What each key does.
const HELP: [(&str, &str); 16] = [
    ("up down j k", "select a failure, or scroll a page"),
    ("Enter", "the whole story of the failure that is selected"),
    ("i", "the whole story of its incident, else of the worst one; Tab the next one"),
    ("g", "graphs of the last hour"),
    ("s", "sources, gaps and clocks"),
    (
        "/",
        "show only what has all these words in node, host, url, cause, backend, verdict or status; an empty line shows all",
    ),
    ("p or space", "hold the screen still; reading goes on"),
    ("n", "write a note on the incident"),
    ("r", "say what resolved the incident"),
    ("c", "record that something was changed just now"),
    ("e", "the incident as plain text, for a ticket"),
    ("Esc", "back; then: select nothing, show all"),
    ("PgUp PgDn", "scroll by a page; Home and End go to its ends"),
    ("Ctrl-Z", "leave the screen to the shell for a while (fg returns)"),
    ("?", "this page"),
    ("q or Ctrl-C", "quit; what was recorded stays"),
];

/// The lines of a page that scrolls; `None` for the pages that are made for the size of the screen.
pub(super) fn page(newest: &Live, ui: &Ui, width: usize) -> Option<Vec<Line>> {
    let live = ui.shown(newest);
    match &ui.page {
        Page::Overview | Page::Graph => None,
        Page::Sources => Some(sources(live, ui, width)),
        Page::Help => Some(help(width)),
        Page::Story(held) => Some(story(current(held, live), live, ui, width)),
        Page::Incident(id) => Some(match live.incidents.iter().find(|i| i.id == *id) {
            Some(found) => whole(found, ui, width),
            None => vec![Line::of(&format!("incident {id} is over; guru show {id} tells all of it"), Paint::Bare)],
        }),
        Page::Ticket(text) => Some(ticket(text, width)),
    }
}

/// The failure as it is now, or as it was when it was opened.
fn current<'l>(held: &'l LiveFailure, live: &'l Live) -> &'l LiveFailure {
    live.latest.iter().find(|f| f.id == held.id).unwrap_or(held)
}

fn help(width: usize) -> Vec<Line> {
    let mut lines = vec![Line::of("KEYS", Paint::Strong), Line::default()];
    for (key, text) in HELP {
        let parts = Plain::of(text).wrapped(width.saturating_sub(15).max(10));
        for (n, part) in parts.iter().enumerate() {
            let key = if n == 0 { key } else { "" };
            lines.push(Line::of(&format!("  {key:<12} "), Paint::Strong).and(part.as_str(), Paint::Bare));
        }
    }
    lines
}

/// An incident as `guru show ID --full` tells it.
fn whole(found: &Incident, ui: &Ui, width: usize) -> Vec<Line> {
    let style = Style { color: false, full: true, width, ..ui.style.clone() };
    let text = incident(found, &style);
    let mut lines: Vec<Line> = text.lines().map(labelled).collect();
    if let Some(first) = text.lines().next() {
        lines[0] = Line::of(first, Paint::Strong);
    }
    lines
}

/// A line of text with its label painted.
fn labelled(text: &str) -> Line {
    let at = text.char_indices().nth(LABEL).map_or(text.len(), |(at, _)| at);
    Line::of(&text[..at], Paint::Strong).and(&text[at..], Paint::Bare)
}

/// The text as it is, wrapped, without frames or labels, so that it can be copied.
fn ticket(text: &str, width: usize) -> Vec<Line> {
    let wrap = |line: &str| -> Vec<Line> {
        let plain = Plain::of(line);
        let parts = if plain.width() <= width { vec![plain] } else { plain.wrapped(width) };
        parts.iter().map(|t| Line::of(t.as_str(), Paint::Bare)).collect()
    };
    text.lines().flat_map(wrap).collect()
}
