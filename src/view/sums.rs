//! Sums that add up, in words: verdicts, impacts, causes. In: counts by word; out: one sentence each. It must not know
//! whether they are those of a run or of an incident.

use std::collections::BTreeMap;

use crate::model::incident::CauseShare;
use crate::model::{Impact, Verdict};

use super::words::{amount, count};

/// Counts by word, in the order of `words` with what each is called; unknown words keep their own name at the end.
fn parts(counts: &BTreeMap<String, u64>, words: &[(&str, &str)]) -> Vec<String> {
    let known = words.iter().filter_map(|(word, called)| Some((*counts.get(*word)?, *called)));
    let others = counts.iter().filter(|(w, _)| !words.iter().any(|(k, _)| k == w)).map(|(w, n)| (*n, w.as_str()));
    known.chain(others).filter(|(n, _)| *n > 0).map(|(n, called)| format!("{} {called}", count(n))).collect()
}

/// What the next tier saw, as items to be kept whole: `118 we hung up,` `2,039 not sent = 2,157`. The total is left
/// out where it says nothing new.
pub(super) fn verdicts(counts: &BTreeMap<String, u64>) -> Vec<String> {
    let called = |v: Verdict| match v {
        Verdict::OriginFailed => "failed itself",
        Verdict::AnswerRefused => "rejected by us",
        Verdict::OriginAborted => "we hung up",
        Verdict::LateAnswer => "too late",
        Verdict::NeverArrived => "never arrived",
        Verdict::Ambiguous => "ambiguous",
        Verdict::NoOriginLog => "not covered",
        Verdict::NotSent => "not sent",
    };
    let order = [
        Verdict::OriginFailed,
        Verdict::AnswerRefused,
        Verdict::OriginAborted,
        Verdict::LateAnswer,
        Verdict::NeverArrived,
        Verdict::Ambiguous,
        Verdict::NoOriginLog,
        Verdict::NotSent,
    ];
    summed(parts(counts, &order.map(|v| (v.word(), called(v)))), counts)
}

fn summed(mut parts: Vec<String>, counts: &BTreeMap<String, u64>) -> Vec<String> {
    let total = counts.values().copied().fold(0, u64::saturating_add);
    let several = parts.len() > 1;
    if let Some((last, others)) = parts.split_last_mut().filter(|_| several) {
        others.iter_mut().for_each(|item| item.push(','));
        last.push_str(&format!(" = {}", count(total)));
    }
    parts
}

/// True when no fetch but those that were never sent is covered by a log of the next tier.
pub(super) fn nothing_covered(counts: &BTreeMap<String, u64>) -> bool {
    let of = |v: Verdict| counts.get(v.word()).copied().unwrap_or(0);
    let (blind, unsent) = (of(Verdict::NoOriginLog), of(Verdict::NotSent));
    blind > 0 && counts.values().copied().fold(0, u64::saturating_add) == blind.saturating_add(unsent)
}

/// What clients got of it: `2,630 error, 12 cut, 359 hidden by stale`.
pub(super) fn impacts(counts: &BTreeMap<String, u64>) -> String {
    let called = |i: Impact| match i {
        Impact::Error => "error",
        Impact::Truncated => "cut",
        Impact::Stale => "hidden by stale",
        Impact::RetriedOk => "retried",
        Impact::Unknown => "unknown",
    };
    let order = [Impact::Error, Impact::Truncated, Impact::Stale, Impact::RetriedOk, Impact::Unknown];
    let parts = parts(counts, &order.map(|i| (i.word(), called(i))));
    match parts.as_slice() {
        [one] => format!("all {}", one.split_once(' ').map_or("", |(_, called)| called)),
        many => many.join(", "),
    }
}

/// Causes as the story goes: `175 timeout.first_byte (came first) + 1,978 health.sick (consequence)`.
pub(super) fn causes(shares: &[CauseShare]) -> String {
    let told = |s: &CauseShare| {
        let role = if s.role.is_empty() { String::new() } else { format!(" ({})", s.role) };
        format!("{} {}{role}", amount(s.failures), s.cause)
    };
    let mut order: Vec<&CauseShare> = shares.iter().collect();
    order.sort_by_key(|s| match s.role.as_str() {
        "came first" => 0,
        "consequence" => 2,
        _ => 1,
    });
    order.into_iter().map(told).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        list.iter().map(|(w, n)| (w.to_string(), *n)).collect()
    }

    #[test]
    fn every_verdict_is_in_the_sum_even_one_that_is_not_known() {
        let all: BTreeMap<String, u64> = Verdict::ALL.iter().map(|v| (v.word().to_string(), 1000)).collect();
        assert_eq!(verdicts(&all).iter().filter(|item| item.starts_with("1,000 ")).count(), Verdict::ALL.len());
        assert!(verdicts(&all).concat().ends_with(" = 8,000"));
        assert_eq!(verdicts(&of(&[("not_sent", 2), ("of_the_future", 3)])), ["2 not sent,", "3 of_the_future = 5"]);
        assert_eq!(verdicts(&of(&[("not_sent", 2), ("ambiguous", 0)])), ["2 not sent"]);
    }

    #[test]
    fn every_impact_is_named() {
        let all: BTreeMap<String, u64> = Impact::ALL.iter().map(|i| (i.word().to_string(), 1)).collect();
        assert_eq!(impacts(&all).matches('1').count(), Impact::ALL.len());
    }

    #[test]
    fn coverage_counts_only_what_could_have_been_seen() {
        assert!(nothing_covered(&of(&[("no_origin_log", 3), ("not_sent", 9)])));
        assert!(!nothing_covered(&of(&[("no_origin_log", 3), ("late_answer", 1)])));
        assert!(!nothing_covered(&of(&[("not_sent", 9)])));
    }
}
