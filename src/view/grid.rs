//! Rows of any question, as a table, JSON, CSV or Markdown. In: names of columns and values; out: text. It must not know
//! what was asked.

use comfy_table::{Cell, CellAlignment, Row, Table, presets};
use serde_json::{Map, Value};

use super::escape::escaped;
use super::json::{document, line};
use super::list::csv_cell;
use super::paper::{Line, Paint};
use super::plain::{Plain, width};
use super::style::Style;

/// Spaces between columns.
const BETWEEN: usize = 2;
/// A column is not made narrower than this.
const LEAST: usize = 6;

/// Columns and rows.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'g> {
    /// Names of the columns.
    pub columns: &'g [String],
    /// Values, one per column.
    pub rows: &'g [Vec<Value>],
}

impl Grid<'_> {
    /// As a table that fits the screen: numbers to the right, wide columns clipped unless `style.full`.
    pub fn table(&self, style: &Style) -> String {
        let mut cells: Vec<Vec<String>> = vec![self.columns.iter().map(|c| Plain::of(c).to_string()).collect()];
        cells.extend(self.rows.iter().map(|r| r.iter().map(|v| Plain::of(&shown(v)).to_string()).collect()));
        if !style.full {
            self.squeeze(&mut cells, style.columns());
        }
        let right: Vec<bool> = (0..self.columns.len()).map(|at| self.is_numeric(at)).collect();
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        for (n, row) in cells.into_iter().enumerate() {
            let row = aligned(row, &right);
            _ = if n == 0 { table.set_header(row) } else { table.add_row(row) };
        }
        for column in table.column_iter_mut() {
            let first = column.index == 0;
            column.set_padding((if first { 0 } else { BETWEEN as u16 }, 0));
        }
        let painted = |(n, line): (usize, String)| {
            let paint = if n == 0 { Paint::Faint } else { Paint::Bare };
            Line::of(line.trim_end(), paint).whole(style.color)
        };
        table.lines().enumerate().map(painted).collect()
    }

    fn is_numeric(&self, at: usize) -> bool {
        let mut values = self.rows.iter().filter_map(|r| r.get(at)).filter(|v| !v.is_null()).peekable();
        values.peek().is_some() && values.all(Value::is_number)
    }

    /// Takes columns from the widest until everything fits.
    fn squeeze(&self, cells: &mut [Vec<String>], columns: usize) {
        let natural = |at: usize| cells.iter().filter_map(|r| r.get(at)).map(|c| width(c)).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let room = columns.saturating_sub(BETWEEN * widths.len().saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let text = |at: &usize| !self.is_numeric(*at) && widths[*at] > LEAST;
            let Some(widest) = (0..widths.len()).filter(text).max_by_key(|at| widths[*at]) else { break };
            widths[widest] -= 1;
        }
        for row in cells {
            for (text, wide) in row.iter_mut().zip(&widths) {
                *text = Plain::of(text).clipped(*wide).to_string();
            }
        }
    }

    /// As an array of objects.
    pub fn json(&self) -> String {
        document(&self.objects().collect::<Vec<Value>>())
    }

    /// As one object per line.
    pub fn ndjson(&self) -> String {
        self.objects().map(|o| line(&o)).collect()
    }

    /// As CSV, formulas defused.
    pub fn csv(&self) -> String {
        let line = |cells: Vec<String>| cells.iter().map(|c| csv_cell(c)).collect::<Vec<_>>().join(",") + "\n";
        let number = |v: &Value| if v.is_number() { v.to_string() } else { csv_cell(&shown(v)) };
        let rows = self.rows.iter().map(|r| r.iter().map(number).collect::<Vec<_>>().join(",") + "\n");
        line(self.columns.to_vec()) + &rows.collect::<String>()
    }

    /// As a Markdown table.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let heads = line(self.columns.iter().map(escaped).collect());
        let rows = self.rows.iter().map(|r| line(r.iter().map(|v| escaped(shown(v))).collect()));
        heads + &format!("|{}\n", " --- |".repeat(self.columns.len())) + &rows.collect::<String>()
    }

    fn objects(&self) -> impl Iterator<Item = Value> {
        let object = |r: &Vec<Value>| Map::from_iter(self.columns.iter().cloned().zip(r.iter().cloned()));
        self.rows.iter().map(move |r| Value::Object(object(r)))
    }
}

fn aligned(cells: Vec<String>, right: &[bool]) -> Row {
    let side = |right: bool| if right { CellAlignment::Right } else { CellAlignment::Left };
    let cells = cells.into_iter().zip(right).map(|(text, r)| Cell::new(text).set_alignment(side(*r)));
    Row::from(cells.collect::<Vec<Cell>>())
}

/// A value as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Number(n) => match n.as_f64().filter(|_| n.is_f64()) {
            Some(x) => format!("{x:.2}").trim_end_matches('0').trim_end_matches('.').to_string(),
            None => n.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(f: impl Fn(Grid<'_>) -> String) -> String {
        let columns = ["service".to_string(), "failures".to_string(), "said".to_string()];
        let rows = [
            vec!["web".into(), 12.into(), "=1+1 \u{1b}[31m".into()],
            vec!["a very long name of a service | x".into(), 1234.into(), Value::Null],
        ];
        f(Grid { columns: &columns, rows: &rows })
    }

    #[test]
    fn a_table_fits_and_shows_nothing_raw() {
        let style = Style { width: 40, ..Style::default() };
        let table = grid(|g| g.table(&style));
        assert_eq!(table.lines().nth(1), Some("web                    12  =1+1 \\x1b[31m"), "{table}");
        assert!(table.lines().all(|l| width(l) <= 40) && table.contains('\u{2026}'), "{table}");
        assert!(!grid(|g| g.table(&Style { full: true, ..Style::default() })).contains('\u{2026}'));
    }

    #[test]
    fn programs_get_every_value() {
        assert_eq!(grid(|g| g.csv()).lines().nth(1), Some("web,12,\"'=1+1 \\x1b[31m\""));
        assert!(grid(|g| g.markdown()).contains("| service | failures | said |\n| --- | --- | --- |\n| web | 12 |"));
        assert!(grid(|g| g.markdown()).contains("service \\| x"));
        let lines = grid(|g| g.ndjson());
        let object: Value = serde_json::from_str(lines.lines().nth(1).unwrap_or_default()).unwrap_or_default();
        assert_eq!((&object["failures"], &object["said"]), (&1234.into(), &Value::Null));
        assert!(grid(|g| g.json()).starts_with('['));
    }
}
