//! Who failed to fetch from whom: a row per backend, a column per node. In: a `Review`; out: a table whose cells hold a
//! figure, a bar and the cause of most failures. It must not know incidents.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::plain::Plain;
use super::super::words::{count, counted, share};
use super::axis::px;
use crate::model::review::{Pair, Review};

/// So many backends are rows, those with most failures.
const ROWS: usize = 30;
/// So many nodes are columns.
const COLUMNS: usize = 12;

/// The table.
pub(super) fn matrix(r: &Review) -> Markup {
    if r.pairs.is_empty() {
        return html! { p.empty { "No fetch of a node from a backend is recorded in this time." } };
    }
    let (nodes, backends) = (most(r, |p| &p.node), most(r, |p| &p.backend));
    let cells: BTreeMap<(&str, &str), &Pair> =
        r.pairs.iter().map(|p| ((p.backend.as_str(), p.node.as_str()), p)).collect();
    let shown: BTreeSet<&str> = nodes.iter().copied().take(COLUMNS).collect();
    html! {
        p.sub id="matrix-about" { "Failed of all fetches, from which backend (rows) by which node (columns). The bar is the share that failed." }
        div.scroll tabindex="0" role="region" aria-label="Failed fetches by node and backend" {
            table.matrix aria-describedby="matrix-about" {
                thead { tr {
                    th scope="col" { "backend" }
                    @for node in &shown { th scope="col" { (Plain::of(node).as_str()) } }
                } }
                tbody { @for backend in backends.iter().take(ROWS) {
                    tr {
                        th scope="row" { (name(backend)) }
                        @for node in &shown { td { @match cells.get(&(*backend, *node)) { Some(p) => (cell(p)), None => "–" } } }
                    }
                } }
            }
        }
        (left_out(backends.len(), ROWS, "backend"))
        (left_out(nodes.len(), COLUMNS, "node"))
    }
}

fn name(backend: &str) -> String {
    if backend.is_empty() { "none, or not logged".to_string() } else { Plain::of(backend).to_string() }
}

fn left_out(all: usize, room: usize, noun: &str) -> Markup {
    html! { @if all > room { p.sub { (counted((all - room) as u64, noun)) " with fewer failures left out." } } }
}

/// Names with the failures of each, most first.
fn most(r: &Review, of: impl Fn(&Pair) -> &String) -> Vec<&str> {
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for p in &r.pairs {
        let sum = sums.entry(of(p)).or_default();
        *sum = (sum.0.saturating_add(p.failed), sum.1.saturating_add(p.fetches));
    }
    let mut order: Vec<(&str, (u64, u64))> = sums.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    order.into_iter().map(|(name, _)| name).collect()
}

fn cell(p: &Pair) -> Markup {
    if p.fetches == 0 {
        return html! { (count(p.failed)) " failed" @if p.failed > 0 { span.cause { (Plain::of(&p.cause).as_str()) } } };
    }
    let part = p.failed as f64 / p.fetches.max(p.failed) as f64;
    let width = if p.failed == 0 { 0.0 } else { (part * 100.0).clamp(2.0, 100.0) };
    html! {
        span.whole { (count(p.failed)) " of " (count(p.fetches.max(p.failed))) } " " span.whole { "(" (share(part)) ")" }
        svg.share viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="8" {}
            rect.bar width=(px(width)) height="8" {}
        }
        @if p.failed > 0 { span.cause { (Plain::of(&p.cause).as_str()) } }
    }
}
