//! A running `guru tail` that talks to a machine, and what it said when.

#![allow(dead_code)] // every test crate uses a part

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::Process;

/// `guru` in a folder of its own, with nothing of the machine's but where programs are.
pub fn guru(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guru"));
    command.current_dir(folder).env_clear().env("TZ", "UTC").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"] {
        command.env(name, folder);
    }
    command
}

/// Something it said.
#[derive(Debug)]
pub struct Said {
    pub at: Instant,
    pub object: Value,
}

impl Said {
    /// A field as text; empty without it.
    pub fn word(&self, key: &str) -> &str {
        self.object[key].as_str().unwrap_or_default()
    }
}

/// True for lines that a test of hours may keep: all but the failures.
pub fn but_failures(line: &str) -> bool {
    !is(line, "failure")
}

fn is(line: &str, kind: &str) -> bool {
    line.contains(&format!("\"type\":\"{kind}\""))
}

/// A running `guru tail`.
pub struct Tail {
    pub process: Process,
}

impl Tail {
    /// Follows these sources, in this folder and into its `history.db`.
    pub fn start(folder: &Path, args: &[&str]) -> Tail {
        Tail::hearing(folder, args, |_| true)
    }

    /// The same; keeps those of its lines.
    pub fn hearing(folder: &Path, args: &[&str], keep: fn(&str) -> bool) -> Tail {
        let mut command = guru(folder);
        command.arg("tail").args(args);
        command.args(["--plain", "--output", "ndjson", "--store", "history.db", "--settle", "5s"]);
        Tail { process: Process::hearing(&mut command, keep) }
    }

    /// The first object of this type that is wanted, if it is there or comes in time.
    pub fn wait(&self, within: Duration, kind: &str, wanted: impl Fn(&Value) -> bool) -> Option<Said> {
        let object = |line: &str| serde_json::from_str::<Value>(line).ok();
        let heard = self.process.out.wait(within, |line| is(line, kind) && object(line).is_some_and(|o| wanted(&o)))?;
        Some(Said { at: heard.at, object: object(&heard.text)? })
    }

    /// The first that it says of the failed fetch of this URL.
    #[track_caller]
    pub fn failure(&self, url: &str, within: Duration) -> Said {
        let said = self.wait(within, "failure", |o| o["url"] == url);
        said.unwrap_or_else(|| panic!("no word of {url}:\n{}\n{}", self.process.out.text(), self.process.err.text()))
    }

    /// Objects of a type so far.
    pub fn said(&self, kind: &str) -> Vec<Value> {
        let lines = self.process.out.all();
        lines.iter().filter(|l| is(&l.text, kind)).filter_map(|l| serde_json::from_str(&l.text).ok()).collect()
    }
}
