//! One request's whole story as JSON. In: what a lookup found; out: one indented document. The keys are a contract, new
//! ones yes, renamed ones no; absent values are null. It must not know how the stories were found.

use serde::Serialize;

use crate::model::{Judged, Lookup, Step, StepKind, Story};

use super::failed_fetch::{Alternative, Origin, QuoteObject, alternatives, hex, origin, quote, status, time};
use super::json::{document, thousandths};

#[derive(Serialize)]
struct Document<'l> {
    schema: u32,
    question: &'l str,
    kind: &'static str,
    searched: Searched<'l>,
    /// Older requests and fetches that match and are not told.
    older: u64,
    requests: Vec<Request<'l>>,
}

#[derive(Serialize)]
struct Searched<'l> {
    history: Option<&'l str>,
    requests: Option<u64>,
    fetches: u64,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Serialize)]
struct Request<'l> {
    time: Option<String>,
    status: Option<u16>,
    incident: Option<u32>,
    steps: Vec<StepObject<'l>>,
}

#[derive(Serialize)]
struct StepObject<'l> {
    #[serde(rename = "type")]
    kind: &'static str,
    tier: &'static str,
    node: Option<&'l str>,
    file: Option<&'l str>,
    line: Option<u64>,
    /// Only for a binary log, which has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    time: Option<String>,
    end: Option<String>,
    clock_offset_ms: Option<f64>,
    duration_ms: Option<f64>,
    ttfb_ms: Option<f64>,
    vxid: Option<u64>,
    parent: Option<u64>,
    reason: &'static str,
    method: Option<&'l str>,
    host: Option<&'l str>,
    url: Option<&'l str>,
    status: Option<u16>,
    client: Option<&'l str>,
    forwarded_for: Option<&'l str>,
    made_by: Option<&'static str>,
    cache: Option<&'l str>,
    hit: Option<u64>,
    grace_left_ms: Option<f64>,
    waited: Option<bool>,
    restarted: Option<bool>,
    incomplete: Option<bool>,
    backend: Option<&'l str>,
    backend_addr: Option<&'l str>,
    origin_status: Option<u16>,
    outcome: Option<&'static str>,
    retried: Option<bool>,
    failed: Option<Failed<'l>>,
}

#[derive(Serialize)]
struct Failed<'l> {
    id: String,
    told_in: Option<String>,
    client_vxid: Option<u64>,
    impact: &'static str,
    cause: &'static str,
    confidence: f64,
    alternatives: Vec<Alternative>,
    means: Option<&'l str>,
    evidence: Vec<QuoteObject<'l>>,
    verdict: &'static str,
    candidates: u32,
    origin_cause: Option<&'static str>,
    origin: Option<Origin<'l>>,
    origin_line: Option<QuoteObject<'l>>,
    origin_error: Option<QuoteObject<'l>>,
    incident: Option<u32>,
}

/// Renders what was found.
pub fn lookup_json(found: &Lookup) -> String {
    let s = &found.searched;
    document(&Document {
        schema: 1,
        question: &found.question,
        kind: found.kind,
        searched: Searched {
            history: s.history.as_deref(),
            requests: s.history.is_none().then_some(s.requests),
            fetches: s.fetches,
            from: time(s.from),
            to: time(s.to),
        },
        older: found.older,
        requests: found.stories.iter().map(request).collect(),
    })
}

fn request(story: &Story) -> Request<'_> {
    Request {
        time: time(story.at()),
        status: status(story.status()),
        incident: story.steps.iter().find_map(|s| s.failed.as_ref()?.incident),
        steps: story.steps.iter().map(step).collect(),
    }
}

fn step(s: &Step) -> StepObject<'_> {
    let (answer, asked) = match &s.kind {
        StepKind::Request(answer) => (Some(answer), None),
        StepKind::Fetch(asked) => (None, Some(asked)),
    };
    let place = s.place.as_ref();
    StepObject {
        kind: if answer.is_some() { "request" } else { "fetch" },
        tier: s.tier,
        node: text(&s.node),
        file: place.and_then(|p| text(&p.file)),
        line: place.map(|p| p.line).filter(|n| *n > 0),
        offset: place.and_then(|p| p.offset),
        time: time(s.start),
        end: time(s.end),
        clock_offset_ms: (s.ahead_us != 0).then_some(s.ahead_us).map(ms),
        duration_ms: s.duration_us.map(ms),
        ttfb_ms: s.ttfb_us.map(ms),
        vxid: number(s.vxid),
        parent: number(s.parent),
        reason: s.reason,
        method: text(&s.method),
        host: text(&s.host),
        url: text(&s.url),
        status: status(s.status),
        client: answer.and_then(|a| text(&a.client)),
        forwarded_for: answer.and_then(|a| text(&a.forwarded)),
        made_by: answer.and_then(|a| a.made_by.word()),
        cache: answer.and_then(|a| text(&a.cache)),
        hit: answer.and_then(|a| number(a.hit)),
        grace_left_ms: answer.and_then(|a| a.grace_left_us).map(ms),
        waited: answer.map(|a| a.waited),
        restarted: answer.map(|a| a.restarted),
        incomplete: answer.map(|a| a.incomplete),
        backend: asked.and_then(|a| text(&a.backend)),
        backend_addr: asked.and_then(|a| text(&a.backend_addr)),
        origin_status: asked.and_then(|a| status(a.origin_status)),
        outcome: asked.map(|a| a.outcome.word()),
        retried: asked.map(|a| a.retried),
        failed: s.failed.as_deref().map(failed),
    }
}

fn failed(judged: &Judged) -> Failed<'_> {
    let (f, evidence) = (&judged.failure, &judged.evidence);
    Failed {
        id: hex(f.id),
        told_in: f.told_in.map(hex),
        client_vxid: number(f.client_vxid),
        impact: f.impact.word(),
        cause: f.ruling.cause.id(),
        confidence: thousandths(f.ruling.confidence),
        alternatives: alternatives(f),
        means: text(&judged.means),
        evidence: evidence.own.iter().map(quote).collect(),
        verdict: f.verdict.word(),
        candidates: f.candidates,
        origin_cause: f.origin_cause.map(|c| c.id()),
        origin: origin(f, Some(evidence)),
        origin_line: evidence.origin.as_ref().map(quote),
        origin_error: evidence.origin_error.as_ref().map(quote),
        incident: judged.incident,
    }
}

fn text(s: &str) -> Option<&str> {
    (!s.is_empty()).then_some(s)
}

fn number(n: u64) -> Option<u64> {
    (n > 0).then_some(n)
}

/// Microseconds as milliseconds.
fn ms(us: i64) -> f64 {
    us as f64 / 1_000.0
}
