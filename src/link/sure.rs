//! Pairs that need no choosing: a healthy fetch and the only line that can be its own. In: rows and clocks; out: pairs
//! of indices. They teach which fields both ends log alike, whether a file is in order, and how good the coverage is.

use std::collections::{BTreeMap, HashMap};

use super::{Clock, SeriesTraits};
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// What a line's end may be off by beside the clock's error bar and the stamp's resolution.
pub const JITTER_US: i64 = 5_000;

/// A span of time and the index of its row.
type Span = (i64, i64, u32);

/// Look-alikes of one key in one series of requests, on that series' clock.
#[derive(Default)]
struct Alike {
    fetches: Vec<Span>,
    requests: Vec<Span>,
}

/// The sure pairs: (fetch, request), by request.
pub fn pairs(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    series: &BTreeMap<SeriesId, SeriesTraits>,
) -> Vec<(usize, usize)> {
    let mut keys: HashMap<(u64, SeriesId), Alike> = HashMap::new();
    for (i, r) in requests.iter().enumerate() {
        let error_us = clocks.iter().filter(|((_, to), _)| *to == r.series).map(|(_, c)| c.error_us).max();
        let Some(error_us) = error_us else { continue };
        let slack = error_us + JITTER_US;
        let resolution = series.get(&r.series).map_or(SECOND, |s| s.resolution_us);
        let alike = keys.entry((r.key, r.series)).or_default();
        alike.requests.push((r.end - slack, r.end + resolution + slack, i as u32));
    }
    for (i, f) in fetches.iter().enumerate() {
        let silent = f.wait == NOT_LOGGED && f.whole == NOT_LOGGED && f.flags & FetchRow::END_ONLY == 0;
        if f.flags & FetchRow::OPENED == 0 || silent {
            continue;
        }
        for ((_, to), clock) in clocks.range((f.series, SeriesId(0))..=(f.series, SeriesId(u32::MAX))) {
            let Some(alike) = keys.get_mut(&(f.key, *to)) else { continue };
            let shift = clock.at(f.sent_at);
            let answered = f.sent_at + logged(f.wait);
            let begin = if f.earlier > 0 { f.sent_at - i64::from(f.earlier) } else { answered };
            let end = f.sent_at + logged(f.whole).max(logged(f.wait));
            alike.fetches.push((begin + shift, end + shift, i as u32));
        }
    }
    let mut out = Vec::new();
    for alike in keys.into_values().filter(|a| !a.fetches.is_empty()) {
        sure_of_key(alike, fetches, &mut out);
    }
    out.sort_unstable_by_key(|(_, r)| *r);
    out
}

/// A duration of a row, 0 where it is not logged; microseconds.
pub fn logged(us: u32) -> i64 {
    if us == NOT_LOGGED { 0 } else { i64::from(us) }
}

fn sure_of_key(mut alike: Alike, fetches: &[FetchRow], out: &mut Vec<(usize, usize)>) {
    alike.fetches.sort_unstable();
    alike.requests.sort_unstable();
    // Places in `a`, three at most.
    let meets = |a: &[Span], from: i64, to: i64| -> Vec<usize> {
        // Spans of one key have nearly one length, so sorting by start finds all but freak overlaps at once.
        let end = a.partition_point(|x| x.0 <= to);
        (0..end).rev().take(64).filter(|n| a[*n].1 >= from).take(3).collect()
    };
    for (n, (from, to, f)) in alike.fetches.iter().enumerate() {
        if fetches[*f as usize].flags & FetchRow::WHOLE == 0 || fetches[*f as usize].flags & FetchRow::TWICE != 0 {
            continue;
        }
        if let [r] = meets(&alike.requests, *from, *to)[..] {
            let line = alike.requests[r];
            if meets(&alike.fetches, line.0, line.1) == [n] {
                out.push((*f as usize, line.2 as usize));
            }
        }
    }
}
