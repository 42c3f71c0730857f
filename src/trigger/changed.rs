//! Changes shortly before an incident. In: changes with their moments; out: candidates, the nearer and rarer the
//! stronger. It must not know who recorded them.

use super::{Surroundings, words};
use crate::model::incident::Candidate;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{KnownChange, Stamp};

/// Changes so long before the first failure are looked at.
const BEFORE: i64 = 30 * MINUTE;
/// A change just after the first failure may still be it: stamps are of whole seconds, and of other clocks.
const AFTER: i64 = 2 * SECOND;
/// Within such a time the strength of a change falls to a third.
const FADES: f64 = 10.0 * MINUTE as f64;
/// One and the same change is told by several lines and nodes within such a time.
const SAME: i64 = MINUTE;

/// The changes before an incident.
pub fn before(around: &Surroundings<'_>) -> Vec<Candidate> {
    let (from, to) = (around.opened - BEFORE, around.opened + AFTER);
    let near = |c: &&KnownChange| c.at >= from && c.at <= to;
    let mut out: Vec<Candidate> = around.changes.iter().filter(near).filter_map(|c| candidate(c, around)).collect();
    out.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(b.at.cmp(&a.at)));
    // Of one change the strongest line stands for all.
    let mut kept: Vec<Candidate> = Vec::new();
    for c in out {
        let same = |k: &Candidate| k.kind == c.kind && c.at.since(k.at).is_some_and(|us| us.abs() <= SAME);
        if !kept.iter().any(same) {
            kept.push(c);
        }
    }
    kept
}

fn candidate(c: &KnownChange, around: &Surroundings<'_>) -> Option<Candidate> {
    let ago = around.opened.since(c.at)?.max(0);
    let base = base(&c.kind, around.cause)?;
    let near = (-(ago as f64) / FADES).exp();
    // What happens all the time and mostly without consequence is no news.
    let times = others(c, around);
    let rare = 1.0 / (1.0 + 0.35 * (times as f64).ln_1p());
    let text = if times > 0 { format!("{} (and {times} other times)", c.text) } else { c.text.clone() };
    Some(Candidate { kind: c.kind.clone(), at: c.at, text, strength: base * near.max(0.05) * rare })
}

/// How often the same was changed at other times.
fn others(c: &KnownChange, around: &Surroundings<'_>) -> usize {
    let is_same = |o: &&KnownChange| o.kind == c.kind && stem(&o.text) == stem(&c.text);
    let apart = |o: &&KnownChange| o.at.since(c.at).is_some_and(|us| us.abs() > SAME);
    let mut last = Stamp::NONE;
    let mut times = 0;
    for o in around.changes.iter().filter(is_same).filter(apart) {
        if o.at.since(last).is_none_or(|us| us > SAME) {
            times += 1;
        }
        last = o.at;
    }
    times
}

/// The words of a change without its numbers.
fn stem(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// How strong a change right before the incident is, by its kind. A restart explains what cannot be reached.
fn base(kind: &str, cause: &str) -> Option<f64> {
    let reach = cause.starts_with("connection.") || cause.starts_with("health.") || cause == "timeout.connect";
    Some(match kind {
        "restart" if reach => 0.98,
        "restart" => 0.85,
        "vcl" | "deploy" | "change" | "setting" => 0.93,
        "reload" => 0.85,
        // Jobs and campaigns that somebody wrote down beforehand.
        "cron" | "campaign" | "package" => 0.9,
        _ => 0.85,
    })
}

/// How long before the incident a change was, in words.
pub fn ago(around: &Surroundings<'_>, at: Stamp) -> String {
    words::lasting(around.opened.since(at).unwrap_or(0).max(0))
}
