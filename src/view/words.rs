//! Numbers as people read them. In: counts, shares, durations; out: `1,234`, `0.02 %`, `18 min`, `+0.41 s ±0.02`.
//! It must not know what is counted.

use crate::model::stamp::{MINUTE, SECOND};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A count with thousands separators.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count for a narrow place: from a million on `18.2 M`, `1.5 G` and so on.
pub(super) fn amount(n: u64) -> String {
    if n < 1_000_000 {
        return count(n);
    }
    let (unit, letter) = match n {
        n if n < 1_000_000_000 => (1e6, 'M'),
        n if n < 1_000_000_000_000 => (1e9, 'G'),
        n if n < 1_000_000_000_000_000 => (1e12, 'T'),
        _ => (1e15, 'P'),
    };
    format!("{:.1} {letter}", n as f64 / unit)
}

/// `1 file`, `10,412 files`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A share of 1 in percent: `31 %`, `1.4 %`, `0.02 %`. Never rounded to nothing or to all.
pub(super) fn share(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        p if !p.is_finite() => "unknown share".to_string(),
        p if p <= 0.0 => "0 %".to_string(),
        p if p < 0.01 => "under 0.01 %".to_string(),
        p if p < 1.0 => format!("{p:.2} %"),
        p if p < 9.95 => format!("{p:.1} %"),
        p if p < 99.5 => format!("{p:.0} %"),
        p if p < 100.0 => "over 99 %".to_string(),
        100.0 => "100 %".to_string(),
        _ => "over 100 %".to_string(),
    }
}

/// The share of `part` in `whole`; `None` when there is no whole.
pub(super) fn share_of(part: u64, whole: u64) -> Option<String> {
    (whole > 0).then(|| share(part as f64 / whole as f64))
}

/// A duration in its largest fitting unit, rounded down: `0.4 s`, `38 s`, `18 min`, `26 h`, `6 days`.
pub(super) fn duration(us: i64) -> String {
    let us = us.max(0);
    match us {
        0 => "0 s".to_string(),
        _ if us < SECOND / 10 => "under 0.1 s".to_string(),
        _ if us < SECOND => format!("0.{} s", us * 10 / SECOND),
        _ if us < 2 * MINUTE => format!("{} s", us / SECOND),
        _ if us < 2 * HOUR => format!("{} min", us / MINUTE),
        _ if us < 2 * DAY => format!("{} h", us / HOUR),
        _ => format!("{} days", count((us / DAY).unsigned_abs())),
    }
}

/// A clock offset with its error bar: `+0.41 s ±0.02`; milliseconds are shown when the error is below ten.
pub(super) fn offset(offset_ms: f64, error_ms: f64) -> String {
    if !offset_ms.is_finite() || !error_ms.is_finite() {
        return "unknown".to_string();
    }
    let digits = if error_ms < 9.5 { 3 } else { 2 };
    let seconds = offset_ms / 1000.0;
    if seconds.abs() >= 1e6 {
        return format!("{seconds:+.1e} s");
    }
    format!("{seconds:+.digits$} s ±{:.digits$}", (error_ms / 1000.0).min(1e6))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (n, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (212_480_117, "212,480,117")] {
            assert_eq!(count(n), shown);
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!((counted(1, "file"), counted(2, "file")), ("1 file".into(), "2 files".into()));
    }

    #[test]
    fn large_amounts_are_abbreviated() {
        for (n, shown) in [(999_999, "999,999"), (18_200_000, "18.2 M"), (u64::MAX, "18446.7 P")] {
            assert_eq!(amount(n), shown);
        }
    }

    #[test]
    fn shares_never_round_to_nothing_or_to_all() {
        let table = [
            (0.0, "0 %"),
            (0.00001, "under 0.01 %"),
            (0.0002, "0.02 %"),
            (0.014, "1.4 %"),
            (0.31, "31 %"),
            (0.999, "over 99 %"),
            (1.0, "100 %"),
            (7.0, "over 100 %"),
            (f64::NAN, "unknown share"),
        ];
        for (part, shown) in table {
            assert_eq!(share(part), shown);
        }
        assert_eq!(share_of(1, 0), None);
    }

    #[test]
    fn durations_use_the_largest_fitting_unit() {
        let table = [
            (0, "0 s"),
            (50_000, "under 0.1 s"),
            (430_000, "0.4 s"),
            (3 * SECOND, "3 s"),
            (100 * SECOND, "100 s"),
            (18 * MINUTE + 28 * SECOND, "18 min"),
            (26 * HOUR, "26 h"),
            (6 * DAY + HOUR, "6 days"),
            (-5, "0 s"),
        ];
        for (us, shown) in table {
            assert_eq!(duration(us), shown);
        }
    }

    #[test]
    fn an_offset_carries_its_error_bar() {
        assert_eq!(offset(412.0, 21.0), "+0.41 s ±0.02");
        assert_eq!(offset(-1200.4, 2.0), "-1.200 s ±0.002");
        assert_eq!(offset(f64::NAN, 1.0), "unknown");
    }
}
