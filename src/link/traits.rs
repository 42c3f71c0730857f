//! Which fields both ends log alike. In: sure pairs; out: for each pair of series and each field, how often it agrees,
//! and from that what agreement or disagreement is worth as evidence. It must not know formats: a proxy that rewrites
//! the host or a format without User-Agent shows itself by never agreeing.

use std::collections::BTreeMap;

use crate::model::row::NOT_LOGGED;
use crate::model::{FetchRow, RequestRow, SeriesId};

/// A field that both ends may log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Status,
    Host,
    Agent,
    Body,
    Sent,
    Length,
    Port,
    Query,
}

const FIELDS: [Field; 8] =
    [Field::Status, Field::Host, Field::Agent, Field::Body, Field::Sent, Field::Length, Field::Port, Field::Query];

/// Chance that the field of a stranger with the same key agrees. Rough figures from recorded traffic: what matters is
/// that byte counts say more than a status.
fn by_chance(field: Field) -> f64 {
    match field {
        Field::Status => 0.8,
        Field::Host => 0.7,
        Field::Agent => 0.25,
        Field::Body => 0.3,
        Field::Sent => 0.15,
        Field::Length => 0.15,
        Field::Port => 0.5,
        Field::Query => 0.3,
    }
}

/// True or false when both ends log the field, `None` when one does not.
fn agrees(field: Field, f: &FetchRow, r: &RequestRow) -> Option<bool> {
    let whole = f.flags & FetchRow::WHOLE != 0 && f.flags & (FetchRow::SUMMED | FetchRow::TWICE) == 0;
    match field {
        Field::Status => (f.status > 0 && r.status > 0).then_some(f.status == r.status),
        Field::Host => (f.host > 0 && r.host > 0).then_some(f.host == r.host),
        Field::Agent => (r.agent > 0).then_some(f.agent == r.agent),
        // A HEAD turned into GET, or a body that was dropped, has no bytes here while the origin sent some.
        Field::Body => {
            (whole && f.body != NOT_LOGGED && f.body > 0 && r.body != NOT_LOGGED).then_some(f.body == r.body)
        }
        Field::Sent => (whole && f.body != NOT_LOGGED && f.body > 0 && r.sent != NOT_LOGGED && f.header != NOT_LOGGED)
            .then(|| f.body.saturating_add(f.header) == r.sent),
        Field::Length => length_agrees(f, r),
        // Where the key is the whole URL it says that already.
        Field::Query => (f.flags & FetchRow::REWRITTEN != 0 && (f.shape.query > 0 || r.shape.query > 0))
            .then_some(f.shape.query == r.shape.query),
        Field::Port => (f.port > 0 && r.port > 0).then_some(f.port == r.port),
    }
}

/// A request body that the origin never read is left out of its count; two attempts are counted together here.
fn length_agrees(f: &FetchRow, r: &RequestRow) -> Option<bool> {
    if r.length == NOT_LOGGED || f.header_sent == NOT_LOGGED || f.header_sent == 0 || f.flags & FetchRow::SUMMED != 0 {
        return None;
    }
    let body = if f.body_sent == NOT_LOGGED { 0 } else { f.body_sent };
    let whole = f.header_sent.saturating_add(body);
    let halves = f.flags & FetchRow::TWICE != 0 && (r.length == f.header_sent / 2 || r.length == whole / 2);
    Some(r.length == whole || r.length == f.header_sent || halves)
}

/// Evidence of each field for one pair of series.
#[derive(Clone, Copy, Debug)]
struct Worth {
    alike: f64,
    unlike: f64,
}

/// What agreement is worth, by pair of series.
#[derive(Debug, Default)]
pub struct Learnt(BTreeMap<(SeriesId, SeriesId), [Worth; FIELDS.len()]>);

/// Learns from sure pairs. With fewer than five of them agreement is assumed to be usual but not certain.
pub fn learn(fetches: &[FetchRow], requests: &[RequestRow], sure: &[(usize, usize)]) -> Learnt {
    let mut counts: BTreeMap<(SeriesId, SeriesId), [(u32, u32); FIELDS.len()]> = BTreeMap::new();
    for (f, r) in sure.iter().map(|(f, r)| (&fetches[*f], &requests[*r])) {
        let seen = counts.entry((f.series, r.series)).or_default();
        for (n, field) in FIELDS.iter().enumerate() {
            if let Some(yes) = agrees(*field, f, r) {
                seen[n].0 += u32::from(yes);
                seen[n].1 += 1;
            }
        }
    }
    let worth = |seen: [(u32, u32); FIELDS.len()]| {
        let mut out = [Worth { alike: 0.0, unlike: 0.0 }; FIELDS.len()];
        for (n, field) in FIELDS.iter().enumerate() {
            out[n] = weigh(seen[n], by_chance(*field));
        }
        out
    };
    Learnt(counts.into_iter().map(|(pair, seen)| (pair, worth(seen))).collect())
}

fn weigh((yes, of): (u32, u32), chance: f64) -> Worth {
    let share = if of >= 5 { (f64::from(yes) + 0.2) / (f64::from(of) + 0.4) } else { 0.9 };
    let share = share.clamp(0.01, 0.9995);
    if share < chance {
        // It agrees no more often than by chance: it says nothing.
        return Worth { alike: 0.0, unlike: 0.0 };
    }
    Worth { alike: (share / chance).ln(), unlike: ((1.0 - share) / (1.0 - chance)).ln().max(-7.0) }
}

impl Learnt {
    /// The sum of evidence (natural logarithm of a likelihood ratio) that the fields give for this pair.
    pub fn evidence(&self, f: &FetchRow, r: &RequestRow) -> f64 {
        let assumed = [Worth { alike: 0.1, unlike: -2.0 }; FIELDS.len()];
        let worth = self.0.get(&(f.series, r.series)).unwrap_or(&assumed);
        FIELDS
            .iter()
            .zip(worth)
            .map(|(field, w)| match agrees(*field, f, r) {
                Some(true) => w.alike,
                Some(false) => w.unlike,
                None => 0.0,
            })
            .sum()
    }
}
