//! What a screen without an incident says in its place. In: a `Live`; out: lines. It must not know how things stand now.

use crate::model::incident::{Incident, State};
use crate::model::live::{Live, LiveMinute};

use super::super::paper::{Line, Paint};
use super::super::words::{count, counted, duration};
use super::head::{is_on, moment};
use super::ui::Ui;

/// That all is well, or what failed nevertheless, and the incident that has just ended. Where nothing was read nothing
/// is claimed.
pub(super) fn calm(live: &Live, ui: &Ui) -> Vec<Line> {
    let sum = |of: fn(&LiveMinute) -> u64| live.minutes.iter().fold(0u64, |a, m| a.saturating_add(of(m)));
    let failed = sum(|m| m.failed.values().fold(0u64, |a, n| a.saturating_add(*n)));
    let (requests, errors) = (sum(|m| m.requests), sum(|m| m.requests_5xx));
    let span = counted(live.minutes.len() as u64, "minute");
    let visitors = format!("{} of {} requests got 5xx", count(errors), count(requests));
    let fetches = if failed == 1 { "fetch" } else { "fetches" };
    let (label, paint, text) = match (failed, errors, requests) {
        _ if live.minutes.is_empty() => ("NOTHING READ YET", Paint::Careful, "no incident is open".to_string()),
        (0, 0, 0) => ("NOTHING SEEN", Paint::Careful, format!("no request and no failed fetch in {span}")),
        (0, 0, _) => ("ALL WELL", Paint::Good, format!("no fetch failed in {span}; {} requests", count(requests))),
        _ => ("NO INCIDENT", Paint::Good, format!("{} {fetches} failed in {span}; {visitors}", count(failed))),
    };
    let mut lines = vec![Line::of(label, paint).and("  ", Paint::Bare).and(&text, Paint::Bare)];
    lines.extend(live.incidents.first().map(|i| before(i, live, ui)));
    lines
}

/// `ENDED  41 shop: first byte timeout, 18 min until 03:22:40, fix NOT RECORDED`.
fn before(i: &Incident, live: &Live, ui: &Ui) -> Line {
    let at = moment(i.closed_at, live.wall, ui.style.zone);
    let lasted = i.closed_at.since(i.opened_at).map_or_else(String::new, |us| format!("{} ", duration(us)));
    let (label, when) = match i.state {
        State::Recurring => ("RECURS", format!("last at {at}")),
        state if is_on(state) => ("OPEN", format!("last failure at {at}")),
        _ => ("ENDED", format!("{lasted}until {at}")),
    };
    let line = Line::of(label, Paint::Strong).and(&format!("  {} {}, {when}", i.id, i.title), Paint::Bare);
    match &i.fix {
        Some(fix) => line.and(&format!(", fix: {fix}"), Paint::Good),
        None => line.and(", fix NOT RECORDED", Paint::Careful),
    }
}
