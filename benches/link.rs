//! Linking alone: time and memory per fetch for logs of growing length, so that anything worse than n log n shows. Once
//! with many URLs, once with a single one, where every fetch looks like every other and only order and time tell them
//! apart. More rows than the pipeline holds in memory are cut by key and linked part by part, as it does.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::input::{Dice, FAILING};
use guru::link::{SeriesTraits, clocks, link};
use guru::model::row::NOT_LOGGED;
use guru::model::{FetchRow, RequestRow, SeriesId};

const CACHE: SeriesId = SeriesId(0);
const ORIGIN: SeriesId = SeriesId(1);
/// Where the origin's clock stands, microseconds.
const SKEW: i64 = -1_300_000;
/// Rows that the pipeline keeps in memory, parts that it cuts more into, and rows that vote for the clock: those of
/// `pipeline::rows` and `pipeline::linking`.
const HELD: usize = 1_000_000;
const PARTS: usize = 64;
const VOTERS: usize = 2_000_000;

/// The rows of some keys.
#[derive(Default)]
struct Part {
    asked: Vec<FetchRow>,
    served: Vec<RequestRow>,
}

/// Fetches at fifty a second and the lines that they left, in parts; those that failed gave up after a second.
fn parts(fetches: usize, urls: u64) -> Vec<Part> {
    let mut dice = Dice::new(7);
    let count = if fetches > HELD { PARTS } else { 1 };
    let mut parts: Vec<Part> = (0..count).map(|_| Part::default()).collect();
    for n in 0..fetches as u64 {
        let (fetch, line) = row(n, urls, &mut dice);
        let part = &mut parts[if count == 1 { 0 } else { (fetch.key >> 58) as usize }];
        part.asked.push(fetch);
        part.served.push(line);
    }
    parts.iter_mut().for_each(|p| p.served.sort_unstable_by_key(|r| (r.end, r.offset)));
    parts
}

fn row(n: u64, urls: u64, dice: &mut Dice) -> (FetchRow, RequestRow) {
    let key = (1 + dice.roll(urls)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let sent_at = (1_795_194_000_000_000 + n * 20_000 + dice.roll(20_000)) as i64;
    let failed = dice.roll(1000) < FAILING;
    let took = if failed { 1_400_000 + dice.roll(900_000) } else { 1_000 + dice.roll(60_000) } as u32;
    let body = if failed { NOT_LOGGED } else { 200 + dice.roll(90_000) as u32 };
    let wait = took.min(1_000_000);
    let flags = FetchRow::OPENED | if failed { FetchRow::FAILED | FetchRow::TIMED_OUT } else { FetchRow::WHOLE };
    let fetch = FetchRow {
        key,
        sent_at,
        vxid: n + 1,
        wait,
        whole: wait,
        body,
        flags,
        status: if failed { 0 } else { 200 },
        header: NOT_LOGGED,
        header_sent: NOT_LOGGED,
        body_sent: NOT_LOGGED,
        backend: 1,
        series: CACHE,
        ..FetchRow::default()
    };
    let line = RequestRow {
        key,
        end: (sent_at + i64::from(took) + SKEW) / 1000 * 1000,
        offset: n * 300,
        line: n as u32,
        duration: took / 1000 * 1000,
        body,
        status: if failed { 499 } else { 200 },
        sent: NOT_LOGGED,
        length: NOT_LOGGED,
        series: ORIGIN,
        ..RequestRow::default()
    };
    (fetch, line)
}

/// Links all parts; how many fetches found their line.
fn link_all(parts: &[Part], fetches: usize) -> usize {
    let series = BTreeMap::from([(ORIGIN, SeriesTraits { resolution_us: 1_000 })]);
    let clocks = if let [one] = parts {
        clocks(&one.asked, &one.served, &series, &BTreeMap::new())
    } else {
        let votes = |key: u64| key.is_multiple_of((fetches / VOTERS + 1) as u64);
        let asked: Vec<FetchRow> = parts.iter().flat_map(|p| &p.asked).filter(|f| votes(f.key)).copied().collect();
        let served: Vec<RequestRow> = parts.iter().flat_map(|p| &p.served).filter(|r| votes(r.key)).copied().collect();
        clocks(&asked, &served, &series, &BTreeMap::new())
    };
    let found = |p: &Part| {
        let linked = link(&p.asked, &p.served, &clocks, &series);
        linked.findings.iter().filter(|f| f.found.is_some()).count()
    };
    parts.iter().map(found).sum()
}

/// The most memory that was resident so far, bytes; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<usize>().ok());
    kib.unwrap_or(0) * 1024
}

/// Lets the peak begin anew, where the system can.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn main() {
    let scale = if common::in_earnest() { 1 } else { 100 };
    println!(
        "{:<12} {:>9} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "fetches", "parts", "ns/fetch", "growth", "linked %", "peak MB", "bytes/row"
    );
    for (name, urls, sizes) in
        [("many-urls", 20_000, &[100_000, 1_000_000, 10_000_000][..]), ("one-url", 1, &[100_000, 1_000_000])]
    {
        let mut first: Option<f64> = None;
        for size in sizes.iter().map(|s| s / scale).filter(|_| common::wanted(name)) {
            let parts = parts(size, urls);
            forget_peak();
            let mut found = 0;
            let runs = if size > 1_000_000 { 1 } else { 3 };
            let times: Vec<Duration> = (0..runs).map(|_| common::timed(|| found = link_all(&parts, size))).collect();
            let each = common::median(times).as_nanos() as f64 / size as f64;
            let growth = each / *first.get_or_insert(each);
            println!(
                "{name:<12} {size:>9} {:>6} {each:>9.0} {:>9} {:>9.1} {:>9} {:>9.0}",
                parts.len(),
                format!("x {growth:.2}"),
                100.0 * found as f64 / size as f64,
                peak() >> 20,
                peak() as f64 / (2 * size) as f64
            );
        }
    }
}
