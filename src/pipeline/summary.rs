//! The report of a run. In: everything that was found; out: `Analysis` with an ordered, serialisable `Report`. It
//! decides nothing about failures; it only adds up, and says what a reader must know before believing the figures.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Analysis;
use super::conclude::Conclusion;
use super::context::{Context, Reading};
use super::linking::{Linked, STORED};
use super::partial::Partial;
use super::plan::{Plan, bears_requests};
use super::refine::{Judged, may_be_sick};
use crate::grammar::{Framing, Grammar};
use crate::link::zone_mistake;
use crate::model::report::{ClockOffset, Source, Span, Totals};
use crate::model::{ChangeKind, Failure, Group, Incident, NodeTraffic, Note, Report, SeriesId, Stamp, Text, redact};

/// So large a share of failures among many fetches means that the log was filtered.
const FILTERED: f64 = 0.9;

/// First and last moment of the uppermost tier's logs, within the span that was asked for; `None` when none lies in it.
pub fn span(partial: &Partial, plan: &Plan<'_>) -> Option<Span> {
    let context = &plan.context;
    let of = |top: bool| {
        let files = partial.files.iter().filter(|(id, _)| !top || context.reading(context.files[id].series).top);
        let unread = plan.outside.iter().filter(|(of_top, _)| !top || *of_top).map(|(_, first)| *first);
        let stamps: Vec<Stamp> =
            files.flat_map(|(_, t)| [t.first, t.last]).chain(unread).filter(|s| s.is_known()).collect();
        Some(Span { from: *stamps.iter().min()?, to: *stamps.iter().max()? })
    };
    let mut span = of(true).or_else(|| of(false))?;
    if context.since.is_known() {
        span.from = span.from.max(context.since);
    }
    if context.until.is_known() {
        span.to = span.to.min(context.until);
    }
    (span.from <= span.to).then_some(span)
}

/// Adds everything up.
pub fn analysis(plan: Plan<'_>, mut partial: Partial, concluded: Conclusion, span: Option<Span>) -> Analysis {
    let Conclusion { failures, evidence, groups, linked, judged } = concluded;
    let totals = totals(&partial, &plan.context, &failures, judged);
    let mut report = Report {
        schema: 1,
        span,
        sources: sources(&partial, &plan),
        clock_offsets: clocks(&linked, &plan.context),
        incidents: worst_first(&groups, &failures),
        totals,
        ..Report::default()
    };
    report.scattered = report.incidents.iter().find(|i| i.service == "scattered").map(|i| i.id);
    report.warnings = warnings(&mut partial, &plan.context, &report, &failures);
    report.warnings.extend(linked.rewrites);
    report.early_warnings = super::early::warnings(&partial, &plan.context, &failures);
    report.warnings.extend(plan.repeated);
    let outside = plan.outside.len();
    if outside > 0 {
        let (files, lie, were) = if outside == 1 { ("file", "lies", "was") } else { ("files", "lie", "were") };
        report.warnings.push(format!("{outside} {files} {lie} outside --since/--until and {were} not read"));
    }
    let traffic = traffic(&partial, &plan.context);
    let hours = super::hours::hours(&partial, &plan.context);
    let changes = changes(&partial, &plan.context);
    let failures = failures.into_iter().filter(|f| !f.stored || f.link.is_some() || may_be_sick(f)).collect();
    let confidences = plan.recognised.iter().map(|r| r.confidence).collect();
    Analysis {
        report,
        failures,
        evidence,
        groups,
        traffic,
        hours,
        answered: partial.answered.into_iter().collect(),
        changes,
        troubles: plan.troubles,
        empty: plan.empty,
        outside,
        confidences,
    }
}

/// Changes that the logs tell of: when, kind word, node, words.
pub fn changes(partial: &Partial, context: &Context<'_>) -> Vec<(Stamp, String, String, String)> {
    let node = |s: SeriesId| context.reading(s).series.node.lossy().into_owned();
    let told = partial.changes.iter().filter(|c| c.kind != ChangeKind::Told);
    told.map(|c| (c.time, c.kind.word().to_string(), node(c.series), redact(&c.text.bytes()))).collect()
}

/// The incidents that this run saw something of, worst first: by the visitors who noticed, then by failures. Groups
/// that consist of stored failures only were made to keep them together; they are not news.
pub fn worst_first(groups: &[Group], failures: &[Failure]) -> Vec<Incident> {
    let here: HashSet<u64> = failures.iter().filter(|f| !f.stored).map(|f| f.id).collect();
    let seen = |g: &&Group| g.members.iter().any(|id| here.contains(id));
    let mut out: Vec<Incident> = groups.iter().filter(seen).map(|g| g.incident.clone()).collect();
    out.sort_by_key(|i| {
        let scattered = i.service == "scattered";
        (scattered, std::cmp::Reverse(i.harm.visitors_5xx), std::cmp::Reverse(i.failures), i.opened_at)
    });
    out
}

fn sources(partial: &Partial, plan: &Plan<'_>) -> Vec<Source> {
    plan.recognised
        .iter()
        .map(|r| {
            let reading = plan.context.reading(r.series);
            let series = &reading.series;
            let tally = partial.files.get(&r.file).cloned().unwrap_or_default();
            let first_lines = tally.first_lines();
            let mut trouble: Vec<String> = Vec::new();
            let path = plan.files[&r.file].path.clone();
            trouble.extend(plan.troubles.iter().filter(|t| t.path == path).map(|t| t.why.clone()));
            if tally.overlong() > 0 {
                trouble.push(format!("{} lines were too long and were left out", tally.overlong()));
            }
            for (offset, (line, text)) in &tally.rejects {
                if reading.grammar.framing == Framing::VslBinary {
                    trouble.push(format!("at byte {offset}: {}", redact(&text.bytes())));
                    continue;
                }
                let first = first_lines.range(..=*offset).next_back().map_or(1, |(_, n)| *n);
                let stops = where_it_ends(&reading.grammar, &text.bytes());
                let n = first + u64::from(*line);
                trouble.push(format!("line {n} not understood{stops}: {}", redact(&text.bytes())));
            }
            Source {
                file: path,
                format: series.format.lossy().into_owned(),
                family: series.family.lossy().into_owned(),
                tier: series.tier.word().into(),
                node: series.node.lossy().into_owned(),
                lines: tally.lines,
                first_at: tally.first,
                last_at: tally.last,
                why: r.why.clone(),
                trouble,
            }
        })
        .collect()
}

/// Where a line stops fitting its format, when a part of it does.
fn where_it_ends(grammar: &Grammar, line: &[u8]) -> String {
    match grammar.reader(None).reach(line) {
        at if at == 0 || at >= line.len() => String::new(),
        at => {
            let from: String = redact(&line[at..]).chars().take(20).collect();
            format!(" from byte {} on, \u{bb}{from}\u{ab}", at + 1)
        }
    }
}

/// What is said of a log that a format was recognised in, but a third or more of whose lines are not of it.
fn half_understood(s: &Source) -> Option<String> {
    let counted = s.lines.read.saturating_sub(s.lines.skipped);
    (s.lines.not_understood > 0 && s.lines.not_understood * 3 >= counted).then(|| {
        format!(
            "{}: {} of {counted} lines are no {}; if it is another format, name it: --format NAME, --log-format 'STRING'",
            s.file, s.lines.not_understood, s.format
        )
    })
}

fn totals(partial: &Partial, context: &Context<'_>, failures: &[Failure], judged: Judged) -> Totals {
    let mut t = Totals { not_origin: judged.not_origin, visitors: judged.visitors, ..Totals::default() };
    for tally in partial.files.values() {
        t.lines.add(&tally.lines);
    }
    for f in failures.iter().filter(|f| !f.stored) {
        if f.told_in.is_some() {
            t.told_in += 1;
            continue;
        }
        t.failed_fetches += 1;
        *t.by_verdict.entry(f.verdict.word().into()).or_default() += 1;
        *t.by_impact.entry(f.impact.word().into()).or_default() += 1;
        *t.by_cause.entry(f.ruling.cause.id().into()).or_default() += 1;
    }
    let mut worst: BTreeMap<Stamp, (u64, u64)> = BTreeMap::new();
    for (id, minutes) in partial.traffic.iter().filter(|(id, _)| context.reading(**id).top) {
        debug_assert!(bears_requests(&context.reading(*id).grammar));
        for (at, m) in minutes {
            t.requests += m.requests;
            t.fetches += m.fetches;
            t.visitors.requests += m.requests;
            let minute = worst.entry(*at).or_default();
            minute.0 += m.requests_5xx;
            minute.1 += m.requests;
        }
    }
    // A format without upstream fields tells of failed fetches only: then there is nothing to take a share of.
    if t.fetches == t.failed_fetches && !context.series.values().any(|r| r.top && r.grammar.framing.is_vsl()) {
        t.fetches = 0;
    }
    let counted: u64 = worst.values().map(|m| m.0).sum();
    // Two counts of the same thing, made apart: the law compares them.
    t.visitors.got_5xx = counted;
    let share = |m: &(u64, u64)| m.0 as f64 / m.1.max(1) as f64;
    let worst =
        worst.iter().filter(|(at, m)| at.is_known() && m.0 > 0).max_by(|a, b| share(a.1).total_cmp(&share(b.1)));
    t.visitors.worst_minute = worst.map(|(at, m)| (at.0, share(m)));
    t
}

/// The clocks, in words that a report can print.
pub fn clocks(linked: &Linked, context: &Context<'_>) -> Vec<ClockOffset> {
    let name = |id: SeriesId| context.reading(id).series.node.lossy().into_owned();
    linked
        .clocks
        .iter()
        .filter(|((from, _), _)| *from < STORED)
        .map(|((from, to), c)| {
            let offset = c.middle();
            let zone_mistake = zone_mistake(offset).filter(|_| c.enough()).map(|s| zone_words(&name(*to), s));
            ClockOffset {
                from: name(*from),
                to: name(*to),
                offset_ms: offset as f64 / 1000.0,
                error_ms: c.error_us as f64 / 1000.0,
                drift_ppm: c.drift_ppm,
                pairs: c.pairs as u64,
                zone_mistake,
                enough: c.enough(),
            }
        })
        .collect()
}

fn zone_words(node: &str, seconds: i64) -> String {
    let hours = seconds.abs() as f64 / 3600.0;
    let way = if seconds > 0 { "ahead" } else { "behind" };
    format!("{node} looks {hours} h {way}: wrong time zone? (corrected for linking)")
}

/// Traffic per minute of every node.
pub fn traffic(partial: &Partial, context: &Context<'_>) -> Vec<NodeTraffic> {
    let mut out: BTreeMap<(&'static str, String), NodeTraffic> = BTreeMap::new();
    for (id, minutes) in &partial.traffic {
        let series = &context.reading(*id).series;
        let (tier, node) = (series.tier.word(), series.node.lossy().into_owned());
        let entry = out.entry((tier, node.clone())).or_insert_with(|| NodeTraffic {
            tier: tier.into(),
            node,
            ..NodeTraffic::default()
        });
        for (at, m) in minutes.iter().filter(|(at, _)| at.is_known()) {
            // Two logs of one node tell of the same traffic: the richer one counts.
            let known = entry.minutes.entry(*at).or_default();
            known.requests = known.requests.max(m.requests);
            known.requests_5xx = known.requests_5xx.max(m.requests_5xx);
            known.fetches = known.fetches.max(m.fetches);
            known.failed = known.failed.max(m.failed);
        }
    }
    out.into_values().collect()
}

/// Error logs without an access log beside them: what they tell of is not counted, and that must be said.
fn error_logs_alone(partial: &Partial, context: &Context<'_>, failures: &[Failure]) -> Vec<String> {
    let own = failures.iter().map(|f| (f.at.file, f.at.offset));
    let quoted = failures.iter().filter_map(|f| f.origin_error).map(|n| (n.at.file, n.at.offset));
    let told: BTreeSet<_> = own.chain(quoted).collect();
    let mut alone: BTreeMap<SeriesId, u64> = BTreeMap::new();
    for (id, _) in partial.notes.iter().filter(|(_, n)| !told.contains(&(n.at.file, n.at.offset))) {
        let own = &context.reading(*id).series;
        let beside = |r: &&Reading| bears_requests(&r.grammar) && r.series.tier == own.tier;
        if !context.series.values().any(|r| beside(&r)) {
            *alone.entry(*id).or_default() += 1;
        }
    }
    let words = |(id, n): (SeriesId, u64)| {
        let node = context.reading(id).series.node;
        format!("{node}: {n} messages of its error log name causes, but nothing is counted without its access log")
    };
    alone.into_iter().map(words).collect()
}

/// Crashes that logs tell of without naming a request: the first of each node, and how many.
fn panics(partial: &Partial, context: &Context<'_>) -> Vec<String> {
    let mut of: BTreeMap<SeriesId, Vec<&Note>> = BTreeMap::new();
    for (id, note) in partial.notes.iter().filter(|(_, n)| n.cause.is("cache.panic") && n.key == 0) {
        let seen = of.entry(*id).or_default();
        // A crash is told in several lines.
        if seen.last().is_none_or(|last| last.time.seconds() != note.time.seconds()) {
            seen.push(note);
        }
    }
    let words = |(id, notes): (SeriesId, Vec<&Note>)| {
        let more = if notes.len() > 1 { format!(" ({} times in all)", notes.len()) } else { String::new() };
        let (node, first) = (context.reading(id).series.node, notes[0]);
        format!("{node}: cache.panic at {}: {}{more}", first.time.rfc3339(), redact(&first.text.bytes()))
    };
    of.into_iter().map(words).collect()
}

/// What a reader must know before believing the figures.
fn warnings(partial: &mut Partial, context: &Context<'_>, report: &Report, failures: &[Failure]) -> Vec<String> {
    let mut out: Vec<String> = report.clock_offsets.iter().filter_map(|c| c.zone_mistake.clone()).collect();
    for id in &partial.twins {
        let series = &context.reading(*id).series;
        out.push(format!(
            "{} logs the same traffic twice: its {} lines were read but not counted again",
            series.node, series.format
        ));
    }
    for id in &partial.fetch_twins {
        let series = &context.reading(*id).series;
        out.push(format!(
            "{}: fetches of its {} lines are in its other log too and count once",
            series.node, series.format
        ));
    }
    for c in report.clock_offsets.iter().filter(|c| !c.enough) {
        out.push(format!("clock of {}: only {} healthy pairs, not enough to tell", c.to, c.pairs));
    }
    for (id, n) in &partial.incomplete {
        let node = context.reading(*id).series.node;
        out.push(format!("{node}: {n} transactions are not whole in the log and were left out"));
    }
    // A format without upstream fields tells of failed fetches only; varnishlog tells of all, unless it was filtered.
    let told = |id: &SeriesId| context.reading(*id).top && context.reading(*id).grammar.framing.is_vsl();
    for (id, minutes) in partial.traffic.iter().filter(|(id, _)| told(id)) {
        let (fetches, failed) = minutes.values().fold((0, 0), |a, m| (a.0 + m.fetches, a.1 + m.failed));
        let served: u64 = minutes.values().map(|m| m.requests.saturating_sub(m.requests_5xx)).sum();
        // In an outage visitors still get what is in the cache; a query for failures leaves those out too.
        let is_outage = served * 10 >= failed;
        if fetches >= 20 && failed as f64 >= FILTERED * fetches as f64 && !is_outage {
            let node: Text = context.reading(*id).series.node;
            out.push(format!("{node}: the log holds almost only failures (varnishlog -q?): no rates, no baseline"));
        }
    }
    out.extend(panics(partial, context));
    out.extend(error_logs_alone(partial, context, failures));
    let sick = failures.iter().any(|f| f.ruling.cause.is("health.sick"));
    let is_varnish = context.series.values().any(|r| r.grammar.framing.is_vsl());
    if sick && partial.probes.is_empty() && is_varnish {
        out.push("no Backend_health records: what the probes got is not known (log with -g raw)".into());
    }
    for s in &report.sources {
        let half = half_understood(s);
        let shown = if half.is_some() { 3 } else { 1 };
        let told = half.into_iter().chain(s.trouble.iter().take(shown).map(|t| format!("{}: {t}", s.file)));
        for warning in told {
            // Logs of one file share its troubles.
            if !out.contains(&warning) {
                out.push(warning);
            }
        }
    }
    let unknown = report.totals.by_cause.get("unknown").copied().unwrap_or(0);
    if unknown > 0 {
        out.push(format!("{unknown} of {} failed fetches have no known cause", report.totals.failed_fetches));
    }
    out.extend(partial.fetches.trouble.take());
    out.extend(partial.requests.trouble.take());
    out
}
