//! Untrusted text made safe to show. In: bytes that came from a log, a file name or a person; out: `Plain`, the only
//! thing that is ever written into a text output. It must not know where the text is shown.
//!
//! Log content is chosen by whoever sends requests: an escape sequence could repaint the terminal, a bidirectional
//! override could make a URL read backwards, a newline could forge a line of the report. All of them become visible
//! escapes. Nothing is dropped, so that the reader still sees that something was there.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

/// Text without control, invisible or direction-changing characters, on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain(String);

impl Plain {
    /// The text with everything unsafe escaped.
    pub fn of(text: &str) -> Plain {
        let mut safe = String::with_capacity(text.len());
        append(&mut safe, text);
        Plain(safe)
    }

    /// The same from bytes; what is not UTF-8 becomes `\xNN`.
    pub fn of_bytes(bytes: &[u8]) -> Plain {
        let mut safe = String::with_capacity(bytes.len());
        for part in bytes.utf8_chunks() {
            append(&mut safe, part.valid());
            for byte in part.invalid() {
                let _ = write!(safe, "\\x{byte:02x}");
            }
        }
        Plain(safe)
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Columns that it takes on a terminal.
    pub fn width(&self) -> usize {
        width(&self.0)
    }

    /// The text in at most `columns` columns; what is cut ends in `…`.
    pub fn clipped(&self, columns: usize) -> Plain {
        if self.width() <= columns {
            return self.clone();
        }
        let (head, _) = split_at_width(&self.0, columns.saturating_sub(1));
        Plain(if columns == 0 { String::new() } else { format!("{}…", head.trim_end()) })
    }

    /// The text broken at spaces into lines of at most `columns` columns; longer words are broken hard.
    /// Costs time in proportion to the text.
    pub fn wrapped(&self, columns: usize) -> Vec<Plain> {
        let columns = columns.max(2);
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
        for word in self.0.split(' ').filter(|w| !w.is_empty()) {
            let (mut word, mut wide) = (word, width(word));
            if used > 0 && used + 1 + wide > columns {
                lines.push(Plain(std::mem::take(&mut line)));
                used = 0;
            }
            while wide > columns {
                let (head, rest) = split_at_width(word, columns);
                lines.push(Plain(head.to_string()));
                wide -= width(head);
                word = rest;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(Plain(line));
        }
        lines
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True for a character that changes more than its own cell: controls, and all that take no column of their own.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{2028}' | '\u{2029}') || c.width().is_none_or(|w| w == 0)
}

fn append(safe: &mut String, text: &str) {
    let mut accent_fits = false;
    for c in text.chars() {
        // One accent on a letter is writing; a pile of them covers the lines above.
        let accent = matches!(c, '\u{300}'..='\u{36f}');
        if !is_unsafe(c) || accent && accent_fits && c != '\u{34f}' {
            safe.push(c);
        } else {
            escape(safe, c);
        }
        accent_fits = !accent && c.is_alphabetic();
    }
}

fn escape(safe: &mut String, c: char) {
    let _ = match c {
        '\n' => safe.write_str("\\n"),
        '\r' => safe.write_str("\\r"),
        '\t' => safe.write_str("\\t"),
        c if c.is_ascii() => write!(safe, "\\x{:02x}", u32::from(c)),
        c => write!(safe, "\\u{{{:x}}}", u32::from(c)),
    };
}

/// Columns that a text takes: the sum over its characters, which is what terminals do.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Splits after as many characters as fit in `columns`; at least one, so that every caller advances.
fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_moves_the_cursor_or_the_reading_direction_is_shown_as_an_escape() {
        let table = [
            ("\x1b[2J", "\\x1b[2J"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\x00"),
            ("\u{7f}", "\\x7f"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("gnp.\u{202e}exe", "gnp.\\u{202e}exe"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("so\u{ad}ft", "so\\u{ad}ft"),
            ("e\u{301}", "e\u{301}"),
            ("e\u{301}\u{301}", "e\u{301}\\u{301}"),
            ("/grüße/日本", "/grüße/日本"),
        ];
        for (raw, shown) in table {
            assert_eq!(Plain::of(raw).as_str(), shown);
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_shown_in_hex() {
        assert_eq!(Plain::of_bytes(b"/a\xff\xc3(\x9b").as_str(), "/a\\xff\\xc3(\\x9b");
    }

    #[test]
    fn clipping_counts_columns_not_characters() {
        assert_eq!(Plain::of("日本語").clipped(5).as_str(), "日本…");
        assert_eq!(Plain::of("short").clipped(5).as_str(), "short");
        assert_eq!(Plain::of("longer").clipped(0).as_str(), "");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_breaks_long_words_hard() {
        let lines: Vec<String> = Plain::of("one two abcdefghij k").wrapped(7).iter().map(Plain::to_string).collect();
        assert_eq!(lines, ["one two", "abcdefg", "hij k"]);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_passes_and_lines_keep_their_width(bytes: Vec<u8>, columns in 2usize..90) {
            let plain = Plain::of_bytes(&bytes);
            for line in plain.wrapped(columns) {
                prop_assert!(line.width() <= columns);
                prop_assert!(!line.as_str().chars().any(|c| c.is_control()));
            }
            prop_assert!(plain.clipped(columns).width() <= columns);
        }

        #[test]
        fn escaping_twice_changes_nothing_more(text: String) {
            let once = Plain::of(&text);
            prop_assert_eq!(&Plain::of(once.as_str()), &once);
        }
    }
}
