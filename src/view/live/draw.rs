//! Lines become cells. In: a `Live`, the state of the screen, a frame; out: the frame painted. It must not know what the
//! lines say.
//!
//! Everything passes through here, so this is where colour is left out, where signs beyond ASCII are replaced, and where
//! a sign that could act on the terminal would be stopped if a page had let it through.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style as Look};
use unicode_width::UnicodeWidthChar;

use crate::model::live::Live;

use super::super::paper::{Line, Paint};
use super::super::plain::{Plain, is_unsafe, width as columns_of};
use super::graph::graph;
use super::overview::overview;
use super::pages::page;
use super::prompt::Prompt;
use super::trend::SIGNS;
use super::ui::{Page, Ui};

/// ASCII twins of [`SIGNS`].
const ASCII_SIGNS: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '#', '#'];
/// Keys in the last line; later ones go first where the line is short.
const KEYS: &str = "? help  / filter  Enter story  n note  c change  r resolve  e ticket  q quit";
/// The same where there is room.
const MORE_KEYS: &str = "? help  / filter  Enter story  i incident  g graphs  s sources  p pause  n note  c change  r resolve  e ticket  q quit";
/// Keys of the other pages.
const PAGE_KEYS: &str = "Esc back  arrows scroll  n note  r resolve  e ticket  ? help  q quit";

/// Paints the screen for any size of the frame.
pub fn draw(frame: &mut Frame<'_>, live: &Live, ui: &Ui) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    // A window of two lines is for the state, not for the keys.
    let asked = ui.prompt.is_some() || ui.message().is_some();
    let last_line = u16::from(asked || area.height > 2);
    let (width, rows) = (usize::from(area.width), usize::from(area.height - last_line));
    let (lines, selected) = lines(live, ui, width, rows);
    let buffer = frame.buffer_mut();
    for (row, line) in (area.y..).zip(lines.iter().take(rows)) {
        put(buffer, area, row, line, ui);
    }
    if let Some(row) = selected.filter(|row| *row < rows) {
        let line = Rect { y: area.y + row as u16, height: 1, ..area };
        buffer.set_style(line, Look::default().add_modifier(Modifier::REVERSED));
    }
    let last = area.bottom() - 1;
    match &ui.prompt {
        Some(prompt) => {
            let (line, cursor) = prompt_line(prompt, width);
            put(buffer, area, last, &line, ui);
            frame.set_cursor_position(Position::new(area.x + cursor.min(width - 1) as u16, last));
        }
        None if last_line == 1 => put(buffer, area, last, &footer(ui, width), ui),
        None => {}
    }
}

fn lines(live: &Live, ui: &Ui, width: usize, rows: usize) -> (Vec<Line>, Option<usize>) {
    match (&ui.page, page(live, ui, width)) {
        (_, Some(all)) => {
            let from = ui.scroll.min(all.len().saturating_sub(rows));
            (all.into_iter().skip(from).take(rows).collect(), None)
        }
        (Page::Graph, None) => {
            let shown = ui.shown(live);
            let mut all = vec![super::head::title(shown, ui, live, width)];
            all.extend(graph(shown, ui.style.zone, width, rows.saturating_sub(1)));
            (all, None)
        }
        (_, None) => overview(live, ui, width, rows),
    }
}

/// What was said last, or the keys.
fn footer(ui: &Ui, width: usize) -> Line {
    if let Some(message) = ui.message() {
        return Line::of(message, Paint::Strong);
    }
    let mut keys = match ui.page {
        Page::Overview if width >= MORE_KEYS.len() => MORE_KEYS,
        Page::Overview => KEYS,
        _ => PAGE_KEYS,
    };
    while keys.len() > width {
        keys = keys.rfind("  ").map_or("", |at| &keys[..at]);
    }
    Line::of(keys, Paint::Faint)
}

/// The question and as much of the text as fits before the cursor; and the cursor's column.
fn prompt_line(prompt: &Prompt, width: usize) -> (Line, usize) {
    let question = prompt.question();
    let room = width.saturating_sub(question.len() + 1);
    let before: String = prompt.text.chars().take(prompt.cursor).collect();
    let after: String = prompt.text.chars().skip(prompt.cursor).collect();
    let before = Plain::of(&before);
    let mut skipped = before.width().saturating_sub(room);
    let visible: String = before
        .as_str()
        .chars()
        .skip_while(|c| {
            let hidden = skipped > 0;
            skipped = skipped.saturating_sub(c.width().unwrap_or(0));
            hidden
        })
        .collect();
    let cursor = question.len() + columns_of(&visible);
    (Line::of(&question, Paint::Strong).and(&visible, Paint::Bare).and(&after, Paint::Bare), cursor)
}

/// One line into one row of cells, clipped.
fn put(buffer: &mut Buffer, area: Rect, row: u16, line: &Line, ui: &Ui) {
    let (mut column, end) = (area.x, area.right());
    for (text, paint) in line.clipped(usize::from(area.width)).pieces() {
        let look = look(paint, ui.style.color);
        for c in text.chars() {
            let wide = c.width().unwrap_or(0) as u16;
            if wide == 0 {
                accent(buffer, area, (column, row), c, ui.ascii);
                continue;
            }
            if column + wide > end {
                return;
            }
            for (n, c) in shown(c, wide, ui.ascii).enumerate() {
                buffer[(column + n as u16, row)].set_char(c).set_style(look);
            }
            column += wide;
        }
    }
}

/// An accent goes onto the letter before it; nothing else without a column of its own is let through.
fn accent(buffer: &mut Buffer, area: Rect, (column, row): (u16, u16), c: char, ascii: bool) {
    if !ascii && column > area.x && matches!(c, '\u{300}'..='\u{36f}') {
        let cell = &mut buffer[(column - 1, row)];
        let letter = format!("{}{c}", cell.symbol());
        cell.set_symbol(&letter);
    }
}

/// The sign, or its twins in ASCII; one for each column.
fn shown(c: char, wide: u16, ascii: bool) -> impl Iterator<Item = char> {
    let twin = match c {
        c if is_unsafe(c) => '?',
        c if c.is_ascii() || !ascii => c,
        '─' | '–' => '-',
        '…' => '~',
        '▲' => '^',
        '±' => '~',
        c => SIGNS.iter().position(|s| *s == c).map_or('?', |at| ASCII_SIGNS[at]),
    };
    let columns = if twin == c { 1 } else { usize::from(wide) };
    std::iter::repeat_n(twin, columns)
}

/// Named colours only, which every terminal has; without colour, modifiers.
fn look(paint: Paint, color: bool) -> Look {
    let plain = Look::default();
    match (paint, color) {
        (Paint::Bare, _) => plain,
        (Paint::Strong, _) => plain.add_modifier(Modifier::BOLD),
        (Paint::Faint, _) => plain.add_modifier(Modifier::DIM),
        (Paint::Good | Paint::ToPaste, true) => plain.fg(Color::Green),
        (Paint::Careful, true) => plain.fg(Color::Yellow),
        (Paint::Bad, true) => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        (Paint::Good | Paint::ToPaste, false) => plain,
        (Paint::Careful, false) => plain.add_modifier(Modifier::BOLD),
        (Paint::Bad, false) => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
    }
}
