//! Rewrites between two tiers, over rows wherever they are kept. In: the rows of a run and which of them belong to the two
//! tiers; out: what was learnt, and rows with keys that are equal on both ends. It must not know how rewrites are learnt.

use std::collections::BTreeMap;

use super::context::Context;
use super::rows::{Keyed, Rows};
use crate::link::{Each, Rewrites, learn_rewrites};
use crate::model::{FetchRow, RequestRow, SeriesId};

/// Rows of some series, in memory or spilled.
struct Of<'r, T, F> {
    rows: &'r mut Rows<T>,
    is_of: F,
}

impl<T: Keyed, F: Fn(&T) -> bool> Each<T> for Of<'_, T, F> {
    fn each(&mut self, look: &mut dyn FnMut(&T)) {
        let of = self.rows.partitions();
        for n in 0..of {
            self.rows.visit(n, of, |row| {
                if (self.is_of)(row) {
                    look(row);
                }
            });
        }
    }
}

/// Learns how the URLs of one tier stand in the logs of the next. `asks` and `answers` tell the series of either.
pub fn learn(
    fetches: &mut Rows<FetchRow>,
    requests: &mut Rows<RequestRow>,
    asks: impl Fn(SeriesId) -> bool,
    answers: impl Fn(SeriesId) -> bool,
) -> Option<Rewrites> {
    let mut ours = Of { rows: fetches, is_of: |f: &FetchRow| asks(f.series) };
    let mut theirs = Of { rows: requests, is_of: |r: &RequestRow| answers(r.series) };
    learn_rewrites(&mut ours, &mut theirs)
}

/// The same rows cut by other keys.
pub fn mapped<T: Keyed>(rows: &mut Rows<T>, map: impl Fn(&T) -> T) -> Rows<T> {
    let mut out = Rows::default();
    let of = rows.partitions();
    for n in 0..of {
        rows.visit(n, of, |row| out.push(map(row)));
    }
    out.trouble = out.trouble.take().or(rows.trouble.take());
    out
}

/// What was learnt, in words for people: whose URLs stand how in whose log.
pub fn words(rewrites: &Rewrites, context: &Context<'_>) -> Vec<String> {
    let mut told: BTreeMap<(SeriesId, SeriesId, &str), (usize, usize)> = BTreeMap::new();
    for r in &rewrites.found {
        let (met, of) = told.entry((r.from, r.to, r.how)).or_default();
        (*met, *of) = (*met + r.shown.0, *of + r.shown.1);
    }
    let node = |id| context.reading(id).series.node;
    let one = |((from, to, how), (met, of)): ((SeriesId, SeriesId, &str), (usize, usize))| {
        let (from, to) = (node(from), node(to));
        format!("{to} logs URLs of {from} {how}: learnt from {met} of {of} healthy ones, and linked by")
    };
    told.into_iter().map(one).collect()
}
