//! The store as a tail uses it. In: deltas; out: a history that is never ahead of the place up to which logs were read,
//! nor behind it. Whoever finds another recorder only looks; when that one is gone, it takes its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::common::{self, Common};
use super::super::keep;
use super::number;
use crate::error::{Error, Kind, Result};
use crate::model::report::Span;
use crate::model::sink::Resume;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Delta, Position, Sink, Stamp};
use crate::store::Store;

/// Failures so old are still grouped with new ones: a trickle drips at most so slowly.
const BEFORE: i64 = 26 * 60 * MINUTE;
/// A sign of life is given so often.
const BEAT: i64 = 5 * SECOND;

/// The store, shared by who records and who writes notes.
#[derive(Clone)]
pub struct Keeper {
    store: Option<Arc<Mutex<Store>>>,
    path: Option<String>,
    shared: Arc<Mutex<Role>>,
}

#[derive(Debug, Default)]
struct Role {
    /// Who records, when it is another process.
    other: Option<String>,
    /// Why there is no store, or it cannot be written.
    error: String,
    beat: Stamp,
}

impl Keeper {
    /// Opens the store, unless nothing is to be kept. One that cannot be opened never costs the tail.
    pub fn open(no_store: bool, common: &Common) -> Keeper {
        let mut keeper = Keeper { store: None, path: None, shared: Arc::default() };
        if no_store {
            return keeper;
        }
        let path = common.store_path();
        match Store::open(&path) {
            Ok(store) => {
                common.say(&format!("history: {}\n", path.display()));
                keeper.store = Some(Arc::new(Mutex::new(store)));
                keeper.path = Some(path.display().to_string());
                keeper.beat(now());
            }
            Err(e) => {
                common::complain(&e, common);
                keeper.role().error = e.message;
            }
        }
        keeper
    }

    fn role(&self) -> MutexGuard<'_, Role> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `act` with the store, when there is one.
    pub fn with<T>(&self, act: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let store = self.store.as_ref().ok_or_else(|| {
            Error::new(Kind::Store, "nothing is kept here").hint("start guru tail without --no-store")
        })?;
        act(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Path of the store.
    pub fn path(&self) -> Option<String> {
        self.path.clone()
    }

    /// Who records, when it is another process.
    pub fn other(&self) -> Option<String> {
        self.role().other.clone()
    }

    /// Why there is no store; empty when there is one.
    pub fn error(&self) -> String {
        self.role().error.clone()
    }

    /// Gives a sign of life, or looks whether the place of the recorder is free. True when it was taken just now.
    pub fn beat(&self, wall: Stamp) -> bool {
        if self.store.is_none() || wall.since(self.role().beat).is_some_and(|us| us < BEAT) {
            return false;
        }
        let had = self.role().other.is_some();
        let (host, name) = (host(), name());
        let other = self.with(|store| store.record(std::process::id(), &host, &name));
        let mut role = self.role();
        role.beat = wall;
        // A store that is busy for a moment says nothing about who records.
        if let Ok(other) = other {
            role.other = other;
        }
        had && role.other.is_none()
    }

    /// Gives the place of the recorder up.
    pub fn retire(&self) {
        if self.other().is_none() {
            let _ = self.with(|store| store.retire(std::process::id(), &host()));
        }
    }

    /// How far logs were read by an earlier run. Who only looks begins where it likes.
    pub fn positions(&self) -> Vec<Position> {
        if self.other().is_some() {
            return Vec::new();
        }
        self.with(|store| store.positions()).map(|(positions, _)| positions).unwrap_or_default()
    }

    /// What an earlier run left.
    pub fn resume(&self) -> Resume {
        let now = now();
        let before = self.with(|store| {
            let failures = store.recent(now - BEFORE)?;
            let ids: Vec<u64> = failures.iter().map(|f| f.id).collect();
            let evidence = store.evidence(&ids)?;
            let remembered = keep::Keeper::remembered(store, Span { from: now, to: now });
            let (by_log, clocks, decisions) = (store.positions()?.1, store.clocks()?, store.decisions()?);
            Ok(Resume { by_log, failures, evidence, clocks, decisions, remembered })
        });
        let resume = before.unwrap_or_default();
        if self.other().is_some() { Resume { by_log: Vec::new(), ..resume } } else { resume }
    }
}

impl Sink for Keeper {
    fn take(&mut self, delta: &mut Delta<'_>) -> Result<()> {
        if self.store.is_none() {
            number::by_order(delta.groups);
            return Ok(());
        }
        if self.other().is_some() {
            return self.with(|store| number::as_stored(store, delta.groups));
        }
        let kept = self.with(|store| store.keep(delta).map(|_| ()));
        self.role().error = kept.as_ref().err().map(|e| e.message.clone()).unwrap_or_default();
        kept
    }
}

/// The wall clock.
pub fn now() -> Stamp {
    Stamp(chrono::Utc::now().timestamp_micros())
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    name.map(|n| n.trim().to_string()).filter(|n| !n.is_empty()).unwrap_or_else(|| "this machine".into())
}

/// What this process is called where another one is told who records.
fn name() -> String {
    let is_service = std::env::var_os("INVOCATION_ID").is_some() && std::env::var_os("NOTIFY_SOCKET").is_some();
    if is_service { "guru.service".into() } else { "guru tail".into() }
}
