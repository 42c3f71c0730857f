//! Which earlier incidents look like one. In: profiles; out: the likest, with what is the same and what differs. It must
//! not know where profiles come from.
//!
//! What weighs most is what broke, then where, then what the origin saw, then what set it off, then its shape in time. Of
//! equally like ones the newest comes first.

use std::collections::BTreeMap;

use crate::model::similar::{Profile, Similar};
use crate::model::stamp::{MINUTE, SECOND};

/// What looks less alike than this is another thing.
const ALIKE: f64 = 0.6;
/// So many are told.
const TOLD: usize = 3;
/// Times of day within this are the same hour.
const HOUR: i64 = 45 * MINUTE;

/// The earlier incidents that look most like this one.
pub fn similar(of: &Profile, others: &[Profile]) -> Vec<Similar> {
    let earlier = others.iter().filter(|o| o.id != of.id && o.opened_at < of.opened_at);
    let mut out: Vec<Similar> = earlier.map(|o| compare(of, o)).filter(|s| s.likeness >= ALIKE).collect();
    out.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(b.opened_at.cmp(&a.opened_at)));
    out.truncate(TOLD);
    out
}

fn compare(of: &Profile, other: &Profile) -> Similar {
    let (mut same, mut differs) = (Vec::new(), Vec::new());
    let causes = cosine(&of.causes, &other.causes);
    let cause = if of.cause == other.cause { causes.max(0.5) } else { 0.6 * causes };
    say(cause >= 0.8, "cause", || format!("cause {}", other.cause), &mut same, &mut differs);
    let place = service(of, other);
    say(place >= 1.0, "service", || format!("service {}", other.service), &mut same, &mut differs);
    let parts = overlap(&of.parts, &other.parts);
    say(parts >= 0.5, "URLs", || "URLs".into(), &mut same, &mut differs);
    let verdicts = cosine(&of.verdicts, &other.verdicts);
    say(verdicts >= 0.8, "what the origin saw", || "what the origin saw".into(), &mut same, &mut differs);
    let trigger = trigger(of, other, &mut same, &mut differs);
    let length = length(of, other, &mut differs);
    let hour = hour(of, other);
    if hour >= 1.0 {
        same.push("hour".into());
    }
    if let Some(nodes) = others_of(&of.nodes, &other.nodes) {
        differs.push(nodes);
    }
    let likeness =
        0.35 * cause + 0.2 * place + 0.15 * parts + 0.1 * verdicts + 0.1 * trigger + 0.05 * length + 0.05 * hour;
    Similar {
        id: other.id,
        opened_at: other.opened_at,
        likeness,
        same,
        differs,
        fix: other.fix.clone(),
        worked: other.worked.clone(),
        resolved_at: other.resolved_at,
        regression: regression(of, other),
        recovered_s: other.closed_at.since(other.opened_at).unwrap_or(0) as f64 / SECOND as f64,
    }
}

/// True when the same had been resolved, and nobody says in vain, before it opened again.
fn regression(of: &Profile, other: &Profile) -> bool {
    let same = of.cause == other.cause && of.service == other.service;
    let fixed = other.fix.is_some() && other.worked.as_deref() != Some("no");
    same && fixed && of.opened_at.since(other.resolved_at).is_some_and(|us| us > 0)
}

fn say(is: bool, word: &str, differing: impl Fn() -> String, same: &mut Vec<String>, differs: &mut Vec<String>) {
    if is { same.push(word.into()) } else { differs.push(differing()) }
}

/// 1 for one service, 0.6 for parts of one.
fn service(a: &Profile, b: &Profile) -> f64 {
    let unit = |s: &str| s.split(' ').next().unwrap_or_default().to_string();
    match a.service == b.service {
        true => 1.0,
        false if unit(&a.service) == unit(&b.service) => 0.6,
        false => 0.0,
    }
}

/// Same kind of trigger; what is not known of one neither speaks for nor against.
fn trigger(a: &Profile, b: &Profile, same: &mut Vec<String>, differs: &mut Vec<String>) -> f64 {
    match (a.trigger.as_str(), b.trigger.as_str()) {
        ("" | "differs", _) | (_, "" | "differs") => 0.5,
        (x, y) if x == y => {
            same.push(format!("trigger ({x})"));
            1.0
        }
        (_, y) => {
            differs.push(format!("trigger then: {y}"));
            0.0
        }
    }
}

/// 1 for equally long ones, 0 for one ten times as long.
fn length(a: &Profile, b: &Profile, differs: &mut Vec<String>) -> f64 {
    let long = |p: &Profile| p.closed_at.since(p.opened_at).unwrap_or(0).max(10 * SECOND) as f64;
    let ratio = (long(b) / long(a)).log10();
    if ratio.abs() >= 0.5 {
        differs.push(if ratio > 0.0 { "it lasted longer then".into() } else { "it was shorter then".into() });
    }
    (1.0 - ratio.abs()).max(0.0)
}

/// 1 within the same hour of day, 0.5 close to it.
fn hour(a: &Profile, b: &Profile) -> f64 {
    let day = 1440 * MINUTE;
    let apart = (a.opened_at.0 - b.opened_at.0).rem_euclid(day);
    match apart.min(day - apart) {
        us if us <= HOUR => 1.0,
        us if us <= 3 * HOUR => 0.5,
        _ => 0.0,
    }
}

/// Nodes that only one of them has, in words.
fn others_of(now: &[String], then: &[String]) -> Option<String> {
    let only = |a: &[String], b: &[String]| a.iter().filter(|n| !b.contains(n)).cloned().collect::<Vec<_>>();
    match (only(now, then), only(then, now)) {
        (new, _) if !new.is_empty() => Some(format!("{} too", new.join(", "))),
        (_, gone) if !gone.is_empty() => Some(format!("{} not", gone.join(", "))),
        _ => None,
    }
}

/// How alike two mixes are: 1 for the same shares.
fn cosine(a: &[(String, u64)], b: &[(String, u64)]) -> f64 {
    let of: BTreeMap<&str, f64> = b.iter().map(|(w, n)| (w.as_str(), *n as f64)).collect();
    let length = |x: &[(String, u64)]| x.iter().map(|(_, n)| (*n as f64).powi(2)).sum::<f64>().sqrt();
    let dot: f64 = a.iter().map(|(w, n)| *n as f64 * of.get(w.as_str()).copied().unwrap_or(0.0)).sum();
    match length(a) * length(b) {
        0.0 => f64::from(u8::from(a.is_empty() && b.is_empty())),
        both => dot / both,
    }
}

/// Share of the fewer that both have.
fn overlap(a: &[String], b: &[String]) -> f64 {
    let both = a.iter().filter(|p| b.contains(p)).count();
    match a.len().min(b.len()) {
        0 => f64::from(u8::from(a.is_empty() && b.is_empty())),
        fewer => both as f64 / fewer as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stamp;

    fn profile(id: u32, at_min: i64, service: &str, cause: &str) -> Profile {
        Profile {
            id,
            opened_at: Stamp(at_min * MINUTE),
            closed_at: Stamp((at_min + 10) * MINUTE),
            service: service.into(),
            cause: cause.into(),
            causes: vec![(cause.into(), 40)],
            verdicts: vec![("not_sent".into(), 40)],
            nodes: vec!["cache-1".into()],
            parts: vec!["/cart".into()],
            ..Profile::default()
        }
    }

    #[test]
    fn the_likest_comes_first_with_what_differs() {
        let now = profile(9, 50_000, "shop", "timeout.first_byte");
        let twin = profile(3, 50_000 - 1440 * 7, "shop", "timeout.first_byte");
        let other = profile(4, 40_000, "api", "dns");
        let mut part = profile(5, 41_000, "shop", "connection.refused");
        part.nodes.push("cache-2".into());
        let later = profile(10, 60_000, "shop", "timeout.first_byte");
        let found = similar(&now, &[other, twin, part, later, now.clone()]);
        assert_eq!(found[0].id, 3);
        assert_eq!(found[0].same, ["cause", "service", "URLs", "what the origin saw", "hour"]);
        assert!(found.iter().all(|s| s.id != 4 && s.id < 9), "{found:?}");
        assert!(found[0].differs.is_empty() && found[0].likeness > 0.9);
    }

    #[test]
    fn what_was_resolved_and_is_back_is_a_regression() {
        let now = profile(9, 50_000, "shop", "timeout.first_byte");
        let at = |min: i64| Stamp(min * MINUTE);
        let fixed = |resolved_at, worked: &str| Profile {
            fix: Some("more workers".into()),
            worked: Some(worked.into()),
            resolved_at,
            ..profile(3, 40_000, "shop", "timeout.first_byte")
        };
        let is_one = |other: Profile| similar(&now, &[other])[0].regression;
        assert!(is_one(fixed(at(40_020), "yes")) && is_one(fixed(at(40_020), "unknown")));
        assert!(!is_one(fixed(at(40_020), "no")), "it never worked");
        assert!(!is_one(fixed(at(50_001), "yes")), "resolved only while this one was on");
        assert!(!is_one(Profile { fix: None, ..fixed(at(40_020), "yes") }));
        let elsewhere = Profile { service: "shop /feed".into(), ..fixed(at(40_020), "yes") };
        assert!(similar(&now, &[elsewhere]).iter().all(|s| !s.regression));
    }
}
