//! The same traffic logged twice by one node: varnishlog in two groupings, or an access log in a rich and a plain
//! format side by side. In: traffic per minute of every series; out: the series that say nothing new. It must not know
//! formats: two logs of one node that count the same requests in the same minutes are logs of the same traffic, and the
//! one with the finer stamps is the richer.

use std::collections::BTreeSet;

use super::context::Context;
use super::partial::Partial;
use super::plan::bears_requests;
use crate::model::{Minutes, SeriesId, Stamp};

/// Fewer requests than this may agree by chance.
const AT_LEAST: u64 = 20;
/// Such a share of the minutes must agree.
const SHARE: f64 = 0.95;

/// The series whose traffic another series of the same node tells as well or better.
pub fn twins(partial: &Partial, context: &Context<'_>) -> BTreeSet<SeriesId> {
    let mut out = BTreeSet::new();
    let readings: Vec<_> = context.series.values().filter(|r| bears_requests(&r.grammar)).collect();
    for (n, a) in readings.iter().enumerate() {
        let (sa, same_node) =
            (&a.series, |s: &crate::model::Series| (s.tier, s.node) == (a.series.tier, a.series.node));
        for b in readings[n + 1..].iter().take_while(|b| same_node(&b.series)) {
            let sb = &b.series;
            let told = (partial.traffic.get(&sa.id), partial.traffic.get(&sb.id));
            if let (Some(x), Some(y)) = told
                && agree(x, y)
            {
                out.insert(if sb.resolution_us < sa.resolution_us { sa.id } else { sb.id });
            }
        }
    }
    out
}

fn agree(a: &Minutes, b: &Minutes) -> bool {
    let requests: u64 = a.values().map(|m| m.requests).sum();
    let minutes: BTreeSet<&Stamp> = a.keys().chain(b.keys()).collect();
    let count = |m: &Minutes, at: &Stamp| m.get(at).map_or(0, |m| m.requests);
    let same = minutes.iter().filter(|at| count(a, at) == count(b, at)).count();
    requests >= AT_LEAST && same as f64 >= SHARE * minutes.len() as f64
}

impl Partial {
    /// Leaves out what the twins tell; lines stay counted as read.
    pub fn without(mut self, twins: BTreeSet<SeriesId>) -> Partial {
        self.failures.retain(|f| !twins.contains(&f.series));
        self.served.retain(|s| !twins.contains(&s.series));
        self.retries.retain(|r| !twins.contains(&r.series));
        self.probes.retain(|p| !twins.contains(&p.series));
        self.traffic.retain(|id, _| !twins.contains(id));
        self.incomplete.retain(|id, _| !twins.contains(id));
        self.not_origin.retain(|(id, _), _| !twins.contains(id));
        self.twins = twins;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Minute;

    fn minutes(counts: &[u64]) -> Minutes {
        let minute = |(n, requests): (usize, &u64)| {
            (Stamp(n as i64 * 60_000_000), Minute { requests: *requests, ..Minute::default() })
        };
        counts.iter().enumerate().map(minute).collect()
    }

    #[test]
    fn only_equal_traffic_is_the_same_traffic() {
        assert!(agree(&minutes(&[30, 41, 12]), &minutes(&[30, 41, 12])));
        assert!(!agree(&minutes(&[30, 41, 12]), &minutes(&[3, 9, 40])));
        assert!(!agree(&minutes(&[3, 4]), &minutes(&[3, 4])), "so few agree by chance");
    }
}
