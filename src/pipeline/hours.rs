//! How backends did, hour by hour, for the store. In: the pulses of a run, of whatever fineness; out: one row per node,
//! backend and hour. It must not know what is drawn of it.

use std::collections::BTreeMap;

use super::context::Context;
use super::partial::Partial;
use crate::model::{BackendHour, Fineness, Pulse, SeriesId, Stamp};

/// The rows, in order of tier, node, backend and hour. Of two logs that tell the same traffic the poorer one is left out;
/// where two logs of a node tell of one backend all the same, the one with more fetches counts.
pub fn hours(partial: &Partial, context: &Context<'_>) -> Vec<BackendHour> {
    let twice = |id: &SeriesId| partial.twins.contains(id) || partial.fetch_twins.contains(id);
    let mut sums: BTreeMap<(SeriesId, String, Stamp), Pulse> = BTreeMap::new();
    for ((id, at), backends) in partial.pulses.iter().filter(|((id, at), _)| !twice(id) && at.is_known()) {
        for (backend, pulse) in backends.iter().filter(|(b, _)| !b.is_empty()) {
            let key = (*id, backend.lossy().into_owned(), Fineness::HOURS.slice(*at));
            sums.entry(key).or_default().add(pulse);
        }
    }
    let mut rows: BTreeMap<(&'static str, String, String, Stamp), BackendHour> = BTreeMap::new();
    for ((id, backend, hour), pulse) in sums {
        let series = &context.reading(id).series;
        let row = row(series.tier.word(), &series.node.lossy(), &backend, hour, &pulse);
        let known = rows.entry((series.tier.word(), row.node.clone(), backend, hour)).or_default();
        if row.fetches > known.fetches {
            *known = row;
        }
    }
    rows.into_values().collect()
}

fn row(tier: &str, node: &str, backend: &str, hour: Stamp, pulse: &Pulse) -> BackendHour {
    BackendHour {
        tier: tier.into(),
        node: node.into(),
        backend: backend.into(),
        hour,
        fetches: pulse.fetches,
        failed: pulse.failed,
        hidden: pulse.hidden,
        p50_ms: pulse.percentile_ms(0.5),
        p95_ms: pulse.percentile_ms(0.95),
        p99_ms: pulse.percentile_ms(0.99),
        header_bytes: pulse.header_bytes,
        saved: pulse.saved,
    }
}
