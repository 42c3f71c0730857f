//! Request rows in lanes, so that the rows that an error-log message can be about are found without looking at others.
//! In: notes and rows; out: the free row nearest to a moment. It must not know what a message says.
//!
//! A lane holds the rows of one key, connection and host that are all errors or all none, in order of their end. A note
//! looks into the lanes that agree with what it names; rows that do not log a connection or a host have lanes of their
//! own. The work per note is a few binary searches, however busy a URL is.

use std::collections::HashMap;

use crate::model::stamp::SECOND;
use crate::model::{Note, RequestRow};

/// How long after its message a request may end.
const LINGER: i64 = 75 * SECOND;
/// By so many seconds a row may end before its message or after it, and still the nearer one is better.
const CLOSE: i64 = 2;
/// Rows that are tried on either side when all have a message already.
const TRIED: usize = 64;
/// Stands for "whatever the row logs": for what a note does not name.
const ANY: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Name {
    key: u64,
    connection: u64,
    host: u64,
    failed: bool,
}

#[derive(Debug, Default)]
struct Lane {
    /// Rows in order of their end.
    rows: Vec<usize>,
    /// For each place one at or after it; every place before that one is taken.
    skip: Vec<usize>,
}

/// All lanes of the keys that some note has.
#[derive(Debug)]
pub struct Lanes<'a> {
    requests: &'a [RequestRow],
    names: HashMap<Name, usize>,
    lanes: Vec<Lane>,
    taken: Vec<u8>,
}

/// What a note names: its connection, its host.
fn shape(note: &Note) -> (bool, bool) {
    (note.connection as u32 != 0, note.host != 0)
}

impl<'a> Lanes<'a> {
    /// Lanes for these notes.
    pub fn of(notes: &[Note], requests: &'a [RequestRow]) -> Lanes<'a> {
        let mut shapes: HashMap<u64, Vec<(bool, bool)>> = HashMap::new();
        for note in notes.iter().filter(|n| n.key != 0) {
            let known = shapes.entry(note.key).or_default();
            if !known.contains(&shape(note)) {
                known.push(shape(note));
            }
        }
        let taken = vec![0; requests.len()];
        let mut all = Lanes { requests, names: HashMap::new(), lanes: Vec::new(), taken };
        for (i, r) in requests.iter().enumerate() {
            for (by_connection, by_host) in shapes.get(&r.key).into_iter().flatten() {
                let connection = if *by_connection { r.connection_number().into() } else { ANY };
                let host = if *by_host { r.host.into() } else { ANY };
                let failed = r.status >= 400 || r.status < 100;
                all.push(Name { key: r.key, connection, host, failed }, i);
            }
        }
        for lane in &mut all.lanes {
            lane.rows.sort_unstable_by_key(|i| (requests[*i].end, requests[*i].offset));
            lane.skip = (0..=lane.rows.len()).collect();
        }
        all
    }

    fn push(&mut self, name: Name, row: usize) {
        let next = self.lanes.len();
        let lane = *self.names.entry(name).or_insert(next);
        if lane == next {
            self.lanes.push(Lane::default());
        }
        self.lanes[lane].rows.push(row);
    }

    /// The lanes of one kind whose rows a note can be about.
    pub fn names(&self, note: &Note, failed: bool) -> Vec<usize> {
        let (by_connection, by_host) = shape(note);
        // 0: the row does not log it.
        let connections = if by_connection { vec![u64::from(note.connection as u32), 0] } else { vec![ANY] };
        let hosts = if by_host { vec![u64::from(note.host), 0] } else { vec![ANY] };
        let pairs = connections.iter().flat_map(|c| hosts.iter().map(|h| (*c, *h)));
        let names = pairs.map(|(connection, host)| Name { key: note.key, connection, host, failed });
        names.filter_map(|name| self.names.get(&name).copied()).collect()
    }

    /// True when a row of the lane ended between two moments, both included.
    pub fn any_between(&self, lane: usize, from: i64, to: i64) -> bool {
        let place = self.place(lane, from);
        self.lanes[lane].rows.get(place).is_some_and(|i| self.requests[*i].end <= to)
    }

    /// Takes the row that a note written at `time` is about: a free one before one that has a message already, one of
    /// the expected kind before one of the other, then the one that ends nearest.
    pub fn take(&mut self, note: &Note, time: i64, failed: bool) -> Option<usize> {
        let expected = self.names(note, failed);
        let other = self.names(note, !failed);
        let row = self
            .free_in(&expected, time)
            .or_else(|| self.free_in(&other, time))
            .or_else(|| self.least_taken(&expected, &other, time))?;
        self.taken[row] = self.taken[row].saturating_add(1);
        Some(row)
    }

    /// The first place of a lane whose row ends at `from` or later.
    fn place(&self, lane: usize, from: i64) -> usize {
        self.lanes[lane].rows.partition_point(|i| self.requests[*i].end < from)
    }

    /// How many seconds of the stamps are between a row's end and a moment.
    fn apart(&self, row: usize, time: i64) -> i64 {
        (self.requests[row].end.div_euclid(SECOND) - time.div_euclid(SECOND)).abs()
    }

    fn free_in(&mut self, lanes: &[usize], time: i64) -> Option<usize> {
        let found: Vec<usize> = lanes.iter().filter_map(|lane| self.free_near(*lane, time)).collect();
        found.into_iter().min_by_key(|i| (self.apart(*i, time), self.requests[*i].offset))
    }

    /// The free row of a lane that ends nearest to a moment.
    fn free_near(&mut self, lane: usize, time: i64) -> Option<usize> {
        let second = time.div_euclid(SECOND);
        for apart in 0..=CLOSE {
            let before = self.free_between(lane, (second - apart) * SECOND, (second - apart + 1) * SECOND);
            let after = self.free_between(lane, (second + apart) * SECOND, (second + apart + 1) * SECOND);
            let found = before.into_iter().chain(after).min_by_key(|i| self.requests[*i].offset);
            if found.is_some() {
                return found;
            }
        }
        self.free_between(lane, (second + CLOSE + 1) * SECOND, time + LINGER + SECOND + 1)
    }

    /// The first free row of a lane that ends at `from` or later, and before `to`.
    fn free_between(&mut self, lane: usize, from: i64, to: i64) -> Option<usize> {
        let start = self.place(lane, from);
        let Lane { rows, skip } = &mut self.lanes[lane];
        let mut place = start;
        while place < rows.len() && self.taken[rows[place]] > 0 {
            place = skip[place].max(place + 1);
        }
        // What was walked over is skipped next time.
        let mut walked = start;
        while walked < place {
            let next = skip[walked].max(walked + 1);
            skip[walked] = place;
            walked = next;
        }
        rows.get(place).copied().filter(|i| self.requests[*i].end < to)
    }

    /// The row with the fewest messages: some requests cause several.
    fn least_taken(&self, expected: &[usize], other: &[usize], time: i64) -> Option<usize> {
        let lanes = expected.iter().map(|l| (false, *l)).chain(other.iter().map(|l| (true, *l)));
        let near = lanes.flat_map(|(unexpected, lane)| {
            let rows = &self.lanes[lane].rows;
            let (before, after) = rows.split_at(self.place(lane, time));
            let near = before.iter().rev().take(TRIED).chain(after.iter().take(TRIED));
            near.map(move |i| (unexpected, *i))
        });
        let span = time - CLOSE * SECOND..=time + LINGER + SECOND;
        near.filter(|(_, i)| span.contains(&self.requests[*i].end))
            .min_by_key(|(unexpected, i)| (self.taken[*i], *unexpected, self.apart(*i, time), self.requests[*i].offset))
            .map(|(_, i)| i)
    }
}
