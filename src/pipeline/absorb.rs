//! One event into the mergeable state. In: borrowed events of one chunk; out: counters, kept failures, rows. It must
//! not know formats; what a cause is it asks `classify`, on the record's own marks only.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::alone;
use super::context::{Context, Reading, Wanted};
use super::partial::{Changed, Partial, Probe, Retry};
use crate::classify::MessageRuling;
use crate::model::row::hash32;
use crate::model::{
    Change, Event, Fact, Facts, Failure, Fetch, FetchOutcome, FetchRow, FileId, Fineness, HealthChange, MarkKind,
    Message, Minute, Note, Pulse, Reason, Request, RequestReason, RequestRow, Ruling, Served, Stamp, Text, key_of,
};

/// Of healthy fetches that no lower tier can be linked to, one key in so many is kept: enough to see load and times.
const LOAD_SAMPLE: u64 = 16;

/// Words by which crawlers that matter for ranking name themselves (reference: origins, 3.7).
const CRAWLERS: &str = "Googlebot|bingbot|DuckDuckBot|YandexBot|Baiduspider|Applebot|SeznamBot|AdsBot-Google";

/// Absorbs the events of one chunk, or of one join.
pub struct Absorber<'a, 'r> {
    partial: &'a mut Partial,
    context: &'a Context<'r>,
    reading: &'a Reading,
    /// Requests of this tier that are kept for the linker.
    keeps: Option<&'a Wanted>,
    /// The minute at hand, not yet in `partial`: lines come in order of time, so the table is asked once per minute.
    minute: Option<(Stamp, Minute)>,
    /// The slice at hand and the pulses of its backends, not yet in `partial` for the same reason.
    slice: Stamp,
    pulses: HashMap<Vec<u8>, Pulse>,
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
            slice: Stamp::NONE,
            pulses: HashMap::new(),
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
            && wanted.keeps(key_of(r.method, r.url), r.status >= 500 || r.status < 100)
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
            self.pulse(f, fineness);
        }
        match f.outcome {
            FetchOutcome::Good => self.healthy(f),
            FetchOutcome::Unknown => self.unclear(f),
            _ => self.failed(f),
        }
    }

    /// Takes the pulse of the backend.
    fn pulse(&mut self, f: &Fetch<'_>, fineness: Fineness) {
        let slice = fineness.slice(f.ended.or(f.started));
        if self.slice != slice {
            self.put_pulses();
            self.slice = slice;
        }
        match self.pulses.get_mut(f.backend) {
            Some(pulse) => pulse.take(f, fineness.digits),
            None => {
                let mut pulse = Pulse::default();
                pulse.take(f, fineness.digits);
                self.pulses.insert(f.backend.to_vec(), pulse);
            }
        }
    }

    fn put_pulses(&mut self) {
        if self.pulses.is_empty() {
            return;
        }
        let backends = self.partial.pulses.entry((self.reading.series.id, self.slice)).or_default();
        for (backend, pulse) in self.pulses.drain() {
            match backends.entry(Text::of(&backend)) {
                Entry::Occupied(mut known) => known.get_mut().add(&pulse),
                Entry::Vacant(place) => _ = place.insert(pulse),
            }
        }
    }

    fn healthy(&mut self, f: &Fetch<'_>) {
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
        self.put_pulses();
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

/// True when a User-Agent claims to be a crawler that matters for ranking. One automaton of plain words, because every
/// request of a cache is asked: a tenth of the instructions of eight searches.
pub fn is_crawler(agent: &[u8]) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CRAWLERS).ok());
    WORDS.as_ref().is_some_and(|words| words.is_match(agent))
}

fn with_upstream(mut row: RequestRow, r: &Request<'_>) -> RequestRow {
    row.upstream = r.upstream.status;
    let mut say = |known: Option<bool>, says: u16, yes: u16| {
        if let Some(k) = known {
            row.flags |= says | if k { yes } else { 0 };
        }
    };
    say(r.upstream.asked, RequestRow::SAYS_ASKED, RequestRow::ASKED);
    say(r.upstream.answered, RequestRow::SAYS_ANSWERED, RequestRow::ANSWERED);
    say(r.upstream.connected, RequestRow::SAYS_CONNECTED, RequestRow::CONNECTED);
    row
}

/// What the connection records say.
fn opened(f: &Fetch<'_>) -> u16 {
    let mut flags = 0;
    // A line that does not say whether there was a connection does not say that there was none.
    let unsaid = f.vxid == 0 && f.had_connection.is_none();
    if unsaid || f.opens > 0 && (f.sent.is_known() || f.had_connection == Some(true)) {
        flags |= FetchRow::OPENED;
    }
    if f.opens > 1 && f.reason != Reason::Upstream {
        flags |= FetchRow::TWICE;
    }
    if f.reused {
        flags |= FetchRow::REUSED;
    }
    if !matches!(f.method, b"" | b"GET" | b"HEAD" | b"OPTIONS") {
        flags |= FetchRow::WRITES;
    }
    if is_crawler(f.agent) {
        flags |= FetchRow::CRAWLER;
    }
    if f.url.len() >= crate::model::row::KEY_URL {
        flags |= FetchRow::URL_CUT;
    }
    // BereqAcct of a retry chain is summed in its last BeReq (reference: Varnish, 2.4).
    if f.reason == Reason::Retry {
        flags |= FetchRow::SUMMED;
    }
    flags
}

/// How a failed fetch ended, as far as the linker asks: it decides when the next tier's line is expected.
fn how_it_ended(f: &Fetch<'_>, ruling: &Ruling, facts: &Facts) -> u16 {
    if matches!(f.outcome, FetchOutcome::Relayed | FetchOutcome::Denied) {
        return if f.completed.is_known() { FetchRow::WHOLE } else { FetchRow::BODY_BROKE };
    }
    if f.outcome == FetchOutcome::Cut || (f.origin_status > 0 && facts.get(Fact::BodyReceived) > Some(0.0)) {
        return FetchRow::BODY_BROKE;
    }
    let sent = f.sent.is_known() || !f.started.is_known();
    if ruling.cause.family() == "timeout" && sent { FetchRow::TIMED_OUT } else { 0 }
}
