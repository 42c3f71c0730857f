//! What a tail knows at one moment. In: the last look, the window, the logs; out: a [`Live`]. It decides nothing about
//! failures; it only adds up and puts in order.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::context::Context;
use super::causes::{Beat, SPANS, causes, confidence};
use super::judge::Seen;
use super::nodes;
use super::rates;
use super::sources::sources;
use super::strand::Strand;
use super::told::{News, latest};
use super::totals::Totals;
use super::window::Window;
use crate::classify::Rules;
use crate::model::live::{Gap, LiveFailure, Mood};
use crate::model::report::ClockOffset;
use crate::model::stamp::{MINUTE, SECOND};
use crate::model::{Fact, Failure, Group, Incident, Live, Minute, Pulse, SeriesId, Stamp, State};
use crate::source::Trouble;

/// Failures that are shown one by one.
const LATEST: usize = 200;
/// Gaps that are shown.
const GAPS: usize = 20;
/// Incidents that ended so long ago are shown no more.
const SHOWN: i64 = 60 * MINUTE;
/// Without a failure for so long an incident is on its way out.
const QUIET: i64 = MINUTE;
/// An object whose background fetch has not failed for so long may have been fetched since.
const HELD: i64 = 2 * MINUTE;

/// What is shown beside the window.
#[derive(Debug, Default)]
pub struct Scene {
    /// Why the store cannot be written; empty when it can.
    pub store_error: String,
    gaps: Vec<Gap>,
    troubles: BTreeMap<String, String>,
    incidents: Vec<Group>,
    latest: Vec<(u64, LiveFailure)>,
    /// Every failure one by one, when somebody wants that.
    news: Option<News>,
    beats: Vec<Beat>,
    limits: Vec<nodes::Limit>,
    /// When background fetches failed, and when the stale objects that hid it run out of grace.
    grace: Vec<(Stamp, Stamp)>,
    clocks: Vec<ClockOffset>,
    totals: Totals,
    began: Stamp,
    mood: (Mood, Stamp),
}

impl Scene {
    /// A scene of nothing yet. `each`: somebody wants to be told of each failed fetch.
    pub fn telling(each: bool) -> Scene {
        Scene { news: each.then(News::default), ..Scene::default() }
    }

    /// Something was lost.
    pub fn lost(&mut self, gap: Gap) {
        self.totals.lost(&gap);
        self.gaps.insert(0, gap);
        self.gaps.truncate(GAPS);
    }

    /// Something cannot be read, or can be read again.
    pub fn trouble(&mut self, path: &str, why: Option<&Trouble>) {
        match why {
            Some(t) => {
                let hint = t.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                self.troubles.insert(path.to_string(), format!("{}{hint}", t.why));
            }
            None => _ = self.troubles.remove(path),
        }
    }

    /// Counts that the window forgets.
    pub fn add_up(&mut self, id: SeriesId, minute: &Minute, pulse: &Pulse, context: &Context<'_>) {
        self.totals.add_up(id, minute, pulse, context);
    }

    /// Takes in a look.
    pub fn saw(&mut self, seen: &Seen, now: Stamp, settle_us: i64) {
        let c = &seen.conclusion;
        let counted = || c.failures.iter().filter(|f| f.told_in.is_none());
        let recent = |f: &&Failure| f.gave_up.or(f.started) >= now - SHOWN;
        self.beats = counted()
            .filter(recent)
            .map(|f| Beat {
                at: f.gave_up.or(f.started),
                cause: f.ruling.cause,
                sure: f.ruling.confidence,
                id: f.id,
                hidden: f.impact == crate::model::Impact::Stale,
                status: f.status,
            })
            .collect();
        self.grace = counted().filter(recent).filter_map(graced).collect();
        self.latest = latest(c, LATEST, now, settle_us);
        if let Some(news) = &mut self.news {
            news.saw(c, now, settle_us);
        }
        self.limits = nodes::limits(&c.failures);
        self.clocks = seen.clocks.clone();
        counted().filter(|f| f.settled && !f.stored).for_each(|f| self.totals.settled(f));
        let ended = |g: &&Group| g.incident.closed_at >= now - SHOWN || g.incident.state == State::Open;
        let before = std::mem::take(&mut self.incidents);
        self.incidents = c.groups.iter().filter(ended).cloned().collect();
        // Numbers come with the next keeping; what did not change keeps the one it has.
        let of: HashMap<u64, usize> =
            before.iter().enumerate().flat_map(|(n, b)| b.members.iter().map(move |id| (*id, n))).collect();
        let mut taken = HashSet::new();
        for g in &mut self.incidents {
            // The first member may turn out to be told in another failure; each number is taken once.
            if let Some(n) = g.members.iter().filter_map(|id| of.get(id)).find(|n| !taken.contains(*n)) {
                taken.insert(*n);
                take_human(&mut g.incident, &before[*n].incident);
                // Of what is settled nobody looks for the trigger again.
                if g.incident.began.is_empty() {
                    g.incident.began.clone_from(&before[*n].incident.began);
                }
            }
        }
    }

    /// Takes over what the sink knows of incidents.
    pub fn number(&mut self, groups: &[Group], incidents: &HashMap<u64, u32>) {
        for g in &mut self.incidents {
            let first = g.members.first();
            if let Some(told) = groups.iter().find(|t| t.members.first() == first && t.incident.id > 0) {
                take_human(&mut g.incident, &told.incident);
            }
            if let Some(id) = g.members.iter().find_map(|id| incidents.get(id)) {
                g.incident.id = *id;
            }
        }
        let news = self.news.iter_mut().flat_map(|news| &mut news.waiting);
        for (id, f) in self.latest.iter_mut().chain(news) {
            f.incident = incidents.get(id).copied().unwrap_or(f.incident);
        }
    }

    /// True while an incident is not over.
    pub fn is_open(&self) -> bool {
        self.incidents.iter().any(|g| matches!(g.incident.state, State::Open | State::Recovering))
    }

    /// Paints the picture.
    #[allow(clippy::too_many_arguments)] // everything there is
    pub fn picture<'s>(
        &mut self,
        now: Stamp,
        wall: Stamp,
        caught_up: bool,
        strands: impl Iterator<Item = (u64, &'s Strand)>,
        window: &Window,
        context: &Context<'_>,
        rules: &Rules,
    ) -> Live {
        self.began = self.began.or(now);
        let sources = sources(&self.troubles, strands, window, context, wall);
        let incidents = self.ordered(now);
        let open = incidents.iter().filter(|i| is_outage(i)).find(|i| is_on(i)).cloned();
        let minutes = rates::minutes(window, context, now, &self.beats);
        let nodes = nodes::nodes(window, context, now, &self.limits);
        let warning = nodes::warning(&nodes, window, now);
        self.set_mood(now, open.as_ref(), &warning, caught_up && sources.iter().any(|s| !s.format.is_empty()));
        let calm_before = open.as_ref().map_or(now, |i| i.opened_at);
        let causes = causes(&self.beats, &self.incidents, open.as_ref(), now, rules);
        let news = self.news.as_mut().map(|news| std::mem::take(&mut news.waiting)).unwrap_or_default();
        Live {
            schema: 1,
            at: now,
            wall,
            mood: self.mood.0,
            since: self.mood.1,
            warning: if self.mood.0 == Mood::Warning { warning } else { String::new() },
            caught_up,
            store_error: self.store_error.clone(),
            rates: rates::rates(window, context, now, calm_before, &self.beats),
            sources,
            gaps: self.gaps.clone(),
            clocks: self.clocks.clone(),
            causes,
            span_s: (SPANS.1 / SECOND) as u32,
            minutes,
            nodes,
            latest: self.latest.iter().map(|(_, f)| f.clone()).collect(),
            news: news.into_iter().map(|(_, f)| f).collect(),
            confidence: open.as_ref().and_then(|i| confidence(&self.beats, i)),
            incidents,
            grace_left_s: self.grace_left(now),
            totals: self.totals.with(window, context),
            ..Live::default()
        }
    }

    /// Seconds until the first object runs out of grace.
    fn grace_left(&self, now: Stamp) -> Option<f64> {
        let held = self.grace.iter().filter(|(failed, _)| now.since(*failed).is_some_and(|us| us < HELD));
        let left = held.filter_map(|(_, ends)| ends.since(now).filter(|us| *us > 0)).min()?;
        Some(left as f64 / SECOND as f64)
    }

    /// Incidents: outages that are on first, then by the visitors who noticed.
    fn ordered(&self, now: Stamp) -> Vec<Incident> {
        let mut out: Vec<Incident> = self.incidents.iter().map(|g| g.incident.clone()).collect();
        for i in out.iter_mut().filter(|i| i.state == State::Open && is_outage(i)) {
            if now.since(i.closed_at).is_some_and(|us| us > QUIET) {
                i.state = State::Recovering;
            }
        }
        out.sort_by_key(|i| {
            let rank = (!is_outage(i), !is_on(i));
            (rank, std::cmp::Reverse((i.harm.visitors_5xx, i.failures)), i.opened_at)
        });
        out
    }

    fn set_mood(&mut self, now: Stamp, open: Option<&Incident>, warning: &str, read: bool) {
        let next = match open {
            Some(i) if i.state == State::Open => (Mood::Incident, i.opened_at),
            Some(i) => (Mood::Recovering, i.closed_at),
            None if !warning.is_empty() => (Mood::Warning, now),
            None if read => {
                (Mood::Calm, self.incidents.iter().map(|g| g.incident.closed_at).max().unwrap_or(self.began))
            }
            None => (Mood::Starting, now),
        };
        if next.0 != self.mood.0 || next.0 == Mood::Incident {
            self.mood = next;
        }
    }
}

fn is_outage(i: &Incident) -> bool {
    i.service != "scattered" && i.state != State::Recurring
}

fn is_on(i: &Incident) -> bool {
    matches!(i.state, State::Open | State::Recovering)
}

/// What people wrote of an incident, and its number.
fn take_human(into: &mut Incident, from: &Incident) {
    into.id = from.id;
    into.trigger.clone_from(&from.trigger);
    into.fix.clone_from(&from.fix);
    into.worked.clone_from(&from.worked);
    into.notes.clone_from(&from.notes);
    into.seen_before.clone_from(&from.seen_before);
}

/// When a background fetch failed, and when the stale object that hid it runs out of grace.
fn graced(f: &Failure) -> Option<(Stamp, Stamp)> {
    let left_us = f.facts.get(Fact::GraceLeftMs)? * 1000.0;
    Some((f.gave_up.or(f.started), f.started + left_us as i64))
}
