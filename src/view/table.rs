//! The table of incidents. In: incidents and how many rows there is room for; out: lines with aligned columns, the
//! rest of the incidents folded into one row. It must not know what stands around it.

use comfy_table::{Cell, CellAlignment, Row, Table, presets};

use crate::model::incident::{Incident, State};
use crate::model::stamp::SECOND;
use crate::model::{Impact, Stamp};

use super::paper::{Line, Paint};
use super::plain::{Plain, width};
use super::style::Style;
use super::words::{amount, duration};

/// Spaces between columns.
const BETWEEN: usize = 2;

/// What a table shows.
pub(super) struct Rows<'r> {
    /// The incidents, in the order to show them.
    pub(super) incidents: &'r [Incident],
    /// How many get a row of their own.
    pub(super) room: usize,
    /// The incident that holds lone failures, if any.
    pub(super) scattered: Option<u32>,
    /// Adds a column with what fixed each.
    pub(super) fixes: bool,
    /// What the row of the folded ones tells to run.
    pub(super) more: String,
}

/// Height of the table: heading, rows, and the row of the folded ones.
pub(super) fn height(incidents: usize, room: usize) -> usize {
    1 + incidents.min(room) + usize::from(incidents > room)
}

/// What broke: the title without the service, which has a column of its own.
pub(super) fn what_broke(incident: &Incident) -> String {
    let title = incident.title.trim();
    let bare = title.strip_prefix(incident.service.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(title);
    let bare = if bare.trim().is_empty() { incident.cause.as_str() } else { bare.trim() };
    if hidden(incident) { format!("HIDDEN by stale: {bare}") } else { bare.to_string() }
}

/// True when failures were covered by stale answers and no visitor got an error.
pub(super) fn hidden(incident: &Incident) -> bool {
    let of = |impact: Impact| incident.harm.by_impact.get(impact.word()).copied().unwrap_or(0);
    incident.harm.visitors_5xx == 0
        && of(Impact::Stale) > 0
        && of(Impact::Error) + of(Impact::Truncated) + of(Impact::Unknown) == 0
}

/// How long from the first to the last failure.
pub(super) fn lasted(incident: &Incident) -> String {
    match incident.closed_at.since(incident.opened_at) {
        None => "?".to_string(),
        Some(us) if us < SECOND => "moment".to_string(),
        Some(us) => duration(us),
    }
}

/// How long it lasted, or that it still does.
fn lasted_or_on(incident: &Incident) -> String {
    match incident.state {
        State::Open => "still on".to_string(),
        State::Recovering => "recovers".to_string(),
        State::Recurring | State::Resolved | State::Closed => lasted(incident),
    }
}

/// How the column `opened` writes moments: as briefly as is still unambiguous among these incidents.
fn opened(incident: &Incident, all: &[Incident], scattered: Option<u32>, style: &Style) -> String {
    if scattered == Some(incident.id) {
        return "scattered".to_string();
    }
    if incident.state == State::Recurring {
        return "recurring".to_string();
    }
    let known = || all.iter().map(|i| i.opened_at).filter(|t| t.is_known());
    let (first, last) = (known().min().unwrap_or(Stamp::NONE), known().max().unwrap_or(Stamp::NONE));
    let (zone, at) = (style.zone, incident.opened_at);
    let clock = zone.minute(at);
    if zone.same_day(first, last) {
        zone.second(at)
    } else if last.since(first).is_some_and(|us| us < 6 * 86_400 * SECOND) {
        format!("{} {clock}", zone.weekday(at))
    } else if zone.year(first) == zone.year(last) {
        format!("{} {clock}", zone.day(at))
    } else {
        format!("{} {} {clock}", zone.day(at), zone.year(at))
    }
}

/// The fix in one word or a few.
fn fix(incident: &Incident) -> String {
    match (&incident.fix, incident.worked.as_deref()) {
        (None, _) => "none".to_string(),
        (Some(fix), Some("yes")) => fix.clone(),
        (Some(fix), Some("no")) => format!("FAILED: {fix}"),
        (Some(fix), _) => format!("tried: {fix}"),
    }
}

/// The table.
pub(super) fn lines(rows: &Rows<'_>, style: &Style) -> Vec<Line> {
    let (own, folded) = rows.incidents.split_at(rows.incidents.len().min(rows.room));
    let mut cells: Vec<Vec<String>> = own.iter().map(|i| row(i, rows, style)).collect();
    if !folded.is_empty() {
        cells.push(folded_row(folded, rows));
    }
    let mut heading = vec!["ID", "opened", "lasted", "service", "what broke", "failed", "5xx"];
    if rows.fixes {
        heading.push("fix");
    }
    squeeze(&heading, &mut cells, style.columns());
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(aligned(heading.iter().map(|h| h.to_string()).collect()));
    for c in cells {
        table.add_row(aligned(c));
    }
    for column in table.column_iter_mut() {
        let first = column.index == 0;
        column.set_padding((if first { 0 } else { BETWEEN as u16 }, 0));
    }
    let painted = |(at, text): (usize, String)| {
        let on = at.checked_sub(1).and_then(|n| own.get(n)).is_some_and(|i| i.state == State::Open);
        let paint = if at == 0 || at > own.len() { Paint::Faint } else { Paint::Bare };
        Line::of(text.trim_end(), if on { Paint::Bad } else { paint })
    };
    table.lines().enumerate().map(painted).collect()
}

fn aligned(cells: Vec<String>) -> Row {
    let right = |at: usize| matches!(at, 0 | 5 | 6);
    Row::from(
        cells
            .into_iter()
            .enumerate()
            .map(|(at, text)| {
                Cell::new(text).set_alignment(if right(at) { CellAlignment::Right } else { CellAlignment::Left })
            })
            .collect::<Vec<Cell>>(),
    )
}

fn row(incident: &Incident, rows: &Rows<'_>, style: &Style) -> Vec<String> {
    let mut cells = vec![
        incident.id.to_string(),
        opened(incident, rows.incidents, rows.scattered, style),
        lasted_or_on(incident),
        incident.service.clone(),
        what_broke(incident),
        amount(incident.failures),
        amount(incident.harm.visitors_5xx),
    ];
    if rows.fixes {
        cells.push(fix(incident));
    }
    cells.iter().map(|c| Plain::of(c).to_string()).collect()
}

fn folded_row(folded: &[Incident], rows: &Rows<'_>) -> Vec<String> {
    let sum = |of: fn(&Incident) -> u64| amount(folded.iter().map(of).fold(0, u64::saturating_add));
    let mut cells = vec![
        String::new(),
        format!("{} smaller", super::words::count(folded.len() as u64)),
        String::new(),
        String::new(),
        Plain::of(&rows.more).to_string(),
        sum(|i| i.failures),
        sum(|i| i.harm.visitors_5xx),
    ];
    if rows.fixes {
        cells.push(String::new());
    }
    cells
}

/// Clips the columns of free text so that the table fits: first what broke and the fix, down to what is still of
/// use, then the service.
fn squeeze(heading: &[&str], cells: &mut [Vec<String>], columns: usize) {
    let natural = |at: usize, cells: &[Vec<String>]| {
        cells.iter().map(|c| width(&c[at])).chain([width(heading[at])]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..heading.len()).map(|at| natural(at, cells)).collect();
    let room = columns.saturating_sub(BETWEEN * (heading.len() - 1));
    for (at, least) in [(4, 30), (3, 14), (7, 14), (4, 18), (3, 7), (7, 6), (4, 6), (2, 4), (1, 6)] {
        let over = widths.iter().sum::<usize>().saturating_sub(room);
        if at < widths.len() {
            widths[at] = widths[at].saturating_sub(over).max(least.min(widths[at]));
        }
    }
    for row in cells {
        for (text, wide) in row.iter_mut().zip(&widths) {
            *text = Plain::of(text).clipped(*wide).to_string();
        }
    }
}
