//! When a job of a crontab runs. In: five fields; out: the minutes of a span on which they fit, in local time. It must not
//! know what runs.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

/// A schedule: one bit per value of each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day fits when either field does, unless one of them is `*`.
    either: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads `*/15 2-4 1,15 * mon-fri`.
    pub fn parse(fields: &[&str]) -> Option<Schedule> {
        let [minute, hour, day, month, weekday] = fields else { return None };
        let weekdays = field(weekday, 0, 7, &WEEKDAYS, 0)?;
        Some(Schedule {
            minutes: field(minute, 0, 59, &[], 0)?,
            hours: field(hour, 0, 23, &[], 0)?,
            days: field(day, 1, 31, &[], 0)?,
            months: field(month, 1, 12, &MONTHS, 1)?,
            // Sunday is 0 and 7.
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// Reads `@daily` and the like; `None` for `@reboot`, which has no time.
    pub fn named(word: &str) -> Option<Schedule> {
        let fields = match word {
            "@hourly" => ["0", "*", "*", "*", "*"],
            "@daily" | "@midnight" => ["0", "0", "*", "*", "*"],
            "@weekly" => ["0", "0", "*", "*", "0"],
            "@monthly" => ["0", "0", "1", "*", "*"],
            "@yearly" | "@annually" => ["0", "0", "1", "1", "*"],
            _ => return None,
        };
        Schedule::parse(&fields)
    }

    /// How often it runs on a day on which it runs.
    pub fn times_a_day(&self) -> u32 {
        self.minutes.count_ones() * self.hours.count_ones()
    }

    fn runs_on(&self, day: NaiveDate) -> bool {
        let in_month = self.days >> day.day() & 1 == 1;
        let in_week = self.weekdays >> day.weekday().num_days_from_sunday() & 1 == 1;
        let fits = if self.either { in_month || in_week } else { in_month && in_week };
        self.months >> day.month() & 1 == 1 && fits
    }

    /// The times from one day to another, both included.
    pub fn times(self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDateTime> {
        let days = std::iter::successors(Some(from), |d| d.checked_add_days(Days::new(1)));
        days.take_while(move |d| *d <= to).filter(move |d| self.runs_on(*d)).flat_map(move |day| {
            let hours = (0..24u32).filter(move |h| self.hours >> h & 1 == 1);
            hours.flat_map(move |h| {
                let minutes = (0..60u32).filter(move |m| self.minutes >> m & 1 == 1);
                minutes.filter_map(move |m| Some(day.and_time(NaiveTime::from_hms_opt(h, m, 0)?)))
            })
        })
    }
}

/// The values of one field as bits. `names` stand for numbers from `first` on.
fn field(text: &str, least: u32, most: u32, names: &[&str], first: u32) -> Option<u64> {
    let value = |word: &str| -> Option<u32> {
        let named = names.iter().position(|n| word.eq_ignore_ascii_case(n)).map(|n| n as u32 + first);
        named.or_else(|| word.parse().ok()).filter(|n| (least..=most).contains(n))
    };
    let mut bits = 0u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (least, most),
            (_, Some((from, to))) => (value(from)?, value(to)?),
            (one, None) => (value(one)?, if part.contains('/') { most } else { value(one)? }),
        };
        if from > to {
            return None;
        }
        (from..=to).step_by(step).for_each(|n| bits |= 1 << n);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str) -> Option<Vec<String>> {
        let fields: Vec<&str> = text.split(' ').collect();
        // A Friday to the Sunday after it.
        let day = |n| NaiveDate::from_ymd_opt(2026, 11, n).unwrap_or_default();
        let all = Schedule::parse(&fields)?.times(day(20), day(22));
        Some(all.map(|t| t.format("%d %H:%M").to_string()).collect())
    }

    #[test]
    fn schedules_are_those_of_cron() {
        let same = |text: &str, expected: &[&str]| {
            assert_eq!(times(text), Some(expected.iter().map(|t| t.to_string()).collect()), "{text}");
        };
        same("5 2 * * *", &["20 02:05", "21 02:05", "22 02:05"]);
        same("*/30 2 21 * *", &["21 02:00", "21 02:30"]);
        same("0 1-9/4 * nov fri", &["20 01:00", "20 05:00", "20 09:00"]);
        same("0 0 21 * 7", &["21 00:00", "22 00:00"]);
        same("0 0 */2 * sun", &[]);
        same("0 0 * 12 *", &[]);
        for wrong in ["60 * * * *", "* * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *", "* * 0 * *", "", "-1 * * * *"]
        {
            assert_eq!(times(wrong), None, "{wrong}");
        }
        assert_eq!(Schedule::named("@hourly").map(|s| s.times_a_day()), Some(24));
        assert_eq!(Schedule::named("@reboot"), None);
    }
}
