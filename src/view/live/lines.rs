//! The tail without a screen: lines for a log, a pipe, a journal. In: a `Live` after the other; out: what is new in it,
//! one line each, and a summary each minute. It must not know who reads them.

use std::collections::{HashMap, HashSet};

use crate::model::incident::{Incident, State};
use crate::model::live::{Live, Mood};
use crate::model::stamp::MINUTE;
use crate::model::{Impact, Stamp};

use super::super::plain::Plain;
use super::super::style::Style;
use super::super::words::{count, counted, duration};
use super::facts;

/// Columns that a line may take; longer ones are clipped.
const LONGEST: usize = 500;
/// Causes named in a summary.
const CAUSES: usize = 4;

/// What was told so far.
#[derive(Clone, Debug)]
pub struct PlainLines {
    style: Style,
    day: String,
    mood: Option<Mood>,
    /// Who records, when it is another process.
    recorder: Option<String>,
    /// State and causes of the incidents that were told.
    incidents: HashMap<u32, (State, HashSet<String>)>,
    gaps: HashSet<(Stamp, String, String)>,
    troubles: HashMap<String, String>,
    minute: Stamp,
}

impl PlainLines {
    /// Nothing was told yet. Times are shown in the zone of `style`.
    pub fn new(style: &Style) -> PlainLines {
        PlainLines {
            style: style.clone(),
            day: String::new(),
            mood: None,
            recorder: None,
            incidents: HashMap::new(),
            gaps: HashSet::new(),
            troubles: HashMap::new(),
            minute: Stamp::NONE,
        }
    }

    /// What is new, one line each, without newlines. Each begins with the time of the wall clock at which it was known,
    /// whatever the time of the logs; a line tells the day when it changes.
    pub fn step(&mut self, live: &Live) -> Vec<String> {
        let mut found = Vec::new();
        self.recorder(live, &mut found);
        self.gaps(live, &mut found);
        self.troubles(live, &mut found);
        let opened = self.incidents(live, &mut found);
        self.mood(live, opened, &mut found);
        self.summary(live, &mut found);
        found
    }

    /// Adds a line, and one for the day before it when that is another one.
    fn say(&mut self, at: Stamp, text: &str, found: &mut Vec<String>) {
        let zone = self.style.zone;
        let day = zone.day_and_year(at);
        let clock = zone.second(at);
        if day != self.day {
            found.push(format!("{clock} DATE {day}, times are {}", zone.offset_word(at)));
            self.day = day;
        }
        found.push(format!("{clock} {}", Plain::of(text).clipped(LONGEST)));
    }

    fn recorder(&mut self, live: &Live, found: &mut Vec<String>) {
        if self.recorder == live.recorder {
            return;
        }
        self.recorder.clone_from(&live.recorder);
        let text = match &live.recorder {
            Some(who) => format!("VIEW ONLY {who} records and calls for help"),
            None => "RECORDING whoever recorded is gone, this process records now".to_string(),
        };
        self.say(live.wall, &text, found);
    }

    fn gaps(&mut self, live: &Live, found: &mut Vec<String>) {
        for gap in live.gaps.iter().rev() {
            if self.gaps.insert((gap.wall, gap.path.clone(), gap.why.clone())) {
                self.say(gap.wall, &format!("GAP {}", facts::gap(gap)), found);
            }
        }
        // What the list no longer holds will not come again.
        let held = |k: &(Stamp, String, String)| live.gaps.iter().any(|g| g.wall == k.0 && g.path == k.1);
        self.gaps.retain(held);
    }

    fn troubles(&mut self, live: &Live, found: &mut Vec<String>) {
        let store = ("STORE".to_string(), live.store_error.clone());
        let logs = live.sources.iter().map(|s| (format!("LOG {}", s.path), s.trouble.clone()));
        let sinks = live.unreached.iter().map(|s| (format!("ALERT {}", s.name), s.trouble.clone()));
        let reached = self.troubles.keys().filter(|what| what.starts_with("ALERT ")).cloned();
        let reached: Vec<_> = reached.map(|what| (what, String::new())).collect();
        let sinks: HashMap<String, String> = reached.into_iter().chain(sinks).collect();
        for (what, trouble) in std::iter::once(store).chain(logs).chain(sinks) {
            let before = self.troubles.get(&what).map_or("", String::as_str);
            if before == trouble {
                continue;
            }
            let text = if trouble.is_empty() { format!("{what} is well again") } else { format!("{what}: {trouble}") };
            self.say(live.wall, &text, found);
            self.troubles.insert(what, trouble);
        }
    }

    /// Incidents that opened, turned, ended, or got another cause; true when one opened.
    fn incidents(&mut self, live: &Live, found: &mut Vec<String>) -> bool {
        let mut opened = false;
        // One that is not stored yet has no number to be known by.
        for i in live.incidents.iter().filter(|i| i.id > 0) {
            let causes: HashSet<String> = i.causes.iter().map(|c| c.cause.clone()).collect();
            let told = self.incidents.insert(i.id, (i.state, causes));
            let text = match told {
                None if is_over(i.state) => continue,
                None => {
                    opened = true;
                    begun(i, live, &self.style)
                }
                Some((state, _)) if state != i.state => turned(i, live),
                Some((_, known)) => {
                    self.new_causes(i, &known, live, found);
                    continue;
                }
            };
            self.say(live.wall, &text, found);
        }
        self.incidents.retain(|id, _| live.incidents.iter().any(|i| i.id == *id));
        opened
    }

    fn new_causes(&mut self, i: &Incident, known: &HashSet<String>, live: &Live, found: &mut Vec<String>) {
        for c in i.causes.iter().filter(|c| !known.contains(&c.cause)) {
            let role = if c.role.is_empty() { String::new() } else { format!(" ({})", c.role) };
            let text = format!("CAUSE {} {}: also {}{role}, {} so far", i.id, i.service, c.cause, count(c.failures));
            self.say(live.wall, &text, found);
        }
    }

    /// The state as a whole, unless the line of an incident has just said it.
    fn mood(&mut self, live: &Live, opened: bool, found: &mut Vec<String>) {
        if self.mood == Some(live.mood) {
            return;
        }
        self.mood = Some(live.mood);
        let text = match live.mood {
            Mood::Incident if opened => return,
            Mood::Recovering => return,
            Mood::Warning => format!("WARNING {}", live.warning),
            Mood::Starting if live.sources.is_empty() => "STARTING nothing read yet".to_string(),
            Mood::Starting => format!("STARTING {}", counted(live.sources.len() as u64, "source")),
            mood => format!("{} {}; {}", facts::state(mood), facts::failing(&live.rates), facts::lag(live)),
        };
        self.say(live.wall, &text, found);
    }

    /// One line for each minute of the wall clock.
    fn summary(&mut self, live: &Live, found: &mut Vec<String>) {
        let minute = live.wall.minute();
        let first = !self.minute.is_known();
        if minute == self.minute {
            return;
        }
        self.minute = minute;
        if !first {
            self.say(live.wall, &summary(live), found);
        }
    }
}

fn is_over(state: State) -> bool {
    matches!(state, State::Closed | State::Resolved)
}

/// `INCIDENT 41 shop: first byte timeout; 12 failed in 1 min, 503 31 % (usual 0.02 %)`.
fn begun(i: &Incident, live: &Live, style: &Style) -> String {
    let early = live.at.since(i.opened_at).filter(|us| *us >= MINUTE);
    let day = style.zone.day_and_year(i.opened_at);
    let on = if day == style.zone.day_and_year(live.wall) { String::new() } else { format!("{day}, ") };
    let told = early.is_some() || !on.is_empty();
    let since = if told { format!(" since {on}{}", style.zone.second(i.opened_at)) } else { String::new() };
    let rates = facts::failing(&live.rates);
    let head = format!("INCIDENT {} {}{since}", i.id, i.title);
    let alone = live.incidents.iter().filter(|i| !is_over(i.state)).count() == 1;
    match early {
        None if !alone => format!("{head}; {} failed so far, {rates}", count(i.failures)),
        None => {
            format!("{head}; {} failed in 1 min, {rates}", count(live.rates.failed_per_min.round().max(0.0) as u64))
        }
        Some(us) => format!("{head}; {} failed in {}, {rates}", count(i.failures), duration(us)),
    }
}

/// An incident in another state than before.
fn turned(i: &Incident, live: &Live) -> String {
    let lasted = i.closed_at.since(i.opened_at).map_or_else(String::new, |us| format!(" after {}", duration(us)));
    let hidden = i.harm.by_impact.get(Impact::Stale.word()).copied().unwrap_or(0);
    let sum = format!("{} failed, {} hidden, {} got 5xx", count(i.failures), count(hidden), count(i.harm.visitors_5xx));
    let head = |word: &str| format!("{word} {} {}", i.id, i.title);
    match i.state {
        State::Recovering => format!("{}; {}", head("RECOVERING"), facts::failing(&live.rates)),
        State::Open => format!("{}; {}", head("AGAIN"), facts::failing(&live.rates)),
        State::Recurring => format!("{}; {sum}", head("RECURRING")),
        State::Closed => format!("{}{lasted}; {sum}", head("RECOVERED")),
        State::Resolved => {
            let fix = i.fix.as_ref().map_or_else(String::new, |f| format!("; fix: {f}"));
            format!("{}{lasted}; {sum}{fix}", head("RESOLVED"))
        }
    }
}

/// `SUMMARY incident 41; 7.0/s, 503 31 % (usual 0.02 %), 126/min failed, 12/min hidden: …; 1.1 s behind`.
fn summary(live: &Live) -> String {
    let r = &live.rates;
    let state = match live.open() {
        Some(i) => format!("{} {}", live.mood.word(), i.id),
        None => live.mood.word().to_string(),
    };
    let causes: Vec<String> =
        live.causes.iter().take(CAUSES).map(|c| format!("{} {}", c.cause, count(c.failed))).collect();
    let causes = if causes.is_empty() { String::new() } else { format!(": {}", causes.join(", ")) };
    format!(
        "SUMMARY {state}; {}, {}, {} failed, {} hidden{causes}; {}",
        facts::per_second(r.requests_per_s),
        facts::failing(r),
        facts::per_minute(r.failed_per_min),
        facts::per_minute(r.hidden_per_min),
        facts::lag(live)
    )
}
