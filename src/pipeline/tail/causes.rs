//! Which causes the failures in sight have, and how each goes. In: failures of the last look and the open incident; out:
//! causes in order. It decides nothing about failures.

use std::collections::{BTreeMap, HashSet};

use crate::classify::Rules;
use crate::model::live::LiveCause;
use crate::model::stamp::MINUTE;
use crate::model::{Cause, Group, Incident, Stamp};

/// Spans of a trend, and their length.
pub const SPANS: (usize, i64) = (12, MINUTE);

/// One failure, as far as trends need it.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// When it gave up.
    pub at: Stamp,
    /// Why.
    pub cause: Cause,
    /// How sure that is.
    pub sure: f32,
    /// Identity.
    pub id: u64,
    /// The client got stale content instead of an error.
    pub hidden: bool,
    /// What this tier made of it; 0 for none.
    pub status: u16,
}

/// How sure the cause of an incident is: the mean of its failures of the last hour.
pub fn confidence(beats: &[Beat], incident: &Incident) -> Option<f64> {
    let of_it = |b: &&Beat| b.at >= incident.opened_at && b.cause.is(&incident.cause);
    let (n, sum) = beats.iter().filter(of_it).fold((0u32, 0.0), |(n, sum), b| (n + 1, sum + f64::from(b.sure)));
    (n > 0).then(|| sum / f64::from(n))
}

/// The causes of the open incident, or of all failures in sight; what came first on top.
pub fn causes(
    beats: &[Beat],
    incidents: &[Group],
    open: Option<&Incident>,
    now: Stamp,
    rules: &Rules,
) -> Vec<LiveCause> {
    let members: Option<HashSet<u64>> = open.and_then(|i| {
        let group = incidents.iter().find(|g| g.incident.opened_at == i.opened_at && g.incident.title == i.title);
        group.map(|g| g.members.iter().copied().collect())
    });
    let mut out: BTreeMap<&'static str, LiveCause> = BTreeMap::new();
    for beat in beats.iter().filter(|b| members.as_ref().is_none_or(|m| m.contains(&b.id))) {
        let row = out.entry(beat.cause.id()).or_insert_with(|| cause_row(beat.cause, rules));
        row.failed += 1;
        let ago = now.since(beat.at).unwrap_or(0).max(0) / SPANS.1;
        if let Some(n) = row.trend.iter_mut().rev().nth(ago as usize) {
            *n += 1;
        }
    }
    for share in open.map(|i| i.causes.as_slice()).unwrap_or_default() {
        if let Some(row) = out.get_mut(share.cause.as_str()) {
            (row.role, row.failed) = (share.role.clone(), share.failures.max(row.failed));
        }
    }
    let mut rows: Vec<LiveCause> = out.into_values().collect();
    rows.sort_by_key(|r| (r.role != "came first", std::cmp::Reverse(r.failed)));
    rows
}

fn cause_row(cause: Cause, rules: &Rules) -> LiveCause {
    let about = rules.explanation(cause);
    let advice = about.and_then(|a| a.advice.into_iter().find(|a| a.kind == "look")).map(|a| a.text);
    LiveCause {
        cause: cause.id().into(),
        trend: vec![0; SPANS.0],
        advice: advice.unwrap_or_default(),
        ..LiveCause::default()
    }
}
