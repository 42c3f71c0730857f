//! Failed fetches by cause over time, with marks where something was changed. In: a `Review`; out: a chart, its legend
//! and its figures as a table. It must not know incidents.

use maud::{Markup, html};

use super::super::plain::Plain;
use super::super::style::Style;
use super::super::words::{count, counted, duration};
use super::axis::{Frame, TimeAxis, count_ticks, px, time_axis};
use super::bars::{Slices, bars, slices, sum};
use super::paint::Palette;
use crate::model::Stamp;
use crate::model::review::{ChangeMark, Review};

/// So many changes are marked.
const MARKS: usize = 12;

/// The chart with everything that belongs to it.
pub(super) fn causes(r: &Review, palette: &Palette, style: &Style) -> Markup {
    if r.failures.is_empty() {
        return html! { p.empty { "No failed fetch is recorded in this time." } };
    }
    let slices = slices(&r.failures, palette);
    let marks = marked(r);
    let each = duration(r.slice_us);
    html! {
        figure {
            figcaption {
                "Failed fetches per " (each) ", by cause."
                @if !marks.is_empty() { " Dashed lines with a number are changes, listed below." }
            }
            (Frame::both(290.0, |frame| chart(r, &slices, &marks, palette, frame, style)))
            (palette.legend())
        }
        (change_list(r, &marks, style))
        (table(r, &slices, palette, style))
    }
}

fn chart(
    r: &Review,
    slices: &Slices,
    marks: &[&ChangeMark],
    palette: &Palette,
    frame: &Frame,
    style: &Style,
) -> Markup {
    let step = r.slice_us.max(1);
    let snap = |at: Stamp| Stamp(at.0.div_euclid(step).saturating_mul(step));
    let axis = TimeAxis::of(frame, snap(r.from), snap(r.to) + step);
    let ticks = count_ticks(slices.values().map(|s| sum(s)).max().unwrap_or(0));
    let top = ticks.last().copied().unwrap_or(1).max(1);
    let y = |n: u64| frame.floor() - (frame.floor() - frame.top) * (n as f64 / top as f64);
    let (title, desc) = (format!("causes-t-{}", frame.suffix()), format!("causes-d-{}", frame.suffix()));
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { "Failed fetches by cause over time" }
            desc id=(desc) { (described(slices, palette, style)) }
            @for n in &ticks {
                path.grid d=(format!("M{} {}H{}", px(frame.left), px(y(*n)), px(frame.width - frame.right))) {}
                text x=(px(frame.left - 8.0)) y=(px(y(*n) + 4.0)) text-anchor="end" { (count(*n)) }
            }
            (bars(slices, step, &axis, &y))
            (time_axis(frame, &axis, style.zone))
            @for (n, mark) in marks.iter().enumerate() { (flag(n, mark, &axis, frame)) }
        }
    }
}

/// The number of a change above its line. Neighbours stand at two heights, so that their numbers do not cover each other.
fn flag(n: usize, mark: &ChangeMark, axis: &TimeAxis, frame: &Frame) -> Markup {
    let x = axis.x(mark.at);
    let low = if n.is_multiple_of(2) { 0.0 } else { 11.0 };
    html! {
        path.change d=(format!("M{} {}V{}", px(x), px(frame.top - 8.0 + low), px(frame.floor()))) {}
        text.flag x=(px(x)) y=(px(frame.top - 12.0 + low)) text-anchor="middle" { (n + 1) }
    }
}

/// What a reader who does not see it should know.
fn described(slices: &Slices, palette: &Palette, style: &Style) -> String {
    let worst = slices.iter().max_by_key(|(at, s)| (sum(s), std::cmp::Reverse(**at)));
    let worst = worst.map(|(at, s)| {
        format!("Most, {}, from {} {} on. ", count(sum(s)), style.zone.weekday_and_day(*at), style.zone.minute(*at))
    });
    let parts: Vec<String> = palette.rows.iter().map(|(c, n)| format!("{} {}", Plain::of(c), count(*n))).collect();
    format!("{}By cause: {}.", worst.unwrap_or_default(), parts.join(", "))
}

/// The changes to mark: what people told of, then what happened within an hour of an incident's beginning, then the
/// newest.
fn marked(r: &Review) -> Vec<&ChangeMark> {
    let near = |m: &ChangeMark| {
        let hour = 3_600_000_000;
        r.incidents.iter().any(|i| i.opened_at.since(m.at).is_some_and(|us| us.unsigned_abs() < hour))
    };
    let mut order: Vec<(usize, &ChangeMark)> = r.changes.iter().enumerate().collect();
    order.sort_by_key(|(n, m)| (m.kind != "change", !near(m), std::cmp::Reverse(*n)));
    order.truncate(MARKS);
    order.sort_by_key(|(n, _)| *n);
    order.into_iter().map(|(_, m)| m).collect()
}

fn change_list(r: &Review, marks: &[&ChangeMark], style: &Style) -> Markup {
    let more = (r.changes.len() - marks.len()) as u64;
    html! {
        @if marks.is_empty() {
            p.sub { "No change is recorded in this time; reloads, restarts and loaded VCL that logs tell of would be marked." }
        } @else {
            ol.changes {
                @for m in marks {
                    li {
                        (style.zone.weekday_and_day(m.at)) " " (style.zone.second(m.at)) ", " (Plain::of(&m.kind).as_str())
                        @if !m.node.is_empty() { " on " (Plain::of(&m.node).as_str()) }
                        ": " (Plain::of(&m.text).clipped(160).as_str())
                    }
                }
            }
            @if more > 0 { p.sub { (counted(more, "change")) " more, not marked." } }
        }
    }
}

fn table(r: &Review, slices: &Slices, palette: &Palette, style: &Style) -> Markup {
    html! {
        details {
            summary { "The figures of this chart" }
            div.scroll {
                table {
                    caption { "Failed fetches per " (duration(r.slice_us)) ", times in " (style.zone.offset_of_span(r.from, r.to)) }
                    thead { tr {
                        th scope="col" { "from" }
                        @for (cause, _) in &palette.rows { th.num scope="col" { (Plain::of(cause).as_str()) } }
                    } }
                    tbody {
                        @for (at, counts) in slices {
                            tr {
                                th scope="row" { (style.zone.weekday_and_day(*at)) " " (style.zone.second(*at)) }
                                @for n in counts { td.num { (count(*n)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
