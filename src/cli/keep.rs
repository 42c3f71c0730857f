//! The store as `analyze` uses it. In: what a run found; out: numbered incidents, and what the history remembers. An
//! unwritable store never costs the report: the error is told in it, and by the exit code after it.

use std::collections::HashMap;

use super::common::Common;
use crate::model::report::Span;
use crate::pipeline::{Analysis, History};

/// The store, or none.
pub struct Keeper {}

impl Keeper {
    /// Opens the store, unless nothing is to be kept.
    pub fn open(_no_store: bool, _common: &Common) -> Keeper {
        Keeper {}
    }

    /// What the history remembers of a span of time.
    pub fn remembered(&self, _span: Span) -> History {
        History::default()
    }

    /// Keeps what was found and numbers the incidents. Returns the incident of each failed fetch.
    pub fn keep(&self, analysis: &mut Analysis) -> HashMap<u64, u32> {
        number(analysis)
    }
}

/// Without a store an incident's number is its position in the report, from 1.
fn number(analysis: &mut Analysis) -> HashMap<u64, u32> {
    let mut numbers = HashMap::new();
    for (n, incident) in analysis.report.incidents.iter_mut().enumerate() {
        incident.id = n as u32 + 1;
        let same = |g: &&mut crate::model::Group| {
            g.incident.id == 0 && g.incident.opened_at == incident.opened_at && g.incident.title == incident.title
        };
        if let Some(group) = analysis.groups.iter_mut().find(same) {
            group.incident.id = incident.id;
            numbers.extend(group.members.iter().map(|id| (*id, incident.id)));
        }
    }
    numbers
}
