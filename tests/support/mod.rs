//! Runs of the whole pipeline over small recorded logs, and what is compared of them.

#![allow(dead_code)] // every test crate uses a part

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use guru::classify::Rules;
use guru::grammar::Library;
use guru::model::{Stamp, Tier, stamp::MINUTE};
use guru::pipeline::{Analysis, Forced, History, Job, run};
use guru::source::Found;
use guru::view;
use serde_json::Value;

pub static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

/// The cause rules with the verdict words of the formats, as the command has them.
pub static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::embedded().with_words(&LIBRARY.words()).expect("shipped words are right"));

/// A file below `tests/data`, unpacked if it is packed.
pub fn data(name: &str) -> Vec<u8> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect(name)
}

/// A file, or the same with `.zst` at its end, unpacked; `None` when there is neither.
pub fn read(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok().or_else(|| {
        let packed = fs::read(format!("{}.zst", path.display())).ok()?;
        Some(zstd::decode_all(&packed[..]).expect("the archive is whole"))
    })
}

/// A folder of logs that lives as long as this.
pub struct Folder {
    dir: tempfile::TempDir,
    files: Vec<Found>,
}

impl Folder {
    pub fn new() -> Folder {
        Folder { dir: tempfile::tempdir().unwrap(), files: Vec::new() }
    }

    /// A folder with the logs of one Varnish and its two origins, origins' error logs included.
    pub fn recorded(topic: &str, grouping: &str, origin: &str) -> Folder {
        let mut folder = Folder::new();
        folder.add("varnish.log", Some(Tier::Cache), &data(&format!("{topic}/varnish-{grouping}.log")));
        folder.add_origins(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(topic), origin);
        folder
    }

    /// Adds the origins' logs of a recording: `rich`, `combined` or `none`.
    pub fn add_origins(&mut self, from: &Path, origin: &str) {
        let access = match origin {
            "rich" => "-access.log",
            "combined" => "-access-combined.log",
            _ => return,
        };
        for name in ["nginx", "nginx2"] {
            for kind in [access, "-error.log"] {
                let file = format!("{name}{kind}");
                let bytes = read(&from.join(&file)).filter(|b| !b.is_empty());
                bytes.into_iter().for_each(|b| self.add(&file, Some(Tier::Origin), &b));
            }
        }
    }

    pub fn add(&mut self, name: &str, role: Option<Tier>, bytes: &[u8]) {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        let mut found = Found::file(path);
        found.role = role;
        self.files.push(found);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn files(&self) -> Vec<Found> {
        self.files.clone()
    }

    /// Runs the pipeline over all files.
    pub fn run(&self) -> Analysis {
        Ask::default().run(self.files())
    }
}

/// How to run; by default as the command does.
pub struct Ask {
    pub chunk: usize,
    pub jobs: usize,
    /// A format for all files.
    pub format: Option<String>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { chunk: 4 << 20, jobs: 2, format: None }
    }
}

impl Ask {
    pub fn run(&self, files: Vec<Found>) -> Analysis {
        self.with_job(files, run)
    }

    /// Calls `act` with the job.
    pub fn with_job<T>(&self, files: Vec<Found>, act: impl FnOnce(&Job<'_>) -> T) -> T {
        act(&Job {
            files,
            formats: self.format.iter().map(|name| Forced { name: name.clone(), paths: None }).collect(),
            known: &LIBRARY,
            rules: &RULES,
            since: Stamp::NONE,
            until: Stamp::NONE,
            gap_us: 5 * MINUTE,
            jobs: self.jobs,
            chunk: self.chunk,
            log_zones: Vec::new(),
            offsets: Vec::new(),
            progress: None,
            history: &|_| History::default(),
        })
    }
}

/// The report as JSON.
pub fn report(analysis: &Analysis) -> Value {
    let mut value: Value = serde_json::from_str(&view::json(&analysis.report)).expect("a report is JSON");
    value["took_ms"] = 0.into();
    value
}

/// The failed fetches as the command writes them, by identity and vxid.
pub fn failed_fetches(analysis: &Analysis) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for f in &analysis.failures {
        let line = view::failed_fetch(f, analysis.evidence.get(&f.id), None);
        let value: Value = serde_json::from_str(&line).expect("a failed fetch is JSON");
        let before = found.insert(format!("{}/{}", f.vxid, value["id"]), value);
        assert!(before.is_none(), "two failed fetches have one identity: {line}");
    }
    found
}

/// Where two JSON values differ: the path, and what stands there.
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ("", one, other, &mut found);
    found
}

fn differ(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().for_each(|(key, value)| differ(&format!("{path}.{key}"), value, &b[key], found));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(n, (a, b))| differ(&format!("{path}[{n}]"), a, b, found));
        }
        _ if one == other => {}
        _ => found.push(format!("{path}: {one} and {other}")),
    }
}
