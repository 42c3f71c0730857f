//! A recording with its truth, and runs of guru over it. In: a folder; out: an analysis with or without the origin's
//! logs. It must not know what is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guru::model::Tier;
use guru::pipeline::{Analysis, Job, run};
use serde_json::Value;

use crate::damage::Damage;
use crate::support::{self, Ask, Folder};
use crate::{SLICES, corpora, score, slices};

/// The log of the cache.
const CACHE: &str = "varnish-request.log";

/// A recording.
pub struct Recording {
    folder: PathBuf,
    /// Its fetches by vxid.
    pub truth: BTreeMap<u64, Value>,
    /// Access lines that are taken away, as (file, line).
    lost: BTreeSet<(String, u64)>,
    /// What happened to the rest of its access logs.
    pub damage: Damage,
    /// Causes of its outages.
    outages: BTreeMap<i64, String>,
}

/// The clock of the origins against that of the cache.
pub struct TrueClock {
    skew_s: f64,
    pub drift_ppm: f64,
    from_s: f64,
}

impl TrueClock {
    /// What the origins' clock showed more at that moment of the cache's, milliseconds.
    pub fn offset_ms(&self, moment_s: f64) -> f64 {
        self.skew_s * 1e3 + self.drift_ppm / 1e3 * (moment_s - self.from_s)
    }
}

impl Recording {
    fn of(folder: PathBuf) -> Recording {
        let truth = score::truth(&folder);
        let outages = score::outages(&folder);
        Recording { folder, truth, lost: BTreeSet::new(), damage: Damage::None, outages }
    }

    /// Those under `tests/data`.
    pub fn slices() -> Vec<Recording> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        SLICES.iter().map(|slice| Recording::of(data.join(slice))).collect()
    }

    /// The whole ones; `None`, told, when there are none.
    pub fn whole() -> Option<Vec<Recording>> {
        Some(corpora::recordings()?.into_iter().map(Recording::of).collect())
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What its servers were set to.
    pub fn scenario(&self) -> Value {
        let text = std::fs::read(self.folder.join("scenario.json")).expect("a recording tells its settings");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// How the clock of its origins went.
    pub fn clock(&self) -> TrueClock {
        let text = support::read(&self.folder.join("truth.json")).expect("the recording has a truth");
        let all: Value = serde_json::from_slice(&text).expect("the truth is JSON");
        let number = |name: &str| all["clock"][name].as_f64().expect("the truth tells of the clock");
        TrueClock {
            skew_s: number("origin_skew_s"),
            drift_ppm: number("origin_drift_ppm"),
            from_s: number("drift_from"),
        }
    }

    /// Failed fetches whose cause is known.
    pub fn failed(&self) -> impl Iterator<Item = (u64, &Value)> {
        let counts = |t: &Value| t["failed"] == true && t["confirmed"] == true;
        self.truth.iter().filter(move |(_, t)| counts(t)).map(|(vxid, t)| (*vxid, t))
    }

    /// The same as if the requests of failed fetches had been lost on their way: the origin logged none of them.
    pub fn with_failed_lost(mut self) -> Recording {
        for t in self.truth.values_mut().filter(|t| t["failed"] == true) {
            let rows = t["origin_rows"].take();
            for row in rows.as_array().expect("rows") {
                for (file, line) in [("file", "line"), ("file_combined", "line_combined")] {
                    let file = row[file].as_str().expect("a file");
                    self.lost.insert((file.to_string(), row[line].as_u64().expect("a line")));
                }
            }
            t["origin_rows"] = Value::Array(Vec::new());
            t["origin_logged"] = false.into();
        }
        self
    }

    /// The cause of one of its outages.
    pub fn incident_cause(&self, id: i64) -> &str {
        self.outages.get(&id).map_or("", String::as_str)
    }

    /// The same with another silence that ends an incident, microseconds.
    pub fn analysis_with_gap(&self, origin: &str, gap_us: i64) -> Analysis {
        let folder = self.folder_with(origin, true);
        Ask::default().with_job(folder.files(), |job| run(&Job { gap_us, ..job.clone() }))
    }

    /// Runs guru over it; `origin` is `rich`, `combined` or `none`.
    pub fn analysis(&self, origin: &str, with_errors: bool) -> Analysis {
        self.folder_with(origin, with_errors).run()
    }

    /// The same with every log of the origin changed before it is read.
    pub fn analysis_of(&self, origin: &str, change: &dyn Fn(&[u8]) -> Vec<u8>) -> Analysis {
        self.folder_changed(origin, true, change).run()
    }

    fn folder_with(&self, origin: &str, with_errors: bool) -> Folder {
        self.folder_changed(origin, with_errors, &|log| log.to_vec())
    }

    fn folder_changed(&self, origin: &str, with_errors: bool, change: &dyn Fn(&[u8]) -> Vec<u8>) -> Folder {
        let mut folder = Folder::new();
        folder.add(CACHE, Some(Tier::Cache), &self.bytes(CACHE));
        for name in origin_files(origin, with_errors) {
            let left = change(&self.left_of(&name, self.bytes(&name)));
            if !left.is_empty() {
                folder.add(&name, Some(Tier::Origin), &left);
            }
        }
        folder
    }

    /// The logs of the cache and of its origins, error logs included, by name; empty ones are left out.
    pub fn logs(&self, origin: &str) -> Vec<(String, Vec<u8>)> {
        let names = std::iter::once(CACHE.to_string()).chain(origin_files(origin, true));
        names.map(|name| (self.bytes(&name), name)).filter(|(b, _)| !b.is_empty()).map(|(b, name)| (name, b)).collect()
    }

    /// When the cache or an origin was at work, first and last moment, microseconds.
    pub fn spans(&self) -> Vec<(i64, i64)> {
        let log = self.bytes(CACHE);
        let mut all: Vec<(i64, i64)> = Recording::blocks(&log).filter_map(slices::block_span).collect();
        let us = |t: &Value, key: &str| t[key].as_f64().map(|s| (s * 1e6) as i64);
        for t in self.truth.values() {
            let rows = t["origin_rows"].as_array().into_iter().flatten();
            all.extend(rows.chain([t]).filter_map(|t| Some((us(t, "start")?, us(t, "end")?))));
        }
        all
    }

    /// The blocks of a grouped log, each with the empty line that ends it.
    pub fn blocks(log: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = log;
        std::iter::from_fn(move || {
            let end = rest.windows(2).position(|w| w == b"\n\n").map_or(rest.len(), |n| n + 2);
            let (block, left) = rest.split_at(end);
            rest = left;
            (!block.is_empty()).then_some(block)
        })
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        support::read(&self.folder.join(name)).unwrap_or_default()
    }

    /// A log without the lines that are lost, and damaged.
    fn left_of(&self, name: &str, log: Vec<u8>) -> Vec<u8> {
        let order = self.order_of(name, &log);
        let lines: Vec<&[u8]> = log.split_inclusive(|b| *b == b'\n').collect();
        order.iter().flat_map(|n| lines[*n as usize - 1].to_vec()).collect()
    }

    /// The numbers, counted from 1, that the lines guru reads had before anything happened to the log.
    pub fn order(&self, name: &str) -> Vec<u64> {
        self.order_of(name, &support::read(&self.folder.join(name)).unwrap_or_default())
    }

    fn order_of(&self, name: &str, log: &[u8]) -> Vec<u64> {
        let lost: BTreeSet<u64> = self.lost.iter().filter(|lost| lost.0 == name).map(|lost| lost.1).collect();
        let lines = (1..).zip(log.split_inclusive(|b| *b == b'\n')).filter(|(n, _)| !lost.contains(n));
        let damage = if name.contains("access") { self.damage } else { Damage::None };
        damage.order(lines.collect())
    }
}

fn origin_files(origin: &str, with_errors: bool) -> Vec<String> {
    let access = match origin {
        "rich" => "-access.log",
        "combined" => "-access-combined.log",
        _ => return Vec::new(),
    };
    let kinds = [Some(access), with_errors.then_some("-error.log")];
    let named = |server: &'static str| kinds.into_iter().flatten().map(move |kind| format!("{server}{kind}"));
    ["nginx", "nginx2"].into_iter().flat_map(named).collect()
}
