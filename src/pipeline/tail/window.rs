//! What a tail keeps of the logs: everything that a failure which is not settled may need, and no more. In: the state of
//! folded chunks, with the moment at which each was taken in; out: state to conclude from, and less of it as time goes on.
//! It must not judge.
//!
//! Age is the time of the logs at which something was taken in, not what its own stamp says: clocks may be hours apart,
//! and stamps may be wrong.

use std::collections::{HashMap, HashSet, VecDeque};

use super::super::context::Context;
use super::super::partial::{Changed, Partial, Place, Probe, Retry};
use super::aged::Aged;
use crate::model::stamp::MINUTE;
use crate::model::{
    Failure, FetchRow, FileId, Minute, Note, Pulse, RequestRow, SeriesId, Served, Stamp, Text, further_identity,
};

/// Traffic and pulses are kept so long: what the screen shows.
const SHOWN: i64 = 2 * 60 * MINUTE;
/// Changes are kept so long, and so many of them at most.
const CHANGES: (i64, usize) = (26 * 60 * MINUTE, 2_000);
/// Healthy rows of either side that are kept at most; beyond it the oldest go first, whatever their age. 80 bytes each.
const MOST_ROWS: usize = 1_500_000;

/// Rows that were taken in together.
#[derive(Debug, Default)]
struct Layer {
    taken: Stamp,
    fetches: Vec<FetchRow>,
    requests: Vec<RequestRow>,
}

/// Which healthy rows take part in a look.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// So many rows of either side, about, beside those with the key of a failure or a message.
    pub sample: usize,
}

/// The window.
#[derive(Debug, Default)]
pub struct Window {
    /// Counters, tallies, open transactions; the lists in it are empty between two takings.
    pub partial: Partial,
    /// Failed fetches that are not settled, with the moment at which each was taken in.
    pub failures: VecDeque<(Stamp, Failure)>,
    served: Aged<Served>,
    retries: Aged<Retry>,
    notes: Aged<(SeriesId, Note)>,
    /// Probe results.
    pub probes: Aged<Probe>,
    /// Changes.
    pub changes: Aged<Changed>,
    layers: VecDeque<Layer>,
    rows: usize,
    /// How many equal records of a file there were, and when the last one was taken in.
    equals: HashMap<(FileId, u64), (u64, Stamp)>,
}

impl Window {
    /// Takes in folded state. Transactions that became whole with it are part of it.
    pub fn take(&mut self, part: Partial, context: &Context<'_>) -> Fresh {
        let partial = std::mem::take(&mut self.partial).merge(part, context);
        self.partial = partial;
        let p = &mut self.partial;
        Fresh {
            failures: std::mem::take(&mut p.failures),
            served: std::mem::take(&mut p.served),
            retries: std::mem::take(&mut p.retries),
            notes: std::mem::take(&mut p.notes),
            probes: std::mem::take(&mut p.probes),
            changes: std::mem::take(&mut p.changes),
            fetches: p.fetches.take(),
            requests: p.requests.take(),
        }
    }

    /// Puts the open transactions of the window to those of a part, where some of them become whole. What the part had
    /// begun in the middle of a file, and is whole nowhere, an earlier run has told.
    pub fn join_open(&mut self, mut part: Partial, context: &Context<'_>) -> Partial {
        let begins = |key: &&(SeriesId, Place)| key.1.1 > 0;
        let resumed: Vec<(SeriesId, Place)> = part.open.keys().filter(begins).copied().collect();
        let open = std::mem::take(&mut self.partial.open);
        part = part.merge(Partial { open, ..Partial::empty() }, context);
        for key in resumed {
            if let Some(piece) = part.open.get_mut(&key) {
                piece.fragments.forget_before();
            }
        }
        part
    }

    /// Keeps what was taken in.
    pub fn keep(&mut self, mut fresh: Fresh, taken: Stamp) {
        fresh.failures.sort_by_key(|f| (f.series, f.at.file, f.at.offset, f.vxid));
        for mut f in fresh.failures {
            self.tell_equals_apart(&mut f, taken);
            f.settled = false;
            self.failures.push_back((taken, f));
        }
        self.served.push_all(taken, fresh.served);
        self.retries.push_all(taken, fresh.retries);
        self.notes.push_all(taken, fresh.notes);
        self.probes.push_all(taken, fresh.probes);
        self.changes.push_all(taken, fresh.changes);
        // The rows of failures are with the failures.
        let fetches: Vec<FetchRow> = fresh.fetches.into_iter().filter(|r| r.flags & FetchRow::FAILED == 0).collect();
        if fetches.is_empty() && fresh.requests.is_empty() {
            return;
        }
        self.rows += fetches.len() + fresh.requests.len();
        self.layers.push_back(Layer { taken, fetches, requests: fresh.requests });
        while self.rows > MOST_ROWS && self.layers.len() > 1 {
            self.drop_layer();
        }
    }

    /// Keeps a change that no log tells of.
    pub fn told(&mut self, taken: Stamp, change: Changed) {
        self.changes.push_all(taken, vec![change]);
    }

    /// Dates what was taken in when the moment was not known, or not by the clock that counts now (`anew`).
    pub fn date(&mut self, now: Stamp, anew: bool) {
        let undated = |taken: &mut Stamp| {
            if anew || !taken.is_known() {
                *taken = now;
            }
        };
        self.failures.iter_mut().for_each(|(taken, _)| undated(taken));
        self.layers.iter_mut().for_each(|l| undated(&mut l.taken));
        self.equals.values_mut().for_each(|(_, taken)| undated(taken));
        self.served.date(now, anew);
        self.retries.date(now, anew);
        self.notes.date(now, anew);
        self.probes.date(now, anew);
        self.changes.date(now, anew);
    }

    /// Equal lines of one file are as many requests; see `Partial::settle`.
    fn tell_equals_apart(&mut self, f: &mut Failure, taken: Stamp) {
        if f.vxid != 0 {
            return;
        }
        let seen = self.equals.entry((f.at.file, f.id)).or_insert((0, taken));
        if seen.0 > 0 {
            f.id = further_identity(f.id, seen.0);
        }
        *seen = (seen.0 + 1, taken);
    }

    fn drop_layer(&mut self) {
        if let Some(layer) = self.layers.pop_front() {
            self.rows -= layer.fetches.len() + layer.requests.len();
        }
    }

    /// State to conclude from. `claimed`: lines that settled failures are linked to.
    pub fn look(&self, scope: Scope, claimed: &HashSet<(FileId, u64)>, context: &Context<'_>) -> Partial {
        let mut look = Partial {
            files: self.partial.files.clone(),
            traffic: self.partial.traffic.clone(),
            failures: self.failures.iter().map(|(_, f)| f.clone()).collect(),
            served: self.served.copied(),
            retries: self.retries.copied(),
            notes: self.notes.copied(),
            probes: self.probes.copied(),
            changes: self.changes.copied(),
            not_origin: self.partial.not_origin.clone(),
            incomplete: self.partial.incomplete.clone(),
            ..Partial::empty()
        };
        let mut keys: HashSet<u64> = self.failures.iter().map(|(_, f)| f.row.key).collect();
        keys.extend(self.notes.iter().map(|(_, n)| n.key));
        let every = (self.rows / scope.sample.max(1)).max(1) as u64;
        let wanted = |key: u64| key.is_multiple_of(every) || keys.contains(&key);
        let is_error = |r: &RequestRow| r.status >= 500 || r.status < 100;
        for layer in &self.layers {
            layer.fetches.iter().filter(|r| wanted(r.key)).for_each(|r| look.fetches.push(*r));
            let free = |r: &&RequestRow| !claimed.contains(&(FileId(r.file), r.offset));
            let requests = layer.requests.iter().filter(|r| wanted(r.key) || is_error(r)).filter(free);
            requests.for_each(|r| look.requests.push(*r));
        }
        for (_, f) in &self.failures {
            if f.row.is_timed() && context.series.get(&f.series).is_some_and(|r| r.fetches_on) {
                look.fetches.push(f.row);
            }
        }
        look
    }

    /// Forgets rows and records taken in before `rows`, and what the screen shows of the time before. Hands over the
    /// counts that are forgotten.
    pub fn forget(&mut self, rows: Stamp, now: Stamp, gone: &mut dyn FnMut(SeriesId, &Minute, &Pulse)) {
        while self.layers.front().is_some_and(|l| l.taken < rows) {
            self.drop_layer();
        }
        self.served.forget_before(rows);
        self.retries.forget_before(rows);
        self.notes.forget_before(rows);
        self.forget_probes(rows);
        self.changes.forget_before(now - CHANGES.0);
        self.changes.keep_newest(CHANGES.1);
        self.equals.retain(|_, (_, taken)| *taken >= rows);
        let shown = now - SHOWN;
        let (none, nothing) = (Pulse::default(), Minute::default());
        self.partial.pulses.retain(|(id, at), backends| {
            if *at < shown {
                backends.values().for_each(|pulse| gone(*id, &nothing, pulse));
            }
            *at >= shown
        });
        for (id, minutes) in &mut self.partial.traffic {
            minutes.retain(|at, minute| {
                if *at < shown {
                    gone(*id, minute, &none);
                }
                *at >= shown
            });
        }
    }

    /// The last result of every backend stays.
    fn forget_probes(&mut self, horizon: Stamp) {
        let mut later: HashSet<(SeriesId, Text)> = HashSet::new();
        self.probes.retain_from_newest(|taken, p| later.insert((p.series, p.backend)) || taken >= horizon);
    }

    /// Keeps the texts of everything but failures from being forgotten, see [`Text::turn`].
    pub fn keep_texts(&self) {
        self.notes.iter().for_each(|(_, n)| n.text.keep());
        self.probes.iter().flat_map(|p| [p.backend, p.response]).for_each(Text::keep);
        self.changes.iter().for_each(|c| c.text.keep());
        self.partial.pulses.values().flat_map(HashMap::keys).for_each(|backend| backend.keep());
        self.partial.files.values().flat_map(|t| t.rejects.values()).for_each(|(_, text)| text.keep());
    }
}

/// What a taking brought.
#[derive(Debug, Default)]
pub struct Fresh {
    /// Failed fetches.
    pub failures: Vec<Failure>,
    served: Vec<Served>,
    retries: Vec<Retry>,
    notes: Vec<(SeriesId, Note)>,
    probes: Vec<Probe>,
    changes: Vec<Changed>,
    fetches: Vec<FetchRow>,
    requests: Vec<RequestRow>,
}

impl Fresh {
    /// True when it may change what is known of a failure.
    pub fn matters(&self) -> bool {
        !(self.failures.is_empty() && self.notes.is_empty() && self.changes.is_empty() && self.probes.is_empty())
    }
}
