//! What notices say. In: an incident, or a condition; out: title, text and severity. It must not know whether and when
//! something is told.

use super::rules::Rules;
use super::severity::Severity;
use crate::model::alert::{Notice, NoticeKind};
use crate::model::incident::Incident;
use crate::model::live::{Live, LiveCell};
use crate::model::stamp::Stamp;

/// Share of client requests answered 5xx: the incident's own, or that of this moment when it is the worst one open.
pub fn share(incident: &Incident, live: &Live) -> Option<f64> {
    let worst = live.open().is_some_and(|w| w.opened_at == incident.opened_at && w.service == incident.service);
    let now = (worst && incident.harm.visitors_5xx > 0).then_some(live.rates.share);
    [incident.harm.share, now].into_iter().flatten().filter(|s| s.is_finite()).reduce(f64::max)
}

/// How bad an incident is.
pub fn severity(incident: &Incident, share: Option<f64>, rules: &Rules) -> Severity {
    let seen = incident.harm.visitors_5xx > 0;
    if seen && share.is_none_or(|s| s >= rules.critical_share) { Severity::Critical } else { Severity::Warning }
}

/// A notice about an incident, still without key, group and severity.
pub fn about(incident: &Incident, live: &Live, kind: NoticeKind) -> Notice {
    let share = share(incident, live).unwrap_or(0.0);
    let harm = if incident.harm.visitors_5xx > 0 && share > 0.0 {
        format!("{} of visitors get 5xx", percent(share))
    } else if incident.harm.visitors_5xx > 0 {
        format!("{} visitors got 5xx", incident.harm.visitors_5xx)
    } else {
        format!("{} failed fetches, none seen by visitors", incident.failures)
    };
    Notice {
        kind,
        key: String::new(),
        group: String::new(),
        incident: incident.id,
        severity: String::new(),
        at_us: live.at.0,
        title: format!("{}, {harm}", incident.title),
        text: text(incident),
        service: incident.service.clone(),
        cause: incident.cause.clone(),
        failures: incident.failures,
        share,
    }
}

fn text(incident: &Incident) -> String {
    let mut lines = vec![incident.in_short.clone()];
    lines.push(format!("since {}, {} failed fetches", short(incident.opened_at), incident.failures));
    if !incident.nodes.is_empty() {
        lines.push(format!("nodes: {}", incident.nodes.join(", ")));
    }
    let mut causes: Vec<String> =
        incident.causes.iter().take(4).map(|c| format!("{} {}", c.failures, c.cause)).collect();
    if causes.len() > 1 {
        causes[0].insert_str(0, "causes: ");
        lines.push(causes.join(", "));
    }
    let verdicts: Vec<String> = incident.verdicts.iter().map(|(v, n)| format!("{n} {v}")).collect();
    if !verdicts.is_empty() {
        lines.push(format!("the origin: {}", verdicts.join(", ")));
    }
    lines.extend(incident.began.first().map(|b| format!("just before: {}", b.text)));
    let advice = incident.advice.iter().filter(|a| a.kind != "NOT").take(2);
    lines.extend(advice.map(|a| format!("{}: {}", a.kind, a.text)));
    lines.retain(|l| !l.is_empty());
    lines.join("\n")
}

/// What is said of a backend whose answers come near the limit.
pub fn near_limit(cell: &LiveCell, limit_ms: Option<f64>, node: &str) -> Option<(String, String)> {
    let (p95, limit) = (cell.ttfb_p95_ms?, limit_ms?);
    let from = if cell.limit_ms.is_some() { "" } else { "The limit is that of guru.toml (ttfb_limit).\n" };
    let title = format!("{}: first bytes take up to {}, the limit is {}", cell.backend, ms(p95), ms(limit));
    let text = format!(
        "95 % of {} fetches by {node} waited no longer than {}. Nothing fails yet.\n{from}guru explain timeout.first_byte",
        cell.fetches,
        ms(p95)
    );
    Some((title, text))
}

/// What is said of grace that runs out.
pub fn grace(left_s: f64, service: &str) -> (String, String) {
    let minutes = (left_s / 60.0).floor().max(0.0);
    let of = if service.is_empty() { String::new() } else { format!("{service}: ") };
    let title = format!("{of}stale objects that hide failures run out of grace in {minutes} minutes");
    (title, "Background fetches fail, and visitors still get stale objects. When grace ends they get errors.".into())
}

/// Date and time of a moment, to the second.
pub fn short(t: Stamp) -> String {
    t.rfc3339().get(..19).map(|s| format!("{}Z", s.replace('T', " "))).unwrap_or_default()
}

/// How long something took.
pub fn lasted(us: i64) -> String {
    let minutes = us.max(0) / crate::model::stamp::MINUTE;
    match minutes {
        0 => "less than a minute".into(),
        1..120 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

fn percent(share: f64) -> String {
    let p = share * 100.0;
    if p >= 9.95 { format!("{p:.0} %") } else { format!("{p:.1} %") }
}

fn ms(n: f64) -> String {
    if n >= 1000.0 { format!("{:.1} s", n / 1000.0) } else { format!("{n:.0} ms") }
}
