//! How a reader wants it. In: nothing; out: `Style`. It must not know what is shown.

use super::zone::Zone;

/// Colour, width, zone and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Paint with ANSI colours. Colour never carries meaning alone.
    pub color: bool,
    /// Columns of the screen; taken between 40 and 1000.
    pub width: usize,
    /// Zone that times are shown in.
    pub zone: Zone,
    /// Everything instead of one screen.
    pub full: bool,
    /// The `--store` that the user gave; commands to run next repeat it. `None` for the usual store.
    pub store: Option<String>,
}

impl Default for Style {
    /// One screen of 80 columns, UTC, no colour, the usual store.
    fn default() -> Self {
        Style { color: false, width: 80, zone: Zone::Utc, full: false, store: None }
    }
}

impl Style {
    /// Lines of one screen. A terminal has 24; one is left for the prompt.
    pub(super) const SCREEN: usize = 23;

    /// Columns to write in.
    pub(super) fn columns(&self) -> usize {
        self.width.clamp(40, 1000)
    }

    /// Lines for commands to run next: one, two where each repeats the store, all with `--full`.
    pub(super) fn lines_of_commands(&self) -> usize {
        match (self.full, &self.store) {
            (true, _) => usize::MAX,
            (_, Some(_)) => 2,
            (_, None) => 1,
        }
    }

    /// A command to run next, with the user's own `--store` where it asks the history.
    pub(super) fn command(&self, words: &str) -> String {
        match &self.store {
            Some(path) => format!("{words} --store {}", quoted(path)),
            None => words.to_string(),
        }
    }
}

/// A word for a POSIX shell, quoted when it has to be.
pub(super) fn quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._-/=+:@,%".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_repeat_the_store_that_the_user_gave() {
        let mut style = Style::default();
        assert_eq!(style.command("guru show 1"), "guru show 1");
        style.store = Some("my db's.db".to_string());
        assert_eq!(style.command("guru show 1"), "guru show 1 --store 'my db'\\''s.db'");
    }
}
