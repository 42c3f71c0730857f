//! Timestamps of text logs. In: the bytes of one stamp; out: microseconds since 1970 UTC and, where the stamp says
//! it, the zone. Fixed offsets read by hand, because a calendar library takes twenty times as long as the rest of the
//! line. It must not know which field a stamp came from.

use crate::model::Stamp;
use crate::model::stamp::{SECOND, days};

/// A moment and the zone that it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoned {
    /// The moment, UTC; local time read as if it were UTC when there is no zone.
    pub stamp: Stamp,
    /// Seconds east of UTC; `None` when the stamp does not say.
    pub zone_s: Option<i32>,
}

/// `$time_local` (nginx, Apache `%t`): `20/Nov/2026:17:48:34 +0530`.
pub fn time_local(b: &[u8]) -> Option<Zoned> {
    let b: &[u8; 26] = b.try_into().ok()?;
    if b[2] != b'/' || b[6] != b'/' || b[11] != b':' || b[20] != b' ' {
        return None;
    }
    let date = days(number(&b[7..11])?, month(&b[3..6])?, day(&b[..2])?);
    let zone = sign(b[21])? * offset(&b[22..24], &b[24..26])?;
    Some(zoned(date, clock(&b[12..20])?, 0, Some(zone)))
}

/// ISO 8601: `2026-11-20T17:48:34[.fraction][+00:00|+0000|Z]`; a blank instead of the `T` is accepted.
pub fn iso8601(b: &[u8]) -> Option<Zoned> {
    if b.len() < 19 || b[4] != b'-' || b[7] != b'-' || !matches!(b[10], b'T' | b't' | b' ') {
        return None;
    }
    let m = number(&b[5..7])?;
    if !(1..=12).contains(&m) {
        return None;
    }
    let date = days(number(&b[..4])?, m as u32, day(&b[8..10])?);
    let seconds = clock(&b[11..19])?;
    let mut rest = &b[19..];
    let mut micros = 0;
    if let Some((b'.' | b',', digits)) = rest.split_first() {
        let n = digits.iter().take_while(|c| c.is_ascii_digit()).count();
        micros = fraction(&digits[..n])?;
        rest = &digits[n..];
    }
    let zone = match rest {
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [s, h @ .., m1, m2] if matches!(h, [_, _] | [_, _, b':']) => Some(sign(*s)? * offset(&h[..2], &[*m1, *m2])?),
        [s, h1, h2] => Some(sign(*s)? * offset(&[*h1, *h2], b"00")?),
        _ => return None,
    };
    Some(zoned(date, seconds, micros, zone))
}

/// Seconds since 1970 with any number of decimals (nginx `$msec`: `1795196914.073`).
pub fn epoch(b: &[u8]) -> Option<Stamp> {
    seconds_us(b).map(Stamp)
}

/// nginx error log: `2026/11/20 17:48:34`, local time.
pub fn nginx_error(b: &[u8]) -> Option<Stamp> {
    let b: &[u8; 19] = b.try_into().ok()?;
    if b[4] != b'/' || b[7] != b'/' || b[10] != b' ' {
        return None;
    }
    let m = number(&b[5..7])?;
    if !(1..=12).contains(&m) {
        return None;
    }
    let date = days(number(&b[..4])?, m as u32, day(&b[8..10])?);
    Some(zoned(date, clock(&b[11..])?, 0, None).stamp)
}

/// Decimal seconds in microseconds: `1.002` is 1 002 000. Digits beyond the sixth decimal are dropped.
pub fn seconds_us(b: &[u8]) -> Option<i64> {
    let point = b.iter().position(|c| *c == b'.').unwrap_or(b.len());
    if point == 0 || point > 12 {
        return None;
    }
    let whole = number(&b[..point])?;
    let micros = match b.get(point + 1..) {
        None => 0,
        Some(digits) => fraction(digits)?,
    };
    Some(whole * SECOND + micros)
}

pub(super) fn zoned(date: i64, seconds: i64, micros: i64, zone_s: Option<i32>) -> Zoned {
    let local = date * 86_400 + seconds;
    Zoned { stamp: Stamp((local - i64::from(zone_s.unwrap_or(0))) * SECOND + micros), zone_s }
}

/// A short run of digits, at most 18 long.
#[inline]
pub(super) fn number(b: &[u8]) -> Option<i64> {
    if b.is_empty() || b.len() > 18 {
        return None;
    }
    let mut n = 0i64;
    for c in b {
        let d = c.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        n = n * 10 + i64::from(d);
    }
    Some(n)
}

pub(super) fn fraction(digits: &[u8]) -> Option<i64> {
    let mut micros = 0;
    for i in 0..6 {
        let d = digits.get(i).map_or(0, |c| c.wrapping_sub(b'0'));
        if d > 9 {
            return None;
        }
        micros = micros * 10 + i64::from(d);
    }
    digits.get(6..).is_none_or(|more| more.iter().all(u8::is_ascii_digit)).then_some(micros)
}

#[inline]
pub(super) fn day(b: &[u8]) -> Option<u32> {
    let n = number(b)?;
    (1..=31).contains(&n).then_some(n as u32)
}

/// `17:48:34` in seconds; a leap second reads as :59.
#[inline]
pub(super) fn clock(b: &[u8]) -> Option<i64> {
    if b.len() != 8 || b[2] != b':' || b[5] != b':' {
        return None;
    }
    let (h, m, s) = (number(&b[..2])?, number(&b[3..5])?, number(&b[6..])?);
    (h < 24 && m < 60 && s <= 60).then_some(h * 3600 + m * 60 + s.min(59))
}

pub(super) fn sign(b: u8) -> Option<i32> {
    match b {
        b'+' => Some(1),
        b'-' => Some(-1),
        _ => None,
    }
}

pub(super) fn offset(hours: &[u8], minutes: &[u8]) -> Option<i32> {
    let (h, m) = (number(hours)?, number(minutes)?);
    (h <= 15 && m < 60).then_some((h * 3600 + m * 60) as i32)
}

/// Month names are English whatever the locale (nginx, Apache, HAProxy).
pub(super) fn month(b: &[u8]) -> Option<u32> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    NAMES.iter().position(|n| n.as_slice() == b).map(|i| i as u32 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOMENT: i64 = 1_795_196_914 * SECOND;

    #[test]
    fn every_form_of_one_moment_reads_alike() {
        let at = |zone_s, micros| Some(Zoned { stamp: Stamp(MOMENT + micros), zone_s });
        assert_eq!(time_local(b"20/Nov/2026:17:48:34 +0000"), at(Some(0), 0));
        assert_eq!(time_local(b"20/Nov/2026:23:18:34 +0530"), at(Some(19_800), 0));
        assert_eq!(time_local(b"20/Nov/2026:14:18:34 -0330"), at(Some(-12_600), 0));
        assert_eq!(iso8601(b"2026-11-20T17:48:34+00:00"), at(Some(0), 0));
        assert_eq!(iso8601(b"2026-11-20T18:48:34.073+0100"), at(Some(3600), 73_000));
        assert_eq!(iso8601(b"2026-11-20T12:48:34-05"), at(Some(-18_000), 0));
        assert_eq!(iso8601(b"2026-11-20T17:48:34.123456789Z"), at(Some(0), 123_456));
        assert_eq!(iso8601(b"2026-11-20 17:48:34"), at(None, 0));
        assert_eq!(epoch(b"1795196914.073"), Some(Stamp(MOMENT + 73_000)));
        assert_eq!(epoch(b"1795196914"), Some(Stamp(MOMENT)));
        assert_eq!(epoch(b"1795196914.000001"), Some(Stamp(MOMENT + 1)));
        assert_eq!(nginx_error(b"2026/11/20 17:48:34"), Some(Stamp(MOMENT)));
        assert_eq!(nginx_error(b"2026/11/20 17:48:60"), Some(Stamp(MOMENT + 25 * SECOND)));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for b in ["20/Nov/2026:17:48:34", "20/Foo/2026:17:48:34 +0000", "00/Nov/2026:17:48:34 +0000", ""] {
            assert_eq!(time_local(b.as_bytes()), None, "{b}");
        }
        for b in ["2026-13-20T17:48:34Z", "2026-11-20T25:48:34Z", "2026-11-20T17:48:34.x", "2026-11-20T17:48:34+0"] {
            assert_eq!(iso8601(b.as_bytes()), None, "{b}");
        }
        for b in ["", ".5", "-", "1.2x", "9999999999999999999", "1,5"] {
            assert_eq!(seconds_us(b.as_bytes()), None, "{b}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(b in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (time_local(&b), iso8601(&b), epoch(&b), nginx_error(&b));
        }

        #[test]
        fn nearly_a_stamp_is_no_panic_either(b in "[0-9:/TZ+ .-]{17,30}") {
            let b = b.as_bytes();
            let _ = (time_local(b), iso8601(b), epoch(b), nginx_error(b));
        }

        #[test]
        fn a_printed_stamp_reads_back(us in 0i64..4_000_000_000_000_000) {
            prop_assert_eq!(iso8601(Stamp(us).rfc3339().as_bytes()).map(|z| z.stamp), Some(Stamp(us)));
        }
    }
}
