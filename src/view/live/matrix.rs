//! Which node sees which backend how. In: a `Live`; out: a table of nodes × backends. It must not know why they are so.

use crate::model::live::{Live, LiveCell, LiveNode};

use super::super::paper::{Line, Paint};
use super::super::plain::Plain;
use super::super::words::count;
use super::facts::ttfb;
use super::stack::Block;
use super::why::padded;

/// Columns of the figures at the right end.
const FIGURES: usize = 28;
/// Nodes that a screen of 24 lines should show.
const WANTED: usize = 4;

/// Measures of the table.
struct Plan<'l> {
    node: usize,
    cell: usize,
    /// Backends, and whether a probe tells of them.
    backends: Vec<(&'l str, bool)>,
    /// Backends that there is no room for.
    left_out: usize,
}

/// The table: a header and one row per node, worst first where not all fit.
pub(super) fn matrix(live: &Live, width: usize, rows: usize) -> Block {
    if live.nodes.is_empty() {
        return Block::of(Vec::new(), 0, 7);
    }
    let plan = plan(live, width);
    let mut nodes: Vec<&LiveNode> = live.nodes.iter().collect();
    let room = WANTED.max(rows / 4).min(nodes.len());
    if nodes.len() > room {
        nodes.sort_by_key(|n| std::cmp::Reverse((n.cells.iter().any(is_sick), n.errors_per_min)));
    }
    let mut lines = vec![header(&plan)];
    lines.extend(nodes.iter().map(|n| row(n, &plan)));
    if nodes.len() > room {
        lines.truncate(room);
        let text = format!("and {} nodes more", count((nodes.len() - (room - 1)) as u64));
        lines.push(Line::of(&text, Paint::Faint));
    }
    Block { wanted: lines.len().min(WANTED + 1), least: 2, lines, yields: 7 }
}

fn is_sick(cell: &LiveCell) -> bool {
    cell.health == "sick"
}

/// Backends in order of their name; those that are sick or fail go first where not all fit.
fn plan(live: &Live, width: usize) -> Plan<'_> {
    let node = live.nodes.iter().map(|n| Plain::of(&n.node).width()).max().unwrap_or(0).clamp(7, 16);
    let mut known: Vec<(&str, bool, u64)> = Vec::new();
    for cell in live.nodes.iter().flat_map(|n| &n.cells) {
        match known.iter_mut().find(|k| k.0 == cell.backend) {
            Some(k) => (k.1, k.2) = (k.1 || is_sick(cell), k.2.saturating_add(cell.failed)),
            None => known.push((&cell.backend, is_sick(cell), cell.failed)),
        }
    }
    let free = width.saturating_sub(node + 3 + FIGURES);
    let fits = (free / 16).max(1);
    if known.len() > fits {
        known.sort_by_key(|k| std::cmp::Reverse((k.1, k.2)));
    }
    let left_out = known.len().saturating_sub(fits);
    known.truncate(fits);
    known.sort();
    let cell = if known.is_empty() { 0 } else { (free / known.len()).clamp(14, 28) };
    let probed =
        |name: &str| live.nodes.iter().flat_map(|n| &n.cells).any(|c| c.backend == name && !c.health.is_empty());
    Plan { node, cell, backends: known.iter().map(|k| (k.0, probed(k.0))).collect(), left_out }
}

fn header(plan: &Plan<'_>) -> Line {
    let more = if plan.left_out > 0 { format!("+{} more", plan.left_out) } else { String::new() };
    let line = Line::of(&padded(&more, plan.node + 3), Paint::Faint);
    let mut text = String::new();
    for (backend, probed) in &plan.backends {
        let word = if *probed { " probe" } else { "" };
        let name = Plain::of(backend).clipped(plan.cell.saturating_sub(2 + word.len()));
        text.push_str(&padded(&format!("{name}{word}"), plan.cell));
    }
    line.and(&format!("{text}{:>9} {:>18}", "5xx/min", "TTFB p95 / limit"), Paint::Strong)
}

fn row(n: &LiveNode, plan: &Plan<'_>) -> Line {
    let mut line = Line::of(&padded(&n.node, plan.node), Paint::Strong).and("   ", Paint::Bare);
    for (backend, _) in &plan.backends {
        let (text, paint) = match n.cells.iter().find(|c| c.backend == *backend) {
            Some(c) => cell(c, plan.cell - 2),
            None => ("-".to_string(), Paint::Faint),
        };
        line = line.and(&padded(&text, plan.cell), paint);
    }
    let paint = if n.errors_per_min > 0 { Paint::Bad } else { Paint::Bare };
    let time = match (n.ttfb_p95_ms, n.limit_ms) {
        (None, None) => "-".to_string(),
        (Some(p95), None) => format!("{} s", ttfb(p95)),
        (None, Some(limit)) => format!("- / {} s", ttfb(limit)),
        (Some(p95), Some(limit)) => format!("{} / {} s", ttfb(p95), ttfb(limit)),
    };
    let near = matches!((n.ttfb_p95_ms, n.limit_ms), (Some(p95), Some(limit)) if p95 >= 0.8 * limit);
    line.and(&format!("{:>9}", count(n.errors_per_min)), paint)
        .and(&format!(" {time:>18}"), if near { Paint::Careful } else { Paint::Bare })
}

/// `SICK 2/8 slow`, `ok   6/8`, `12 of 40 failed`; with the failures beside the probe where there is room.
fn cell(c: &LiveCell, room: usize) -> (String, Paint) {
    let failed = format!("{} of {} failed", count(c.failed), count(c.fetches));
    let (word, paint) = match c.health.as_str() {
        "sick" => ("SICK", Paint::Bad),
        "" if c.failed > 0 => return (failed, Paint::Careful),
        "" if c.fetches > 0 => return (format!("ok   {}", count(c.fetches)), Paint::Good),
        "" => return ("idle".to_string(), Paint::Faint),
        "healthy" if c.failed > 0 => ("ok  ", Paint::Careful),
        "healthy" => ("ok  ", Paint::Good),
        other => (other, Paint::Careful),
    };
    let text = format!("{word} {}", c.probe);
    let both = format!("{text}, {failed}");
    (if c.failed > 0 && both.chars().count() <= room { both } else { text }, paint)
}
