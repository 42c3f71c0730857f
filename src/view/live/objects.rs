//! The tail for programs. In: a `Live` and the one before it; out: what is new, one JSON object per line. It must not
//! know what the fields mean.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Stamp;
use crate::model::incident::as_rfc3339;
use crate::model::live::{Gap, Live, LiveCause, LiveFailure, Mood, Rates};

use super::super::json::line;

/// What changed from `previous` to `live`, as JSON objects without newlines, each with `type` and `schema`:
/// `state` when the state, its begin or the incidents changed; `failure` for each of the news; `gap` for each stretch that
/// could not be read; `summary` once per minute of the wall clock. Without `previous` no summary is made.
pub fn live_ndjson(live: &Live, previous: Option<&Live>) -> Vec<String> {
    let mut found = Vec::new();
    let schema = live.schema;
    let mut add = |object: String| found.push(object.trim_end_matches('\n').to_string());
    for gap in live.gaps.iter().rev().filter(|g| previous.is_none_or(|p| !p.gaps.contains(g))) {
        add(line(&GapLine { kind: "gap", schema, gap }));
    }
    if previous.is_none_or(|p| state(p) != state(live)) {
        add(line(&state(live)));
    }
    for failure in &live.news {
        add(line(&FailureLine { kind: "failure", schema, failure }));
    }
    if previous.is_some_and(|p| p.wall.minute() != live.wall.minute()) {
        add(line(&summary(live)));
    }
    found
}

#[derive(Serialize)]
struct GapLine<'l> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    gap: &'l Gap,
}

#[derive(Serialize)]
struct FailureLine<'l> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    failure: &'l LiveFailure,
}

#[derive(PartialEq, Serialize)]
struct StateLine<'l> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    state: Mood,
    #[serde(serialize_with = "as_rfc3339")]
    since: Stamp,
    warning: &'l str,
    caught_up: bool,
    recorder: &'l Option<String>,
    incidents: Vec<Open<'l>>,
}

#[derive(PartialEq, Serialize)]
struct Open<'l> {
    id: u32,
    title: &'l str,
    service: &'l str,
    state: &'static str,
    cause: &'l str,
    root: &'l Option<String>,
    #[serde(serialize_with = "as_rfc3339")]
    opened_at: Stamp,
}

fn state(live: &Live) -> StateLine<'_> {
    let incidents = live.incidents.iter().map(|i| Open {
        id: i.id,
        title: &i.title,
        service: &i.service,
        state: i.state.word(),
        cause: &i.cause,
        root: &i.root,
        opened_at: i.opened_at,
    });
    StateLine {
        kind: "state",
        schema: live.schema,
        state: live.mood,
        since: live.since,
        warning: &live.warning,
        caught_up: live.caught_up,
        recorder: &live.recorder,
        incidents: incidents.collect(),
    }
}

#[derive(Serialize)]
struct SummaryLine<'l> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(serialize_with = "as_rfc3339")]
    at: Stamp,
    #[serde(serialize_with = "as_rfc3339")]
    wall: Stamp,
    state: Mood,
    rates: &'l Rates,
    causes: &'l [LiveCause],
    verdicts: &'l BTreeMap<String, u64>,
    sources: usize,
    /// What is wrong with logs and with whom to call.
    troubles: Vec<String>,
    behind_s: Option<f64>,
    backlog: u64,
    lost_bytes: u64,
    gaps: u64,
}

fn troubles(live: &Live) -> Vec<String> {
    let logs = live.sources.iter().filter(|s| !s.trouble.is_empty()).map(|s| format!("{}: {}", s.path, s.trouble));
    let sinks = live.unreached.iter().map(|s| format!("alert {}: {}", s.name, s.trouble));
    logs.chain(sinks).collect()
}

fn summary(live: &Live) -> SummaryLine<'_> {
    let behind = live.sources.iter().filter(|s| s.backlog > 0).filter_map(|s| s.behind_s).reduce(f64::max);
    let freshest = live.sources.iter().filter_map(|s| s.behind_s).reduce(f64::min);
    SummaryLine {
        kind: "summary",
        schema: live.schema,
        at: live.at,
        wall: live.wall,
        state: live.mood,
        rates: &live.rates,
        causes: &live.causes,
        verdicts: &live.totals.verdicts,
        sources: live.sources.len(),
        troubles: troubles(live),
        behind_s: behind.or(freshest),
        backlog: live.sources.iter().fold(0, |a, s| a.saturating_add(s.backlog)),
        lost_bytes: live.totals.lost_bytes,
        gaps: live.totals.gaps,
    }
}
