//! Incidents become notices: opened, escalated, new cause, still open, recovered. In: the watch and what a tail knows;
//! out: notices. It must not know conditions that are no incidents yet.

use super::rules::Rules;
use super::severity::Severity;
use super::thread::{Thread, group, worse};
use super::watch::{Watch, is_over};
use super::words;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::incident::{CauseShare, Incident, State};
use crate::model::live::Live;
use crate::model::stamp::{MINUTE, Stamp};

/// How far apart the beginnings of what is taken for one incident may be, microseconds: older logs that come late move
/// a beginning.
const SLACK_US: i64 = 2 * MINUTE;
/// Minutes over which present failures are counted.
const RECENT_US: i64 = 3 * MINUTE;

/// One step.
pub fn step(watch: &mut Watch, live: &Live, wall: Stamp, out: &mut Vec<Notice>) {
    let mut of_incident: Vec<Option<usize>> = vec![None; watch.incidents.len()];
    for (n, incident) in live.incidents.iter().enumerate().filter(|(_, i)| i.opened_at.is_known()) {
        let found = find(&watch.incidents, &of_incident, incident);
        if let Some(at) = found {
            of_incident[at] = Some(n);
        } else if is_active(incident) {
            let mut name = group(&incident.service, "", incident.opened_at);
            while watch.incidents.iter().any(|t| t.group == name) {
                name.push_str("~2");
            }
            watch.incidents.push(Thread::new(name, &incident.service, incident.opened_at, wall));
            of_incident.push(Some(n));
        }
    }
    for (at, found) in of_incident.iter().enumerate() {
        let incident = found.map(|n| &live.incidents[n]);
        let mut thread = watch.incidents[at].clone();
        advance(watch, &mut thread, incident, live, wall, out);
        watch.incidents[at] = thread;
    }
}

fn is_active(incident: &Incident) -> bool {
    matches!(incident.state, State::Open | State::Recovering | State::Recurring)
}

/// The thread of an incident among those that are not taken: the one that began with it, else one of its service that
/// began while it lasted (of the same cause, if there is one), else the one of its number that began near it.
fn find(threads: &[Thread], taken: &[Option<usize>], incident: &Incident) -> Option<usize> {
    let free = || threads.iter().enumerate().filter(|(at, _)| taken[*at].is_none());
    let lasted = incident.opened_at - SLACK_US..=incident.closed_at.max(incident.opened_at) + SLACK_US;
    let near = |t: &Thread| t.anchor.since(incident.opened_at).is_some_and(|us| us.abs() <= SLACK_US);
    let same = |t: &Thread| t.service == incident.service;
    free()
        .find(|(_, t)| same(t) && t.anchor == incident.opened_at)
        .or_else(|| free().find(|(_, t)| same(t) && lasted.contains(&t.anchor) && t.cause == incident.cause))
        .or_else(|| free().find(|(_, t)| same(t) && lasted.contains(&t.anchor)))
        .or_else(|| free().find(|(_, t)| incident.id != 0 && t.incident == incident.id && near(t)))
        .map(|(at, _)| at)
}

fn advance(
    watch: &mut Watch,
    thread: &mut Thread,
    incident: Option<&Incident>,
    live: &Live,
    wall: Stamp,
    out: &mut Vec<Notice>,
) {
    if let Some(i) = incident {
        thread.seen = wall;
        thread.cause.clone_from(&i.cause);
        thread.incident = i.id;
    }
    let rules = watch.rules.clone();
    if is_over(thread, incident.map(is_active), &rules, wall) {
        return tell(thread, recovered(thread, incident, live), "recovered", wall, out);
    }
    let Some(i) = incident.filter(|i| is_active(i)) else {
        thread.ripe = None;
        return;
    };
    if is_silenced(&rules, i, live, wall) {
        return;
    }
    if !thread.told.open {
        if deserves(&rules, i, live) {
            let since = *thread.ripe.get_or_insert(wall);
            if wall.since(since).is_some_and(|us| us >= rules.grouping_wait.0) && watch.may_open(&i.service) {
                let notice = rated(words::about(i, live, NoticeKind::Opened), i, live, &rules);
                watch.note_opened(&i.service, wall);
                tell(thread, notice, "opened", wall, out);
            }
        } else {
            thread.ripe = None;
        }
        return;
    }
    go_on(&rules, thread, i, live, wall, out);
}

/// What is told of an incident that was told already.
fn go_on(rules: &Rules, thread: &mut Thread, i: &Incident, live: &Live, wall: Stamp, out: &mut Vec<Notice>) {
    if is_worse(rules, thread, i, live) {
        let mut notice = rated(words::about(i, live, NoticeKind::Escalated), i, live, rules);
        notice.title.insert_str(0, "worse: ");
        tell(thread, notice, &worse(thread.told.escalations + 1, recent(i, live)), wall, out);
    }
    let new: Vec<&CauseShare> = i.causes.iter().filter(|c| is_new(rules, thread, c)).collect();
    for cause in new {
        let mut notice = rated(words::about(i, live, NoticeKind::NewCause), i, live, rules);
        notice.cause.clone_from(&cause.cause);
        notice.title = format!("new cause {} ({} failed fetches) in {}", cause.cause, cause.failures, notice.title);
        tell(thread, notice, &format!("new_cause/{}", cause.cause), wall, out);
    }
    let quiet = wall.since(thread.told.last).is_some_and(|us| us >= rules.repeat_interval.0.max(MINUTE));
    if quiet && i.state == State::Open {
        let mut notice = rated(words::about(i, live, NoticeKind::Opened), i, live, rules);
        notice.title.insert_str(0, "still open: ");
        tell(thread, notice, &format!("still/{}", thread.told.repeats + 1), wall, out);
    }
}

fn tell(thread: &mut Thread, mut notice: Notice, step: &str, wall: Stamp, out: &mut Vec<Notice>) {
    notice.key = thread.key(step);
    notice.group.clone_from(&thread.group);
    thread.note(&notice, wall);
    out.push(notice);
}

fn deserves(rules: &Rules, i: &Incident, live: &Live) -> bool {
    let share = words::share(i, live);
    i.failures >= rules.min_failures.max(1)
        && share.map_or(i.harm.visitors_5xx > 0 || rules.min_share <= 0.0, |s| s >= rules.min_share)
        && i.closed_at.since(i.opened_at).unwrap_or(0) >= rules.lasting.0
}

fn is_silenced(rules: &Rules, i: &Incident, live: &Live, wall: Stamp) -> bool {
    let of = live.latest.iter().filter(|f| i.id != 0 && f.incident == i.id);
    let hosts: Vec<&str> = of.map(|f| f.host.as_str()).filter(|h| !h.is_empty()).collect();
    rules.silences.iter().any(|s| s.covers(&i.service, &i.cause, &hosts, wall))
}

/// Share or failed fetches per minute are the factor above what was last told. Shares below 0.1 % and rates below the
/// least number of failures are noise.
fn is_worse(rules: &Rules, thread: &Thread, i: &Incident, live: &Live) -> bool {
    let factor = rules.escalation_factor;
    let share = words::share(i, live).unwrap_or(0.0);
    let per_min = recent(i, live) as f64;
    let more_share = thread.told.share > 0.0 && share >= factor * thread.told.share.max(0.001);
    let more_failures = per_min >= rules.min_failures as f64 && per_min >= factor * thread.told.per_min.max(1.0);
    more_share || more_failures
}

/// The most failed fetches of one of the last minutes.
fn recent(i: &Incident, live: &Live) -> u64 {
    let recent = i.curve.iter().filter(|(at, _)| live.at.since(Stamp(*at)).is_some_and(|us| us <= RECENT_US));
    recent.map(|(_, n)| *n).max().unwrap_or(0)
}

/// A cause of its own, that came after the incident was told, with enough failures.
fn is_new(rules: &Rules, thread: &Thread, cause: &CauseShare) -> bool {
    cause.role != "consequence"
        && cause.failures >= rules.min_failures.max(1)
        && cause.first_at > thread.told.opened_at
        && !thread.told.causes.contains(&cause.cause)
}

fn rated(mut notice: Notice, i: &Incident, live: &Live, rules: &Rules) -> Notice {
    notice.severity = words::severity(i, words::share(i, live), rules).word().into();
    notice
}

/// Its end; as severe as it ever was, so that whoever was told of it is told of its end.
fn recovered(thread: &Thread, incident: Option<&Incident>, live: &Live) -> Notice {
    let severity = thread.told.worst.max(Severity::Info).word().to_string();
    let what = thread.title.split(", ").next().unwrap_or_default();
    let what = what.strip_prefix("worse: ").or_else(|| what.strip_prefix("still open: ")).unwrap_or(what);
    let Some(i) = incident else {
        return Notice {
            kind: NoticeKind::Recovered,
            key: String::new(),
            group: String::new(),
            incident: thread.incident,
            severity,
            at_us: live.at.0,
            title: format!("over: {what}"),
            text: "It is no longer heard of: it ended, or became part of another incident.".into(),
            service: thread.service.clone(),
            cause: thread.cause.clone(),
            failures: 0,
            share: 0.0,
        };
    };
    let lasted = words::lasted(i.closed_at.since(i.opened_at).unwrap_or(0));
    let mut notice = words::about(i, live, NoticeKind::Recovered);
    notice.severity = severity;
    notice.title = format!("over: {}, after {lasted} and {} failed fetches", i.title, i.failures);
    let by = i.ended_by.first().map(|c| format!("just before: {}\n", c.text)).unwrap_or_default();
    let note = if i.id > 0 {
        format!("\nwrite down what helped: guru resolve {} 'WHAT YOU DID'", i.id)
    } else {
        String::new()
    };
    notice.text = format!("{by}last failure {}{note}", words::short(i.closed_at));
    notice
}
