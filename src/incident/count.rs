//! The figures of an incident. In: a run; out: an `Incident` without id, prose and advice. It must not know why the
//! failures of the run belong together.

use std::collections::BTreeMap;

use super::Rules;
use super::runs::Run;
use super::service::part;
use crate::model::incident::{CauseShare, Harm, Limit};
use crate::model::stamp::MINUTE;
use crate::model::{Bytes, Crawled, Fact, Failure, FetchRow, Grace, Group, Impact, Incident, Stamp, State};

/// What kind of run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One stretch of trouble.
    Outage,
    /// A trickle.
    Recurring,
    /// Lone failures.
    Scattered,
}

/// URLs that are listed.
const TOP_URLS: usize = 10;
/// A cause with a smaller share than this is not what the incident is about, unless nothing else is.
const SHARE: f64 = 0.1;

/// The incident of a run.
pub fn group(run: &Run<'_>, shape: Shape, rules: &Rules) -> Group {
    let causes = causes(&run.failures);
    let headline = headline(&causes);
    let (from, to) = (run.from(), run.to());
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_impact: BTreeMap<String, u64> = BTreeMap::new();
    let mut curve: BTreeMap<Stamp, u64> = BTreeMap::new();
    let mut nodes: Vec<String> = Vec::new();
    for f in &run.failures {
        *verdicts.entry(f.verdict.word().into()).or_default() += 1;
        *by_impact.entry(f.impact.word().into()).or_default() += 1;
        *curve.entry(f.started.minute()).or_default() += 1;
        nodes.push(f.node.lossy().into_owned());
    }
    nodes.sort();
    nodes.dedup();
    let hours = to.since(from).unwrap_or(0) as f64 / (60 * MINUTE) as f64;
    let failures = run.failures.len() as u64;
    let incident = Incident {
        id: 0,
        title: String::new(),
        opened_at: from,
        closed_at: to,
        state: state(shape, to, &curve, rules),
        service: if shape == Shape::Scattered { "scattered".into() } else { service(run) },
        nodes,
        cause: headline.clone(),
        root: None,
        failures,
        causes: with_roles(causes, &headline),
        verdicts,
        limits: limits(&run.failures),
        harm: Harm {
            by_impact,
            top_urls: top_urls(&run.failures),
            grace: grace(&run.failures),
            crawled: crawled(&run.failures),
            retry_after: retry_after(&run.failures),
            ..Harm::default()
        },
        curve: curve.into_iter().map(|(at, n)| (at.0, n)).collect(),
        rate_per_hour: (shape == Shape::Recurring && hours > 0.0).then(|| (failures - 1) as f64 / hours),
        in_short: String::new(),
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
    };
    Group { incident, members: run.failures.iter().map(|f| f.id).collect() }
}

fn causes(failures: &[&Failure]) -> Vec<CauseShare> {
    let mut by_id: BTreeMap<&'static str, (u64, Stamp)> = BTreeMap::new();
    for f in failures {
        let seen = by_id.entry(f.ruling.cause.id()).or_insert((0, f.started));
        seen.0 += 1;
        seen.1 = seen.1.min(f.started);
    }
    let mut out: Vec<CauseShare> = by_id
        .into_iter()
        .map(|(id, (failures, first_at))| CauseShare { cause: id.into(), failures, first_at, role: String::new() })
        .collect();
    out.sort_by(|a, b| b.failures.cmp(&a.failures).then(a.first_at.cmp(&b.first_at)));
    out
}

/// True for what is only ever the consequence of something else.
fn is_consequence(cause: &str) -> bool {
    matches!(cause, "health.sick" | "backend.busy")
}

/// What came first and explains the rest: the earliest cause of weight that is no mere consequence.
fn headline(causes: &[CauseShare]) -> String {
    let all: u64 = causes.iter().map(|c| c.failures).sum();
    let weighty = |c: &&CauseShare| c.failures as f64 >= SHARE * all as f64;
    let first = causes.iter().filter(weighty).filter(|c| !is_consequence(&c.cause)).min_by_key(|c| c.first_at);
    first.or(causes.first()).map_or_else(|| "unknown".into(), |c| c.cause.clone())
}

fn with_roles(mut causes: Vec<CauseShare>, headline: &str) -> Vec<CauseShare> {
    let several = causes.len() > 1;
    let head_at = causes.iter().find(|c| c.cause == headline).map_or(Stamp::NONE, |c| c.first_at);
    for c in &mut causes {
        if several && c.cause == headline {
            c.role = "came first".into();
        } else if is_consequence(&c.cause) && c.first_at >= head_at {
            c.role = "consequence".into();
        }
    }
    causes
}

fn state(shape: Shape, to: Stamp, curve: &BTreeMap<Stamp, u64>, rules: &Rules) -> State {
    if shape == Shape::Recurring {
        return State::Recurring;
    }
    if shape == Shape::Scattered || rules.logs_end.since(to).is_none_or(|us| us > rules.gap_us) {
        return State::Closed;
    }
    let peak = curve.values().max().copied().unwrap_or(0);
    let last = curve.values().next_back().copied().unwrap_or(0);
    let quiet = rules.logs_end.since(to).is_some_and(|us| us > rules.gap_us / 2);
    if quiet || (curve.len() >= 3 && last * 4 <= peak) { State::Recovering } else { State::Open }
}

/// The service: the backend or host, with the part of the site when nearly all failures are of one part.
fn service(run: &Run<'_>) -> String {
    let unit = run.key.unit.lossy().into_owned();
    let mut parts: BTreeMap<Bytes, usize> = BTreeMap::new();
    for f in &run.failures {
        *parts.entry(part(f).bytes()).or_default() += 1;
    }
    let most = parts.iter().max_by_key(|(p, n)| (**n, std::cmp::Reverse(p.len())));
    match most {
        Some((p, n)) if parts.len() > 1 || *n > 1 => {
            let path = p.iter().position(|b| *b == b'/').map_or(&b""[..], |at| &p[at..]);
            let one_part = *n * 10 >= run.failures.len() * 9 && *path != *b"/" && !path.is_empty();
            if one_part { format!("{unit} {}", String::from_utf8_lossy(path)) } else { unit }
        }
        _ => unit,
    }
}

fn limits(failures: &[&Failure]) -> Vec<Limit> {
    let of = |f: &&Failure| {
        let limit = f.facts.get(Fact::LearntLimitMs)?;
        Some((f.tier.word().to_string(), f.ruling.cause.id().to_string(), limit, 1))
    };
    Limit::of(failures.iter().filter_map(of))
}

fn crawled(failures: &[&Failure]) -> Option<Crawled> {
    let of_crawlers = failures.iter().filter(|f| f.row.flags & FetchRow::CRAWLER != 0 && f.impact == Impact::Error);
    Crawled::of(of_crawlers.map(|f| (f.started, String::from_utf8_lossy(path(&f.url.bytes())).into_owned())))
}

/// A URL without its query.
fn path(url: &[u8]) -> &[u8] {
    &url[..url.iter().position(|b| *b == b'?').unwrap_or(url.len())]
}

fn retry_after(failures: &[&Failure]) -> Option<f64> {
    let told: Vec<f64> = failures.iter().filter_map(|f| f.facts.get(Fact::ErrorRetryAfter)).collect();
    (!told.is_empty()).then(|| told.iter().sum::<f64>() / told.len() as f64)
}

fn grace(failures: &[&Failure]) -> Option<Grace> {
    let hidden = failures.iter().filter(|f| f.impact == Impact::Stale);
    Grace::of(hidden.filter_map(|f| Some(((f.host, f.url), f.started, f.facts.get(Fact::GraceLeftMs)?))))
}

fn top_urls(failures: &[&Failure]) -> Vec<(String, u64)> {
    let texts: Vec<Bytes> = failures.iter().map(|f| f.url.bytes()).collect();
    let mut urls: BTreeMap<&[u8], u64> = BTreeMap::new();
    for url in &texts {
        *urls.entry(path(url)).or_default() += 1;
    }
    let mut out: Vec<(&[u8], u64)> = urls.into_iter().collect();
    out.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    out.truncate(TOP_URLS);
    out.into_iter().map(|(u, n)| (String::from_utf8_lossy(u).into_owned(), n)).collect()
}
