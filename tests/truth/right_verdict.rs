//! The right verdict of a failed fetch, from what truly happened at the origin, in the order of the design. In: a
//! recording; out: a verdict for each fetch, or why the truth leaves it open. It must not know what guru says.

use std::collections::{BTreeMap, BTreeSet};

use guru::model::Verdict;
use serde_json::Value;

use crate::recording::Recording;

/// An origin that was done this near to the moment when the cache gave up may have been either side of it; seconds.
const AT_ONCE: f64 = 0.02;
/// Healthy fetches this near say whether the origin's log covers a backend; seconds …
const AROUND: f64 = 300.0;
/// … if there are so many at least …
const AT_LEAST: usize = 5;
/// … and such a share of them is in it.
const SHARE: f64 = 0.95;

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Is(Verdict),
    /// The truth does not determine it.
    Open(&'static str),
}

/// What a recording says of all its fetches.
pub struct Course {
    /// Start of each healthy fetch, and whether the origin logged it, by backend.
    healthy: BTreeMap<String, Vec<(f64, bool)>>,
    /// Paths of which the origin's log has a line.
    logged: BTreeSet<String>,
}

impl Course {
    pub fn of(recording: &Recording) -> Course {
        let mut course = Course { healthy: BTreeMap::new(), logged: BTreeSet::new() };
        for t in recording.truth.values() {
            let logged = t["origin_logged"] == true;
            if logged {
                course.logged.extend(t["url"].as_str().map(str::to_string));
            }
            if let (Some(backend), false) = (t["backend"].as_str(), t["failed"] == true) {
                let start = t["start"].as_f64().expect("a start");
                course.healthy.entry(backend.to_string()).or_default().push((start, logged));
            }
        }
        course
    }

    /// The right verdict.
    pub fn verdict(&self, t: &Value) -> Right {
        if t["origin_saw"] == false && !hung_up(t) {
            return Right::Is(Verdict::NotSent);
        }
        answer(t).map(Right::Is).unwrap_or_else(|| match t["origin_rows"].as_array().and_then(|rows| rows.last()) {
            Some(row) => by_line(t, row),
            None => self.without_line(t),
        })
    }

    fn without_line(&self, t: &Value) -> Right {
        if !self.covers(t) {
            return Right::Is(Verdict::NoOriginLog);
        }
        match t["url"].as_str().is_some_and(|url| self.logged.contains(url)) {
            true => Right::Open("lines of other fetches look like its own"),
            false => Right::Is(Verdict::NeverArrived),
        }
    }

    fn covers(&self, t: &Value) -> bool {
        let (backend, start) = (t["backend"].as_str().unwrap_or_default(), t["start"].as_f64().expect("a start"));
        let all = self.healthy.get(backend).map(Vec::as_slice).unwrap_or_default();
        let near = || all.iter().filter(|(at, _)| (at - start).abs() <= AROUND);
        let found = near().filter(|(_, logged)| *logged).count();
        near().count() >= AT_LEAST && found as f64 >= SHARE * near().count() as f64
    }
}

/// True when a connection ended before an answer was complete. On a kept connection the request may have been sent to
/// nobody.
fn hung_up(t: &Value) -> bool {
    let mut errors = t["fetch_errors"].as_array().expect("errors").iter().filter_map(Value::as_str);
    errors.any(|e| e.starts_with("HTC eof"))
}

/// What an answer decides, whether or not its line is found.
fn answer(t: &Value) -> Option<Verdict> {
    let errors = t["fetch_errors"].as_array().expect("errors");
    // What cannot be read as headers gets a 503 from the cache itself, which is logged like an answer's.
    let unread = errors.iter().any(|e| e == "http format error");
    let status = t["origin_status"].as_u64().filter(|_| !unread);
    let cause = t["cause"].as_str().expect("a cause");
    let unreadable = (cause.starts_with("oversized.") || cause.starts_with("protocol.")) && !hung_up(t);
    match status {
        Some(500..) => Some(Verdict::OriginFailed),
        Some(403) if cause == "firewall" => Some(Verdict::OriginFailed),
        Some(_) => Some(Verdict::AnswerRefused),
        None => unreadable.then_some(Verdict::AnswerRefused),
    }
}

fn by_line(t: &Value, row: &Value) -> Right {
    let late = row["end"].as_f64().expect("an end") - t["end"].as_f64().expect("an end");
    let gave_up = t["cause"].as_str().is_some_and(|c| c.starts_with("timeout."));
    match row["status"].as_u64() {
        Some(499) => Right::Is(Verdict::OriginAborted),
        _ if gave_up && late > AT_ONCE => Right::Is(Verdict::LateAnswer),
        _ if gave_up && late > -AT_ONCE => Right::Open("the origin was done when the cache gave up"),
        _ => Right::Is(Verdict::OriginFailed),
    }
}
