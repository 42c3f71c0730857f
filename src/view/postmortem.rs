//! The draft of a post-mortem of one incident, in Markdown. In: a `Review` about one incident; out: what is known, under
//! the headings that such papers have, and what is still to be answered. It must not know the store.

use crate::model::incident::{Incident, Quote, State};
use crate::model::review::Review;
use crate::model::{Stamp, Verdict};

use super::brief::{Told, brief};
use super::deed::whole_place;
use super::escape::{block, escaped};
use super::facts::{facts, is_open, origin, told, when};
use super::handed_on::handed_on;
use super::style::Style;
use super::sums;
use super::weekly::advice;
use super::words::{count, listed};

/// Renders a draft; of a review about no incident, nothing.
pub fn postmortem(r: &Review, style: &Style) -> String {
    let r = &handed_on(r);
    let Some(i) = r.incidents.first() else { return String::new() };
    let mut out = format!("# Post-mortem: {} (incident {})\n\n{}\n", escaped(&i.title), i.id, escaped(when(i, style)));
    let mut part = |title: &str, body: String| {
        if !body.is_empty() {
            out.push_str(&format!("\n## {title}\n\n{body}"));
        }
    };
    part("Summary", summary(r, style));
    part("Impact", items(facts(i, style).iter().map(|(label, said)| format!("{label}: {said}"))));
    part("Timeline", items(timeline(r, i, style).into_iter()));
    part("Root cause", root_cause(i, style));
    part("What the origin saw", saw(i, style));
    part("What fixed it", items(told(i, style).iter().map(|(label, said)| format!("{label}: {said}"))));
    part("What to do", advice(i, usize::MAX));
    part("Open questions", items(open_questions(i).into_iter()));
    out
}

fn items(all: impl Iterator<Item = String>) -> String {
    all.map(|text| format!("- {}\n", escaped(text))).collect()
}

fn summary(r: &Review, style: &Style) -> String {
    let told: String = brief(r, style).iter().map(Told::markdown).collect();
    format!("{}\n", told.trim_end())
}

/// Everything with a time, in order.
fn timeline(r: &Review, i: &Incident, style: &Style) -> Vec<String> {
    let mut all: Vec<(Stamp, String)> = Vec::new();
    all.extend(r.changes.iter().map(|c| (c.at, format!("{}: {}", c.kind, c.text))));
    all.extend(i.began.iter().map(|c| (c.at, format!("{} (may have set it off; correlation)", c.text))));
    all.push((i.opened_at, "first failed fetch".to_string()));
    all.extend(i.causes.iter().map(|c| (c.first_at, format!("first {}{}", c.cause, role(&c.role)))));
    let worst = i.curve.iter().max_by_key(|(minute, n)| (*n, std::cmp::Reverse(*minute)));
    all.extend(worst.map(|(minute, n)| (Stamp(*minute), format!("worst minute: {} failed fetches", count(*n)))));
    all.extend(i.ended_by.iter().map(|c| (c.at, format!("{} (may have ended it; unconfirmed)", c.text))));
    all.push((i.closed_at, "last failed fetch so far".to_string()));
    all.retain(|(at, _)| at.is_known());
    all.sort();
    all.dedup();
    let zone = style.zone;
    all.into_iter().map(|(at, text)| format!("{} {}: {text}", zone.weekday_and_day(at), zone.second(at))).collect()
}

fn role(role: &str) -> String {
    if role.is_empty() { String::new() } else { format!(" ({role})") }
}

fn root_cause(i: &Incident, style: &Style) -> String {
    let mut out = String::new();
    if !i.in_short.is_empty() {
        out.push_str(&format!("{}\n\n", escaped(&i.in_short)));
    }
    let behind = i.root.as_ref().filter(|root| **root != i.cause);
    let causes = sums::causes(&i.causes);
    out.push_str(&match behind {
        Some(root) => format!("{}, seen as {}\n", escaped(root), escaped(causes)),
        None => format!("{}\n", escaped(if causes.is_empty() { i.cause.clone() } else { causes })),
    });
    out.push_str(&quotes(&i.proof, style));
    out
}

fn saw(i: &Incident, style: &Style) -> String {
    let counts = origin(i);
    let mut out = if counts.is_empty() { String::new() } else { format!("{}\n", escaped(counts)) };
    if let Some(e) = i.examples.first() {
        out.push_str(&format!("\nFor example {}:\n", escaped(&e.request)));
        let told: Vec<Quote> = [&e.own, &e.origin, &e.origin_error].into_iter().flatten().cloned().collect();
        out.push_str(&quotes(&told, style));
    }
    out
}

fn quotes(all: &[Quote], style: &Style) -> String {
    let whole = Style { full: true, ..style.clone() };
    let line = |q: &Quote| format!("{}  {}", whole_place(q, usize::MAX, &whole), q.text);
    let lines: Vec<String> = all.iter().map(line).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", block(&lines)) }
}

/// What the history does not answer.
fn open_questions(i: &Incident) -> Vec<String> {
    let of = |v: Verdict| i.verdicts.get(v.word()).copied().unwrap_or(0);
    let mut out = Vec::new();
    match (&i.trigger, i.began.len()) {
        (Some(_), _) => {}
        (None, 0) => out.push("What set it off? Nothing in the logs stands near its beginning.".to_string()),
        (None, _) => out.push("Was it set off by what stands near its beginning, or by something else?".to_string()),
    }
    match (&i.fix, i.worked.as_deref()) {
        (None, _) if is_open(i) && i.state != State::Recurring => {
            out.push("It is not over: what will end it?".to_string())
        }
        (None, _) => out.push("What ended it? No fix is recorded.".to_string()),
        (Some(_), Some("yes")) => {}
        (Some(_), Some("no")) => out.push("The recorded fix did not work: what will?".to_string()),
        (Some(_), _) => out.push("Did the recorded fix work?".to_string()),
    }
    if !i.seen_before.is_empty() {
        let ids: Vec<String> = i.seen_before.iter().map(u32::to_string).collect();
        out.push(format!("It was there before, as {}: why did it come back?", listed(&ids)));
    }
    let blind = of(Verdict::NoOriginLog).saturating_add(of(Verdict::Ambiguous));
    if blind > 0 {
        out.push(format!("What did the origin see of {} failed fetches that no log of it tells of?", count(blind)));
    }
    let lost = of(Verdict::NeverArrived);
    if lost > 0 {
        out.push(format!("Where were {} requests lost that were sent and never arrived?", count(lost)));
    }
    let unknown = i.causes.iter().find(|c| c.cause == "unknown");
    out.extend(unknown.map(|c| format!("Why did {} fetches fail whose cause is not known?", count(c.failures))));
    if out.is_empty() {
        out.push("How would it be noticed earlier next time?".to_string());
    }
    out
}
