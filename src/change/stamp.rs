//! Times as records write them. In: text; out: moments, and what follows them. It must not know what happened then.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use super::How;
use crate::model::Stamp;
use crate::model::stamp::MINUTE;

/// So much may a clock be ahead before a stamp without a year is of the year before.
const AHEAD: i64 = 10 * MINUTE;

/// Splits after the first `n` words, which are parted by any blanks.
pub fn words(text: &str, n: usize) -> Option<(&str, &str)> {
    let mut at = 0;
    for _ in 0..n {
        at += text[at..].find(|c: char| !c.is_whitespace())?;
        at = text[at..].find(char::is_whitespace).map_or(text.len(), |len| at + len);
    }
    Some((text[..at].trim_start(), text[at..].trim_start()))
}

/// `2026-11-20T06:25:01`, with a blank for the T, with a fraction, with a zone or without, or a day alone (its midnight).
pub fn iso(text: &str, how: &How<'_>) -> Option<Stamp> {
    let text = text.trim();
    if let Ok(t) = DateTime::parse_from_rfc3339(text) {
        return Some(Stamp(t.timestamp_micros()));
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z"] {
        if let Ok(t) = DateTime::parse_from_str(text, format) {
            return Some(Stamp(t.timestamp_micros()));
        }
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let time = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.and_time(NaiveTime::MIN));
    (how.zone)(time.or_else(day)?)
}

/// An ISO time of one word, or of two or three where the zone stands apart, and the rest of the line.
pub fn leading_iso<'t>(line: &'t str, how: &How<'_>) -> Option<(Stamp, &'t str)> {
    [3, 2, 1].into_iter().find_map(|n| {
        let (time, rest) = words(line, n)?;
        Some((iso(&time.split_whitespace().collect::<Vec<_>>().join(" "), how)?, rest))
    })
}

/// `Nov 20 06:25:01` and the rest of the line: of the year that puts it nearest below now.
pub fn yearless<'t>(line: &'t str, how: &How<'_>) -> Option<(Stamp, &'t str)> {
    let (time, rest) = words(line, 3)?;
    let time = time.split_whitespace().collect::<Vec<_>>().join(" ");
    let year = DateTime::from_timestamp_micros(how.now.0)?.year();
    // The 29th of February comes every eight years at the latest.
    let of = |year: i32| NaiveDateTime::parse_from_str(&format!("{year} {time}"), "%Y %b %d %H:%M:%S").ok();
    let moments = (0..=8).filter_map(|back| (how.zone)(of(year + 1 - back)?));
    moments.into_iter().find(|t| *t <= how.now + AHEAD).map(|t| (t, rest))
}

/// A date as `git log` writes it, whatever `--date` says.
pub fn git(text: &str, how: &How<'_>) -> Option<Stamp> {
    let text = text.trim();
    for format in ["%a %b %d %H:%M:%S %Y %z", "%a, %d %b %Y %H:%M:%S %z"] {
        if let Ok(t) = DateTime::parse_from_str(text, format) {
            return Some(Stamp(t.timestamp_micros()));
        }
    }
    if let Ok(t) = NaiveDateTime::parse_from_str(text, "%a %b %d %H:%M:%S %Y") {
        return (how.zone)(t);
    }
    let seconds = text.split(' ').next()?.trim_start_matches('@');
    if seconds.len() >= 9 && seconds.bytes().all(|b| b.is_ascii_digit()) {
        return seconds.parse::<i64>().ok()?.checked_mul(1_000_000).map(Stamp);
    }
    iso(text, how)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, utc};
    use super::*;

    #[test]
    fn years_are_those_nearest_below_now() {
        let year = |line: &str| utc(|how| yearless(line, how).map(|(t, _)| t.rfc3339()[..4].to_string()));
        assert_eq!(year("Nov 20 11:59:59 x").as_deref(), Some("2026"));
        assert_eq!(year("Nov 20 12:05:00 x").as_deref(), Some("2026"), "a clock may be a little ahead");
        assert_eq!(year("Nov 21 00:00:00 x").as_deref(), Some("2025"));
        assert_eq!(year("Dec  1 00:00:00 x").as_deref(), Some("2025"));
        assert_eq!(year("Feb 29 00:00:00 x").as_deref(), Some("2024"));
        assert_eq!(year("Feb 30 00:00:00 x"), None);
    }

    #[test]
    fn every_written_form_is_one_moment() {
        for text in [
            "Fri Nov 20 13:00:00 2026 +0100",
            "Fri, 20 Nov 2026 13:00:00 +0100",
            "2026-11-20 13:00:00 +0100",
            "2026-11-20T13:00:00+01:00",
            "2026-11-20T12:00:00Z",
            "1795176000 +0100",
            "1795176000",
            "Fri Nov 20 12:00:00 2026",
        ] {
            assert_eq!(utc(|how| git(text, how)), Some(NOW), "{text}");
        }
        assert_eq!(utc(|how| git("2 days ago", how)), None);
    }
}
