//! Error-log messages to the requests they are about. In: kept notes of one error log and the request rows of the
//! access logs beside it; out: which row each note belongs to, and in which zone the error log was written. It must not
//! know what a message says, except whether the answer had begun when it was written.
//!
//! An nginx error log has one-second stamps in local time without a zone (nginx 1.22, observed): notes vote, with the
//! rows of equal key, for the quarter of an hour by which the two logs differ.

use std::collections::HashMap;

use crate::model::stamp::SECOND;
use crate::model::{Note, RequestRow};

/// Zones differ by multiples of this.
const QUARTER: i64 = 900 * SECOND;
/// How far from a multiple of a quarter a true pair may be: the stamps' second, and a request that lingers.
const NEAR: i64 = 5 * SECOND;
/// How long after its message a request may end.
const LINGER: i64 = 75 * SECOND;
/// Rows of one key that are tried per note.
const TRIED: usize = 64;

/// The notes of one error log.
#[derive(Clone, Copy, Debug)]
pub struct NoteSeries<'a> {
    /// Its notes.
    pub notes: &'a [Note],
    /// True when its stamps carry no zone.
    pub local_time: bool,
    /// What the access log beside it says of its zone: microseconds to subtract from local time.
    pub zone_hint_us: Option<i64>,
}

/// Finds the row of each note: (microseconds to subtract from the notes' stamps, index of the row per note).
pub fn attach(series: NoteSeries<'_>, requests: &[RequestRow]) -> (i64, Vec<Option<usize>>) {
    let mut keys: HashMap<u64, Vec<usize>> = HashMap::new();
    for note in series.notes.iter().filter(|n| n.key != 0 && n.time.is_known()) {
        keys.entry(note.key).or_default();
    }
    for (i, r) in requests.iter().enumerate() {
        if let Some(rows) = keys.get_mut(&r.key) {
            rows.push(i);
        }
    }
    keys.values_mut().for_each(|rows| rows.sort_unstable_by_key(|i| (requests[*i].end, requests[*i].offset)));
    let shift = if series.local_time { zone(&series, requests, &keys) } else { 0 };
    let mut taken = vec![0u8; requests.len()];
    let mut order: Vec<usize> = (0..series.notes.len()).collect();
    order.sort_by_key(|n| (series.notes[*n].time, series.notes[*n].at.offset));
    let mut out = vec![None; series.notes.len()];
    for n in order {
        let note = &series.notes[n];
        let Some(rows) = keys.get(&note.key).filter(|_| note.time.is_known()) else { continue };
        let best = nearest(note, shift, requests, rows, &taken);
        if let Some(i) = best {
            taken[i] = taken[i].saturating_add(1);
            out[n] = Some(i);
        }
    }
    (shift, out)
}

/// Rows of the key that end from `from` on.
fn from<'a>(requests: &[RequestRow], rows: &'a [usize], from: i64) -> &'a [usize] {
    &rows[rows.partition_point(|i| requests[*i].end < from)..]
}

fn zone(series: &NoteSeries<'_>, requests: &[RequestRow], keys: &HashMap<u64, Vec<usize>>) -> i64 {
    let mut votes: HashMap<i64, f64> = HashMap::new();
    for note in series.notes.iter().filter(|n| n.time.is_known()) {
        let Some(rows) = keys.get(&note.key) else { continue };
        let near = from(requests, rows, note.time.0 - 15 * 3600 * SECOND);
        let near = &near[..near.len().min(TRIED)];
        for r in near.iter().map(|i| &requests[*i]).filter(|r| same_connection(note, r) != Some(false)) {
            let apart = note.time.0 - r.end;
            let quarter = (apart as f64 / QUARTER as f64).round() as i64 * QUARTER;
            if (apart - quarter).abs() <= NEAR && quarter.abs() <= 14 * 3600 * SECOND {
                *votes.entry(quarter).or_default() += 1.0 / near.len() as f64;
            }
        }
    }
    // The hint wins ties: it comes from the same server.
    let hint = series.zone_hint_us;
    let best = votes.iter().max_by(|a, b| {
        let key = |v: (&i64, &f64)| (*v.1 + if Some(*v.0) == hint { 0.01 } else { 0.0 }, -v.0.abs(), *v.0);
        key((a.0, a.1)).partial_cmp(&key((b.0, b.1))).unwrap_or(std::cmp::Ordering::Equal)
    });
    best.map(|v| *v.0).or(hint).unwrap_or(0)
}

fn same_connection(note: &Note, r: &RequestRow) -> Option<bool> {
    (note.connection != 0 && r.connection != 0).then_some(note.connection as u32 == r.connection)
}

/// The free row that ends soonest after the note, give or take the stamps' second; an error rather than a success
/// unless the message says that the answer had begun.
fn nearest(note: &Note, shift: i64, requests: &[RequestRow], rows: &[usize], taken: &[u8]) -> Option<usize> {
    let time = note.time.0 - shift;
    let text = note.text.bytes();
    let begun = memchr::memmem::find(text, b"reading upstream").is_some()
        || memchr::memmem::find(text, b"sending to client").is_some();
    from(requests, rows, time - 2 * SECOND)
        .iter()
        .take(TRIED)
        .copied()
        .filter(|i| requests[*i].end <= time + LINGER + SECOND)
        .filter(|i| note.host == 0 || requests[*i].host == 0 || note.host == requests[*i].host)
        .filter(|i| same_connection(note, &requests[*i]) != Some(false))
        .min_by_key(|i| {
            let r = &requests[*i];
            let failed = r.status >= 400 || r.status < 100;
            let apart = (r.end.div_euclid(SECOND) - time.div_euclid(SECOND)).abs();
            (taken[*i], begun == failed, apart, r.offset)
        })
}
