//! Which lines can be which attempt's, and how much speaks for it. In: attempts, requests, clocks, spans, traits; out: a
//! sparse graph whose edges carry evidence. It must not choose: that is `assign`.

use std::collections::{BTreeMap, HashMap};

use super::attempt::{Attempt, Kind, LATE_US};
use super::order::Spans;
use super::sure::JITTER_US;
use super::traits::Learnt;
use super::{Clock, Finding, Match};
use crate::model::row::NOT_LOGGED;
use crate::model::stamp::SECOND;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// Evidence that a link starts with: so much may speak against it before none is better. In units of a natural
/// logarithm of odds, like all evidence here.
const START: f64 = 6.0;

/// Edges per attempt at most.
const MOST: usize = 48;

/// A possible link.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Index of the attempt.
    pub attempt: u32,
    /// Index of the request.
    pub request: u32,
    /// Evidence for it; always positive.
    pub weight: f64,
    /// When the line is expected to end, on the clock of the node that wrote it.
    pub expected: i64,
}

/// A line belongs to the fetch with its id although the URL is another one (rewritten on the way) if it ends no
/// earlier and no later than this after the fetch was sent.
const REWRITTEN: std::ops::Range<i64> = -3 * SECOND..LATE_US;

/// Links by an id that travelled: equal ids and keys, nearest in time; where no key is equal, a line that time allows.
/// An id of a tier above that was passed on counts where the fetch's own is not logged, with equal keys only: retries and
/// parts of a page carry it too. Marks the requests that are taken.
pub fn by_id(
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    findings: &mut [Finding],
) -> Vec<bool> {
    let mut taken = vec![false; requests.len()];
    let mut ids: HashMap<u32, Vec<u32>> = HashMap::new();
    for (i, r) in requests.iter().enumerate().filter(|(_, r)| r.id != 0) {
        ids.entry(r.id).or_default().push(i as u32);
    }
    if ids.is_empty() {
        return taken;
    }
    let mut bearers: HashMap<u32, u32> = HashMap::new();
    fetches.iter().for_each(|f| *bearers.entry(f.id).or_default() += 1);
    for (i, f) in fetches.iter().enumerate() {
        let known = [f.id, f.passed].into_iter().filter(|id| *id != 0);
        let Some((id, same)) = known.filter_map(|id| Some((id, ids.get(&id)?))).next() else { continue };
        let offset = |r: &RequestRow| clocks.get(&(f.series, r.series)).map_or(0, |c| c.at(f.sent_at));
        let apart = |r: &RequestRow| r.end - offset(r) - f.sent_at;
        let rewritten = |r: &RequestRow| {
            id == f.id
                && bearers[&f.id] == 1
                && f.flags & FetchRow::OPENED != 0
                && clocks.contains_key(&(f.series, r.series))
                && REWRITTEN.contains(&apart(r))
        };
        // Transaction ids come round again after a restart: a day apart is another life.
        let best = same
            .iter()
            .map(|n| *n as usize)
            .filter(|n| !taken[*n] && apart(&requests[*n]).abs() < 86_400 * SECOND)
            .filter(|n| requests[*n].key == f.key || rewritten(&requests[*n]))
            .max_by_key(|n| {
                let r = &requests[*n];
                (r.key == f.key, -apart(r).abs() / SECOND, r.offset)
            });
        if let Some(n) = best {
            taken[n] = true;
            let offset_us = offset(&requests[n]);
            findings[i].found = Some(Match { request: n, by_id: true, confidence: 0.999, offset_us });
        }
    }
    taken
}

/// All edges of attempts whose fetch is not yet linked to requests that are not yet taken.
pub fn graph(
    attempts: &[Attempt],
    fetches: &[FetchRow],
    requests: &[RequestRow],
    clocks: &BTreeMap<(SeriesId, SeriesId), Clock>,
    spans: &Spans,
    learnt: &Learnt,
    taken: &[bool],
) -> Vec<Edge> {
    let mut keys: HashMap<(u64, SeriesId), Vec<u32>> = HashMap::new();
    for (i, r) in requests.iter().enumerate() {
        if !taken[i] {
            keys.entry((r.key, r.series)).or_default().push(i as u32);
        }
    }
    for rows in keys.values_mut() {
        rows.sort_unstable_by_key(|i| {
            let r = &requests[*i as usize];
            (spans.of[*i as usize], r.file, r.offset)
        });
    }
    let start = |i: &u32| spans.of[*i as usize].0;
    let mut out = Vec::new();
    for (n, a) in attempts.iter().enumerate() {
        let f = &fetches[a.fetch];
        let first = out.len();
        for ((_, to), clock) in clocks.range((f.series, SeriesId(0))..=(f.series, SeriesId(u32::MAX))) {
            let Some(rows) = keys.get(&(f.key, *to)) else { continue };
            let shift = clock.at(a.sent);
            // Nothing ends before it was sent; a second is the coarsest stamp.
            let begin = rows.partition_point(|i| start(i) < a.sent + shift - 3 * SECOND);
            for i in rows[begin..].iter().take_while(|i| start(i) <= a.latest + shift + SECOND) {
                let (r, span) = (&requests[*i as usize], spans.of[*i as usize]);
                let weight = START + timing(a, r, (span.0 - shift, span.1 - shift), clock) + learnt.evidence(f, r);
                if weight > 0.0 {
                    out.push(Edge { attempt: n as u32, request: *i, weight, expected: a.from + shift });
                }
            }
        }
        keep_best(&mut out, first);
    }
    out
}

/// Leaves the best edges of one attempt, those from `first` on: in a crowd of look-alikes a line that is worse than so
/// many others is not the one.
fn keep_best(edges: &mut Vec<Edge>, first: usize) {
    let mine = &mut edges[first..];
    if mine.len() > MOST {
        mine.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        edges.truncate(first + MOST);
    }
}

/// How many lines each attempt could have.
pub fn lines_per_attempt(graph: &[Edge]) -> BTreeMap<u32, u32> {
    let mut out: BTreeMap<u32, u32> = BTreeMap::new();
    graph.iter().for_each(|e| *out.entry(e.attempt).or_default() += 1);
    out
}

/// Convex near zero, so that the best sum keeps order; straight beyond, so that one freak does not outweigh all.
fn huber(apart: f64) -> f64 {
    if apart < 1.0 { apart * apart / 2.0 } else { apart - 0.5 }
}

/// Evidence of time, never positive: how far the line's end (`span`, on our clock) and start are from where they are
/// expected.
fn timing(a: &Attempt, r: &RequestRow, span: (i64, i64), clock: &Clock) -> f64 {
    let outside = |from: i64, to: i64| (from - span.1).max(span.0 - to).max(0);
    let unit = (JITTER_US + clock.error_us) as f64;
    let early = outside(a.from, i64::MAX / 4);
    let late = outside(i64::MIN / 4, a.to);
    if span.0 > a.latest + clock.error_us {
        return f64::NEG_INFINITY;
    }
    let hung_up = matches!(r.status, 499 | 444 | 408 | 460);
    let mut against = huber(early as f64 / unit).min(20.0);
    against += match a.kind {
        // It may answer long after we gave up, unless it noticed; the nearer the likelier.
        Kind::TimedOut if !hung_up => 0.7 + late as f64 / SECOND as f64 * 0.05,
        Kind::BodyBroke => late as f64 / SECOND as f64 * 0.1,
        _ => huber(late as f64 / unit).min(20.0),
    };
    if a.kind != Kind::Whole && matches!(r.status, 200..=399) && matches!(a.kind, Kind::TimedOut) && late == 0 {
        // A success that ended exactly when we gave up is a coincidence.
        against += 1.0;
    }
    if r.duration != NOT_LOGGED && a.says_sent {
        let start = span.0 - i64::from(r.duration);
        // Started later than sent happens (a full backlog, a lost packet); earlier does not.
        let apart = (start - a.sent).abs() as f64 / (unit / 2.0 + 2_000.0);
        against += huber(apart).min(if start > a.sent { 6.0 } else { 20.0 });
    }
    -against
}

/// Drops edges of backends whose healthy fetches (almost) never have a line in that series: their origin is another
/// machine that happens to serve the same URLs.
pub fn forbid_strangers(graph: &mut Vec<Edge>, attempts: &[Attempt], fetches: &[FetchRow], requests: &[RequestRow]) {
    let healthy = |a: &Attempt| a.kind == Kind::Whole && fetches[a.fetch].flags & FetchRow::FAILED == 0;
    let mut asked: HashMap<(u32, SeriesId), u32> = HashMap::new();
    for a in attempts.iter().filter(|a| healthy(a)) {
        *asked.entry((fetches[a.fetch].backend, fetches[a.fetch].series)).or_default() += 1;
    }
    let mut met: HashMap<(u32, SeriesId, SeriesId), u32> = HashMap::new();
    let mut last = None;
    for e in graph.iter() {
        let a = &attempts[e.attempt as usize];
        let to = requests[e.request as usize].series;
        if healthy(a) && last.replace((e.attempt, to)) != Some((e.attempt, to)) {
            *met.entry((fetches[a.fetch].backend, fetches[a.fetch].series, to)).or_default() += 1;
        }
    }
    graph.retain(|e| {
        let f = &fetches[attempts[e.attempt as usize].fetch];
        let asked = asked.get(&(f.backend, f.series)).copied().unwrap_or(0);
        let met = met.get(&(f.backend, f.series, requests[e.request as usize].series)).copied().unwrap_or(0);
        asked < 5 || met * 5 >= asked
    });
}
