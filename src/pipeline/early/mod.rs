//! Early warnings: what does not fail yet, or only now and then. In: settled state of a run and its judged failures; out:
//! what to watch, most pressing first. It must not know how it is shown; what has become a failure it leaves to the
//! incidents.

mod backend;
mod connections;
mod log;

use std::collections::{BTreeMap, HashMap};

use super::context::Context;
use super::partial::Partial;
use crate::model::{EarlyWarning, Failure, Pulse, SeriesId, Stamp, Text};

/// What one node saw of one backend, slice by slice in order of time.
struct Seen<'p> {
    series: SeriesId,
    backend: Text,
    slices: Vec<(Stamp, &'p Pulse)>,
    failures: Vec<&'p Failure>,
}

/// Everything to watch.
pub fn warnings(partial: &Partial, context: &Context<'_>, failures: &[Failure]) -> Vec<EarlyWarning> {
    let mut out = Vec::new();
    for seen in backends(partial, failures) {
        out.extend(backend::warnings(&seen, context));
        out.extend(connections::warnings(&seen, partial, context));
    }
    out.extend(connections::probes(partial, context));
    out.extend(log::warnings(partial, context));
    // Nearest to its limit first; what has none by how often it was seen.
    let pressing = |w: &EarlyWarning| match w.limit.filter(|_| w.unit != "times") {
        Some(limit) => w.seen / limit.max(1.0),
        None => w.seen / 1e9,
    };
    out.sort_by(|a, b| {
        (a.kind.cmp(&b.kind))
            .then(pressing(b).total_cmp(&pressing(a)))
            .then((&a.node, &a.backend).cmp(&(&b.node, &b.backend)))
    });
    out
}

/// The pulses by node and backend. Of two logs that tell the same traffic, the poorer one is left out.
fn backends<'p>(partial: &'p Partial, failures: &'p [Failure]) -> Vec<Seen<'p>> {
    let mut slices: BTreeMap<(SeriesId, Vec<u8>), Seen<'p>> = BTreeMap::new();
    let twice = |id: &SeriesId| partial.twins.contains(id) || partial.fetch_twins.contains(id);
    for ((id, at), of) in partial.pulses.iter().filter(|((id, at), _)| !twice(id) && at.is_known()) {
        for (backend, pulse) in of.iter().filter(|(b, _)| !b.is_empty()) {
            let new = || Seen { series: *id, backend: *backend, slices: Vec::new(), failures: Vec::new() };
            let seen = slices.entry((*id, backend.bytes().to_vec())).or_insert_with(new);
            seen.slices.push((*at, pulse));
        }
    }
    let mut of: HashMap<(SeriesId, Text), Vec<&Failure>> = HashMap::new();
    for f in failures.iter().filter(|f| !f.stored) {
        of.entry((f.series, f.backend)).or_default().push(f);
    }
    let mut seen: Vec<Seen<'p>> = slices.into_values().collect();
    seen.iter_mut().for_each(|s| s.failures = of.remove(&(s.series, s.backend)).unwrap_or_default());
    seen
}

impl Seen<'_> {
    fn node(&self, context: &Context<'_>) -> String {
        context.reading(self.series).series.node.lossy().into_owned()
    }

    /// All slices added up.
    fn whole(&self) -> Pulse {
        let mut all = Pulse::default();
        self.slices.iter().for_each(|(_, pulse)| all.add(pulse));
        all
    }

    /// How many of its fetches failed with one of these causes.
    fn failed_with(&self, causes: &[&str]) -> usize {
        self.failures.iter().filter(|f| causes.iter().any(|c| f.ruling.cause.is(c))).count()
    }
}
