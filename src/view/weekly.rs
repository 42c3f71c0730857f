//! A stretch of time as Markdown, for a weekly mail. In: a `Review`; out: what a manager asks, a table of incidents, and a
//! few lines on each. It must not know the store.

use crate::model::EarlyWarning;
use crate::model::incident::Incident;
use crate::model::review::Review;

use super::brief::brief;
use super::deed::advice_text;
use super::escape::{code, escaped};
use super::facts::{candidates, facts, origin, state, told, when};
use super::handed_on::handed_on;
use super::style::Style;
use super::table::lasted;
use super::watch::{place, sentence};
use super::words::{count, counted};

/// So many incidents are told one by one.
const TOLD: usize = 10;
/// So many pieces of advice to each.
const ADVICE: usize = 3;

/// Renders a mail.
pub fn weekly(r: &Review, style: &Style) -> String {
    let r = &handed_on(r);
    let mut out = format!("# Failed requests to the origin\n\n{}\n\n", escaped(style.zone.span(r.from, r.to)));
    for told in brief(r, style) {
        out.push_str(&told.markdown());
    }
    out.push_str(&early(r, style));
    if r.incidents.is_empty() {
        return out;
    }
    out.push_str("## Incidents\n\n");
    out.push_str(&table(r, style));
    for i in r.incidents.iter().take(TOLD) {
        out.push_str(&section(i, style));
    }
    let more = r.incidents.len().saturating_sub(TOLD) as u64;
    if more > 0 {
        out.push_str(&format!("\n{} are only in the table.\n", counted(more, "smaller incident")));
    }
    out
}

/// What does not fail yet; nothing where there is nothing to watch.
fn early(r: &Review, style: &Style) -> String {
    let line = |w: &EarlyWarning| {
        format!("- {}: {} What to do: {}\n", escaped(place(w, style)), escaped(sentence(&w.text)), escaped(&w.advice))
    };
    let all: String = r.early.iter().map(line).collect();
    if all.is_empty() { all } else { format!("## Not failing yet\n\n{all}\n") }
}

fn table(r: &Review, style: &Style) -> String {
    let mut out =
        "| id | began | lasted | what | state | failed | visitors | fix |\n|---:|---|---|---|---|---:|---:|---|\n"
            .to_string();
    for i in &r.incidents {
        let zone = style.zone;
        let cells = [
            i.id.to_string(),
            format!("{} {}", zone.weekday_and_day(i.opened_at), zone.minute(i.opened_at)),
            lasted(i),
            escaped(&i.title),
            state(i).to_string(),
            count(i.failures),
            count(i.harm.visitors_5xx),
            i.fix.as_deref().map_or_else(|| "none recorded".to_string(), escaped),
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

fn section(i: &Incident, style: &Style) -> String {
    let mut out = format!("\n### {} {}\n\n{}, {}\n\n", i.id, escaped(&i.title), escaped(when(i, style)), state(i));
    if !i.in_short.is_empty() {
        out.push_str(&format!("{}\n\n", escaped(&i.in_short)));
    }
    let mut all = facts(i, style);
    all.push(("Origin", origin(i)));
    all.extend(candidates(i, style));
    all.extend(told(i, style));
    for (label, said) in all.iter().filter(|(_, said)| !said.is_empty()) {
        out.push_str(&format!("- {label}: {}\n", escaped(said)));
    }
    out.push_str(&advice(i, ADVICE));
    out
}

/// Pieces of advice as items, with their commands.
pub(super) fn advice(i: &Incident, most: usize) -> String {
    let mut out = String::new();
    for a in i.advice.iter().take(most) {
        let command = if a.command.is_empty() { String::new() } else { format!(" {}", code(&a.command)) };
        out.push_str(&format!("- {}: {}{command}\n", escaped(&a.kind), escaped(advice_text(a))));
    }
    out
}
