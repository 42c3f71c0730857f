//! The rules of scoring. Only failed and confirmed fetches count; a line of the fetch's own rows is right, any other is
//! wrong; a cause is right if it is the true one, or one that the logs cannot tell from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use guru::model::{Failure, Tier};
use guru::pipeline::Analysis;
use serde_json::Value;

use crate::support;

/// Counts of one or more recordings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Failed fetches whose cause is scored, and how many causes are right.
    pub causes: u64,
    pub right_causes: u64,
    /// Of the right ones, those that are the true cause and not one that the logs cannot tell from it.
    pub exact_causes: u64,
    /// Lines that belong to the fetch, that do not, and fetches whose line was not named.
    pub right_links: u64,
    pub wrong_links: u64,
    pub missed_links: u64,
    /// Good fetches that were called failed, and failed ones that were not.
    pub false_alarms: u64,
    pub missed: u64,
}

/// What must be reached.
#[derive(Clone, Copy)]
pub struct Floors {
    pub cause: f64,
    pub worst_cause: f64,
    pub exact: f64,
    pub precision: f64,
    pub recall: f64,
}

pub const RICH: Floors = Floors { cause: 0.997, worst_cause: 0.98, exact: 0.99, precision: 0.999, recall: 0.998 };
pub const COMBINED: Floors = Floors { cause: 0.997, worst_cause: 0.98, exact: 0.99, precision: 0.995, recall: 0.994 };
/// Nobody but the cache tells of anything.
pub const NONE: Floors = Floors { cause: 0.99, worst_cause: 0.0, exact: 0.0, precision: 0.0, recall: 0.0 };
/// The origin keeps no error log.
pub const SILENT: Floors = Floors { cause: 0.9, worst_cause: 0.0, exact: 0.0, precision: 0.999, recall: 0.998 };

impl Floors {
    /// The same for the slices, which hold more than their share of what cannot be told without an error log.
    pub fn of_slices(self) -> Floors {
        Floors { cause: self.cause.min(0.997) - 0.02, exact: (self.exact - 0.04).max(0.0), ..self }
    }
}

impl Score {
    pub fn add(&mut self, other: &Score) {
        self.causes += other.causes;
        self.right_causes += other.right_causes;
        self.exact_causes += other.exact_causes;
        self.right_links += other.right_links;
        self.wrong_links += other.wrong_links;
        self.missed_links += other.missed_links;
        self.false_alarms += other.false_alarms;
        self.missed += other.missed;
    }

    /// Share of right causes.
    pub fn cause(&self) -> f64 {
        share(self.right_causes, self.causes)
    }

    pub fn assert_floors(&self, floors: Floors) {
        assert!(self.cause() >= floors.cause, "causes: {self}");
        assert!(share(self.exact_causes, self.causes) >= floors.exact, "exact causes: {self}");
        assert!(share(self.right_links, self.right_links + self.wrong_links) >= floors.precision, "precision: {self}");
        assert!(share(self.right_links, self.right_links + self.missed_links) >= floors.recall, "recall: {self}");
        assert!(self.false_alarms == 0 && self.missed == 0, "alarms: {self}");
    }
}

/// A share; 1 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:5} failed  cause {:.3}  exact {:.3}  precision {:.3}  recall {:.3}  {} false alarms  {} missed",
            self.causes,
            self.cause(),
            share(self.exact_causes, self.causes),
            share(self.right_links, self.right_links + self.wrong_links),
            share(self.right_links, self.right_links + self.missed_links),
            self.false_alarms,
            self.missed
        )
    }
}

/// The truth of a recording: its fetches by vxid.
pub fn truth(folder: &Path) -> BTreeMap<u64, Value> {
    let bytes = support::read(&folder.join("truth.json")).expect("the recording has a truth");
    let mut all: Value = serde_json::from_slice(&bytes).expect("the truth is JSON");
    let fetches = all["fetches"].take();
    let each = fetches.as_array().expect("fetches").iter();
    each.map(|f| (f["bereq_vxid"].as_u64().expect("a vxid"), f.clone())).collect()
}

/// The causes of a recording's outages, by their number.
pub fn outages(folder: &Path) -> BTreeMap<i64, String> {
    let bytes = support::read(&folder.join("truth.json")).expect("the recording has a truth");
    let all: Value = serde_json::from_slice(&bytes).expect("the truth is JSON");
    let each = all["incidents"].as_array().into_iter().flatten();
    each.filter_map(|i| Some((i["id"].as_i64()?, i["cause"].as_str()?.to_string()))).collect()
}

/// The failed fetches of the cache by vxid, as guru found them.
pub fn found(analysis: &Analysis) -> BTreeMap<u64, &Failure> {
    let mut found = BTreeMap::new();
    for f in analysis.failures.iter().filter(|f| f.tier == Tier::Cache && f.vxid > 0) {
        found.entry(f.vxid).or_insert(f);
    }
    found
}

/// Scores a run.
pub fn score(truth: &BTreeMap<u64, Value>, analysis: &Analysis, varnish_only: bool) -> Score {
    let mut s = Score::default();
    let found = found(analysis);
    let good: BTreeSet<u64> = truth.iter().filter(|(_, t)| t["failed"] == false).map(|(v, _)| *v).collect();
    s.false_alarms = found.keys().filter(|v| good.contains(v)).count() as u64;
    for (vxid, t) in truth.iter().filter(|(_, t)| t["failed"] == true && t["confirmed"] == true) {
        let fetch = found.get(vxid).copied();
        s.missed += u64::from(fetch.is_none());
        score_link(&mut s, t, fetch, analysis);
        s.causes += 1;
        let right = fetch.is_some_and(|f| right_cause(t, f.ruling.cause.id(), varnish_only));
        s.right_causes += u64::from(right);
        s.exact_causes += u64::from(fetch.is_some_and(|f| is_exact(t, f.ruling.cause.id())));
        if !right {
            println!("  {vxid}: {} taken for {}", t["cause"], fetch.map_or("nothing", |f| f.ruling.cause.id()));
        }
    }
    s
}

fn score_link(s: &mut Score, t: &Value, fetch: Option<&Failure>, analysis: &Analysis) {
    let line = fetch.and_then(|f| line_of(analysis, f));
    let rows = t["origin_rows"].as_array().expect("rows");
    let right = line.is_some_and(|(name, line)| owns(t, name, line));
    s.right_links += u64::from(right);
    s.wrong_links += u64::from(line.is_some() && !right);
    s.missed_links += u64::from(!rows.is_empty() && !right);
}

/// The origin's line that guru found for a failed fetch: its file's name and its number.
pub fn line_of<'a>(analysis: &'a Analysis, failure: &Failure) -> Option<(&'a str, u64)> {
    let quote = analysis.evidence.get(&failure.id)?.origin.as_ref()?;
    Some((quote.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".zst"), quote.line))
}

/// Whether a line is one of a fetch's own.
pub fn owns(t: &Value, name: &str, number: u64) -> bool {
    let is = |r: &Value, file: &str, line: &str| r[file] == name && r[line] == number;
    let mut rows = t["origin_rows"].as_array().expect("rows").iter();
    rows.any(|r| is(r, "file", "line") || is(r, "file_combined", "line_combined"))
}

/// Whether it is the true cause; a reset and a close look alike where the log says so.
fn is_exact(t: &Value, cause: &str) -> bool {
    let alike = |c: &str| matches!(c, "connection.reset" | "connection.closed");
    let also = || t["also"].as_array().is_some_and(|a| a.iter().any(|c| c == cause));
    t["cause"] == cause || (alike(cause) && t["cause"].as_str().is_some_and(alike) && also())
}

/// Whether a cause is right for a fetch.
pub fn right_cause(t: &Value, cause: &str, varnish_only: bool) -> bool {
    // Without the origin's logs nothing more can be known of a 5xx that was passed on.
    let passed_on = t["origin_status"].as_u64() >= Some(500) && t["fetch_errors"].as_array().is_none_or(Vec::is_empty);
    t["cause"] == cause
        || t["also"].as_array().is_some_and(|a| a.iter().any(|c| c == cause))
        || (varnish_only && cause == "origin.status" && passed_on)
}
