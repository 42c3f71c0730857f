//! The course of one incident: failed fetches per minute, what may have set it off and what may have ended it. In: an
//! `Incident`; out: a chart. It must not know other incidents.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::style::Style;
use super::super::words::{count, duration};
use super::axis::{Frame, TimeAxis, count_ticks, px, time_axis};
use crate::model::Stamp;
use crate::model::incident::{Candidate, Incident};
use crate::model::stamp::MINUTE;

/// So many bars at most.
const BARS: i64 = 60;

/// The chart; nothing for an incident of one minute that nothing stands beside.
pub(super) fn timeline(i: &Incident, style: &Style) -> Markup {
    let known = || i.curve.iter().filter(|(_, n)| *n > 0).map(|(minute, _)| Stamp(*minute));
    let (Some(first), Some(last)) = (known().min(), known().max()) else { return html! {} };
    let marks = marks(i, first, last);
    if first == last && marks.is_empty() {
        return html! {};
    }
    let from = marks.iter().map(|(_, c)| c.at).chain([first]).min().unwrap_or(first);
    let to = marks.iter().map(|(_, c)| c.at).chain([last + MINUTE]).max().unwrap_or(last);
    let minutes = (to.0 - from.0) / MINUTE + 1;
    let step = (minutes / BARS + 1) * MINUTE;
    let mut bars: BTreeMap<i64, u64> = BTreeMap::new();
    for (minute, n) in i.curve.iter().filter(|(_, n)| *n > 0) {
        let sum = bars.entry(minute.div_euclid(step) * step).or_default();
        *sum = sum.saturating_add(*n);
    }
    html! {
        figure {
            figcaption { "Failed fetches per " (duration(step)) @if !marks.is_empty() { ". Dashed: what happened beside it (correlation)." } }
            (Frame::both(if marks.is_empty() { 150.0 } else { 176.0 }, |frame| chart(i, &bars, step, (from, to), &marks, frame, style)))
        }
    }
}

/// What stands beside it, near enough to be drawn: the first of what may have set it off, and of what may have ended it.
fn marks(i: &Incident, first: Stamp, last: Stamp) -> Vec<(&'static str, &Candidate)> {
    let room = (last.0.saturating_sub(first.0)).max(30 * MINUTE);
    let near = |c: &&Candidate| {
        c.at.is_known() && c.at.0 >= first.0.saturating_sub(room) && c.at.0 <= last.0.saturating_add(room)
    };
    let began = i.began.iter().find(near).map(|c| ("began?", c));
    began.into_iter().chain(i.ended_by.iter().find(near).map(|c| ("ended?", c))).collect()
}

fn chart(
    i: &Incident,
    bars: &BTreeMap<i64, u64>,
    step: i64,
    span: (Stamp, Stamp),
    marks: &[(&str, &Candidate)],
    frame: &Frame,
    style: &Style,
) -> Markup {
    let frame = &Frame { top: if marks.is_empty() { 12.0 } else { 30.0 }, ..*frame };
    let snap = |at: i64| at.div_euclid(step) * step;
    let axis = TimeAxis::of(frame, Stamp(snap(span.0.0)), Stamp(snap(span.1.0 - 1) + step));
    let ticks = count_ticks(bars.values().copied().max().unwrap_or(0));
    let top = ticks.last().copied().unwrap_or(1).max(1);
    let y = |n: u64| frame.floor() - (frame.floor() - frame.top) * (n as f64 / top as f64);
    let (title, desc) = (format!("line-t{}-{}", i.id, frame.suffix()), format!("line-d{}-{}", i.id, frame.suffix()));
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { "Course of incident " (i.id) }
            desc id=(desc) { (described(i, bars, step, style)) }
            @for n in ticks.iter().filter(|n| ticks.len() < 4 || *n % 2 == 0 || **n == top) {
                path.grid d=(format!("M{} {}H{}", px(frame.left), px(y(*n)), px(frame.width - frame.right))) {}
                text x=(px(frame.left - 8.0)) y=(px(y(*n) + 4.0)) text-anchor="end" { (count(*n)) }
            }
            @for (at, n) in bars {
                @let (left, right) = (axis.x(Stamp(*at)), axis.x(Stamp(*at) + step));
                rect.bar x=(px(left + 0.5)) y=(px(y(*n))) width=(px((right - left - 1.0).max(1.5))) height=(px((frame.floor() - y(*n)).max(1.5))) {}
            }
            (time_axis(frame, &axis, style.zone))
            @for (word, c) in marks {
                @let x = axis.x(c.at);
                @let far = x > frame.width / 2.0;
                path.change d=(format!("M{} {}V{}", px(x), px(14.0), px(frame.floor()))) {}
                text.flag x=(px(if far { x - 5.0 } else { x + 5.0 })) y="22" text-anchor=(if far { "end" } else { "start" }) {
                    (word) " " (style.zone.second(c.at))
                }
            }
        }
    }
}

fn described(i: &Incident, bars: &BTreeMap<i64, u64>, step: i64, style: &Style) -> String {
    let worst = bars.iter().max_by_key(|(at, n)| (**n, std::cmp::Reverse(**at)));
    let worst = worst.map_or_else(String::new, |(at, n)| {
        let at = Stamp(*at);
        format!(
            " Most, {} in {}, at {} {}.",
            count(*n),
            duration(step),
            style.zone.weekday_and_day(at),
            style.zone.minute(at)
        )
    });
    format!(
        "{} failed fetches from {} to {}.{worst}",
        count(i.failures),
        style.zone.second(i.opened_at),
        style.zone.second(i.closed_at)
    )
}
