//! How long backends made their callers wait, hour by hour, against the limit at which those give up. In: a `Review`; out:
//! a chart per backend and the figures as a table. Of several nodes the worst counts: percentiles cannot be added up.
//! It must not know incidents.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::plain::Plain;
use super::super::style::Style;
use super::super::words::{count, counted};
use super::axis::{Frame, TimeAxis, px, time_axis};
use super::scale::{LogScale, time};
use super::spread;
use crate::model::review::{BackendLimit, Review};
use crate::model::{BackendHour, Stamp};

/// So many backends get a chart.
const CHARTS: usize = 6;
const HOUR: i64 = 3_600_000_000;

/// One backend: its hours, all nodes together, and its limit.
pub(super) struct Waiter<'r> {
    /// Its name.
    pub backend: &'r str,
    /// Fetches.
    pub fetches: u64,
    /// Median and the 95th and 99th percentile of the worst node, milliseconds, by hour.
    pub hours: BTreeMap<Stamp, [f64; 3]>,
    /// The limit.
    pub limit: Option<&'r BackendLimit>,
}

impl Waiter<'_> {
    /// The largest of each percentile.
    pub fn worst(&self) -> [f64; 3] {
        let max = |a: [f64; 3], b: &[f64; 3]| [a[0].max(b[0]), a[1].max(b[1]), a[2].max(b[2])];
        self.hours.values().fold([0.0; 3], max)
    }
}

/// The charts with everything that belongs to them.
pub(super) fn waits(r: &Review, style: &Style) -> Markup {
    let all = waiters(r);
    if all.is_empty() {
        return html! { p.empty {
            "No answer times are recorded for this time. They come from logs that time their fetches, such as varnishlog, and "
            "are kept since this version of guru: read the logs again to have them."
        } };
    }
    let hours: BTreeSet<Stamp> = all.iter().flat_map(|w| w.hours.keys().copied()).collect();
    if hours.len() <= 2 {
        return html! { (spread::spread(&all)) (table(&all, style)) };
    }
    let (first, last) = (hours.first().copied().unwrap_or_default(), hours.last().copied().unwrap_or_default() + HOUR);
    html! {
        (key())
        @for (n, w) in all.iter().take(CHARTS).enumerate() {
            figure {
                figcaption { strong { (Plain::of(w.backend).as_str()) } ", " (count(w.fetches)) " fetches" (limit_words(w)) }
                (Frame::both(210.0, |frame| chart(n, w, (first, last), frame, style)))
            }
        }
        @if all.len() > CHARTS { p.sub { (counted((all.len() - CHARTS) as u64, "backend")) " more in the table." } }
        (table(&all, style))
    }
}

fn limit_words(w: &Waiter<'_>) -> String {
    w.limit.map_or_else(String::new, |l| format!("; failures agree on {} {}", Plain::of(&l.knob), time(l.ms)))
}

/// The backends that were timed: those with a limit that was run into first, then by fetches.
fn waiters(r: &Review) -> Vec<Waiter<'_>> {
    let mut found: BTreeMap<&str, Waiter<'_>> = BTreeMap::new();
    for h in &r.hours {
        let Some(now) = percentiles(h) else { continue };
        let w = found.entry(&h.backend).or_insert_with(|| Waiter {
            backend: &h.backend,
            fetches: 0,
            hours: BTreeMap::new(),
            limit: r.limits.iter().find(|l| l.backend == h.backend && l.ms.is_finite()),
        });
        w.fetches = w.fetches.saturating_add(h.fetches);
        let worst = w.hours.entry(h.hour).or_insert([0.0; 3]);
        worst.iter_mut().zip(now).for_each(|(a, b)| *a = a.max(b));
    }
    let mut all: Vec<Waiter<'_>> = found.into_values().collect();
    all.sort_by_key(|w| (w.limit.is_none(), std::cmp::Reverse(w.fetches)));
    all
}

fn percentiles(h: &BackendHour) -> Option<[f64; 3]> {
    let all = [h.p50_ms?, h.p95_ms?, h.p99_ms?];
    all.iter().all(|ms| ms.is_finite()).then_some(all)
}

/// What the lines are, in line and word.
fn key() -> Markup {
    html! {
        p.sub { "From sending a request to the first byte of its answer, per hour, on a scale of powers of ten. Of several nodes the slowest is drawn." }
        ul.legend {
            @for (class, word) in [("s0", "half of the answers came within"), ("s1", "95 % came within"), ("s3", "99 % came within")] {
                li { svg viewBox="0 0 24 14" aria-hidden="true" { path class=(format!("line {class}")) d="M0 7H24" {} } span { (word) } }
            }
            li { svg viewBox="0 0 24 14" aria-hidden="true" { path.limit d="M0 7H24" {} } span { "the limit: then the caller gives up" } }
        }
    }
}

fn chart(n: usize, w: &Waiter<'_>, span: (Stamp, Stamp), frame: &Frame, style: &Style) -> Markup {
    let axis = TimeAxis::of(frame, span.0, span.1);
    let limit = w.limit.map(|l| l.ms);
    let scale = LogScale::of(w.hours.values().flatten().copied().chain(limit), (frame.floor(), frame.top));
    let (title, desc) = (format!("waits-t{n}-{}", frame.suffix()), format!("waits-d{n}-{}", frame.suffix()));
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { "Answer times of " (Plain::of(w.backend).as_str()) }
            desc id=(desc) { (described(w)) }
            @for (ms, at) in scale.ticks() {
                path.grid d=(format!("M{} {}H{}", px(frame.left), px(at), px(frame.width - frame.right))) {}
                text x=(px(frame.left - 8.0)) y=(px(at + 4.0)) text-anchor="end" { (time(ms)) }
            }
            @for (nth, class) in ["s3", "s1", "s0"].into_iter().enumerate() {
                (line(w, 2 - nth, class, &axis, &scale))
            }
            @if let Some(ms) = limit {
                path.limit d=(format!("M{} {}H{}", px(frame.left), px(scale.at(ms)), px(frame.width - frame.right))) {}
                text.limit-word x=(px(frame.left + 6.0)) y=(px(scale.at(ms) - 6.0)) { "limit " (time(ms)) }
            }
            (time_axis(frame, &axis, style.zone))
        }
    }
}

/// One percentile: a line through neighbouring hours, a point for an hour alone.
fn line(w: &Waiter<'_>, nth: usize, class: &str, axis: &TimeAxis, scale: &LogScale) -> Markup {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut before = Stamp::NONE;
    for (hour, values) in &w.hours {
        let point = (axis.x(*hour + HOUR / 2), scale.at(values[nth]));
        match runs.last_mut().filter(|_| before + HOUR == *hour) {
            Some(run) => run.push(point),
            None => runs.push(vec![point]),
        }
        before = *hour;
    }
    let path = |run: &[(f64, f64)]| {
        let steps: Vec<String> = run.iter().map(|(x, y)| format!("{} {}", px(*x), px(*y))).collect();
        format!("M{}", steps.join("L"))
    };
    let place = class.trim_start_matches('s');
    html! {
        @for run in &runs {
            @if run.len() == 1 { circle class=(format!("c{place}")) cx=(px(run[0].0)) cy=(px(run[0].1)) r="3" {} }
            @else { path class=(format!("line {class}")) d=(path(run)) {} }
        }
    }
}

pub(super) fn described(w: &Waiter<'_>) -> String {
    let [median, p95, p99] = w.worst().map(time);
    let limit = w.limit.map_or_else(String::new, |l| format!(" The limit is {}.", time(l.ms)));
    format!(
        "In its slowest hours half of the answers came within {median}, 95 % within {p95}, 99 % within {p99}.{limit}"
    )
}

fn table(all: &[Waiter<'_>], style: &Style) -> Markup {
    let worst_hour = |w: &Waiter<'_>| {
        let at = w.hours.iter().max_by(|a, b| a.1[1].total_cmp(&b.1[1]).then(b.0.cmp(a.0))).map(|(at, _)| *at);
        at.map_or_else(String::new, |at| format!("{} {}", style.zone.weekday_and_day(at), style.zone.minute(at)))
    };
    html! {
        table.stack {
            caption { "Backends in their slowest hour" }
            thead { tr {
                th scope="col" { "backend" } th.num scope="col" { "fetches" } th.num scope="col" { "half within" }
                th.num scope="col" { "95 % within" } th.num scope="col" { "99 % within" } th.num scope="col" { "limit" }
                th scope="col" { "slowest hour" }
            } }
            tbody { @for w in all.iter().take(50) {
                @let [median, p95, p99] = w.worst().map(time);
                tr {
                    th scope="row" { (Plain::of(w.backend).as_str()) }
                    td.num data-label="fetches" { (count(w.fetches)) }
                    td.num data-label="half within" { (median) }
                    td.num data-label="95 % within" { (p95) }
                    td.num data-label="99 % within" { (p99) }
                    td.num data-label="limit" { (w.limit.map_or_else(|| "not known".to_string(), |l| time(l.ms))) }
                    td data-label="slowest hour" { (worst_hour(w)) }
                }
            } }
        }
    }
}
