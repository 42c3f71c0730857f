//! What guru finds in recorded traffic against what truly happened: which line of the origin belongs to which failed
//! fetch, and why it failed. Prints precision, recall and accuracy, and fails below the floors.

mod support;

#[path = "support/place.rs"]
mod place;

#[path = "truth/calibration.rs"]
mod calibration;
#[path = "truth/corpora.rs"]
mod corpora;
#[path = "truth/limits.rs"]
mod limits;
#[path = "truth/outages.rs"]
mod outages;
#[path = "truth/recording.rs"]
mod recording;
#[path = "truth/right_verdict.rs"]
mod right_verdict;
#[path = "truth/score.rs"]
mod score;
#[path = "truth/slices.rs"]
mod slices;
#[path = "truth/verdicts.rs"]
mod verdicts;

use std::path::Path;

use score::Score;
use support::Folder;

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

fn score_slices(origin: &str) -> Score {
    let mut total = Score::default();
    for slice in SLICES {
        let analysis = Folder::recorded(slice, "request", origin).run();
        let truth = score::truth(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(slice));
        let score = score::score(&truth, &analysis, origin == "none");
        println!("{slice:<18} {origin:<9} {score}");
        total.add(&score);
    }
    println!("{:<18} {origin:<9} {total}", "TOTAL");
    assert!(total.causes >= 290, "the slices hold 298 failed fetches: {total}");
    total
}

#[test]
fn with_rich_origin_logs_links_and_causes_are_right() {
    score_slices("rich").assert_floors(score::RICH);
}

#[test]
fn with_combined_origin_logs_links_and_causes_are_right() {
    score_slices("combined").assert_floors(score::COMBINED);
}

#[test]
fn without_origin_logs_causes_are_right() {
    score_slices("none").assert_floors(score::NONE);
}
