//! A folder of its own for each test, and the binary run in it: nothing of the machine's configuration, history or
//! time zone gets in, and every report that is read has been held against the laws of honest totals.

#![allow(dead_code)] // every test crate uses a part

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(output: &Output) -> Run {
        Run {
            code: output.status.code().expect("the run ended by itself"),
            out: String::from_utf8(output.stdout.clone()).expect("output is UTF-8"),
            err: String::from_utf8(output.stderr.clone()).expect("messages are UTF-8"),
        }
    }

    /// Asserts the exit code; the messages say why when it is another one.
    #[track_caller]
    pub fn code(self, code: i32) -> Run {
        assert_eq!(self.code, code, "stderr:\n{}\nstdout:\n{}", self.err, self.out);
        self
    }

    /// Asserts that all of these stand on stderr.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Run {
        for text in texts {
            assert!(self.err.contains(text), "\"{text}\" is not in:\n{}", self.err);
        }
        self
    }

    /// Asserts that all of these stand on stdout.
    #[track_caller]
    pub fn shows(self, texts: &[&str]) -> Run {
        for text in texts {
            assert!(self.out.contains(text), "\"{text}\" is not in:\n{}", self.out);
        }
        self
    }

    /// Standard output on one line, so that where it is wrapped does not matter.
    pub fn flat(&self) -> String {
        self.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Objects of an NDJSON output; anything else on stdout fails.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        let object = |l: &str| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e} in {l}"));
        self.out.lines().map(object).collect()
    }
}

/// A folder of its own.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: TempDir::new().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The history that every run here uses.
    pub fn store(&self) -> PathBuf {
        self.path("history.db")
    }

    /// Writes a file, making its folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Place {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, content).expect("the file can be written");
        self
    }

    /// The binary in this folder, with nothing of the machine's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guru"));
        command.current_dir(self.folder.path()).args(args).env_clear();
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"] {
            command.env(name, self.folder.path());
        }
        command.env("TZ", "UTC").stdin(Stdio::null());
        command
    }

    /// Runs the binary.
    pub fn guru(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().expect("guru runs"))
    }

    /// Runs the binary on the history of this place.
    pub fn ask(&self, args: &[&str]) -> Run {
        self.guru(&[args, &["--store", "history.db", "--tz", "UTC"]].concat())
    }

    /// `guru analyze` with these arguments, into the history of this place.
    pub fn analyze(&self, args: &[&str]) -> Run {
        self.ask(&[&["analyze"], args].concat())
    }

    /// The same, with something on standard input.
    pub fn piped(&self, args: &[&str], input: &[u8]) -> Run {
        let common = ["--store", "history.db", "--tz", "UTC"];
        let mut child = self
            .command(&[args, &common].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("guru starts");
        let mut to = child.stdin.take().expect("its input is a pipe");
        // Who has seen enough may stop reading.
        let _ = to.write_all(input);
        drop(to);
        Run::of(&child.wait_with_output().expect("guru ends"))
    }

    /// The report of a run that ends well, held against the laws.
    #[track_caller]
    pub fn report(&self, args: &[&str]) -> Report {
        self.report_with(args, 0)
    }

    /// The report of a run that ends with this code, held against the laws.
    #[track_caller]
    pub fn report_with(&self, args: &[&str], code: i32) -> Report {
        let run = self.analyze(&[args, &["--output", "json"]].concat()).code(code);
        Report::of(&run)
    }

    /// Every row of every table of the history, as text.
    pub fn dump(&self) -> String {
        dump(&self.store())
    }
}

/// A report as JSON.
#[derive(Debug)]
pub struct Report(pub Value);

impl Report {
    /// Reads a report and asserts the laws.
    #[track_caller]
    pub fn of(run: &Run) -> Report {
        let report = Report(serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e} in\n{}", run.out)));
        report.obey_the_laws();
        report
    }

    #[track_caller]
    fn obey_the_laws(&self) {
        let lines = |l: &Value| {
            let n = |key: &str| l[key].as_u64().unwrap_or_else(|| panic!("{key} is no number in {l}"));
            assert_eq!(n("read"), n("parsed") + n("skipped") + n("not_understood"), "{l}");
            n("read")
        };
        let sources = self.0["sources"].as_array().expect("sources are a list");
        let read: u64 = sources.iter().map(|s| lines(&s["lines"])).sum();
        let totals = &self.0["totals"];
        assert_eq!(lines(&totals["lines"]), read, "lines of the sources make the total");
        let verdicts: u64 = self.counts("by_verdict").values().sum();
        assert_eq!(self.failed(), verdicts, "{totals}");
        let v = &totals["visitors"];
        let ledger = ["own_fetch", "shared", "made_here", "edge", "unexplained"];
        let told: u64 = ledger.iter().map(|k| v[k].as_u64().expect("a number")).sum();
        assert_eq!(v["got_5xx"].as_u64(), Some(told), "{v}");
    }

    /// Failed fetches.
    pub fn failed(&self) -> u64 {
        self.0["totals"]["failed_fetches"].as_u64().expect("a number")
    }

    /// A count by words: `by_verdict`, `by_cause`, `by_impact`, `not_origin`.
    pub fn counts(&self, name: &str) -> BTreeMap<String, u64> {
        serde_json::from_value(self.0["totals"][name].clone()).expect("words and numbers")
    }

    /// Incidents.
    pub fn incidents(&self) -> &[Value] {
        self.0["incidents"].as_array().expect("incidents are a list")
    }

    /// The only incident.
    #[track_caller]
    pub fn incident(&self) -> &Value {
        let all = self.incidents();
        let told: Vec<String> =
            all.iter().map(|i| format!("{} {} {}", i["title"], i["state"], i["failures"])).collect();
        assert_eq!(all.len(), 1, "{}", told.join("\n"));
        &all[0]
    }

    /// Warnings, one per line.
    pub fn warnings(&self) -> String {
        let all = self.0["warnings"].as_array().expect("warnings are a list");
        all.iter().map(|w| w.as_str().expect("words").to_string() + "\n").collect()
    }

    /// The source of that file.
    #[track_caller]
    pub fn source(&self, file: &str) -> &Value {
        let sources = self.0["sources"].as_array().expect("sources are a list");
        sources.iter().find(|s| s["file"] == file).unwrap_or_else(|| panic!("{file} is not in {sources:?}"))
    }

    /// Lines of that file that were not understood.
    #[track_caller]
    pub fn not_understood(&self, file: &str) -> u64 {
        self.source(file)["lines"]["not_understood"].as_u64().expect("a number")
    }
}

/// Counts by words, as `Report::counts` gives them.
pub fn words(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts.iter().map(|(word, n)| (word.to_string(), *n)).collect()
}

/// The first column of a question to a database, as text.
pub fn column(path: &Path, sql: &str) -> Vec<String> {
    rows(path, sql).into_iter().map(|mut r| r.swap_remove(0)).collect()
}

fn rows(path: &Path, sql: &str) -> Vec<Vec<String>> {
    let db = Connection::open(path).expect("the database opens");
    let mut statement = db.prepare(sql).expect("the question is SQL");
    let width = statement.column_count();
    let cell = |r: &rusqlite::Row<'_>, n| r.get::<_, rusqlite::types::Value>(n).map(|v| format!("{v:?}"));
    let found = statement.query_map([], |r| (0..width).map(|n| cell(r, n)).collect()).expect("it runs");
    found.collect::<Result<_, _>>().expect("rows are readable")
}

fn dump(path: &Path) -> String {
    let mut out = String::new();
    for table in column(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
        let name = table.trim_start_matches("Text(\"").trim_end_matches("\")");
        let mut all: Vec<String> = rows(path, &format!("SELECT * FROM {name}")).iter().map(|r| r.join("|")).collect();
        all.sort();
        out += &format!("== {name}\n{}\n", all.join("\n"));
    }
    out
}
