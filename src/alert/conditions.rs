//! Conditions that are no incidents yet become notices: answer times near the limit, grace that runs out. In: the watch
//! and what a tail knows; out: notices, and their ends. It must not know incidents, but that one is open.

use super::severity::Severity;
use super::thread::{Thread, group};
use super::watch::{Watch, is_over};
use super::words;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::incident::State;
use crate::model::live::{Live, Mood};
use crate::model::stamp::{MINUTE, Stamp};

/// Fetches that a backend must have had for its percentile to mean something.
const ENOUGH: u64 = 20;
const EARLY: &str = "/early_warning";
const GRACE: &str = "/grace_running_out";

/// A condition as it is now.
struct Met {
    kind: NoticeKind,
    service: String,
    title: String,
    text: String,
}

/// True for the names of groups that are made here.
pub fn is_one(group: &str) -> bool {
    group.rsplit_once('@').is_some_and(|(name, _)| name.ends_with(EARLY) || name.ends_with(GRACE))
}

/// One step.
pub fn step(watch: &mut Watch, live: &Live, wall: Stamp, out: &mut Vec<Notice>) {
    let met = met(watch, live);
    for m in &met {
        let there = watch.conditions.iter().any(|t| is_of(t, m) && !is_ended(t));
        if !there {
            let name = group(&m.service, topic(m.kind), live.at);
            watch.conditions.push(Thread::new(name, &m.service, live.at, wall));
        }
    }
    for at in 0..watch.conditions.len() {
        let mut thread = watch.conditions[at].clone();
        let now = met.iter().find(|m| is_of(&thread, m) && !is_ended(&thread));
        advance(watch, &mut thread, now, live, wall, out);
        watch.conditions[at] = thread;
    }
    // One that was never told of, or whose end was, begins anew under another name.
    watch.conditions.retain(|t| t.told.open || (t.over.is_none() && !is_ended(t)));
}

fn topic(kind: NoticeKind) -> &'static str {
    if kind == NoticeKind::GraceRunningOut { GRACE } else { EARLY }
}

fn is_of(thread: &Thread, m: &Met) -> bool {
    thread.service == m.service && thread.group.rsplit_once('@').is_some_and(|(name, _)| name.ends_with(topic(m.kind)))
}

fn is_ended(thread: &Thread) -> bool {
    thread.told.ends > 0 && !thread.told.open
}

/// The conditions that are met now.
fn met(watch: &Watch, live: &Live) -> Vec<Met> {
    let mut found: Vec<Met> = Vec::new();
    if watch.rules.early_warning > 0.0 {
        for node in &live.nodes {
            for cell in &node.cells {
                let limit = cell.limit_ms.or(watch.rules.ttfb_limit_ms());
                let near = cell
                    .ttfb_p95_ms
                    .zip(limit)
                    .is_some_and(|(p95, limit)| limit > 0.0 && p95 >= watch.rules.early_warning * limit);
                let fails = cell.failed > 0 || is_open(live, &cell.backend);
                let known = found.iter().any(|m| m.service == cell.backend);
                if near
                    && !fails
                    && !known
                    && cell.fetches >= ENOUGH
                    && let Some((title, text)) = words::near_limit(cell, limit, &node.node)
                {
                    found.push(Met { kind: NoticeKind::EarlyWarning, service: cell.backend.clone(), title, text });
                }
            }
        }
        if found.is_empty() && live.mood == Mood::Warning && !live.warning.is_empty() {
            let (title, text) = (live.warning.clone(), "Nothing fails yet.".to_string());
            found.push(Met { kind: NoticeKind::EarlyWarning, service: String::new(), title, text });
        }
    }
    let left = live.grace_left_s.filter(|s| s.is_finite() && *s * 1e6 <= watch.rules.grace_warning.0 as f64);
    // Single background fetches fail on good days too.
    let many = live.open().filter(|i| i.failures >= watch.rules.min_failures.max(1));
    if let Some((left, i)) = left.filter(|_| watch.rules.grace_warning.0 > 0).zip(many) {
        let service = i.service.clone();
        let (title, text) = words::grace(left, &service);
        found.push(Met { kind: NoticeKind::GraceRunningOut, service, title, text });
    }
    found
}

/// True when an incident of that backend is open: then it is no early warning any more.
fn is_open(live: &Live, backend: &str) -> bool {
    let open = live.incidents.iter().filter(|i| matches!(i.state, State::Open | State::Recovering));
    open.into_iter().any(|i| i.service == backend || i.service.starts_with(&format!("{backend} ")))
}

fn advance(watch: &mut Watch, thread: &mut Thread, now: Option<&Met>, live: &Live, wall: Stamp, out: &mut Vec<Notice>) {
    let rules = watch.rules.clone();
    if is_over(thread, Some(now.is_some()), &rules, wall) {
        let title = format!("over: {}", thread.title);
        let end = Met { kind: NoticeKind::Recovered, service: thread.service.clone(), title, text: String::new() };
        return tell(thread, &end, thread.told.worst, "recovered", live, wall, out);
    }
    let Some(m) = now else { return };
    thread.seen = wall;
    if rules.silences.iter().any(|s| s.covers(&m.service, "", &[], wall)) {
        return;
    }
    let since = *thread.ripe.get_or_insert(wall);
    let wait = rules.lasting.0.max(rules.grouping_wait.0);
    if !thread.told.open {
        if wall.since(since).is_some_and(|us| us >= wait) && watch.may_open(&m.service) {
            watch.note_opened(&m.service, wall);
            tell(thread, m, Severity::Warning, m.kind.word(), live, wall, out);
        }
    } else if wall.since(thread.told.last).is_some_and(|us| us >= rules.repeat_interval.0.max(MINUTE)) {
        tell(thread, m, Severity::Warning, &format!("still/{}", thread.told.repeats + 1), live, wall, out);
    }
}

fn tell(thread: &mut Thread, m: &Met, severity: Severity, step: &str, live: &Live, wall: Stamp, out: &mut Vec<Notice>) {
    let notice = Notice {
        kind: m.kind,
        key: thread.key(step),
        group: thread.group.clone(),
        incident: 0,
        severity: severity.word().into(),
        at_us: live.at.0,
        title: m.title.clone(),
        text: m.text.clone(),
        service: m.service.clone(),
        cause: String::new(),
        failures: 0,
        share: 0.0,
    };
    thread.note(&notice, wall);
    out.push(notice);
}
