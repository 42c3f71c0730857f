//! What is not to be told. In: `[[alerts.silence]]` and a moment of the wall clock; out: whether a thing is silenced.
//! A silence ends by itself; what is still going on then is told.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Deserialize as Derive, Serialize, Serializer};

use crate::model::stamp::{MINUTE, Stamp};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// One silence: everything that is written in it must fit.
#[derive(Clone, Debug, Default, Derive, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// Service, with `*` and `?`.
    #[serde(deserialize_with = "pattern", skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Headline cause id, with `*` and `?`.
    #[serde(deserialize_with = "pattern", skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Host of the failed requests, with `*` and `?`.
    #[serde(deserialize_with = "pattern", skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Begins at this moment (RFC 3339).
    #[serde(deserialize_with = "moment", serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub from: Option<Stamp>,
    /// Ends at this moment (RFC 3339).
    #[serde(deserialize_with = "moment", serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub until: Option<Stamp>,
    /// Each day between two times, UTC: `02:00-04:00`; over midnight when the second is the earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<Daily>,
    /// Why, for those who read the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Silence {
    /// True when a thing of that service and cause, whose failed requests went to these hosts, is not to be told at
    /// that moment. A silence by host holds only where every host is known to fit.
    pub fn covers(&self, service: &str, cause: &str, hosts: &[&str], wall: Stamp) -> bool {
        let fits = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|p| matches(p, text));
        let host = self.host.is_none() || (!hosts.is_empty() && hosts.iter().all(|h| fits(&self.host, h)));
        fits(&self.service, service)
            && fits(&self.cause, cause)
            && host
            && self.from.is_none_or(|t| wall >= t)
            && self.until.is_none_or(|t| wall < t)
            && self.daily.is_none_or(|d| d.holds(wall))
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let loose = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::default() };
    glob::Pattern::new(pattern).is_ok_and(|p| p.matches_with(text, loose))
}

/// Two times of day, in minutes since midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    from: i64,
    until: i64,
}

impl Daily {
    fn parse(words: &str) -> Option<Daily> {
        let (from, until) = words.split_once('-')?;
        let minutes = |time: &str| {
            let (h, m) = time.trim().split_once(':')?;
            let (h, m): (i64, i64) = (h.parse().ok()?, m.parse().ok()?);
            ((0..24).contains(&h) && (0..60).contains(&m) || (h, m) == (24, 0)).then_some(h * 60 + m)
        };
        Some(Daily { from: minutes(from)?, until: minutes(until)? }).filter(|d| d.from != d.until)
    }

    fn holds(self, wall: Stamp) -> bool {
        let now = wall.0.div_euclid(MINUTE).rem_euclid(DAY);
        if self.from < self.until {
            (self.from..self.until).contains(&now)
        } else {
            now >= self.from || now < self.until
        }
    }
}

impl<'de> Deserialize<'de> for Daily {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Daily, D::Error> {
        let words = String::deserialize(d)?;
        Daily::parse(&words).ok_or_else(|| {
            D::Error::custom(format!("\"{words}\" is no span of a day: write two times, UTC, such as 02:00-04:00"))
        })
    }
}

impl Serialize for Daily {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let time = |m: i64| format!("{:02}:{:02}", m / 60, m % 60);
        s.serialize_str(&format!("{}-{}", time(self.from), time(self.until)))
    }
}

fn pattern<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let words = String::deserialize(d)?;
    match glob::Pattern::new(&words) {
        Ok(_) => Ok(Some(words)),
        Err(e) => Err(D::Error::custom(format!("\"{words}\" is no pattern: {}", e.msg))),
    }
}

fn moment<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Stamp>, D::Error> {
    let words = toml::Value::deserialize(d)?;
    let words = words.as_str().map_or_else(|| words.to_string(), str::to_string);
    match chrono::DateTime::parse_from_rfc3339(&words) {
        Ok(t) => Ok(Some(Stamp(t.timestamp_micros()))),
        Err(_) => Err(D::Error::custom(format!(
            "\"{words}\" is no moment: write date, time and zone, such as 2026-11-20T18:00:00+01:00"
        ))),
    }
}

fn shown<S: Serializer>(t: &Option<Stamp>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&t.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(words: &str) -> Stamp {
        Stamp(chrono::DateTime::parse_from_rfc3339(words).unwrap().timestamp_micros())
    }

    fn silence(toml: &str) -> Silence {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn everything_that_is_written_must_fit() {
        let s = silence(
            "service = 'shop*'\ncause = 'timeout.*'\nfrom = '2026-11-20T10:00:00Z'\nuntil = 2026-11-20T12:00:00Z",
        );
        let eleven = at("2026-11-20T11:00:00Z");
        assert!(s.covers("Shop-eu", "timeout.first_byte", &[], eleven));
        assert!(!s.covers("api", "timeout.first_byte", &[], eleven));
        assert!(!s.covers("shop", "connect.refused", &[], eleven));
        assert!(!s.covers("shop", "timeout.x", &[], at("2026-11-20T12:00:00Z")));
        assert!(!s.covers("shop", "timeout.x", &[], at("2026-11-20T09:59:59Z")));
    }

    #[test]
    fn a_silence_by_host_needs_every_host_to_fit() {
        let s = silence("host = '*.test.example'");
        let now = Stamp(0);
        assert!(s.covers("x", "y", &["a.test.example", "b.test.example"], now));
        assert!(!s.covers("x", "y", &["a.test.example", "shop.example"], now));
        assert!(!s.covers("x", "y", &[], now), "not known is not fitting");
    }

    #[test]
    fn a_daily_silence_may_go_over_midnight() {
        let night = silence("daily = '22:30-04:00'");
        for (time, held) in
            [("22:29:59", false), ("22:30:00", true), ("00:00:00", true), ("03:59:59", true), ("04:00:00", false)]
        {
            assert_eq!(night.covers("", "", &[], at(&format!("2026-11-20T{time}Z"))), held, "{time}");
        }
        for wrong in ["2-4", "25:00-04:00", "02:00", "02:00-02:00", "a:b-c:d"] {
            assert!(toml::from_str::<Silence>(&format!("daily = '{wrong}'")).is_err(), "{wrong}");
        }
    }
}
