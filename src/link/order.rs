//! Where exactly a line lies in time, from its place in the file. In: rows and clocks; out: for each request the span,
//! on the clock of the node that wrote it, in which it ended. It must not know which failed fetch a line belongs to.
//!
//! A log whose lines are in order of ending pins every line between its neighbours, which turns a one-second stamp
//! into some milliseconds where traffic is dense. Whether a log *is* in order is tested first on healthy
//! pairs that are sure; buffered or merged logs are not, and then only the stamp counts (reference: linking, limits).

use std::collections::BTreeMap;

use super::sure::{JITTER_US, logged};
use super::{Clock, SeriesTraits};
use crate::model::stamp::SECOND;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// Order is never trusted below this.
const FINEST_US: i64 = 50;

/// Spans of all requests.
#[derive(Debug, Default)]
pub struct Spans {
    /// For each request: from and to, on the clock of the node that wrote it.
    pub of: Vec<(i64, i64)>,
    /// Place of each request among its series' lines, as a moment: strictly in file order within a span.
    pub point: Vec<i64>,
    /// For each request: by how much neighbouring lines of its series are out of order, in microseconds;
    /// [`DISORDERED`] when the file says nothing about order.
    pub disorder: Vec<i64>,
}

/// Lines of such a series are in no order.
pub const DISORDERED: i64 = i64::MAX;

impl Spans {
    /// By how much the lines may be out of order that these two belong to; `None` when their places say nothing.
    pub fn disorder_of(&self, a: usize, b: usize) -> Option<i64> {
        let worse = self.disorder[a].max(self.disorder[b]);
        (worse != DISORDERED).then_some(worse)
    }
}

/// A line whose end is known from the healthy fetch that owns it.
struct Pin {
    place: (u32, u64),
    from: i64,
    to: i64,
}

/// The spans.
pub fn spans(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    series: &BTreeMap<SeriesId, SeriesTraits>,
    sure: &[(usize, usize)],
) -> Spans {
    let all = requests.len();
    let mut out = Spans { of: Vec::with_capacity(all), point: vec![0; all], disorder: vec![DISORDERED; all] };
    let mut by_series: BTreeMap<SeriesId, Vec<usize>> = BTreeMap::new();
    for (i, r) in requests.iter().enumerate() {
        let resolution = series.get(&r.series).map_or(SECOND, |s| s.resolution_us);
        out.of.push((r.end, r.end + resolution));
        by_series.entry(r.series).or_default().push(i);
    }
    for (id, mut rows) in by_series {
        rows.sort_unstable_by_key(|i| (requests[*i].file, requests[*i].offset));
        let resolution = series.get(&id).map_or(SECOND, |s| s.resolution_us);
        let pins = pins(fetches, requests, clocks, sure, id);
        let disorder = disorder(&pins);
        rows.iter().for_each(|i| out.disorder[*i] = disorder);
        if disorder != DISORDERED && resolution >= SECOND / 2 {
            tighten(&mut out, requests, &rows, &longest_run(pins));
        }
        spread(&mut out, &rows);
    }
    out
}

/// The sure pairs of a series of requests as pins, in file order, whoever fetched.
fn pins(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    sure: &[(usize, usize)],
    id: SeriesId,
) -> Vec<Pin> {
    let mut pins: Vec<Pin> = sure
        .iter()
        .map(|(f, r)| (&fetches[*f], &requests[*r]))
        .filter(|(_, r)| r.series == id)
        .filter_map(|(f, r)| {
            let shift = clocks.get(&(f.series, id))?.at(f.sent_at);
            let from = f.sent_at + shift + logged(f.wait);
            let to = f.sent_at + shift + logged(f.whole).max(logged(f.wait));
            Some(Pin { place: (r.file, r.offset), from, to })
        })
        .collect();
    pins.sort_unstable_by_key(|p| p.place);
    pins
}

/// By how much pins go back in time: that of the worst but 1 %. A file in which more than 2 % of the neighbours (of
/// at least ten) go back by more than jitter is in no order.
fn disorder(pins: &[Pin]) -> i64 {
    let mut back: Vec<i64> = pins.windows(2).map(|w| (w[0].from - w[1].to).max(0)).collect();
    let wrong = back.iter().filter(|us| **us > JITTER_US).count();
    if pins.len() < 10 || wrong * 50 > pins.len() {
        return DISORDERED;
    }
    back.sort_unstable();
    back[back.len() - 1 - back.len() / 100].max(FINEST_US)
}

/// The longest run of pins that never goes back in time: a wrong pin must not bend its neighbours.
fn longest_run(pins: Vec<Pin>) -> Vec<Pin> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; pins.len()];
    for (i, p) in pins.iter().enumerate() {
        let n = tails.partition_point(|t| pins[*t].from <= p.from);
        before[i] = if n > 0 { tails[n - 1] } else { usize::MAX };
        if n == tails.len() { tails.push(i) } else { tails[n] = i }
    }
    let mut keep = vec![false; pins.len()];
    let mut at = tails.last().copied().unwrap_or(usize::MAX);
    while at != usize::MAX {
        keep[at] = true;
        at = before[at];
    }
    pins.into_iter().zip(keep).filter_map(|(p, k)| k.then_some(p)).collect()
}

/// Narrows each line to the time between the pinned lines before and after it.
fn tighten(out: &mut Spans, requests: &[RequestRow], rows: &[usize], pins: &[Pin]) {
    for &i in rows {
        let place = (requests[i].file, requests[i].offset);
        let after = pins.partition_point(|p| p.place < place);
        let pinned = pins.get(after).is_some_and(|p| p.place == place);
        let earliest = if pinned { pins[after].from } else { after.checked_sub(1).map_or(i64::MIN, |n| pins[n].from) };
        let latest = pins.get(after).map_or(i64::MAX, |p| p.to);
        let (from, to) = out.of[i];
        let narrow = (from.max(earliest.saturating_sub(JITTER_US)), to.min(latest.saturating_add(JITTER_US)));
        if narrow.0 <= narrow.1 {
            out.of[i] = narrow;
        }
    }
}

/// Gives lines that share a span their places in it, in file order.
fn spread(out: &mut Spans, rows: &[usize]) {
    let mut at = 0;
    while at < rows.len() {
        let span = out.of[rows[at]];
        let len = rows[at..].iter().take_while(|i| out.of[**i] == span).count();
        for (n, &i) in rows[at..at + len].iter().enumerate() {
            out.point[i] = span.0 + (span.1 - span.0) * (n as i64 + 1) / (len as i64 + 1);
        }
        at += len;
    }
}
