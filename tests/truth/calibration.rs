//! Does guru's confidence say how often it is right? Every cause of a failed fetch is an answer with a confidence; they
//! are sorted into ten bins, and in each the mean confidence is compared with the share of right answers. An answer is
//! right as the scores count it: the true cause, or one that the logs cannot tell from it.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth calibration -- --ignored --nocapture`

use crate::recording::Recording;
use crate::score;

/// The expected calibration error of whole recordings may be this large …
const ERROR: f64 = 0.05;
/// … and that of the slices, which are few and hold more of what cannot be known without an error log.
const ERROR_OF_SLICES: f64 = 0.06;
/// Above this guru calls itself sure …
const SURE: f32 = 0.9;
/// … and of so many sure answers one may be wrong.
const ONE_WRONG_IN: usize = 1000;

/// Which logs guru reads: the origin's access log, and whether its error log is there.
const LOGS: [(&str, bool); 5] =
    [("rich", true), ("rich", false), ("combined", true), ("combined", false), ("none", false)];

/// One answer.
#[derive(Clone, Copy)]
struct Answer {
    confidence: f32,
    right: bool,
    /// Its weight when every run counts alike.
    weight: f64,
}

/// Of the answers in one bin: their number, and by weight their sum, confidence and how many are right.
#[derive(Clone, Copy, Default)]
struct Bin {
    count: u64,
    weight: f64,
    confidence: f64,
    right: f64,
}

impl Bin {
    fn error(&self) -> f64 {
        (self.confidence - self.right).abs()
    }
}

fn answers(recording: &Recording, origin: &str, with_errors: bool) -> Vec<Answer> {
    let analysis = recording.analysis(origin, with_errors);
    let found = score::found(&analysis);
    let mut answers = Vec::new();
    for (vxid, t) in recording.failed() {
        let Some(ruling) = found.get(&vxid).map(|f| f.ruling) else { continue };
        let right = score::right_cause(t, ruling.cause.id(), origin == "none");
        answers.push(Answer { confidence: ruling.confidence, right, weight: 0.0 });
        if !right && ruling.confidence > SURE {
            println!("  {} {vxid}: {} taken for {ruling:?}", recording.name(), t["cause"]);
        }
    }
    let each = 1.0 / answers.len().max(1) as f64;
    answers.iter_mut().for_each(|a| a.weight = each);
    answers
}

fn bins(answers: &[Answer], weight: impl Fn(&Answer) -> f64) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for a in answers {
        let (bin, weight) = (&mut bins[((a.confidence * 10.0) as usize).min(9)], weight(a));
        bin.count += 1;
        bin.weight += weight;
        bin.confidence += weight * f64::from(a.confidence);
        bin.right += weight * f64::from(u8::from(a.right));
    }
    bins
}

/// The expected calibration error.
fn error(bins: &[Bin]) -> f64 {
    let weight: f64 = bins.iter().map(|b| b.weight).sum();
    bins.iter().map(Bin::error).sum::<f64>() / weight.max(f64::MIN_POSITIVE)
}

/// The reliability table; returns the calibration errors by failures and by runs.
fn table(title: &str, answers: &[Answer]) -> [f64; 2] {
    let bins_by = [bins(answers, |_| 1.0), bins(answers, |a| a.weight)];
    println!("{title}: {} answers", answers.len());
    println!("  confidence  answers  mean   right");
    for (n, b) in bins_by[0].iter().enumerate().filter(|(_, b)| b.count > 0) {
        let (from, to) = (n as f64 / 10.0, (n + 1) as f64 / 10.0);
        let (mean, right) = (b.confidence / b.weight, b.right / b.weight);
        println!("  {from:.1} to {to:.1}  {:7}  {mean:.3}  {right:.3}", b.count);
    }
    let errors = [error(&bins_by[0]), error(&bins_by[1])];
    println!("  expected calibration error {:.4}, with every recording alike {:.4}", errors[0], errors[1]);
    errors
}

fn calibrate(recordings: &[Recording], most: f64) {
    let mut all = Vec::new();
    for (origin, with_errors) in LOGS {
        let of: Vec<Answer> = recordings.iter().flat_map(|r| answers(r, origin, with_errors)).collect();
        table(&format!("{origin} {} error log", if with_errors { "with" } else { "without" }), &of);
        all.extend(of);
    }
    let errors = table("ALL", &all);
    let sure = all.iter().filter(|a| a.confidence > SURE);
    let (sure, wrong) = (sure.clone().count(), sure.filter(|a| !a.right).count());
    println!("  {wrong} of {sure} sure answers are wrong");
    assert!(errors.iter().all(|e| *e <= most), "calibration errors {errors:?}");
    assert!(wrong * ONE_WRONG_IN <= sure, "{wrong} of {sure} sure answers are wrong");
}

#[test]
fn confidence_says_how_often_the_cause_is_right() {
    calibrate(&Recording::slices(), ERROR_OF_SLICES);
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn confidence_says_how_often_the_cause_is_right_in_corpora() {
    let Some(recordings) = Recording::whole() else { return };
    calibrate(&recordings, ERROR);
}

#[test]
fn the_calibration_error_is_the_mean_distance_of_confidence_and_truth() {
    let answer = |confidence: f32, right: bool| Answer { confidence, right, weight: 1.0 };
    let honest = [answer(0.75, true), answer(0.75, true), answer(0.75, true), answer(0.75, false)];
    let boastful = [answer(0.95, false), answer(0.95, true)];
    assert!(error(&bins(&honest, |_| 1.0)) < 1e-9);
    assert!((error(&bins(&boastful, |_| 1.0)) - 0.45).abs() < 1e-6);
    assert_eq!(error(&bins(&[], |_| 1.0)), 0.0);
}
