//! What the history says of an incident: the fix and whether it worked, earlier ones like it, how often it came back, what
//! people wrote. In: an `Incident`; out: lines. It must not know how likeness is reckoned.

use crate::model::Incident;
use crate::model::incident::State;
use crate::model::similar::{Effect, Measured, Recurrence, Similar};
use crate::model::stamp::SECOND;

use super::paper::{Line, Paint, labelled, painted};
use super::style::Style;
use super::words::{count, counted, duration, listed};

/// Earlier incidents that one screen tells of.
const SIMILAR: usize = 1;

/// All of it.
pub(super) fn history(incident: &Incident, style: &Style) -> Vec<Line> {
    let mut lines = fix(incident, style);
    lines.extend(seen(incident, style));
    lines.extend(again(incident, style).into_iter().flat_map(|text| labelled("Again", &text, style)));
    if let Some(trigger) = &incident.trigger {
        lines.extend(labelled("Trigger", trigger, style));
    }
    let skip = if style.full { 0 } else { incident.notes.len().saturating_sub(2) };
    for (at, note) in incident.notes.iter().skip(skip).enumerate() {
        lines.extend(labelled(if at == 0 { "Notes" } else { "" }, note, style));
    }
    lines
}

/// What was done, what people said of it, and what the logs say.
fn fix(incident: &Incident, style: &Style) -> Vec<Line> {
    let Some(fix) = &incident.fix else { return Vec::new() };
    let bad = incident.measured.is_some_and(|m| matches!(m.effect, Effect::NoEffect | Effect::Worse));
    let paint = if bad { Paint::Careful } else { Paint::Good };
    painted("Fix", &format!("{fix} ({})", worked(incident)), paint, style)
}

/// Whether the fix worked: what people said, put right by what the logs say.
pub(super) fn worked(incident: &Incident) -> String {
    // What people know outweighs what the logs cannot tell yet.
    let is_claimed = matches!(incident.worked.as_deref(), Some("yes" | "no"));
    let measures = incident.measured.filter(|m| !(is_claimed && m.effect == Effect::TooEarly));
    let told = measures.map(measured).unwrap_or_default();
    match (incident.worked.as_deref(), incident.measured.and_then(|m| m.effect.answer())) {
        (Some("yes"), Some("no")) => format!("noted as working, but the logs say: {told}"),
        (Some("no"), Some("yes")) => format!("noted as not working; kinder than that, the logs say: {told}"),
        (Some("yes"), _) if told.is_empty() => "it worked".into(),
        (Some("no"), _) if told.is_empty() => "it did NOT work".into(),
        (Some("yes"), _) => format!("noted as working; {told}"),
        (Some("no"), _) => format!("noted as NOT working; {told}"),
        _ if told.is_empty() => "whether it worked is not recorded".into(),
        _ => told,
    }
}

/// The likest earlier incidents in words, one each; those that are only known by number where nobody compared them.
pub(super) fn before(incident: &Incident, style: &Style) -> Vec<String> {
    if incident.similar.is_empty() && !incident.seen_before.is_empty() {
        let ids: Vec<String> = incident.seen_before.iter().map(u32::to_string).collect();
        return vec![format!("as {}: same service, same cause", listed(&ids))];
    }
    incident.similar.iter().map(|s| format!("{} {}", like(s, style), then(incident, s))).collect()
}

/// `17, Tue 3 Mar 03:05: SAME cause and hour. DIFFERS: web2 too.`
fn like(s: &Similar, style: &Style) -> String {
    let at = format!("{} {}", style.zone.weekday_and_day(s.opened_at), style.zone.minute(s.opened_at));
    let differs = if s.differs.is_empty() { String::new() } else { format!(" DIFFERS: {}.", listed(&s.differs)) };
    format!("{}, {at}: SAME {}.{differs}", s.id, listed(&s.same))
}

/// `no effect: 12 failures in 340 min of log since`.
fn measured(m: Measured) -> String {
    let failures = match m.after {
        0 => "no failure".to_string(),
        n => counted(n, "failure"),
    };
    let since = match m.minutes {
        0 => "no log since".to_string(),
        minutes => format!("{failures} in {} min of log since", count(minutes)),
    };
    format!("{}: {since}", m.effect.words())
}

/// The likest earlier incident, with what is the same, what differs, and what helped then.
fn seen(incident: &Incident, style: &Style) -> Vec<Line> {
    if incident.similar.is_empty() {
        return nothing_like_it(incident, style);
    }
    let room = if style.full { usize::MAX } else { SIMILAR };
    let mut lines = Vec::new();
    for s in incident.similar.iter().take(room) {
        let label = if lines.is_empty() { "Seen" } else { "" };
        lines.extend(labelled(label, &like(s, style), style));
        lines.extend(labelled("", &then(incident, s), style));
    }
    lines
}

/// What was done then, and whether it held.
fn then(incident: &Incident, s: &Similar) -> String {
    let over = duration((s.recovered_s * 1e6) as i64);
    let Some(fix) = &s.fix else { return format!("No fix was recorded then; it was over after {over}.") };
    let worked = match s.worked.as_deref() {
        Some("yes") => ", which worked",
        Some("no") => ", which did NOT work",
        _ => "",
    };
    let held = incident.opened_at.since(s.resolved_at).filter(|us| *us > 0);
    let back = held.map(|us| format!("; back {} after that", duration(us - us % SECOND))).unwrap_or_default();
    format!("Fix then: \"{fix}\"{worked} (over after {over}){back}.")
}

fn nothing_like_it(incident: &Incident, style: &Style) -> Vec<Line> {
    if !incident.seen_before.is_empty() {
        let ids: Vec<String> = incident.seen_before.iter().take(5).map(u32::to_string).collect();
        return labelled("Seen", &format!("before as {}: same service, same cause", listed(&ids)), style);
    }
    // Of what is recurring the incident itself tells; and nobody asked the history without a date.
    if !incident.history_since.is_known() || incident.state == State::Recurring {
        return Vec::new();
    }
    let since = style.zone.day(incident.history_since);
    labelled("Seen", &format!("nothing like it in the history, which reaches back to {since}"), style)
}

/// `4th time since 3 Mar, each Monday at 02:00 UTC`, before it what it is a regression of; `None` for the first time.
pub(super) fn again(incident: &Incident, style: &Style) -> Option<String> {
    let counted = incident.recurrence.as_ref().map(|r| times(r, style));
    let parts: Vec<String> = regression(incident, style).into_iter().chain(counted).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `REGRESSION of 1: resolved on Fri 13 Nov with "started it again", back on Fri 20 Nov`; `None` when it is none.
fn regression(incident: &Incident, style: &Style) -> Option<String> {
    // The last one that was resolved tells since when it is back.
    let s = incident.similar.iter().filter(|s| s.regression).max_by_key(|s| s.resolved_at)?;
    let zone = style.zone;
    let back = match zone.same_day(s.resolved_at, incident.opened_at) {
        true => format!("the same day at {}", zone.minute(incident.opened_at)),
        false => format!("on {}", zone.weekday_and_day(incident.opened_at)),
    };
    let resolved = zone.weekday_and_day(s.resolved_at);
    let fix = s.fix.as_deref().unwrap_or_default();
    Some(format!("REGRESSION of {}: resolved on {resolved} with \"{fix}\", back {back}", s.id))
}

fn times(r: &Recurrence, style: &Style) -> String {
    let beat = if r.beat.is_empty() { String::new() } else { format!(", {}", r.beat) };
    format!("{} time since {}{beat}", ordinal(r.times), style.zone.day(r.since))
}

/// `1st`, `2nd`, `11th`, `23rd`.
fn ordinal(n: u64) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_as_people_say_them() {
        let told: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 113].map(ordinal).to_vec();
        assert_eq!(told, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "113th"]);
    }
}
