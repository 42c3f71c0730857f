//! Where things are in a chart. In: the size of a drawing, a span of time, a largest value; out: pixels, ticks and their
//! words. It must not know what is drawn.

use maud::{Markup, html};

use crate::model::Stamp;
use crate::model::stamp::{MINUTE, SECOND};

use super::super::zone::Zone;

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps of time between ticks.
const STEPS: [i64; 17] = [
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
];

/// A drawing: its size and what is left at its edges for words.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Room on the left.
    pub left: f64,
    /// Room on the right.
    pub right: f64,
    /// Room above.
    pub top: f64,
    /// Room below.
    pub bottom: f64,
    /// For a screen, not for a phone.
    pub wide: bool,
}

impl Frame {
    /// The same drawing for a screen and for a phone; the page shows the one that fits.
    pub fn both(height: f64, draw: impl Fn(&Frame) -> Markup) -> Markup {
        let wide = Frame { width: 860.0, height, left: 58.0, right: 16.0, top: 28.0, bottom: 42.0, wide: true };
        let narrow = Frame { width: 360.0, left: 46.0, right: 10.0, wide: false, ..wide };
        html! { div.wide { (draw(&wide)) } div.narrow { (draw(&narrow)) } }
    }

    /// The lower edge of what is drawn.
    pub fn floor(&self) -> f64 {
        self.height - self.bottom
    }

    /// Width of what is drawn.
    pub fn inner(&self) -> f64 {
        self.width - self.left - self.right
    }

    /// The suffix of identifiers, which must differ between both drawings.
    pub fn suffix(&self) -> &'static str {
        if self.wide { "w" } else { "n" }
    }

    /// `0 0 860 260`.
    pub fn view_box(&self) -> String {
        format!("0 0 {} {}", px(self.width), px(self.height))
    }
}

/// A span of time across a frame.
#[derive(Clone, Copy)]
pub(super) struct TimeAxis {
    from: i64,
    to: i64,
    left: f64,
    width: f64,
}

impl TimeAxis {
    /// From left to right.
    pub fn of(frame: &Frame, from: Stamp, to: Stamp) -> TimeAxis {
        TimeAxis { from: from.0, to: to.0.max(from.0.saturating_add(SECOND)), left: frame.left, width: frame.inner() }
    }

    /// Where a moment is; within the frame.
    pub fn x(&self, at: Stamp) -> f64 {
        let part = (at.0 as f64 - self.from as f64) / (self.to as f64 - self.from as f64);
        self.left + self.width * part.clamp(0.0, 1.0)
    }

    /// True for a moment within.
    pub fn holds(&self, at: Stamp) -> bool {
        (self.from..=self.to).contains(&at.0)
    }

    /// Moments to name and their words: as many as have room, on full units of the reader's zone.
    pub fn ticks(&self, zone: Zone) -> Vec<(f64, String)> {
        let long = self.to.saturating_sub(self.from);
        let word = if long > 2 * DAY { 62.0 } else { 68.0 };
        let most = (self.width / word).max(2.0) as i64;
        let step = STEPS.iter().find(|s| long / **s <= most).copied().unwrap_or(long / most.max(1) + 1);
        let shift = zone.offset(Stamp(self.from)) * SECOND;
        let first = (self.from.saturating_add(shift)).div_euclid(step).saturating_mul(step).saturating_sub(shift);
        let moments = (0..=most + 2).map(|n| Stamp(first.saturating_add(n * step))).filter(|at| self.holds(*at));
        moments.map(|at| (self.x(at), word_of(at, step, zone))).collect()
    }
}

/// `Tue 10 Nov` at midnight, else the clock.
fn word_of(at: Stamp, step: i64, zone: Zone) -> String {
    if step >= DAY {
        zone.day(at)
    } else if zone.minute(at) == "00:00" {
        zone.weekday_and_day(at).rsplit_once(' ').map_or_else(String::new, |(day, _)| day.to_string())
    } else if step < MINUTE {
        zone.second(at)
    } else {
        zone.minute(at)
    }
}

/// The time axis at the bottom, drawn.
pub(super) fn time_axis(frame: &Frame, axis: &TimeAxis, zone: Zone) -> Markup {
    let floor = frame.floor();
    html! {
        path.axis d=(format!("M{} {}H{}", px(frame.left), px(floor), px(frame.width - frame.right))) {}
        @for (x, word) in axis.ticks(zone) {
            path.axis d=(format!("M{} {}v5", px(x), px(floor))) {}
            @let near = x < frame.left + 24.0;
            @let far = x > frame.width - frame.right - 24.0;
            text x=(px(x)) y=(px(floor + 20.0)) text-anchor=(if near { "start" } else if far { "end" } else { "middle" }) { (word) }
        }
    }
}

/// Values to name between 0 and a largest one, which they reach or pass: steps of 1, 2 or 5.
pub(super) fn count_ticks(most: u64) -> Vec<u64> {
    let most = most.max(1);
    let mut step = 1u64;
    for factor in [2, 5, 10].into_iter().cycle() {
        if most.div_ceil(step) <= 4 {
            break;
        }
        let tens = 10u64.saturating_pow(step.ilog10());
        step = tens.saturating_mul(factor).max(step.saturating_add(1));
        if step > u64::MAX / 20 {
            break;
        }
    }
    (0..=most.div_ceil(step)).map(|n| n.saturating_mul(step)).collect()
}

/// A pixel with at most one digit after the point: the same on every machine, and short.
pub(super) fn px(x: f64) -> String {
    let x = if x.is_finite() { x.clamp(-1e6, 1e6) } else { 0.0 };
    let tenths = (x * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, part) = (tenths.abs() / 10, tenths.abs() % 10);
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_named_in_steps_that_people_count_in() {
        assert_eq!(count_ticks(0), [0, 1]);
        assert_eq!(count_ticks(3), [0, 1, 2, 3]);
        assert_eq!(count_ticks(7), [0, 2, 4, 6, 8]);
        assert_eq!(count_ticks(214), [0, 100, 200, 300]);
        assert_eq!(count_ticks(1978), [0, 500, 1000, 1500, 2000]);
        assert!(count_ticks(u64::MAX).len() <= 32);
    }

    #[test]
    fn pixels_are_short() {
        assert_eq!((px(1.0), px(-0.25), px(3.12), px(f64::NAN)), ("1".into(), "-0.3".into(), "3.1".into(), "0".into()));
    }

    #[test]
    fn ticks_stand_on_full_units_of_the_zone_and_stay_apart() {
        let frame = Frame { width: 860.0, height: 200.0, left: 50.0, right: 10.0, top: 0.0, bottom: 40.0, wide: true };
        for days in [0, 1, 3, 7, 30, 400] {
            let axis =
                TimeAxis::of(&frame, Stamp(1_795_132_800 * SECOND), Stamp((1_795_132_800 + days * 86_400) * SECOND));
            let ticks = axis.ticks(Zone::Utc);
            assert!(ticks.windows(2).all(|t| t[1].0 - t[0].0 > 40.0), "{days} {ticks:?}");
            assert!(!ticks.is_empty(), "{days}");
        }
    }
}
