//! A failed fetch as columns. In: a `Failure` and its quotes; out: values bound to a statement in the order of the
//! column lists below. The lists and the functions stand side by side because they must agree.

use std::borrow::Cow;

use rusqlite::{CachedStatement, ToSql};

use super::text::{count, kept, masked, plain, signed, signed_or_null, us};
use crate::model::evidence::Evidence;
use crate::model::facts::Fact;
use crate::model::failure::Failure;
use crate::model::fetch::FetchOutcome;
use crate::model::incident::Quote;
use crate::model::row::{FetchRow, NOT_LOGGED};
use crate::model::stamp::Stamp;
use crate::model::text::Text;

/// What the record itself says; never changes.
pub const RECORD: &str = "identity, tier, node, vxid, parent_vxid, reason, started_at_us, gave_up_at_us, ended_at_us, \
    method, host, url, backend, backend_addr, status, origin_status, outcome, retried, travelled_id";

/// What linking compares; never changes.
pub const ROW: &str = "link_key, sent_at_us, wait_us, whole_us, earlier_us, body_received, header_received, \
    header_sent, body_sent, agent_hash, host_hash, backend_hash, link_vxid, link_status, backend_port, local_port, \
    link_flags";

/// What other lines tell: filled in when it becomes known.
pub const SURROUNDINGS: &str = "incident_id, client_vxid, impact, told_in";

/// The judgement: replaced as a whole.
pub const JUDGEMENT: &str = "settled, program, broke_at, header_lines, origin_header_bytes, learnt_limit_ms, climbing, \
    grace_left_ms, error_retry_after, open_beside, \
    verdict, cause, confidence, alternative_cause, alternative_confidence, origin_cause, \
    candidates, origin_line_status, origin_duration_us, origin_ended_at_us, origin_late_us, origin_method, \
    origin_confidence, origin_offset_us, origin_error_cause, origin_error_confidence, origin_error_at_us, \
    origin_file, origin_line, origin_text, origin_error_file, origin_error_line, origin_error_text";

/// Binds values one after the other.
pub struct Binder<'a, 'b> {
    statement: &'a mut CachedStatement<'b>,
    at: usize,
}

impl<'a, 'b> Binder<'a, 'b> {
    /// Starts at the first parameter.
    pub fn new(statement: &'a mut CachedStatement<'b>) -> Binder<'a, 'b> {
        Binder { statement, at: 0 }
    }

    /// Binds the next parameter.
    pub fn put(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.at += 1;
        self.statement.raw_bind_parameter(self.at, value)
    }

    fn text(&mut self, text: Text) -> rusqlite::Result<()> {
        self.put(kept(text))
    }

    fn known(&mut self, n: u32) -> rusqlite::Result<()> {
        self.put((n != NOT_LOGGED).then_some(n))
    }

    fn number(&mut self, n: u16) -> rusqlite::Result<()> {
        self.put((n != 0).then_some(n))
    }

    /// Binds [`RECORD`].
    pub fn record(&mut self, f: &Failure) -> rusqlite::Result<()> {
        self.put(signed(f.id))?;
        self.put(f.tier.word())?;
        self.put(kept(f.node).unwrap_or_default())?;
        self.put(signed_or_null(f.vxid))?;
        self.put(signed_or_null(f.parent))?;
        self.put(f.reason.word())?;
        self.put(us(f.started))?;
        self.put(us(f.gave_up))?;
        self.put(us(f.ended))?;
        self.text(f.method)?;
        self.text(f.host)?;
        self.put(url(f.url))?;
        self.text(f.backend)?;
        self.text(f.backend_addr)?;
        self.number(f.status)?;
        self.number(f.origin_status)?;
        self.put(outcome_word(f.outcome))?;
        self.put(f.retried)?;
        self.put(signed_or_null(f.travelled_id))
    }

    /// Binds [`ROW`]. The series is left out: it is a number of one run.
    pub fn row(&mut self, r: &FetchRow, vxid: u64) -> rusqlite::Result<()> {
        self.put(signed(r.key))?;
        self.put(us(Stamp(r.sent_at)))?;
        self.known(r.wait)?;
        self.known(r.whole)?;
        self.put(r.earlier)?;
        for n in [r.body, r.header, r.header_sent, r.body_sent] {
            self.known(n)?;
        }
        for hash in [r.agent, r.host, r.backend] {
            self.put(hash)?;
        }
        self.put((r.vxid != vxid).then(|| signed(r.vxid)))?;
        for n in [r.status, r.port, r.local_port, r.flags] {
            self.put(n)?;
        }
        Ok(())
    }

    /// Binds [`SURROUNDINGS`].
    pub fn surroundings(&mut self, f: &Failure, incident: Option<u32>) -> rusqlite::Result<()> {
        self.put(incident)?;
        self.put(signed_or_null(f.client_vxid))?;
        self.put(f.impact.word())?;
        self.put(f.told_in.map(signed))
    }

    /// Binds [`JUDGEMENT`].
    pub fn judgement(&mut self, f: &Failure, quotes: Option<&Evidence>) -> rusqlite::Result<()> {
        let second = f.ruling.runner_up;
        self.put(f.settled)?;
        self.text(f.program)?;
        self.text(f.broke_at)?;
        self.put(f.facts.get(Fact::HeaderCount).filter(|n| *n > 0.0).map(|n| n as i64))?;
        self.put(f.facts.get(Fact::LinkedHeaderBytes).map(|n| n as i64))?;
        self.put(f.facts.get(Fact::LearntLimitMs))?;
        let (climbing, rising) = (f.facts.get(Fact::Climbing), f.facts.get(Fact::Rising));
        self.put(climbing.or(rising).map(|n| n.max(rising.unwrap_or(0.0)) as i64))?;
        self.put(f.facts.get(Fact::GraceLeftMs))?;
        for fact in [Fact::ErrorRetryAfter, Fact::OpenBeside] {
            self.put(f.facts.get(fact).map(|n| n as i64))?;
        }
        self.put(f.verdict.word())?;
        self.put(f.ruling.cause.id())?;
        self.put(f64::from(f.ruling.confidence))?;
        self.put(second.map(|(cause, _)| cause.id()))?;
        self.put(second.map(|(_, confidence)| f64::from(confidence)))?;
        self.put(f.origin_cause.map(|c| c.id()))?;
        self.put(f.candidates)?;
        self.put(f.link.map(|l| l.status))?;
        self.put(f.link.and_then(|l| l.duration_us))?;
        self.put(f.link.and_then(|l| us(l.ended)))?;
        self.put(f.link.and_then(|l| l.late_us))?;
        self.put(f.link.map(|l| l.method.word()))?;
        self.put(f.link.map(|l| f64::from(l.confidence)))?;
        self.put(f.link.map(|l| l.offset_us))?;
        self.put(f.origin_error.map(|n| n.cause.id()))?;
        self.put(f.origin_error.map(|n| f64::from(n.confidence)))?;
        self.put(f.origin_error.and_then(|n| us(n.time)))?;
        self.quote(quotes.and_then(|q| q.origin.as_ref()))?;
        self.quote(quotes.and_then(|q| q.origin_error.as_ref()))
    }

    /// Binds file, line and text of a quote.
    pub fn quote(&mut self, q: Option<&Quote>) -> rusqlite::Result<()> {
        self.put(q.map(|q| plain(&q.file)))?;
        self.put(q.and_then(|q| (q.line > 0).then(|| count(q.line))))?;
        self.put(q.map(|q| plain(&q.text)))
    }

    /// Runs the statement with what was bound.
    pub fn run(self) -> rusqlite::Result<usize> {
        self.statement.raw_execute()
    }
}

fn url(text: Text) -> Option<Cow<'static, str>> {
    (!text.is_empty()).then(|| match text.lossy() {
        Cow::Borrowed(s) => match masked(s) {
            Cow::Borrowed(s) => plain(s),
            Cow::Owned(s) => Cow::Owned(plain(&s).into_owned()),
        },
        Cow::Owned(s) => Cow::Owned(plain(&masked(&s)).into_owned()),
    })
}

/// `?1, ?2 …` for a list of columns, starting after `before` parameters.
pub fn marks(columns: &str, before: usize) -> String {
    let numbers: Vec<String> = columns.split(',').enumerate().map(|(i, _)| format!("?{}", before + i + 1)).collect();
    numbers.join(", ")
}

const OUTCOMES: [(FetchOutcome, &str); 6] = [
    (FetchOutcome::Good, "good"),
    (FetchOutcome::Failed, "failed"),
    (FetchOutcome::Cut, "cut"),
    (FetchOutcome::Relayed, "relayed"),
    (FetchOutcome::Denied, "denied"),
    (FetchOutcome::Unknown, "unknown"),
];

/// The word of an outcome in the store.
pub fn outcome_word(o: FetchOutcome) -> &'static str {
    OUTCOMES.iter().find(|(x, _)| *x == o).map_or("unknown", |(_, w)| w)
}

/// The outcome of such a word.
pub fn outcome_of(word: &str) -> FetchOutcome {
    OUTCOMES.iter().find(|(_, w)| *w == word).map_or(FetchOutcome::Unknown, |(o, _)| *o)
}
