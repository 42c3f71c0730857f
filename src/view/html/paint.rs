//! Colour and pattern of causes, and of no more causes than can be told apart. In: failures by slice and cause; out: a
//! place in the palette for each cause, the patterns themselves, and a legend. Whoever cannot see the colours has the
//! patterns and the words. It must not know where the causes are drawn.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::plain::Plain;
use super::super::words::count;
use crate::model::review::CauseSlice;

/// So many causes have a colour of their own; the others share the last one.
pub(super) const OWN: usize = 6;

/// Causes in order of their failures.
pub(super) struct Palette {
    /// Cause and failures; at most [`OWN`], then one row for the rest if there is one.
    pub rows: Vec<(String, u64)>,
    places: BTreeMap<String, usize>,
}

impl Palette {
    /// The palette of these failures.
    pub fn of(failures: &[CauseSlice]) -> Palette {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for f in failures {
            let sum = sums.entry(&f.cause).or_default();
            *sum = sum.saturating_add(f.failures);
        }
        let mut order: Vec<(&str, u64)> = sums.into_iter().collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        // One more needs no row for the rest: it takes the same place.
        let own = if order.len() == OWN + 1 { OWN + 1 } else { OWN };
        let mut rows: Vec<(String, u64)> = order.iter().take(own).map(|(c, n)| (c.to_string(), *n)).collect();
        let rest = order.iter().skip(own).fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        if rest > 0 {
            rows.push((format!("{} other causes", order.len() - own), rest));
        }
        let place = |(n, (cause, _)): (usize, &(&str, u64))| (cause.to_string(), n.min(OWN));
        Palette { rows, places: order.iter().enumerate().map(place).collect() }
    }

    /// The place of a cause in the palette: 0 to [`OWN`].
    pub fn place(&self, cause: &str) -> usize {
        self.places.get(cause).copied().unwrap_or(OWN)
    }

    /// A sample of a cause's paint.
    pub fn swatch(&self, cause: &str) -> Markup {
        sample(self.place(cause))
    }

    /// What each colour and pattern stands for, with counts.
    pub fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for (n, (cause, failures)) in self.rows.iter().enumerate() {
                    li {
                        (sample(n))
                        span { (Plain::of(cause).as_str()) }
                        span.n { (count(*failures)) }
                    }
                }
            }
        }
    }
}

fn sample(place: usize) -> Markup {
    html! { svg.swatch viewBox="0 0 24 14" aria-hidden="true" { rect width="24" height="14" fill=(fill(place)) {} } }
}

/// The paint of a place.
pub(super) fn fill(place: usize) -> String {
    format!("url(#p{})", place.min(OWN))
}

/// The patterns, defined once in a page.
pub(super) fn patterns() -> Markup {
    // Solid, slanted, dotted, level, upright, slanted the other way, crossed.
    let marks =
        ["", "M-2 2L2 -2M0 8L8 0M6 10L10 6", "", "M0 4H8", "M4 0V8", "M-2 6L2 10M0 0L8 8M6 -2L10 2", "M0 4H8M4 0V8"];
    html! {
        svg.defs aria-hidden="true" focusable="false" {
            defs {
                @for (n, marks) in marks.iter().enumerate() {
                    pattern id=(format!("p{n}")) width="8" height="8" patternUnits="userSpaceOnUse" {
                        rect class=(format!("c{n}")) width="8" height="8" {}
                        @if n == 2 { circle.hole cx="4" cy="4" r="1.6" {} }
                        @if !marks.is_empty() { path.hatch d=(marks) {} }
                    }
                }
            }
        }
    }
}
