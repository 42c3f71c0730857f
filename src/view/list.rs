//! The history as a table. In: incidents in the order to show them; out: text, Markdown or CSV. It must not know how
//! they were searched for.

use crate::model::Stamp;
use crate::model::incident::Incident;

use super::escape::escaped;
use super::paper::{Line, Paint, Paper, Section, flowing};
use super::plain::Plain;
use super::style::Style;
use super::table;
use super::words::counted;

/// Incidents listed on one screen.
const ROWS: usize = 18;

/// Renders a list of incidents with what fixed each; the first 18 unless `style.full`.
pub fn incident_list(incidents: &[Incident], style: &Style) -> String {
    let mut paper = Paper::default();
    if incidents.is_empty() {
        paper.add(Section::firm(vec![Line::of("No incident matches, or none is recorded yet.", Paint::Bare)]));
        let commands = [style.command("guru analyze PATH…"), style.command("guru incidents")];
        paper.add(Section::firm(flowing("Next", &commands, "   ", style)));
        return paper.print(style);
    }
    let room = if style.full { incidents.len() } else { ROWS };
    let known = || incidents.iter().flat_map(|i| [i.opened_at, i.closed_at]).filter(|t| t.is_known());
    let span = style.zone.span(known().min().unwrap_or(Stamp::NONE), known().max().unwrap_or(Stamp::NONE));
    let heading = format!("{}, {span}", counted(incidents.len() as u64, "incident"));
    paper.add(Section::firm(vec![Line::of(&heading, Paint::Strong), Line::default()]));
    let rows = table::Rows { incidents, room, scattered: None, fixes: true, more: "--full".to_string() };
    paper.add(Section::firm(table::lines(&rows, style)));
    paper.gap();
    let mut commands = vec![style.command(&format!("guru show {}", incidents[0].id))];
    if let Some(open) = incidents.iter().find(|i| i.fix.is_none()) {
        commands.push(style.command(&format!("guru resolve {} \"what you did\"", open.id)));
    }
    if incidents.len() > room {
        commands.push(style.command("guru incidents --full"));
    }
    paper.add(Section::firm(flowing("Next", &commands, "   ", style)));
    paper.print(style)
}

/// The columns of Markdown and CSV; named as in the store's `v_incidents`.
const COLUMNS: [&str; 11] =
    ["id", "opened_at", "closed_at", "state", "service", "cause", "title", "failures", "visitors_5xx", "fix", "worked"];

fn cells(i: &Incident) -> [String; 11] {
    [
        i.id.to_string(),
        i.opened_at.rfc3339(),
        i.closed_at.rfc3339(),
        i.state.word().to_string(),
        i.service.clone(),
        i.root.clone().unwrap_or_else(|| i.cause.clone()),
        i.title.clone(),
        i.failures.to_string(),
        i.harm.visitors_5xx.to_string(),
        i.fix.clone().unwrap_or_default(),
        i.worked.clone().unwrap_or_default(),
    ]
}

/// Renders a list as CSV (RFC 4180, newline as LF). Cells that a spreadsheet would take for a formula are prefixed
/// with `'`; control characters are shown as escapes.
pub fn csv(incidents: &[Incident]) -> String {
    let mut out = COLUMNS.join(",") + "\n";
    for i in incidents {
        out += &cells(i).map(|c| csv_cell(&c)).join(",");
        out.push('\n');
    }
    out
}

pub(super) fn csv_cell(text: &str) -> String {
    let formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let safe = format!("{}{}", if formula { "'" } else { "" }, Plain::of(text));
    if safe.contains(['"', ',', ';', '\'']) || safe.starts_with(' ') || safe.ends_with(' ') {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// Renders a list as a Markdown table; signs that Markdown or HTML would act on are escaped.
pub fn markdown(incidents: &[Incident]) -> String {
    let mut out = format!("| {} |\n|{}\n", COLUMNS.map(escaped).join(" | "), " --- |".repeat(COLUMNS.len()));
    for i in incidents {
        out += &format!("| {} |\n", cells(i).map(|c| escaped(&c)).join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_in_csv() {
        let table = [
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" +1", "\"' +1\""),
            ("\t=1", "\"'\\t=1\""),
            ("\r=1", "\"'\\r=1\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("a\nb", "a\\nb"),
            ("shop", "shop"),
        ];
        for (raw, cell) in table {
            assert_eq!(csv_cell(raw), cell);
        }
    }
}
