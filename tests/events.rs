//! `guru events`: the same lines in the order of the logs however they are read, JSON whatever the logs hold, and the
//! same events that `guru analyze` counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use guru::grammar::Framing;
use guru::model::{Event, Logged, Tier};
use guru::pipeline::{self, Stream};
use guru::source::Found;
use guru::view;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use proptest::sample::select;
use serde_json::Value;

#[path = "support/place.rs"]
mod place;
mod support;

use place::{Place, Run};
use support::{Ask, Folder, LIBRARY, data};

/// Everything that the command writes for these files.
fn streamed(ask: &Ask, files: Vec<Found>) -> (String, Stream) {
    let encode = |event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>| view::event(event, logged, out);
    let mut out = Vec::new();
    let stream = ask.with_job(files, |job| pipeline::stream(job, |_| {}, &encode, &mut out));
    (String::from_utf8(out).expect("JSON is UTF-8"), stream.expect("memory takes it"))
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e} in {l}"))).collect()
}

fn number(event: &Value, key: &str) -> u64 {
    event[key].as_u64().unwrap_or_else(|| panic!("{key} is no number in {event}"))
}

fn sample_logs() -> Vec<Found> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let named = ["cache-1/varnishlog.log", "cache-1/varnishlog.log.1.gz", "web1/access.log", "web1/error.log"];
    named.iter().map(|n| Found::file(root.join(n))).collect()
}

const LOGS: [&str; 6] =
    ["varnish-raw", "varnish-request", "varnish-session", "varnish-vxid", "nginx-access", "nginx-error"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_that_of_the_logs_however_they_are_read(log in select(&LOGS[..]), chunk in 1usize..60_000, jobs in 1usize..4) {
        let mut folder = Folder::new();
        folder.add(&format!("{log}.log"), None, &data(&format!("groupings/{log}.log")));
        let whole = streamed(&Ask { chunk: 64 << 20, jobs: 1, ..Ask::default() }, folder.files()).0;
        let cut = streamed(&Ask { chunk, jobs, ..Ask::default() }, folder.files()).0;
        let differ = whole.lines().zip(cut.lines()).position(|(a, b)| a != b);
        prop_assert_eq!(differ.map(|n| (whole.lines().nth(n), cut.lines().nth(n))), None);
        prop_assert_eq!(whole.len(), cut.len());
    }
}

#[test]
fn files_come_in_the_order_in_which_they_are_named_and_rotated_ones_oldest_first() {
    let mut files = sample_logs();
    files.rotate_left(2);
    let events = objects(&streamed(&Ask { chunk: 10_000, jobs: 3, ..Ask::default() }, files).0);
    let mut order: Vec<String> = events.iter().map(|e| e["file"].as_str().expect("a path").to_string()).collect();
    order.dedup();
    let short: Vec<&str> = order.iter().map(|f| f.split("sample-logs/").last().expect("a name")).collect();
    assert_eq!(short[..2], ["web1/access.log", "web1/error.log"]);
    // A transaction may end in the file after the one in which it began.
    assert_eq!((short[2], *short.last().expect("files")), ("cache-1/varnishlog.log.1.gz", "cache-1/varnishlog.log"));
    let lines: Vec<u64> = events.iter().filter(|e| e["tier"] == "origin").map(|e| number(e, "line")).collect();
    assert_eq!(lines[..4], [1, 1, 2, 2], "a line's request, then its fetch");
}

#[test]
fn events_are_those_that_analyze_counts() {
    for grouping in ["raw", "request", "session", "vxid"] {
        let folder = Folder::recorded("groupings", grouping, "rich");
        let analysis = folder.run();
        let (text, stream) = streamed(&Ask { chunk: 50_000, ..Ask::default() }, folder.files());
        let events = objects(&text);
        let read: u64 = stream.sources.iter().map(|s| s.lines.read).sum();
        assert_eq!(read, analysis.report.totals.lines.read, "{grouping}: lines");
        assert_eq!(events.len() as u64, stream.sources.iter().map(|s| s.events).sum::<u64>());
        for tier in ["cache", "origin"] {
            let of = |kind: &str| events.iter().filter(|e| e["type"] == kind && e["tier"] == tier).collect::<Vec<_>>();
            let minutes = || analysis.traffic.iter().filter(|t| t.tier == tier).flat_map(|t| t.minutes.values());
            let visits = |e: &&&Value| {
                e["reason"] != "esi" && e["restarted"].is_null() && (!e["status"].is_null() || e["vxid"].is_null())
            };
            let requests = of("request").iter().filter(visits).count() as u64;
            assert!(requests > 0);
            assert_eq!(requests, minutes().map(|m| m.requests).sum::<u64>(), "{grouping} {tier}: requests");
            let fetches = of("fetch");
            assert_eq!(fetches.len() as u64, minutes().map(|m| m.fetches).sum::<u64>(), "{grouping} {tier}: fetches");
            let failed = |e: &&&Value| ["failed", "cut", "relayed"].iter().any(|o| e["outcome"] == *o);
            let count = fetches.iter().filter(failed).count() as u64;
            assert_eq!(count, minutes().map(|m| m.failed).sum::<u64>(), "{grouping} {tier}: failed");
        }
    }
}

#[test]
fn a_place_is_where_the_words_stand() {
    for (log, chunk) in [("varnish-raw", 3_000), ("varnish-request", 9_000), ("nginx-error", 500)] {
        let mut folder = Folder::new();
        let bytes = data(&format!("groupings/{log}.log"));
        folder.add("x.log", Some(Tier::Cache), &bytes);
        let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
        let line = |v: &Value| String::from_utf8_lossy(lines[number(v, "line") as usize - 1]).into_owned();
        let (mut marks, mut heads) = (0, 0);
        for event in objects(&streamed(&Ask { chunk, ..Ask::default() }, folder.files()).0) {
            if let Some(vxid) = event["vxid"].as_u64() {
                assert!(line(&event).contains(&vxid.to_string()), "{event}\n{}", line(&event));
            } else {
                let word = event["level"].as_str().or(event["backend"].as_str()).or(event["kind"].as_str());
                assert!(line(&event).contains(word.expect("a word of the line")), "{event}\n{}", line(&event));
            }
            heads += 1;
            for mark in event["marks"].as_array().into_iter().flatten() {
                let (kind, text) = (mark["kind"].as_str().expect("kind"), mark["text"].as_str().expect("text"));
                let text = text.split("<redacted").next().expect("a beginning");
                assert!(line(mark).contains(kind) && line(mark).contains(text), "{mark}\n{}", line(mark));
                marks += 1;
            }
        }
        assert!(heads > 2 && (marks > 10 || log == "nginx-error"), "{log}: {heads} events, {marks} marks");
    }
}

/// One snapshot per format: its own sample lines, and the events that are written of them. Read it by eye: what a
/// person reads in the line is what is printed.
#[test]
fn events_of_the_samples_of_every_format() {
    for grammar in LIBRARY.grammars() {
        let mut told = String::new();
        for sample in grammar.samples.iter().filter(|s| !s.rejected) {
            let mut folder = Folder::new();
            let mut bytes = sample.bytes(grammar.framing).expect("a sample is right");
            if grammar.framing != Framing::VslBinary {
                bytes.push(b'\n');
            }
            folder.add("sample.log", None, &bytes);
            let (text, _) = streamed(&Ask { format: Some(grammar.name.clone()), ..Ask::default() }, folder.files());
            told += &format!("{}\n", sample.line);
            assert_eq!(text.lines().count(), objects(&text).len());
            told += &text.replace(&folder.path("sample.log").display().to_string(), "sample.log");
            told += "\n";
        }
        insta::assert_snapshot!(format!("samples of {}", grammar.name).replace([' ', '-'], "_"), told);
    }
}

#[test]
fn the_help_names_every_key_that_is_written() {
    let help = Place::new().guru(&["events", "--help"]).code(0).out;
    let mut files = sample_logs();
    let mut folder = Folder::new();
    folder.add("raw.log", None, &data("groupings/varnish-raw.log"));
    files.extend(folder.files());
    let named: Vec<&str> = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for event in objects(&streamed(&Ask::default(), files).0) {
        for key in event.as_object().expect("an object").keys() {
            assert!(named.contains(&key.as_str()), "{key} of {event} is not in the help");
        }
    }
}

#[test]
fn hostile_bytes_stay_inside_their_strings() {
    let place = Place::new();
    let mut log = Vec::new();
    for url in [&b"/\x1b[31m\xff\xfe\x7f"[..], b"/\xc3\xa9\xe2\x80\xae\xc2\x9b1m", b"/a\\x22,\\x22type\\x22:\\x22b"] {
        log.extend(b"192.0.2.7 - - [20/Nov/2026:17:48:34 +0000] \"GET ");
        log.extend(url);
        log.extend(b" HTTP/1.1\" 200 5 \"-\" \"agent\\x5C \\x09\"\n");
    }
    place.write("access.log", &log);
    let run = place.guru(&["events", "access.log", "--format", "nginx-combined"]).code(0);
    assert!(run.out.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{:?}", run.out);
    let urls: Vec<Value> = run.objects().into_iter().map(|e| e["url"].clone()).collect();
    assert_eq!(urls, ["/\u{1b}[31m\u{fffd}\u{fffd}\u{7f}", "/é\u{202e}\u{9b}1m", "/a\",\"type\":\"b"]);
    assert!(run.objects().iter().all(|e| e["type"] == "request" && e["agent"] == "agent\\ \t"), "{}", run.out);
}

const LINE: &str =
    r#"192.0.2.7 - - [20/Nov/2026:17:48:34 +0100] "GET /a?token=hush HTTP/1.1" 200 5 "https://x/?sid=hush" "a""#;

fn types(run: &Run) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    run.objects().iter().for_each(|e| *counts.entry(e["type"].as_str().expect("a word").to_string()).or_default() += 1);
    counts
}

#[test]
fn options_choose_events_and_say_how_to_read() {
    let place = Place::new();
    let error = "2026/11/20 17:48:34 [error] 1#1: *7 upstream timed out (110: Connection timed out) while reading, \
                 client: 192.0.2.7, server: a, request: \"GET /a?token=hush HTTP/1.1\", host: \"a\"\n";
    place.write("web1/access.log", format!("{LINE}\n")).write("web1/error.log", error).write("b/error.log", error);
    let run = place.guru(&["events", "web1"]).code(0).says(&["read as nginx-combined", "1 parsed", "1 event"]);
    assert!(!run.out.contains("hush") && run.out.contains("<redacted 4 bytes>"), "{}", run.out);
    let times: Vec<Value> = run.objects().iter().map(|e| e["time"].clone()).collect();
    assert_eq!(times, ["2026-11-20T16:48:34Z"; 2], "the error log's zone is that of the access log beside it");
    assert_eq!(types(&place.guru(&["events", "web1", "--type", "message,health"])), [("message".into(), 1)].into());
    let alone = place.guru(&["events", "b"]).code(0).objects();
    assert_eq!((&alone[0]["time"], &alone[0]["zone_unknown"]), (&"2026-11-20T17:48:34Z".into(), &true.into()));
    let stated = place.guru(&["events", "b", "--log-tz", "-01:00"]).code(0).objects();
    assert_eq!((&stated[0]["time"], &stated[0]["zone_unknown"]), (&"2026-11-20T18:48:34Z".into(), &Value::Null));
    let later = place.guru(&["events", "b", "web1", "--log-tz", "b=UTC", "--since", "2026-11-20T17:00:00Z"]).code(0);
    assert_eq!(types(&later), [("message".into(), 1)].into());
    let piped = place.piped(&["events", "-", "-q"], LINE.as_bytes()).code(0);
    assert_eq!((&piped.objects()[0]["file"], piped.err.as_str()), (&"-".into(), ""));
}

#[test]
fn what_is_not_understood_is_counted_and_the_exit_code_says_what_was_not_read() {
    let place = Place::new();
    let spoiled = format!("{LINE}\nfirst stranger\n{LINE}\n{LINE}\nsecond stranger\n{LINE}\n{LINE}\n");
    place.write("access.log", &spoiled).write("junk.log", "nothing\nof\nours\n").write("empty.log", "");
    let run =
        place.guru(&["events", "access.log"]).code(0).says(&["7 lines = 5 parsed + 0 skipped + 2 not understood"]);
    assert!(!run.err.contains("stranger") && run.objects().len() == 5);
    let strangers = ["access.log:2  first stranger", "access.log:5  second stranger"];
    place.guru(&["events", "access.log", "-v"]).code(0).says(&strangers);
    let mostly = format!("{LINE}\n{}", "stranger\n".repeat(5));
    place.write("mostly.log", mostly);
    place.guru(&["events", "mostly.log", "--format", "nginx-combined"]).code(0).says(&["mostly.log:2  stranger"]);
    place.guru(&["events", "access.log", "gone.log"]).code(4).says(&["gone.log", "no such file"]);
    place.guru(&["events", "access.log", "junk.log"]).code(4).says(&["junk.log", "not recognised"]);
    place.guru(&["events", "junk.log"]).code(3).says(&["not recognised", "guru events --format"]);
    place.guru(&["events", "empty.log"]).code(0).says(&["empty.log  empty"]);
    place.guru(&["events"]).code(2).says(&["No log is named", "hint: "]);
    assert!(!place.store().exists(), "the history is not touched");
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = Place::new();
    place.write("access.log", format!("{LINE}\n").repeat(20_000));
    let mut child = place
        .command(&["events", "access.log"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("guru starts");
    drop(child.stdout.take());
    let done = child.wait_with_output().expect("guru ends");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !said.contains("panicked") && !said.contains("roken pipe"), "{said}");
}
