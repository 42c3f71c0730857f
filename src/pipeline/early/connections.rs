//! How connections to a backend fare while fetches still work. In: pulses, failures, messages and probes; out: warnings
//! on saved races, on TLS that fails for a share, on probes that flap. It must not know of limits.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::partial::{Partial, Probe};
use super::Seen;
use crate::model::stamp::MINUTE;
use crate::model::{Concern, EarlyWarning, SeriesId, Stamp};

/// So many saved races are more than chance.
const RACES: u64 = 3;
/// So often must probes change their mind.
const FLIPS: usize = 4;

/// What to watch of one backend.
pub fn warnings(seen: &Seen<'_>, partial: &Partial, context: &Context<'_>) -> Vec<EarlyWarning> {
    reuse_races(seen, context).into_iter().chain(certificates(seen, partial, context)).collect()
}

fn reuse_races(seen: &Seen<'_>, context: &Context<'_>) -> Option<EarlyWarning> {
    let all = seen.whole();
    let worst = seen.slices.iter().max_by_key(|(at, p)| (p.saved, std::cmp::Reverse(*at)))?;
    (all.saved >= RACES).then(|| EarlyWarning {
        kind: Concern::ReuseRace,
        node: seen.node(context),
        backend: seen.backend.lossy().into_owned(),
        cause: "connection.closed".into(),
        text: format!(
            "{} of {} fetches were saved by a second connection: the origin had closed the first; a POST is not saved",
            all.saved, all.fetches
        ),
        advice: "set backend_idle_timeout (60 s by default) below the origin's keep-alive time".into(),
        seen: all.saved as f64,
        limit: None,
        unit: "times",
        at: worst.0,
    })
}

/// TLS that fails for a share: one server of several, one certificate of several, or a handshake that is too slow.
fn certificates(seen: &Seen<'_>, partial: &Partial, context: &Context<'_>) -> Option<EarlyWarning> {
    let failed = seen.failed_with(&["tls"]) as u64;
    let all = seen.whole();
    let first = seen.failures.iter().filter(|f| f.ruling.cause.is("tls")).map(|f| f.started).min();
    if failed == 0 {
        return messages(seen, partial, context);
    }
    let share = failed as f64 / all.fetches.max(1) as f64;
    (share < 0.5 && all.fetches > 2 * failed).then(|| EarlyWarning {
        kind: Concern::Certificates,
        node: seen.node(context),
        backend: seen.backend.lossy().into_owned(),
        cause: "tls".into(),
        text: format!("{failed} of {} fetches fail on TLS while the others work", all.fetches),
        advice: "look at the certificate of each server behind that name: openssl s_client -connect".into(),
        seen: share,
        limit: None,
        unit: "share",
        at: first.unwrap_or_default(),
    })
}

/// Messages on TLS in the node's own error log that became no failure: a retry on the next server hid them.
fn messages(seen: &Seen<'_>, partial: &Partial, context: &Context<'_>) -> Option<EarlyWarning> {
    let own = &context.reading(seen.series).series;
    let of_node = |id: SeriesId| {
        let s = &context.reading(id).series;
        s.node.bytes() == own.node.bytes() && s.tier == own.tier
    };
    let mut told = partial.notes.iter().filter(|(id, n)| n.cause.is("tls") && of_node(*id)).map(|(_, n)| n.time);
    let first = told.next()?;
    let many = 1 + told.count();
    let busiest = |s: &Seen<'_>| s.slices.iter().map(|(_, p)| p.fetches).sum::<u64>();
    // Such messages rarely name the backend: they are told once, beside the one that was asked at all.
    (seen.failures.is_empty() && busiest(seen) > 0).then(|| EarlyWarning {
        kind: Concern::Certificates,
        node: seen.node(context),
        backend: String::new(),
        cause: "tls".into(),
        text: format!("{many} messages on TLS in the error log, while fetches work: a retry hides them"),
        advice: "look at the certificate of each server behind that name: openssl s_client -connect".into(),
        seen: many as f64,
        limit: None,
        unit: "times",
        at: first,
    })
}

/// Backends that probes called sick and healthy by turns.
pub fn probes(partial: &Partial, context: &Context<'_>) -> Vec<EarlyWarning> {
    let mut of: BTreeMap<(SeriesId, Vec<u8>), Vec<&Probe>> = BTreeMap::new();
    for p in partial.probes.iter().filter(|p| p.time.is_known()) {
        of.entry((p.series, p.backend.bytes().to_vec())).or_default().push(p);
    }
    of.into_values().filter_map(|probes| flaps(&probes, context)).collect()
}

fn flaps(probes: &[&Probe], context: &Context<'_>) -> Option<EarlyWarning> {
    let flips: Vec<Stamp> = probes.windows(2).filter(|w| w[0].healthy != w[1].healthy).map(|w| w[1].time).collect();
    let (first, last) = (*flips.first()?, *flips.last()?);
    let minutes = (last.since(first)? / MINUTE).max(1);
    let of = probes[0];
    (flips.len() >= FLIPS).then(|| EarlyWarning {
        kind: Concern::ProbeFlaps,
        node: context.reading(of.series).series.node.lossy().into_owned(),
        backend: of.backend.lossy().into_owned(),
        cause: "health.sick".into(),
        text: format!("probes changed their mind {} times within {minutes} min", flips.len()),
        advice: "varnishadm backend.list -p; then the probe's .timeout, .window and .threshold".into(),
        seen: flips.len() as f64,
        limit: None,
        unit: "times",
        at: first,
    })
}
