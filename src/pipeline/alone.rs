//! Error logs without any access log: their lines are all that tells of failed fetches. In: a message that names the
//! request and the upstream; out: the fetch that it says has failed, and the run's zones applied to such logs. It must
//! not know how an error log is written. Where an access log is in the run its lines are the fetches, and messages only
//! say why.

use std::collections::BTreeMap;

use super::Job;
use super::context::{Context, Reading};
use super::partial::Partial;
use crate::model::stamp::SECOND;
use crate::model::{Cause, Fetch, FetchOutcome, Message, Reason, SeriesId, Stamp};

/// The failed fetch that a message of that cause tells of; `None` when it names no request, or no upstream was meant.
pub fn fetch_of<'c>(m: &Message<'c>, cause: Cause, reading: &Reading) -> Option<Fetch<'c>> {
    let upstream = !m.upstream.is_empty() || cause.is("dns");
    let is_one = reading.alone && upstream && !m.url.is_empty() && m.time.is_known() && !cause.not_origin();
    is_one.then(|| Fetch {
        at: m.at,
        reason: Reason::Upstream,
        method: m.method,
        host: m.host,
        url: m.url,
        backend: server(m.upstream),
        ended: m.time,
        outcome: FetchOutcome::Failed,
        ..Fetch::default()
    })
}

/// Host and port of `http://127.0.0.1:8080/path`; the socket of `fastcgi://unix:/run/php.sock:`.
fn server(upstream: &[u8]) -> &[u8] {
    let rest = memchr::memmem::find(upstream, b"://").map_or(upstream, |at| &upstream[at + 3..]);
    match rest {
        [b'u', b'n', b'i', b'x', b':', ..] => rest.strip_suffix(b":").unwrap_or(rest),
        _ => &rest[..memchr::memchr(b'/', rest).unwrap_or(rest.len())],
    }
}

/// Reads local stamps of such logs in the zone that the user names for them. No other log is there to tell it.
pub fn settle_zones(partial: &mut Partial, context: &Context<'_>, job: &Job<'_>) {
    let zone = |reading: &Reading| {
        let node = reading.series.node.lossy();
        let named = job.log_zones.iter().find(|(n, _)| n.as_ref().is_none_or(|n| *n == node));
        named.map(|(_, s)| i64::from(*s) * SECOND).filter(|_| reading.alone && reading.series.local_time)
    };
    let zones: BTreeMap<SeriesId, i64> =
        context.series.values().filter_map(|r| Some((r.series.id, zone(r)?))).collect();
    let shift = |at: &mut Stamp, us: i64| *at = if at.is_known() { *at - us } else { *at };
    for f in &mut partial.failures {
        if let Some(us) = zones.get(&f.series) {
            [&mut f.started, &mut f.gave_up, &mut f.ended].into_iter().for_each(|at| shift(at, *us));
        }
    }
    for (id, tally) in &mut partial.files {
        if let Some(us) = zones.get(&context.files[id].series) {
            shift(&mut tally.first, *us);
            shift(&mut tally.last, *us);
        }
    }
}
