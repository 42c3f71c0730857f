//! How long backends made their callers wait, all in one drawing: where the logs cover an hour or two there is no course to
//! draw. In: backends with their percentiles; out: a row per backend. It must not know where the figures come from.

use maud::{Markup, html};

use super::super::plain::Plain;
use super::axis::{Frame, px};
use super::scale::{LogScale, time};
use super::waits::{Waiter, described};

/// So many backends are drawn.
const ROWS: usize = 12;
/// Height of a row: the name above its line.
const ROW: f64 = 46.0;

/// The drawing, with what its signs mean.
pub(super) fn spread(all: &[Waiter<'_>]) -> Markup {
    let rows = &all[..all.len().min(ROWS)];
    let height = 20.0 + ROW * rows.len() as f64 + 34.0;
    html! {
        figure {
            figcaption {
                "From sending a request to the first byte of its answer, on a scale of powers of ten: half of the answers came by ● , "
                "95 % by ◆ , 99 % by ▲ . A dashed upright line is the limit at which the caller gives up."
            }
            (Frame::both(height, |frame| chart(rows, frame)))
        }
    }
}

fn chart(rows: &[Waiter<'_>], frame: &Frame) -> Markup {
    let values = rows.iter().flat_map(|w| w.worst().into_iter().chain(w.limit.map(|l| l.ms)));
    let frame = &Frame { left: 14.0, right: 24.0, top: 8.0, bottom: 34.0, ..*frame };
    let scale = LogScale::of(values, (frame.left, frame.width - frame.right));
    let (title, desc) = (format!("spread-t-{}", frame.suffix()), format!("spread-d-{}", frame.suffix()));
    html! {
        svg viewBox=(frame.view_box()) role="img" aria-labelledby=(format!("{title} {desc}")) {
            title id=(title) { "Answer times of the backends" }
            desc id=(desc) { @for w in rows { (Plain::of(w.backend).as_str()) ": " (described(w)) " " } }
            @for (ms, at) in scale.ticks() {
                path.grid d=(format!("M{} {}V{}", px(at), px(frame.top), px(frame.floor()))) {}
                text x=(px(at)) y=(px(frame.floor() + 20.0)) text-anchor="middle" { (time(ms)) }
            }
            @for (n, w) in rows.iter().enumerate() { (row(w, frame.top + ROW * n as f64, &scale, frame)) }
        }
    }
}

fn row(w: &Waiter<'_>, top: f64, scale: &LogScale, frame: &Frame) -> Markup {
    let [median, p95, p99] = w.worst().map(|ms| scale.at(ms));
    let y = top + 32.0;
    let diamond = format!("M{} {}l6 6l-6 6l-6 -6z", px(p95), px(y - 6.0));
    let triangle = format!("M{} {}l6 11h-12z", px(p99), px(y - 6.0));
    html! {
        text.label x=(px(frame.left)) y=(px(top + 17.0)) { (Plain::of(w.backend).clipped(40).as_str()) }
        path.axis d=(format!("M{} {}H{}", px(median), px(y), px(p99))) {}
        @if let Some(l) = w.limit {
            @let x = scale.at(l.ms);
            path.limit d=(format!("M{} {}V{}", px(x), px(top + 20.0), px(y + 10.0))) {}
            text.limit-word x=(px(x)) y=(px(top + 17.0)) text-anchor="middle" { "limit " (time(l.ms)) }
        }
        circle.c0 cx=(px(median)) cy=(px(y)) r="5.5" {}
        path.c1 d=(diamond) {}
        path.c3 d=(triangle) {}
    }
}
