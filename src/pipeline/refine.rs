//! Judging again, with everything known. In: linked failures and settled state; out: final causes, verdicts, impacts,
//! what is told in what, and the visitor ledger. It must not know rules: it sets facts and asks `classify`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::beside::tell_once;
use super::circumstances;
use super::context::Context;
use super::deepest::carry_up;
use super::flags::is_crawler;
use super::impact::Chains;
use super::limits;
use super::linking::{Linked, STORED};
use super::partial::Partial;
use crate::link::verdict;
use crate::model::report::Visitors;
use crate::model::row::NOT_LOGGED;
use crate::model::{
    Bytes, Cause, Fact, Failure, FetchOutcome, FetchRow, FileId, Impact, Mark, MarkKind, Note, RequestRow, Ruling,
    SeriesId, Text, Tier, Verdict,
};

/// So sure a refusal must be proven before a relayed 403 counts as a failed fetch.
const PROVEN: f32 = 0.5;
/// Answers that end later than this after we gave up are late, beyond the clock's error bar; microseconds.
const LATE: i64 = 20_000;

/// What is said of a director without a backend when nobody saw it give one, and when somebody did.
const NO_BACKEND: &str = "config.no_backend";
const SICK: &str = "health.sick";
/// A lower tier's failure ends so near to the ambiguous one that it is told in; microseconds.
const UNCLEAR: i64 = 2_000_000;

/// What refining found beside the failures.
#[derive(Debug, Default)]
pub struct Judged {
    /// The visitor ledger.
    pub visitors: Visitors,
    /// What was not the origin's fault, by cause.
    pub not_origin: BTreeMap<String, u64>,
    /// Client 5xx and crawlers' 5xx by failure identity.
    pub harm: HashMap<u64, (u64, u64)>,
}

/// Adds the stored failures of the same time that this run does not read again. Those that it does read get to know
/// their incident.
pub fn recall(failures: &mut Vec<Failure>, stored: Vec<Failure>) {
    let here: HashSet<u64> = failures.iter().map(|f| f.id).collect();
    let incidents: HashMap<u64, u32> = stored.iter().filter(|f| f.incident > 0).map(|f| (f.id, f.incident)).collect();
    for f in failures.iter_mut() {
        f.incident = incidents.get(&f.id).copied().unwrap_or(f.incident);
    }
    let mut nodes: HashMap<Text, SeriesId> = HashMap::new();
    for mut f in stored.into_iter().filter(|f| !here.contains(&f.id)) {
        let next = SeriesId(STORED.0 + nodes.len() as u32);
        f.series = *nodes.entry(f.node).or_insert(next);
        f.row.series = f.series;
        f.stored = true;
        failures.push(f);
    }
}

/// Judges.
pub fn refine(failures: &mut Vec<Failure>, partial: &mut Partial, linked: &Linked, context: &Context<'_>) -> Judged {
    circumstances::load(failures, &linked.loads);
    circumstances::pages(failures);
    circumstances::backends(failures, &linked.loads, &partial.probes);
    limits::learn(failures);
    let chains = Chains::of(failures, &partial.served, &partial.retries);
    for n in 0..failures.len() {
        if !failures[n].stored {
            (failures[n].client_vxid, failures[n].impact) = chains.tell(failures, n);
            let left = chains.grace_left(&failures[n]).filter(|_| failures[n].impact == Impact::Stale);
            failures[n].facts.maybe(Fact::GraceLeftMs, left.map(|us| us as f64 / 1000.0));
            let told = chains.retry_after(&failures[n]).filter(|_| failures[n].impact == Impact::Error);
            failures[n].facts.maybe(Fact::ErrorRetryAfter, told.map(|yes| u8::from(yes).into()));
        }
    }
    tell_in(failures, linked, &chains);
    tell_once(failures, partial, context);
    for (n, f) in failures.iter_mut().enumerate() {
        let row = linked.rows.get(&n);
        if !f.stored || row.is_some() || gave_backend(f) {
            judge(f, row, linked, context);
        }
    }
    for (n, cause) in circumstances::held_down(failures).into_iter().enumerate() {
        if let Some((cause, confidence)) = cause {
            let before = failures[n].ruling;
            failures[n].ruling = Ruling { cause, confidence, runner_up: None, ..before };
        }
    }
    for (n, f) in failures.iter_mut().enumerate() {
        let row = linked.rows.get(&n);
        if !f.stored || row.is_some() {
            settle_verdict(f, row, linked);
        }
    }
    carry_up(failures, linked, &chains);
    let tops: HashSet<_> = context.series.values().filter(|r| r.top).map(|r| r.series.id).collect();
    let edges: HashSet<_> =
        context.series.values().filter(|r| r.series.tier == Tier::Edge).map(|r| r.series.id).collect();
    let mut judged = Judged { visitors: chains.ledger(failures, &tops, &edges), ..Judged::default() };
    let harm = chains.visitors(failures);
    // A log read twice tells of one failure twice, under one identity.
    for (n, (visitors, crawlers)) in harm {
        let tally = judged.harm.entry(failures[n].id).or_default();
        *tally = (tally.0 + visitors, tally.1 + crawlers);
    }
    // A proxy's own line is the fetch and the visitor's request in one.
    let visit = |f: &&Failure| f.vxid == 0 && f.status >= 500 && f.row.flags & FetchRow::HOP == 0;
    for f in failures.iter().filter(visit).filter(|f| tops.contains(&f.series)) {
        judged.harm.insert(f.id, (1, u64::from(is_crawler(&f.agent.bytes()))));
    }
    leave_out_of_span(failures, linked, context);
    set_apart(failures, partial, context, &mut judged);
    judged
}

/// A failure of a lower tier whose line is the line of a failure above is told in that one. So is one that could be
/// the line of an ambiguous one: it must not count twice.
fn tell_in(failures: &mut [Failure], linked: &Linked, chains: &Chains<'_>) {
    let mut lines: HashMap<(FileId, u64), u64> = HashMap::new();
    let mut transactions: HashMap<(SeriesId, u32), u64> = HashMap::new();
    let mut unclear: HashMap<u64, BTreeSet<(i64, u64)>> = HashMap::new();
    for (n, f) in failures.iter().enumerate() {
        // A link that the store remembers points into a log that is not here.
        match &f.link {
            Some(l) if linked.rows.contains_key(&n) || (f.stored && f.series < STORED) => {
                lines.insert((l.at.file, l.at.offset), f.id);
                // A cache logs its own fetch apart from the request that it made it for.
                if let Some(row) = linked.rows.get(&n).filter(|r| r.vxid != 0) {
                    transactions.extend(chains.parts(row).map(|vxid| ((row.series, vxid as u32), f.id)));
                }
            }
            Some(_) => {}
            None if f.candidates > 0 && f.gave_up.is_known() => {
                unclear.entry(f.row.key).or_default().insert((f.gave_up.0, f.id));
            }
            None => {}
        }
    }
    for f in failures.iter_mut().filter(|f| !f.stored) {
        let above = lines.get(&(f.at.file, f.at.offset)).or_else(|| match f.client_vxid as u32 {
            0 => None,
            client => transactions.get(&(f.series, client)),
        });
        f.told_in = above.copied().filter(|id| *id != f.id);
        if f.told_in.is_some() || f.candidates > 0 || f.link.is_some() || !f.ended.is_known() {
            continue;
        }
        let Some(waiting) = unclear.get_mut(&f.row.key) else { continue };
        let ended = (f.ended - linked.offset_of(f.series)).0;
        let span = (ended.saturating_sub(UNCLEAR), 0)..(ended.saturating_add(UNCLEAR), 0);
        let near = waiting.range(span).next().copied();
        if let Some(at) = near.filter(|(_, id)| *id != f.id) {
            waiting.remove(&at);
            f.told_in = Some(at.1);
        }
    }
}

/// Asks the rules again, with the next tier's line and messages.
fn judge(f: &mut Failure, row: Option<&RequestRow>, linked: &Linked, context: &Context<'_>) {
    f.facts.flag(Fact::Linked, row.is_some());
    if !f.stored {
        f.program = context.reading(f.series).series.program();
    }
    // A lower tier's own line is at the same time the place of its own error-log messages.
    let place = f.link.as_ref().map_or((f.at.file, f.at.offset), |l| (l.at.file, l.at.offset));
    let notes = linked.notes.get(&place).map(Vec::as_slice).unwrap_or_default();
    if let Some(r) = row {
        set_line(f, r);
    }
    let texts: Vec<Bytes> =
        f.marks.iter().map(|m| m.text).chain(notes.iter().map(|n| n.text)).map(Text::bytes).collect();
    let own = f.marks.iter().zip(&texts).map(|(m, text)| m.with(text));
    let told = notes.iter().zip(&texts[f.marks.len()..]);
    let marks: Vec<Mark<'_>> =
        own.chain(told.map(|(n, text)| Mark { kind: MarkKind::Message, text, at: n.at })).collect();
    let ruling = context.rules.decide(&marks, &f.facts);
    if !f.stored || proves_more(&f.ruling, &ruling, notes) {
        f.ruling = ruling;
        f.broke_at = word_of(f, row, context);
    }
    let decisive = notes.iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence));
    f.origin_error = decisive.copied();
    f.origin_cause = decisive.map(|n| n.cause).filter(|c| *c != f.ruling.cause);
}

/// The program whose word the cause is: the next tier's where that is all that went wrong, or where its message decided.
fn word_of(f: &Failure, row: Option<&RequestRow>, context: &Context<'_>) -> Text {
    let by_message = f.ruling.decided_by.first().is_some_and(|n| *n != u8::MAX && usize::from(*n) >= f.marks.len());
    if f.facts.get(Fact::PassedOn) != Some(1.0) && !(by_message && row.is_some()) {
        return f.program;
    }
    row.map_or(Text::EMPTY, |r| context.reading(r.series).series.program())
}

/// True for a stored failure of a director that seemed to have no backend, and is now known to have given one.
fn gave_backend(f: &Failure) -> bool {
    f.ruling.cause.is(NO_BACKEND) && f.facts.get(Fact::DirectorGaveBackend) == Some(1.0)
}

/// True for a failure whose cause may have become this one by what another log told.
pub fn may_be_sick(f: &Failure) -> bool {
    f.ruling.cause.is(SICK) && f.row.flags & FetchRow::OPENED == 0
}

/// A stored cause was judged by facts that the store does not keep. It gives way only to what the next tier's messages
/// say of it, and where nothing more was known than a status.
fn proves_more(stored: &Ruling, now: &Ruling, notes: &[Note]) -> bool {
    let unasked = stored.cause.is(NO_BACKEND) && now.cause.is(SICK);
    unasked
        || notes.iter().any(|n| n.cause == now.cause)
        || (stored.cause.is("origin.status") && !now.cause.is("unknown"))
}

fn set_line(f: &mut Failure, r: &RequestRow) {
    f.facts.set(Fact::LinkedStatus, r.status.into());
    f.facts.maybe(Fact::LinkedMs, f.link.and_then(|l| l.duration_us).map(|us| us as f64 / 1000.0));
    let known = r.sent != NOT_LOGGED && r.body != NOT_LOGGED;
    f.facts.maybe(Fact::LinkedHeaderBytes, r.sent.checked_sub(r.body).filter(|_| known).map(f64::from));
    if r.flags & RequestRow::SAYS_ASKED != 0 {
        f.facts.flag(Fact::LinkedUpstream, r.flags & RequestRow::ASKED != 0);
    }
    if r.flags & RequestRow::SAYS_ANSWERED != 0 {
        f.facts.flag(Fact::LinkedUpstreamAnswered, r.flags & RequestRow::ANSWERED != 0);
    }
    if r.flags & RequestRow::SAYS_CONNECTED != 0 {
        f.facts.flag(Fact::LinkedUpstreamConnected, r.flags & RequestRow::CONNECTED != 0);
    }
    f.facts.maybe(Fact::LinkedUpstreamStatus, (r.upstream > 0).then_some(r.upstream.into()));
}

fn settle_verdict(f: &mut Failure, row: Option<&RequestRow>, linked: &Linked) {
    // An answer came although its status could not be read.
    let family = f.ruling.cause.family();
    let unreadable = matches!(family, "oversized" | "protocol") && f.facts.get(Fact::HeaderReceived) > Some(0.0);
    let clock = row.and_then(|r| linked.clocks.get(&(f.series, r.series)));
    let error_us = clock.map_or(0, |c| c.error_us);
    let coarse = f.link.is_some_and(|l| l.duration_us.is_none());
    if let Some(l) = &mut f.link {
        // A success cannot have been there when a first byte timeout fired, whatever a coarse stamp says.
        let slack = LATE + error_us;
        let certain = coarse && family == "timeout" && matches!(l.status, 200..=399);
        l.late_us = l.late_us.map(|us| {
            if us.abs() <= slack && !certain {
                0
            } else if certain {
                us.max(1)
            } else {
                us
            }
        });
    }
    let covered = linked.coverage.proves(&f.row);
    f.verdict = verdict(f, f.link.as_ref(), f.candidates, unreadable, covered);
    if f.verdict == Verdict::LateAnswer && f.origin_cause.is_none() {
        let queueing = f.facts.get(Fact::Climbing) == Some(1.0);
        f.origin_cause = Some(Cause::named(if queueing { "overload" } else { "app.slow" }));
    }
}

/// Lower tiers were read beyond the span asked for, because their clocks differ; what lies outside is left out now.
fn leave_out_of_span(failures: &mut Vec<Failure>, linked: &Linked, context: &Context<'_>) {
    failures.retain(|f| {
        if f.stored || f.told_in.is_some() || context.reading(f.series).top {
            return true;
        }
        context.covers(f.ended - linked.offset_of(f.series), 0)
    });
}

/// Takes out what is no failed fetch: a 403 that nobody proves to be a refusal, and what was the client's doing.
fn set_apart(failures: &mut Vec<Failure>, partial: &Partial, context: &Context<'_>, judged: &mut Judged) {
    failures.retain(|f| {
        if f.ruling.cause.not_origin() {
            *judged.not_origin.entry(f.ruling.cause.id().to_string()).or_default() += 1;
            return false;
        }
        f.outcome != FetchOutcome::Denied || (f.ruling.cause.is("firewall") && f.ruling.confidence >= PROVEN)
    });
    // 499s of a lower tier are the other end of a timeout above; only the uppermost tier's clients are clients.
    for ((series, cause), n) in &partial.not_origin {
        let reading = context.reading(*series);
        if reading.top {
            *judged.not_origin.entry(cause.id().to_string()).or_default() += n;
        }
    }
    let here: HashSet<u64> = failures.iter().map(|f| f.id).collect();
    for f in failures.iter_mut() {
        f.told_in = f.told_in.filter(|id| here.contains(id));
    }
}
