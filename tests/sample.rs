//! The README's promise: its commands run on `sample-logs` and print what it shows, and the report of the sample
//! outage holds what a newcomer is promised to see.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use process::Process;

#[path = "support/process.rs"]
mod process;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs guru in `folder` with the words of a command line; quotes group words.
fn guru(folder: &Path, line: &str) -> String {
    let out = command(folder, line).output().expect("guru runs");
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("output is UTF-8")
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guru"));
    command.args(words(line)).current_dir(folder).env("HOME", folder).env_remove("GURU_STORE");
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "GURU_CONFIG"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

fn words(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    quoted
        .flat_map(|(n, part)| match n % 2 {
            1 => vec![part.to_string()],
            _ => part.split_whitespace().map(str::to_string).collect(),
        })
        .collect()
}

/// Asserts that a tail says these lines, in this order, before anything else; all but the time at which it says them.
#[track_caller]
fn follows(folder: &Path, line: &str, shown: &str) {
    let mut command = command(folder, line);
    let tail = Process::start(&mut command);
    let bare = |l: &str| l.split_once(' ').filter(|(_, l)| !l.starts_with("DATE ")).map(|(_, l)| l.to_string());
    let told = |text: &str| text.lines().filter_map(bare).collect::<Vec<_>>();
    let last = shown.lines().last().and_then(bare);
    let said = tail.out.wait(Duration::from_secs(60), |l| bare(l) == last);
    assert!(said.is_some(), "it says:\n{}\nand\n{}", tail.out.text(), tail.err.text());
    assert_eq!(told(&tail.out.text()), told(shown), "{line}");
}

/// A folder that looks like a fresh clone to a command: `sample-logs` is there, no history yet.
fn fresh() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy(&Path::new(ROOT).join("sample-logs"), &folder.path().join("sample-logs"));
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("folder");
    for entry in std::fs::read_dir(from).expect("sample-logs is there") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// How long the run took is the one thing that differs, and with it the blanks before.
fn without_duration(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let kept = first.rsplit_once("files, ").map_or(first, |(before, _)| before);
    let words: Vec<&str> = kept.split_whitespace().collect();
    format!("{}\n{}", words.join(" "), rest.trim_end())
}

#[test]
fn every_console_block_of_the_readme_is_what_the_command_prints() {
    let folder = fresh();
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md is there");
    let mut seen = 0;
    for block in readme.split("```console\n").skip(1).map(|b| b.split("\n```").next().unwrap_or_default()) {
        let (command, shown) = block.split_once('\n').expect("a block has a command and output");
        let line = command.strip_prefix("$ guru ").expect("a block begins with a guru command");
        seen += 1;
        if line.starts_with("tail ") {
            follows(folder.path(), line, shown);
            continue;
        }
        assert_eq!(without_duration(&guru(folder.path(), line)), without_duration(shown), "{command}");
    }
    assert!(seen >= 4, "the tour has {seen} blocks");
}

#[test]
fn the_sample_outage_has_incidents_of_different_causes_and_the_promised_verdicts() {
    let folder = fresh();
    let json = guru(folder.path(), "analyze sample-logs --store sample.db --output json --tz UTC");
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let incidents = report["incidents"].as_array().expect("incidents");
    let causes: BTreeSet<&str> = incidents.iter().filter_map(|i| i["cause"].as_str()).collect();
    assert!(incidents.len() >= 3 && causes.len() >= 3, "{causes:?}");
    for verdict in ["late_answer", "not_sent", "origin_failed"] {
        assert!(report["totals"]["by_verdict"][verdict].as_u64() > Some(0), "{verdict} is missing");
    }
    let unknown = report["totals"]["by_cause"]["unknown"].as_u64();
    assert!(unknown.is_none(), "{unknown:?} failures without a cause");
}

#[test]
fn the_first_screen_of_the_sample_outage() {
    let folder = fresh();
    let screen = guru(folder.path(), "analyze sample-logs --store sample.db --tz UTC");
    assert!(screen.lines().count() <= 24 && screen.lines().all(|l| l.chars().count() <= 80));
    insta::assert_snapshot!(without_duration(&screen));
}

#[test]
#[ignore = "needs tmux (Debian package tmux)"]
fn the_screen_in_the_readme_is_the_screen_of_the_sample_outage() {
    let folder = fresh();
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md is there");
    let picture =
        readme.split("```text\n$ guru tail ").nth(1).and_then(|b| b.split("\n```").next()).expect("a picture");
    let (line, shown) = picture.split_once('\n').expect("a command and its screen");
    let socket = folder.path().join("tmux").display().to_string();
    let tmux = |args: &[&str]| {
        let out = Command::new("tmux").args(["-S", &socket]).args(args).output().expect("tmux runs");
        String::from_utf8(out.stdout).expect("the screen is UTF-8")
    };
    let guru = env!("CARGO_BIN_EXE_guru");
    let run = format!("cd {} && HOME=$PWD NO_COLOR=1 LANG=C.UTF-8 {guru} tail {line}", folder.path().display());
    tmux(&["-u", "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", &run]);
    // The head has the time of day and the age of the logs in it.
    let told = |screen: &str| {
        let lines = screen.trim_end().lines().enumerate().filter(|(n, _)| *n != 0 && *n != 2);
        lines.map(|(_, l)| l.trim_end().to_string() + "\n").collect::<String>()
    };
    let mut screen = String::new();
    for _ in 0..250 {
        screen = tmux(&["capture-pane", "-p"]);
        if told(&screen) == told(shown) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    tmux(&["kill-server"]);
    assert_eq!(told(&screen), told(shown));
}
