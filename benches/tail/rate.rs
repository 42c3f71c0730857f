//! How fast a log may grow: blocks are written as long as no more than a few megabytes wait to be read, so that the
//! lag does not grow; the last line counts when it is told.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::tailing::Tail;
use super::{common, feed};

/// Bytes that may be waiting.
const WINDOW: u64 = 8 << 20;

/// Measures and prints the rate.
pub fn run() -> io::Result<()> {
    let time = Duration::from_secs(if common::in_earnest() { 8 } else { 1 });
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("access.log");
    let mut block = feed::Block::new();
    fs::write(&path, block.fresh())?;
    let mut log = OpenOptions::new().append(true).open(&path)?;
    let mut tail = Tail::start(folder.path(), &["origin=access.log"]);
    let up = tail.wait(Duration::from_secs(30), "failure", |_| true);
    assert!(up.is_some(), "guru tail says nothing:\n{}", tail.process.err.text());
    let before = read_by(tail.process.pid());
    let (begun, mut lines, mut bytes) = (Instant::now(), 0, 0);
    while begun.elapsed() < time {
        if bytes > WINDOW + read_by(tail.process.pid()) - before {
            thread::sleep(Duration::from_micros(200));
            continue;
        }
        let text = block.fresh();
        log.write_all(text)?;
        lines += feed::LINES;
        bytes += text.len() as u64;
    }
    let (url, last) = block.last();
    log.write_all(&last)?;
    let told = tail.failure(&url, Duration::from_secs(60)).at;
    let (took, behind) = (told - begun, told - begun - time);
    println!(
        "sustained rate: {:.0} lines/s, {:.0} MB/s; the last line was told {:.0} ms after it was written; one in {} failing",
        lines as f64 / took.as_secs_f64(),
        bytes as f64 / 1e6 / took.as_secs_f64(),
        behind.as_secs_f64() * 1e3,
        feed::FAILS,
    );
    tail.process.ends_well("TERM", Duration::from_secs(20));
    Ok(())
}

/// Bytes that a process has read so far, of files and of anything else.
fn read_by(pid: u32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let read = io.lines().find_map(|l| l.strip_prefix("rchar: "));
    read.and_then(|n| n.parse().ok()).unwrap_or(0)
}
