//! The judgements of an analysis, as a lookup asks for them. In: an analysis; out: a failed fetch by its identity, by
//! what it explains, by the line it was linked to. It must not know which of them are told.

use std::collections::HashMap;

use crate::classify::Rules;
use crate::model::incident::Quote;
use crate::model::{Failure, Judged};
use crate::pipeline::Analysis;

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

    /// By how much the clock of a node that is asked is ahead of that of the node that asks, microseconds.
    pub fn ahead(&self, from: &str, to: &str) -> i64 {
        let pair = self.analysis.report.clock_offsets.iter().find(|c| c.from == from && c.to == to);
        pair.map_or(0, |c| (c.offset_ms * 1000.0) as i64)
    }

    /// The judgement of a failed fetch.
    pub fn judged(&self, f: &Failure) -> Judged {
        let evidence = self.analysis.evidence.get(&f.id).cloned().unwrap_or_default();
        let means = self.rules.explanation(f.ruling.cause).map(|e| e.means).unwrap_or_default();
        Judged { failure: f.clone(), evidence, means, incident: None }
    }
}
