//! Counters since the start, for metrics. In: what the window forgets and holds, and settled failures; out: sums that
//! only grow. It must not know who asks.

use super::super::context::Context;
use super::window::Window;
use crate::model::live::{Gap, LiveTotals, TTFB_BOUNDS};
use crate::model::{Failure, Minute, Pulse, SeriesId};

/// The sums.
#[derive(Debug, Default)]
pub struct Totals(LiveTotals);

impl Totals {
    /// Something was lost.
    pub fn lost(&mut self, gap: &Gap) {
        self.0.gaps += 1;
        self.0.lost_bytes += gap.bytes.unwrap_or(0);
    }

    /// A failure has its final judgement.
    pub fn settled(&mut self, f: &Failure) {
        let key = (f.tier.word().to_string(), f.node.lossy().into_owned(), f.ruling.cause.id().to_string());
        *self.0.failed.entry(key).or_default() += 1;
        *self.0.verdicts.entry(f.verdict.word().into()).or_default() += 1;
    }

    /// Counts that the window forgets.
    pub fn add_up(&mut self, id: SeriesId, minute: &Minute, pulse: &Pulse, context: &Context<'_>) {
        add(&mut self.0, id, minute, pulse, context);
    }

    /// The sums with what the window holds.
    pub fn with(&self, window: &Window, context: &Context<'_>) -> LiveTotals {
        let mut out = self.0.clone();
        let (none, nothing) = (Pulse::default(), Minute::default());
        for (id, minutes) in &window.partial.traffic {
            minutes.values().for_each(|m| add(&mut out, *id, m, &none, context));
        }
        for ((id, _), backends) in &window.partial.pulses {
            backends.values().for_each(|p| add(&mut out, *id, &nothing, p, context));
        }
        out
    }
}

fn add(to: &mut LiveTotals, id: SeriesId, minute: &Minute, pulse: &Pulse, context: &Context<'_>) {
    let Some(reading) = context.series.get(&id) else { return };
    let key = (reading.series.tier.word().to_string(), reading.series.node.lossy().into_owned());
    for (map, n) in [
        (&mut to.requests, minute.requests),
        (&mut to.requests_5xx, minute.requests_5xx),
        (&mut to.fetches, minute.fetches),
    ] {
        if n > 0 {
            *map.entry(key.clone()).or_default() += n;
        }
    }
    pulse.buckets(&TTFB_BOUNDS, &mut to.ttfb);
    to.ttfb_sum_s += pulse.sum_ms as f64 / 1000.0;
}
