//! One step of a request's story. In: a request or a fetch as one tier logged it, with its judgement when it failed;
//! out: its lines. It must not know which story it is part of, but for what need not be said again.

use crate::model::incident::Quote;
use crate::model::question::is_host;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Answer, Asked, FetchOutcome, Impact, Judged, MadeBy, Step, StepKind, Verdict};

use super::deed::{quote, saw, whole_place};
use super::paper::{LABEL, Line, Paint, beside, labelled, painted};
use super::plain::Plain;
use super::style::Style;
use super::words::{duration, share};

/// Quotes of a tier's own record on one screen.
const QUOTES: usize = 2;

/// `GET www.shop.example/cart`.
pub(super) fn request(step: &Step) -> String {
    let space = if step.method.is_empty() { "" } else { " " };
    format!("{}{space}{}{}", step.method, step.host, step.url)
}

/// The lines of a step; `first` is that of the story, whose request need not be told again.
pub(super) fn step(step: &Step, first: &Step, style: &Style) -> Vec<Line> {
    let (told, paint) = match &step.kind {
        StepKind::Request(answer) => (served(step, answer), if step.status >= 500 { Paint::Bad } else { Paint::Bare }),
        StepKind::Fetch(asked) => (fetched(step, asked), if broke(step, asked) { Paint::Bad } else { Paint::Bare }),
    };
    let mut lines = painted(&style.zone.second(step.start), &told, paint, style);
    let mut more = Vec::new();
    let same_host = is_host(first.host.as_bytes(), step.host.as_bytes());
    if (&step.method, &step.url) != (&first.method, &first.url) || !same_host {
        let text = Plain::of(&request(step));
        more.push(Line::of(text.clipped(room(style)).as_str(), Paint::Bare));
    }
    if let StepKind::Request(answer) = &step.kind {
        let from = Plain::of(&came_from(step, answer)).wrapped(style.columns() - LABEL);
        more.extend(from.iter().filter(|t| t.width() > 0).map(|t| Line::of(t.as_str(), Paint::Bare)));
    }
    more.extend(step.place.as_ref().filter(|p| !p.file.is_empty()).map(|p| place(p, style)));
    lines.extend(beside("", more));
    if let Some(judged) = &step.failed {
        lines.extend(judgement(judged, style));
    }
    lines
}

fn room(style: &Style) -> usize {
    if style.full { usize::MAX / 2 } else { style.columns() - LABEL }
}

fn place(place: &Quote, style: &Style) -> Line {
    Line::of(&whole_place(place, style.columns() - LABEL, style), Paint::Faint)
}

/// `cache-1 (cache) request 98306 of 192.0.2.7: 503 in 412 ms`.
fn served(step: &Step, answer: &Answer) -> String {
    let client = match (answer.client.as_str(), answer.forwarded.as_str()) {
        ("", "") => String::new(),
        (peer, "") => format!(" of {peer}"),
        ("", behind) => format!(" of {behind}"),
        (peer, behind) if peer == behind => format!(" of {peer}"),
        (peer, behind) => format!(" of {behind} by {peer}"),
    };
    let kind = match step.reason {
        "esi" => "ESI request",
        "restart" => "restarted request",
        _ => "request",
    };
    format!("{} {kind}{}{client}: {}", who(step), number(step.vxid), came_of(step, step.status))
}

/// `cache-1 (cache) fetch 98307 from web (10.0.0.11:8080): 200 in 20 ms`.
fn fetched(step: &Step, asked: &Asked) -> String {
    let whom = match (asked.backend.as_str(), asked.backend_addr.as_str()) {
        ("", "") => String::new(),
        (one, "") | ("", one) => format!(" from {one}"),
        (name, addr) if name == addr => format!(" from {addr}"),
        (name, addr) => format!(" from {name} ({addr})"),
    };
    let kind = match step.reason {
        "bgfetch" => "background fetch",
        "retry" => "retried fetch",
        "pass" => "fetch (pass)",
        "pipe" => "pipe",
        _ => "fetch",
    };
    let what = match asked.outcome {
        FetchOutcome::Failed => "FAILED, ",
        FetchOutcome::Cut => "CUT, ",
        FetchOutcome::Unknown => "record not whole, ",
        FetchOutcome::Denied if step.failed.is_some() => "DENIED, ",
        _ => "",
    };
    let status = if asked.origin_status > 0 && !asked.outcome.has_failed() { asked.origin_status } else { step.status };
    let got = match asked.origin_status {
        0 => String::new(),
        s if s == status => String::new(),
        s => format!(" (it got {s})"),
    };
    let again = if asked.retried { ", retried" } else { "" };
    let head = format!("{} {kind}{}{whom}", who(step), number(step.vxid));
    format!("{head}: {what}{}{got}{again}", came_of(step, status))
}

fn broke(step: &Step, asked: &Asked) -> bool {
    step.failed.is_some() || asked.outcome.has_failed()
}

/// `web1 (origin, clock +2.30 s)`.
fn who(step: &Step) -> String {
    let clock = match step.ahead_us {
        us if us.abs() < SECOND / 10 => String::new(),
        us => format!(", clock {:+.2} s", us as f64 / SECOND as f64),
    };
    format!("{} ({}{clock})", step.node, step.tier)
}

fn number(vxid: u64) -> String {
    if vxid > 0 { format!(" {vxid}") } else { String::new() }
}

/// `503 in 412 ms, first byte after 400 ms`.
fn came_of(step: &Step, status: u16) -> String {
    let status = if status > 0 { status.to_string() } else { "no answer".to_string() };
    let whole = step.duration_us.map(|us| format!(" in {}", took(us))).unwrap_or_default();
    let ttfb = step.ttfb_us.filter(|us| step.duration_us.is_none_or(|all| all - us > SECOND / 10));
    let ttfb = ttfb.map(|us| format!(", first byte after {}", took(us))).unwrap_or_default();
    format!("{status}{whole}{ttfb}")
}

/// `0.4 ms`, `412 ms`, `1.51 s`, `3 min`.
fn took(us: i64) -> String {
    match us.max(0) {
        0 => "under 1 ms".to_string(),
        us if us < 50 => "under 0.1 ms".to_string(),
        us if us < 10_000 => format!("{:.1} ms", us as f64 / 1_000.0),
        us if us < SECOND => format!("{:.0} ms", us as f64 / 1_000.0),
        us if us < 2 * MINUTE => format!("{:.2} s", us as f64 / SECOND as f64),
        us => duration(us),
    }
}

/// Where the answer to a request came from.
fn came_from(step: &Step, answer: &Answer) -> String {
    let mut parts = Vec::new();
    match answer.made_by {
        MadeBy::Fetch if step.vxid > 0 && !answer.restarted => parts.push("answered by its own fetch".to_string()),
        MadeBy::Hit => {
            let object = if answer.hit > 0 { format!(", stored by fetch {}", answer.hit) } else { String::new() };
            parts.push(format!("answered from the cache{object}"));
        }
        MadeBy::Itself if step.vxid > 0 && !answer.restarted => {
            parts.push("answered by VCL itself (synth)".to_string())
        }
        _ => {}
    }
    match answer.grace_left_us {
        Some(us) if us > 0 => parts.push(format!("stale, {} of grace left", duration(us))),
        Some(_) => parts.push("stale".to_string()),
        None => {}
    }
    if !answer.cache.is_empty() {
        parts.push(format!("the cache says {}", answer.cache));
    }
    if answer.waited {
        parts.push("waited for another request's fetch".to_string());
    }
    if answer.restarted {
        parts.push("restarted by VCL".to_string());
    }
    if answer.incomplete {
        parts.push("delivery or record not whole".to_string());
    }
    if parts.is_empty() { String::new() } else { parts.join("; ") }
}

/// Why it failed, what proves it, what the next tier saw, what the client got.
fn judgement(judged: &Judged, style: &Style) -> Vec<Line> {
    let f = &judged.failure;
    let sure = share(f64::from(f.ruling.confidence));
    let means = if judged.means.is_empty() { String::new() } else { format!(": {}", judged.means) };
    let mut lines = labelled("Why", &format!("{} ({sure} sure){means}", f.ruling.cause.id()), style);
    let room = if style.full { usize::MAX } else { QUOTES };
    lines.extend(beside("Proof", judged.evidence.own.iter().take(room).flat_map(|q| quote(q, style)).collect()));
    lines.extend(labelled("Origin", &origin(judged), style));
    let far = [&judged.evidence.origin, &judged.evidence.origin_error];
    lines.extend(beside("", far.into_iter().flatten().flat_map(|q| quote(q, style)).collect()));
    let got = match f.impact {
        Impact::Error => "got an error",
        Impact::Truncated => "got a page that was cut",
        Impact::Stale => "got a stale page: the failure stayed hidden",
        Impact::RetriedOk => "got a good page from a later attempt",
        Impact::Unknown => "not known from these logs",
    };
    lines.extend(labelled("Visitor", got, style));
    lines
}

/// What the next tier saw.
fn origin(judged: &Judged) -> String {
    let f = &judged.failure;
    let mut text = match f.verdict {
        Verdict::Ambiguous if f.candidates > 1 => format!("{} lines could be it", f.candidates),
        verdict => saw(verdict).to_string(),
    };
    if let Some(link) = &f.link {
        let whole = link.duration_us.map(|us| format!(" in {}", took(us))).unwrap_or_default();
        text += &format!("; its line says {}{whole}", link.status);
        if let Some(late) = link.late_us.filter(|us| *us > 0) {
            text += &format!(", {} too late", took(late));
        }
        text += &format!(" (found by {}, {} sure)", link.method.word(), share(f64::from(link.confidence)));
    }
    if let Some(cause) = f.origin_cause {
        text += &format!("; there: {}", cause.id());
    }
    text
}
