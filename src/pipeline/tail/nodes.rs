//! Who fetches from whom, and how that goes. In: pulses, probes and the limits that failures agree on; out: the matrix of
//! nodes and backends, and whether answer times are on their way to a limit. It must not know single requests.

use std::collections::{BTreeMap, HashMap};

use super::super::context::Context;
use super::super::partial::Probe;
use super::rates::recent;
use super::window::Window;
use crate::model::live::{LiveCell, LiveNode};
use crate::model::stamp::MINUTE;
use crate::model::{Fact, Failure, Pulse, SeriesId, Stamp, Text};

/// Answer times beyond this share of the limit are worth a warning …
const NEAR: f64 = 0.6;
/// … when they were at most half as long so many minutes before.
const BEFORE: i64 = 15;
/// Fetches below which a percentile says little.
const AT_LEAST: u64 = 20;

/// A limit that failures agree on.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    node: Text,
    backend: Text,
    ms: f64,
}

/// The limits in force, as failures tell them.
pub fn limits(failures: &[Failure]) -> Vec<Limit> {
    let mut out: HashMap<(Text, Text), f64> = HashMap::new();
    for f in failures {
        if let Some(ms) = f.facts.get(Fact::LearntLimitMs) {
            out.insert((f.node, f.backend), ms);
        }
    }
    out.into_iter().map(|((node, backend), ms)| Limit { node, backend, ms }).collect()
}

/// The matrix.
pub fn nodes(window: &Window, context: &Context<'_>, now: Stamp, limits: &[Limit]) -> Vec<LiveNode> {
    if !now.is_known() {
        return Vec::new();
    }
    let (from, _) = recent(now);
    let mut cells: BTreeMap<SeriesId, BTreeMap<String, (Text, Pulse)>> = BTreeMap::new();
    for ((id, at), backends) in &window.partial.pulses {
        let row = cells.entry(*id).or_default();
        for (backend, pulse) in backends.iter().filter(|(b, _)| !b.is_empty()) {
            let cell = row.entry(backend.lossy().into_owned()).or_insert_with(|| (*backend, Pulse::default()));
            if *at >= from {
                cell.1.add(pulse);
            }
        }
    }
    let mut probes: HashMap<(SeriesId, Text), &Probe> = HashMap::new();
    window.probes.iter().for_each(|p| _ = probes.insert((p.series, p.backend), p));
    for p in probes.values() {
        let name = p.backend.lossy().into_owned();
        cells.entry(p.series).or_default().entry(name).or_insert_with(|| (p.backend, Pulse::default()));
    }
    let row = |(id, backends): (SeriesId, BTreeMap<String, (Text, Pulse)>)| {
        let reading = context.series.get(&id)?;
        let (series, mut all) = (&reading.series, Pulse::default());
        let limit = |backend: Option<Text>| {
            let fits = |l: &&Limit| l.node == series.node && backend.is_none_or(|b| l.backend == b);
            limits.iter().filter(fits).map(|l| l.ms).reduce(f64::max)
        };
        let mut cell = |(name, (backend, pulse)): (String, (Text, Pulse))| {
            all.add(&pulse);
            let probe = probes.get(&(id, backend));
            LiveCell {
                backend: name,
                health: probe.map_or("", |p| if p.healthy { "healthy" } else { "sick" }).into(),
                probe: probe.map(|p| p.response.lossy().into_owned()).unwrap_or_default(),
                fetches: pulse.fetches,
                failed: pulse.failed,
                ttfb_p95_ms: pulse.percentile_ms(0.95),
                limit_ms: limit(Some(backend)),
            }
        };
        let cells: Vec<LiveCell> = backends.into_iter().map(&mut cell).collect();
        let minutes = window.partial.traffic.get(&id);
        let errors = minutes.and_then(|m| m.get(&from)).map_or(0, |m| m.requests_5xx);
        Some(LiveNode {
            node: series.node.lossy().into_owned(),
            tier: series.tier.word().into(),
            errors_per_min: errors,
            ttfb_p95_ms: all.percentile_ms(0.95),
            limit_ms: limit(None),
            cells,
        })
    };
    cells.into_iter().filter(|(_, b)| !b.is_empty()).filter_map(row).collect()
}

/// What is on its way, in words; empty when nothing is.
pub fn warning(nodes: &[LiveNode], window: &Window, now: Stamp) -> String {
    let near = |n: &&LiveNode| {
        let fetches: u64 = n.cells.iter().map(|c| c.fetches).sum();
        let (Some(p95), Some(limit)) = (n.ttfb_p95_ms, n.limit_ms) else { return false };
        fetches >= AT_LEAST && p95 >= NEAR * limit && climbed(p95, window, now)
    };
    let Some(node) = nodes.iter().find(near) else { return String::new() };
    let s = |ms: Option<f64>| ms.unwrap_or(0.0) / 1000.0;
    format!("{}: answers take {:.1} s, the limit is {:.1} s", node.node, s(node.ttfb_p95_ms), s(node.limit_ms))
}

/// True when answers took at most half as long a quarter of an hour before.
fn climbed(p95: f64, window: &Window, now: Stamp) -> bool {
    let (from, to) = (now.minute() - 2 * BEFORE * MINUTE, now.minute() - BEFORE * MINUTE);
    let mut before = Pulse::default();
    for ((_, at), backends) in &window.partial.pulses {
        if (from..to).contains(at) {
            backends.values().for_each(|p| before.add(p));
        }
    }
    before.fetches >= AT_LEAST && before.percentile_ms(0.95).is_some_and(|was| 2.0 * was <= p95)
}
