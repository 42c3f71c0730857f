//! Two records of one failure at one tier: a shield's fetch that another node of the same tier relayed, and a feed of
//! errors beside the log of requests. In: kept failures; out: which is told in which, and the words of the feed on the
//! failure that counts. It must not know formats: whether a line is a hop was said when it was read, and a log that
//! tells of fetches alone shows itself by never counting a request.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::context::Context;
use super::partial::Partial;
use crate::model::row::hash32;
use crate::model::stamp::SECOND;
use crate::model::{Failure, FetchRow, SeriesId};

/// Two records of one failure end no farther apart than this: they come from one clock, or from machines of one CDN.
const APART: i64 = 2 * SECOND;

/// Tells what is the same failure once.
pub fn tell_once(failures: &mut [Failure], partial: &Partial, context: &Context<'_>) {
    let hop = |f: &Failure| f.row.flags & FetchRow::HOP != 0;
    let told = pair(failures, hop, |f| !hop(f), |f| (f.series, hash32(&f.url.bytes()), hash32(&f.host.bytes())));
    tell(failures, &told);
    let feeds = feeds(partial, context);
    let side = |f: &Failure| (context.reading(f.series).series.tier, context.reading(f.series).series.node);
    let feed = |f: &Failure| feeds.contains(&f.series);
    let told = pair(failures, feed, |f| !feed(f), |f| (side(f), hash32(&f.url.bytes())));
    tell(failures, &told);
    for (lower, upper) in told {
        let (words, opened) = (failures[lower].marks.clone(), failures[lower].row.flags & FetchRow::OPENED);
        let f = &mut failures[upper];
        f.marks = words.iter().chain(f.marks.iter()).cloned().collect();
        // The feed's word may say that nobody was reached.
        f.row.flags &= !FetchRow::OPENED | opened;
    }
}

fn tell(failures: &mut [Failure], told: &[(usize, usize)]) {
    for (lower, upper) in told {
        failures[*lower].told_in = Some(failures[*upper].id);
    }
}

/// Series that tell of fetches and of no request, beside one of the same node and tier that does tell of requests.
fn feeds(partial: &Partial, context: &Context<'_>) -> HashSet<SeriesId> {
    let counts = |id: &SeriesId| partial.traffic.get(id).is_some_and(|t| t.values().any(|m| m.requests > 0));
    let place = |id: &SeriesId| (context.reading(*id).series.tier, context.reading(*id).series.node);
    let logs: HashSet<_> = partial.traffic.keys().filter(|id| counts(id)).map(place).collect();
    partial.traffic.keys().filter(|id| !counts(id) && logs.contains(&place(id))).copied().collect()
}

/// Pairs each failure of the first kind with the nearest in time of the second that looks like it, one to one.
fn pair<K: Eq + std::hash::Hash>(
    failures: &[Failure],
    lower: impl Fn(&Failure) -> bool,
    upper: impl Fn(&Failure) -> bool,
    looks: impl Fn(&Failure) -> K,
) -> Vec<(usize, usize)> {
    let here = |f: &&Failure| !f.stored && f.told_in.is_none() && f.ended.is_known();
    let places = |kind: &dyn Fn(&Failure) -> bool| -> Vec<(i64, u64, usize)> {
        let all = failures.iter().enumerate().filter(|(_, f)| here(f) && kind(f));
        let mut all: Vec<_> = all.map(|(n, f)| (f.ended.0, f.id, n)).collect();
        all.sort_unstable();
        all
    };
    let lowers = places(&lower);
    let mut free: HashMap<K, BTreeSet<(i64, u64, usize)>> = HashMap::new();
    if !lowers.is_empty() {
        places(&upper).into_iter().for_each(|p| {
            free.entry(looks(&failures[p.2])).or_default().insert(p);
        });
    }
    let mut out = Vec::new();
    for (at, _, n) in lowers {
        let Some(waiting) = free.get_mut(&looks(&failures[n])) else { continue };
        let near = waiting.range((at - APART, 0, 0)..=(at + APART, u64::MAX, usize::MAX));
        let same_place = |m: usize| failures[m].node == failures[n].node;
        let best = near.min_by_key(|p| (!same_place(p.2), (p.0 - at).abs())).copied();
        if let Some(p) = best {
            waiting.remove(&p);
            out.push((n, p.2));
        }
    }
    out
}
