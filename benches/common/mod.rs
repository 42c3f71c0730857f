//! Timing for the benches. In: bytes and a closure; out: one printed line with MB/s and the ratio to counting the
//! newlines of the same bytes in the same run, because machines vary and ratios do not. It must not know what it
//! measures.

pub mod input;

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs per measurement; the median counts.
const RUNS: usize = 7;

/// How many bytes of input to generate: much under `cargo bench`, little when a test run merely starts the bench.
pub fn size() -> usize {
    if env::args().any(|a| a == "--bench") { 32 << 20 } else { 64 << 10 }
}

/// True unless words were given on the command line and none is part of `name`.
pub fn wanted(name: &str) -> bool {
    let words: Vec<String> = env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    words.is_empty() || words.iter().any(|w| name.contains(w.as_str()))
}

/// Prints what the columns are.
pub fn headline() {
    println!("{:<32} {:>9} {:>12} {:>8}", "", "MB/s", "newlines", "ratio");
}

/// Measures `work` beside counting newlines, in turns, so that both meet the same noise; prints the medians. `bytes`
/// is what MB/s refers to; `work` returns anything that depends on all of them.
pub fn measure<T>(name: &str, bytes: &[u8], mut work: impl FnMut(&[u8]) -> T) {
    if !wanted(name) {
        return;
    }
    let (mut baseline, mut measured) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        baseline.push(timed(|| memchr::memchr_iter(b'\n', black_box(bytes)).count()));
        measured.push(timed(|| work(black_box(bytes))));
    }
    let (baseline, measured) = (median(baseline), median(measured));
    let speed = |time: Duration| bytes.len() as f64 / 1e6 / time.as_secs_f64();
    let ratio = measured.as_secs_f64() / baseline.as_secs_f64();
    println!("{name:<32} {:>9.0} {:>12.0} {ratio:>8.1}", speed(measured), speed(baseline));
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed().max(Duration::from_nanos(1))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
