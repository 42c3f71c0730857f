//! Moments as people type them. In: `2h ago`, `2026-11-20 17:49`, `20/Nov/2026:17:49:06 +0100`, `@1795196946`; out: a
//! `Stamp`. It must not know what the moment is for.

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::error::{Error, Kind, Result};
use crate::model::Stamp;
use crate::model::stamp::SECOND;

/// Reads a moment. Without a zone it is local time; `now` is what `ago` counts from.
pub fn parse(text: &str, now: Stamp) -> Result<Stamp> {
    let t = text.trim();
    ago(t, now).or_else(|| epoch(t)).or_else(|| zoned(t)).or_else(|| local(t)).or_else(|| day_word(t, now)).ok_or_else(
        || {
            Error::new(Kind::Usage, format!("\"{text}\" is not a moment that guru understands"))
                .hint("write \"2h ago\", \"2026-11-20 17:49\", \"20/Nov/2026:17:49:06 +0100\" or \"@1795196946\"")
        },
    )
}

/// A duration such as `90s`, `5m`, `2h`, `7d`, `1m30s`, in microseconds.
pub fn duration(text: &str) -> Result<i64> {
    duration_us(text.trim())
        .ok_or_else(|| Error::new(Kind::Usage, format!("\"{text}\" is not a duration")).hint("write 90s, 5m, 2h or 7d"))
}

/// The sum of parts with a unit each.
fn duration_us(text: &str) -> Option<i64> {
    let (mut sum, mut rest) = (0_i64, text.trim());
    while !rest.is_empty() || sum == 0 {
        let unit = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let end = rest[unit..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |n| unit + n);
        sum = sum.checked_add(part_us(&rest[..end])?)?;
        rest = rest[end..].trim_start();
        if rest.is_empty() {
            return Some(sum);
        }
    }
    Some(sum)
}

fn part_us(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "ms" => 0.001,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    };
    let us = number.parse::<f64>().ok()? * seconds * SECOND as f64;
    (us.is_finite() && us < 1e18).then_some(us as i64)
}

fn ago(text: &str, now: Stamp) -> Option<Stamp> {
    let length = text.strip_suffix("ago").map(str::trim).or_else(|| text.strip_prefix('-'))?;
    duration_us(length).map(|us| now - us)
}

fn epoch(text: &str) -> Option<Stamp> {
    let n: f64 = text.strip_prefix('@')?.parse().ok()?;
    (n.abs() < 1e11).then_some(Stamp((n * SECOND as f64) as i64))
}

fn zoned(text: &str) -> Option<Stamp> {
    let with = |format| DateTime::parse_from_str(text, format).ok();
    let t = DateTime::parse_from_rfc3339(text).ok();
    t.or_else(|| with("%Y-%m-%d %H:%M:%S%.f %z"))
        .or_else(|| with("%d/%b/%Y:%H:%M:%S %z"))
        .map(|t| Stamp(t.timestamp_micros()))
}

fn local(text: &str) -> Option<Stamp> {
    let formats =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d/%b/%Y:%H:%M:%S"];
    let time = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    let time = time.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.and_time(NaiveTime::MIN)))?;
    let there = Local.from_local_datetime(&time);
    there.earliest().or(there.latest()).map(|t| Stamp(t.timestamp_micros()))
}

/// `today`, `yesterday`: local midnight.
fn day_word(text: &str, now: Stamp) -> Option<Stamp> {
    let back = match text {
        "today" => 0,
        "yesterday" => 1,
        "now" => return Some(now),
        _ => return None,
    };
    let day = DateTime::from_timestamp_micros(now.0)?.with_timezone(&Local).date_naive() - chrono::Days::new(back);
    local(&day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Stamp = Stamp(1_795_196_946_000_000);

    #[test]
    fn every_documented_form_is_understood() {
        let at = |text: &str| parse(text, NOW).map(|s| s.0).unwrap_or(-1);
        assert_eq!(at("2h ago"), NOW.0 - 7_200 * SECOND);
        assert_eq!(at("90 min ago"), NOW.0 - 5_400 * SECOND);
        assert_eq!(at("@1795196946"), NOW.0);
        assert_eq!(at("2026-11-20T17:49:06Z"), NOW.0);
        assert_eq!(at("2026-11-20T18:49:06+01:00"), NOW.0);
        assert_eq!(at("20/Nov/2026:18:49:06 +0100"), NOW.0);
        assert!(at("2026-11-20 17:49") > 0 && at("2026-11-20") > 0 && at("yesterday") < at("today"));
    }

    #[test]
    fn nonsense_is_refused_with_a_hint() {
        let e = parse("soonish", NOW).unwrap_err();
        assert!(e.to_string().contains("2h ago"), "{e}");
        assert!(duration("5 parsecs").is_err());
        assert_eq!(duration("5m").unwrap(), 300 * SECOND);
        assert_eq!(duration("1m30s").unwrap(), 90 * SECOND);
        assert_eq!(duration("1 h 30 min").unwrap(), 5_400 * SECOND);
        assert!(duration("1m30").is_err() && duration("").is_err() && duration("s").is_err());
    }
}
