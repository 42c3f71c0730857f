//! Durations in the unit that a format writes. In: the bytes of one value; out: microseconds. It must not know which
//! field the value belongs to.

/// What a number counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, with or without decimals.
    #[default]
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// The value names its unit: `0.123s`, `2ms`, `1m2.5s` (Google, Go programs).
    Text,
}

impl Unit {
    /// The unit of a word in a format file.
    pub fn parse(word: &str) -> Option<Unit> {
        Some(match word {
            "s" => Unit::Seconds,
            "ms" => Unit::Millis,
            "us" => Unit::Micros,
            "ns" => Unit::Nanos,
            "text" => Unit::Text,
            _ => return None,
        })
    }

    /// True when values of this unit say more than those of the other, which may have decimals but need not.
    pub fn is_finer_than(self, other: Unit) -> bool {
        let size = |u| match u {
            Unit::Seconds | Unit::Text => 3,
            Unit::Millis => 2,
            Unit::Micros => 1,
            Unit::Nanos => 0,
        };
        size(self) < size(other)
    }

    /// The value in microseconds; `None` for anything but a number that is not negative (`-`, `-1`, nothing).
    #[inline]
    pub fn us(self, value: &[u8]) -> Option<i64> {
        match self {
            Unit::Seconds => decimal(value, 1_000_000),
            Unit::Millis => decimal(value, 1_000),
            Unit::Micros => decimal(value, 1),
            Unit::Nanos => decimal(value, 1).map(|ns| ns / 1_000),
            Unit::Text => named(value),
        }
    }
}

/// Decimal digits with at most one point, times so many microseconds. Digits beyond the sixth decimal are dropped.
#[inline]
fn decimal(value: &[u8], scale: i64) -> Option<i64> {
    let point = value.iter().position(|c| *c == b'.').unwrap_or(value.len());
    if point == 0 || point > 15 || value.len() > 40 {
        return None;
    }
    let digits = |b: &[u8]| b.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(*c - b'0')));
    let whole = digits(&value[..point])?.checked_mul(scale)?;
    let Some(fraction) = value.get(point + 1..) else { return Some(whole) };
    let kept = &fraction[..fraction.len().min(6)];
    fraction[kept.len()..].iter().all(u8::is_ascii_digit).then_some(())?;
    let parts = digits(kept)? * 10i64.pow(6 - kept.len() as u32);
    whole.checked_add(parts * scale / 1_000_000)
}

/// One or more numbers, each with its unit behind it.
fn named(value: &[u8]) -> Option<i64> {
    let (mut rest, mut sum) = (value, 0i64);
    while !rest.is_empty() {
        let n = rest.iter().take_while(|c| c.is_ascii_digit() || **c == b'.').count();
        let letters = rest[n..].iter().take_while(|c| !c.is_ascii_digit()).count();
        let number = &rest[..n];
        let us = match &rest[n..n + letters] {
            b"ns" => Unit::Nanos.us(number)?,
            b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => decimal(number, 1)?,
            b"ms" => decimal(number, 1_000)?,
            b"s" => decimal(number, 1_000_000)?,
            b"m" => decimal(number, 60_000_000)?,
            b"h" => decimal(number, 3_600_000_000)?,
            _ => return None,
        };
        sum = sum.checked_add(us)?;
        rest = &rest[n + letters..];
    }
    (!value.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_unit_reads_its_numbers() {
        assert_eq!(Unit::Seconds.us(b"1.002"), Some(1_002_000));
        assert_eq!(Unit::Millis.us(b"86"), Some(86_000));
        assert_eq!(Unit::Millis.us(b"0.25"), Some(250));
        assert_eq!(Unit::Micros.us(b"999547"), Some(999_547));
        assert_eq!(Unit::Nanos.us(b"2000999"), Some(2_000));
        assert_eq!(Unit::Text.us(b"0.001204s"), Some(1_204));
        assert_eq!(Unit::Text.us(b"1m2.5s"), Some(62_500_000));
        assert_eq!(Unit::Text.us("17\u{b5}s".as_bytes()), Some(17));
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for unit in [Unit::Seconds, Unit::Millis, Unit::Text] {
            for value in ["-1", "-", "", ".5", "x", "1..2", "1.2.3", "99999999999999999999"] {
                assert_eq!(unit.us(value.as_bytes()), None, "{unit:?} {value}");
            }
        }
        assert_eq!(Unit::Text.us(b"12"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(b in prop::collection::vec(any::<u8>(), 0..50), digits in "[0-9.]{0,50}[a-z]{0,2}") {
            for unit in [Unit::Seconds, Unit::Millis, Unit::Micros, Unit::Nanos, Unit::Text] {
                let _ = (unit.us(&b), unit.us(digits.as_bytes()));
            }
        }
    }
}
