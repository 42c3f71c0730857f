//! One request's whole story, as `guru lookup` prints it. In: what a lookup found; out: text, the newest stories whole,
//! the others as one line each. It must not know where the stories come from.

use crate::model::{Lookup, Stamp, Step, StepKind, Story};

use super::paper::{LABEL, Line, Paint, Paper, Section, ends, flowing, labelled};
use super::plain::Plain;
use super::steps::{request, step};
use super::style::{Style, quoted};
use super::words::{count, counted};

/// Stories that are told whole on one screen.
const WHOLE: usize = 2;
/// Lines for others.
const ROWS: usize = 8;
/// Columns of a node's name.
const NODE: usize = 12;
/// Columns of a question that is repeated in a command.
const LONGEST: usize = 40;
/// Steps of a story on one screen.
const STEPS: usize = 10;

/// Renders what was found; every story and every word of it when `style.full`.
pub fn lookup(found: &Lookup, style: &Style) -> String {
    let mut paper = Paper::default();
    paper.add(Section::firm(heading(found, style)));
    if found.stories.is_empty() {
        paper.add(Section::firm(labelled("Try", advice(found), style)));
    }
    let whole = if style.full { found.stories.len() } else { WHOLE };
    for story in found.stories.iter().take(whole) {
        paper.gap();
        paper.add(Section::firm(whole_story(story, style)));
    }
    if found.stories.len() > whole {
        paper.gap();
        paper.add(Section::firm(rows(&found.stories[whole..], style)));
    }
    if !found.stories.is_empty() {
        paper.gap();
    }
    paper.add(Section::firm(next(found, whole, style)));
    paper.print(style)
}

fn heading(found: &Lookup, style: &Style) -> Vec<Line> {
    let noun = if found.searched.history.is_some() { "failed fetch" } else { "request" };
    let n = found.stories.len() as u64;
    let told = match n {
        0 => "nothing found".to_string(),
        1 => format!("1 {noun}"),
        n => format!("{} {noun}{}, newest first", count(n), if noun == "request" { "s" } else { "es" }),
    };
    let older = if found.older > 0 { format!(" and {} older", count(found.older)) } else { String::new() };
    let room = style.columns().saturating_sub(told.len() + older.len() + 2);
    let question = Plain::of(&found.question);
    let question = if style.full { question } else { question.clipped(room.max(10)) };
    let line = Line::of(question.as_str(), Paint::Strong).and(&format!(": {told}{older}"), Paint::Strong);
    let mut lines = vec![line];
    lines.extend(labelled("Searched", &searched(found, style), style));
    lines
}

fn searched(found: &Lookup, style: &Style) -> String {
    let s = &found.searched;
    let span = if s.from.is_known() { format!(", {}", style.zone.span(s.from, s.to)) } else { String::new() };
    match &s.history {
        Some(path) => {
            format!("{} failed fetch{} in {path}{span}", count(s.fetches), if s.fetches == 1 { "" } else { "es" })
        }
        None => {
            let fetches = format!("{} fetch{}", count(s.fetches), if s.fetches == 1 { "" } else { "es" });
            format!("{} and {fetches}{span}", counted(s.requests, "request"))
        }
    }
}

/// What to try when nothing was found.
fn advice(found: &Lookup) -> &'static str {
    match (&found.searched.history, found.kind) {
        (Some(_), "address") => {
            "The history keeps failed fetches with the address of the backend, not of the client. Name the logs, which \
             tell of every request."
        }
        (Some(_), _) => {
            "The history keeps failed fetches only, not requests that went well. Name the logs, which tell of every one."
        }
        (None, "xid") => {
            "The number is that of one Varnish and of one moment: name the logs of every Varnish of the site, and those \
             of the day when the page was shown (rotated ones too)."
        }
        (None, "url") => {
            "Leave the query away, and the host; VCL or a proxy may have rewritten both. Name logs of the day in question \
             (rotated ones too)."
        }
        (None, _) => {
            "Behind a CDN or a proxy clients have its address: ask for the URL or the XID. Name logs of the day in \
             question (rotated ones too)."
        }
    }
}

fn whole_story(story: &Story, style: &Style) -> Vec<Line> {
    let Some(first) = story.steps.first() else { return Vec::new() };
    let status = match story.status() {
        0 => Line::of("no answer", Paint::Careful),
        s if s >= 500 => Line::of(&s.to_string(), Paint::Bad),
        s => Line::of(&s.to_string(), Paint::Good),
    };
    let room = style.columns().saturating_sub(status.width() + 2);
    let title = Plain::of(&request(first));
    let title = if style.full { title } else { title.clipped(room) };
    let mut lines = ends(Line::of(title.as_str(), Paint::Strong), status, style);
    let own = story.steps.iter().filter(|s| s.node == first.node);
    let end = own.map(|s| s.end).filter(|t| t.is_known()).max().unwrap_or(first.start);
    lines.push(Line::of(&style.zone.span(first.start, end.max(first.start)), Paint::Bare));
    let shown = if style.full { story.steps.len() } else { STEPS };
    story.steps.iter().take(shown).for_each(|s| lines.extend(step(s, first, style)));
    if story.steps.len() > shown {
        let more = count((story.steps.len() - shown) as u64);
        lines.extend(labelled("", &format!("… and {more} more steps (--full)"), style));
    }
    lines
}

/// Stories as one line each: when, what came of it, where, which transaction, what was asked.
fn rows(stories: &[Story], style: &Style) -> Vec<Line> {
    let firsts = || stories.iter().take(ROWS).filter_map(|s| s.steps.first());
    let node = |s: &Step| Plain::of(&s.node).clipped(NODE);
    let nodes = firsts().map(|s| node(s).width()).max().unwrap_or(0);
    let numbers = firsts().map(|s| xid(s).len()).max().unwrap_or(0);
    let (mut lines, mut day) = (Vec::new(), Stamp::NONE);
    for story in stories.iter().take(ROWS) {
        let Some(first) = story.steps.first() else { continue };
        if lines.is_empty() || !style.zone.same_day(first.start, day) {
            day = first.start;
            lines.push(Line::of(&style.zone.day_and_year(day), Paint::Faint));
        }
        let incident = story.steps.iter().find_map(|s| s.failed.as_ref()?.incident);
        let incident = incident.map_or(String::new(), |id| format!("incident {id}  "));
        let status = if story.status() > 0 { story.status().to_string() } else { "-".to_string() };
        let pad = " ".repeat(nodes.saturating_sub(node(first).width()) + 2);
        let number = if numbers > 0 { format!("{:>numbers$}  ", xid(first)) } else { String::new() };
        let text = format!("{status:<3}  {}{pad}{number}{incident}{}", node(first), request(first));
        let paint = if story.steps.iter().any(|s| s.failed.is_some()) { Paint::Bad } else { Paint::Bare };
        let text = Plain::of(&text).clipped(style.columns() - LABEL);
        let clock = format!("{:<LABEL$}", style.zone.second(first.start));
        lines.push(Line::of(&clock, Paint::Strong).and(text.as_str(), paint));
    }
    if stories.len() > ROWS {
        lines
            .push(Line::of(&format!("{:LABEL$}… and {} more", "", count((stories.len() - ROWS) as u64)), Paint::Faint));
    }
    lines.extend(labelled("Narrow", "with --since and --until, --host, or the XID; --full tells all", style));
    lines
}

fn xid(step: &Step) -> String {
    if step.vxid > 0 { step.vxid.to_string() } else { String::new() }
}

/// The commands that show more.
fn next(found: &Lookup, whole: usize, style: &Style) -> Vec<Line> {
    let logs = found.searched.history.is_none();
    let told = || found.stories.iter().take(whole).flat_map(|s| &s.steps);
    let failed = || told().filter_map(|s| s.failed.as_ref());
    let mut commands = Vec::new();
    if found.stories.is_empty() && !logs {
        commands.push(format!("guru lookup {} PATH…", again(found)));
        commands.push(style.command("guru incidents"));
    }
    match failed().find_map(|j| j.incident) {
        Some(id) => commands.push(style.command(&format!("guru show {id}"))),
        None if logs && failed().next().is_some() => commands.push("guru analyze PATH…".to_string()),
        None => {}
    }
    commands.extend(failed().next().map(|j| format!("guru explain {}", quoted(j.failure.ruling.cause.id()))));
    let several = found.stories.len() > whole || failed().next().is_some();
    if several && !style.full {
        let whole = style.command(&format!("guru lookup {} … --full", again(found)));
        let fits = Plain::of(&whole).width() <= style.columns() - LABEL;
        commands.push(if fits { whole } else { "guru lookup … --full".to_string() });
    }
    let hit = told().filter_map(|s| if let StepKind::Request(a) = &s.kind { Some(a.hit) } else { None });
    commands.extend(hit.filter(|n| logs && *n > 0).take(1).map(|n| format!("guru lookup {n} PATH…")));
    if commands.is_empty() {
        commands.push("guru events PATH…".to_string());
    }
    flowing("Next", &commands, "   ", style)
}

/// The question as a word of a command; a sign that stands for it when it is long or holds a secret.
fn again(found: &Lookup) -> String {
    let question = found.question.strip_prefix("XID ").unwrap_or(&found.question);
    let plain = Plain::of(question);
    let as_it_was = plain.as_str() == question && !question.contains("<redacted") && plain.width() <= LONGEST;
    if as_it_was { quoted(question) } else { "…".to_string() }
}
