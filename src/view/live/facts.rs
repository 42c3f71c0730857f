//! The words that the screen and the plain lines share. In: a `Live`; out: rates, lags and short durations as people
//! read them. It must not know where they are shown.

use crate::model::live::{Gap, Live, LiveSource, Mood, Rates};
use crate::model::stamp::SECOND;

use super::super::words::{amount, count, duration, share};

/// From this on, a log without backlog is quiet rather than behind.
const QUIET_S: f64 = 10.0;

/// The state in capitals.
pub(super) fn state(mood: Mood) -> &'static str {
    match mood {
        Mood::Starting => "STARTING",
        Mood::Calm => "CALM",
        Mood::Warning => "WARNING",
        Mood::Recovering => "RECOVERING",
        Mood::Incident => "INCIDENT",
    }
}

/// `7.0/s`, `1,234/s`.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        r if !r.is_finite() || r < 0.0 => "?/s".to_string(),
        r if r > 0.0 && r < 0.005 => "under 0.01/s".to_string(),
        r if r > 0.0 && r < 0.095 => format!("{r:.2}/s"),
        r if r < 9.95 => format!("{r:.1}/s"),
        r => format!("{}/s", amount(r.round() as u64)),
    }
}

/// `12/min`; less than one is still told.
pub(super) fn per_minute(rate: f64) -> String {
    match rate {
        r if !r.is_finite() || r < 0.0 => "?/min".to_string(),
        r if r > 0.0 && r < 0.95 => format!("{r:.1}/min"),
        r => format!("{}/min", count(r.round() as u64)),
    }
}

/// The status that visitors get, or what they have in common: `503`, `5xx`.
pub(super) fn status(rates: &Rates) -> String {
    rates.status.map_or_else(|| "5xx".to_string(), |s| s.to_string())
}

/// `503 31 % (usual 0.02 %)`.
pub(super) fn failing(rates: &Rates) -> String {
    let usual = rates.usual_share.map_or_else(String::new, |u| format!(" (usual {})", share(u)));
    format!("{} {}{usual}", status(rates), share(rates.share))
}

/// Seconds as `0.4 s`, `1.1 s`, `38 s`, `18 min`.
pub(super) fn seconds(s: f64) -> String {
    match s {
        s if !s.is_finite() => "an unknown time".to_string(),
        s if s.abs() < 9.95 => format!("{:.1} s", s.max(0.0)),
        s => duration((s * SECOND as f64) as i64),
    }
}

/// Milliseconds as seconds, with the digits that matter: `14.9`, `0.31`.
#[cfg(feature = "tui")]
pub(super) fn ttfb(ms: f64) -> String {
    match ms / 1000.0 {
        s if !s.is_finite() => "?".to_string(),
        s if s < 0.995 => format!("{s:.2}"),
        s if s < 999.5 => format!("{s:.1}"),
        s => format!("{s:.0}"),
    }
}

/// `1.2 MB`.
pub(super) fn bytes(n: u64) -> String {
    match n {
        n if n < 1000 => format!("{n} B"),
        n if n < 1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        n if n < 1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        n => format!("{:.1} GB", n as f64 / 1e9),
    }
}

/// How far the reading is behind: `1.1 s behind`, `quiet for 4 min`, `nothing read yet`.
///
/// A log whose program has nothing to say is not behind; only one with bytes left to read is. So the worst of those
/// counts, and where none has any, the freshest line tells when the last thing happened.
pub(super) fn lag(live: &Live) -> String {
    let known = |s: &LiveSource| s.behind_s.filter(|b| b.is_finite());
    let worst = live.sources.iter().filter(|s| s.backlog > 0).filter_map(known).reduce(f64::max);
    let freshest = live.sources.iter().filter_map(known).reduce(f64::min);
    match (worst, freshest) {
        (Some(s), _) => format!("{} behind", seconds(s)),
        (None, Some(s)) if s < QUIET_S => format!("{} behind", seconds(s)),
        (None, Some(s)) => format!("quiet for {}", seconds(s)),
        (None, None) => "nothing read yet".to_string(),
    }
}

/// A gap in words: `varnish: was overrun: varnishlog could not keep up (1.2 MB lost)`.
pub(super) fn gap(gap: &Gap) -> String {
    let lost = gap.bytes.filter(|n| *n > 0).map_or_else(String::new, |n| format!(" ({} lost)", bytes(n)));
    format!("{}: {}{lost}", gap.path, gap.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(behind_s: Option<f64>, backlog: u64) -> LiveSource {
        LiveSource { behind_s, backlog, ..LiveSource::default() }
    }

    #[test]
    fn a_quiet_log_is_not_behind() {
        let told = |sources: Vec<LiveSource>| lag(&Live { sources, ..Live::default() });
        assert_eq!(told(vec![]), "nothing read yet");
        assert_eq!(told(vec![source(Some(1.13), 0), source(Some(86_400.0), 0)]), "1.1 s behind");
        assert_eq!(told(vec![source(Some(1.1), 0), source(Some(44.0), 900)]), "44 s behind");
        assert_eq!(told(vec![source(Some(240.0), 0), source(None, 5)]), "quiet for 4 min");
        assert_eq!(told(vec![source(Some(f64::NAN), 0)]), "nothing read yet");
    }

    #[test]
    fn rates_keep_the_digits_that_matter() {
        assert_eq!((per_second(7.0).as_str(), per_second(1234.4).as_str()), ("7.0/s", "1,234/s"));
        assert_eq!((per_second(0.03).as_str(), per_second(0.0).as_str()), ("0.03/s", "0.0/s"));
        assert_eq!((per_minute(0.2).as_str(), per_minute(12.3).as_str()), ("0.2/min", "12/min"));
        assert_eq!(per_second(f64::INFINITY), "?/s");
    }

    #[cfg(feature = "tui")]
    #[test]
    fn times_keep_three_digits() {
        assert_eq!((ttfb(14_912.0).as_str(), ttfb(310.0).as_str()), ("14.9", "0.31"));
    }

    #[test]
    fn visitors_are_told_with_what_is_usual() {
        let rates = Rates { share: 0.31, usual_share: Some(0.0002), status: Some(503), ..Rates::default() };
        assert_eq!(failing(&rates), "503 31 % (usual 0.02 %)");
        assert_eq!(failing(&Rates::default()), "5xx 0 %");
    }
}
