//! What a cause is, for `guru explain`. In: the prose of cause files; out: text. It must not know the rules that
//! recognise a cause.

use crate::model::cause::Bucket;
use crate::model::explain::{Explanation, name_of};
use crate::model::incident::Advice;

use super::deed::advice;
use super::paper::{Line, Paint, Paper, Section, beside, ends, flowing, labelled};
use super::plain::Plain;
use super::style::{Style, quoted};
use super::words::counted;

/// Renders one explanation.
pub fn explanation(explanation: &Explanation, style: &Style) -> String {
    let mut paper = Paper::default();
    page(&mut paper, explanation, style);
    paper.add(Section::firm(next(&[explanation], style)));
    paper.print(style)
}

/// Renders the explanations that fit one message, likeliest first.
pub fn explanations(all: &[&Explanation], style: &Style) -> String {
    let mut paper = Paper::default();
    match all {
        [] => paper.add(Section::firm(labelled("", "no cause is known by these words", style))),
        [_] => {}
        many => {
            let text = format!("{} fit, the likeliest first.", counted(many.len() as u64, "cause"));
            paper.add(Section::firm(vec![Line::of(&text, Paint::Bare), Line::default()]));
        }
    }
    for one in all {
        page(&mut paper, one, style);
        if all.len() > 1 {
            paper.gap();
        }
    }
    paper.add(Section::firm(next(all, style)));
    paper.print(style)
}

fn page(paper: &mut Paper, e: &Explanation, style: &Style) {
    let bucket = match e.bucket {
        Bucket::Overload => "overload",
        Bucket::Network => "network",
        Bucket::Configuration => "configuration",
        Bucket::Application => "application",
        Bucket::Maintenance => "maintenance",
        Bucket::Client => "client",
    };
    paper.add(Section::firm(ends(Line::of(&e.id, Paint::Strong), Line::of(bucket, Paint::Faint), style)));
    let title = Plain::of(&format!("The fetch failed because {}.", e.title.trim_end_matches('.')));
    let title = title.wrapped(style.columns()).iter().map(|t| Line::of(t.as_str(), Paint::Bare)).collect();
    paper.add(Section::firm(title));
    paper.gap();
    for (label, text) in [("Means", &e.means), ("Why", &e.why)] {
        if !text.is_empty() {
            paper.add(Section::firm(labelled(label, text, style)));
        }
    }
    let confirm: Vec<Line> = e.confirm.iter().flat_map(|c| labelled("", c, style)).collect();
    if !confirm.is_empty() {
        let told = e.confirm.iter().flat_map(|c| Plain::of(c).wrapped(style.columns() - super::paper::LABEL));
        paper.add(Section::firm(beside("Confirm", told.map(|t| Line::of(t.as_str(), Paint::Bare)).collect())));
    }
    let everything = Style { full: true, ..style.clone() };
    let (elsewhere, here): (Vec<Advice>, Vec<Advice>) = e.advice.iter().cloned().partition(|a| is_elsewhere(a, e));
    for section in advice(&here, &everything) {
        paper.add(section);
    }
    if let Some(text) = same_limits(&elsewhere) {
        paper.add(Section::firm(labelled("Elsewhere", &text, style)));
    }
    if !e.mistaken_for.is_empty() {
        paper.add(Section::firm(labelled("Not", &format!("to be mistaken for: {}", e.mistaken_for), style)));
    }
}

/// True for what another program calls a limit that Varnish has too: there the advice is the same.
fn is_elsewhere(a: &Advice, e: &Explanation) -> bool {
    let of_varnish = |a: &Advice| a.broke_at.iter().any(|p| p == "varnish");
    let same = |other: &Advice| other.kind == a.kind && of_varnish(other);
    !a.broke_at.is_empty() && !of_varnish(a) && e.advice.iter().any(same)
}

/// `nginx: proxy_read_timeout (60 s); HAProxy: timeout server (none)`; `None` of nothing.
fn same_limits(all: &[Advice]) -> Option<String> {
    let changes = all.iter().filter(|a| a.kind == "change" || !all.iter().any(|b| b.kind == "change"));
    let one = |a: &Advice| {
        let program = a.broke_at.first().map_or("", |p| name_of(p));
        format!("{program}: {} (default {})", a.knob, a.default)
    };
    let told: Vec<String> = changes.map(one).collect();
    (!told.is_empty()).then(|| format!("the same holds for {}", told.join("; ")))
}

fn next(all: &[&Explanation], style: &Style) -> Vec<Line> {
    let mut commands: Vec<String> = all
        .iter()
        .take(1)
        .filter(|e| e.is_cause)
        .map(|e| style.command(&format!("guru incidents {}", quoted(&e.id))))
        .collect();
    if all.is_empty() {
        commands.push("guru explain CAUSE".to_string());
    }
    commands.push(style.command("guru analyze PATH…"));
    flowing("Next", &commands, "   ", style)
}
