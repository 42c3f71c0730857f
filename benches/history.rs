//! The history when it is large: 5,000 incidents and 10 million failed fetches. Prints how long the list, one incident and
//! its likes take, as median and worst of many.
//!
//! `GURU_BENCH_FAILURES=1000000 cargo bench --bench history` for a smaller one.

#[path = "common/mod.rs"]
mod common;

use std::env;
use std::path::Path;
use std::time::{Duration, Instant};

use guru::incident::similar;
use guru::store::{Filter, Store};
use rusqlite::{Connection, params};

const INCIDENTS: i64 = 5_000;
/// Goals of the work order, milliseconds.
const GOALS: [(&str, u128); 3] = [("list", 200), ("show", 300), ("similar", 300)];

fn main() {
    if !common::wanted("history") {
        return;
    }
    let failures: i64 = env::var("GURU_BENCH_FAILURES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    drop(Store::open(&path).expect("a new history"));
    let began = Instant::now();
    fill(&path, failures).expect("it can be filled");
    let size = std::fs::metadata(&path).map_or(0, |m| m.len()) >> 20;
    println!("{INCIDENTS} incidents, {failures} failed fetches, {size} MiB, written in {:.0?}", began.elapsed());
    let store = Store::open_read_only(&path).expect("it opens");
    let ids: Vec<u32> = (1..=50).map(|n| (n * 97 % INCIDENTS) as u32 + 1).collect();
    let told = [
        measured(10, |_| drop(store.incidents(&Filter::default()).expect("a list"))),
        measured(ids.len(), |n| {
            store.incident(ids[n]).expect("an incident");
            store.members(ids[n]).expect("its failures");
            store.measure(ids[n]).expect("its fix");
        }),
        measured(ids.len(), |n| {
            let (own, others) = store.profiles(ids[n]).expect("profiles");
            similar(&own, &others);
        }),
    ];
    for ((name, goal), times) in GOALS.iter().zip(told) {
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        let word = if worst.as_millis() <= *goal { "within" } else { "OVER" };
        println!("{name:<8} median {median:>10.1?}  worst {worst:>10.1?}  {word} {goal} ms");
    }
}

fn measured(times: usize, mut act: impl FnMut(usize)) -> Vec<Duration> {
    let mut out: Vec<Duration> = (0..times)
        .map(|n| {
            let began = Instant::now();
            act(n);
            began.elapsed()
        })
        .collect();
    out.sort_unstable();
    out
}

/// Incidents of twenty services and ten causes over two years, and their failures.
fn fill(path: &Path, failures: i64) -> rusqlite::Result<()> {
    let db = Connection::open(path)?;
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;")?;
    let each = failures / INCIDENTS;
    db.execute_batch("BEGIN")?;
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO incidents (id, opened_at_us, closed_at_us, logged_state, service, title, cause, in_short, failures, fix, worked, resolved_at_us)
         SELECT i, 1700000000000000 + i * 12600000000, 1700000600000000 + i * 12600000000, 'closed',
                'service-' || (i % 20), 'service-' || (i % 20) || ': trouble', 'timeout.' || (i % 10), 'It was slow.', ?2,
                CASE WHEN i % 3 = 0 THEN 'restarted' END, CASE WHEN i % 3 = 0 THEN 'unknown' END,
                CASE WHEN i % 3 = 0 THEN 1700000660000000 + i * 12600000000 END FROM n",
        params![INCIDENTS, each],
    )?;
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
         INSERT INTO failed_fetches (identity, incident_id, tier, node, reason, started_at_us, ended_at_us, method, host, url,
             backend, status, outcome, retried, link_key, earlier_us, agent_hash, host_hash, backend_hash, link_status,
             backend_port, local_port, link_flags, impact, verdict, cause, confidence, candidates, settled)
         SELECT i * 7919, i / ?2 + 1, 'cache', 'cache-' || (i % 3), 'fetch',
                1700000000000000 + (i / ?2 + 1) * 12600000000 + (i % ?2) * 300000,
                1700000001500000 + (i / ?2 + 1) * 12600000000 + (i % ?2) * 300000, 'GET', 'shop.example',
                '/part-' || (i % 7) || '/' || (i % 5000), 'service-' || ((i / ?2 + 1) % 20), 503, 'failed', 0, i, 0, 1, 1, 1, 503,
                80, 0, 16, 'error', 'no_origin_log', 'timeout.' || ((i / ?2 + 1) % 10), 0.99, 0, 1 FROM n",
        params![each * INCIDENTS, each],
    )?;
    for (table, columns, from) in [
        (
            "incident_causes",
            "incident_id, cause, failures, first_at_us",
            "incident_id, cause, count(*), min(started_at_us)",
        ),
        ("incident_verdicts", "incident_id, verdict, failures", "incident_id, verdict, count(*)"),
        ("incident_impacts", "incident_id, impact, failures", "incident_id, impact, count(*)"),
        ("incident_nodes", "incident_id, node, failures", "incident_id, node, count(*)"),
        ("incident_urls", "incident_id, path, failures", "incident_id, url, count(*)"),
    ] {
        db.execute(&format!("INSERT INTO {table} ({columns}) SELECT {from} FROM failed_fetches GROUP BY 1, 2"), [])?;
    }
    db.execute(
        "INSERT INTO incident_minutes (incident_id, minute_us, failures)
         SELECT incident_id, started_at_us / 60000000 * 60000000, count(*) FROM failed_fetches GROUP BY 1, 2",
        [],
    )?;
    // Half a year of traffic by the minute.
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 259200)
         INSERT INTO traffic (tier, node, minute_us, requests, requests_5xx, fetches, failed)
         SELECT 'cache', 'cache-0', 1747000020000000 + i * 60000000, 600, 1, 100, 1 FROM n",
        [],
    )?;
    db.execute_batch("COMMIT; PRAGMA optimize;")
}
