//! Failed fetches of the history that answer a question. In: a question and a span; out: the newest that answer it,
//! and how many were looked at. It must not know how they are told.

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use super::known::among;
use super::text::{masked, plain, stamp, us};
use crate::model::failure::Failure;
use crate::model::question::{Question, is_host};
use crate::model::stamp::Stamp;
use crate::model::story::Searched;

type R<T> = rusqlite::Result<T>;

/// So many failed fetches are handed on at most.
const MOST: i64 = 1_000;

/// A question to the failed fetches of the history.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// What is asked.
    pub question: Question,
    /// Host; empty for any.
    pub host: String,
    /// Begun at or after this moment, unless it is not known.
    pub since: Stamp,
    /// Begun at or before this moment, unless it is not known.
    pub until: Stamp,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Answers {
    /// Failed fetches, newest first, `incident` as the history has it.
    pub failures: Vec<Failure>,
    /// Older ones that were not handed on.
    pub older: u64,
    /// What was searched.
    pub searched: Searched,
}

/// Asks the history.
pub fn lookup(db: &Connection, inquiry: &Inquiry) -> R<Answers> {
    let mut span = String::from("1");
    for (sign, at) in [(">=", inquiry.since), ("<=", inquiry.until)] {
        if let Some(us) = us(at) {
            span += &format!(" AND started_at_us {sign} {us}");
        }
    }
    let count = format!("SELECT count(*), min(started_at_us), max(started_at_us) FROM failed_fetches WHERE {span}");
    let searched = db.query_row(&count, [], |r| {
        let fetches = u64::try_from(r.get::<_, i64>(0)?).unwrap_or(0);
        Ok(Searched { fetches, from: stamp(r.get(1)?), to: stamp(r.get(2)?), ..Searched::default() })
    })?;
    let question = stored(&inquiry.question);
    let host = match &question {
        Question::Url { host, .. } if inquiry.host.is_empty() => String::from_utf8_lossy(host).into_owned(),
        _ => inquiry.host.clone(),
    };
    let (condition, values) = condition(&question, &host);
    let given: Vec<&dyn ToSql> = values.iter().map(|v| v as &dyn ToSql).collect();
    let matching = format!("FROM failed_fetches WHERE {span} AND {condition}");
    let all: i64 = db.query_row(&format!("SELECT count(*) {matching}"), given.as_slice(), |r| r.get(0))?;
    let newest = format!("number IN (SELECT number {matching} ORDER BY started_at_us DESC, number DESC LIMIT {MOST})");
    let mut failures = among(db, &newest, &given)?;
    failures.retain(|f| question.fits_failure(f) && is_host(inquiry.host.as_bytes(), &f.host.bytes()));
    failures.reverse();
    Ok(Answers { failures, older: u64::try_from(all - MOST).unwrap_or(0), searched })
}

/// What may answer a question, as SQL; the little too much that it lets pass is looked at once more.
fn condition(question: &Question, host: &str) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let what = match question {
        // No transaction has a number beyond the range of SQLite's.
        Question::Xid(n) => {
            values.push(i64::try_from(*n).unwrap_or(-1).into());
            "(vxid = ?1 OR client_vxid = ?1)"
        }
        Question::Url { path, query: None, .. } => {
            values.push(text(path));
            "(url = ?1 OR substr(url, 1, length(?1) + 1) = ?1 || '?' OR url LIKE 'http%' AND instr(url, ?1) > 0)"
        }
        Question::Url { path, query: Some(query), .. } => {
            values.push(text(&[path, b"?".as_slice(), query].concat()));
            "(url = ?1 OR url LIKE 'http%' AND instr(url, ?1) > 0)"
        }
        Question::Address { ip, text, .. } if ip.is_ipv4() => {
            values.push(Value::from(format!("{text}:")));
            "substr(backend_addr, 1, length(?1)) = ?1"
        }
        // IPv6 may be written in several ways.
        Question::Address { .. } => "backend_addr LIKE '%:%:%'",
    };
    let mut condition = what.to_string();
    if !host.is_empty() {
        values.push(Value::from(host.to_string()));
        let n = values.len();
        condition += &format!(" AND (host IS NULL OR host = ?{n} COLLATE NOCASE OR host LIKE ?{n} || ':%')");
    }
    (condition, values)
}

fn text(bytes: &[u8]) -> Value {
    Value::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The question as the history would have stored it: without control characters, secrets masked.
fn stored(question: &Question) -> Question {
    let Question::Url { host, path, query } = question else { return question.clone() };
    let text = |bytes: &[u8]| plain(&String::from_utf8_lossy(bytes)).into_owned();
    let path = text(path).into_bytes();
    let query = query.as_ref().map(|q| masked(&text(&[b"?", q.as_slice()].concat())).as_bytes()[1..].to_vec());
    Question::Url { host: host.clone(), path, query }
}
