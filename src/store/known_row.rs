//! A stored failed fetch as a `Failure`. In: a row with the columns of `columns`; out: what grouping and linking work on.
//! What only the log had (places in files, most facts) stays empty.

use std::collections::HashMap;

use rusqlite::Row;

use super::columns::outcome_of;
use super::text::{stamp, unsigned};
use crate::model::Shape;
use crate::model::cause::{Cause, Ruling};
use crate::model::facts::{Fact, Facts};
use crate::model::failure::Failure;
use crate::model::fetch::{FetchOutcome, Reason};
use crate::model::locator::Locator;
use crate::model::mark::OwnedMark;
use crate::model::message::Note;
use crate::model::row::{FetchRow, NOT_LOGGED, group_hash};
use crate::model::stamp::Stamp;
use crate::model::text::Text;
use crate::model::tier::{SeriesId, Tier};
use crate::model::verdict::{Impact, Link, Method, Verdict};

type R<T> = rusqlite::Result<T>;

/// Reads columns one after the other, in the order of the lists in `columns`.
struct Reader<'r, 's> {
    row: &'r Row<'s>,
    at: usize,
}

impl Reader<'_, '_> {
    fn get<T: rusqlite::types::FromSql>(&mut self) -> R<T> {
        self.at += 1;
        self.row.get(self.at - 1)
    }

    fn text(&mut self) -> R<Text> {
        self.at += 1;
        Ok(self.row.get_ref(self.at - 1)?.as_str_or_null()?.map_or(Text::EMPTY, Text::from))
    }

    fn word<T>(&mut self, parse: impl Fn(&str) -> Option<T>, otherwise: T) -> R<T> {
        self.at += 1;
        Ok(self.row.get_ref(self.at - 1)?.as_str_or_null()?.and_then(parse).unwrap_or(otherwise))
    }

    fn stamp(&mut self) -> R<Stamp> {
        Ok(stamp(self.get()?))
    }

    fn id(&mut self) -> R<u64> {
        Ok(self.get::<Option<i64>>()?.map_or(0, unsigned))
    }

    fn number(&mut self) -> R<u16> {
        Ok(self.get::<Option<u16>>()?.unwrap_or(0))
    }

    fn size(&mut self) -> R<u32> {
        Ok(self.get::<Option<u32>>()?.unwrap_or(NOT_LOGGED))
    }

    fn cause(&mut self) -> R<Option<Cause>> {
        let id = self.text()?;
        Ok((!id.is_empty()).then(|| Cause::named(&id.lossy())))
    }

    fn share(&mut self) -> R<Option<f32>> {
        Ok(self.get::<Option<f64>>()?.map(|x| x as f32))
    }
}

/// The failure of a row; `marks` by identity.
pub fn failure(row: &Row<'_>, marks: &mut HashMap<i64, Vec<OwnedMark>>) -> R<Failure> {
    let mut c = Reader { row, at: 0 };
    let identity: i64 = c.get()?;
    let mut f = record(&mut c, unsigned(identity))?;
    f.marks = marks.remove(&identity).unwrap_or_default().into_boxed_slice();
    f.row = fetch_row(&mut c, f.vxid)?;
    f.row.group = group_hash(&f.host.bytes(), &f.url.bytes());
    f.row.shape = Shape::of(&f.method.bytes(), &f.url.bytes());
    if memchr::memmem::find(&f.url.bytes(), b"=***").is_some() {
        f.row.shape.query = 0;
    }
    f.row.id = f.travelled_id as u32;
    f.facts = facts(&f);
    f.incident = c.get::<Option<u32>>()?.unwrap_or(0);
    f.client_vxid = c.id()?;
    f.impact = c.word(Impact::parse, Impact::Unknown)?;
    f.told_in = c.get::<Option<i64>>()?.map(unsigned);
    judgement(&mut c, &mut f)?;
    Ok(f)
}

fn record(c: &mut Reader<'_, '_>, id: u64) -> R<Failure> {
    Ok(Failure {
        id,
        series: SeriesId::default(),
        tier: c.word(Tier::parse, Tier::Cache)?,
        node: c.text()?,
        program: Text::EMPTY,
        broke_at: Text::EMPTY,
        at: Locator::default(),
        vxid: c.id()?,
        parent: c.id()?,
        client_vxid: 0,
        reason: c.word(Reason::parse, Reason::Fetch)?,
        started: c.stamp()?,
        gave_up: c.stamp()?,
        ended: c.stamp()?,
        method: c.text()?,
        host: c.text()?,
        url: c.text()?,
        agent: Text::EMPTY,
        backend: c.text()?,
        backend_addr: c.text()?,
        status: c.number()?,
        origin_status: c.number()?,
        outcome: c.word(|w| Some(outcome_of(w)), FetchOutcome::Unknown)?,
        retried: c.get()?,
        travelled_id: c.id()?,
        row: FetchRow::default(),
        marks: Box::default(),
        facts: Facts::default(),
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
        stored: true,
    })
}

fn fetch_row(c: &mut Reader<'_, '_>, vxid: u64) -> R<FetchRow> {
    Ok(FetchRow {
        key: c.id()?,
        sent_at: c.stamp()?.0,
        wait: c.size()?,
        whole: c.size()?,
        earlier: c.get()?,
        body: c.size()?,
        header: c.size()?,
        header_sent: c.size()?,
        body_sent: c.size()?,
        agent: c.get()?,
        host: c.get()?,
        backend: c.get()?,
        vxid: c.get::<Option<i64>>()?.map_or(vxid, unsigned),
        status: c.get()?,
        port: c.get()?,
        local_port: c.get()?,
        flags: c.get()?,
        series: SeriesId::default(),
        // Set by the caller, from the texts.
        group: 0,
        id: 0,
        passed: 0,
        shape: Shape::default(),
        pop: 0,
    })
}

fn judgement(c: &mut Reader<'_, '_>, f: &mut Failure) -> R<()> {
    f.settled = c.get()?;
    (f.program, f.broke_at) = (c.text()?, c.text()?);
    for fact in [
        Fact::HeaderCount,
        Fact::LinkedHeaderBytes,
        Fact::LearntLimitMs,
        Fact::Climbing,
        Fact::GraceLeftMs,
        Fact::ErrorRetryAfter,
        Fact::OpenBeside,
    ] {
        f.facts.maybe(fact, c.get::<Option<f64>>()?);
    }
    f.verdict = c.word(Verdict::parse, Verdict::NoOriginLog)?;
    f.ruling.cause = c.cause()?.unwrap_or_else(Cause::unknown);
    f.ruling.confidence = c.share()?.unwrap_or(0.0);
    let (second, confidence) = (c.cause()?, c.share()?);
    f.ruling.runner_up = second.zip(confidence);
    if !f.marks.is_empty() {
        f.ruling.decided_by[0] = 0; // the deciding record is quoted first
    }
    f.origin_cause = c.cause()?;
    f.candidates = c.get()?;
    let (status, duration_us, ended, late_us) = (c.number()?, c.get()?, c.stamp()?, c.get()?);
    let method = c.word(|w| Method::parse(w).map(Some), None)?;
    let (confidence, offset_us) = (c.share()?.unwrap_or(0.0), c.get::<Option<i64>>()?.unwrap_or(0));
    f.link = method.map(|method| Link {
        at: Locator::default(),
        status,
        duration_us,
        ended,
        late_us,
        method,
        confidence,
        offset_us,
    });
    let (cause, confidence, time) = (c.cause()?, c.share()?.unwrap_or(0.0), c.stamp()?);
    c.at += 5; // origin_file, origin_line, origin_text, origin_error_file, origin_error_line
    let text = c.text()?;
    f.origin_error = cause.map(|cause| Note {
        at: Locator::default(),
        time,
        key: 0,
        connection: 0,
        client: 0,
        host: 0,
        cause,
        confidence,
        text,
    });
    Ok(())
}

/// The facts that follow from what is stored.
fn facts(f: &Failure) -> Facts {
    let mut x = Facts::default();
    let logged = |n: u32| (n != NOT_LOGGED).then_some(f64::from(n));
    x.maybe(Fact::Status, (f.status > 0).then_some(f.status.into()));
    x.maybe(Fact::OriginStatus, (f.origin_status > 0).then_some(f.origin_status.into()));
    x.maybe(Fact::HeaderReceived, logged(f.row.header));
    x.maybe(Fact::BodyReceived, logged(f.row.body));
    x.maybe(Fact::WaitMs, logged(f.row.wait).map(|us| us / 1000.0));
    x.flag(Fact::Reused, f.row.flags & FetchRow::REUSED != 0);
    x.flag(Fact::Retried, f.retried);
    x.flag(Fact::Background, f.reason == Reason::Bgfetch);
    x.flag(Fact::Pipe, f.reason == Reason::Pipe);
    x.flag(Fact::Cut, f.outcome == FetchOutcome::Cut);
    x.flag(Fact::Relayed, f.outcome == FetchOutcome::Relayed);
    x.flag(Fact::Denied, f.outcome == FetchOutcome::Denied);
    x.flag(Fact::PassedOn, matches!(f.outcome, FetchOutcome::Relayed | FetchOutcome::Denied));
    x.flag(Fact::HasBackend, !f.backend.is_empty());
    x
}
