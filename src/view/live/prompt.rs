//! A line that is typed. In: keys; out: the text, and where its cursor is. It must not know what becomes of it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Longest text that is taken, characters.
const LONGEST: usize = 2000;

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Words that failures must have.
    Filter,
    /// A note on that incident.
    Note(u32),
    /// What was done about that incident.
    Resolve(u32),
    /// What was changed just now.
    Change,
}

/// What a key did to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// It goes on.
    More,
    /// It is done.
    Done,
    /// It was given up.
    Dropped,
}

/// A line that is being typed.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    /// What it is for.
    pub(super) purpose: Purpose,
    /// What stands there.
    pub(super) text: String,
    /// Characters before the cursor.
    pub(super) cursor: usize,
}

impl Prompt {
    /// A prompt that begins with a text.
    pub(super) fn new(purpose: Purpose, text: &str) -> Prompt {
        Prompt { purpose, text: text.to_string(), cursor: text.chars().count() }
    }

    /// True when failures are filtered by it while it is typed.
    pub(super) fn is_filter(&self) -> bool {
        self.purpose == Purpose::Filter
    }

    /// What is asked.
    pub(super) fn question(&self) -> String {
        match self.purpose {
            Purpose::Filter => "Filter: ".to_string(),
            Purpose::Note(id) => format!("Note on {id}: "),
            Purpose::Resolve(id) => format!("What resolved {id}: "),
            Purpose::Change => "What changed just now: ".to_string(),
        }
    }

    /// Takes one key.
    pub(super) fn key(&mut self, key: KeyEvent) -> Typed {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let length = self.text.chars().count();
        match key.code {
            KeyCode::Enter => return Typed::Done,
            KeyCode::Esc => return Typed::Dropped,
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = length,
            KeyCode::Char('u') if control => self.cut(0),
            KeyCode::Char('w') if control => self.cut(self.start_of_word()),
            KeyCode::Char('h') if control => self.cut(self.cursor.saturating_sub(1)),
            KeyCode::Char(c) if !control && length < LONGEST => {
                self.text.insert(self.byte(self.cursor), c);
                self.cursor += 1;
            }
            KeyCode::Backspace => self.cut(self.cursor.saturating_sub(1)),
            KeyCode::Delete if self.cursor < length => {
                self.cursor += 1;
                self.cut(self.cursor - 1);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(length),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = length,
            _ => {}
        }
        Typed::More
    }

    /// Takes a text that was pasted; it stays one line.
    pub(super) fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(room).collect();
        self.text.insert_str(self.byte(self.cursor), &text);
        self.cursor += text.chars().count();
    }

    /// Removes from that character up to the cursor.
    fn cut(&mut self, from: usize) {
        let range = self.byte(from)..self.byte(self.cursor);
        self.text.replace_range(range, "");
        self.cursor = from;
    }

    fn byte(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(at, _)| at)
    }

    fn start_of_word(&self) -> usize {
        let before: Vec<char> = self.text.chars().take(self.cursor).collect();
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[(KeyCode, KeyModifiers)]) -> (String, usize) {
        let mut prompt = Prompt::new(Purpose::Change, "größer jetzt");
        for (code, modifiers) in keys {
            assert_eq!(prompt.key(KeyEvent::new(*code, *modifiers)), Typed::More);
        }
        (prompt.text, prompt.cursor)
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        assert_eq!(typed(&[(KeyCode::Backspace, none)]), ("größer jetz".into(), 11));
        assert_eq!(typed(&[(KeyCode::Char('w'), control)]), ("größer ".into(), 7));
        assert_eq!(typed(&[(KeyCode::Char('w'), control), (KeyCode::Char('w'), control)]), ("".into(), 0));
        assert_eq!(typed(&[(KeyCode::Home, none), (KeyCode::Delete, none)]), ("rößer jetzt".into(), 0));
        assert_eq!(typed(&[(KeyCode::Left, none), (KeyCode::Char('ü'), none)]), ("größer jetzüt".into(), 12));
        assert_eq!(typed(&[(KeyCode::Char('u'), control), (KeyCode::Delete, none)]), ("".into(), 0));
    }

    #[test]
    fn what_is_pasted_stays_one_line() {
        let mut prompt = Prompt::new(Purpose::Change, "ab");
        prompt.cursor = 1;
        prompt.paste("ü\nq\x1b");
        assert_eq!((prompt.text.as_str(), prompt.cursor), ("aü q b", 5));
    }
}
