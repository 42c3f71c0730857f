//! The last hour as graphs: requests, failures by cause with change marks, and the time to first byte against its
//! limit. In: a `Live`; out: lines. It must not know why anything failed.
//!
//! Causes are letters and percentiles are signs, so that a screen without colour and without UTF-8 says the same.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::live::{Live, LiveMinute};

use super::super::paper::{Line, Paint};
use super::super::words::amount;
use super::super::zone::Zone;
use super::canvas::Canvas;
use super::facts::ttfb;
use super::trend::SIGNS;

/// Columns of the scale at the left.
const SCALE: usize = 9;
/// Letters of causes and their paints; what comes after them is `x`.
const LETTERS: [(char, Paint); 4] =
    [('A', Paint::Bad), ('B', Paint::Careful), ('C', Paint::Good), ('D', Paint::Strong)];
const OTHERS: (char, Paint) = ('x', Paint::Faint);
/// Percentiles: place in the model, sign, paint, name. The one that tells most is drawn last, over the others.
const PERCENTILES: [(usize, char, Paint, &str); 3] =
    [(2, '\'', Paint::Bad, "p99"), (0, '.', Paint::Good, "median"), (1, 'o', Paint::Careful, "p95")];
/// Changes named below the graphs.
const CHANGES: usize = 3;

/// The graphs in at most `rows` lines; none where there is no room for any.
pub(super) fn graph(live: &Live, zone: Zone, width: usize, rows: usize) -> Vec<Line> {
    let columns = width.saturating_sub(SCALE);
    if live.minutes.is_empty() || columns < 10 {
        return vec![Line::of("no whole minute was read yet", Paint::Faint); rows.min(1)];
    }
    let hour = Hour::of(&live.minutes, columns);
    let changes = changes(&hour, zone, rows);
    let free = rows.saturating_sub(changes.len() + 1);
    let share = free / 3;
    let mut lines = Vec::new();
    if share >= 3 {
        lines.extend(times(live, &hour, free - 2 * share));
        lines.extend(requests(&hour, share));
        lines.extend(failures(&hour, share, width));
    } else {
        lines.extend(requests(&hour, free - free / 2));
        lines.extend(failures(&hour, free / 2, width));
    }
    lines.push(axis(&hour, zone));
    lines.extend(changes);
    lines.truncate(rows);
    lines
}

/// As many of the newest minutes as fit, spread over the columns.
struct Hour<'l> {
    minutes: &'l [LiveMinute],
    columns: usize,
}

impl<'l> Hour<'l> {
    fn of(minutes: &'l [LiveMinute], columns: usize) -> Hour<'l> {
        let minutes = &minutes[minutes.len().saturating_sub(columns)..];
        Hour { minutes, columns: columns.min(minutes.len() * 3) }
    }

    /// Each minute with its columns.
    fn each(&self) -> impl Iterator<Item = (Range<usize>, &'l LiveMinute)> {
        let (n, columns) = (self.minutes.len().max(1), self.columns);
        self.minutes.iter().enumerate().map(move |(at, m)| (at * columns / n..(at + 1) * columns / n, m))
    }
}

/// A heading and rows with the scale of their top and bottom.
fn scaled(heading: Line, canvas: &Canvas, top: &str) -> Vec<Line> {
    let last = canvas.rows().saturating_sub(1);
    let mut lines = vec![heading];
    for (at, row) in canvas.lines().into_iter().enumerate() {
        let word = if at == 0 {
            top
        } else if at == last {
            "0"
        } else {
            ""
        };
        lines.push(Line::of(&format!("{word:>0$} ", SCALE - 1), Paint::Faint).with(row));
    }
    lines
}

fn requests(hour: &Hour<'_>, rows: usize) -> Vec<Line> {
    if rows < 2 {
        return Vec::new();
    }
    let most = hour.minutes.iter().map(|m| m.requests.max(m.requests_5xx)).max().unwrap_or(0);
    let mut canvas = Canvas::new(hour.columns, rows - 1);
    for (columns, m) in hour.each() {
        bar(&mut canvas, columns.clone(), m.requests, most, Paint::Good);
        bars_of_5xx(&mut canvas, columns, m.requests_5xx, most);
    }
    let heading =
        Line::of("REQUESTS  ", Paint::Strong).and("per minute   ", Paint::Good).and("x answered 5xx", Paint::Bad);
    scaled(heading, &canvas, &amount(most))
}

/// Those answered 5xx, in front of all; whole cells, so that they are seen without colour.
fn bars_of_5xx(canvas: &mut Canvas, columns: Range<usize>, n: u64, most: u64) {
    let rows = canvas.rows();
    let height = (u128::from(n) * rows as u128).div_ceil(u128::from(most.max(1))) as usize;
    for row in 0..height.min(rows) {
        columns.clone().for_each(|c| canvas.put(c, rows - 1 - row, 'x', Paint::Bad));
    }
}

/// One bar from the floor up, in eighths of a cell.
fn bar(canvas: &mut Canvas, columns: Range<usize>, n: u64, most: u64, paint: Paint) {
    let rows = canvas.rows();
    let eighths = (u128::from(n) * (rows as u128 * 8)).div_ceil(u128::from(most.max(1))) as usize;
    for row in 0..rows.min(eighths.div_ceil(8)) {
        let sign = SIGNS[(eighths - row * 8).min(8)];
        columns.clone().for_each(|c| canvas.put(c, rows - 1 - row, sign, paint));
    }
}

/// Causes of these minutes, most failures first.
fn ranked(minutes: &[LiveMinute]) -> Vec<(&str, u64)> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (cause, n) in minutes.iter().flat_map(|m| &m.failed) {
        let sum = sums.entry(cause).or_default();
        *sum = sum.saturating_add(*n);
    }
    let mut ranked: Vec<(&str, u64)> = sums.into_iter().filter(|(_, n)| *n > 0).collect();
    ranked.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    ranked
}

fn failures(hour: &Hour<'_>, rows: usize, width: usize) -> Vec<Line> {
    let ranked = ranked(hour.minutes);
    if rows < 2 || ranked.is_empty() {
        return vec![Line::of("FAILED    no fetch", Paint::Strong); rows.min(1)];
    }
    let all = |m: &LiveMinute| m.failed.values().fold(0u64, |a, n| a.saturating_add(*n));
    let most = hour.minutes.iter().map(all).max().unwrap_or(0).max(1);
    let mut canvas = Canvas::new(hour.columns, rows - 1);
    for (columns, m) in hour.each() {
        let mut below = 0u64;
        for (rank, (cause, _)) in ranked.iter().enumerate() {
            let n = m.failed.get(*cause).copied().unwrap_or(0);
            let (from, to) = (below, below.saturating_add(n));
            below = to;
            let (sign, paint) = LETTERS.get(rank).copied().unwrap_or(OTHERS);
            let height = |n: u64| (u128::from(n) * (rows as u128 - 1)).div_ceil(u128::from(most)) as usize;
            for row in height(from)..height(to) {
                columns.clone().for_each(|c| canvas.put(c, rows.saturating_sub(2 + row), sign, paint));
            }
        }
    }
    let full = legend(&ranked, true);
    let heading = if full.width() <= width { full } else { legend(&ranked, false) };
    scaled(heading, &canvas, &amount(most))
}

/// Which letter is which cause, with their sums where there is room.
fn legend(ranked: &[(&str, u64)], sums: bool) -> Line {
    let mut heading = Line::of("FAILED/min", Paint::Strong);
    for ((cause, n), (sign, paint)) in ranked.iter().zip(LETTERS) {
        let sum = if sums { format!(" {}", amount(*n)) } else { String::new() };
        heading = heading.and(&format!("  {sign} {cause}{sum}"), paint);
    }
    if ranked.len() > LETTERS.len() {
        heading = heading.and(&format!("  {} others", OTHERS.0), OTHERS.1);
    }
    heading
}

fn times(live: &Live, hour: &Hour<'_>, rows: usize) -> Vec<Line> {
    let limits = live
        .nodes
        .iter()
        .filter_map(|n| n.limit_ms)
        .chain(live.nodes.iter().flat_map(|n| n.cells.iter().filter_map(|c| c.limit_ms)));
    let limit = limits.filter(|ms| ms.is_finite() && *ms > 0.0).reduce(f64::min);
    let known = hour.minutes.iter().filter_map(|m| m.ttfb_ms).flatten().filter(|ms| ms.is_finite());
    let top = known.chain(limit).fold(0.0, f64::max);
    if rows < 3 || top <= 0.0 {
        return vec![Line::of("TTFB      not logged", Paint::Strong); rows.min(1)];
    }
    let height = rows - 1;
    let row =
        |ms: f64| height - 1 - ((ms / top) * (height - 1) as f64).round().clamp(0.0, (height - 1) as f64) as usize;
    let mut canvas = Canvas::new(hour.columns, height);
    if let Some(limit) = limit {
        (0..hour.columns).for_each(|c| canvas.put(c, row(limit), '─', Paint::Faint));
    }
    for (place, sign, paint, _) in PERCENTILES {
        for (columns, ms) in
            hour.each().filter_map(|(c, m)| Some((c, m.ttfb_ms?[place]))).filter(|(_, ms)| ms.is_finite())
        {
            columns.for_each(|c| canvas.put(c, row(ms), sign, paint));
        }
    }
    let mut heading = Line::of("TTFB      ", Paint::Strong);
    for (_, sign, paint, word) in PERCENTILES {
        heading = heading.and(&format!("{sign} {word}   "), paint);
    }
    if let Some(limit) = limit {
        heading = heading.and(&format!("─ limit {} s", ttfb(limit)), Paint::Faint);
    }
    scaled(heading, &canvas, &format!("{} s", ttfb(top)))
}

/// Clocks after every tenth minute, and a mark under each minute in which something changed.
fn axis(hour: &Hour<'_>, zone: Zone) -> Line {
    let mut canvas = Canvas::new(hour.columns, 1);
    for (columns, m) in hour.each() {
        let clock = zone.minute(m.at);
        if clock.ends_with('0') && columns.start + clock.len() < hour.columns {
            canvas.put(columns.start, 0, '|', Paint::Faint);
            clock.chars().enumerate().for_each(|(n, c)| canvas.put(columns.start + 1 + n, 0, c, Paint::Faint));
        }
    }
    for (columns, _) in hour.each().filter(|(_, m)| !m.changes.is_empty()) {
        canvas.put(columns.start, 0, '▲', Paint::Careful);
    }
    canvas.lines().into_iter().fold(Line::of(&" ".repeat(SCALE), Paint::Bare), Line::with)
}

/// The newest changes in words.
fn changes(hour: &Hour<'_>, zone: Zone, rows: usize) -> Vec<Line> {
    let room = if rows < 12 { 1 } else { CHANGES };
    let all = hour.minutes.iter().rev().flat_map(|m| m.changes.iter().map(|text| (m.at, text)));
    let mut lines: Vec<Line> = all
        .take(room)
        .map(|(at, text)| Line::of("▲ ", Paint::Careful).and(&format!("{} {text}", zone.minute(at)), Paint::Bare))
        .collect();
    lines.reverse();
    lines
}
