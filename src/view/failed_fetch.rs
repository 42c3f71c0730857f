//! One failed fetch as the line of `--fetches` (design: command line and JSON contract). In: a `Failure` with its
//! evidence; out: one JSON object. The keys, their order and their meaning are a contract. It must not know how a
//! fetch was judged or linked.

use serde::Serialize;

use crate::model::incident::Quote;
use crate::model::{Evidence, Failure, Stamp, Text};

use super::json::{line, thousandths};

#[derive(Serialize)]
struct Object<'f> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    id: String,
    told_in: Option<String>,
    tier: &'static str,
    node: Option<Text>,
    vxid: Option<u64>,
    client_vxid: Option<u64>,
    reason: &'static str,
    started_at: Option<String>,
    ended_at: Option<String>,
    method: Option<Text>,
    host: Option<Text>,
    url: Option<Text>,
    backend: Option<Text>,
    backend_addr: Option<Text>,
    status: Option<u16>,
    origin_status: Option<u16>,
    impact: &'static str,
    cause: &'static str,
    confidence: f64,
    alternatives: Vec<Alternative>,
    evidence: Vec<QuoteObject<'f>>,
    verdict: &'static str,
    origin_cause: Option<&'static str>,
    origin: Option<Origin<'f>>,
    origin_error: Option<QuoteObject<'f>>,
    incident: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Alternative {
    cause: &'static str,
    confidence: f64,
}

#[derive(Serialize)]
pub(super) struct QuoteObject<'f> {
    file: Option<&'f str>,
    line: Option<u64>,
    /// Only for a binary log, which has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    text: &'f str,
}

#[derive(Serialize)]
pub(super) struct Origin<'f> {
    file: Option<&'f str>,
    line: Option<u64>,
    /// Only for a binary log, which has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    status: Option<u16>,
    duration_ms: Option<i64>,
    late_by_ms: Option<i64>,
    method: &'static str,
    confidence: f64,
    clock_offset_ms: i64,
}

/// Renders a failed fetch as one line of NDJSON, newline included. Absent values are `null`; bytes that are not UTF-8
/// are replaced; milliseconds are rounded.
pub fn failed_fetch(failure: &Failure, evidence: Option<&Evidence>, incident: Option<u32>) -> String {
    let r = &failure.ruling;
    line(&Object {
        kind: "failed_fetch",
        schema: 1,
        id: hex(failure.id),
        told_in: failure.told_in.map(hex),
        tier: failure.tier.word(),
        node: text(failure.node),
        vxid: (failure.vxid > 0).then_some(failure.vxid),
        client_vxid: (failure.client_vxid > 0).then_some(failure.client_vxid),
        reason: failure.reason.word(),
        started_at: time(failure.started),
        ended_at: time(failure.ended),
        method: text(failure.method),
        host: text(failure.host),
        url: text(failure.url),
        backend: text(failure.backend),
        backend_addr: text(failure.backend_addr),
        status: status(failure.status),
        origin_status: status(failure.origin_status),
        impact: failure.impact.word(),
        cause: r.cause.id(),
        confidence: thousandths(r.confidence),
        alternatives: alternatives(failure),
        evidence: evidence.map(|e| e.own.iter().map(quote).collect()).unwrap_or_default(),
        verdict: failure.verdict.word(),
        origin_cause: failure.origin_cause.map(|c| c.id()),
        origin: origin(failure, evidence),
        origin_error: evidence.and_then(|e| e.origin_error.as_ref()).map(quote),
        incident: incident.filter(|id| *id > 0),
    })
}

pub(super) fn origin<'f>(failure: &Failure, evidence: Option<&'f Evidence>) -> Option<Origin<'f>> {
    let link = failure.link?;
    let at = evidence.and_then(|e| e.origin.as_ref());
    Some(Origin {
        file: at.map(|q| q.file.as_str()).filter(|f| !f.is_empty()),
        line: at.map(|q| q.line).filter(|n| *n > 0),
        offset: at.and_then(|q| q.offset),
        status: status(link.status),
        duration_ms: link.duration_us.map(milliseconds),
        late_by_ms: link.late_us.map(milliseconds),
        method: link.method.word(),
        confidence: thousandths(link.confidence),
        clock_offset_ms: milliseconds(link.offset_us),
    })
}

pub(super) fn quote(q: &Quote) -> QuoteObject<'_> {
    QuoteObject {
        file: (!q.file.is_empty()).then_some(q.file.as_str()),
        line: (q.line > 0).then_some(q.line),
        offset: q.offset,
        text: &q.text,
    }
}

pub(super) fn hex(id: u64) -> String {
    format!("{id:016x}")
}

/// The runners-up of its cause.
pub(super) fn alternatives(failure: &Failure) -> Vec<Alternative> {
    let runner_up = failure.ruling.runner_up;
    runner_up.map(|(c, p)| Alternative { cause: c.id(), confidence: thousandths(p) }).into_iter().collect()
}

fn text(t: Text) -> Option<Text> {
    (!t.is_empty()).then_some(t)
}

pub(super) fn time(at: Stamp) -> Option<String> {
    at.is_known().then(|| at.rfc3339())
}

pub(super) fn status(n: u16) -> Option<u16> {
    (n > 0).then_some(n)
}

/// Rounded to the nearest, halves away from zero.
fn milliseconds(us: i64) -> i64 {
    (us as f64 / 1000.0).round() as i64
}
