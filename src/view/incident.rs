//! One incident whole, as `guru show ID` prints it. In: an `Incident`; out: one screen of text, or everything with
//! `--full`. It must not know how failures were grouped, nor where the incident is kept.

use crate::model::incident::{Candidate, Incident, State};
use crate::model::stamp::SECOND;
use crate::model::{Crawled, Grace, Impact, Stamp};

use super::deed::{advice, example, proof};
use super::memory::history;
use super::paper::{Line, Paint, Paper, Section, ends, flowing, labelled, painted};
use super::spark;
use super::style::{Style, quoted};
use super::sums;
use super::table::{hidden, lasted};
use super::words::{count, counted, duration, share};

/// Renders an incident that is in the history: at most 23 lines unless `style.full`.
pub fn incident(incident: &Incident, style: &Style) -> String {
    page(incident, true, style)
}

/// Renders an incident; `stored` tells whether the history has it, so that commands about it would find it.
pub(super) fn page(incident: &Incident, stored: bool, style: &Style) -> String {
    let mut paper = Paper::default();
    paper.add(Section::firm(title(incident, style)));
    paper.add(Section::soft(when(incident, style), 1, 3));
    paper.gap();
    let sections = [
        Section::soft(optional("In short", &incident.in_short, style), 1, 3),
        Section::soft(visitors(incident, style), 1, 4),
        Section::soft(why(incident, style), 1, 4),
        Section::soft(proof(incident, style), 1, 5),
        Section::soft(origin(incident, style), 3, 1),
        Section::soft(example(incident, style), 3, 7),
        Section::soft(spark::timeline(incident, style), 0, 5),
        Section::soft(candidates("Began", &incident.began, incident.opened_at, began, style), 1, 9),
        Section::soft(candidates("Ended", &incident.ended_by, incident.closed_at, ended, style), 1, 9),
        Section::soft(history(incident, style), 2, 5),
    ];
    for section in sections.into_iter().filter(|s| !s.lines.is_empty()) {
        paper.add(section);
    }
    for section in advice(&incident.advice, style) {
        paper.add(section);
    }
    if stored {
        let next = next(incident, style);
        if !style.full {
            paper.fit(Style::SCREEN - next.len(), style.columns());
        }
        paper.add(Section::firm(next));
    } else if !style.full {
        paper.fit(Style::SCREEN, style.columns());
    }
    paper.print(style)
}

fn optional(label: &str, text: &str, style: &Style) -> Vec<Line> {
    if text.is_empty() { Vec::new() } else { labelled(label, text, style) }
}

fn title(incident: &Incident, style: &Style) -> Vec<Line> {
    let fix = match (&incident.fix, incident.worked.as_deref()) {
        (None, _) => "fix NOT RECORDED",
        (Some(_), Some("yes")) => "fix worked",
        (Some(_), Some("no")) => "fix FAILED",
        (Some(_), _) => "fix recorded",
    };
    let (state, paint) = match incident.state {
        State::Open => ("STILL ON", Paint::Bad),
        State::Recovering => ("recovering", Paint::Careful),
        State::Recurring => ("recurring", Paint::Careful),
        State::Resolved => ("resolved", Paint::Good),
        State::Closed => ("closed", Paint::Bare),
    };
    let right = Line::of(&format!("{state}, {fix}"), paint);
    let id = format!("{}  ", incident.id);
    let room = style.columns().saturating_sub(right.width() + 2 + id.len());
    let name = super::plain::Plain::of(&incident.title);
    let name = if style.full { name } else { name.clipped(room) };
    let left = Line::of(&id, Paint::Strong).and(name.as_str(), Paint::Strong);
    ends(left, right, style)
}

fn when(incident: &Incident, style: &Style) -> Vec<Line> {
    let span = style.zone.span(incident.opened_at, incident.closed_at);
    let lasted = match (incident.state, incident.rate_per_hour) {
        (State::Recurring, Some(rate)) => format!("{}, about {}", lasted(incident), per_hour(rate)),
        _ => lasted(incident),
    };
    let left = Line::of(&format!("{span} ({lasted})"), Paint::Bare);
    let nodes = super::plain::Plain::of(&incident.nodes.join(","));
    let nodes = if style.full { nodes } else { nodes.clipped(style.columns() / 2) };
    if nodes.as_str().is_empty() { vec![left] } else { ends(left, Line::of(nodes.as_str(), Paint::Faint), style) }
}

/// `1.5/hour`, `6/day`.
pub(super) fn per_hour(rate: f64) -> String {
    match rate {
        r if !r.is_finite() || r < 0.0 => "an unknown rate".to_string(),
        r if r >= 10.0 => format!("{r:.0}/hour"),
        r if r >= 0.75 => format!("{}/hour", (r * 2.0).round() / 2.0),
        r => format!("{:.0}/day", (r * 24.0).max(1.0)),
    }
}

/// How many visitors noticed, in words.
pub(super) fn noticed(incident: &Incident) -> String {
    let harm = &incident.harm;
    match (harm.visitors_5xx, harm.crawlers_5xx) {
        (0, _) if hidden(incident) => "nobody noticed, HIDDEN by stale answers".to_string(),
        (0, _) => "none known to have got 5xx".to_string(),
        (n, crawlers) => {
            let part = harm.share.map(share);
            let crawlers = (crawlers > 0).then(|| counted(crawlers, "crawler"));
            let aside: Vec<String> = part.into_iter().chain(crawlers).collect();
            let aside = if aside.is_empty() { String::new() } else { format!(" ({})", aside.join("; ")) };
            format!("{} got 5xx{aside}", count(n))
        }
    }
}

/// Who noticed: errors, crawlers, share, what was hidden, and the URLs most hit.
fn visitors(incident: &Incident, style: &Style) -> Vec<Line> {
    let harm = &incident.harm;
    let got = noticed(incident);
    let failed = if incident.failures == 1 { "fetch failed" } else { "fetches failed" };
    let mut lines = labelled("Visitors", &format!("{got}; {} {failed}", count(incident.failures)), style);
    let only_errors = harm.by_impact.iter().all(|(word, n)| *n == 0 || word == Impact::Error.word());
    let mut more = Vec::new();
    if !only_errors && !hidden(incident) {
        more.push(sums::impacts(&harm.by_impact));
    }
    more.extend(harm.grace.map(|g| grace(incident, g, style)));
    more.extend(harm.crawled.as_ref().map(|c| crawlers(c, harm.retry_after)));
    let room = if style.full { usize::MAX } else { 2 };
    let urls: Vec<String> = harm.top_urls.iter().take(room).map(|(url, n)| format!("{} {url}", count(*n))).collect();
    if !urls.is_empty() {
        more.push(format!("most hit: {}", urls.join(", ")));
    }
    let mut told = labelled("", &more.join("; "), style);
    while !style.full && told.len() > 1 && more.len() > 1 {
        more.pop();
        told = labelled("", &more.join("; "), style);
    }
    lines.extend(told.into_iter().filter(|_| !more.is_empty()));
    lines
}

/// What search engines got, and whether the error pages asked them to come back.
fn crawlers(c: &Crawled, retry_after: Option<f64>) -> String {
    let asked = match retry_after {
        Some(share) if share >= 0.995 => ", with Retry-After",
        Some(share) if share > 0.0 => ", some with Retry-After",
        Some(_) => ", without Retry-After",
        None => "",
    };
    let often = c.pages.first().filter(|(_, n)| *n > 1);
    let page = often.map(|(page, n)| format!(", most on {page} ({})", count(*n))).unwrap_or_default();
    let run = if c.longest_run_min > 1 { format!(" for {} min on end", c.longest_run_min) } else { String::new() };
    format!("crawlers got {}{run}{page}{asked}", counted(c.errors, "error"))
}

/// How long stale copies go on hiding it; of what is over, how close it was.
pub(super) fn grace(incident: &Incident, g: Grace, style: &Style) -> String {
    let copies =
        if g.objects == 1 { "the stale copy".to_string() } else { format!("{} stale copies", count(g.objects)) };
    let last = incident.closed_at;
    if !matches!(incident.state, State::Open | State::Recovering) {
        let least = duration((g.least_left_ms * 1000.0) as i64);
        return format!("{copies} bridged it, with {least} of grace to spare");
    }
    let at = |end: Stamp| match end.since(last) {
        Some(left) if left > 0 => format!("{} (in {})", style.zone.second(end), duration(left)),
        _ => format!("{} (over)", style.zone.second(end)),
    };
    match g.objects {
        1 => format!("grace of {copies} ends {}", at(g.first_ends_at)),
        _ => format!("grace of {copies} ends from {} to {}", at(g.first_ends_at), at(g.last_ends_at)),
    }
}

/// The causes as the story goes, and what was behind them all.
fn why(incident: &Incident, style: &Style) -> Vec<Line> {
    let causes = sums::causes(&incident.causes);
    let causes = if causes.is_empty() { incident.cause.clone() } else { causes };
    let text = match &incident.root {
        Some(root) if *root != incident.cause => format!("{root}: {causes}"),
        _ => causes,
    };
    let limits: Vec<String> = incident.limits.iter().take(2).map(|l| limit(l.ms, &l.knob)).collect();
    let looks = if limits.is_empty() { String::new() } else { format!("; looks like {}", limits.join(" and ")) };
    optional("Why", &(text + &looks), style)
}

/// `first_byte_timeout 15 s`.
pub(super) fn limit(ms: f64, knob: &str) -> String {
    let value = if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{} s", (ms / 10.0).round() / 100.0) };
    format!("{knob} {value}")
}

fn origin(incident: &Incident, style: &Style) -> Vec<Line> {
    let mut items = sums::verdicts(&incident.verdicts);
    if sums::nothing_covered(&incident.verdicts) {
        items.push("(add the origin's log to learn what it saw)".to_string());
    }
    if items.is_empty() { Vec::new() } else { flowing("Origin", &items, " ", style) }
}

pub(super) fn began(us: i64) -> String {
    match us {
        us if us >= SECOND => format!("{} before (correlation)", duration(us)),
        us if us > -SECOND => "with the first failure (correlation)".to_string(),
        us => format!("{} after the first failure (correlation)", duration(us.saturating_neg())),
    }
}

pub(super) fn ended(us: i64) -> String {
    match us {
        us if us >= SECOND => format!("{} before (likely fix, unconfirmed)", duration(us)),
        us if us > -SECOND => "with the last failure (likely fix, unconfirmed)".to_string(),
        us => format!("{} after the last failure (likely fix, unconfirmed)", duration(us.saturating_neg())),
    }
}

fn candidates(label: &str, all: &[Candidate], anchor: Stamp, told: fn(i64) -> String, style: &Style) -> Vec<Line> {
    let room = if style.full { usize::MAX } else { 2 };
    let mut lines = Vec::new();
    for c in all.iter().take(room) {
        let label = if lines.is_empty() { label } else { "" };
        if !has_distance(&c.kind) {
            lines.extend(painted(label, &format!("{} (correlation)", c.text), Paint::Bare, style));
            continue;
        }
        let zone = style.zone;
        let clock = zone.second(c.at);
        let at = if zone.same_day(c.at, anchor) { clock } else { format!("{} {clock}", zone.weekday_and_day(c.at)) };
        let distance = anchor.since(c.at).map(told).unwrap_or_else(|| "at an unknown time".to_string());
        let kind = if style.full { format!("{}: ", c.kind) } else { String::new() };
        lines.extend(painted(label, &format!("{at} {kind}{}, {distance}", c.text), Paint::Bare, style));
    }
    lines
}

/// False for a candidate that has no moment of its own, or whose words tell its distance.
pub(super) fn has_distance(kind: &str) -> bool {
    let tell_themselves = ["differs", "periodic", "workers", "maintenance", "certificate", "surge", "misses", "drift"];
    !tell_themselves.contains(&kind)
}

fn next(incident: &Incident, style: &Style) -> Vec<Line> {
    let id = incident.id;
    let mut commands = vec![match &incident.fix {
        None => style.command(&format!("guru resolve {id} \"what you did\"")),
        Some(_) => style.command(&format!("guru note {id} \"what else\"")),
    }];
    if !style.full {
        commands.push(style.command(&format!("guru show {id} --full")));
    }
    commands.extend(incident.seen_before.first().map(|seen| style.command(&format!("guru show {seen}"))));
    if !incident.cause.is_empty() {
        commands.push(format!("guru explain {}", quoted(incident.root.as_ref().unwrap_or(&incident.cause))));
    }
    let mut lines = flowing("Next", &commands, "   ", style);
    lines.truncate(style.lines_of_commands());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_told_by_their_distance() {
        assert_eq!(began(240 * SECOND), "4 min before (correlation)");
        assert_eq!(began(0), "with the first failure (correlation)");
        assert_eq!(ended(-9 * SECOND), "9 s after the last failure (likely fix, unconfirmed)");
        assert!(began(i64::MIN).contains("after the first failure"));
    }

    #[test]
    fn rates_are_told_per_hour_or_per_day() {
        for (rate, told) in
            [(0.9, "1/hour"), (1.494, "1.5/hour"), (12.2, "12/hour"), (0.25, "6/day"), (f64::NAN, "an unknown rate")]
        {
            assert_eq!(per_hour(rate), told);
        }
    }
}
