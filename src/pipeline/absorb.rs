//! One event into the mergeable state. In: borrowed events of one chunk; out: counters, kept failures, rows. It must
//! not know formats; what a cause is it asks `classify`, on the record's own marks only.

use std::collections::HashSet;

use super::alone;
use super::context::{Context, Reading, Wanted};
use super::flags::{how_it_ended, is_crawler, opened, with_upstream};
use super::partial::{Changed, Partial, Probe, Retry};
use super::pulses::Pulses;
use crate::classify::MessageRuling;
use crate::model::row::{group_hash, hash32};
use crate::model::{
    Change, Event, Facts, Failure, Fetch, FetchOutcome, FetchRow, FileId, HealthChange, MarkKind, Message, Minute,
    Note, Reason, Request, RequestReason, RequestRow, Served, Stamp, Text, key_of,
};

/// Of healthy fetches that no lower tier can be linked to, one key in so many is kept: enough to see load and times.
const LOAD_SAMPLE: u64 = 16;

/// Absorbs the events of one chunk, or of one join.
pub struct Absorber<'a, 'r> {
    partial: &'a mut Partial,
    context: &'a Context<'r>,
    reading: &'a Reading,
    /// Requests of this tier that are kept for the linker.
    keeps: Option<&'a Wanted>,
    /// The minute at hand, not yet in `partial`: lines come in order of time, so the table is asked once per minute.
    minute: Option<(Stamp, Minute)>,
    /// The pulses of the slice of time at hand, not yet in `partial` for the same reason.
    pulses: Pulses,
    /// Requests of transactions, until the end of the chunk tells which a kept fetch belongs to.
    requests: Vec<Served>,
    /// Fetches seen here.
    fetches: HashSet<u64>,
    /// Parents of failed fetches seen here.
    wanted: HashSet<u64>,
    /// Backends whose first probe result was seen here.
    probed: HashSet<u32>,
    /// The last request was one of another node of this tier: so is the fetch of its line.
    hop: bool,
    /// The file of the last event, and the first and last stamp of it that were not yet told.
    file: FileId,
    first: Stamp,
    last: Stamp,
}

impl<'a, 'r> Absorber<'a, 'r> {
    /// An absorber of events of one series.
    pub fn new(partial: &'a mut Partial, context: &'a Context<'r>, reading: &'a Reading) -> Self {
        Absorber {
            partial,
            context,
            reading,
            keeps: context.wanted.get(&reading.series.tier).filter(|w| !matches!(w, Wanted::Nothing)),
            minute: None,
            pulses: Pulses::default(),
            requests: Vec::new(),
            fetches: HashSet::new(),
            wanted: HashSet::new(),
            probed: HashSet::new(),
            hop: false,
            file: FileId::default(),
            first: Stamp::NONE,
            last: Stamp::NONE,
        }
    }

    /// Absorbs one event.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Request(r) => self.request(r),
            Event::Fetch(f) => self.fetch(f),
            Event::Message(m) => self.message(m),
            Event::Health(h) => self.health(h),
            Event::Change(c) => self.change(c),
        }
    }

    /// Notes a stamp in a file; false when it is outside the span asked for.
    fn counts(&mut self, at: Stamp, file: FileId) -> bool {
        if file != self.file {
            self.tell_span();
            self.file = file;
        }
        if at.is_known() {
            self.first = if self.first.is_known() { self.first.min(at) } else { at };
            self.last = self.last.max(at);
        }
        self.context.in_span(at, self.reading)
    }

    /// The counters of a minute.
    #[inline]
    fn minute(&mut self, at: Stamp) -> &mut Minute {
        let from = at.minute();
        if self.minute.is_none_or(|(at_hand, _)| at_hand != from) {
            self.put_minute();
        }
        &mut self.minute.get_or_insert((from, Minute::default())).1
    }

    fn put_minute(&mut self) {
        if let Some((from, counts)) = self.minute.take() {
            self.partial.minute(self.reading.series.id, from).add(&counts);
        }
    }

    /// Widens the span of the file by what was seen of it here.
    fn tell_span(&mut self) {
        let (first, last) = (std::mem::take(&mut self.first), std::mem::take(&mut self.last));
        if first.is_known() {
            let tally = self.partial.file(self.file);
            tally.seen(first);
            tally.seen(last);
        }
    }

    fn request(&mut self, r: &Request<'_>) {
        self.hop = r.reason == RequestReason::Hop;
        if !self.counts(r.end, r.at.file) {
            return;
        }
        let id = self.reading.series.id;
        let visitor = r.reason.is_visit() && !r.restarted && (r.status > 0 || r.vxid == 0);
        if visitor {
            let minute = self.minute(r.end);
            minute.requests += 1;
            minute.requests_5xx += u64::from(r.status >= 500);
        }
        if r.vxid != 0 {
            self.requests.push(Served::of(r, id, is_crawler(r.agent)));
        } else if self.reading.top && r.status >= 500 {
            self.partial.served.push(Served::of(r, id, is_crawler(r.agent)));
        }
        if let Some(wanted) = self.keeps
            && visitor
            && r.end.is_known()
            && wanted.keeps(key_of(r.method, r.url), r.end, r.status >= 500 || r.status < 100)
        {
            self.partial.requests.push(with_upstream(RequestRow::of(r, id), r));
        }
    }

    fn fetch(&mut self, f: &Fetch<'_>) {
        if !self.counts(f.ended.or(f.started), f.at.file) {
            return;
        }
        if f.vxid != 0 {
            self.fetches.insert(f.vxid);
        }
        if f.reason == Reason::Retry {
            let retry = Retry {
                series: self.reading.series.id,
                parent: f.parent,
                vxid: f.vxid,
                outcome: f.outcome,
                started: f.started,
            };
            self.partial.retries.push(retry);
        }
        let failed = f.outcome.has_failed();
        let minute = self.minute(f.ended.or(f.started));
        minute.fetches += 1;
        minute.failed += u64::from(failed);
        if let Some(fineness) = self.context.pulses {
            self.pulses.take(f, fineness, self.reading.series.id, self.partial);
        }
        match f.outcome {
            FetchOutcome::Good => self.healthy(f),
            FetchOutcome::Unknown => self.unclear(f),
            _ => self.failed(f),
        }
    }

    fn healthy(&mut self, f: &Fetch<'_>) {
        if f.completed.is_known() {
            self.partial.note_answer(group_hash(f.host, f.url), f.completed);
        }
        if !self.reading.fetches_on && !key_of(f.method, f.url).is_multiple_of(LOAD_SAMPLE) {
            return;
        }
        let mut flags = opened(f);
        if f.completed.is_known() {
            flags |= FetchRow::WHOLE;
        }
        let row = FetchRow::of(f, self.reading.series.id, flags);
        if row.is_timed() {
            self.partial.fetches.push(row);
        }
    }

    /// A record that does not say: counted as the client's doing or as incomplete, never as a failure of the origin.
    fn unclear(&mut self, f: &Fetch<'_>) {
        let ruling = self.context.rules.decide(f.marks.as_slice(), &Facts::of(f));
        if ruling.cause.not_origin() && !ruling.cause.is("log.incomplete") {
            *self.partial.not_origin.entry((self.reading.series.id, ruling.cause)).or_default() += 1;
        } else {
            *self.partial.incomplete.entry(self.reading.series.id).or_default() += 1;
        }
    }

    fn failed(&mut self, f: &Fetch<'_>) {
        let facts = Facts::of(f);
        let ruling = self.context.rules.decide(f.marks.as_slice(), &facts);
        let series = &self.reading.series;
        let mut flags = FetchRow::FAILED | opened(f) | how_it_ended(f, &ruling, &facts);
        if self.hop && f.vxid == 0 {
            flags |= FetchRow::HOP;
        }
        // The log's own word says that nobody was reached, whatever else it does not say.
        if (f.marks.has(MarkKind::Word) || f.marks.has(MarkKind::Message))
            && ruling.cause.is_before_sending()
            && f.origin_status == 0
        {
            flags &= !FetchRow::OPENED;
        }
        let row = FetchRow::of(f, series.id, flags);
        if self.reading.fetches_on && row.is_timed() {
            self.partial.fetches.push(row);
        }
        self.wanted.insert(f.parent);
        let mut failure = Failure::of(f, series.tier, node_of(series.node, f.pop), row);
        failure.ruling = ruling;
        self.partial.failures.push(failure);
    }

    fn message(&mut self, m: &Message<'_>) {
        // Local stamps are no moments until a log with a zone tells which; where there is none they are all there is.
        let is_moment = self.reading.alone || !self.reading.series.local_time;
        let counts = self.counts(if is_moment { m.time } else { Stamp::NONE }, m.at.file);
        let MessageRuling::Cause(cause, confidence) = self.context.rules.message(m.text) else { return };
        if !m.time.is_known() {
            return;
        }
        let note = Note {
            at: m.at,
            time: m.time,
            key: if m.url.is_empty() { 0 } else { key_of(m.method, m.url) },
            connection: m.connection,
            client: hash32(address(m.client)),
            host: hash32(m.host),
            cause,
            confidence,
            text: Text::of(&m.text[..m.text.len().min(500)]),
        };
        self.partial.notes.push((self.reading.series.id, note));
        if let Some(f) = alone::fetch_of(m, cause, self.reading).filter(|_| counts) {
            self.failed(&f);
        }
    }

    fn health(&mut self, h: &HealthChange<'_>) {
        if self.context.in_span(h.time, self.reading) && (h.changed || self.probed.insert(hash32(h.backend))) {
            self.partial.probes.push(Probe {
                series: self.reading.series.id,
                time: h.time,
                backend: Text::of(h.backend),
                healthy: h.healthy,
                response: Text::of(h.response),
            });
        }
    }

    fn change(&mut self, c: &Change<'_>) {
        if self.context.in_span(c.time, self.reading) || self.reading.series.local_time {
            let text = Text::of(&c.text[..c.text.len().min(200)]);
            let series = self.reading.series.id;
            self.partial.changes.push(Changed { series, time: c.time, kind: c.kind, text, at: c.at });
        }
    }

    /// Ends the chunk: keeps the requests that answered an error, took part in a restart, or belong to a failed fetch,
    /// and those whose fetch, also one in the background, is in another chunk and may have failed there.
    pub fn finish(mut self) {
        self.put_minute();
        self.pulses.put(self.reading.series.id, self.partial);
        self.tell_span();
        let has_backend_side = !self.fetches.is_empty() || self.context.small_chunks;
        let kept = self.requests.into_iter().filter(|s| {
            s.status >= 500
                || s.status == 0
                || s.restarted
                || s.reason == RequestReason::Restart
                || self.wanted.contains(&s.vxid)
                || (self.context.small_chunks && s.grace_left_us.is_some())
                || (has_backend_side && s.fetch != 0 && !self.fetches.contains(&s.fetch))
        });
        self.partial.served.extend(kept);
    }
}

/// An address without the port that error logs write behind it.
fn address(client: &[u8]) -> &[u8] {
    let is_whole = std::str::from_utf8(client).is_ok_and(|c| c.parse::<std::net::IpAddr>().is_ok());
    match memchr::memrchr(b':', client) {
        Some(colon) if !is_whole => client[..colon].strip_prefix(b"[").map_or(&client[..colon], |c| &c[..c.len() - 1]),
        _ => client,
    }
}

/// Who made a fetch: the node, and of a CDN the point of presence.
fn node_of(node: Text, pop: &[u8]) -> Text {
    if pop.is_empty() { node } else { Text::of(&[&*node.bytes(), b"/", pop].concat()) }
}
