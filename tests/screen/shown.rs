//! A screen in memory. In: a `Live`, the state of the screen, a size; out: its cells as text, with or without looks.

use guru::model::Live;
use guru::view::{Ui, draw, key};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

/// The cells of a screen of that size.
pub fn buffer(live: &Live, ui: &Ui, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| draw(frame, live, ui)).expect("memory cannot fail");
    terminal.backend().buffer().clone()
}

/// Its rows as text.
pub fn text(live: &Live, ui: &Ui, width: u16, height: u16) -> String {
    let buffer = buffer(live, ui, width, height);
    let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_string();
    (0..height).map(row).collect::<Vec<_>>().join("\n") + "\n"
}

/// Its rows as text with a mark wherever the look changes: `{red bold}SICK{}`.
pub fn looks(live: &Live, ui: &Ui, width: u16, height: u16) -> String {
    let buffer = buffer(live, ui, width, height);
    let mut out = String::new();
    for y in 0..height {
        let mut before = String::new();
        for x in 0..width {
            let cell = &buffer[(x, y)];
            let look = look(cell.fg, cell.modifier);
            if look != before && cell.symbol() != " " {
                out.push_str(&format!("{{{look}}}"));
                before = look;
            }
            out.push_str(cell.symbol());
        }
        out = out.trim_end_matches(' ').to_string() + "\n";
    }
    out
}

fn look(fg: Color, modifier: Modifier) -> String {
    let mut words = Vec::new();
    if fg != Color::Reset {
        words.push(fg.to_string().to_lowercase());
    }
    words.extend(modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

/// Presses keys: one for each character, `\n` is Enter, `\x1b` Esc; gives the last action.
pub fn press(ui: &mut Ui, live: &Live, keys: &str) -> Option<guru::view::Action> {
    let mut last = None;
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\x08' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        };
        last = key(ui, live, KeyEvent::new(code, KeyModifiers::NONE));
    }
    last
}
