//! `--since/--until` leave out whole files, and nothing of the report but their lines.

use guru::model::stamp::Stamp;
use guru::pipeline::{Analysis, Job, run, run_on_all};
use guru::source::{Found, PathSpec, resolve};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use serde_json::Value;

use crate::logs::{
    Access, Clock, DAY, Fetch, HOUR, Line, MIDNIGHT, MINUTE, SECOND, Upstream, Went, access_log, sorted, traffic,
    trouble, varnishlog,
};
use crate::packed::PACKINGS;
use crate::place::Place;
use crate::support::{Ask, differences, failed_fetches, report};

const DAYS: i64 = 6;

/// A day with an outage of two kinds at a time of its own.
fn day(n: i64) -> Vec<Fetch> {
    let from = MIDNIGHT + n * DAY;
    let at = from + 5 * HOUR + n * 2 * HOUR;
    sorted([
        traffic(from + MINUTE, 47, HOUR / 2),
        trouble(at + SECOND, 3, SECOND, "/cart", Went::Refused),
        trouble(at + 10 * SECOND, 2, SECOND, "/pay", Went::Status(500)),
    ])
}

fn errors(n: i64, clock: Clock) -> String {
    let end = MIDNIGHT + n * DAY + 5 * HOUR + n * 2 * HOUR + 10 * SECOND + 20_000;
    let url = format!("/pay/{}", (end - 20_000) / 1000);
    let upstream = Some(Upstream { status: "500".into(), header: None, took: 1 });
    let line = Line { end, took: 20_000, method: "GET", host: "www.shop.example", url: &url, status: 500, upstream };
    line.error("upstream prematurely closed connection while reading response header from upstream", clock)
}

/// Six days of three logs, rotated each midnight; archives of every packing, the last two files plain. The cache's log
/// is cut `shift` lines off, within a transaction.
fn week(shift: usize) -> Place {
    let place = Place::new();
    let clock = Clock { zone_s: 7200, ahead: 0 };
    let whole: Vec<String> = (0..DAYS).map(|n| varnishlog(&day(n))).collect();
    let mut carried = String::new();
    for n in 0..DAYS {
        let age = DAYS - 1 - n;
        let (ending, _, pack) = if age < 2 { PACKINGS[0] } else { PACKINGS[1 + (n % 4) as usize] };
        let mark = if age == 0 { String::new() } else { format!(".{age}{ending}") };
        let today = &whole[n as usize];
        let lines: Vec<&str> = today.split_inclusive('\n').collect();
        let keep = if age == 0 { lines.len() } else { lines.len() - shift };
        let text = std::mem::take(&mut carried) + &lines[..keep].concat();
        carried = lines[keep..].concat();
        place.write(&format!("v/varnish.log{mark}"), pack(text.as_bytes()));
        place.write(&format!("n/access.log{mark}"), pack(access_log(&day(n), Access::Rich, clock).as_bytes()));
        place.write(&format!("n/error.log{mark}"), pack(errors(n, clock).as_bytes()));
    }
    place
}

fn analyse(place: &Place, span: (Stamp, Stamp), act: fn(&Job<'_>) -> Analysis) -> Analysis {
    let paths = ["cache=v", "origin=n"].map(|p| {
        let spec = PathSpec::parse(p);
        PathSpec { path: place.path(&spec.path).to_string_lossy().into_owned(), ..spec }
    });
    let files: Vec<Found> = resolve(&paths).files;
    Ask::default().with_job(files, |job| {
        act(&Job {
            files: job.files.clone(),
            formats: Vec::new(),
            known: job.known,
            rules: job.rules,
            since: span.0,
            until: span.1,
            gap_us: job.gap_us,
            jobs: job.jobs,
            chunk: job.chunk,
            log_zones: Vec::new(),
            offsets: Vec::new(),
            progress: None,
            history: job.history,
        })
    })
}

/// The report without what tells of lines.
fn without_lines(analysis: &Analysis) -> Value {
    let mut value = report(analysis);
    value["sources"] = Value::Null;
    value["totals"]["lines"] = Value::Null;
    if let Some(warnings) = value["warnings"].as_array_mut() {
        warnings.retain(|w| !w.as_str().is_some_and(|w| w.contains("not read")));
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_is_the_same_whether_files_outside_of_its_span_are_read_or_not(
        since in -30..(DAYS * 24 + 30), hours in 1..100_i64, open in 0..3_u8, shift in 0..70_usize, off in any::<prop::sample::Index>(),
    ) {
        let place = week(shift);
        let at = |hour: i64| Stamp(MIDNIGHT + hour * HOUR + off.index(3600) as i64 * SECOND);
        let span = match open {
            0 => (at(since), Stamp::NONE),
            1 => (Stamp::NONE, at(since)),
            _ => (at(since), at(since + hours)),
        };
        let (fast, all) = (analyse(&place, span, run), analyse(&place, span, run_on_all));
        prop_assert_eq!(differences(&without_lines(&fast), &without_lines(&all)), Vec::<String>::new());
        prop_assert_eq!(failed_fetches(&fast), failed_fetches(&all));
        prop_assert_eq!(fast.traffic.len(), all.traffic.len());
        prop_assert_eq!(all.outside, 0);
        prop_assert_eq!(fast.report.sources.len() + fast.outside, 3 * DAYS as usize);
        prop_assert_eq!(fast.report.violated_laws(), Vec::<String>::new());
    }
}

#[test]
fn files_outside_of_the_span_are_counted_and_said_once() {
    let place = week(0);
    let report = place.report(&["cache=v", "--no-store", "--since", "2026-11-24T12:00:00Z"]);
    // The day itself, the one after, and the neighbour that a transaction may have begun in.
    let files: Vec<&Value> = report.0["sources"].as_array().expect("a list").iter().map(|s| &s["file"]).collect();
    assert_eq!(
        files,
        ["v/varnish.log.2.xz", "v/varnish.log.1", "v/varnish.log"].map(Value::from).iter().collect::<Vec<_>>()
    );
    assert_eq!(report.failed(), 10);
    assert_eq!(report.warnings().matches("3 files lie outside --since/--until and were not read").count(), 1);
    let report = place.report(&["cache=v", "--no-store"]);
    assert_eq!((report.failed(), report.warnings().matches("outside").count()), (30, 0));
}

#[test]
fn archives_whose_names_and_contents_disagree_are_read() {
    let place = Place::new();
    // All days in one archive, in the order of a careless glob: the first stamp is not the earliest.
    let days: String = [5, 0, 1, 2, 3, 4].map(|n| access_log(&day(n), Access::Rich, Clock::default())).concat();
    place.write("all.log.gz", crate::packed::gzip(days.as_bytes())).write("plain.log", &days);
    for name in ["all.log.gz", "plain.log"] {
        let report = place.report(&[name, "--no-store", "--until", "2026-11-21T00:00:00Z"]);
        assert_eq!((report.failed(), report.warnings().matches("not read").count()), (2, 0), "{name}");
    }
}

#[test]
fn a_plain_file_is_left_out_by_its_own_first_and_last_stamp() {
    let place = Place::new();
    place.write("one.log", access_log(&day(0), Access::Rich, Clock::default()));
    place.write("two.log", access_log(&day(3), Access::Rich, Clock::default()));
    let report = place.report(&["one.log", "two.log", "--no-store", "--until", "2026-11-21T00:00:00Z"]);
    assert_eq!(report.failed(), 2);
    assert!(
        report.warnings().contains("1 file lies outside --since/--until and was not read"),
        "{}",
        report.warnings()
    );
    let nothing = place.report(&["one.log", "two.log", "--no-store", "--since", "2026-12-21"]);
    assert_eq!((nothing.failed(), nothing.0["span"].is_null()), (0, true));
    assert!(nothing.warnings().contains("2 files lie outside"));
    place.analyze(&["one.log", "two.log", "--no-store", "--since", "2026-12-21"]).code(0);
}
