//! Rounded figures for people. In: numbers; out: numbers that are easy to write into a configuration. It must not know
//! what they count.

use crate::model::{Fact, Failure};

/// The value that this share (0 to 1) of sorted numbers does not exceed; `None` of none.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

/// Whole seconds that are no less than so many milliseconds with a tenth on top.
pub fn seconds_with_margin(ms: f64) -> u64 {
    (ms * 1.1 / 1000.0).ceil().max(1.0) as u64
}

/// Milliseconds in words: `350 ms`, `12.3 s`, `4 min`.
pub fn words(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 120_000.0 => format!("{:.1} s", ms / 1000.0),
        ms if ms < 7_200_000.0 => format!("{:.0} min", (ms / 60_000.0).ceil()),
        ms => format!("{:.0} h", (ms / 3_600_000.0).ceil()),
    }
}

/// The next multiple of a step that is more than a number.
pub fn next_multiple(n: u64, step: u64) -> u64 {
    (n / step + 1) * step
}

/// How long an answer would have had to be waited for, milliseconds, where the next tier's line tells that it came too
/// late: how long was waited, and by how much it was late.
pub fn needed_ms(f: &Failure) -> Option<f64> {
    let late = f.link?.late_us.filter(|us| *us > 0)? as f64 / 1000.0;
    Some(waited_ms(f)? + late)
}

/// Bytes of headers that the next tier sent; not those of the page that it made itself where it was the one that refused.
pub fn sent_header(f: &Failure) -> Option<f64> {
    let refused = f.facts.get(Fact::PassedOn) == Some(1.0);
    f.facts.get(Fact::LinkedHeaderBytes).filter(|n| *n > 0.0 && !refused)
}

/// How long was waited, milliseconds.
pub fn waited_ms(f: &Failure) -> Option<f64> {
    let from_row = (f.row.wait != crate::model::row::NOT_LOGGED).then(|| f64::from(f.row.wait) / 1000.0);
    f.facts.get(Fact::WaitMs).or(from_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_to_the_safe_side() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&sorted, 0.99), percentile(&sorted, 1.0)), (Some(99.0), Some(100.0)));
        assert_eq!((percentile(&[7.0], 0.99), percentile(&[], 0.5)), (Some(7.0), None));
        assert_eq!((seconds_with_margin(10_000.0), seconds_with_margin(1.0)), (11, 1));
        assert_eq!((next_multiple(64, 32), next_multiple(70, 32)), (96, 96));
        assert_eq!(words(350.0), "350 ms");
        assert_eq!(words(12_340.0), "12.3 s");
        assert_eq!(words(241_000.0), "5 min");
        assert_eq!(words(7_300_000.0), "3 h");
    }
}
