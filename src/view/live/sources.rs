//! Every log that is followed, the gaps and the clocks. In: a `Live`; out: lines. It must not know what failed.

use crate::model::live::{Live, LiveSink, LiveSource};

use super::super::paper::{Line, Paint};
use super::super::plain::Plain;
use super::super::words::{amount, count, offset};
use super::facts;
use super::ui::Ui;
use super::why::padded;

/// The page of sources: those with trouble first, then whom calls do not reach, gaps, clocks.
pub(super) fn sources(live: &Live, ui: &Ui, width: usize) -> Vec<Line> {
    let mut lines = list(live, width);
    if !live.unreached.is_empty() {
        lines.push(Line::default());
        lines.push(Line::of("CALLS FOR HELP", Paint::Strong).and("   do not reach", Paint::Bare));
        let line = |s: &LiveSink| Line::of(&format!("  {}: {}", s.name, s.trouble), Paint::Careful).clipped(width);
        lines.extend(live.unreached.iter().map(line));
    }
    lines.push(Line::default());
    lines.extend(gaps(live, ui, width));
    lines.push(Line::default());
    lines.extend(clocks(live));
    lines
}

/// One line for each log, those with trouble first.
pub(super) fn list(live: &Live, width: usize) -> Vec<Line> {
    let mut all: Vec<&LiveSource> = live.sources.iter().collect();
    all.sort_by_key(|s| s.trouble.is_empty());
    let path =
        all.iter().map(|s| Plain::of(&s.path).width()).max().unwrap_or(0).clamp(10, width.saturating_sub(56).max(12));
    let head = format!(
        "{:<path$} {:<15} {:>9} {:>7} {:>9} {:>8}",
        "SOURCE", "format", "lines", "unclear", "to read", "newest"
    );
    let mut lines = vec![Line::of(&head, Paint::Strong)];
    for s in all {
        lines.push(source(s, path));
        if !s.trouble.is_empty() {
            let parts = Plain::of(&s.trouble).wrapped(width.saturating_sub(4).max(10));
            lines.extend(parts.iter().map(|t| Line::of("    ", Paint::Bare).and(t.as_str(), Paint::Careful)));
        }
    }
    lines
}

fn clocks(live: &Live) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.push(
        Line::of("CLOCKS", Paint::Strong)
            .and(if live.clocks.is_empty() { "   nothing known yet" } else { "" }, Paint::Bare),
    );
    for c in &live.clocks {
        let doubt = if c.enough { String::new() } else { format!(", not enough pairs to tell ({})", count(c.pairs)) };
        let mistake = c.zone_mistake.as_ref().map_or_else(String::new, |m| format!("  {m}"));
        let text = format!("  {} -> {}  {}{doubt}{mistake}", c.from, c.to, offset(c.offset_ms, c.error_ms));
        lines.push(Line::of(&text, if mistake.is_empty() { Paint::Bare } else { Paint::Careful }));
    }
    lines
}

fn source(s: &LiveSource, path: usize) -> Line {
    let full = Plain::of(&s.path);
    // The end of a path tells more than its beginning.
    let extra = full.as_str().chars().count().saturating_sub(path);
    let tail: String = full.as_str().chars().skip(if extra > 0 { extra + 1 } else { 0 }).collect();
    let shown = if extra > 0 { format!("…{tail}") } else { tail };
    let newest = s.behind_s.map_or_else(|| "-".to_string(), facts::seconds);
    let format = if s.format.is_empty() { "not yet known" } else { &s.format };
    let figures = format!(
        " {:>9} {:>7} {:>9} {newest:>8}",
        amount(s.lines.read),
        amount(s.lines.not_understood),
        facts::bytes(s.backlog)
    );
    let paint = if s.trouble.is_empty() { Paint::Bare } else { Paint::Careful };
    Line::of(&padded(&shown, path), paint)
        .and(&format!(" {}", padded(format, 15)), Paint::Faint)
        .and(&figures, Paint::Bare)
}

fn gaps(live: &Live, ui: &Ui, width: usize) -> Vec<Line> {
    let lost = match live.totals.lost_bytes {
        0 => String::new(),
        n => format!(", {} known to be lost", facts::bytes(n)),
    };
    let total = live.totals.gaps.max(live.gaps.len() as u64);
    let mut lines =
        vec![Line::of("GAPS", Paint::Strong).and(&format!("     {} since the start{lost}", count(total)), Paint::Bare)];
    for gap in &live.gaps {
        let text = format!("{} {}", ui.style.zone.second(gap.wall), facts::gap(gap));
        let parts = Plain::of(&text).wrapped(width.saturating_sub(2).max(10));
        lines.extend(parts.iter().map(|t| Line::of("  ", Paint::Bare).and(t.as_str(), Paint::Careful)));
    }
    lines
}
