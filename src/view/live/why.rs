//! Why it fails and what to do: causes, the deepest one with its proof, what changed before, what was seen before, and
//! advice. In: a `Live`; out: blocks of lines. It must not know what visitors get.

use crate::model::incident::Incident;
use crate::model::live::{Live, LiveCause};

use super::super::paper::{Line, Paint};
use super::super::plain::{Plain, width as columns_of};
use super::super::telling::telling;
use super::super::words::{count, duration};
use super::head::{moment, pressing};
use super::latest;
use super::stack::Block;
use super::trend::trend;
use super::ui::Ui;

/// Columns of a trend.
const TREND: usize = 12;
/// Columns of a label and the space after it.
const LABEL: usize = 6;

/// Causes, ranked as the model ranks them.
pub(super) fn causes(live: &Live, ui: &Ui, width: usize) -> Block {
    let words = ui.words();
    let shown: Vec<&LiveCause> = live.causes.iter().filter(|c| is_shown(c, live, &words)).collect();
    if shown.is_empty() {
        let nothing = if words.is_empty() { "nothing failed" } else { "no cause matches the filter" };
        let lines = if pressing(live).is_some() { vec![Line::of(nothing, Paint::Faint)] } else { Vec::new() };
        return Block::of(lines, 0, 3);
    }
    let named = shown.iter().map(|c| Plain::of(&c.cause).width()).max().unwrap_or(0).clamp(19, 26);
    let role = if width >= named + 45 { 14 } else { 0 };
    let label = if pressing(live).is_some() { "WHY, since start" } else { "WHY, last hour" };
    let span = duration(super::head::us(f64::from(live.span_s) * TREND as f64));
    let head = format!("{label:<0$}{1:>9}   trend, {span}", named + 2 + role, "failed");
    let mut lines = vec![Line::of(&head, Paint::Strong)];
    // What is first here is what the incident is about; without one nothing is alarming.
    let paint = |at: usize| match (pressing(live).is_some(), at) {
        (true, 0) => Paint::Bad,
        (true, _) => Paint::Careful,
        (false, _) => Paint::Bare,
    };
    lines.extend(shown.iter().enumerate().map(|(at, c)| cause(c, paint(at), (named, role), width)));
    Block { wanted: lines.len().min(5), least: 2, lines, yields: 3 }
}

fn is_shown(cause: &LiveCause, live: &Live, words: &[String]) -> bool {
    let id = cause.cause.to_lowercase();
    let among = || live.latest.iter().any(|f| f.cause == cause.cause && latest::matches(f, words));
    words.iter().all(|w| id.contains(w.as_str())) || among()
}

fn cause(c: &LiveCause, paint: Paint, (named, role): (usize, usize), width: usize) -> Line {
    let mut line = Line::of("  ", Paint::Bare).and(&padded(&c.cause, named), paint);
    if role > 0 {
        line = line.and(&padded(&c.role, role), Paint::Faint);
    }
    line = line.and(&format!("{:>9}   ", count(c.failed)), Paint::Strong).and(&trend(&c.trend, TREND), Paint::Careful);
    let room = width.saturating_sub(line.width() + 3);
    if room < 24 || c.advice.is_empty() {
        return line;
    }
    line.and("   ", Paint::Bare).and(Plain::of(&c.advice).clipped(room).as_str(), Paint::Bare)
}

/// A text in exactly so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let text = Plain::of(text).clipped(columns);
    format!("{text}{}", " ".repeat(columns - text.width().min(columns)))
}

/// What the worst open incident is about, label by label.
pub(super) fn story(live: &Live, ui: &Ui, width: usize, roomy: bool) -> Vec<Block> {
    let Some(incident) = pressing(live) else { return Vec::new() };
    let mut blocks = vec![Block::of(root(incident, live, width), 1, 4)];
    blocks.push(Block::of(near(incident, live, ui), 0, 6));
    blocks.push(Block::of(ended(incident, live, ui), 0, 5));
    blocks.push(Block::of(seen(live, ui), 0, 5));
    let lines = advice(incident, live, width, roomy);
    blocks.push(Block::of(lines, 1, 4));
    blocks
}

fn labelled(label: &str, text: &str, paint: Paint) -> Line {
    Line::of(&format!("{label:<LABEL$}"), Paint::Strong).and(text, paint)
}

/// The deepest cause and the words that prove it.
fn root(i: &Incident, live: &Live, width: usize) -> Vec<Line> {
    let cause = i.root.as_ref().unwrap_or(&i.cause);
    let sure = live.confidence.filter(|c| c.is_finite()).map_or_else(String::new, |c| format!(" {c:.2}"));
    let head = format!("{cause}{sure}: ");
    let example = i.examples.first();
    let quote = i.proof.first().or_else(|| example.and_then(|e| e.origin_error.as_ref().or(e.own.as_ref())));
    let room = width.saturating_sub(LABEL + columns_of(&head));
    let text = match quote {
        Some(q) => {
            let place = format!("{} ", short_place(&q.file));
            let quoted = telling(&q.text, room.saturating_sub(columns_of(&place) + 2));
            format!("{place}\"{quoted}\"")
        }
        None => i.in_short.clone(),
    };
    if cause.is_empty() && text.is_empty() {
        return Vec::new();
    }
    vec![labelled("ROOT", &head, Paint::Bad).and(&text, Paint::Bare)]
}

/// The last two components of a path: the node's folder and the file.
fn short_place(path: &str) -> String {
    let parts: Vec<&str> = path.rsplit('/').take(2).filter(|p| !p.is_empty()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// What changed before the first failure.
fn near(i: &Incident, live: &Live, ui: &Ui) -> Vec<Line> {
    let one = |c: &crate::model::incident::Candidate| {
        if !super::super::incident::has_distance(&c.kind) {
            return c.text.clone();
        }
        let distance = match i.opened_at.since(c.at) {
            Some(us) if us >= 0 => format!(" ({} before the first failure)", duration(us)),
            Some(us) => format!(" ({} after the first failure)", duration(us.saturating_neg())),
            None => String::new(),
        };
        format!("{} {}{distance}", moment(c.at, live.wall, ui.style.zone), c.text)
    };
    i.began.first().map(|c| labelled("NEAR", &one(c), Paint::Bare)).into_iter().collect()
}

/// What happened just before the failures stopped.
fn ended(i: &Incident, live: &Live, ui: &Ui) -> Vec<Line> {
    let text = |at, text: &str| format!("{} {text} (likely fix, unconfirmed)", moment(at, live.wall, ui.style.zone));
    i.ended_by.first().map(|c| labelled("ENDED", &text(c.at, &c.text), Paint::Good)).into_iter().collect()
}

/// The earlier incident that is most alike, and what was done then.
fn seen(live: &Live, ui: &Ui) -> Vec<Line> {
    let Some(s) = live.seen.first() else { return Vec::new() };
    let fix = match (s.fix.as_str(), s.worked.as_str()) {
        ("", _) => "Fix not recorded".to_string(),
        (fix, "yes") => format!("Fix: {fix} (worked)"),
        (fix, "no") => format!("Fix: {fix} (did NOT work)"),
        (fix, _) => format!("Fix: {fix}"),
    };
    let paint = if s.worked == "yes" { Paint::Good } else { Paint::Bare };
    let same = if s.same.is_empty() { String::new() } else { format!(": {}", s.same.trim_end_matches('.')) };
    let when = ui.style.zone.day(s.opened_at);
    vec![labelled("SEEN", &format!("{}, {when}{same}. ", s.id), Paint::Bare).and(&fix, paint)]
}

/// What to look at and what not to do: beside each other where they fit, else one under the other.
fn advice(i: &Incident, live: &Live, width: usize, roomy: bool) -> Vec<Line> {
    let first = |kind: &str| i.advice.iter().find(|a| a.kind == kind).map(|a| a.text.clone());
    let of_cause = || live.causes.first().map(|c| c.advice.clone()).filter(|a| !a.is_empty());
    let Some(look) = first("look").or_else(of_cause) else {
        return first("NOT").map(|not| labelled("DO", &format!("NOT: {not}"), Paint::Bad)).into_iter().collect();
    };
    let look = format!("look: {look}");
    let not = first("NOT").map(|not| format!("NOT: {not}"));
    let together = LABEL + columns_of(&look) + 5 + not.as_deref().map_or(0, columns_of);
    match &not {
        Some(not) if together <= width => {
            vec![labelled("DO", &look, Paint::Good).and("     ", Paint::Bare).and(not, Paint::Bad)]
        }
        _ => {
            let mut lines = wrapped("DO", &look, Paint::Good, width, roomy);
            lines.extend(not.iter().flat_map(|not| wrapped("", not, Paint::Bad, width, roomy)));
            lines
        }
    }
}

fn wrapped(label: &str, text: &str, paint: Paint, width: usize, roomy: bool) -> Vec<Line> {
    let room = width.saturating_sub(LABEL);
    let text = Plain::of(text);
    let parts = if roomy { text.wrapped(room) } else { vec![text.clipped(room)] };
    parts.iter().enumerate().map(|(n, t)| labelled(if n == 0 { label } else { "" }, t.as_str(), paint)).collect()
}
