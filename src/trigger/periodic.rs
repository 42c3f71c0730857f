//! Incidents that come back like clockwork. In: moments; out: the period with its phase. It must not know what happens
//! then.

use super::{Surroundings, words};
use crate::model::Stamp;
use crate::model::incident::Candidate;
use crate::model::stamp::MINUTE;

/// Periods that people set up jobs with, minutes: from five minutes to a week.
const PERIODS: [i64; 17] = [5, 10, 12, 15, 20, 30, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880, 10080];
/// So many moments at least.
const ENOUGH: usize = 4;
/// Moments lie so near to the beat, as a share of the period.
const OFF: f64 = 0.1;
/// And no farther from it than this.
const OFF_AT_MOST: i64 = 10 * MINUTE;
/// Such a share of the moments keeps to the beat.
const KEEPS: f64 = 0.8;
/// Such a share of the beats in between has a moment.
const FILLED: f64 = 0.5;
/// By chance such a beat would be found so rarely.
const CHANCE: f64 = 0.01;

/// A beat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// How long, microseconds.
    pub every_us: i64,
    /// How far into the period the moments lie, microseconds from 1970 (a Thursday) on.
    pub phase_us: i64,
    /// Moments that keep to it.
    pub times: usize,
}

/// The beat of moments in order of time, if they keep to one; the longest one that they fill.
pub fn period(moments: &[Stamp]) -> Option<Period> {
    let mut moments: Vec<i64> = moments.iter().filter(|m| m.is_known()).map(|m| m.0).collect();
    moments.dedup();
    if moments.len() < ENOUGH {
        return None;
    }
    PERIODS.iter().rev().find_map(|minutes| beat(&moments, minutes * MINUTE))
}

fn beat(moments: &[i64], every: i64) -> Option<Period> {
    let off = ((every as f64 * OFF) as i64).min(OFF_AT_MOST);
    let (phase, on) = best_phase(moments, every, off);
    let n = moments.len();
    let beats: std::collections::BTreeSet<i64> = on
        .iter()
        .map(|m| (m - phase).div_euclid(every) + i64::from((m - phase).rem_euclid(every) > every / 2))
        .collect();
    let spanned = beats.last()? - beats.first()? + 1;
    let filled = beats.len() as f64 / spanned as f64;
    // Moments that crowd in a few beats show no beat.
    let own = beats.len() as f64 >= 0.8 * on.len() as f64;
    let chance = (2.0 * off as f64 / every as f64).powi(on.len() as i32 - 1) * (PERIODS.len() * n) as f64;
    (beats.len() >= ENOUGH && own && on.len() as f64 >= KEEPS * n as f64 && filled >= FILLED && chance <= CHANCE)
        .then_some(Period { every_us: every, phase_us: phase, times: on.len() })
}

/// The phase around which most moments lie, and those moments.
fn best_phase(moments: &[i64], every: i64, off: i64) -> (i64, Vec<i64>) {
    let apart = |m: i64, phase: i64| {
        let d = (m - phase).rem_euclid(every);
        d.min(every - d)
    };
    let on = |phase: i64| -> Vec<i64> { moments.iter().copied().filter(|m| apart(*m, phase) <= off).collect() };
    let best = moments.iter().map(|m| m.rem_euclid(every)).max_by_key(|p| (on(*p).len(), std::cmp::Reverse(*p)));
    let phase = best.unwrap_or_default();
    let kept = on(phase);
    // The middle of what lies around it says the phase best.
    let mut beside: Vec<i64> = kept.iter().map(|m| (m - phase + every / 2).rem_euclid(every) - every / 2).collect();
    beside.sort_unstable();
    let middle = (phase + beside[beside.len() / 2]).rem_euclid(every);
    (middle, on(middle))
}

/// An incident that is one of a beat.
pub fn repeats(around: &Surroundings<'_>) -> Option<Candidate> {
    let found = period(around.openings)?;
    let apart = (around.opened.0 - found.phase_us).rem_euclid(found.every_us);
    if apart.min(found.every_us - apart) > OFF_AT_MOST.min(found.every_us / 10) {
        return None;
    }
    let text = format!("comes back {}: {} times so far; a scheduled job?", told(found), found.times);
    Some(Candidate { kind: "periodic".into(), at: around.opened, text, strength: 0.9 })
}

/// `every 15 min at :05`, `every day at 02:00 UTC`, `each Monday at 02:00 UTC`.
pub fn told(p: Period) -> String {
    let minute = (p.phase_us + MINUTE / 2).div_euclid(MINUTE);
    let clock = |m: i64| format!("{:02}:{:02} UTC", m.rem_euclid(1440) / 60, m.rem_euclid(60));
    match p.every_us / MINUTE {
        10_080 => {
            let days = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
            format!("each {} at {}", days[(minute.div_euclid(1440).rem_euclid(7)) as usize], clock(minute))
        }
        1_440 => format!("every day at {}", clock(minute)),
        60 => format!("every hour at :{:02}", minute.rem_euclid(60)),
        n if n < 60 => format!("every {n} min at :{:02}", minute.rem_euclid(n)),
        _ => format!("every {} from {} on", words::lasting(p.every_us), clock(minute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stamp::SECOND;

    fn at(minutes: &[i64]) -> Vec<Stamp> {
        minutes.iter().map(|m| Stamp(1_795_132_800 * SECOND + m * MINUTE + 7 * SECOND)).collect()
    }

    #[test]
    fn a_beat_is_found_with_its_phase() {
        let hourly = period(&at(&[5, 65, 125, 186, 245, 365, 425])).expect("a beat");
        assert_eq!((hourly.every_us, told(hourly).as_str()), (60 * MINUTE, "every hour at :05"));
        let daily = period(&at(&[120, 1561, 3000, 4441, 5880])).expect("a beat");
        assert_eq!(told(daily), "every day at 02:00 UTC");
        // 2026-11-20 is a Friday.
        let weekly = period(&at(&[600, 10_680, 20_760, 30_841, 40_920])).expect("a beat");
        assert_eq!(told(weekly), "each Friday at 10:00 UTC");
    }

    #[test]
    fn chance_is_no_beat() {
        assert_eq!(period(&at(&[3, 61, 170, 204, 333, 391, 470, 700])), None);
        assert_eq!(period(&at(&[5, 65, 125])), None, "three may agree by chance");
        assert_eq!(period(&at(&[0, 1, 2, 3, 4, 5, 6])), None, "one outage in pieces");
    }
}
