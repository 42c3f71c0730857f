//! What the figures of a report rest on. In: a `Report`; out: the sections on origin, clocks, gaps, lines and store.
//! It must not know what the incidents are.

use crate::model::Tier;
use crate::model::report::{ClockOffset, Report};

use super::paper::{Line, Paint, Section, flowing, labelled, painted};
use super::style::Style;
use super::sums;
use super::words::{count, offset};

/// Clocks listed on one screen.
const CLOCKS: usize = 4;
/// Files with trouble listed on one screen.
const TROUBLES: usize = 2;
/// Early warnings laid out for one screen.
const EARLY: usize = 3;
/// Warnings laid out for one screen; the screen cuts further.
const WARNINGS: usize = 6;

/// The sections, in order.
pub(super) fn sections(report: &Report, style: &Style) -> Vec<Section> {
    let mut all = vec![origin(report, style), clocks(report, style), beware(report, style), early(report, style)];
    all.push(files(report, style));
    all.push(lines(report, style));
    all.push(broken_laws(report, style));
    all.push(store(report, style));
    all.into_iter().filter(|s| !s.lines.is_empty()).collect()
}

/// What the next tier saw, as a sum that adds up.
fn origin(report: &Report, style: &Style) -> Section {
    let t = &report.totals;
    let seen = report.sources.iter().any(|s| s.tier == Tier::Cache.word() || s.tier == Tier::Edge.word());
    let (label, next) = if seen { ("Origin", "the origin") } else { ("Upstream", "the upstream") };
    let mut items = sums::verdicts(&t.by_verdict);
    if sums::nothing_covered(&t.by_verdict) {
        items.push(format!("(add {next}'s log to learn what it saw)"));
    }
    let lines = if t.failed_fetches == 0 { Vec::new() } else { flowing(label, &items, " ", style) };
    // A sum that is cut does not add up; three lines hold all eight verdicts up to nine figures each.
    Section::soft(lines, 3, 1)
}

/// Clocks with offset and error bar; a zone mistake or too few pairs is said first.
fn clocks(report: &Report, style: &Style) -> Section {
    let mut order: Vec<&ClockOffset> = report.clock_offsets.iter().collect();
    order.sort_by_key(|c| (c.zone_mistake.is_none(), c.enough));
    let from_one = report.clock_offsets.windows(2).all(|w| w[0].from == w[1].from);
    let room = if style.full { order.len() } else { CLOCKS };
    let mut items: Vec<String> = order.iter().take(room).map(|c| clock(c, from_one)).collect();
    if order.len() > room {
        items.push(format!("{} more", count((order.len() - room) as u64)));
    }
    for item in items.iter_mut().rev().skip(1) {
        item.push(',');
    }
    let lines = if items.is_empty() { Vec::new() } else { flowing("Clocks", &items, " ", style) };
    Section::soft(lines, 1, 8)
}

fn clock(c: &ClockOffset, from_one: bool) -> String {
    let who = if from_one { c.to.clone() } else { format!("{}->{}", c.from, c.to) };
    let shown = offset(c.offset_ms, c.error_ms);
    if c.zone_mistake.is_some() {
        return format!("{who} {shown} ZONE MISTAKE?");
    }
    if c.enough {
        return format!("{who} {shown}");
    }
    match c.pairs {
        0 => format!("{who} not enough pairs to tell"),
        n => format!("{who} about {shown}, not enough pairs to tell ({n})"),
    }
}

/// What a reader must know before believing the figures.
fn beware(report: &Report, style: &Style) -> Section {
    let mistakes = report.clock_offsets.iter().filter_map(|c| {
        let text = c.zone_mistake.as_ref()?;
        Some(if text.contains(&c.to) { text.clone() } else { format!("{}: {text}", c.to) })
    });
    let all: Vec<String> = mistakes.chain(report.warnings.iter().cloned()).collect();
    let room = if style.full || all.len() <= WARNINGS { all.len() } else { WARNINGS - 1 };
    let mut lines: Vec<Line> = Vec::new();
    if all.len() > room {
        let text = format!("{} warnings, the first are below; --full shows all", count(all.len() as u64));
        lines.extend(painted("Beware", &text, Paint::Careful, style));
    }
    for text in all.iter().take(room) {
        let label = if lines.is_empty() { "Beware" } else { "" };
        let mut told = painted(label, text, Paint::Careful, style);
        if !style.full && told.len() > 2 {
            told = vec![told.swap_remove(0), Line::of("          … (--full)", Paint::Careful)];
        }
        lines.extend(told);
    }
    Section::soft(lines, 1, 5)
}

/// What does not fail yet.
fn early(report: &Report, style: &Style) -> Section {
    let all = &report.early_warnings;
    let room = if style.full { all.len() } else { EARLY };
    let several = all.iter().any(|w| w.node != all[0].node);
    let mut lines: Vec<Line> = Vec::new();
    for warning in all.iter().take(room) {
        let label = if lines.is_empty() { "Watch" } else { "" };
        let of = match (warning.backend.as_str(), several) {
            ("", _) => warning.node.clone(),
            (backend, false) => backend.to_string(),
            (backend, true) => format!("{} to {backend}", warning.node),
        };
        let mut told = painted(label, &format!("{of}: {}", warning.text), Paint::Careful, style);
        if style.full {
            told.extend(labelled("", &format!("-> {}", warning.advice), style));
        } else if told.len() > 2 {
            told.truncate(1);
            told.push(Line::of("          … (--full)", Paint::Careful));
        }
        lines.extend(told);
    }
    if all.len() > room {
        lines.extend(labelled("", &format!("… and {} more to watch (--full)", all.len() - room), style));
    }
    Section::soft(lines, 1, 6)
}

/// Files that something was wrong with; all files with `--full`.
fn files(report: &Report, style: &Style) -> Section {
    let troubled: Vec<_> = report.sources.iter().filter(|s| !s.trouble.is_empty()).collect();
    let room = if style.full { troubled.len() } else { TROUBLES };
    let mut lines = Vec::new();
    for source in troubled.iter().take(room) {
        let label = if lines.is_empty() { "Trouble" } else { "" };
        let told = if style.full { source.trouble.join("; ") } else { source.trouble[0].clone() };
        let told = painted(label, &format!("{}: {told}", source.file), Paint::Careful, style);
        lines.extend(told.into_iter().take(if style.full { usize::MAX } else { 2 }));
    }
    if troubled.len() > room {
        let text = format!("… and {} files more with trouble (--full)", count((troubled.len() - room) as u64));
        lines.extend(labelled("", &text, style));
    }
    if style.full {
        lines.extend(every_file(report, style));
    }
    Section::soft(lines, 0, 9)
}

fn every_file(report: &Report, style: &Style) -> Vec<Line> {
    let mut lines = Vec::new();
    for s in &report.sources {
        let label = if lines.is_empty() { "Files" } else { "" };
        let n = &s.lines;
        let text = format!(
            "{}  {} {} {}: {} lines, {} unclear",
            s.file,
            s.tier,
            s.node,
            s.format,
            count(n.read),
            count(n.not_understood)
        );
        lines.extend(labelled(label, &text, style));
    }
    lines
}

/// The law of honest totals, with its figures.
fn lines(report: &Report, style: &Style) -> Section {
    let n = &report.totals.lines;
    let text = format!(
        "{} = {} parsed + {} skipped + {} unclear",
        count(n.read),
        count(n.parsed),
        count(n.skipped),
        count(n.not_understood)
    );
    Section::soft(labelled("Lines", &text, style), 1, 2)
}

/// A broken law is a bug of ours, and the reader must not believe the figures.
fn broken_laws(report: &Report, style: &Style) -> Section {
    let broken = report.violated_laws();
    let Some(first) = broken.first() else { return Section::firm(Vec::new()) };
    let more = if broken.len() > 1 { format!(" (and {} more)", count(broken.len() as u64 - 1)) } else { String::new() };
    let text = format!("figures do not add up, please report: {first}{more}");
    Section::soft(painted("BUG", &text, Paint::Bad, style), 1, 3)
}

/// What became of the store.
fn store(report: &Report, style: &Style) -> Section {
    let Some(s) = &report.store else {
        let text = "nothing (--no-store); IDs are those of this run only";
        return Section::soft(labelled("Stored", text, style), 1, 1);
    };
    if let Some(error) = &s.error {
        let text = format!("NOTHING in {}: {error}; --store FILE names another place", s.path);
        return Section::soft(painted("Stored", &text, Paint::Bad, style), 1, 2);
    }
    let text = match (s.new, s.updated, s.known) {
        (0, 0, 0) => format!("nothing to add to {}", s.path),
        (0, 0, known) => format!("nothing new, {} known, in {}", fetches(known), s.path),
        (new, updated, _) => format!("{} new, {} updated in {}", count(new), count(updated), s.path),
    };
    Section::soft(labelled("Stored", &text, style), 1, 3)
}

fn fetches(n: u64) -> String {
    if n == 1 { "1 fetch".to_string() } else { format!("{} fetches", count(n)) }
}
