//! The first screen of `guru analyze`. In: a `Report`; out: one screen of text, or everything with `--full`. What
//! broke and who noticed comes first; then what the figures rest on; last what to run next.
//! It must not know how anything was found.

use crate::model::incident::{Incident, State};
use crate::model::report::{Report, Visitors};
use crate::model::{Stamp, Tier};

use super::ground;
use super::incident;
use super::paper::{Line, Paint, Paper, Section, ends, flowing, labelled, painted};
use super::style::Style;
use super::sums;
use super::table;
use super::words::{amount, count, counted, duration, listed, share, share_of};

/// Most incidents that one screen lists.
const ROWS: usize = 8;
/// Fewest that it lists when there are so many.
const FEWEST_ROWS: usize = 4;
/// Most lines above the table.
const HEAD: usize = 5;

/// Renders a report: at most 23 lines unless `style.full`.
pub fn report(report: &Report, style: &Style) -> String {
    let mut head = Paper::default();
    head.add(Section::soft(header(report, style), 1, 9));
    for section in [visitors(report, style), fetches(report, style)].into_iter().flatten() {
        head.add(section);
    }
    let mut foot = Paper::default();
    for section in story(report, style).into_iter().chain(ground::sections(report, style)) {
        foot.add(section);
    }
    let incidents = report.incidents.len();
    let gaps = if incidents > 0 { 2 } else { 1 };
    let budget = if style.full { usize::MAX } else { Style::SCREEN };
    let mut cut = !style.full && head.fit(HEAD, style.columns());
    let next_height = next(report, true, style).len();
    let least = if incidents > 0 { table::height(incidents, FEWEST_ROWS.min(incidents)) } else { 0 };
    let room_for_foot = budget.saturating_sub(head.height() + gaps + next_height + least);
    cut |= foot.fit(room_for_foot, style.columns());
    let taken = head.height() + gaps + next_height + foot.height();
    let room = rows_that_fit(incidents, budget.saturating_sub(taken), style);
    if incidents > 0 {
        head.gap();
        head.add(Section::firm(table::lines(&rows(report, room), style)));
    }
    head.gap();
    let more = cut || incidents > room;
    let mut text = head.print(style) + &foot.print(style);
    if style.full {
        text += &pages(report, style);
    }
    let mut last = Paper::default();
    last.add(Section::firm(next(report, more, style)));
    text + &last.print(style)
}

/// How many incidents get a row of their own in so many lines.
fn rows_that_fit(incidents: usize, lines: usize, style: &Style) -> usize {
    let most = if style.full { incidents } else { incidents.min(ROWS) };
    (1..=most).rev().find(|room| table::height(incidents, *room) <= lines).unwrap_or(most.min(1))
}

fn rows(report: &Report, room: usize) -> table::Rows<'_> {
    let more = if stored(report) { "guru incidents" } else { "--full" };
    table::Rows {
        incidents: &report.incidents,
        room,
        scattered: report.scattered,
        fixes: false,
        more: more.to_string(),
    }
}

/// True when the incidents are in the history, so that `guru show` finds them.
fn stored(report: &Report) -> bool {
    report.store.as_ref().is_some_and(|s| s.error.is_none())
}

fn header(report: &Report, style: &Style) -> Vec<Line> {
    let span = match &report.span {
        Some(span) => style.zone.span(span.from, span.to),
        // Files are left out unread only because of the span.
        None if report.sources.is_empty() => "nothing between --since and --until".to_string(),
        None => "no time stamps found".to_string(),
    };
    let mut nodes: Vec<&str> = report.sources.iter().map(|s| s.node.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let facts = [
        counted(nodes.len() as u64, "node"),
        counted(report.sources.len() as u64, "file"),
        duration(i64::try_from(report.took_ms).unwrap_or(i64::MAX).saturating_mul(1000)),
    ];
    ends(Line::of(&span, Paint::Strong), Line::of(&facts.join(", "), Paint::Faint), style)
}

/// Visitors and the ledger of who made their errors.
fn visitors(report: &Report, style: &Style) -> Option<Section> {
    let v = &report.totals.visitors;
    if v.requests == 0 && v.got_5xx == 0 {
        let any = report.totals.failed_fetches > 0;
        let text = "not counted: these logs show no served requests";
        return any.then(|| Section::firm(labelled("Visitors", text, style)));
    }
    if v.got_5xx == 0 {
        let text = format!("none got 5xx of {}", amount(v.requests));
        return Some(Section::firm(labelled("Visitors", &text, style)));
    }
    let share_of_all = share_of(v.got_5xx, v.requests).map(|s| format!(" ({s})")).unwrap_or_default();
    let worst = v.worst_minute.map(|(minute, part)| worst_minute(report, minute, part, style)).unwrap_or_default();
    let text = format!("{} got 5xx of {}{share_of_all}{worst}", count(v.got_5xx), amount(v.requests));
    let mut lines = labelled("Visitors", &text, style);
    lines.extend(labelled("", &ledger(report, v), style));
    Some(Section::soft(lines, 2, 2))
}

fn worst_minute(report: &Report, minute: i64, part: f64, style: &Style) -> String {
    let (zone, at) = (style.zone, Stamp(minute));
    let one_day = report.span.is_some_and(|s| zone.same_day(s.from, s.to));
    let day = if one_day { String::new() } else { format!("{} ", zone.weekday_and_day(at)) };
    format!(", worst {day}{} ({})", zone.minute(at), share(part))
}

fn ledger(report: &Report, v: &Visitors) -> String {
    let made_here = if has_tier(report, Tier::Cache) { "by VCL" } else { "by the server itself" };
    let parts: Vec<String> = [
        (v.own_fetch, "own fetch failed"),
        (v.shared, "shared one"),
        (v.made_here, made_here),
        (v.edge, "edge's own"),
        (v.unexplained, "unexplained"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, called)| format!("{} {called}", count(*n)))
    .collect();
    parts.join(" + ")
}

fn has_tier(report: &Report, tier: Tier) -> bool {
    report.sources.iter().any(|s| s.tier == tier.word())
}

/// Failed fetches and what clients got of them; the friendly word when there are none.
fn fetches(report: &Report, style: &Style) -> Option<Section> {
    let t = &report.totals;
    if t.failed_fetches == 0 {
        return Some(Section::firm(healthy(report, style)));
    }
    let impacts = sums::impacts(&t.by_impact);
    let failed = if impacts.is_empty() {
        "failed".to_string()
    } else {
        format!("failed{} {impacts}", if impacts.starts_with("all ") { "," } else { ":" })
    };
    let lines = labelled("Fetches", &format!("{} {failed}; {}", count(t.failed_fetches), beside_them(report)), style);
    Some(Section::soft(lines, 1, 4))
}

/// What stands beside the failed fetches: their share, how many are unexplained, and what is counted apart.
fn beside_them(report: &Report) -> String {
    let t = &report.totals;
    let unknown = t.by_cause.get("unknown").copied().unwrap_or(0);
    let mut parts = Vec::new();
    if let Some(part) = share_of(t.failed_fetches, t.fetches) {
        parts.push(format!("{part} of {}", amount(t.fetches)));
    }
    parts.push(match share_of(unknown, t.failed_fetches) {
        Some(part) if unknown > 0 => format!("cause unknown of {} ({part})", count(unknown)),
        _ => "cause known of all".to_string(),
    });
    parts.extend(not_origin(report));
    if t.told_in > 0 {
        parts.push(format!("{} at lower tiers are told in these", count(t.told_in)));
    }
    parts.join("; ")
}

fn not_origin(report: &Report) -> Option<String> {
    let others: Vec<String> =
        report.totals.not_origin.iter().filter(|(_, n)| **n > 0).map(|(id, n)| format!("{} {id}", count(*n))).collect();
    (!others.is_empty()).then(|| format!("apart: {}", listed(&others)))
}

fn healthy(report: &Report, style: &Style) -> Vec<Line> {
    let t = &report.totals;
    let text = match (t.requests, t.fetches) {
        (0, 0) if report.sources.is_empty() => "nothing to judge: every file lies outside --since/--until".to_string(),
        (0, 0) => "nothing to judge: these logs show no request and no fetch".to_string(),
        (0, fetches) => {
            format!("all good: no failed fetch in {}", counted(fetches, "fetch").replace("fetchs", "fetches"))
        }
        (requests, 0) => format!("all good: no failed fetch in {}", counted(requests, "request")),
        (requests, fetches) => {
            format!("all good: no failed fetch in {} ({} to the origin)", counted(requests, "request"), count(fetches))
        }
    };
    let mut lines =
        painted("Fetches", &text, if t.requests + t.fetches > 0 { Paint::Good } else { Paint::Bare }, style);
    if let Some(others) = not_origin(report) {
        lines.extend(labelled("", &others, style));
    }
    lines
}

/// The worst incident, and the worst of those that go on.
fn story(report: &Report, style: &Style) -> Vec<Section> {
    let Some(worst) = report.incidents.iter().find(|i| report.scattered != Some(i.id)) else { return Vec::new() };
    let mut sections = Vec::new();
    let on = still_on(report);
    let same = on.is_some_and(|i| i.id == worst.id);
    let state = match same {
        true if worst.state == State::Open => " (still on)",
        true => " (recurring)",
        false => "",
    };
    let seen = match worst.seen_before.first() {
        Some(id) => format!(", seen before as {id}"),
        None => String::new(),
    };
    let text = format!("{}{state}{seen}: {}", worst.id, in_short(worst));
    sections.push(Section::soft(painted("Worst", &text, Paint::Bare, style), 1, 6));
    if let Some(on) = on.filter(|_| !same) {
        let word = if on.state == State::Open { "is still on" } else { "keeps coming back" };
        let text = format!("{} {word}: {}", on.id, in_short(on));
        sections.push(Section::soft(painted("First", &text, Paint::Careful, style), 1, 7));
    }
    sections
}

fn in_short(incident: &Incident) -> &str {
    if incident.in_short.is_empty() { &incident.title } else { &incident.in_short }
}

/// What to do something about first: the worst that is still on, else the worst that keeps coming back.
fn still_on(report: &Report) -> Option<&Incident> {
    let first = |state: State| report.incidents.iter().find(|i| i.state == state && report.scattered != Some(i.id));
    first(State::Open).or_else(|| first(State::Recurring))
}

/// The commands that show more.
fn next(report: &Report, more: bool, style: &Style) -> Vec<Line> {
    let mut commands = Vec::new();
    let worst = report.incidents.iter().find(|i| report.scattered != Some(i.id)).or(report.incidents.first());
    if stored(report) {
        let mut ids: Vec<u32> = still_on(report).into_iter().chain(worst).map(|i| i.id).collect();
        ids.dedup();
        commands.extend(ids.iter().map(|id| style.command(&format!("guru show {id}"))));
        commands.push(style.command("guru incidents"));
    }
    let closed_book = !stored(report) && !report.incidents.is_empty();
    if (more || closed_book) && !style.full {
        commands.push("guru analyze … --full".to_string());
    }
    if let Some(worst) = worst.filter(|w| !w.cause.is_empty()) {
        commands.push(format!("guru explain {}", super::style::quoted(worst.root.as_ref().unwrap_or(&worst.cause))));
    }
    if commands.is_empty() {
        commands.push("guru formats list".to_string());
    }
    let mut lines = flowing("Next", &commands, "   ", style);
    lines.truncate(style.lines_of_commands());
    lines
}

/// Every incident opened, for `--full`.
fn pages(report: &Report, style: &Style) -> String {
    let mut text = String::from("\n");
    for i in &report.incidents {
        text += &incident::page(i, stored(report), style);
        text.push('\n');
    }
    text
}
