//! Lengths of time as people write them. In: `90s`, `5m`, `4h`, `1d`, `500ms`; out: microseconds, and the same words
//! again. It must not know what they are for.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// Units, longest first: word, microseconds.
const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000)];

/// A length of time, in microseconds; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// So many seconds.
    pub const fn seconds(n: i64) -> Span {
        Span(n * 1_000_000)
    }

    /// The length that the words stand for: numbers with units (`1h30m`).
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(words: &str) -> Result<Span, String> {
        let wrong = || format!("\"{words}\" is no length of time: write a number with its unit, such as 90s, 5m or 4h");
        let mut rest = words.trim();
        let mut sum: i64 = 0;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = rest[digits..].trim_start();
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = UNITS.iter().find(|u| u.0 == &rest[..letters]).ok_or_else(wrong)?.1;
            sum = number.checked_mul(unit).and_then(|n| sum.checked_add(n)).ok_or_else(wrong)?;
            rest = rest[letters..].trim_start();
        }
        Ok(Span(sum))
    }

    /// The same for the standard library.
    pub fn duration(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        if rest < 1000 {
            return f.write_str("0s");
        }
        for (word, unit) in UNITS {
            if rest >= unit {
                write!(f, "{}{word}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time in quotes, such as \"90s\", \"5m\" or \"4h\"")
            }
            fn visit_str<E: Error>(self, words: &str) -> Result<Span, E> {
                Span::parse(words).map_err(E::custom)
            }
        }
        d.deserialize_str(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_alike() {
        for (words, us) in [("90s", 90_000_000), ("1h30m", 5_400_000_000), ("500ms", 500_000), ("2 d", 172_800_000_000)]
        {
            assert_eq!(Span::parse(words), Ok(Span(us)));
            assert_eq!(Span::parse(&Span(us).to_string()), Ok(Span(us)));
        }
        assert_eq!(Span::seconds(90).to_string(), "1m30s");
        assert_eq!(Span::parse("0s").unwrap().to_string(), "0s");
        for words in ["", "5", "m", "-5m", "5 parsecs", "99999999999999d", "1h-2m", "5µs"] {
            assert!(Span::parse(words).unwrap_err().contains("90s"), "{words}");
        }
    }
}
