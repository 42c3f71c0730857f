//! The first lines of the screen: how things stand, what visitors get, what the figures rest on, and what is wrong with
//! the reading itself. In: a `Live`; out: lines. It must not know what failed.

use crate::model::Stamp;
use crate::model::incident::{Incident, State};
use crate::model::live::{Live, Mood};
use crate::model::stamp::{MINUTE, SECOND};

use super::super::paper::{Line, Paint};
use super::super::words::{count, counted, duration};
use super::super::zone::Zone;
use super::facts;
use super::ui::Ui;

/// How long a gap is shown on top.
const GAP_SHOWN: i64 = 15 * MINUTE;
/// From this on, stale answers run out soon.
const GRACE_SOON_S: f64 = 30.0 * 60.0;

/// The paint of a state.
pub(super) fn paint(mood: Mood) -> Paint {
    match mood {
        Mood::Starting => Paint::Strong,
        Mood::Calm => Paint::Good,
        Mood::Warning | Mood::Recovering => Paint::Careful,
        Mood::Incident => Paint::Bad,
    }
}

/// `INCIDENT 41 shop since 03:04:12 (6 min)            10 Nov 03:10:31 +01:00`.
pub(super) fn title(live: &Live, ui: &Ui, newest: &Live, width: usize) -> Line {
    let zone = ui.style.zone;
    let mut left = Line::of(facts::state(live.mood), paint(live.mood));
    if let Some(open) = pressing(live) {
        left = left.and(&format!(" {} ", open.id), Paint::Strong).and(&open.service, Paint::Strong);
        let others = live.incidents.iter().filter(|i| is_on(i.state)).count() - 1;
        if others > 0 {
            left = left.and(&format!(" and {} more", count(others as u64)), Paint::Strong);
        }
    }
    left = left.and(&since(live, zone), Paint::Bare);
    let right = match ui.paused() {
        Some((held, missed)) => {
            let late = newest.wall.since(held.wall).unwrap_or(0);
            Line::of(&format!("PAUSED, {} and {} behind", duration(late), counted(missed, "update")), Paint::Careful)
        }
        None if live.wall.is_known() => {
            let clock = zone.second(live.wall);
            let whole = format!("{} {clock} {}", zone.day(live.wall), zone.offset_word(live.wall));
            let fits = left.width() + 2 + whole.len() <= width;
            Line::of(if fits { &whole } else { &clock }, Paint::Bare)
        }
        None => Line::default(),
    };
    spread(left, right, width)
}

/// True until it is over.
pub(super) fn is_on(state: State) -> bool {
    matches!(state, State::Open | State::Recovering | State::Recurring)
}

/// The incident that the screen is about; none while it is calm, although a trickle may recur.
pub(super) fn pressing(live: &Live) -> Option<&Incident> {
    live.open().filter(|_| live.mood != Mood::Calm)
}

fn since(live: &Live, zone: Zone) -> String {
    if live.mood == Mood::Starting || !live.since.is_known() {
        return if live.caught_up { String::new() } else { ", reading what the logs already hold".to_string() };
    }
    let lasted = live.at.or(live.wall).since(live.since).map_or_else(String::new, |us| format!(" ({})", duration(us)));
    let late = if live.caught_up { "" } else { ", CATCHING UP" };
    format!(" since {}{lasted}{late}", moment(live.since, live.wall, zone))
}

/// A clock, with its day when that is not the day of `now`.
pub(super) fn moment(at: Stamp, now: Stamp, zone: Zone) -> String {
    if zone.same_day(at, now) || !now.is_known() {
        zone.second(at)
    } else {
        format!("{} {}", zone.day(at), zone.second(at))
    }
}

/// `VISITORS  503 31 % (usual 0.02 %)   2.2/s of 7.0/s    hidden by stale 12/min`.
pub(super) fn visitors(live: &Live, width: usize) -> Line {
    let r = &live.rates;
    if live.mood == Mood::Starting && live.minutes.is_empty() {
        return Line::of("VISITORS  ", Paint::Strong).and("no request was read yet", Paint::Faint);
    }
    if r.requests_per_s <= 0.0 {
        let failed = format!("no client request is in sight; fetches failed {}", facts::per_minute(r.failed_per_min));
        return Line::of("VISITORS  ", Paint::Strong).and(&failed, Paint::Bare);
    }
    let (bad, paint) = (r.errors_per_s > 0.0, if live.mood == Mood::Incident { Paint::Bad } else { Paint::Careful });
    let mut line =
        Line::of("VISITORS  ", Paint::Strong).and(&facts::failing(r), if bad { paint } else { Paint::Good }).and(
            &format!("   {} of {}", facts::per_second(r.errors_per_s), facts::per_second(r.requests_per_s)),
            Paint::Bare,
        );
    let mut more = Vec::new();
    if r.hidden_per_min > 0.0 {
        more.push(format!("    hidden by stale {}", facts::per_minute(r.hidden_per_min)));
    } else if r.failed_per_min > 0.0 {
        more.push(format!("    fetches failed {}", facts::per_minute(r.failed_per_min)));
    }
    more.extend(live.grace_left_s.map(|s| format!(", grace left {}", facts::seconds(s))));
    if r.hidden_per_min > 0.0 {
        more.push(format!("   fetches failed {}", facts::per_minute(r.failed_per_min)));
    }
    for text in more {
        if line.width() + text.chars().count() <= width {
            line = line.and(&text, Paint::Bare);
        }
    }
    line
}

/// `9 sources, 1.1 s behind, web1 +0.41 s      recording: guru.service (view only)`.
pub(super) fn sources(live: &Live, width: usize) -> Line {
    let right = match (&live.recorder, &live.store) {
        (Some(who), _) => format!("recording: {who} (view only)"),
        (None, Some(path)) => format!("recording to {path}"),
        (None, None) => "nothing is recorded".to_string(),
    };
    let right = Line::of(&right, Paint::Faint);
    let waiting: u64 = live.sources.iter().map(|s| s.backlog).fold(0, u64::saturating_add);
    let mut left = format!("{}, {}", counted(live.sources.len() as u64, "source"), facts::lag(live));
    let mut more = Vec::new();
    if waiting > 100_000 {
        more.push(format!("{} to read", facts::bytes(waiting)));
    }
    more.extend(live.clocks.iter().map(|c| {
        let doubt = if c.enough { "" } else { "?" };
        format!("{} {:+.2} s{doubt}", c.to, c.offset_ms / 1000.0)
    }));
    more.extend(live.gaps.first().map(|_| counted(live.totals.gaps.max(live.gaps.len() as u64), "gap")));
    for item in more {
        if left.chars().count() + 2 + item.chars().count() + 2 + right.width() <= width {
            left = format!("{left}, {item}");
        }
    }
    spread(Line::of(&left, Paint::Bare), right, width)
}

/// What is wrong with the reading and with the store, most pressing first.
pub(super) fn troubles(live: &Live, ui: &Ui) -> Vec<Line> {
    let zone = ui.style.zone;
    let line = |label: &str, text: &str, paint| Line::of(&format!("{label:<6}"), paint).and(text, paint);
    let mut found = Vec::new();
    if live.mood == Mood::Warning && !live.warning.is_empty() {
        found.push(line("SOON", &live.warning, Paint::Careful));
    }
    if !live.store_error.is_empty() {
        found.push(line("STORE", &format!("NOTHING IS KEPT: {}", live.store_error), Paint::Bad));
    }
    let recent = |at: Stamp| live.wall.since(at).is_none_or(|us| us < GAP_SHOWN);
    for gap in live.gaps.iter().filter(|g| recent(g.wall)) {
        let text = format!("{}, {}", facts::gap(gap), zone.second(gap.wall));
        found.push(line("GAP", &text, Paint::Careful));
    }
    for source in live.sources.iter().filter(|s| !s.trouble.is_empty()) {
        found.push(line("LOG", &format!("{}: {}", source.path, source.trouble), Paint::Careful));
    }
    for sink in &live.unreached {
        found.push(line("ALERT", &format!("{} is not reached: {}", sink.name, sink.trouble), Paint::Careful));
    }
    if let Some(s) = live.grace_left_s.filter(|s| *s < GRACE_SOON_S) {
        found.push(line("GRACE", &format!("the first stale answers run out in {}", facts::seconds(s)), Paint::Careful));
    }
    for mistake in live.clocks.iter().filter_map(|c| c.zone_mistake.as_ref()) {
        found.push(line("CLOCK", mistake, Paint::Careful));
    }
    found
}

/// Text at the left and at the right end; the left one is clipped, and the right one goes when it leaves too little.
pub(super) fn spread(left: Line, right: Line, width: usize) -> Line {
    let free = width.saturating_sub(right.width());
    if free < 24 || right.width() == 0 {
        return left;
    }
    let left = left.clipped(free - 2);
    let gap = free - left.width();
    left.and(&" ".repeat(gap), Paint::Bare).with(right)
}

/// A line across the screen, with a text in it.
pub(super) fn rule(text: &str, width: usize) -> Line {
    if text.is_empty() {
        return Line::of(&"─".repeat(width), Paint::Faint);
    }
    let line = Line::of("── ", Paint::Faint).and(text, Paint::Strong).and(" ", Paint::Bare).clipped(width);
    let rest = width.saturating_sub(line.width());
    line.and(&"─".repeat(rest), Paint::Faint)
}

/// Microseconds of so many seconds, for callers that reckon in floats.
pub(super) fn us(seconds: f64) -> i64 {
    (seconds * SECOND as f64) as i64
}
