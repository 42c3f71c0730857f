//! The store as `analyze` uses it. In: what a run found; out: numbered incidents, and what the history remembers. An
//! unwritable store never costs the report: the error is told in it, and by the exit code after it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use super::common::{self, Common};
use crate::error::Error;
use crate::model::Remembered;
use crate::model::report::{Span, Stored};
use crate::model::stamp::SECOND;
use crate::pipeline::{Analysis, History, worst_first};
use crate::store::{Batch, Store};

/// How far beside a run's own time stored failures are looked for: a trickle drips at most so slowly.
const BESIDE: i64 = 26 * 3600 * SECOND;

/// Changes so long before a run's own time tell how often the same is changed.
const AGAIN: i64 = 30 * 86_400 * SECOND;
/// So many incidents, worst first, are compared with the history.
const COMPARED: usize = 8;
/// So many incidents are asked when the same happened before.
const OPENINGS: usize = 5_000;

/// The store, or none, or why there is none.
pub struct Keeper {
    store: Option<Mutex<Store>>,
    path: String,
    gap_us: i64,
    error: RefCell<Option<Error>>,
}

impl Keeper {
    /// Opens the store, unless nothing is to be kept.
    pub fn open(no_store: bool, gap_us: i64, common: &Common) -> Keeper {
        let path = common.store_path();
        let mut keeper = Keeper { store: None, path: path.display().to_string(), gap_us, error: RefCell::new(None) };
        if no_store {
            keeper.path.clear();
            return keeper;
        }
        match Store::open(&path) {
            Ok(store) => keeper.store = Some(Mutex::new(store)),
            Err(e) => keeper.error = RefCell::new(Some(e)),
        }
        keeper
    }

    /// What the history remembers of a span of time. May be asked from any thread.
    pub fn recall(store: Option<&Mutex<Store>>, gap_us: i64, span: Span) -> History {
        let Some(store) = store.and_then(|s| s.lock().ok()) else { return History::default() };
        // What cannot be read now will fail to be written later, and is told then.
        let failures = store.known(span.from, span.to, gap_us.max(BESIDE)).unwrap_or_default();
        let ids: Vec<u64> = failures.iter().map(|f| f.id).collect();
        let evidence = store.evidence(&ids).unwrap_or_default();
        let (clocks, decisions) = (store.clocks().unwrap_or_default(), store.decisions().unwrap_or_default());
        let remembered = Keeper::remembered(&store, span).into();
        History { failures, evidence, clocks, decisions, remembered, ..History::default() }
    }

    /// What is remembered of other times, for logs of this span.
    pub fn remembered(store: &Store, span: Span) -> Remembered {
        store.remembered(span.from - AGAIN, span.to + BESIDE, OPENINGS).unwrap_or_default()
    }

    /// The store for [`Keeper::recall`].
    pub fn shared(&self) -> (Option<&Mutex<Store>>, i64) {
        (self.store.as_ref(), self.gap_us)
    }

    /// Keeps what was found and numbers the incidents. Returns the incident of each failed fetch.
    pub fn keep(&self, analysis: &mut Analysis, common: &Common) -> HashMap<u64, u32> {
        match self.save(analysis) {
            Ok(Some(stored)) => analysis.report.store = Some(stored),
            Ok(None) => {}
            Err(e) => {
                common::complain(&e, common);
                let error = Some(e.message);
                analysis.report.store = Some(Stored { path: self.path.clone(), error, ..Stored::default() });
            }
        }
        if analysis.report.store.as_ref().is_none_or(|s| s.error.is_some()) {
            number(analysis);
        }
        analysis.report.incidents = worst_first(&analysis.groups, &analysis.failures);
        self.compare(analysis);
        let scattered = analysis.report.incidents.iter().find(|i| i.service == "scattered");
        analysis.report.scattered = scattered.map(|i| i.id);
        let members = |g: &crate::model::Group| g.members.iter().map(|id| (*id, g.incident.id)).collect::<Vec<_>>();
        analysis.groups.iter().flat_map(members).collect()
    }

    /// Tells of the worst incidents what the history says of them.
    fn compare(&self, analysis: &mut Analysis) {
        let Some(store) =
            self.store.as_ref().filter(|_| analysis.report.store.as_ref().is_some_and(|s| s.error.is_none()))
        else {
            return;
        };
        let store = store.lock().unwrap_or_else(|e| e.into_inner());
        for i in analysis.report.incidents.iter_mut().take(COMPARED) {
            // What cannot be read costs no report.
            let _ = super::kin::tell(i, &store);
        }
    }

    fn save(&self, analysis: &mut Analysis) -> Result<Option<Stored>, Error> {
        if let Some(e) = self.error.borrow_mut().take() {
            return Err(e);
        }
        let Some(store) = &self.store else { return Ok(None) };
        let mut store = store.lock().unwrap_or_else(|e| e.into_inner());
        let scattered = analysis.groups.iter().position(|g| g.incident.service == "scattered");
        let mut batch = Batch {
            failures: &analysis.failures,
            evidence: &analysis.evidence,
            groups: &mut analysis.groups,
            scattered,
            visited: &[],
            told: &[],
            retracted: &[],
            traffic: &analysis.traffic,
            hours: &analysis.hours,
            answered: &analysis.answered,
            early: &analysis.report.early_warnings,
            changes: &analysis.changes,
            clocks: &analysis.report.clock_offsets,
        };
        store.save(&mut batch).map(Some)
    }
}

/// Without a store an incident's number is its position in the report, from 1.
fn number(analysis: &mut Analysis) {
    let order = worst_first(&analysis.groups, &analysis.failures);
    for (n, listed) in order.iter().enumerate() {
        let same = |g: &&mut crate::model::Group| {
            let i = &g.incident;
            i.id == 0 && (i.opened_at, &i.title, i.failures) == (listed.opened_at, &listed.title, listed.failures)
        };
        if let Some(group) = analysis.groups.iter_mut().find(same) {
            group.incident.id = n as u32 + 1;
        }
    }
}
