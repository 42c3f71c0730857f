//! One incident for the engineer, as a part of a page: what `guru show --full` tells. In: an `Incident` with its advice;
//! out: an article. It must not know other incidents.

use maud::{Markup, html};

use super::super::deed::{KINDS, advice_text, saw, whole_place};
use super::super::facts::{Fact, candidates, facts, origin, state, told, when};
use super::super::plain::Plain;
use super::super::style::Style;
use super::super::words::count;
use super::paint::Palette;
use super::timeline::timeline;
use crate::model::Verdict;
use crate::model::incident::{Advice, Example, Incident, Quote, State};
use crate::model::review::Course;

/// The article.
pub(super) fn incident(i: &Incident, course: Option<&Course>, palette: &Palette, style: &Style) -> Markup {
    let open = matches!(i.state, State::Open | State::Recovering);
    html! {
        article.on[open] id=(format!("incident-{}", i.id)) aria-labelledby=(format!("title-{}", i.id)) {
            h3 id=(format!("title-{}", i.id)) { (i.id) "  " (text(&i.title)) (badge(i)) }
            p.when { (when(i, style)) }
            @if !i.in_short.is_empty() { p.lead { (text(&i.in_short)) } }
            (timeline(i, course, palette, style))
            (pairs(&facts(i, style)))
            @if !i.causes.is_empty() { h4 { "Why" } (causes(i, palette, style)) }
            @if !i.verdicts.is_empty() { h4 { "What the origin saw" } p { (text(&origin(i))) } }
            @if !i.proof.is_empty() { h4 { "Proof" } @for q in &i.proof { (quote(q, style)) } }
            @if !i.examples.is_empty() { h4 { "Examples" } @for e in &i.examples { (example(e, style)) } }
            @let beside = candidates(i, style);
            @if !beside.is_empty() { h4 { "What happened beside it" } (pairs(&beside)) }
            h4 { "What people wrote" }
            (pairs(&told(i, style)))
            @if !i.advice.is_empty() { h4 { "What to do" } (advice(&i.advice)) }
        }
    }
}

/// Text of a log or a person, harmless and on one line.
fn text(raw: &str) -> String {
    Plain::of(raw).to_string()
}

/// The state as a word in a frame.
pub(super) fn badge(i: &Incident) -> Markup {
    let class = match i.state {
        State::Open => "state on",
        State::Recovering | State::Recurring => "state careful",
        State::Resolved => "state good",
        State::Closed => "state plain",
    };
    html! { " " span class=(class) { (state(i)) } }
}

fn pairs(all: &[Fact]) -> Markup {
    html! { dl { @for (label, said) in all { dt { (label) } dd { (text(said)) } } } }
}

fn causes(i: &Incident, palette: &Palette, style: &Style) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "cause" } th.num scope="col" { "failed" } th scope="col" { "first" } th scope="col" { "role" }
            } }
            tbody { @for c in &i.causes {
                tr {
                    th scope="row" { (palette.swatch(&c.cause)) " " (text(&c.cause)) } td.num { (count(c.failures)) }
                    td { (style.zone.second(c.first_at)) } td { (text(&c.role)) }
                }
            } }
        }
    }
}

fn quote(q: &Quote, style: &Style) -> Markup {
    let whole = Style { full: true, ..style.clone() };
    html! { p.place { (text(&whole_place(q, usize::MAX, &whole))) } pre { (text(&q.text)) } }
}

fn example(e: &Example, style: &Style) -> Markup {
    let verdict = Verdict::parse(&e.verdict).map_or(e.verdict.as_str(), |v| saw(v));
    html! {
        p { strong { (style.zone.second(e.at)) } " " (text(&e.request)) ": " em { (text(verdict)) } }
        @for q in [&e.own, &e.origin, &e.origin_error].into_iter().flatten() { (quote(q, style)) }
    }
}

/// Pieces of advice in the order to read them: look, change, not.
fn advice(all: &[Advice]) -> Markup {
    let mut order: Vec<&Advice> = all.iter().collect();
    order.sort_by_key(|a| KINDS.iter().position(|k| *k == a.kind).unwrap_or(KINDS.len()));
    html! {
        ul.advice { @for a in order {
            @let known = KINDS.iter().find(|k| **k == a.kind).copied().unwrap_or("");
            li {
                span class=(format!("kind {known}")) { (text(&a.kind)) }
                div { (text(&advice_text(a))) @if !a.command.is_empty() { pre { code { (text(&a.command)) } } } }
            }
        } }
    }
}
