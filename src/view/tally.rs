//! What is said on stderr of lines that were read. In: counts of each file and the first lines that were not
//! understood; out: text. It must not know why a line was not understood.

use crate::model::report::Lines;

use super::paper::{Line, Paint};
use super::plain::Plain;
use super::style::Style;
use super::words::{count, counted};

/// Files told of on one screen.
const FILES: usize = 8;

/// What was read of a file.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Its path.
    pub file: String,
    /// Its lines.
    pub lines: Lines,
    /// Events that were written.
    pub events: u64,
    /// The first lines that were not understood: number, text as logged.
    pub rejects: Vec<(u64, Vec<u8>)>,
}

/// One line per file, those with lines that were not understood first, beyond eight folded into a sum unless
/// `style.full`. The first lines that were not understood follow theirs where they are more than half, or all with
/// `style.full`.
pub fn tally(all: &[Tally], style: &Style) -> String {
    let mut files: Vec<&Tally> = all.iter().collect();
    files.sort_by_key(|t| t.lines.not_understood == 0);
    let room = if style.full || files.len() <= FILES { files.len() } else { FILES - 1 };
    let mut out = String::new();
    for t in &files[..room] {
        out += &line(&t.file, &t.lines, t.events).whole(style.color);
        if style.full || t.lines.not_understood > t.lines.parsed + t.lines.skipped {
            t.rejects.iter().for_each(|(n, text)| out += &rejected(&t.file, *n, text, style));
        }
    }
    let rest = &files[room..];
    if !rest.is_empty() {
        let mut lines = Lines::default();
        rest.iter().for_each(|t| lines.add(&t.lines));
        let events = rest.iter().map(|t| t.events).sum();
        out += &line(&format!("{} more files", count(rest.len() as u64)), &lines, events).whole(style.color);
    }
    out
}

fn line(what: &str, l: &Lines, events: u64) -> Line {
    let read = format!(
        "  {} = {} parsed + {} skipped + {} not understood; {}",
        counted(l.read, "line"),
        count(l.parsed),
        count(l.skipped),
        count(l.not_understood),
        counted(events, "event")
    );
    let paint = if l.not_understood == 0 { Paint::Bare } else { Paint::Careful };
    Line::of(what, Paint::Strong).and(&read, paint)
}

fn rejected(file: &str, number: u64, text: &[u8], style: &Style) -> String {
    let text = Plain::of_bytes(text);
    let told = format!("  {file}:{number}  {}", text.as_str());
    Line::of(&told, Paint::Faint).whole(style.color)
}
