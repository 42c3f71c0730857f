//! The judgements of an analysis, as a lookup asks for them. In: an analysis; out: a failed fetch by its identity, by
//! what it explains, by the line it was linked to. It must not know which of them are told.

use std::collections::HashMap;

use crate::classify::Rules;
use crate::model::incident::Quote;
use crate::model::{Failure, Judged, Stamp};
use crate::pipeline::Analysis;

/// Between the two ends of a connection lies a little time.
const SLACK: i64 = 20_000;

/// A clock as another node sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// So much it is ahead, microseconds.
    pub ahead_us: i64,
    /// So inexact that is.
    pub blur_us: i64,
}

impl Clock {
    /// Nothing is known of it: most likely it is right.
    const UNKNOWN: Clock = Clock { ahead_us: 0, blur_us: 1_100_000 };

    /// True when a moment of it, logged with that granularity, may lie between two of the other clock.
    pub fn may_lie(self, at: Stamp, resolution_us: i64, from: Stamp, to: Stamp) -> bool {
        let (at, blur) = (at - self.ahead_us, self.blur_us + resolution_us);
        at.is_known() && from.is_known() && at >= from - blur && at <= to + blur
    }
}

/// Judged failed fetches.
pub struct Judgements<'a> {
    analysis: &'a Analysis,
    rules: &'a Rules,
    by_id: HashMap<u64, &'a Failure>,
    told_in: HashMap<u64, Vec<&'a Failure>>,
    linked: HashMap<(&'a str, u64), u64>,
}

impl<'a> Judgements<'a> {
    /// Those of an analysis.
    pub fn of(analysis: &'a Analysis, rules: &'a Rules) -> Judgements<'a> {
        let mut told_in: HashMap<u64, Vec<&Failure>> = HashMap::new();
        for f in &analysis.failures {
            if let Some(above) = f.told_in {
                told_in.entry(above).or_default().push(f);
            }
        }
        let line = |q: &'a Quote| (q.line > 0).then_some((q.file.as_str(), q.line));
        let origin = |id: &u64| analysis.evidence.get(id).and_then(|e| e.origin.as_ref()).and_then(line);
        let by_id: HashMap<u64, &Failure> = analysis.failures.iter().map(|f| (f.id, f)).collect();
        let linked = by_id.keys().filter_map(|id| Some((origin(id)?, *id))).collect();
        Judgements { analysis, rules, by_id, told_in, linked }
    }

    /// The failed fetch of that identity.
    pub fn failure(&self, id: u64) -> Option<&'a Failure> {
        self.by_id.get(&id).copied()
    }

    /// The failed fetches of lower tiers that explain that one.
    pub fn below(&self, id: u64) -> &[&'a Failure] {
        self.told_in.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The failed fetch that caused the request of that line.
    pub fn linked_to(&self, line: (&str, u64)) -> Option<u64> {
        self.linked.get(&line).copied()
    }

    /// The clock of a node that is asked as the node that asks sees it.
    pub fn clock(&self, from: &str, to: &str) -> Clock {
        let pair = self.analysis.report.clock_offsets.iter().find(|c| c.from == from && c.to == to);
        let us = |ms: f64| (ms * 1_000.0) as i64;
        pair.map_or(Clock::UNKNOWN, |c| Clock { ahead_us: us(c.offset_ms), blur_us: us(c.error_ms) + SLACK })
    }

    /// The judgement of a failed fetch.
    pub fn judged(&self, f: &Failure) -> Judged {
        let evidence = self.analysis.evidence.get(&f.id).cloned().unwrap_or_default();
        let means = self
            .rules
            .explanation(f.ruling.cause)
            .map(|e| e.means_to([&*f.program.lossy()].into_iter()))
            .unwrap_or_default();
        Judged { failure: f.clone(), evidence, means, incident: None }
    }
}
