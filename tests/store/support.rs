//! Builders for failures, groups and batches, and a dump of a whole database as text.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use guru::model::fetch::Acct;
use guru::model::incident::{Candidate, CauseShare, Example, Harm, Quote};
use guru::model::locator::Locator;
use guru::model::message::Note;
use guru::model::report::{ClockOffset, Stored};
use guru::model::stamp::{MINUTE, SECOND};
use guru::model::{
    BackendHour, Cause, Evidence, Failure, Fetch, FetchOutcome, FetchRow, Group, Impact, Incident, Link, Method,
    NodeTraffic, Ruling, SeriesId, Stamp, State, Text, Tier, Verdict,
};
use guru::store::{Batch, Store};
use rusqlite::Connection;

/// 2026-11-20T17:49:06.123456Z.
pub const T0: i64 = 1_795_196_946_123_456;

/// Failure number `n`: one every ten seconds.
pub fn failure(n: u64) -> Failure {
    let url = format!("/p/{}?q={n}&token=s3cret", n % 3);
    let start = Stamp(T0 + n as i64 * 10 * SECOND);
    let fetch = Fetch {
        vxid: 1000 + n,
        parent: 999 + n,
        method: b"GET",
        host: b"shop.example.com",
        url: url.as_bytes(),
        backend: b"web",
        addr: b"127.0.0.1",
        port: 8080,
        local_port: 41_000,
        opens: 1,
        started: start,
        sent: start + 1000,
        answered: start + 1_501_000,
        ended: start + 1_502_000,
        status: 503,
        acct: Some(Acct { header_sent: 400, body_sent: 0, header_received: 0, body_received: 0 }),
        outcome: FetchOutcome::Failed,
        travelled_id: u64::MAX - n,
        ..Fetch::default()
    };
    let row = FetchRow::of(&fetch, SeriesId(3), FetchRow::FAILED | FetchRow::TIMED_OUT | FetchRow::OPENED);
    let mut f = Failure::of(&fetch, Tier::Cache, Text::from("cache-1"), row);
    f.client_vxid = 998 + n;
    f.impact = Impact::Error;
    f.verdict = Verdict::NoOriginLog;
    f.ruling = ruling("timeout.first_byte");
    f
}

pub fn ruling(cause: &str) -> Ruling {
    let runner_up = Some((Cause::named("connection.closed"), 0.25));
    Ruling { cause: Cause::named(cause), confidence: 0.75, runner_up, decided_by: [u8::MAX; 2] }
}

/// The same failure after its origin line was found.
pub fn linked(mut f: Failure) -> Failure {
    f.verdict = Verdict::LateAnswer;
    f.link = Some(Link {
        at: Locator::default(),
        status: 200,
        duration_us: Some(1_732_000),
        ended: f.gave_up + 231_000,
        late_us: Some(231_000),
        method: Method::Time,
        confidence: 0.5,
        offset_us: -1_200_000,
    });
    f.origin_cause = Some(Cause::named("app.slow"));
    f.origin_error = Some(Note {
        at: Locator::default(),
        time: f.started,
        key: 7,
        connection: 5,
        client: 0,
        host: 1,
        cause: Cause::named("app.slow"),
        confidence: 0.5,
        text: Text::from("upstream timed out"),
    });
    f
}

pub fn quote(file: &str, line: u64, text: &str) -> Quote {
    Quote { file: file.into(), line, offset: None, text: text.into() }
}

pub fn evidence_of(f: &Failure) -> Evidence {
    let far = f.link.is_some();
    Evidence {
        own: vec![
            quote("varnish.log", 4711, "FetchError first byte timeout"),
            quote("varnish.log", 4712, "BackendClose 24 web close RX_TIMEOUT"),
        ],
        origin: far.then(|| quote("nginx-access.log", 881, "GET /p/1 200")),
        origin_error: far.then(|| quote("nginx-error.log", 12, "upstream timed out")),
    }
}

/// A group of these failures, as the incident room would make it.
pub fn group(members: &[&Failure]) -> Group {
    let mut sorted: Vec<&Failure> = members.to_vec();
    sorted.sort_by_key(|f| (f.started, f.id));
    let opened_at = sorted.iter().map(|f| f.started).min().unwrap_or_default();
    let incident = Incident {
        id: 0,
        title: "shop: slow origin".into(),
        opened_at,
        closed_at: sorted.iter().map(|f| f.ended).max().unwrap_or_default(),
        state: State::Closed,
        service: "web".into(),
        nodes: vec!["cache-1".into()],
        cause: "timeout.first_byte".into(),
        root: None,
        failures: sorted.len() as u64,
        causes: vec![CauseShare {
            cause: "timeout.first_byte".into(),
            failures: sorted.len() as u64,
            first_at: opened_at,
            role: "came first".into(),
        }],
        verdicts: BTreeMap::new(),
        limits: Vec::new(),
        harm: Harm { visitors_5xx: sorted.len() as u64, crawlers_5xx: 1, share: Some(0.5), ..Harm::default() },
        curve: Vec::new(),
        rate_per_hour: None,
        in_short: "PHP had no free worker.".into(),
        examples: vec![Example {
            at: opened_at,
            request: "GET shop.example.com/p/1?token=s3cret".into(),
            verdict: "late_answer".into(),
            own: Some(quote("varnish.log", 4711, "FetchError first byte timeout")),
            origin: None,
            origin_error: Some(quote("nginx-error.log", 12, "upstream timed out")),
        }],
        proof: vec![quote("php-fpm.log", 8812, "reached pm.max_children setting (40)")],
        advice: Vec::new(),
        began: vec![Candidate {
            kind: "restart".into(),
            at: opened_at - MINUTE,
            text: "catalog import began".into(),
            strength: 0.9,
        }],
        ended_by: vec![Candidate {
            kind: "reload".into(),
            at: opened_at + MINUTE,
            text: "php-fpm restarted".into(),
            strength: 0.9,
        }],
        trigger: None,
        fix: None,
        worked: None,
        notes: Vec::new(),
        seen_before: Vec::new(),
        similar: Vec::new(),
        recurrence: None,
        measured: None,
        history_since: Stamp::NONE,
    };
    Group { incident, members: sorted.iter().map(|f| f.id).collect() }
}

/// What a run of these failures and groups would save.
#[derive(Clone, Default)]
pub struct Run {
    pub failures: Vec<Failure>,
    pub groups: Vec<Group>,
    pub scattered: Option<usize>,
    pub traffic: Vec<NodeTraffic>,
    pub hours: Vec<BackendHour>,
    pub changes: Vec<(Stamp, String, String, String)>,
    pub clocks: Vec<ClockOffset>,
}

impl Run {
    /// One group of all of these.
    pub fn of(failures: Vec<Failure>) -> Run {
        let groups = vec![group(&failures.iter().collect::<Vec<_>>())];
        Run { failures, groups, ..Run::default() }
    }

    pub fn save(&mut self, store: &mut Store) -> Stored {
        let evidence: HashMap<u64, Evidence> = self.failures.iter().map(|f| (f.id, evidence_of(f))).collect();
        let mut batch = Batch {
            failures: &self.failures,
            evidence: &evidence,
            groups: &mut self.groups,
            scattered: self.scattered,
            visited: &[],
            told: &[],
            retracted: &[],
            traffic: &self.traffic,
            hours: &self.hours,
            answered: &[],
            early: &[],
            changes: &self.changes,
            clocks: &self.clocks,
        };
        store.save(&mut batch).expect("the batch is saved")
    }
}

/// A new store in a folder that lives as long as the first value.
pub fn new_store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("guru.db")).unwrap();
    (folder, store)
}

/// Rows of a query as text.
pub fn ask(path: &Path, sql: &str) -> Vec<String> {
    let db = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |r| {
        let cells: Vec<String> = (0..columns)
            .map(|c| match r.get_ref(c).unwrap() {
                rusqlite::types::ValueRef::Null => "-".into(),
                rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                rusqlite::types::ValueRef::Real(x) => format!("{x:?}"),
                rusqlite::types::ValueRef::Text(t) => String::from_utf8(t.to_vec()).unwrap(),
                rusqlite::types::ValueRef::Blob(b) => format!("{b:?}"),
            })
            .collect();
        Ok(cells.join("|"))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Every row of every table, sorted.
pub fn dump(path: &Path) -> String {
    let mut out = String::new();
    for table in ask(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
        let mut rows = ask(path, &format!("SELECT * FROM {table}"));
        rows.sort();
        out += &format!("== {table}\n{}\n", rows.join("\n"));
    }
    out
}
