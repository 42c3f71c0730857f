//! Linking alone: time per fetch for logs of growing length, so that anything worse than n log n shows. Once with many
//! URLs, once with a single one, where every fetch looks like every other and only order and time tell them apart.

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

/// Fetches at fifty a second and the lines that they left; those that failed gave up after a second.
fn rows(fetches: usize, urls: u64) -> (Vec<FetchRow>, Vec<RequestRow>) {
    let mut dice = Dice::new(7);
    let (mut asked, mut served) = (Vec::new(), Vec::new());
    for n in 0..fetches as u64 {
        let key = (1 + dice.roll(urls)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let sent_at = (1_795_194_000_000_000 + n * 20_000 + dice.roll(20_000)) as i64;
        let failed = dice.roll(1000) < FAILING;
        let took = if failed { 1_400_000 + dice.roll(900_000) } else { 1_000 + dice.roll(60_000) } as u32;
        let body = if failed { NOT_LOGGED } else { 200 + dice.roll(90_000) as u32 };
        let wait = took.min(1_000_000);
        let flags = FetchRow::OPENED | if failed { FetchRow::FAILED | FetchRow::TIMED_OUT } else { FetchRow::WHOLE };
        let status = if failed { 0 } else { 200 };
        asked.push(FetchRow { key, sent_at, vxid: n + 1, wait, whole: wait, body, flags, status, ..row() });
        let end = (sent_at + i64::from(took) + SKEW) / 1000 * 1000;
        let status = if failed { 499 } else { 200 };
        let (offset, line) = (n * 300, n as u32);
        served.push(RequestRow { key, end, offset, line, duration: took / 1000 * 1000, body, status, ..line_row() });
    }
    served.sort_by_key(|r| (r.end, r.offset));
    (asked, served)
}

fn row() -> FetchRow {
    FetchRow {
        header: NOT_LOGGED,
        header_sent: NOT_LOGGED,
        body_sent: NOT_LOGGED,
        backend: 1,
        series: CACHE,
        ..FetchRow::default()
    }
}

fn line_row() -> RequestRow {
    RequestRow { sent: NOT_LOGGED, length: NOT_LOGGED, series: ORIGIN, ..RequestRow::default() }
}

/// Links so many fetches; the median time, and how many found their line.
fn linked(fetches: usize, urls: u64, runs: usize) -> (Duration, usize) {
    let (asked, served) = rows(fetches, urls);
    let series = BTreeMap::from([(ORIGIN, SeriesTraits { resolution_us: 1_000 })]);
    let mut found = 0;
    let mut once = || {
        let clocks = clocks(&asked, &served, &series, &BTreeMap::new());
        let linked = link(&asked, &served, &clocks, &series);
        found = linked.findings.iter().filter(|f| f.found.is_some()).count();
    };
    let times = (0..runs).map(|_| common::timed(&mut once)).collect();
    (common::median(times), found)
}

fn main() {
    let scale = if common::in_earnest() { 1 } else { 100 };
    println!("{:<28} {:>9} {:>10} {:>9} {:>18}", "", "fetches", "ns/fetch", "linked %", "to the size before");
    for (name, urls, sizes) in
        [("many-urls", 20_000, &[10_000, 100_000, 1_000_000][..]), ("one-url", 1, &[10_000, 100_000])]
    {
        let mut before: Option<f64> = None;
        for size in sizes.iter().map(|s| s / scale).filter(|_| common::wanted(name)) {
            let (time, found) = linked(size, urls, if size > 100_000 { 3 } else { 5 });
            let each = time.as_nanos() as f64 / size as f64;
            let growth = before.map_or(String::new(), |b| format!("x {:.2}", each / b));
            println!("{name:<28} {size:>9} {each:>10.0} {:>9.1} {growth:>18}", 100.0 * found as f64 / size as f64);
            before = Some(each);
        }
    }
}
