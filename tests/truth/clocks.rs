//! Are the clocks that guru finds those that ran? Over the slices under `tests/data`, and over a folder of whole
//! recordings when there is one: each says by how much the origins' clock differed from the cache's, and how it drifted.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth clocks -- --ignored --nocapture`

use guru::model::Method;
use guru::model::report::ClockOffset;

use crate::recording::{Recording, TrueClock};
use crate::score;

/// Origin logs, and by how much an offset may be off with them, milliseconds. Stamps of a second leave open more than
/// that where there are fewer pairs than fifty: then the error bar says so.
const LOGS: [(&str, f64); 2] = [("rich", 5.0), ("combined", 50.0)];
/// By how much the drift over the longest recording may be off, millionths.
const DRIFT_OFF: f64 = 30.0;
/// The longest recording; the others last some seconds, over which no drift shows.
const LONGEST: &str = "storm";

/// The moment in the middle of a recording, seconds.
fn middle(recording: &Recording) -> f64 {
    let starts = || recording.truth.values().filter_map(|t| t["start"].as_f64());
    (starts().fold(f64::MAX, f64::min) + starts().fold(f64::MIN, f64::max)) / 2.0
}

fn print(recording: &Recording, origin: &str, clock: &ClockOffset, truly: f64) {
    println!(
        "{:<18} {origin:<9} {:<8} {:>12.3} {truly:>12.3} {:>8.3} {:>8.3} {:>8.1} {:>6}{}",
        recording.name(),
        clock.to,
        clock.offset_ms,
        clock.offset_ms - truly,
        clock.error_ms,
        clock.drift_ppm,
        clock.pairs,
        if clock.enough { "" } else { "  not enough" }
    );
}

/// The worst error of an offset used for a link, milliseconds, each at its own moment.
fn worst_used(recording: &Recording, found: &guru::pipeline::Analysis, truth: &TrueClock) -> f64 {
    let mut worst: f64 = 0.0;
    for (vxid, failure) in score::found(found) {
        let start = recording.truth.get(&vxid).and_then(|t| t["start"].as_f64());
        let link = failure.link.filter(|l| l.method == Method::Time);
        if let (Some(start), Some(link)) = (start, link) {
            worst = worst.max((link.offset_us as f64 / 1e3 - truth.offset_ms(start)).abs());
        }
    }
    worst
}

/// Holds the clocks of a recording against the truth; returns how many pairs of nodes have one to rely on.
fn clocks_are_right(recording: &Recording) -> usize {
    let truth = recording.clock();
    let truly = truth.offset_ms(middle(recording));
    let mut reliable = 0;
    for (origin, most) in LOGS {
        let analysis = recording.analysis(origin, true);
        for clock in &analysis.report.clock_offsets {
            print(recording, origin, clock, truly);
            let off = (clock.offset_ms - truly).abs();
            assert!(off <= most || clock.pairs < 50, "{} {origin}: {off} ms off: {clock:?}", recording.name());
            assert!(off <= clock.error_ms.max(most), "{} {origin}: beyond its error bar: {clock:?}", recording.name());
            reliable += usize::from(clock.enough);
            let drift_off = (clock.drift_ppm - truth.drift_ppm).abs();
            assert!(recording.name() != LONGEST || drift_off <= DRIFT_OFF, "{origin}: {drift_off} ppm off: {clock:?}");
        }
        let worst = worst_used(recording, &analysis, &truth);
        let bars = analysis.report.clock_offsets.iter().map(|c| c.error_ms);
        let most = bars.fold(most, f64::max);
        assert!(worst <= most, "{} {origin}: a link used an offset that is {worst} ms off", recording.name());
    }
    reliable
}

fn all_clocks_are_right(recordings: &[Recording]) -> usize {
    println!(
        "{:<18} {:<9} {:<8} {:>12} {:>12} {:>8} {:>8} {:>8} {:>6}",
        "", "log", "to", "offset ms", "truly", "off", "± ms", "ppm", "pairs"
    );
    recordings.iter().map(clocks_are_right).sum()
}

#[test]
fn clocks_are_found_within_milliseconds() {
    let reliable = all_clocks_are_right(&Recording::slices());
    assert!(reliable >= 16, "only {reliable} clocks could be relied on");
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn clocks_of_corpora_are_found_within_milliseconds() {
    let Some(recordings) = Recording::whole() else { return };
    let reliable = all_clocks_are_right(&recordings);
    assert!(reliable >= recordings.len() * 2, "only {reliable} clocks could be relied on");
}
