//! Traffic as the screen shows it. In: the window's minutes; out: rates now and usual, and the last hour minute by minute.
//! It must not know why anything failed beyond the cause's id.

use std::collections::{BTreeMap, HashMap};

use super::super::context::Context;
use super::causes::Beat;
use super::window::Window;
use crate::model::live::{LiveMinute, Rates};
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Minute, Pulse, Stamp, Text};

/// Minutes that are shown.
const SHOWN: i64 = 60;
/// Calm minutes without which nobody can say what is usual.
const CALM: usize = 10;

/// Traffic of the uppermost tier: of nodes added, of two logs of one node the larger.
fn visitors(window: &Window, context: &Context<'_>) -> BTreeMap<Stamp, Minute> {
    let mut nodes: HashMap<(Stamp, Text), Minute> = HashMap::new();
    for (id, minutes) in &window.partial.traffic {
        let Some(reading) = context.series.get(id).filter(|r| r.top) else { continue };
        for (at, m) in minutes {
            let known = nodes.entry((*at, reading.series.node)).or_default();
            known.requests = known.requests.max(m.requests);
            known.requests_5xx = known.requests_5xx.max(m.requests_5xx);
        }
    }
    let mut out: BTreeMap<Stamp, Minute> = BTreeMap::new();
    nodes.into_iter().for_each(|((at, _), m)| out.entry(at).or_default().add(&m));
    out
}

/// Rates now, and how it usually is.
pub fn rates(window: &Window, context: &Context<'_>, now: Stamp, calm_before: Stamp, beats: &[Beat]) -> Rates {
    if !now.is_known() {
        return Rates::default();
    }
    let minutes = visitors(window, context);
    let (from, span_s) = recent(now);
    let mut sum = Minute::default();
    minutes.range(from..).for_each(|(_, m)| sum.add(m));
    let lately = || beats.iter().filter(|b| b.at >= now - MINUTE);
    let share = |m: &Minute| m.requests_5xx as f64 / m.requests.max(1) as f64;
    let mut calm: Vec<f64> = minutes
        .range(..calm_before.minute().min(from))
        .filter(|(_, m)| m.requests > 0)
        .map(|(_, m)| share(m))
        .collect();
    calm.sort_by(f64::total_cmp);
    Rates {
        requests_per_s: sum.requests as f64 / span_s,
        errors_per_s: sum.requests_5xx as f64 / span_s,
        share: share(&sum),
        status: status(lately()),
        usual_share: (calm.len() >= CALM).then(|| calm[calm.len() / 2]),
        failed_per_min: lately().count() as f64,
        hidden_per_min: lately().filter(|b| b.hidden).count() as f64,
    }
}

/// The status of nine in ten of these failures.
fn status<'b>(beats: impl Iterator<Item = &'b Beat>) -> Option<u16> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    beats.filter(|b| b.status >= 500).for_each(|b| *counts.entry(b.status).or_default() += 1);
    let all: usize = counts.values().sum();
    counts.into_iter().find(|(_, n)| n * 10 >= all * 9).map(|(status, _)| status)
}

/// The minute at hand and the one before it: since when, and how many seconds of them have passed.
pub fn recent(now: Stamp) -> (Stamp, f64) {
    let from = now.minute() - MINUTE;
    (from, now.since(from).unwrap_or(MINUTE).max(SECOND) as f64 / SECOND as f64)
}

/// The last hour.
pub fn minutes(window: &Window, context: &Context<'_>, now: Stamp, beats: &[Beat]) -> Vec<LiveMinute> {
    if !now.is_known() {
        return Vec::new();
    }
    let first = now.minute() - (SHOWN - 1) * MINUTE;
    let blank = |n: i64| (first + n * MINUTE, LiveMinute { at: first + n * MINUTE, ..LiveMinute::default() });
    let mut out: BTreeMap<Stamp, LiveMinute> = (0..SHOWN).map(blank).collect();
    for (at, m) in visitors(window, context) {
        if let Some(minute) = out.get_mut(&at) {
            (minute.requests, minute.requests_5xx) = (m.requests, m.requests_5xx);
        }
    }
    for beat in beats {
        if let Some(minute) = out.get_mut(&beat.at.minute()) {
            *minute.failed.entry(beat.cause.id().into()).or_default() += 1;
        }
    }
    let mut pulses: BTreeMap<Stamp, Pulse> = BTreeMap::new();
    for ((id, at), backends) in &window.partial.pulses {
        if context.series.get(id).is_some_and(|r| r.top) {
            backends.values().for_each(|p| pulses.entry(*at).or_default().add(p));
        }
    }
    for (at, pulse) in pulses {
        if let (Some(minute), Some(p50)) = (out.get_mut(&at), pulse.percentile_ms(0.5)) {
            let of = |share| pulse.percentile_ms(share).unwrap_or(p50);
            minute.ttfb_ms = Some([p50, of(0.95), of(0.99)]);
        }
    }
    for change in window.changes.iter() {
        if let Some(minute) = out.get_mut(&change.time.minute()) {
            minute.changes.push(format!("{}: {}", change.kind.word(), crate::model::redact(&change.text.bytes())));
        }
    }
    out.into_values().collect()
}
