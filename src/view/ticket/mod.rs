//! A ticket for whoever runs the origin: precise times, machines, sample lines, counts, what it was not, what is asked.
//! In: a `Dossier`; out: plain text, or Markdown. Everything from logs is cleaned first, because it leaves the house. It
//! must not know where it is sent.

mod contents;

use super::escape::{block, escaped};
use super::plain::Plain;
use super::style::Style;
use crate::model::Dossier;

use contents::{Part, Row};

/// Columns of the plain text; mails are wrapped there.
const COLUMNS: usize = 78;

/// Renders a ticket as plain text.
pub fn ticket(d: &Dossier, style: &Style) -> String {
    let mut out = format!("Subject: {}\n", contents::subject(d));
    for part in contents::parts(d, style) {
        out.push_str(&format!("\n{}\n", part.title.to_uppercase()));
        part.rows.iter().for_each(|row| plain_row(row, &mut out));
    }
    out
}

fn plain_row(row: &Row, out: &mut String) {
    let mut wrapped = |first: &str, next: &str, text: &str| {
        for (n, line) in Plain::of(text).wrapped(COLUMNS - first.len()).iter().enumerate() {
            out.push_str(&format!("{}{line}\n", if n == 0 { first } else { next }));
        }
    };
    match row {
        Row::Said(text) => wrapped("", "", text),
        Row::Item(text) => wrapped("- ", "  ", text),
        Row::Sample(text) => wrapped("* ", "  ", text),
        Row::Line { place, text } => {
            wrapped("    ", "    ", place);
            // A log line stays one line: it is searched for.
            out.push_str(&format!("      {}\n", Plain::of(text)));
        }
    }
}

/// Renders a ticket as Markdown.
pub fn ticket_markdown(d: &Dossier, style: &Style) -> String {
    let mut out = format!("# {}\n", escaped(contents::subject(d)));
    for Part { title, rows } in contents::parts(d, style) {
        out.push_str(&format!("\n## {}\n\n", escaped(title)));
        for row in &rows {
            match row {
                Row::Said(text) => out.push_str(&format!("{}\n\n", escaped(text))),
                Row::Item(text) => out.push_str(&format!("- {}\n", escaped(text))),
                Row::Sample(text) => out.push_str(&format!("\n{}\n\n", escaped(text))),
                Row::Line { place, text } => out.push_str(&block(&[format!("{place}  {text}")])),
            }
        }
    }
    out
}
