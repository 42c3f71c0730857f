//! What clients got. In: kept failures, kept requests, outcomes of retries; out: the impact and the client request of
//! each failure, and the visitor ledger. It must not know causes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::partial::Retry;
use crate::model::report::Visitors;
use crate::model::stamp::MINUTE;
use crate::model::{Failure, FetchOutcome, Impact, MadeBy, Reason, RequestReason, RequestRow, SeriesId, Served, Stamp};

/// Transaction ids come round again after a restart: only what is so near in time is one story.
const NEAR: i64 = 15 * MINUTE;
/// Links of a chain of retries or restarts that are followed.
const CHAIN: usize = 16;

type Id = (SeriesId, u64);

/// Finds by transaction id what is nearest in time.
#[derive(Debug)]
struct Index(HashMap<Id, Vec<(Stamp, usize)>>);

impl Index {
    fn of(items: impl Iterator<Item = (Id, Stamp)>) -> Index {
        let mut map: HashMap<Id, Vec<(Stamp, usize)>> = HashMap::new();
        for (n, (id, at)) in items.enumerate() {
            if id.1 != 0 {
                map.entry(id).or_default().push((at, n));
            }
        }
        Index(map)
    }

    fn near(&self, id: Id, at: Stamp) -> Option<usize> {
        let apart = |t: Stamp| t.since(at).map_or(0, i64::abs);
        let best = self.0.get(&id)?.iter().min_by_key(|(t, n)| (apart(*t), *n))?;
        (apart(best.0) <= NEAR).then_some(best.1)
    }
}

/// The chains of a run.
#[derive(Debug)]
pub struct Chains<'a> {
    served: &'a [Served],
    retries: &'a [Retry],
    by_vxid: Index,
    by_parent: Index,
    retry_of: Index,
    failed: Index,
}

impl<'a> Chains<'a> {
    /// Indexes what was kept.
    pub fn of(failures: &[Failure], served: &'a [Served], retries: &'a [Retry]) -> Chains<'a> {
        let restarts = |s: &Served| if s.reason == RequestReason::Restart { s.parent } else { 0 };
        Chains {
            served,
            retries,
            by_vxid: Index::of(served.iter().map(|s| ((s.series, s.vxid), s.end))),
            by_parent: Index::of(served.iter().map(|s| ((s.series, restarts(s)), s.end))),
            retry_of: Index::of(retries.iter().map(|r| ((r.series, r.parent), r.started))),
            failed: Index::of(failures.iter().map(|f| ((f.series, if f.stored { 0 } else { f.vxid }), f.started))),
        }
    }

    /// The client request at the root of a failure's chain, and what the client got.
    pub fn tell(&self, failures: &[Failure], n: usize) -> (u64, Impact) {
        let f = &failures[n];
        let client = self.client_of(failures, f);
        let impact = if f.outcome == FetchOutcome::Cut {
            Impact::Truncated
        } else if f.reason == Reason::Bgfetch {
            Impact::Stale
        } else {
            self.outcome(failures, f, client)
        };
        (client, impact)
    }

    /// Microseconds of grace that the object had left which the client of a background fetch got.
    pub fn grace_left(&self, f: &Failure) -> Option<i64> {
        let client = self.by_vxid.near((f.series, f.client_vxid), f.started)?;
        self.served[client].grace_left_us
    }

    /// Whether the error page that the client got carried Retry-After; `None` when the log does not tell.
    pub fn retry_after(&self, f: &Failure) -> Option<bool> {
        let client = self.by_vxid.near((f.series, f.client_vxid), f.started)?;
        let served = &self.served[client];
        (f.client_vxid != 0 && served.status >= 500).then_some(served.retry_after)
    }

    /// The transactions of the client's request that ended with this row: itself, and those that it is a restart of.
    pub fn parts(&self, row: &RequestRow) -> impl Iterator<Item = u64> {
        let before = |s: &&Served| (s.reason == RequestReason::Restart).then(|| self.served(row, s.parent)).flatten();
        let restarts = std::iter::successors(self.served(row, row.vxid.into()), before).take(CHAIN);
        restarts.map(|s| s.vxid).chain([row.vxid.into()])
    }

    /// The failed fetch of another request whose outcome this row's request shared.
    pub fn shared(&self, row: &RequestRow) -> Option<usize> {
        let s = self.served(row, row.vxid.into()).filter(|s| s.hit != 0)?;
        self.failed.near((row.series, s.hit), s.end)
    }

    /// What is kept of a request of the row's series.
    fn served(&self, row: &RequestRow, vxid: u64) -> Option<&Served> {
        self.by_vxid.near((row.series, vxid), Stamp(row.end)).map(|n| &self.served[n])
    }

    fn client_of(&self, failures: &[Failure], f: &Failure) -> u64 {
        let (mut reason, mut parent) = (f.reason, f.parent);
        for _ in 0..CHAIN {
            if reason != Reason::Retry {
                return parent;
            }
            let Some(before) = self.failed.near((f.series, parent), f.started) else { return 0 };
            (reason, parent) = (failures[before].reason, failures[before].parent);
        }
        0
    }

    /// Follows retries, then the request of the client.
    fn outcome(&self, failures: &[Failure], f: &Failure, client: u64) -> Impact {
        let (mut vxid, mut background) = (f.vxid, false);
        let mut retried = f.retried;
        for _ in 0..CHAIN {
            if !retried {
                break;
            }
            let Some(next) = self.retry_of.near((f.series, vxid), f.started).map(|n| self.retries[n]) else {
                return Impact::Unknown;
            };
            if next.outcome == FetchOutcome::Good {
                return Impact::RetriedOk;
            }
            if next.outcome == FetchOutcome::Cut {
                return Impact::Truncated;
            }
            vxid = next.vxid;
            retried = self.failed.near((f.series, vxid), next.started).is_some_and(|n| failures[n].retried);
        }
        if let Some(root) = self.failed.near((f.series, f.parent), f.started) {
            background = failures[root].reason == Reason::Bgfetch;
        }
        if background {
            return Impact::Stale;
        }
        match self.by_vxid.near((f.series, client), f.ended) {
            Some(n) => self.answered(&self.served[n]),
            None if f.status >= 500 || f.status == 0 => Impact::Error,
            None => Impact::Unknown,
        }
    }

    /// What a request, or the last of its restarts, answered.
    fn answered(&self, s: &Served) -> Impact {
        let mut last = s;
        for _ in 0..CHAIN {
            match self.by_parent.near((last.series, last.vxid), last.end) {
                Some(n) if last.restarted => last = &self.served[n],
                _ => break,
            }
        }
        if last.status >= 400 || last.status == 0 { Impact::Error } else { Impact::RetriedOk }
    }

    /// The ledger: why each client that got a 5xx got it. `tops` are the series of the uppermost tier, `edges` those of
    /// CDNs.
    pub fn ledger(&self, failures: &[Failure], tops: &HashSet<SeriesId>, edges: &HashSet<SeriesId>) -> Visitors {
        let mut v = Visitors::default();
        let mut clients: HashSet<Id> = HashSet::new();
        for f in failures.iter().filter(|f| !f.stored) {
            clients.insert((f.series, f.client_vxid));
        }
        for s in self.served.iter().filter(|s| tops.contains(&s.series)) {
            if s.status < 500 || s.restarted || !s.reason.is_visit() {
                continue;
            }
            v.got_5xx += 1;
            if self.own_fetch_failed(s, &clients) {
                v.own_fetch += 1;
            } else if edges.contains(&s.series) {
                // A stored error is another request's; everything else a CDN makes by itself.
                if s.made_by == MadeBy::Hit { v.shared += 1 } else { v.edge += 1 }
            } else if s.hit != 0 && (s.waited || self.failed.near((s.series, s.hit), s.end).is_some()) {
                v.shared += 1;
            } else if s.made_by == MadeBy::Itself {
                v.made_here += 1;
            } else {
                v.unexplained += 1;
            }
        }
        v
    }

    fn own_fetch_failed(&self, s: &Served, clients: &HashSet<Id>) -> bool {
        if s.vxid == 0 || s.fetch == 0 && s.made_by == MadeBy::Fetch {
            return s.made_by == MadeBy::Fetch || (s.made_by == MadeBy::Unknown && matches!(s.status, 502 | 504));
        }
        let mut at = s;
        for _ in 0..CHAIN {
            if clients.contains(&(at.series, at.vxid)) {
                return true;
            }
            let before =
                (at.reason == RequestReason::Restart).then(|| self.by_vxid.near((at.series, at.parent), at.end));
            match before.flatten() {
                Some(n) => at = &self.served[n],
                None => break,
            }
        }
        at.fetch != 0 && self.failed.near((at.series, at.fetch), at.end).is_some()
    }

    /// Client requests answered 5xx because of each failure's client, with those that claim to be crawlers:
    /// request of the client → (5xx, crawlers).
    pub fn visitors(&self, failures: &[Failure]) -> BTreeMap<usize, (u64, u64)> {
        let by_client = Index::of(failures.iter().map(|f| ((f.series, f.client_vxid), f.ended)));
        let mut out: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for s in self.served.iter().filter(|s| s.status >= 500 && !s.restarted && s.reason.is_visit()) {
            let own = by_client.near((s.series, s.vxid), s.end);
            let shared = if s.hit != 0 { self.failed.near((s.series, s.hit), s.end) } else { None };
            if let Some(n) = own.or(shared).or_else(|| self.failed.near((s.series, s.fetch), s.end)) {
                let tally = out.entry(n).or_default();
                tally.0 += 1;
                tally.1 += u64::from(s.crawler);
            }
        }
        out
    }
}
