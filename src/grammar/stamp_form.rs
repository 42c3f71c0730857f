//! Stamps in any form, told apart by their shape. In: the bytes of one stamp; out: the moment, and its zone where the
//! stamp says one. It must not know which field a stamp came from.

use super::time::{Zoned, clock, day, epoch, fraction, iso8601, month, nginx_error, number, offset, sign, zoned};
use chrono::{Offset, TimeZone};

use crate::model::Stamp;
use crate::model::stamp::{SECOND, civil, days};

/// A moment in any form that is known by its shape: ISO 8601, CLF with or without brackets, fraction and zone, whole
/// numbers of seconds to nanoseconds since 1970, decimal seconds, and the stamps of error logs (nginx, Apache httpd 2.4,
/// PHP, Traffic Server).
pub fn moment(b: &[u8]) -> Option<Zoned> {
    let b = b.strip_prefix(b"[").unwrap_or(b);
    let b = b.strip_suffix(b"]").unwrap_or(b);
    if let Some(b) = b.strip_suffix(b" UTC").or(b.strip_suffix(b" GMT")) {
        return moment(b).map(|z| Zoned { zone_s: Some(0), ..z });
    }
    let utc = |stamp| Zoned { stamp, zone_s: Some(0) };
    match b {
        [_, _, _, _, b'-', ..] => iso8601(b),
        [_, _, b'/', ..] => clf(b),
        [_, _, _, _, b'/', ..] => nginx_error(b).map(|stamp| Zoned { stamp, zone_s: None }),
        [_, _, b'-', ..] => php(b),
        [b'A'..=b'Z', _, _, b' ', b'A'..=b'Z', ..] => apache_error(b),
        [b'A'..=b'Z', _, _, b' ', ..] => syslog(b),
        [_, _, _, _, _, _, _, _, b'.', _, _, b'h', ..] => traffic_server(b),
        _ if b.contains(&b'.') => epoch_of_size(b).map(utc),
        _ => whole(b).map(utc),
    }
}

/// A date and a time of day in two fields, UTC (W3C extended logs).
pub fn date_and_time(date: &[u8], time: &[u8]) -> Option<Zoned> {
    let mut joined = [0u8; 32];
    let len = date.len() + 1 + time.len();
    if date.len() != 10 || len > joined.len() {
        return None;
    }
    joined[..10].copy_from_slice(date);
    joined[10] = b'T';
    joined[11..len].copy_from_slice(time);
    iso8601(&joined[..len]).map(|z| Zoned { zone_s: Some(z.zone_s.unwrap_or(0)), ..z })
}

/// A whole number since 1970, its unit by its size: 10 digits are seconds, 13 milliseconds, 16 microseconds, 19
/// nanoseconds.
fn whole(b: &[u8]) -> Option<Stamp> {
    let n = if b.len() == 19 { number(&b[..18])? } else { number(b)? };
    Some(Stamp(match b.len() {
        9..=10 => n * SECOND,
        12..=13 => n * 1_000,
        15..=16 => n,
        18 => n / 1_000,
        19 => n / 100,
        _ => return None,
    }))
}

/// Decimal seconds or, by their size, milliseconds.
fn epoch_of_size(b: &[u8]) -> Option<Stamp> {
    match b.iter().position(|c| *c == b'.')? {
        13 => whole(&b[..13]),
        _ => epoch(b),
    }
}

/// `20/Nov/2026:17:54:20[.117][ +0000]`: HAProxy writes milliseconds and no zone.
fn clf(b: &[u8]) -> Option<Zoned> {
    if b.len() < 20 || b[6] != b'/' || !matches!(b[11], b':' | b' ') {
        return None;
    }
    let date = days(number(&b[7..11])?, month(&b[3..6])?, day(&b[..2])?);
    let seconds = clock(&b[12..20])?;
    let (micros, rest) = split_fraction(&b[20..])?;
    let zone = match rest {
        [] => None,
        [b' ', s, zone @ ..] if zone.len() == 4 => Some(sign(*s)? * offset(&zone[..2], &zone[2..])?),
        _ => return None,
    };
    Some(zoned(date, seconds, micros, zone))
}

/// A fraction of a second at the start, when there is one, and what follows it.
fn split_fraction(b: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', digits)) = b.split_first() else { return Some((0, b)) };
    let n = digits.iter().take_while(|c| c.is_ascii_digit()).count();
    Some((fraction(&digits[..n])?, &digits[n..]))
}

/// `20-Nov-2026 17:53:19[.usec][ UTC]` (php-fpm, PHP); named zones are looked up.
fn php(b: &[u8]) -> Option<Zoned> {
    if b.len() < 20 || b[6] != b'-' || b[11] != b' ' {
        return None;
    }
    let date = days(number(&b[7..11])?, month(&b[3..6])?, day(&b[..2])?);
    let seconds = clock(&b[12..20])?;
    let (micros, rest) = split_fraction(&b[20..])?;
    let local = zoned(date, seconds, micros, None);
    match rest {
        [] => Some(local),
        [b' ', name @ ..] => Some(named_zone(name, local)),
        _ => None,
    }
}

/// A local stamp in the zone of that name (`Europe/Berlin`); as it is where the name is none.
fn named_zone(name: &[u8], local: Zoned) -> Zoned {
    let zone = std::str::from_utf8(name).ok().and_then(|n| n.parse::<chrono_tz::Tz>().ok());
    let at = chrono::DateTime::from_timestamp_micros(local.stamp.0).map(|at| at.naive_utc());
    let offset = zone.zip(at).and_then(|(zone, at)| zone.offset_from_local_datetime(&at).earliest());
    let Some(east_s) = offset.map(|o| o.fix().local_minus_utc()) else { return local };
    Zoned { stamp: local.stamp - i64::from(east_s) * SECOND, zone_s: Some(east_s) }
}

/// `Fri Nov 20 17:53:25.242886 2026` (Apache httpd 2.4; 2.2 without the fraction).
fn apache_error(b: &[u8]) -> Option<Zoned> {
    if b.len() < 24 || b[7] != b' ' || b[10] != b' ' {
        return None;
    }
    let day_of = b[8..10].strip_prefix(b" ").unwrap_or(&b[8..10]);
    let seconds = clock(&b[11..19])?;
    let (micros, rest) = split_fraction(&b[19..])?;
    let date = days(number(rest.strip_prefix(b" ")?)?, month(&b[4..7])?, day(day_of)?);
    Some(zoned(date, seconds, micros, None))
}

/// `Nov 20 17:58:24[.123456]` (RFC 3164): no year, so the leap year 1972 until [`with_year`] is asked.
fn syslog(b: &[u8]) -> Option<Zoned> {
    if b.len() < 15 || b[6] != b' ' {
        return None;
    }
    let day_of = b[4..6].strip_prefix(b" ").unwrap_or(&b[4..6]);
    let (micros, rest) = split_fraction(&b[15..])?;
    let date = days(NO_YEAR, month(&b[..3])?, day(day_of)?);
    rest.is_empty().then_some(zoned(date, clock(&b[7..15])?, micros, None))
}

/// The year of a stamp that has none.
const NO_YEAR: i64 = 1972;

/// A stamp without a year in the last year that puts it no later than a day after `latest`; any other stamp as it is.
pub fn with_year(stamp: Stamp, latest: Stamp) -> Stamp {
    let (from, to) = (days(NO_YEAR, 1, 1) * 86_400, days(NO_YEAR + 1, 1, 1) * 86_400);
    if !latest.is_known() || !(from..to).contains(&stamp.seconds()) {
        return stamp;
    }
    let (_, month, day) = civil(stamp.seconds().div_euclid(86_400));
    let within_day = stamp.0.rem_euclid(86_400 * SECOND);
    let (mut year, ..) = civil(latest.seconds().div_euclid(86_400));
    year += 1;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let at = Stamp(days(year, month, day) * 86_400 * SECOND + within_day);
        if at <= latest + 86_400 * SECOND && (leap || (month, day) != (2, 29)) || year <= 1970 {
            return at;
        }
        year -= 1;
    }
}

/// `20261120.17h58m27s` (Apache Traffic Server 9.2).
fn traffic_server(b: &[u8]) -> Option<Zoned> {
    let [_, _, _, _, _, _, _, _, b'.', h1, h2, b'h', m1, m2, b'm', s1, s2, b's'] = b else { return None };
    let month = number(&b[4..6]).filter(|m| (1..=12).contains(m))?;
    let date = days(number(&b[..4])?, month as u32, day(&b[6..8])?);
    Some(zoned(date, clock(&[*h1, *h2, b':', *m1, *m2, b':', *s1, *s2])?, 0, None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOMENT: i64 = 1_795_196_914 * SECOND;

    #[test]
    fn every_form_is_known_by_its_shape() {
        let utc = |micros| Some(Zoned { stamp: Stamp(MOMENT + micros), zone_s: Some(0) });
        let local = |micros| Some(Zoned { stamp: Stamp(MOMENT + micros), zone_s: None });
        for (text, expected) in [
            ("2026-11-20T17:48:34Z", utc(0)),
            ("2026-11-20T17:48:34+0000", utc(0)),
            ("2026-11-20T17:48:34.1042507Z", utc(104_250)),
            ("[20/Nov/2026:17:48:34 +0000]", utc(0)),
            ("2026-11-20 17:48:34 UTC", utc(0)),
            ("20/Nov/2026:17:48:34.117", local(117_000)),
            ("2026/11/20 17:48:34", local(0)),
            ("20-Nov-2026 17:48:34", local(0)),
            ("20-Nov-2026 17:48:34 UTC", utc(0)),
            ("20-Nov-2026 18:48:34 Europe/Berlin", Some(Zoned { stamp: Stamp(MOMENT), zone_s: Some(3600) })),
            ("20/Nov/2026 17:48:34.117 +0000", utc(117_000)),
            ("Fri Nov 20 17:48:34.242886 2026", local(242_886)),
            ("Fri Nov 20 17:48:34 2026", local(0)),
            ("20261120.17h48m34s", local(0)),
            ("1795196914", utc(0)),
            ("1795196914073", utc(73_000)),
            ("1795196914073001", utc(73_001)),
            ("1795196914073001999", utc(73_001)),
            ("1795196914.073", utc(73_000)),
        ] {
            assert_eq!(super::moment(text.as_bytes()), expected, "{text}");
        }
        for text in ["", "12", "-", "20/Nov/2026", "Fri Nov 20", "20261120.17h", "2026-11-20"] {
            assert_eq!(super::moment(text.as_bytes()), None, "{text}");
        }
        assert_eq!(date_and_time(b"2026-11-20", b"17:48:34"), utc(0));
        assert_eq!(date_and_time(b"2026-11-20", b"17:48"), None);
    }

    #[test]
    fn a_stamp_without_a_year_is_of_the_last_one_that_can_be() {
        let latest = Stamp(MOMENT);
        for (text, expected) in [
            ("Nov 20 17:48:34", "2026-11-20T17:48:34.000000Z"),
            ("Nov 21 17:48:34", "2026-11-21T17:48:34.000000Z"),
            ("Nov 22 17:48:34", "2025-11-22T17:48:34.000000Z"),
            ("Jan  3 00:00:01.5", "2026-01-03T00:00:01.500000Z"),
            ("Feb 29 00:00:00", "2024-02-29T00:00:00.000000Z"),
        ] {
            let stamp = super::moment(text.as_bytes()).unwrap().stamp;
            assert_eq!(with_year(stamp, latest).rfc3339(), expected, "{text}");
        }
        assert_eq!(with_year(Stamp(MOMENT), Stamp(0)), Stamp(MOMENT));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(b in prop::collection::vec(any::<u8>(), 0..40), near in "[0-9:/TZ+ .a-zA-Z-]{0,30}") {
            let _ = (super::moment(&b), super::moment(near.as_bytes()), date_and_time(&b, &b));
        }
    }
}
