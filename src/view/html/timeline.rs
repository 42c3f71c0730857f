//! The course of one incident: failed fetches by cause, what may have set it off and what may have ended it. In: an
//! `Incident` and its course; out: a chart. It must not know other incidents.

use maud::{Markup, html};

use super::super::style::Style;
use super::super::words::{count, duration};
use super::axis::{Frame, TimeAxis, count_ticks, px, time_axis};
use super::bars::{Slices, bars, slices, sum};
use super::paint::Palette;
use crate::model::Stamp;
use crate::model::incident::{Candidate, Incident};
use crate::model::review::Course;
use crate::model::stamp::MINUTE;

/// What is drawn.
struct Drawn<'i> {
    incident: &'i Incident,
    slices: Slices,
    step: i64,
    span: (Stamp, Stamp),
    marks: Vec<(&'static str, &'i Candidate)>,
}

/// The chart; nothing where the course is not known.
pub(super) fn timeline(i: &Incident, course: Option<&Course>, palette: &Palette, style: &Style) -> Markup {
    let Some(course) = course.filter(|c| !c.slices.is_empty() && c.slice_us > 0) else { return html! {} };
    let (step, slices) = (course.slice_us, slices(&course.slices, palette));
    let first = slices.keys().next().copied().unwrap_or(i.opened_at);
    let last = slices.keys().next_back().copied().unwrap_or(i.closed_at) + step;
    let marks = marks(i, first, last);
    let from = marks.iter().map(|(_, c)| c.at).chain([first]).min().unwrap_or(first);
    let to = marks.iter().map(|(_, c)| c.at).chain([last]).max().unwrap_or(last);
    let drawn = Drawn { incident: i, slices, step, span: (from, to), marks };
    let height = if drawn.marks.is_empty() { 150.0 } else { 176.0 };
    html! {
        figure {
            figcaption {
                "Failed fetches per " (duration(step)) ", by cause"
                @if !drawn.marks.is_empty() { ". Dashed: what happened beside it (correlation)." }
            }
            (Frame::both(height, |frame| chart(&drawn, frame, style)))
        }
    }
}

/// What stands beside it, near enough to be drawn: the first of what may have set it off, and of what may have ended it.
fn marks(i: &Incident, first: Stamp, last: Stamp) -> Vec<(&'static str, &Candidate)> {
    let room = last.0.saturating_sub(first.0).max(5 * MINUTE);
    let span = first.0.saturating_sub(room)..=last.0.saturating_add(room);
    let near = |c: &&Candidate| c.at.is_known() && span.contains(&c.at.0);
    let began = i.began.iter().find(near).map(|c| ("began?", c));
    began.into_iter().chain(i.ended_by.iter().find(near).map(|c| ("ended?", c))).collect()
}

fn chart(d: &Drawn<'_>, frame: &Frame, style: &Style) -> Markup {
    let frame = &Frame { top: if d.marks.is_empty() { 12.0 } else { 30.0 }, ..*frame };
    let snap = |at: i64| at.div_euclid(d.step).saturating_mul(d.step);
    let axis = TimeAxis::of(frame, Stamp(snap(d.span.0.0)), Stamp(snap(d.span.1.0.saturating_sub(1))) + d.step);
    let ticks = count_ticks(d.slices.values().map(|s| sum(s)).max().unwrap_or(0));
    let top = ticks.last().copied().unwrap_or(1).max(1);
    let y = |n: u64| frame.floor() - (frame.floor() - frame.top) * (n as f64 / top as f64);
    let id = d.incident.id;
    let (title, desc) = (format!("line-t{id}-{}", frame.suffix()), format!("line-d{id}-{}", frame.suffix()));
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { "Course of incident " (id) }
            desc id=(desc) { (described(d, style)) }
            // A low chart has room for every other word.
            @for (nth, n) in ticks.iter().rev().enumerate().filter(|(nth, _)| ticks.len() < 4 || nth % 2 == 0) {
                @let at = if nth == 0 { y(top) } else { y(*n) };
                path.grid d=(format!("M{} {}H{}", px(frame.left), px(at), px(frame.width - frame.right))) {}
                text x=(px(frame.left - 8.0)) y=(px(at + 4.0)) text-anchor="end" { (count(*n)) }
            }
            (bars(&d.slices, d.step, &axis, &y))
            (time_axis(frame, &axis, style.zone))
            @for (word, c) in &d.marks { (mark(word, c, &axis, frame, style)) }
        }
    }
}

fn mark(word: &str, c: &Candidate, axis: &TimeAxis, frame: &Frame, style: &Style) -> Markup {
    let x = axis.x(c.at);
    let far = x > frame.width / 2.0;
    html! {
        path.change d=(format!("M{} 14V{}", px(x), px(frame.floor()))) {}
        text.flag x=(px(if far { x - 5.0 } else { x + 5.0 })) y="22" text-anchor=(if far { "end" } else { "start" }) {
            (word) " " (style.zone.second(c.at))
        }
    }
}

fn described(d: &Drawn<'_>, style: &Style) -> String {
    let worst = d.slices.iter().max_by_key(|(at, s)| (sum(s), std::cmp::Reverse(**at)));
    let worst = worst.map_or_else(String::new, |(at, s)| {
        let zone = style.zone;
        format!(
            " Most, {} in {}, at {} {}.",
            count(sum(s)),
            duration(d.step),
            zone.weekday_and_day(*at),
            zone.second(*at)
        )
    });
    let i = d.incident;
    let (from, to) = (style.zone.second(i.opened_at), style.zone.second(i.closed_at));
    format!("{} failed fetches from {from} to {to}.{worst}", count(i.failures))
}
