//! Are guru's verdicts right? Over the slices under `tests/data`, and over a folder of whole recordings when there is
//! one, with rich and with combined origin logs; and over the same with the lines of failed fetches taken away.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth verdicts -- --ignored --nocapture`

use std::collections::BTreeMap;
use std::fmt;

use guru::model::Verdict;

use crate::recording::Recording;
use crate::right_verdict::{Course, Right};
use crate::score;

/// Such a share of the verdicts must be right.
const FLOOR: f64 = 0.99;

/// Verdicts of one or more recordings.
#[derive(Debug, Default)]
struct Tally {
    judged: u64,
    right: u64,
    /// Left out because the truth leaves them open, by reason.
    open: BTreeMap<&'static str, u64>,
    /// By the right verdict and guru's.
    said: BTreeMap<(&'static str, &'static str), u64>,
}

impl Tally {
    fn of(recording: &Recording, origin: &str, with_errors: bool) -> Tally {
        let analysis = recording.analysis(origin, with_errors);
        let (course, found) = (Course::of(recording), score::found(&analysis));
        let mut tally = Tally::default();
        for (vxid, t) in recording.failed() {
            let right = match course.verdict(t) {
                Right::Is(verdict) => verdict,
                Right::Open(why) => {
                    *tally.open.entry(why).or_default() += 1;
                    continue;
                }
            };
            let said = found.get(&vxid).map(|f| f.verdict);
            tally.judged += 1;
            tally.right += u64::from(said == Some(right));
            *tally.said.entry((right.word(), said.map_or("nothing", Verdict::word))).or_default() += 1;
            if said != Some(right) {
                println!("  {vxid}: {} {} taken for {said:?}", t["cause"], right.word());
            }
        }
        tally
    }

    fn add(&mut self, other: &Tally) {
        self.judged += other.judged;
        self.right += other.right;
        other.open.iter().for_each(|(why, n)| *self.open.entry(why).or_default() += n);
        other.said.iter().for_each(|(pair, n)| *self.said.entry(*pair).or_default() += n);
    }

    fn share(&self) -> f64 {
        if self.judged == 0 { 1.0 } else { self.right as f64 / self.judged as f64 }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open: u64 = self.open.values().sum();
        write!(f, "{:5} judged  {:5} right  {:.4}  {open} left out", self.judged, self.right, self.share())
    }
}

/// Prints a line for each recording and all of them together, what was said for what, and asserts the floor.
fn judge(recordings: &[Recording], origin: &str, with_errors: bool) -> Tally {
    let mut total = Tally::default();
    for recording in recordings {
        let tally = Tally::of(recording, origin, with_errors);
        println!("{:<18} {origin:<9} {tally}", recording.name());
        total.add(&tally);
    }
    println!("{:<18} {origin:<9} {total}", "TOTAL");
    for ((right, said), n) in &total.said {
        println!("  {right:<15} said {said:<15} {n:5}{}", if right == said { "" } else { "  wrong" });
    }
    total.open.iter().for_each(|(why, n)| println!("  left out {n:5}: {why}"));
    assert!(total.share() >= FLOOR, "{origin}: {total}");
    total
}

fn lost(recordings: Vec<Recording>) -> Vec<Recording> {
    recordings.into_iter().map(Recording::with_failed_lost).collect()
}

/// Verdicts of the slices at least.
const OF_SLICES: u64 = 290;

#[test]
fn verdicts_are_right_with_either_origin_log() {
    for origin in ["rich", "combined"] {
        let tally = judge(&Recording::slices(), origin, true);
        assert!(tally.judged >= OF_SLICES, "{tally}");
    }
}

#[test]
fn verdicts_are_right_when_the_requests_of_failed_fetches_never_arrived() {
    for origin in ["rich", "combined"] {
        let tally = judge(&lost(Recording::slices()), origin, false);
        let never = Verdict::NeverArrived.word();
        assert!(tally.said.get(&(never, never)).is_some_and(|n| *n >= 20), "{tally:?}");
    }
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn verdicts_of_corpora_are_right_with_either_origin_log() {
    let Some(recordings) = Recording::whole() else { return };
    for origin in ["rich", "combined"] {
        judge(&recordings, origin, true);
    }
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn verdicts_of_corpora_are_right_when_the_requests_of_failed_fetches_never_arrived() {
    let Some(recordings) = Recording::whole().map(lost) else { return };
    for origin in ["rich", "combined"] {
        judge(&recordings, origin, false);
    }
}
