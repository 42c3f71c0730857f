//! How moments are shown. In: a `Stamp` and the zone that the reader thinks in; out: short words such as
//! `Tue 10 Nov 03:04`. The offset is shown once per screen, so no word here carries it except [`Zone::offset_word`].
//! It must not know what the moment belongs to.

use chrono::{FixedOffset, Local, NaiveDateTime, Offset, TimeZone};

use crate::error::{Error, Kind, Result};
use crate::model::Stamp;
use crate::model::stamp::{SECOND, civil};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

/// The zone that times are shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// A fixed offset.
    Fixed(FixedOffset),
    /// A named zone with its summer time.
    Named(chrono_tz::Tz),
    /// The zone of this machine.
    Local,
}

/// A moment taken apart in a zone.
struct Parts {
    days: i64,
    second: i64,
}

impl Zone {
    /// Reads `UTC`, `local`, `+02:00`, `-0530`, `+2` or a name such as `Europe/Berlin` (case does not matter).
    /// An unknown one is a usage error that names similar zones.
    pub fn parse(word: &str) -> Result<Zone> {
        let word = word.trim();
        if word.eq_ignore_ascii_case("utc") || word.eq_ignore_ascii_case("z") {
            return Ok(Zone::Utc);
        }
        if word.eq_ignore_ascii_case("local") {
            return Ok(Zone::Local);
        }
        if word.starts_with(['+', '-']) {
            return fixed(word).map(Zone::Fixed).ok_or_else(|| unknown(word));
        }
        let named = chrono_tz::TZ_VARIANTS.iter().find(|z| z.name().eq_ignore_ascii_case(word));
        named.map(|z| Zone::Named(*z)).ok_or_else(|| unknown(word))
    }

    /// Seconds east of UTC at that moment.
    pub fn offset(self, at: Stamp) -> i64 {
        let utc = |at: Stamp| -> Option<NaiveDateTime> {
            chrono::DateTime::from_timestamp(at.seconds(), 0).map(|t| t.naive_utc())
        };
        let seconds = match self {
            Zone::Utc => 0,
            Zone::Fixed(offset) => offset.local_minus_utc(),
            Zone::Named(zone) => utc(at).map_or(0, |t| zone.offset_from_utc_datetime(&t).fix().local_minus_utc()),
            Zone::Local => utc(at).map_or(0, |t| Local.offset_from_utc_datetime(&t).fix().local_minus_utc()),
        };
        i64::from(seconds)
    }

    fn parts(self, at: Stamp) -> Parts {
        let local = at.seconds() + self.offset(at);
        Parts { days: local.div_euclid(DAY), second: local.rem_euclid(DAY) }
    }

    /// `UTC`, or the offset at that moment: `+01:00`.
    pub fn offset_word(self, at: Stamp) -> String {
        if self == Zone::Utc {
            return "UTC".to_string();
        }
        let offset = self.offset(at);
        let sign = if offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", offset.abs() / 3600, offset.abs() / 60 % 60)
    }

    /// The offset of a span: `+02:00`, or `+02:00/+01:00` when the clocks were changed within it.
    pub fn offset_of_span(self, from: Stamp, to: Stamp) -> String {
        let (first, last) = (self.offset_word(from), self.offset_word(to));
        if first == last { first } else { format!("{first}/{last}") }
    }

    /// `Tue 10 Nov 2026`.
    pub fn day_and_year(self, at: Stamp) -> String {
        if !at.is_known() {
            return "-".to_string();
        }
        format!("{} {}", self.weekday_and_day(at), self.year(at))
    }

    /// `Tue 10 Nov`.
    pub fn weekday_and_day(self, at: Stamp) -> String {
        format!("{} {}", self.weekday(at), self.day(at))
    }

    /// `10 Nov`.
    pub fn day(self, at: Stamp) -> String {
        if !at.is_known() {
            return "-".to_string();
        }
        let (_, month, day) = civil(self.parts(at).days);
        format!("{day} {}", MONTHS.get(month as usize - 1).unwrap_or(&"?"))
    }

    /// `2026`.
    pub fn year(self, at: Stamp) -> i64 {
        civil(self.parts(at).days).0
    }

    /// `Tue`.
    pub fn weekday(self, at: Stamp) -> &'static str {
        if !at.is_known() {
            return "-";
        }
        // 1970-01-01 was a Thursday.
        WEEKDAYS[(self.parts(at).days + 3).rem_euclid(7) as usize]
    }

    /// `03:04`.
    pub fn minute(self, at: Stamp) -> String {
        if !at.is_known() {
            return "-".to_string();
        }
        let s = self.parts(at).second;
        format!("{:02}:{:02}", s / 3600, s / 60 % 60)
    }

    /// `03:04:12`.
    pub fn second(self, at: Stamp) -> String {
        if !at.is_known() {
            return "-".to_string();
        }
        format!("{}:{:02}", self.minute(at), self.parts(at).second % 60)
    }

    /// True when both are on the same day of this zone.
    pub fn same_day(self, a: Stamp, b: Stamp) -> bool {
        a.is_known() && b.is_known() && self.parts(a).days == self.parts(b).days
    }

    /// A span with year and offset, each once: `Tue 10 Nov 2026 03:04:12 - 03:22:40 +01:00`. Seconds only within a day.
    pub fn span(self, from: Stamp, to: Stamp) -> String {
        if !from.is_known() || !to.is_known() {
            return "at an unknown time".to_string();
        }
        let offset = self.offset_of_span(from, to);
        let brief = to.since(from).is_some_and(|us| us < 6 * 3600 * SECOND);
        let clock = |at| if brief { self.second(at) } else { self.minute(at) };
        let start = format!("{} {}", self.day_and_year(from), clock(from));
        if clock(from) == clock(to) && self.same_day(from, to) {
            return format!("{start} {offset}");
        }
        let end = if self.same_day(from, to) {
            clock(to)
        } else if self.year(from) == self.year(to) {
            format!("{} {}", self.weekday_and_day(to), clock(to))
        } else {
            format!("{} {}", self.day_and_year(to), clock(to))
        };
        format!("{start} - {end} {offset}")
    }
}

/// `+02:00`, `+0200`, `+02`, `+2`; less than a day.
fn fixed(word: &str) -> Option<FixedOffset> {
    let digits: String = word[1..].chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = if digits.len() > 2 { digits.split_at(digits.len() - 2) } else { (&digits[..], "0") };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    FixedOffset::east_opt(if word.starts_with('-') { -seconds } else { seconds })
}

fn unknown(word: &str) -> Error {
    let error = Error::new(Kind::Usage, format!("\"{word}\" is not a time zone"));
    let lower = word.to_ascii_lowercase();
    let near: Vec<&str> = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|z| z.name())
        .filter(|n| lower.len() > 2 && n.to_ascii_lowercase().contains(&lower))
        .take(3)
        .collect();
    if near.is_empty() {
        error.hint("write UTC, local, an offset such as +02:00, or a name such as Europe/Berlin")
    } else {
        error.hint(format!("did you mean {}?", near.join(" or ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-10 02:04:12 UTC.
    const NIGHT: Stamp = Stamp(1_794_276_252_000_000);

    fn zone(word: &str) -> Zone {
        Zone::parse(word).expect("a zone")
    }

    #[test]
    fn the_same_moment_is_shown_in_each_zone() {
        let table = [
            ("UTC", "Tue 10 Nov", "02:04:12", "UTC"),
            ("z", "Tue 10 Nov", "02:04:12", "UTC"),
            ("+01:00", "Tue 10 Nov", "03:04:12", "+01:00"),
            ("-0530", "Mon 9 Nov", "20:34:12", "-05:30"),
            ("+2", "Tue 10 Nov", "04:04:12", "+02:00"),
            ("europe/berlin", "Tue 10 Nov", "03:04:12", "+01:00"),
            ("Asia/Kathmandu", "Tue 10 Nov", "07:49:12", "+05:45"),
        ];
        for (word, day, second, offset) in table {
            let z = zone(word);
            assert_eq!(
                (z.weekday_and_day(NIGHT).as_str(), z.second(NIGHT).as_str(), z.offset_word(NIGHT).as_str()),
                (day, second, offset),
                "{word}"
            );
        }
        assert_eq!(Zone::parse("local").ok(), Some(Zone::Local));
    }

    #[test]
    fn a_word_that_is_no_zone_is_refused_with_a_hint() {
        for word in ["", "+", "+25:00", "+1:2:3:4:5", "+é", "Mars/Olympus", "-99999"] {
            assert!(Zone::parse(word).is_err(), "{word}");
        }
        let error = Zone::parse("berlin").expect_err("not a whole name");
        assert_eq!(error.hints, ["did you mean Europe/Berlin?"]);
    }

    #[test]
    fn a_span_shows_year_and_offset_once() {
        let z = zone("Europe/Berlin");
        let minutes = |n: i64| NIGHT + n * 60 * SECOND;
        assert_eq!(z.span(NIGHT, minutes(18)), "Tue 10 Nov 2026 03:04:12 - 03:22:12 +01:00");
        assert_eq!(z.span(NIGHT, NIGHT), "Tue 10 Nov 2026 03:04:12 +01:00");
        assert_eq!(z.span(NIGHT, minutes(6 * 1440)), "Tue 10 Nov 2026 03:04 - Mon 16 Nov 03:04 +01:00");
        assert_eq!(z.span(minutes(-30 * 1440), NIGHT), "Sun 11 Oct 2026 04:04 - Tue 10 Nov 03:04 +02:00/+01:00");
        assert_eq!(z.span(NIGHT, minutes(60 * 1440)), "Tue 10 Nov 2026 03:04 - Sat 9 Jan 2027 03:04 +01:00");
        assert_eq!(z.span(Stamp::NONE, NIGHT), "at an unknown time");
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for at in [Stamp(i64::MIN), Stamp(i64::MIN + 1), Stamp(-1), Stamp(0), Stamp(i64::MAX)] {
            for word in ["UTC", "local", "Europe/Berlin", "-23:59"] {
                let _ = (zone(word).span(at, Stamp(i64::MAX)), zone(word).second(at), zone(word).year(at));
            }
        }
        assert_eq!(Zone::Utc.day_and_year(Stamp(0)), "Thu 1 Jan 1970");
    }
}
