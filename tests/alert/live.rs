//! What a tail knows, made by hand: incidents that open, grow and end on a virtual clock.

use std::collections::BTreeMap;

use guru::alert::{Config, Rules, Watch};
use guru::model::Stamp;
use guru::model::alert::Notice;
use guru::model::incident::{CauseShare, Harm, Incident, State};
use guru::model::live::{Live, LiveCell, LiveNode, Mood};
use guru::model::stamp::{MINUTE, SECOND};

/// 2026-11-20T17:49:06Z.
pub const T0: i64 = 1_795_196_946_000_000;

/// So many seconds after the beginning.
pub fn at(seconds: i64) -> Stamp {
    Stamp(T0 + seconds * SECOND)
}

/// Rules written as in the file, below `[alerts]`.
pub fn rules(lines: &str) -> Rules {
    Config::parse(&format!("[alerts]\n{lines}"), "guru.toml".as_ref()).unwrap().rules
}

/// An incident of `service` that began at `from` and failed last at `to`, `failures` times, half seen by visitors.
pub fn incident(service: &str, from: i64, to: i64, failures: u64) -> Incident {
    let cause = "timeout.first_byte";
    let mut curve = BTreeMap::new();
    let (per_second, end) = (failures as f64 / (to - from + 1) as f64, at(to + 1).0);
    let mut begin = at(from).0;
    while begin < end {
        let minute = Stamp(begin).minute();
        let next = end.min(minute.0 + MINUTE);
        curve.insert(minute.0, (per_second * (next - begin) as f64 / SECOND as f64) as u64);
        begin = next;
    }
    Incident {
        id: 3,
        title: format!("{service}: first byte timeout"),
        opened_at: at(from),
        closed_at: at(to),
        state: State::Open,
        service: service.into(),
        nodes: vec!["cache-1".into()],
        cause: cause.into(),
        root: None,
        failures,
        causes: vec![CauseShare { cause: cause.into(), failures, first_at: at(from), role: "came first".into() }],
        verdicts: BTreeMap::from([("late_answer".into(), failures)]),
        limits: Vec::new(),
        harm: Harm { visitors_5xx: failures / 2, share: Some(0.1), ..Harm::default() },
        curve: curve.into_iter().collect(),
        rate_per_hour: None,
        in_short: "The origin took longer to answer than the cache waits.".into(),
        examples: Vec::new(),
        proof: Vec::new(),
        advice: Vec::new(),
        began: Vec::new(),
        ended_by: Vec::new(),
        trigger: None,
        fix: None,
        worked: None,
        notes: Vec::new(),
        seen_before: Vec::new(),
        similar: Vec::new(),
        recurrence: None,
        measured: None,
        history_since: Stamp::NONE,
    }
}

/// What a tail knows at a moment.
pub fn live(seconds: i64, incidents: Vec<Incident>) -> Live {
    let mood = if incidents.iter().any(|i| i.state == State::Open) { Mood::Incident } else { Mood::Calm };
    Live { at: at(seconds), wall: at(seconds), mood, caught_up: true, incidents, ..Live::default() }
}

/// A backend whose first bytes take `p95` of 15 s.
pub fn slow(mut live: Live, backend: &str, p95_ms: f64) -> Live {
    let cell = LiveCell {
        backend: backend.into(),
        fetches: 500,
        ttfb_p95_ms: Some(p95_ms),
        limit_ms: Some(15_000.0),
        ..LiveCell::default()
    };
    live.nodes.push(LiveNode { node: "cache-1".into(), cells: vec![cell], ..LiveNode::default() });
    live
}

/// Steps a watch every `every` seconds from `from` until before `until`; what the tail knows is told by `now`.
pub fn run(watch: &mut Watch, (from, until, every): (i64, i64, i64), now: &dyn Fn(i64) -> Live) -> Vec<(i64, Notice)> {
    let mut told = Vec::new();
    for s in (from..until).step_by(every as usize) {
        told.extend(watch.step(&now(s), at(s)).into_iter().map(|n| (s, n)));
    }
    told
}

/// Second, kind and title of each.
pub fn lines(told: &[(i64, Notice)]) -> String {
    told.iter().map(|(s, n)| format!("{s:>6} {:<17} {:<8} {}\n", n.kind.word(), n.severity, n.title)).collect()
}

/// Keys only.
pub fn keys(told: &[(i64, Notice)]) -> Vec<String> {
    told.iter().map(|(_, n)| n.key.clone()).collect()
}
