//! One failed fetch, owned: what, when, where, why, and what the next tier saw. In: a `Fetch` that failed; out: the
//! record that linking, classifying, grouping and the store work on. It must not know how any of them decide.

use xxhash_rust::xxh3::xxh3_64;

use super::cause::{Cause, Ruling};
use super::facts::Facts;
use super::fetch::{Fetch, FetchOutcome, Reason};
use super::locator::Locator;
use super::mark::OwnedMark;
use super::message::Note;
use super::request::{MadeBy, Request, RequestReason};
use super::row::{FetchRow, hash32};
use super::stamp::Stamp;
use super::text::Text;
use super::tier::{SeriesId, Tier};
use super::verdict::{Impact, Link, Verdict};

/// A failed fetch.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Identity: a hash of the record's own content, never of a file name. The same record read twice has the same.
    pub id: u64,
    /// Series it was read from; meaningless for one that came from the store.
    pub series: SeriesId,
    /// Tier that made the fetch.
    pub tier: Tier,
    /// Node that made the fetch.
    pub node: Text,
    /// The program that made it, see [`super::tier::Series::program`]; empty where that is not known.
    pub program: Text,
    /// The program whose word the cause is: the one that made it, or the next tier's where that one says what broke;
    /// empty where that is not known.
    pub broke_at: Text,
    /// Its first physical line.
    pub at: Locator,
    /// Transaction id; 0 where the format has none.
    pub vxid: u64,
    /// Parent transaction: a request, or for a retry the earlier fetch.
    pub parent: u64,
    /// The client request at the root of the chain; 0 when not known.
    pub client_vxid: u64,
    /// Why it was made.
    pub reason: Reason,
    /// Method as sent.
    pub method: Text,
    /// Host as sent.
    pub host: Text,
    /// Path and query as sent.
    pub url: Text,
    /// User-Agent as sent.
    pub agent: Text,
    /// Backend or upstream name.
    pub backend: Text,
    /// `ADDRESS:PORT` of the next tier; empty when none was reached.
    pub backend_addr: Text,
    /// Begun.
    pub started: Stamp,
    /// Gave up, or the answer was there.
    pub gave_up: Stamp,
    /// Last moment in the log.
    pub ended: Stamp,
    /// What this tier gave its client; 0 for none.
    pub status: u16,
    /// What it got; 0 for none.
    pub origin_status: u16,
    /// What became of it.
    pub outcome: FetchOutcome,
    /// True when VCL retried it.
    pub retried: bool,
    /// What linking compares.
    pub row: FetchRow,
    /// The records that say why.
    pub marks: Box<[OwnedMark]>,
    /// Named numbers for cause rules; grows when linked.
    pub facts: Facts,
    /// Id that was sent along; 0 for none.
    pub travelled_id: u64,
    /// The judgement, provisional until linked.
    pub ruling: Ruling,
    /// What the next tier's own log adds ("app.slow").
    pub origin_cause: Option<Cause>,
    /// What the client got.
    pub impact: Impact,
    /// What the next tier saw.
    pub verdict: Verdict,
    /// Its line, when found.
    pub link: Option<Link>,
    /// How many lines could be it, when that is why there is no link.
    pub candidates: u32,
    /// The next tier's error-log message about it.
    pub origin_error: Option<Note>,
    /// Identity of the failure one tier up that this one explains.
    pub told_in: Option<u64>,
    /// Id of its incident; 0 before grouping.
    pub incident: u32,
    /// False while the next tier's line may still come: then the judgement is provisional.
    pub settled: bool,
    /// True for one that came from the store and takes part in linking and grouping only.
    pub stored: bool,
}

impl Failure {
    /// Keeps its texts from being forgotten, see [`Text::turn`].
    pub fn keep_texts(&self) {
        let own = [
            self.program,
            self.broke_at,
            self.node,
            self.method,
            self.host,
            self.url,
            self.agent,
            self.backend,
            self.backend_addr,
        ];
        let told = self.marks.iter().map(|m| m.text).chain(self.origin_error.map(|n| n.text));
        own.into_iter().chain(told).for_each(Text::keep);
    }

    /// What is kept of a fetch that failed. Link, verdict and impact are still open.
    pub fn of(f: &Fetch<'_>, tier: Tier, node: Text, row: FetchRow) -> Failure {
        Failure {
            id: identity(f),
            series: row.series,
            tier,
            node,
            program: Text::EMPTY,
            broke_at: Text::EMPTY,
            at: f.at,
            vxid: f.vxid,
            parent: f.parent,
            client_vxid: 0,
            reason: f.reason,
            method: Text::of(f.method),
            host: Text::of(f.host),
            url: Text::of(f.url),
            agent: Text::of(f.agent),
            backend: Text::of(f.backend),
            backend_addr: address(f.addr, f.port),
            // A line without a duration says only when it ended.
            started: f.started.or(f.ended),
            gave_up: f.answered.or(f.ended),
            ended: f.ended,
            status: f.status,
            origin_status: f.origin_status,
            outcome: f.outcome,
            retried: f.retried,
            row,
            marks: f.marks.keep(),
            facts: Facts::of(f),
            travelled_id: f.travelled_id,
            ruling: Ruling::unknown(),
            origin_cause: None,
            impact: Impact::Unknown,
            verdict: Verdict::NoOriginLog,
            link: None,
            candidates: 0,
            origin_error: None,
            told_in: None,
            incident: 0,
            settled: true,
            stored: false,
        }
    }
}

fn address(addr: &[u8], port: u16) -> Text {
    if addr.is_empty() {
        return Text::EMPTY;
    }
    let mut s = addr.to_vec();
    if port > 0 {
        s.extend_from_slice(format!(":{port}").as_bytes());
    }
    Text::of(&s)
}

/// Identity of a fetch: Varnish by vxid, start, method and URL; a line log by what the line says of the request. The end
/// of a transaction is no part of it, because it may be in the next file.
pub fn identity(f: &Fetch<'_>) -> u64 {
    let mut bytes = Vec::with_capacity(64 + f.url.len());
    let end = if f.vxid == 0 { f.ended } else { Stamp::NONE };
    for n in [f.vxid as i64, f.started.0, end.0] {
        bytes.extend_from_slice(&n.to_le_bytes());
    }
    for text in [f.method, f.host, f.url] {
        bytes.extend_from_slice(text);
        bytes.push(0);
    }
    xxh3_64(&bytes)
}

/// Identity of the `n`-th further record of a file that says the same as the one with identity `first`: a line log may
/// hold two equal lines of two requests.
pub fn further_identity(first: u64, n: u64) -> u64 {
    xxh3_64(&[first.to_le_bytes(), n.to_le_bytes()].concat())
}

/// What is kept of a served request: one that answered an error, or one that a kept fetch belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// Series.
    pub series: SeriesId,
    /// Transaction id; 0 where the format has none.
    pub vxid: u64,
    /// Parent transaction.
    pub parent: u64,
    /// Why it exists.
    pub reason: RequestReason,
    /// Status sent to the client; 0 for none.
    pub status: u16,
    /// End.
    pub end: Stamp,
    /// What made the answer.
    pub made_by: MadeBy,
    /// Id of the last fetch it started itself; 0 for none.
    pub fetch: u64,
    /// Id of the fetch that made the object it was served from; 0 for none.
    pub hit: u64,
    /// Microseconds of grace that the object had left, when it was served stale.
    pub grace_left_us: Option<i64>,
    /// True when it waited for another's fetch.
    pub waited: bool,
    /// True when VCL restarted it.
    pub restarted: bool,
    /// True when the answer carried Retry-After.
    pub retry_after: bool,
    /// True when its User-Agent claims to be a crawler.
    pub crawler: bool,
    /// Hash of the host.
    pub host: u32,
}

impl Served {
    /// What is kept of a request.
    pub fn of(r: &Request<'_>, series: SeriesId, crawler: bool) -> Served {
        Served {
            series,
            vxid: r.vxid,
            parent: r.parent,
            reason: r.reason,
            status: r.status,
            end: r.end,
            made_by: r.made_by,
            fetch: r.fetch,
            hit: r.hit,
            grace_left_us: r.grace_left_us,
            waited: r.waited,
            restarted: r.restarted,
            retry_after: r.retry_after,
            crawler,
            host: hash32(r.host),
        }
    }
}
