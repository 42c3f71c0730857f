//! Bars of failed fetches, stacked by cause. In: failures by slice and cause; out: shapes. It must not know which incident
//! they are of.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::axis::{TimeAxis, px};
use super::paint::{Palette, fill};
use crate::model::Stamp;
use crate::model::review::CauseSlice;

/// Failures of each slice by place in the palette.
pub(super) type Slices = BTreeMap<Stamp, Vec<u64>>;

/// Failures put in their places.
pub(super) fn slices(of: &[CauseSlice], palette: &Palette) -> Slices {
    let mut out: Slices = BTreeMap::new();
    let places = palette.rows.len().max(1);
    for f in of {
        let slice = out.entry(f.at).or_insert_with(|| vec![0; places]);
        let place = palette.place(&f.cause).min(places - 1);
        slice[place] = slice[place].saturating_add(f.failures);
    }
    out
}

/// All of a slice.
pub(super) fn sum(of: &[u64]) -> u64 {
    of.iter().fold(0, |a, n| a.saturating_add(*n))
}

/// The bars.
pub(super) fn bars(slices: &Slices, step: i64, axis: &TimeAxis, y: &dyn Fn(u64) -> f64) -> Markup {
    html! { @for (at, counts) in slices { (bar(*at, counts, step, axis, y)) } }
}

fn bar(at: Stamp, counts: &[u64], step: i64, axis: &TimeAxis, y: &dyn Fn(u64) -> f64) -> Markup {
    let (left, right) = (axis.x(at), axis.x(at + step));
    let gap = if right - left > 5.0 { 1.5 } else { 0.2 };
    let mut under = 0u64;
    let mut pieces = Vec::new();
    for (place, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let over = under.saturating_add(*n);
        pieces.push((place, y(over), (y(under) - y(over)).max(1.0)));
        under = over;
    }
    let (x, width) = (px(left + gap / 2.0), px((right - left - gap).max(1.5)));
    html! {
        @for (place, top, height) in pieces {
            rect.edge x=(x) y=(px(top)) width=(width) height=(px(height)) fill=(fill(place)) {}
        }
    }
}
