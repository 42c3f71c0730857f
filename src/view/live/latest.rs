//! The latest failures, one line each. In: a `Live`, the filter and what is selected; out: as many lines as fit, the
//! selected one among them. It must not know the causes' totals.

use crate::model::live::{Live, LiveFailure};

use super::super::paper::{Line, Paint};
use super::super::plain::Plain;
use super::super::words::count;
use super::head::rule;
use super::ui::Ui;
use super::why::padded;

/// True when every word stands somewhere in the node, host, URL, cause, backend, verdict or status.
pub(super) fn matches(f: &LiveFailure, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let fields = [&f.node, &f.host, &f.url, &f.cause, &f.backend, &f.verdict, &f.impact, &f.told];
    let text = fields.map(|t| t.to_lowercase()).join("\n") + "\n" + &f.status.to_string();
    words.iter().all(|w| text.contains(w.as_str()))
}

/// Failures that the filter lets through, newest first.
pub(super) fn filtered<'l>(live: &'l Live, ui: &Ui) -> Vec<&'l LiveFailure> {
    let words = ui.words();
    live.latest.iter().filter(|f| matches(f, &words)).collect()
}

/// The rule above the list: what it is filtered by.
pub(super) fn heading(live: &Live, ui: &Ui, width: usize) -> Line {
    let words = ui.words();
    if words.is_empty() {
        return rule("", width);
    }
    let shown = filtered(live, ui).len() as u64;
    let text = format!("{} of {} match \"{}\"", count(shown), count(live.latest.len() as u64), words.join(" "));
    rule(&text, width)
}

/// At most `rows` lines, with the number of the line that is selected.
pub(super) fn list(live: &Live, ui: &Ui, width: usize, rows: usize) -> (Vec<Line>, Option<usize>) {
    let all = filtered(live, ui);
    if rows == 0 {
        return (Vec::new(), None);
    }
    if all.is_empty() {
        let text = if live.latest.is_empty() { "no failed fetch yet" } else { "no failed fetch matches the filter" };
        return (vec![Line::of(text, Paint::Faint)], None);
    }
    let selected = ui.selected.as_ref().and_then(|id| all.iter().position(|f| f.id == *id));
    let from = selected.map_or(0, |at| (at + 1).saturating_sub(rows)).min(all.len() - 1);
    let shown = &all[from..(from + rows).min(all.len())];
    let node = shown.iter().map(|f| Plain::of(&f.node).width()).max().unwrap_or(0).clamp(5, 12);
    let told = shown.iter().map(|f| Plain::of(&told(f)).width()).max().unwrap_or(0);
    let lines = shown.iter().map(|f| line(f, ui, (node, told), width)).collect();
    (lines, selected.map(|at| at - from))
}

/// `03:10:28 cache-1 /catalogsearch/result/ 503  we hung up at 15.0 s (nginx 499)`.
fn line(f: &LiveFailure, ui: &Ui, (node, told_width): (usize, usize), width: usize) -> Line {
    let zone = ui.style.zone;
    let fixed = 8 + 1 + node + 1 + 1 + 3 + 2;
    let free = width.saturating_sub(fixed);
    // The URL gets what the sentence leaves, but never less than a third: without it the sentence says nothing.
    let url = free.saturating_sub(told_width).max(free / 3).min(free);
    let status = if f.status == 0 { "-".to_string() } else { f.status.to_string() };
    let paint = match f.status {
        500.. => Paint::Bad,
        0 => Paint::Faint,
        _ => Paint::Careful,
    };
    Line::of(&format!("{:<8} ", zone.second(f.at)), Paint::Faint)
        .and(&padded(&f.node, node), Paint::Bare)
        .and(" ", Paint::Bare)
        .and(&padded(&f.url, url), Paint::Bare)
        .and(&format!(" {status:>3}  "), paint)
        .and(&told(f), if f.settled { Paint::Bare } else { Paint::Faint })
}

/// What the origin saw; that nobody noticed is said first.
fn told(f: &LiveFailure) -> String {
    match f.impact.as_str() {
        "stale" if !f.told.starts_with("HIDDEN") => format!("HIDDEN: {}", f.told),
        _ => f.told.clone(),
    }
}
