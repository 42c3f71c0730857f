//! Timing for the benches. In: bytes and a closure; out: one printed line with MB/s, time and allocations per line, and
//! the ratio to counting the newlines of the same bytes in the same run, because machines vary and ratios do not. It
//! must not know what it measures.
#![allow(dead_code)] // each bench uses its part

pub mod allocations;
mod edge;
pub mod input;
mod vsl;

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs per measurement; the median counts.
pub const RUNS: usize = 5;

/// True under `cargo bench`; false when a test run merely starts the bench.
pub fn in_earnest() -> bool {
    env::args().any(|a| a == "--bench")
}

/// How many bytes of input to generate.
pub fn size() -> usize {
    if in_earnest() { 32 << 20 } else { 64 << 10 }
}

/// True unless words were given on the command line and none is part of `name`.
pub fn wanted(name: &str) -> bool {
    let words: Vec<String> = env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    words.is_empty() || words.iter().any(|w| name.contains(w.as_str()))
}

/// Prints what the columns are.
pub fn headline() {
    println!("{:<36} {:>8} {:>8} {:>11} {:>9} {:>7}", "", "MB/s", "ns/line", "allocs/line", "newlines", "ratio");
}

/// Measures `work` beside counting newlines, in turns, so that both meet the same noise; prints the medians. `bytes`
/// is what MB/s refers to; `work` returns anything that depends on all of them.
pub fn measure<T>(name: &str, bytes: &[u8], mut work: impl FnMut(&[u8]) -> T) {
    if !wanted(name) {
        return;
    }
    let (mut baseline, mut measured) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        baseline.push(timed(|| newlines(bytes)));
        measured.push(timed(|| work(black_box(bytes))));
    }
    let before = allocations::count();
    black_box(work(black_box(bytes)));
    let allocations = allocations::count() - before;
    let (baseline, measured) = (median(baseline), median(measured));
    let speed = |time: Duration| bytes.len() as f64 / 1e6 / time.as_secs_f64();
    let lines = newlines(bytes) as f64;
    println!(
        "{name:<36} {:>8.0} {:>8.0} {:>11.3} {:>9.0} {:>7.1}",
        speed(measured),
        measured.as_nanos() as f64 / lines,
        allocations as f64 / lines,
        speed(baseline),
        measured.as_secs_f64() / baseline.as_secs_f64()
    );
}

/// The newlines of some bytes: the baseline.
pub fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', black_box(bytes)).count()
}

/// How long it takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed().max(Duration::from_nanos(1))
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
