//! One request of Varnish 3.0 to its events. In: the client side and the uses of backend connections; out: the request
//! and the fetches it made. It must not know how they were gathered.
//!
//! Records are turned into those that Varnish 4 writes for the same thing, so that one set of rules judges both. What
//! 3.0 does not log stays unknown, but for moments: `ReqEnd` (`XID T_REQ T_END DT_ACCEPT DT_PROCESS DT_DELIVER`) is the
//! only record with a time. A fetch is taken to begin at T_REQ (one microsecond later for each fetch before it in the
//! same request, which keeps them apart) and to be over when delivery begins, T_REQ + DT_PROCESS.

use super::fetch::fetch;
use super::fields::{moment, number, word, words};
use super::kept::{Kept, Standing};
use super::request::request;
use super::v3_groups::{Client, Used};
use crate::model::vsl3::{Record3, Tag3};
use crate::model::{Event, Fetch, FetchOutcome, Locator, MadeBy, Reason, Request, Stamp, Tag};

/// One fetch that the request made.
struct Attempt<'c> {
    reason: Reason,
    at: Locator,
    kept: Vec<Kept<'c>>,
    /// VCL has not yet gone on to deliver, or to an error page.
    open: bool,
    /// It ended with an error page.
    error: bool,
}

/// What `ReqEnd` says of time.
#[derive(Clone, Copy, Default)]
struct Times {
    begun: Stamp,
    delivering: Stamp,
    end: Stamp,
}

impl Times {
    fn of(payload: &[u8]) -> Times {
        let mut fields = words(payload).skip(1);
        let mut next = || fields.next().and_then(moment).unwrap_or(Stamp::NONE);
        let (begun, end, _, process) = (next(), next(), next(), next());
        // A duration reads like a moment after the epoch; it is not a number when there was no delivery.
        let known = begun.is_known() && process.is_known();
        Times { begun, end, delivering: if known { begun + process.0 } else { end } }
    }
}

#[derive(Default)]
struct Story<'c> {
    attempts: Vec<Attempt<'c>>,
    asked: Vec<Kept<'c>>,
    uses: Vec<Option<Used<'c>>>,
    /// The subroutine that VCL is in; raw text names its result in a record of its own.
    subroutine: &'c [u8],
    times: Times,
    length: Option<u64>,
}

/// Emits the fetches of a request and then the request.
pub(super) fn tell<'c>(client: &Client<'c>, uses: Vec<Used<'c>>, emit: &mut dyn FnMut(Event<'_>)) {
    let mut story = Story { uses: uses.into_iter().map(Some).collect(), ..Story::default() };
    for r in &client.records {
        story.record(r);
    }
    story.take_the_rest();
    let whole = client.begun && client.ended;
    let standing = Standing { at: client.at, ..Standing::default() };
    let asked = request(client.xid, &standing, whole, story.asked.iter().copied());
    for n in 0..story.attempts.len() {
        emit(Event::Fetch(story.fetch(n, client, &asked)));
    }
    if !client.records.is_empty() {
        emit(Event::Request(story.request(asked, client)));
    }
}

impl<'c> Story<'c> {
    fn record(&mut self, r: &Record3<'c>) {
        match r.tag {
            Tag3::ReqStart => self.ask(Tag::ReqStart, r),
            Tag3::RxRequest => self.ask(Tag::ReqMethod, r),
            Tag3::RxUrl => self.ask(Tag::ReqUrl, r),
            Tag3::RxHeader => self.ask(Tag::ReqHeader, r),
            Tag3::TxHeader => self.ask(Tag::RespHeader, r),
            Tag3::Hit => self.ask(Tag::Hit, r),
            Tag3::Length => self.length = number(r.payload.trim_ascii()),
            Tag3::ReqEnd => self.times = Times::of(r.payload),
            Tag3::TxStatus => {
                self.ask(Tag::RespStatus, r);
                if let Some(last) = self.attempts.last_mut().filter(|a| a.error) {
                    last.kept.push(kept(Tag::BerespStatus, r));
                }
            }
            Tag3::VclCall => {
                self.subroutine = word(r.payload, 0);
                if let Some(action) = words(r.payload).skip(1).last() {
                    self.returned(action, r);
                }
            }
            Tag3::VclReturn => self.returned(word(r.payload, 0), r),
            Tag3::Backend => self.connected(r),
            Tag3::FetchError => self.open(r).kept.push(kept(Tag::FetchError, r)),
            _ => {
                if let (Some(tag), Some(a)) = (trouble(r.tag), self.attempts.last_mut().filter(|a| a.open)) {
                    a.kept.push(kept(tag, r));
                }
            }
        }
    }

    fn ask(&mut self, tag: Tag, r: &Record3<'c>) {
        self.asked.push(kept(tag, r));
    }

    fn begin(&mut self, reason: Reason, r: &Record3<'c>) {
        self.attempts.push(Attempt { reason, at: r.at, kept: Vec::new(), open: true, error: false });
    }

    /// The fetch under way; one begins when there is none.
    fn open(&mut self, r: &Record3<'c>) -> &mut Attempt<'c> {
        if !self.attempts.last().is_some_and(|a| a.open) {
            self.begin(Reason::Fetch, r);
        }
        let last = self.attempts.len() - 1;
        &mut self.attempts[last]
    }

    /// VCL has left a subroutine.
    fn returned(&mut self, action: &'c [u8], r: &Record3<'c>) {
        let called = |payload: &'static [u8]| Kept { tag: Tag::VclCall, payload, at: r.at };
        match (std::mem::take(&mut self.subroutine), action) {
            (b"miss", b"fetch") => self.begin(Reason::Fetch, r),
            (b"pass", b"pass") => self.begin(Reason::Pass, r),
            (b"pipe", b"pipe") => self.begin(Reason::Pipe, r),
            (b"fetch", _) => {
                let attempt = self.open(r);
                attempt.kept.push(called(b"BACKEND_RESPONSE"));
                if action == b"error" {
                    attempt.kept.push(Kept { tag: Tag::VclReturn, payload: b"error", at: r.at });
                }
            }
            (b"error", _) => match self.attempts.last_mut().filter(|a| a.open) {
                Some(attempt) => {
                    attempt.kept.push(called(b"BACKEND_ERROR"));
                    (attempt.open, attempt.error) = (false, true);
                }
                None => self.asked.push(called(b"SYNTH")),
            },
            (b"recv" | b"deliver", _) => {
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.open = false;
                }
            }
            _ => {}
        }
    }

    /// `Backend FD DIRECTOR NAME`: a connection was taken; what was said on it comes here.
    fn connected(&mut self, r: &Record3<'c>) {
        let fd = number(word(r.payload, 0));
        let used = self.uses.iter_mut().find(|u| u.as_ref().is_some_and(|u| Some(u.fd) == fd)).and_then(Option::take);
        let chosen = kept(Tag::Backend, r);
        let attempt = self.open(r);
        let records = used.map(|u| u.records).unwrap_or_default();
        let opened = records.iter().position(|r| r.tag == Tag3::BackendOpen).map_or(0, |n| n + 1);
        attempt.kept.extend(records[..opened].iter().filter_map(exchanged));
        attempt.kept.push(chosen);
        attempt.kept.extend(records[opened..].iter().filter_map(exchanged));
    }

    /// Uses that no `Backend` record names, because it was filtered out or is not in the log: one per fetch, in order.
    fn take_the_rest(&mut self) {
        let rest: Vec<Used<'c>> = self.uses.iter_mut().filter_map(Option::take).collect();
        for (n, used) in rest.into_iter().enumerate() {
            let Some(first) = used.records.first() else { continue };
            if n >= self.attempts.len() {
                self.begin(Reason::Fetch, first);
            }
            let said: Vec<Kept<'c>> = used.records.iter().filter_map(exchanged).collect();
            self.attempts[n].kept.splice(0..0, said);
        }
    }

    fn fetch(&self, n: usize, client: &Client<'c>, asked: &Request<'c>) -> Fetch<'c> {
        let attempt = &self.attempts[n];
        let standing = Standing { at: attempt.at, ..Standing::default() };
        let mut f = fetch(client.xid, &standing, client.begun && client.ended, attempt.kept.iter().copied());
        f.reason = attempt.reason;
        f.parent = client.xid;
        if f.url.is_empty() {
            // No request was sent: what would have been asked is what the client asked.
            (f.method, f.url, f.host) = (asked.method, asked.url, asked.host);
            (f.agent, f.referer) = (asked.agent, asked.referer);
        }
        let t = self.times;
        if !t.begun.is_known() {
            return f;
        }
        f.started = t.begun + n as i64;
        f.connecting = f.started;
        f.ended = if f.outcome == FetchOutcome::Cut { t.end } else { t.delivering };
        if f.opens > 0 {
            (f.sent, f.first_sent) = (f.started, f.started);
        }
        if n + 1 == self.attempts.len() {
            f.answered = t.delivering;
            f.completed = if f.outcome == FetchOutcome::Good { t.delivering } else { Stamp::NONE };
        }
        f
    }

    fn request(&self, mut q: Request<'c>, client: &Client<'c>) -> Request<'c> {
        (q.start, q.end) = (self.times.begun, self.times.end);
        q.body_bytes = self.length;
        if !self.attempts.is_empty() {
            q.fetch = client.xid;
            q.made_by = MadeBy::Fetch;
        }
        q
    }
}

fn kept<'c>(tag: Tag, r: &Record3<'c>) -> Kept<'c> {
    Kept { tag, payload: r.payload, at: r.at }
}

/// What a record of the backend side is in Varnish 4.
fn exchanged<'c>(r: &Record3<'c>) -> Option<Kept<'c>> {
    let tag = match r.tag {
        Tag3::BackendOpen => Tag::BackendOpen,
        Tag3::TxRequest => Tag::BereqMethod,
        Tag3::TxUrl => Tag::BereqUrl,
        Tag3::TxHeader => Tag::BereqHeader,
        Tag3::RxStatus => Tag::BerespStatus,
        Tag3::RxHeader => Tag::BerespHeader,
        Tag3::FetchBody => Tag::FetchBody,
        Tag3::Length => Tag::Length,
        Tag3::FetchError => Tag::FetchError,
        other => trouble(other)?,
    };
    Some(kept(tag, r))
}

/// The records of either side that say what went wrong, or that an answer was accepted.
fn trouble(tag: Tag3) -> Option<Tag> {
    Some(match tag {
        Tag3::Ttl => Tag::Ttl,
        Tag3::Error => Tag::Error,
        Tag3::VclError => Tag::VclError,
        Tag3::LostHeader => Tag::LostHeader,
        Tag3::HttpGarbage => Tag::HttpGarbage,
        Tag3::Gzip => Tag::Gzip,
        Tag3::EsiError => Tag::EsiError,
        _ => return None,
    })
}
