//! A screen under construction. In: sections of labelled text; out: lines that fit the screen, in colour or not.
//! Every character passes through `Plain` here, so that no view can forget it. It must not know what is said.
//!
//! Sections give way when the screen is too small: the least important one loses its last line first, down to what
//! it must keep. What was cut ends in `…`, and the caller is told so that it can name the command that shows more.

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::plain::{Plain, width};
use super::style::Style;

/// Columns of a label and the space after it.
pub(super) const LABEL: usize = 10;

/// What a piece of a line is painted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// As it is.
    Bare,
    /// Labels and headings.
    Strong,
    /// Column headings and asides.
    Faint,
    /// Good news, safe commands.
    Good,
    /// A word of a command that must stay whole, however wide.
    ToPaste,
    /// What needs care.
    Careful,
    /// What is broken, what not to do.
    Bad,
}

impl Paint {
    fn ansi(self) -> Ansi {
        let fg = |c: AnsiColor| Ansi::new().fg_color(Some(c.into()));
        match self {
            Paint::Bare => Ansi::new(),
            Paint::Strong => Ansi::new().effects(Effects::BOLD),
            Paint::Faint => Ansi::new().effects(Effects::DIMMED),
            Paint::Good | Paint::ToPaste => fg(AnsiColor::Green),
            Paint::Careful => fg(AnsiColor::Yellow),
            Paint::Bad => fg(AnsiColor::Red),
        }
    }
}

/// One line: pieces of safe text.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Plain, Paint)>);

impl Line {
    /// A line of one piece.
    pub(super) fn of(text: &str, paint: Paint) -> Line {
        Line::default().and(text, paint)
    }

    /// The same line with one more piece.
    pub(super) fn and(mut self, text: &str, paint: Paint) -> Line {
        self.0.push((Plain::of(text), paint));
        self
    }

    /// The same line with another one after it.
    pub(super) fn with(mut self, other: Line) -> Line {
        self.0.extend(other.0);
        self
    }

    /// Its pieces, from left to right.
    #[cfg(feature = "tui")]
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&str, Paint)> {
        self.0.iter().map(|(text, paint)| (text.as_str(), *paint))
    }

    /// Columns that it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.width()).sum()
    }

    /// True for what is of no use unless it is whole: it may be wider than the screen.
    fn is_to_paste(&self) -> bool {
        self.0.iter().any(|(_, paint)| *paint == Paint::ToPaste)
    }

    /// The line as it is, however wide, with its newline.
    pub(super) fn whole(&self, color: bool) -> String {
        let mut out = String::new();
        self.print(color, &mut out);
        out
    }

    /// The line in at most `columns` columns.
    pub(super) fn clipped(&self, columns: usize) -> Line {
        let mut left = columns;
        let mut pieces = Vec::with_capacity(self.0.len());
        for (text, paint) in &self.0 {
            let text = text.clipped(left);
            left -= text.width().min(left);
            pieces.push((text, *paint));
        }
        Line(pieces)
    }

    /// The line with a sign at its end that more was cut.
    fn cut_here(&self, columns: usize) -> Line {
        if self.0.last().is_some_and(|(text, _)| text.as_str().ends_with('…')) {
            return self.clone();
        }
        if self.width() + 2 <= columns {
            return self.clone().and(" …", Paint::Faint);
        }
        let shorter = self.clipped(columns.min(self.width()).saturating_sub(2));
        let marked = shorter.0.last().is_some_and(|(text, _)| text.as_str().ends_with('…'));
        if marked { shorter } else { shorter.and(" …", Paint::Faint) }
    }

    fn print(&self, color: bool, out: &mut String) {
        let text: String = self.0.iter().map(|(t, _)| t.as_str()).collect();
        let mut left = text.trim_end().len();
        for (piece, paint) in &self.0 {
            let shown = &piece.as_str()[..piece.as_str().len().min(left)];
            left -= shown.len();
            if color && *paint != Paint::Bare && !shown.is_empty() {
                let ansi = paint.ansi();
                out.push_str(&format!("{ansi}{shown}{ansi:#}"));
            } else {
                out.push_str(shown);
            }
        }
        out.push('\n');
    }
}

/// Lines that belong together.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// The lines.
    pub(super) lines: Vec<Line>,
    /// How many of them stay when the screen is small.
    pub(super) least: usize,
    /// How soon it gives way: the highest first.
    pub(super) yields: u8,
}

impl Section {
    /// Lines that never give way.
    pub(super) fn firm(lines: Vec<Line>) -> Section {
        Section { least: lines.len(), lines, yields: 0 }
    }

    /// Lines that give way down to `least`.
    pub(super) fn soft(lines: Vec<Line>, least: usize, yields: u8) -> Section {
        Section { lines, least, yields }
    }
}

/// The screen.
#[derive(Debug, Default)]
pub(super) struct Paper {
    sections: Vec<Section>,
}

impl Paper {
    /// Adds a section below.
    pub(super) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.add(Section::firm(vec![Line::default()]));
    }

    /// Lines so far.
    pub(super) fn height(&self) -> usize {
        self.sections.iter().map(|s| s.lines.len()).sum()
    }

    /// Cuts sections until at most `lines` lines are left or nothing may give way. True when something was cut.
    pub(super) fn fit(&mut self, lines: usize, columns: usize) -> bool {
        let mut over = self.height().saturating_sub(lines);
        let cut = over > 0;
        while over > 0 {
            let giving = self.sections.iter_mut().filter(|s| s.lines.len() > s.least);
            let Some(section) = giving.max_by_key(|s| (s.yields, s.lines.len())) else { break };
            section.lines.pop();
            over -= 1;
            if let Some(last) = section.lines.last_mut() {
                *last = last.cut_here(columns);
            }
        }
        cut
    }

    /// The text, each line in its columns, none with spaces at its end.
    pub(super) fn print(&self, style: &Style) -> String {
        let mut out = String::new();
        for line in self.sections.iter().flat_map(|s| &s.lines) {
            let line = if line.is_to_paste() { line.clone() } else { line.clipped(style.columns()) };
            line.print(style.color, &mut out);
        }
        out
    }
}

/// A label and its text, wrapped beside it.
pub(super) fn labelled(label: &str, text: &str, style: &Style) -> Vec<Line> {
    painted(label, text, Paint::Bare, style)
}

/// The same with painted text.
pub(super) fn painted(label: &str, text: &str, paint: Paint, style: &Style) -> Vec<Line> {
    let texts = Plain::of(text).wrapped(style.columns() - LABEL);
    beside(label, texts.iter().map(|t| Line::of(t.as_str(), paint)).collect())
}

/// A label beside lines that are already made.
pub(super) fn beside(label: &str, lines: Vec<Line>) -> Vec<Line> {
    let mut label = format!("{label:<LABEL$}");
    let mut found = Vec::with_capacity(lines.len());
    for line in lines {
        found.push(Line::of(&label, Paint::Strong).with(line));
        label = " ".repeat(LABEL);
    }
    found
}

/// A label and items that are never broken, as many per line as fit.
pub(super) fn flowing(label: &str, items: &[String], between: &str, style: &Style) -> Vec<Line> {
    let columns = style.columns() - LABEL;
    let (mut lines, mut line) = (Vec::new(), String::new());
    for item in items.iter().map(|i| Plain::of(i)) {
        if !line.is_empty() && width(&line) + between.len() + item.width() > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_string());
        }
        if !line.is_empty() {
            line.push_str(between);
        }
        line.push_str(item.as_str());
    }
    lines.push(line);
    beside(label, lines.iter().map(|l| Line::of(l, Paint::Bare)).collect())
}

/// Text at the left and at the right end of one line; the right one on a line of its own when both do not fit.
pub(super) fn ends(left: Line, right: Line, style: &Style) -> Vec<Line> {
    let free = style.columns().saturating_sub(left.width() + right.width());
    if free >= 2 { vec![left.and(&" ".repeat(free), Paint::Bare).with(right)] } else { vec![left, right] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(paper: &Paper) -> String {
        paper.print(&Style::default())
    }

    #[test]
    fn the_least_important_section_gives_way_first() {
        let lines = |n: usize| (0..n).map(|i| Line::of(&format!("line {i}"), Paint::Bare)).collect::<Vec<_>>();
        let mut paper = Paper::default();
        paper.add(Section::firm(lines(2)));
        paper.add(Section::soft(lines(3), 1, 5));
        paper.add(Section::soft(lines(3), 2, 9));
        assert!(paper.fit(6, 80));
        assert_eq!(text(&paper), "line 0\nline 1\nline 0\nline 1 …\nline 0\nline 1 …\n");
        assert!(paper.fit(1, 80));
        assert_eq!(paper.height(), 5);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let mut paper = Paper::default();
        paper.add(Section::firm(labelled("Worst", "a b \x1b[31m", &Style::default())));
        paper.add(Section::firm(vec![Line::of("x ", Paint::Bad).and("  ", Paint::Good)]));
        let colored = paper.print(&Style { color: true, ..Style::default() });
        assert!(colored.contains("\x1b[1m"));
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), text(&paper));
        assert_eq!(text(&paper), "Worst     a b \\x1b[31m\nx\n");
    }

    #[test]
    fn items_are_never_broken_over_lines() {
        let items: Vec<String> = (0..4).map(|i| format!("guru show {i}11111111111111111111111")).collect();
        let mut paper = Paper::default();
        paper.add(Section::firm(flowing("Next", &items, "   ", &Style::default())));
        for line in text(&paper).lines() {
            assert_eq!(line.len() - LABEL, items[0].len(), "{line}");
        }
    }
}
