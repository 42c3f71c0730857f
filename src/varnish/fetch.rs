//! A BeReq to a `Fetch`. In: the kept records of one transaction in log order; out: the noun, with its outcome and the
//! marks that say why. It must not know text lines, other transactions, nor what the marks mean.

use super::answer::Answer;
use super::backend;
use super::fields::{header, leading_number, number, timestamp, word, words};
use super::kept::{Kept, Standing};
use super::outcome::{Shown, judge};
use super::request::id_rank;
use crate::model::row::id_of;
use crate::model::{Acct, Fetch, Locator, Mark, MarkKind, Reason, Tag};

/// Text of the mark of a transaction that the log begins or stops in.
const NOT_WHOLE: &[u8] = b"begins or ends outside the log";

/// The fetch that these records tell of. `whole`: nothing is missing at its ends.
pub(super) fn fetch<'c>(
    vxid: u64,
    standing: &Standing,
    whole: bool,
    records: impl Iterator<Item = Kept<'c>>,
) -> Fetch<'c> {
    let mut told = Told { shown: Shown { whole, ..Shown::default() }, ..Told::default() };
    told.fetch.vxid = vxid;
    told.fetch.at = standing.at;
    for record in records {
        told.record(&record);
    }
    told.finish(standing.at)
}

/// What has been told so far.
#[derive(Default)]
struct Told<'c> {
    fetch: Fetch<'c>,
    answer: Answer<'c>,
    shown: Shown,
    /// A `Begin` that Varnish wrote was seen.
    begun: bool,
    /// An `End` was seen.
    ended: bool,
    /// A connection was opened that no `Backend` record (4.0) has followed.
    opened: bool,
    /// A stamp of 6.6 or later was seen: names carry no VCL.
    since_66: bool,
    /// Backend named by an error, for want of a connection.
    named: &'c [u8],
    /// The id sent along; `None` when the log shows no such header, 0 when VCL removed it.
    travelled: Option<u64>,
    /// How much the id that was passed on says: see [`id_rank`].
    id_rank: u8,
}

impl<'c> Told<'c> {
    fn record(&mut self, r: &Kept<'c>) {
        match r.tag {
            Tag::Begin | Tag::End | Tag::Vsl | Tag::Link => self.structure(r),
            Tag::Timestamp => self.timestamp(r.payload),
            Tag::BereqMethod | Tag::BereqUrl | Tag::BereqHeader | Tag::BereqUnset => self.asked(r.tag, r.payload),
            Tag::BackendOpen | Tag::Backend | Tag::BackendClose => self.connection(r),
            Tag::BerespStatus => self.answer.status(r.payload, r.at),
            Tag::BerespHeader => self.answer.header(r.payload),
            Tag::Ttl => self.answer.settle(),
            Tag::FetchBody => {
                self.answer.settle();
                self.shown.streaming = r.payload.trim_ascii_end().ends_with(b" stream");
            }
            Tag::Length => self.shown.body_done = true,
            Tag::BereqAcct | Tag::PipeAcct => self.fetch.acct = acct(r.tag, r.payload),
            Tag::VclCall => self.vcl_call(r.payload),
            Tag::VclReturn => self.vcl_return(r),
            _ => self.trouble(r),
        }
        self.mark_status();
    }

    /// Marks the origin's status when it is news and bad.
    fn mark_status(&mut self) {
        if let Some((status, text, at)) = self.answer.newly_confirmed()
            && (status >= 500 || status == 403)
        {
            self.mark(MarkKind::Status, text, at);
        }
    }

    /// Adds a mark; one kind may not crowd out the others.
    fn mark(&mut self, kind: MarkKind, text: &'c [u8], at: Locator) {
        let most = match kind {
            MarkKind::FetchError | MarkKind::Error | MarkKind::VclError => 4,
            _ => 2,
        };
        if self.fetch.marks.as_slice().iter().filter(|m| m.kind == kind).count() < most {
            self.fetch.marks.push(Mark { kind, text, at });
        }
    }

    fn structure(&mut self, r: &Kept<'c>) {
        let f = &mut self.fetch;
        match r.tag {
            Tag::Begin => {
                let mut fields = words(r.payload).skip(1);
                f.parent = fields.next().and_then(number).unwrap_or(0);
                let reason = fields.next().and_then(|w| std::str::from_utf8(w).ok()).unwrap_or("");
                f.reason = Reason::parse(reason).unwrap_or_default();
                // Written by the reader for a record it has not seen.
                self.begun = reason != "synth";
                self.shown.whole &= self.begun;
            }
            Tag::Link => f.retried |= word(r.payload, 2) == b"retry",
            Tag::End => {
                self.ended = true;
                self.shown.whole &= r.payload.trim_ascii().is_empty();
            }
            _ => {
                self.shown.whole = false;
                self.mark(MarkKind::Incomplete, r.payload, r.at);
            }
        }
    }

    fn timestamp(&mut self, payload: &'c [u8]) {
        let Some((label, at)) = timestamp(payload) else { return };
        let f = &mut self.fetch;
        f.ended = at;
        match label {
            b"Start" => f.started = at,
            b"Fetch" => f.connecting = at,
            b"Connected" => f.connected = at,
            b"Bereq" => {
                f.sent = at;
                f.first_sent = f.first_sent.or(at);
            }
            b"Beresp" => {
                f.answered = at;
                self.answer.stamped();
            }
            b"BerespBody" => {
                f.completed = at;
                self.shown.body_done = true;
            }
            b"Error" => {
                f.answered = f.answered.or(at);
                self.own_error();
            }
            _ => {}
        }
        self.since_66 |= matches!(label, b"Fetch" | b"Connected" | b"Process");
    }

    fn own_error(&mut self) {
        self.shown.own_error = true;
        self.answer.own_error();
    }

    /// What is sent: last value wins, but not what VCL sets for the next attempt after this one was answered.
    fn asked(&mut self, tag: Tag, payload: &'c [u8]) {
        if !self.answer.is_awaited() {
            return;
        }
        let f = &mut self.fetch;
        match tag {
            Tag::BereqMethod => f.method = payload,
            Tag::BereqUrl => f.url = payload,
            _ => {
                let (name, value) = header(payload);
                let value = if tag == Tag::BereqUnset { b"" } else { value };
                match name.len() {
                    4 if name.eq_ignore_ascii_case(b"Host") => f.host = value,
                    7 if name.eq_ignore_ascii_case(b"Referer") => f.referer = value,
                    10 if name.eq_ignore_ascii_case(b"User-Agent") => f.agent = value,
                    9 if name.eq_ignore_ascii_case(b"X-Varnish") => {
                        self.travelled = Some(leading_number(value).unwrap_or(0));
                    }
                    _ => self.passed_on(name, value),
                }
            }
        }
    }

    /// Keeps the surest id of whoever asked, which goes on to the next tier.
    fn passed_on(&mut self, name: &[u8], value: &'c [u8]) {
        let rank = id_rank(name);
        if rank > 0 && rank >= self.id_rank {
            (self.fetch.passed_id, self.id_rank) = (id_of(value).into(), rank);
        }
    }

    fn connection(&mut self, r: &Kept<'c>) {
        let found = match r.tag {
            Tag::BackendClose => {
                let reason = backend::close_reason(r.payload);
                if !reason.is_empty() {
                    self.mark(MarkKind::CloseReason, reason, r.at);
                }
                return;
            }
            // 4.0: a choice behind its own BackendOpen is the same connection.
            Tag::Backend if std::mem::take(&mut self.opened) => return,
            Tag::Backend => backend::chosen(r.payload),
            _ => {
                self.opened = true;
                backend::opened(r.payload)
            }
        };
        let f = &mut self.fetch;
        f.opens = f.opens.saturating_add(1);
        f.backend = found.name;
        f.addr = found.addr;
        f.port = found.port;
        f.local_port = found.local_port;
        f.reused = found.reused;
        self.shown.fetch_error = false;
        self.answer.new_attempt();
    }

    fn vcl_call(&mut self, subroutine: &[u8]) {
        match subroutine {
            b"BACKEND_RESPONSE" => self.answer.settle(),
            b"BACKEND_ERROR" => self.own_error(),
            _ => {}
        }
    }

    fn vcl_return(&mut self, r: &Kept<'c>) {
        let s = &mut self.shown;
        match r.payload {
            b"fail" => s.vcl_fail = true,
            b"abandon" => s.abandoned = true,
            b"retry" => s.retry = true,
            b"error" => s.vcl_error |= !s.own_error,
            _ => return,
        }
        self.mark(MarkKind::VclReturn, r.payload, r.at);
    }

    fn trouble(&mut self, r: &Kept<'c>) {
        let kind = match r.tag {
            Tag::FetchError => MarkKind::FetchError,
            Tag::Error => MarkKind::Error,
            Tag::VclError => MarkKind::VclError,
            Tag::BogoHeader => MarkKind::BogoHeader,
            Tag::LostHeader => MarkKind::LostHeader,
            Tag::HttpGarbage => MarkKind::HttpGarbage,
            Tag::EsiError => MarkKind::EsiError,
            Tag::Gzip if !is_gzip_result(r.payload) => MarkKind::Gzip,
            _ => return,
        };
        if r.tag == Tag::FetchError {
            self.shown.fetch_error = true;
            self.answer.fetch_error();
            let name = backend::named(r.payload, !self.since_66);
            self.named = if name.is_empty() { self.named } else { name };
        }
        self.mark(kind, r.payload, r.at);
    }

    fn finish(mut self, at: Locator) -> Fetch<'c> {
        if !self.shown.own_error && !self.shown.fetch_error {
            self.answer.believe();
            self.mark_status();
        }
        if !self.shown.whole && !self.fetch.marks.has(MarkKind::Incomplete) {
            self.mark(MarkKind::Incomplete, NOT_WHOLE, at);
        }
        let f = &mut self.fetch;
        f.connecting = f.connecting.or(f.started);
        f.status = self.answer.last;
        f.origin_status = self.answer.origin_status();
        f.response = self.answer.response();
        if f.backend.is_empty() {
            f.backend = self.named;
        }
        let own_id = if f.reason == Reason::Pipe { f.parent } else { f.vxid };
        if f.reason == Reason::Pipe {
            // Its bytes are counted with the client's request; its own BereqAcct is all zeros.
            f.acct = f.acct.filter(|acct| *acct != Acct::default());
        }
        f.travelled_id = self.travelled.unwrap_or(own_id);
        self.shown.headless = self.ended && !self.begun && f.url.is_empty();
        self.shown.origin_status = f.origin_status;
        self.shown.made_status = self.answer.made;
        self.shown.reused = f.reused;
        f.outcome = judge(&self.shown);
        self.fetch
    }
}

/// True for the eight fields of a finished (un)compression; anything else is an error text.
fn is_gzip_result(payload: &[u8]) -> bool {
    words(payload).count() == 8 && words(payload).skip(3).all(|w| number(w).is_some())
}

/// `BereqAcct` (`hdrTX bodyTX totalTX hdrRX bodyRX totalRX`) or `PipeAcct` (`clientHdr bereqHdr clientBytes
/// backendBytes`).
fn acct(tag: Tag, payload: &[u8]) -> Option<Acct> {
    let mut fields = [0u64; 6];
    let mut count = 0;
    for (place, found) in fields.iter_mut().zip(words(payload)) {
        *place = number(found)?;
        count += 1;
    }
    let [a, b, c, d, e, _] = fields;
    match (tag, count) {
        (Tag::PipeAcct, 4) => Some(Acct { header_sent: b, body_sent: c, header_received: 0, body_received: d }),
        (Tag::BereqAcct, 6) => Some(Acct { header_sent: a, body_sent: b, header_received: d, body_received: e }),
        _ => None,
    }
}
