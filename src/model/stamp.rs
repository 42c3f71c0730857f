//! The one type for a moment. In: microseconds; out: arithmetic and RFC 3339 text. It knows no zones.

use std::fmt;
use std::ops::{Add, Sub};

/// A moment: microseconds since 1970-01-01 UTC. `Stamp::NONE` stands for "not known".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;

impl Stamp {
    /// "Not known". Sorts before every real moment.
    pub const NONE: Stamp = Stamp(i64::MIN);

    /// True unless this is [`Stamp::NONE`].
    pub fn is_known(self) -> bool {
        self != Stamp::NONE
    }

    /// The moment, or `other` when this one is not known.
    pub fn or(self, other: Stamp) -> Stamp {
        if self.is_known() { self } else { other }
    }

    /// Microseconds from `earlier` to this moment; `None` unless both are known.
    pub fn since(self, earlier: Stamp) -> Option<i64> {
        (self.is_known() && earlier.is_known()).then(|| self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// The start of the minute that holds this moment; unknown when that is.
    pub fn minute(self) -> Stamp {
        if self.is_known() { Stamp(self.0.div_euclid(MINUTE).saturating_mul(MINUTE)) } else { self }
    }

    /// RFC 3339 in UTC with microseconds, e.g. `2026-11-20T17:49:06.123456Z`; empty when not known.
    pub fn rfc3339(self) -> String {
        if self.is_known() { self.to_string() } else { String::new() }
    }
}

impl Default for Stamp {
    /// Not known.
    fn default() -> Self {
        Stamp::NONE
    }
}

impl Add<i64> for Stamp {
    type Output = Stamp;
    /// Adds microseconds; an unknown moment stays unknown.
    fn add(self, us: i64) -> Stamp {
        if self.is_known() { Stamp(self.0.saturating_add(us)) } else { self }
    }
}

impl Sub<i64> for Stamp {
    type Output = Stamp;
    /// Subtracts microseconds; an unknown moment stays unknown.
    fn sub(self, us: i64) -> Stamp {
        if self.is_known() { Stamp(self.0.saturating_sub(us)) } else { self }
    }
}

/// Days since 1970-01-01 to (year, month, day) in the proleptic Gregorian calendar.
pub fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// (year, month, day) to days since 1970-01-01; the inverse of [`civil`].
pub fn days(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return f.write_str("-");
        }
        let secs = self.seconds();
        let (y, mo, d) = civil(secs.div_euclid(86_400));
        let s = secs.rem_euclid(86_400);
        let us = self.0.rem_euclid(SECOND);
        write!(f, "{y:04}-{mo:02}-{d:02}T{:02}:{:02}:{:02}.{us:06}Z", s / 3600, s / 60 % 60, s % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_prints_as_rfc_3339() {
        assert_eq!(Stamp(1_795_196_946_123_456).to_string(), "2026-11-20T17:49:06.123456Z");
        assert_eq!(Stamp(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn calendar_functions_are_inverse_over_four_centuries() {
        for n in (-80_000..80_000).step_by(37) {
            let (y, m, d) = civil(n);
            assert_eq!(days(y, m, d), n);
        }
    }

    #[test]
    fn arithmetic_leaves_an_unknown_moment_unknown() {
        assert_eq!(Stamp::NONE + 5, Stamp::NONE);
        assert_eq!(Stamp::NONE.minute(), Stamp::NONE);
        assert_eq!(Stamp(7).since(Stamp::NONE), None);
        assert_eq!(Stamp(7).since(Stamp(2)), Some(5));
    }
}
