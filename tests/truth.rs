//! What guru finds in recorded traffic against what truly happened: which line of the origin belongs to which failed
//! fetch, and why it failed. Prints precision, recall and accuracy, and fails below the floors.

mod support;

#[path = "support/place.rs"]
mod place;

#[path = "truth/calibration.rs"]
mod calibration;
#[path = "truth/clocks.rs"]
mod clocks;
#[path = "truth/corpora.rs"]
mod corpora;
#[path = "truth/damage.rs"]
mod damage;
#[path = "truth/limits.rs"]
mod limits;
#[path = "truth/links.rs"]
mod links;
#[path = "truth/outages.rs"]
mod outages;
#[path = "truth/recording.rs"]
mod recording;
#[path = "truth/rewritten.rs"]
mod rewritten;
#[path = "truth/right_verdict.rs"]
mod right_verdict;
#[path = "truth/score.rs"]
mod score;
#[path = "truth/slices.rs"]
mod slices;
#[path = "truth/verdicts.rs"]
mod verdicts;

use recording::Recording;
use score::Score;

/// Recordings under `tests/data` that have a truth.
const SLICES: [&str; 8] = [
    "groupings",
    "truth/app-slow",
    "truth/first-byte",
    "truth/malformed",
    "truth/origin-status",
    "truth/post-retry",
    "truth/sick",
    "truth/tls",
];

/// Scores recordings with these logs of the origin.
fn score_of(recordings: &[Recording], origin: &str, with_errors: bool) -> Score {
    let mut total = Score::default();
    for recording in recordings {
        let score = score::score(&recording.truth, &recording.analysis(origin, with_errors), origin == "none");
        println!("{:<18} {origin:<9} {score}", recording.name());
        total.add(&score);
    }
    total
}

fn score_slices(origin: &str, with_errors: bool) -> Score {
    let total = score_of(&Recording::slices(), origin, with_errors);
    println!("{:<18} {origin:<9} {total}", "TOTAL");
    assert!(total.causes >= 290, "the slices hold 298 failed fetches: {total}");
    total
}

#[test]
fn with_rich_origin_logs_links_and_causes_are_right() {
    score_slices("rich", true).assert_floors(score::RICH.of_slices());
}

#[test]
fn with_combined_origin_logs_links_and_causes_are_right() {
    score_slices("combined", true).assert_floors(score::COMBINED.of_slices());
}

#[test]
fn without_origin_logs_causes_are_right() {
    score_slices("none", false).assert_floors(score::NONE.of_slices());
}

#[test]
fn without_error_log_causes_are_right() {
    score_slices("rich", false).assert_floors(score::SILENT.of_slices());
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn corpora_without_error_log() {
    let Some(recordings) = Recording::whole() else { return };
    score_of(&recordings, "rich", false).assert_floors(score::SILENT);
}
