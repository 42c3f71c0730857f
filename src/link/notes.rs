//! Error-log messages to the requests they are about. In: kept notes of one error log and the request rows of the
//! access logs beside it; out: which row each note belongs to, and in which zone the error log was written. It must not
//! know what a message says, except whether the answer had begun when it was written.
//!
//! An nginx error log has one-second stamps in local time without a zone (nginx 1.22, observed): notes vote, with the
//! rows of equal key, for the quarter of an hour by which the two logs differ.

use std::collections::HashMap;

use super::lanes::Lanes;
use crate::model::stamp::SECOND;
use crate::model::{Note, RequestRow};

/// Zones differ by multiples of this.
const QUARTER: i64 = 900 * SECOND;
/// Zones differ by at most so many of them: 14 hours.
const QUARTERS: i64 = 56;
/// How far from a multiple of a quarter a true pair may be: the stamps' second, and a request that lingers.
const NEAR: i64 = 5 * SECOND;
/// So many notes, spread evenly, vote for the zone.
const VOTERS: usize = 2_000;

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
    let mut lanes = Lanes::of(series.notes, requests);
    let shift = if series.local_time { zone(&series, &lanes) } else { 0 };
    let mut order: Vec<usize> = (0..series.notes.len()).collect();
    order.sort_by_key(|n| (series.notes[*n].time, series.notes[*n].at.offset));
    let mut out = vec![None; series.notes.len()];
    for n in order {
        let note = &series.notes[n];
        out[n] = if note.time.is_known() { lanes.take(note, note.time.0 - shift, failed(note)) } else { None };
    }
    (shift, out)
}

/// The row of a message that names no request: the one error that its client got when it was written. Whole seconds
/// may have turned between the two lines.
pub fn by_client(note: &Note, time: i64, errors: &[&RequestRow]) -> Option<usize> {
    let second = time.div_euclid(SECOND);
    let apart = |r: &RequestRow| (r.end.div_euclid(SECOND) - second).abs();
    let fitting = |by: i64| -> Vec<usize> {
        let fits = |(_, r): &(usize, &&RequestRow)| r.peer() == note.client && apart(r) <= by;
        errors.iter().enumerate().filter(fits).map(|(n, _)| n).collect()
    };
    [0, 1].iter().map(|by| fitting(*by)).find(|f| !f.is_empty()).filter(|f| f.len() == 1).map(|f| f[0])
}

/// The quarter of an hour that fits most notes; a note that fits several counts less for each.
fn zone(series: &NoteSeries<'_>, lanes: &Lanes<'_>) -> i64 {
    let mut votes: HashMap<i64, f64> = HashMap::new();
    let with_key: Vec<&Note> = series.notes.iter().filter(|n| n.key != 0 && n.time.is_known()).collect();
    for note in with_key.iter().step_by(with_key.len() / VOTERS + 1) {
        let failed = failed(note);
        // A row of the other kind says something only where there is none of the expected kind.
        let fitting = [failed, !failed].map(|kind| fitting_quarters(note, kind, lanes));
        let Some(fitting) = fitting.iter().find(|f| !f.is_empty()) else { continue };
        for quarter in fitting {
            *votes.entry(*quarter).or_default() += 1.0 / fitting.len() as f64;
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

/// The shifts by which a row of that kind ended when the note was written.
fn fitting_quarters(note: &Note, failed: bool, lanes: &Lanes<'_>) -> Vec<i64> {
    let names = lanes.names(note, failed);
    let fits = |quarter: &i64| {
        let time = note.time.0 - quarter;
        names.iter().any(|lane| lanes.any_between(*lane, time - NEAR, time + NEAR))
    };
    (-QUARTERS..=QUARTERS).map(|n| n * QUARTER).filter(fits).collect()
}

/// True when the row of a note is expected to show an error: unless the answer had begun when it was written.
fn failed(note: &Note) -> bool {
    let has = |words: &[u8]| memchr::memmem::find(&note.text.bytes(), words).is_some();
    !has(b"reading upstream") && !has(b"sending to client")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Locator, SeriesId, Stamp, Text};

    const START: i64 = 1_700_000_000 * SECOND;
    const HOUR: i64 = 3600 * SECOND;

    fn note(time: i64, connection: u64, offset: u64) -> Note {
        Note {
            at: Locator { offset, ..Locator::default() },
            time: Stamp(time),
            key: 7,
            connection,
            client: 0,
            host: 1,
            cause: Cause::named("connection.refused"),
            confidence: 1.0,
            text: Text::of(b"connect() failed (111: Connection refused) while connecting to upstream"),
        }
    }

    fn row(end: i64, connection: u32, status: u16, offset: u64) -> RequestRow {
        RequestRow { key: 7, end, connection, host: 1, status, offset, series: SeriesId(1), ..RequestRow::default() }
    }

    fn local<'a>(notes: &'a [Note], local_time: bool) -> NoteSeries<'a> {
        NoteSeries { notes, local_time, zone_hint_us: None }
    }

    /// 200 requests a second of one URL for ten seconds, every fortieth refused; the error log has whole seconds.
    fn busy(connections: bool) -> (Vec<Note>, Vec<RequestRow>) {
        let mut notes = Vec::new();
        let mut rows = Vec::new();
        for n in 0..2_000u32 {
            let end = START + i64::from(n) * 5_000;
            let refused = n % 40 == 17;
            rows.push(row(end, if connections { n + 1 } else { 0 }, if refused { 502 } else { 200 }, n.into()));
            if refused {
                notes.push(note(end.div_euclid(SECOND) * SECOND, u64::from(n) + 1, n.into()));
            }
        }
        (notes, rows)
    }

    #[test]
    fn every_message_of_a_busy_url_finds_its_line() {
        for connections in [true, false] {
            let (notes, rows) = busy(connections);
            assert_eq!(notes.len(), 50);
            let (shift, found) = attach(local(&notes, true), &rows);
            let lines: Vec<u64> = found.iter().map(|i| rows[i.unwrap()].offset).collect();
            let expected: Vec<u64> = notes.iter().map(|n| n.at.offset).collect();
            assert_eq!((shift, lines), (0, expected), "connections logged: {connections}");
        }
    }

    #[test]
    fn the_zone_of_a_url_asked_for_all_day_is_found() {
        // One request a minute for 26 hours, always in the same second: only what it was tells one from another.
        for connections in [true, false] {
            let mut notes = Vec::new();
            let mut rows = Vec::new();
            for n in 0..26 * 60u32 {
                let end = START + i64::from(n) * 60 * SECOND + 400_000;
                let refused = n % 97 == 50;
                rows.push(row(end, if connections { n + 1 } else { 0 }, if refused { 502 } else { 200 }, n.into()));
                if refused {
                    notes.push(note(end.div_euclid(SECOND) * SECOND + HOUR, u64::from(n) + 1, n.into()));
                }
            }
            let (shift, found) = attach(local(&notes, true), &rows);
            let lines: Vec<u64> = found.iter().map(|i| rows[i.unwrap()].offset).collect();
            let expected: Vec<u64> = notes.iter().map(|n| n.at.offset).collect();
            assert_eq!((shift, lines), (HOUR, expected), "connections logged: {connections}");
        }
    }

    #[test]
    fn several_messages_of_one_request_share_its_line_and_strangers_get_none() {
        let rows = [row(START, 5, 502, 0), row(START, 6, 502, 1)];
        let elsewhere = Note { host: 2, ..note(START, 5, 3) };
        let late = note(START + 10 * SECOND, 5, 4);
        let notes = [note(START, 5, 0), note(START, 5, 1), note(START, 9, 2), elsewhere, late];
        assert_eq!(attach(local(&notes, false), &rows).1, [Some(0), Some(0), None, None, None]);
    }

    #[test]
    fn an_answer_that_had_begun_belongs_to_a_success() {
        let rows = [row(START, 0, 502, 0), row(START, 0, 200, 1)];
        let text = Text::of(b"upstream prematurely closed connection while reading upstream");
        let notes = [Note { text, ..note(START, 5, 0) }];
        assert_eq!(attach(local(&notes, false), &rows).1, [Some(1)]);
    }
}
