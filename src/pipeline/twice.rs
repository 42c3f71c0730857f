//! Failed fetches that two logs of one node both tell: varnishlog and `varnishncsa -b`, or two access logs in different
//! formats of which only one tells of every fetch. In: settled state; out: the same with each failed fetch once, as the
//! richer log tells it. It must not know formats: two records are of one fetch when they name the same request in the
//! same second and no word of the one contradicts the other.
//!
//! A CDN's feed of errors is left to the room beside, which keeps its words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::context::{Context, Reading};
use super::partial::Partial;
use crate::model::stamp::SECOND;
use crate::model::{Failure, Minute, Minutes, SeriesId, Stamp, Tier};

/// Of the failures of the log that has fewer, such a share must be in the other one.
const SHARE: f64 = 0.95;
/// Fewer failures than this may agree by chance when nothing says that the logs are of one node.
const AT_LEAST: usize = 20;
/// Stamps of one fetch may be so far apart in two logs of one clock: whole seconds.
const APART: i64 = SECOND;
/// Records of one request that are tried from the first that can fit.
const TRIED: usize = 64;

/// Takes out what a richer log of the same node tells as well. What only the poorer log tells stays.
pub fn count_once(mut partial: Partial, context: &Context<'_>) -> Partial {
    let mut of: BTreeMap<SeriesId, Vec<usize>> = BTreeMap::new();
    for (n, f) in partial.failures.iter().enumerate() {
        of.entry(f.series).or_default().push(n);
    }
    let mut repeated: BTreeSet<usize> = BTreeSet::new();
    let ids: Vec<SeriesId> = of.keys().copied().collect();
    for (n, a) in ids.iter().enumerate() {
        for b in &ids[n + 1..] {
            let Some(at_least) = comparable(context.reading(*a), context.reading(*b)) else { continue };
            let (rich, poor) = if richer(&partial, &of, context, *a, *b) { (a, b) } else { (b, a) };
            let left = |id: &SeriesId| of[id].iter().copied().filter(|n| !repeated.contains(n)).collect::<Vec<_>>();
            let (rich_ones, poor_ones) = (left(rich), left(poor));
            let same = coincide(&partial.failures, &rich_ones, &poor_ones);
            let fewer = rich_ones.len().min(poor_ones.len());
            if fewer < at_least || (same.len() as f64) < SHARE * fewer as f64 {
                continue;
            }
            if same.len() as f64 >= SHARE * poor_ones.len() as f64 {
                repeated.extend(poor_ones);
                partial.fetch_twins.insert(*poor);
            } else {
                repeated.extend(same);
            }
        }
    }
    let only = fetch_logs(&partial, context);
    partial.fetch_twins.extend(only);
    take_out(&mut partial, &repeated);
    partial
}

/// Logs of fetches alone (`varnishncsa -b`) beside a log of the same node that tells of as many in the same minutes: also
/// where nothing failed.
fn fetch_logs(partial: &Partial, context: &Context<'_>) -> Vec<SeriesId> {
    let tells = |id: &SeriesId, of: fn(&Minute) -> u64| -> u64 {
        partial.traffic.get(id).map_or(0, |minutes| minutes.values().map(of).sum())
    };
    let is_twin = |poor: &SeriesId, rich: &SeriesId| {
        let near = comparable(context.reading(*poor), context.reading(*rich)) == Some(1);
        near && rich != poor && alike(&partial.traffic[poor], &partial.traffic[rich])
    };
    let ids: Vec<SeriesId> = partial.traffic.keys().copied().collect();
    let only = ids.iter().filter(|id| tells(id, |m| m.requests) == 0 && tells(id, |m| m.fetches) > 0);
    let beside = |poor: &&SeriesId| ids.iter().any(|rich| tells(rich, |m| m.requests) > 0 && is_twin(poor, rich));
    only.filter(beside).copied().collect()
}

/// True when two logs tell of as many fetches, minute by minute; stamps of whole seconds put some into the next minute.
fn alike(a: &Minutes, b: &Minutes) -> bool {
    let fetches = |m: &Minutes, at: &Stamp| m.get(at).map_or(0, |m| m.fetches);
    let minutes: BTreeSet<&Stamp> = a.keys().chain(b.keys()).collect();
    let all = |m: &Minutes| m.values().map(|m| m.fetches).sum::<u64>();
    let apart: u64 = minutes.iter().map(|at| fetches(a, at).abs_diff(fetches(b, at))).sum();
    let (x, y) = (all(a), all(b));
    let most = x.max(y);
    x.min(y) >= AT_LEAST as u64 && x.abs_diff(y) as f64 <= (1.0 - SHARE) * most as f64 && apart * 5 <= most
}

/// How many failures must coincide for logs that may be of one node; `None` for logs that are not.
fn comparable(a: &Reading, b: &Reading) -> Option<usize> {
    let (x, y) = (&a.series, &b.series);
    let program = |family: &crate::model::Text| family.bytes().split(|c| *c == b'-').next().map(<[u8]>::to_vec);
    let is_varnish = |family: &crate::model::Text| family.bytes().starts_with(b"varnish");
    let of_varnish = is_varnish(&x.family) && is_varnish(&y.family);
    if x.tier != y.tier || x.tier == Tier::Edge || x.format == y.format {
        return None;
    }
    if x.node == y.node {
        return (of_varnish || program(&x.family) == program(&y.family)).then_some(1);
    }
    // Nodes are guessed from paths; one proxy behind another is none of these.
    of_varnish.then_some(AT_LEAST)
}

/// True when the first tells more of a fetch: its own number, then finer stamps, then more of them.
fn richer(
    partial: &Partial,
    of: &BTreeMap<SeriesId, Vec<usize>>,
    context: &Context<'_>,
    a: SeriesId,
    b: SeriesId,
) -> bool {
    let worth = |id: SeriesId| {
        let numbered = of[&id].first().is_some_and(|n| partial.failures[*n].vxid != 0);
        (numbered, std::cmp::Reverse(context.reading(id).series.resolution_us), of[&id].len())
    };
    worth(a) >= worth(b)
}

/// The failures of the poorer log that the richer one tells too, one to one.
fn coincide(failures: &[Failure], rich: &[usize], poor: &[usize]) -> Vec<usize> {
    let by_key = |ones: &[usize]| {
        let mut out: HashMap<u64, Vec<usize>> = HashMap::new();
        for n in ones {
            out.entry(failures[*n].row.key).or_default().push(*n);
        }
        out.values_mut().for_each(|v| v.sort_by_key(|n| failures[*n].started));
        out
    };
    let (rich, poor) = (by_key(rich), by_key(poor));
    let mut same = Vec::new();
    for (key, poor) in poor {
        let Some(rich) = rich.get(&key) else { continue };
        let (mut from, mut taken) = (0, vec![false; rich.len()]);
        for p in poor {
            let one = &failures[p];
            while from < rich.len() && (taken[from] || over(&failures[rich[from]], one)) {
                from += 1;
            }
            let fits = |i: &usize| !taken[*i] && is_same(&failures[rich[*i]], one);
            if let Some(i) = (from..rich.len().min(from + TRIED)).find(fits) {
                taken[i] = true;
                same.push(p);
            }
        }
    }
    same
}

/// True when the first was over before the second began.
fn over(a: &Failure, b: &Failure) -> bool {
    a.ended.or(a.started).since(b.started).is_some_and(|us| us < -APART)
}

fn is_same(a: &Failure, b: &Failure) -> bool {
    let agree = |x: u64, y: u64| x == 0 || y == 0 || x == y;
    // A log may leave out the port, or the address.
    let (x, y) = (a.backend_addr.bytes(), b.backend_addr.bytes());
    let addr = x.starts_with(&y) || y.starts_with(&x);
    let begun = b.started.since(a.started).is_some_and(|us| us >= -APART);
    begun
        && !over(a, b)
        && addr
        && agree(a.row.host.into(), b.row.host.into())
        && agree(a.status.into(), b.status.into())
        && agree(a.vxid, b.vxid)
}

fn take_out(partial: &mut Partial, repeated: &BTreeSet<usize>) {
    let twins = &partial.fetch_twins;
    let mut n = 0;
    let mut fewer: Vec<(SeriesId, Stamp)> = Vec::new();
    partial.failures.retain(|f| {
        let again = repeated.contains(&n);
        n += 1;
        if again {
            fewer.push((f.series, f.ended.or(f.started)));
        }
        !again
    });
    for (id, at) in fewer.into_iter().filter(|(id, _)| !twins.contains(id)) {
        if let Some(m) = partial.traffic.get_mut(&id).and_then(|t| t.get_mut(&at.minute())) {
            m.fetches = m.fetches.saturating_sub(1);
            m.failed = m.failed.saturating_sub(1);
        }
    }
    for (_, minutes) in partial.traffic.iter_mut().filter(|(id, _)| twins.contains(id)) {
        minutes.values_mut().for_each(|m| (m.fetches, m.failed) = (0, 0));
    }
    for minutes in partial.traffic.values_mut() {
        minutes.retain(|_, m| m.requests > 0 || m.fetches > 0);
    }
    partial.retries.retain(|r| !twins.contains(&r.series));
    partial.not_origin.retain(|(id, _), _| !twins.contains(id));
    partial.incomplete.retain(|id, _| !twins.contains(id));
}
