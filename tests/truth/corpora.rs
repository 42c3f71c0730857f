//! The same over a folder of whole recordings, when there is one: every origin log, every grouping.
//!
//! `GURU_CORPORA=FOLDER cargo test --release --test truth -- --ignored --nocapture`

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use guru::model::Tier;

use crate::score::{self, Floors, Score};
use crate::support::{self, Folder};

/// As few failures as make a share of right causes worth a floor of its own.
const ENOUGH: u64 = 20;

/// The recordings; `None`, told, when there are none.
pub fn recordings() -> Option<Vec<PathBuf>> {
    let Some(folder) = env::var_os("GURU_CORPORA").map(PathBuf::from) else {
        println!("GURU_CORPORA names no folder: nothing is scored");
        return None;
    };
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("{} cannot be read: nothing is scored", folder.display());
        return None;
    };
    let mut found: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.join("scenario.json").exists()).collect();
    found.sort();
    assert!(!found.is_empty(), "{} holds no recording", folder.display());
    Some(found)
}

/// The score, and whether the log holds (nearly) all that happened: if not, it is shown and no floor applies.
fn score_one(recording: &Path, grouping: &str, origin: &str) -> (Score, bool) {
    let mut folder = Folder::new();
    let varnish = support::read(&recording.join(format!("varnish-{grouping}.log"))).expect("a log of the cache");
    folder.add(&format!("varnish-{grouping}.log"), Some(Tier::Cache), &varnish);
    folder.add_origins(recording, origin);
    let analysis = folder.run();
    assert_eq!(analysis.report.violated_laws(), Vec::<String>::new(), "{}", recording.display());
    let mut truth = score::truth(recording);
    let all = truth.len();
    if grouping != "raw" {
        let held = headers(&varnish);
        truth.retain(|vxid, _| held.contains(vxid));
        if truth.len() < all {
            println!("  {} of {all} fetches are not in the log", all - truth.len());
        }
    }
    (score::score(&truth, &analysis, origin == "none"), truth.len() * 100 >= all * 99)
}

/// Ids of the transactions in grouped text. A reader that cannot follow loses some, and what is not in a log cannot be
/// found in it.
fn headers(log: &[u8]) -> BTreeSet<u64> {
    let header = |line: &[u8]| {
        let text = std::str::from_utf8(line).ok()?.strip_prefix('*')?;
        text.split_once(">>")?.1.trim().parse().ok()
    };
    log.split(|b| *b == b'\n').filter_map(header).collect()
}

fn score_all(origin: &str, floors: Floors) {
    let Some(recordings) = recordings() else { return };
    for grouping in ["request", "raw", "vxid", "session"] {
        let mut total = Score::default();
        for recording in &recordings {
            let (score, whole) = score_one(recording, grouping, origin);
            let name = recording.file_name().unwrap_or_default().to_string_lossy();
            println!("{name:<18} {grouping:<8} {origin:<9} {score}");
            if !whole {
                continue;
            }
            assert!(score.causes < ENOUGH || score.cause() >= floors.worst_cause, "{name} is below the floor");
            total.add(&score);
        }
        println!("{:<18} {grouping:<8} {origin:<9} {total}", "TOTAL");
        total.assert_floors(floors);
    }
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn corpora_with_rich_origin_logs() {
    score_all("rich", score::RICH);
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn corpora_with_combined_origin_logs() {
    score_all("combined", score::COMBINED);
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn corpora_without_origin_logs() {
    score_all("none", score::NONE);
}
