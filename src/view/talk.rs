//! What is said on stderr: what each source was taken for, and errors. In: recognised sources, an `Error`; out: text.
//! It must not know how a format is recognised.

use crate::error::Error;
use crate::model::report::Source;

use super::paper::{Line, Paint, Paper, Section};
use super::plain::Plain;
use super::style::Style;
use super::words::{count, counted};

/// Recognition lines on one screen.
const LINES: usize = 8;
/// Below this confidence a reader is told how sure it is and how to overrule it.
const SURE: f32 = 0.9;
/// Lines of one error message.
const MESSAGE: usize = 20;

/// What sources of one node and one format were taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// Node.
    pub node: String,
    /// Name of the grammar.
    pub format: String,
    /// Tier word.
    pub tier: String,
    /// Path of the first file.
    pub file: String,
    /// Number of files.
    pub files: u64,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Why it was taken for that.
    pub why: String,
}

impl Recognition {
    /// That of one source.
    pub fn of(source: &Source, confidence: f32) -> Recognition {
        Recognition {
            node: source.node.clone(),
            format: source.format.clone(),
            tier: source.tier.clone(),
            file: source.file.clone(),
            files: 1,
            confidence,
            why: source.why.clone(),
        }
    }
}

/// One line per node, format and role, the doubtful ones first; folded beyond eight unless `style.full`.
/// The list may hold one entry per file: those of the same node, format and role are told together.
pub fn recognition(all: &[Recognition], style: &Style) -> String {
    let mut lines = told_together(all);
    lines.sort_by_key(|r| r.confidence >= SURE);
    let room = if style.full || lines.len() <= LINES { lines.len() } else { LINES };
    let mut paper = Paper::default();
    for r in &lines[..room] {
        paper.add(Section::firm(one(r, style)));
    }
    if lines.len() > room {
        let text = format!("… and {} more", count((lines.len() - room) as u64));
        paper.add(Section::firm(vec![Line::of(&text, Paint::Faint)]));
    }
    if lines.iter().any(|r| r.confidence < SURE) {
        let text = "wrong? name it: --format NAME=GLOB, or the role: origin=PATH (guru formats list)";
        paper.add(Section::firm(vec![Line::of(text, Paint::Faint)]));
    }
    paper.print(style)
}

fn told_together(all: &[Recognition]) -> Vec<Recognition> {
    let mut index = std::collections::HashMap::new();
    let mut lines: Vec<Recognition> = Vec::new();
    for r in all {
        let at = *index.entry((&r.node, &r.format, &r.tier)).or_insert(lines.len());
        match lines.get_mut(at) {
            None => lines.push(r.clone()),
            Some(known) => {
                known.files += r.files;
                if r.confidence < known.confidence {
                    (known.confidence, known.why) = (r.confidence, r.why.clone());
                    known.file.clone_from(&r.file);
                }
            }
        }
    }
    lines
}

fn one(r: &Recognition, style: &Style) -> Vec<Line> {
    let files = if r.files == 1 { r.file.clone() } else { counted(r.files, "file") };
    let line =
        Line::of(&r.node, Paint::Strong).and(&format!("  {}, read as {} ({})", files, r.format, r.tier), Paint::Bare);
    if r.confidence >= SURE {
        return vec![line];
    }
    let percent = (f64::from(r.confidence).clamp(0.0, 1.0) * 100.0) as u64;
    let doubt = format!("  only {percent} % sure: {}", r.why);
    let doubt = Plain::of(&doubt).clipped(style.columns());
    vec![line, Line::of(doubt.as_str(), Paint::Careful)]
}

/// An error and its hints. Further lines of a message are set in, so that none of them can pose as the program's own.
pub fn error(error: &Error, style: &Style) -> String {
    let mut out = String::new();
    for (at, line) in error.message.lines().take(MESSAGE).enumerate() {
        let line = if at == 0 {
            Line::of("guru: ", Paint::Bad).and(line, Paint::Bare)
        } else {
            Line::of("      ", Paint::Bare).and(line, Paint::Bare)
        };
        out += &line.whole(style.color);
    }
    for hint in &error.hints {
        out += &Line::of("hint: ", Paint::Good).and(hint, Paint::Bare).whole(style.color);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn taken(node: &str, confidence: f32) -> Recognition {
        Recognition {
            node: node.to_string(),
            format: "nginx-combined".to_string(),
            tier: "origin".to_string(),
            file: format!("logs/{node}/access.log"),
            files: 1,
            confidence,
            why: "5 of 7 lines fit".to_string(),
        }
    }

    #[test]
    fn sources_of_one_node_and_format_share_a_line() {
        let all = [taken("web1", 1.0), taken("web1", 1.0), taken("web2", 1.0)];
        assert_eq!(
            recognition(&all, &Style::default()),
            "web1  2 files, read as nginx-combined (origin)\n\
             web2  logs/web2/access.log, read as nginx-combined (origin)\n"
        );
    }

    #[test]
    fn a_doubtful_one_comes_first_and_says_how_to_overrule_it() {
        let mut all: Vec<Recognition> = (0..10_411).map(|n| taken(&format!("web{n}"), 1.0)).collect();
        all.push(taken("odd", 0.74));
        let text = recognition(&all, &Style::default());
        assert!(
            text.starts_with("odd  logs/odd/access.log, read as nginx-combined (origin)\n  only 74 % sure"),
            "{text}"
        );
        assert!(text.contains("… and 10,404 more\n"), "{text}");
        assert!(text.ends_with("wrong? name it: --format NAME=GLOB, or the role: origin=PATH (guru formats list)\n"));
    }

    #[test]
    fn an_error_cannot_forge_lines_of_the_program() {
        let bad = Error::new(Kind::Source, "cannot read \x1b[31mx\nhint: rm -rf /").hint("check\nthe path");
        assert_eq!(
            error(&bad, &Style::default()),
            "guru: cannot read \\x1b[31mx\n      hint: rm -rf /\nhint: check\\nthe path\n"
        );
    }
}
