//! One failed fetch in a sentence: what the next tier saw of it. In: judged failures; out: the newest ones, told. It must
//! not know how they are shown.

use std::collections::HashMap;

use super::super::conclude::Conclusion;
use crate::model::live::LiveFailure;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Fact, Failure, Impact, Stamp, Verdict, redact};

/// The newest failures, newest first, with their identity. Those that are told in another one are left out.
pub fn latest(c: &Conclusion, most: usize, now: Stamp, settle_us: i64) -> Vec<(u64, LiveFailure)> {
    let mut order: Vec<&Failure> = c.failures.iter().filter(|f| f.told_in.is_none()).collect();
    let newest = |f: &&Failure| std::cmp::Reverse((f.gave_up.or(f.started), f.id));
    if order.len() > most {
        order.select_nth_unstable_by_key(most, newest);
        order.truncate(most);
    }
    order.sort_unstable_by_key(newest);
    order.into_iter().map(|f| (f.id, whole(f, c, now, settle_us))).collect()
}

/// What was told of failures one by one, and what is still to be told.
#[derive(Debug, Default)]
pub struct News {
    /// Those that were told, and whether they had settled.
    told: HashMap<u64, bool>,
    /// To be told, with their identity.
    pub waiting: Vec<(u64, LiveFailure)>,
}

impl News {
    /// Takes in a look: what is new in it, and what has settled, oldest first.
    pub fn saw(&mut self, c: &Conclusion, now: Stamp, settle_us: i64) {
        let mut told = HashMap::new();
        let mut order: Vec<&Failure> = Vec::new();
        for f in c.failures.iter().filter(|f| f.told_in.is_none() && !f.stored) {
            let before = self.told.get(&f.id).copied();
            if before.is_none_or(|settled| f.settled && !settled) {
                order.push(f);
            }
            told.insert(f.id, f.settled);
        }
        self.told = told;
        order.sort_unstable_by_key(|f| (f.gave_up.or(f.started), f.id));
        self.waiting.extend(order.into_iter().map(|f| (f.id, whole(f, c, now, settle_us))));
    }
}

fn whole(f: &Failure, c: &Conclusion, now: Stamp, settle_us: i64) -> LiveFailure {
    let evidence = c.evidence.get(&f.id).cloned().unwrap_or_default();
    LiveFailure { evidence, ..tell(f, now, settle_us) }
}

fn tell(f: &Failure, now: Stamp, settle_us: i64) -> LiveFailure {
    LiveFailure {
        id: format!("{:016x}", f.id),
        at: f.gave_up.or(f.started),
        tier: f.tier.word().into(),
        node: f.node.lossy().into_owned(),
        backend: f.backend.lossy().into_owned(),
        method: f.method.lossy().into_owned(),
        host: f.host.lossy().into_owned(),
        url: redact(&f.url.bytes()),
        status: f.status,
        cause: f.ruling.cause.id().into(),
        confidence: f64::from(f.ruling.confidence),
        verdict: f.verdict.word().into(),
        impact: f.impact.word().into(),
        settled: f.settled || f.stored,
        told: words(f, now, settle_us),
        incident: f.incident,
        evidence: Default::default(),
    }
}

fn words(f: &Failure, now: Stamp, settle_us: i64) -> String {
    let told = match f.verdict {
        Verdict::NoOriginLog | Verdict::NeverArrived | Verdict::Ambiguous if !(f.settled || f.stored) => {
            let waited = now.since(f.ended.or(f.started)).unwrap_or(0).clamp(0, settle_us);
            format!("waiting for origin log (max {} s)", (settle_us - waited).div_euclid(SECOND).max(1))
        }
        _ => settled(f),
    };
    match (f.impact, grace_left(f, now) / MINUTE) {
        (Impact::Stale, minutes @ 1..) => format!("HIDDEN, stale, grace left {minutes} min: {told}"),
        (Impact::Stale, _) => format!("HIDDEN, stale: {told}"),
        _ => told,
    }
}

/// Microseconds until the stale object that hides it runs out of grace; 0 when it did, or the log does not tell.
fn grace_left(f: &Failure, now: Stamp) -> i64 {
    let at_start = f.facts.get(Fact::GraceLeftMs).map_or(0, |ms| (ms * 1000.0) as i64);
    (at_start - now.since(f.started).unwrap_or(0)).max(0)
}

fn seconds(us: i64) -> String {
    let s = us as f64 / SECOND as f64;
    if s < 0.1 { format!("{:.0} ms", s * 1000.0) } else { format!("{s:.1} s") }
}

fn settled(f: &Failure) -> String {
    let status = f.link.map_or(0, |l| l.status);
    let took = f.link.and_then(|l| l.duration_us).map(seconds);
    let after = took.clone().map_or_else(String::new, |t| format!(" in {t}"));
    match f.verdict {
        Verdict::NotSent => format!("not sent: {}", f.ruling.cause.id()),
        Verdict::OriginAborted => {
            let waited = f.facts.get(Fact::WaitMs).map(|ms| seconds((ms * 1000.0) as i64)).or(took);
            let at = waited.map_or_else(String::new, |t| format!(" at {t}"));
            format!("we hung up{at} (origin logged {status})")
        }
        Verdict::LateAnswer => {
            let late = f.link.and_then(|l| l.late_us).filter(|us| *us > 0).map(seconds);
            let late = late.map_or_else(|| "too late".into(), |t| format!("{t} too late"));
            format!("origin answered {status} {late}")
        }
        Verdict::AnswerRefused if status > 0 => format!("origin answered {status}{after}, refused here"),
        Verdict::AnswerRefused => "the answer came and was refused here".into(),
        Verdict::OriginFailed => match (f.origin_status, &f.origin_error) {
            (0, _) if status > 0 => format!("origin itself failed: {status}{after}"),
            (0, _) => "origin itself failed".into(),
            (own, Some(e)) => format!("origin itself sent {own}: {}", e.cause.id()),
            (own, None) => format!("origin itself sent {own}{after}"),
        },
        Verdict::NeverArrived => "never arrived at the origin".into(),
        Verdict::Ambiguous => format!("{} origin lines could be it", f.candidates),
        Verdict::NoOriginLog => "no origin log covers it".into(),
    }
}
