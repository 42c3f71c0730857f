//! A written report as one HTML file: no network, no script, dark and light, on paper and on a phone. In: a `Review`; out:
//! the page. Text of logs passes through [`Plain`] and the template, which escapes it; a policy in the page forbids
//! browsers to load or run anything besides. It must not know the store, nor where the page is kept.

mod axis;
mod bars;
mod causes;
mod incident;
mod matrix;
mod paint;
mod scale;
mod spread;
mod timeline;
mod waits;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::brief::brief;
use super::facts::state;
use super::handed_on::handed_on;
use super::plain::Plain;
use super::style::Style;
use super::table::lasted;
use super::watch::{place, sentence};
use super::words::{amount, count, counted, share_of};
use crate::model::incident::Incident;
use crate::model::review::Review;

const CSS: &str = include_str!("page.css");
/// What a browser may do with the page: show it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// So many incidents are told whole.
const WHOLE: usize = 60;

/// Renders a report as a page. The same review gives the same bytes.
pub fn html(r: &Review, style: &Style) -> String {
    let r = &handed_on(r);
    let palette = paint::Palette::of(&r.failures);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content=(concat!("guru ", env!("CARGO_PKG_VERSION")));
                title { (title(r)) }
                style { (PreEscaped(CSS)) }
            }
            body {
                (paint::patterns())
                (header(r, style))
                main { (sections(r, &palette, style)) }
                footer { p { "Written by guru " (env!("CARGO_PKG_VERSION")) " from what its history held. Times in " (style.zone.offset_of_span(r.from, r.to)) "." } }
            }
        }
    };
    page.into_string() + "\n"
}

fn title(r: &Review) -> String {
    match (r.about, r.incidents.first()) {
        (Some(id), Some(i)) => format!("Incident {id}: {}", Plain::of(&i.title)),
        _ => "Failed requests to the origin".to_string(),
    }
}

fn header(r: &Review, style: &Style) -> Markup {
    html! {
        header {
            h1 { (title(r)) }
            p.sub { (style.zone.span(r.from, r.to)) }
            section.brief aria-label="In short" {
                @for told in brief(r, style) {
                    h2 { (told.about) }
                    @for said in &told.said { p { (Plain::of(said).as_str()) } }
                }
            }
            (figures(r))
        }
    }
}

/// The figures that people remember.
fn figures(r: &Review) -> Markup {
    let visitors: u64 = r.incidents.iter().map(|i| i.harm.visitors_5xx).fold(0, u64::saturating_add);
    let failed: u64 = r.incidents.iter().map(|i| i.failures).fold(0, u64::saturating_add);
    let of = |part: u64, whole: u64, noun: &str| match share_of(part, whole).filter(|_| part <= whole) {
        Some(share) => format!("{noun}, {share} of {}", amount(whole)),
        None => noun.to_string(),
    };
    let incidents = r.incidents.iter().filter(|i| i.service != "scattered").count() as u64;
    html! {
        ul.figures {
            li { b { (amount(visitors)) } span { (of(visitors, r.served.requests, "visitors got an error")) } }
            li { b { (amount(failed)) } span { (of(failed, r.served.fetches, "fetches failed")) } }
            @if r.about.is_none() { li { b { (count(incidents)) } span { (if incidents == 1 { "incident" } else { "incidents" }) } } }
            li { b { (count(r.incidents.iter().filter(|i| super::facts::is_open(i)).count() as u64)) } span { "not over" } }
        }
    }
}

fn sections(r: &Review, palette: &paint::Palette, style: &Style) -> Markup {
    html! {
        @if r.about.is_none() && !r.incidents.is_empty() { section { h2 { "Incidents" } (list(r, style)) } }
        @if !r.early.is_empty() { section { h2 { "Not failing yet" } (early(r, style)) } }
        section { h2 { "Failed fetches by cause" } (causes::causes(r, palette, style)) }
        section { h2 { "Answer times" } (waits::waits(r, style)) }
        section { h2 { "Nodes and backends" } (matrix::matrix(r)) }
        @if !r.incidents.is_empty() {
            section {
                h2 { (if r.about.is_some() { "The incident" } else { "Incident by incident" }) }
                @for i in r.incidents.iter().take(WHOLE) { (incident::incident(i, r.courses.iter().find(|c| c.incident == i.id), palette, style)) }
                @if r.incidents.len() > WHOLE {
                    p.sub { (counted((r.incidents.len() - WHOLE) as u64, "smaller incident")) " are only in the list above." }
                }
            }
        }
    }
}

/// What does not fail yet.
fn early(r: &Review, style: &Style) -> Markup {
    let text = |raw: &str| Plain::of(raw).to_string();
    html! {
        dl { @for w in &r.early {
            dt { (text(&place(w, style))) }
            dd { (text(&sentence(&w.text))) " What to do: " (text(&w.advice)) }
        } }
    }
}

/// All incidents, worst first.
fn list(r: &Review, style: &Style) -> Markup {
    let link = |n: usize, i: &Incident| {
        let title = Plain::of(&i.title).to_string();
        html! { @if n < WHOLE { a href=(format!("#incident-{}", i.id)) { (i.id) " " (title) } } @else { (i.id) " " (title) } }
    };
    html! {
        table.stack {
            caption { "Worst first: by visitors who got an error, then by failed fetches." }
            thead { tr {
                th scope="col" { "incident" } th scope="col" { "began" } th scope="col" { "lasted" } th scope="col" { "state" }
                th.num scope="col" { "failed" } th.num scope="col" { "visitors" } th scope="col" { "fix" }
            } }
            tbody { @for (n, i) in r.incidents.iter().enumerate() {
                tr {
                    th scope="row" { (link(n, i)) }
                    td.whole data-label="began" { (style.zone.weekday_and_day(i.opened_at)) " " (style.zone.minute(i.opened_at)) }
                    td.whole data-label="lasted" { (lasted(i)) }
                    td.whole data-label="state" { (state(i)) }
                    td.num data-label="failed" { (count(i.failures)) }
                    td.num data-label="visitors" { (count(i.harm.visitors_5xx)) }
                    td data-label="fix" { (i.fix.as_deref().map_or_else(|| "none recorded".to_string(), |f| Plain::of(f).clipped(60).to_string())) }
                }
            } }
        }
    }
}
