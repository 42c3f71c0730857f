//! Logs that are not whole: holes in steady traffic, URLs that were cut. In: counters of a settled run; out: warnings. It
//! must not know of backends or limits.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::partial::Partial;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Concern, EarlyWarning, SeriesId, Stamp};

/// A hole is at least so many minutes without a line.
const HOLE: i64 = 2;
/// What is longer is another log, or a clock that jumped.
const LONGEST: i64 = 6 * 60 * MINUTE;
/// So many minutes before and after a hole are looked at.
const AROUND: i64 = 5;
/// Lines a minute around a hole, on average, below which silence proves nothing.
const STEADY: u64 = 20;
/// So many URLs of just the length at which varnishlog cuts are no chance.
const CUT: u64 = 3;

/// What is missing in the logs.
pub fn warnings(partial: &Partial, context: &Context<'_>) -> Vec<EarlyWarning> {
    let mut out = cut_urls(partial, context);
    let mut nodes: BTreeMap<String, BTreeMap<Stamp, u64>> = BTreeMap::new();
    for (id, minutes) in partial.traffic.iter().filter(|(id, _)| !partial.twins.contains(id)) {
        let node = nodes.entry(context.reading(*id).series.node.lossy().into_owned()).or_default();
        for (at, m) in minutes.iter().filter(|(at, _)| at.is_known()) {
            *node.entry(*at).or_default() += m.requests + m.fetches;
        }
    }
    for (node, minutes) in nodes {
        let holes = holes(&minutes);
        if let Some((from, to)) = holes.iter().copied().max_by_key(|(from, to)| to.since(*from)) {
            out.push(hole(node, from, to, holes.len()));
        }
    }
    out
}

/// Stretches of whole minutes without a line in the midst of steady traffic.
fn holes(minutes: &BTreeMap<Stamp, u64>) -> Vec<(Stamp, Stamp)> {
    let around = |from: Stamp, to: Stamp| minutes.range(from..to).map(|(_, n)| n).sum::<u64>();
    let mut out = Vec::new();
    for (before, after) in minutes.keys().zip(minutes.keys().skip(1)) {
        let (from, to) = (*before + MINUTE, *after);
        let steady = |n: u64| n >= STEADY * AROUND as u64;
        if to.since(from).is_some_and(|us| (HOLE * MINUTE..=LONGEST).contains(&us))
            && steady(around(from - AROUND * MINUTE, from))
            && steady(around(to, to + AROUND * MINUTE))
        {
            out.push((from, to));
        }
    }
    out
}

fn hole(node: String, from: Stamp, to: Stamp, many: usize) -> EarlyWarning {
    let us = to.since(from).unwrap_or(0);
    let more = if many > 1 { format!(", the longest of {many} holes") } else { String::new() };
    EarlyWarning {
        kind: Concern::LogIncomplete,
        node,
        backend: String::new(),
        cause: "log.incomplete".into(),
        text: format!("no line for {} min from {}{more}, in steady traffic", us / MINUTE, &from.rfc3339()[..16]),
        advice: "the log lost them (disk, rotation, restart) or nothing was served; what failed then is not counted"
            .into(),
        seen: (us / SECOND) as f64,
        limit: None,
        unit: "seconds",
        at: from,
    }
}

fn cut_urls(partial: &Partial, context: &Context<'_>) -> Vec<EarlyWarning> {
    let mut of: BTreeMap<SeriesId, (u64, Stamp)> = BTreeMap::new();
    for ((id, at), backends) in
        partial.pulses.iter().filter(|((id, _), _)| context.reading(*id).grammar.framing.is_vsl())
    {
        let cut: u64 = backends.values().map(|p| p.cut).sum();
        let seen = of.entry(*id).or_insert((0, *at));
        if seen.0 == 0 {
            seen.1 = *at;
        }
        seen.0 += cut;
    }
    let warning = |(id, (n, at)): (SeriesId, (u64, Stamp))| EarlyWarning {
        kind: Concern::LogIncomplete,
        node: context.reading(id).series.node.lossy().into_owned(),
        backend: String::new(),
        cause: "log.incomplete".into(),
        text: format!("{n} URLs are just 254 bytes long: varnishd cut them (vsl_reclen 255)"),
        advice: "varnishadm param.set vsl_reclen 4084 keeps them whole, for linking and for you".into(),
        seen: n as f64,
        limit: None,
        unit: "times",
        at,
    };
    of.into_iter().filter(|(_, (n, _))| *n >= CUT).map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_hole_only_in_steady_traffic() {
        let traffic = |per_minute: u64, silent: std::ops::Range<i64>| -> BTreeMap<Stamp, u64> {
            (0..60).filter(|n| !silent.contains(n)).map(|n| (Stamp(n * MINUTE), per_minute)).collect()
        };
        assert_eq!(holes(&traffic(100, 20..23)), [(Stamp(20 * MINUTE), Stamp(23 * MINUTE))]);
        assert!(holes(&traffic(100, 20..21)).is_empty(), "one minute is chance, or a restart");
        assert!(holes(&traffic(5, 20..40)).is_empty(), "a quiet site");
        assert!(holes(&traffic(100, 57..60)).is_empty(), "the end is no hole");
    }
}
