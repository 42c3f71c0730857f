//! Wrapped logs beyond those of nginx and Varnish: header lines, JSON inside JSON, events, files outside of a span. What is
//! read of them is what is read of the log as its program wrote it.

use std::path::Path;

use guru::grammar::Library;
use guru::model::stamp::SECOND;
use guru::model::{Event, Logged, Stamp};
use guru::pipeline::{self, Analysis, Job, Log, logs, run, run_on_all};
use guru::view;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::sample::select;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use serde_json::Value;

#[path = "support/place.rs"]
mod place;
mod support;

use place::Place;
use support::{Ask, Folder, LIBRARY, data, differences, report};

type Wrapper = fn(&str) -> String;

const STAMP: &str = "2026-11-20T17:58:24.123456789Z";

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

const WRAPPERS: [(&str, Wrapper); 6] = [
    ("syslog", |l| format!("Nov 20 17:58:24 host app[7]: {l}")),
    ("CRI", |l| format!("{STAMP} stdout F {l}")),
    ("docker compose logs", |l| format!("edge-1  | {l}")),
    ("docker json-file", |l| format!(r#"{{"log":{},"stream":"stdout","time":"{STAMP}"}}"#, json(&format!("{l}\n")))),
    ("journald JSON", |l| format!(r#"{{"_HOSTNAME":"h","SYSLOG_IDENTIFIER":"app","MESSAGE":{:?}}}"#, l.as_bytes())),
    ("JSON of a log shipper", |l| format!(r#"{{"date":1795196914.5,"log":{}}}"#, json(l))),
];

fn wrapped(log: &str, wrapper: Wrapper) -> Vec<u8> {
    log.lines().flat_map(|line| (wrapper(line) + "\n").into_bytes()).collect()
}

fn library(formats: &[(&str, &str)]) -> Library {
    let mut library = LIBRARY.clone();
    for (name, text) in formats {
        library.add_file(Path::new(&format!("{name}.toml")), text).expect("the format is right");
    }
    library
}

/// Runs over one file, with these formats known.
fn with_job<T>(library: &Library, chunk: usize, bytes: &[u8], act: impl FnOnce(&Job<'_>) -> T) -> T {
    let mut folder = Folder::new();
    folder.add("x.log", None, bytes);
    let ask = Ask { chunk, ..Ask::default() };
    ask.with_job(folder.files(), |job| {
        let (files, formats, log_zones) = (job.files.clone(), Vec::new(), Vec::new());
        act(&Job { known: library, files, formats, log_zones, offsets: Vec::new(), progress: None, ..*job })
    })
}

/// Every event, without file and node.
fn events(library: &Library, chunk: usize, bytes: &[u8]) -> Vec<Value> {
    let encode = |event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>| view::event(event, logged, out);
    let mut out = Vec::new();
    with_job(library, chunk, bytes, |job| pipeline::stream(job, |_| {}, &encode, &mut out)).expect("memory takes it");
    let forget = |line: &str| {
        let mut event: Value = serde_json::from_str(line).expect("events are JSON");
        let object = event.as_object_mut().expect("an object");
        let _ = (object.remove("file"), object.remove("node"));
        event
    };
    String::from_utf8(out).expect("JSON is UTF-8").lines().map(forget).collect()
}

const W3C: &str = r#"
title = "W3C log"
family = "own"
tier = "edge"
header = "w3c"
needs = ["sc-status"]

[fields]
date = "date"
time = "time_of_day"
c-ip = "client"
cs-method = "method"
cs-uri-stem = "url"
sc-status = "status"

[[sample]]
line = '''#Fields: date time c-ip cs-method cs-uri-stem sc-status
2026-11-20 17:48:34 192.0.2.7 GET /a 200'''
request = { url = "/a", status = 200 }
"#;

const CSV: &str = r#"
title = "CSV log"
family = "own"
tier = "edge"
header = "csv"
delimiter = ","
needs = ["status", "path"]

[fields]
at = "time"
path = "url"
method = "method"
status = "status"

[[sample]]
line = '''at,method,path,status
2026-11-20T17:48:34Z,GET,/a,200'''
request = { url = "/a", status = 200 }
"#;

fn w3c_log() -> String {
    let mut log = "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n".to_string();
    for n in 0..60 {
        log += &format!("2026-11-20 17:48:{n:02} 192.0.2.7 GET /first/{n} 200\n");
    }
    log += "#Fields: date time sc-status cs-method cs-uri-stem c-ip\n";
    for n in 0..60 {
        log += &format!("2026-11-20 17:49:{n:02} 404 GET /second/{n} 192.0.2.8\n");
    }
    log
}

fn csv_log() -> String {
    let lines = (0..120).map(|n| format!("2026-11-20T17:{:02}:{:02}Z,GET,/page/{n},404\n", n / 60, n % 60));
    "at,method,path,status\n".to_string() + &lines.collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn header_lines_hold_inside_any_wrapping_in_chunks_of_any_size(
        (_, wrapper) in select(&WRAPPERS[..]), csv in any::<bool>(), chunk in 1usize..12_000
    ) {
        let library = library(&[("own-w3c", W3C), ("own-csv", CSV)]);
        let log = if csv { csv_log() } else { w3c_log() };
        let plain = events(&library, 4 << 20, log.as_bytes());
        prop_assert_eq!(plain.len(), 120);
        let bytes = wrapped(&log, wrapper);
        for got in [events(&library, chunk, &bytes), events(&library, 4 << 20, &bytes)] {
            let differ = plain.iter().zip(&got).find(|(a, b)| a != b);
            prop_assert_eq!(differ, None);
            prop_assert_eq!(plain.len(), got.len());
        }
    }
}

const OWN_JSON: &str = r#"
title = "JSON log"
family = "own"
tier = "edge"
json = true
needs = ["status", "uri"]

[fields]
at = "time"
method = "method"
uri = "url"
status = "status"

[[sample]]
line = '''{"at":"2026-11-20T17:48:34Z","method":"GET","uri":"/a","status":200}'''
request = { url = "/a", status = 200 }
"#;

fn one(library: &Library, bytes: &[u8]) -> Log {
    with_job(library, 4 << 20, bytes, |job| {
        let mut found = logs(&job.files[0], bytes, library, None).logs;
        assert_eq!(found.len(), 1);
        found.remove(0)
    })
}

fn taken(log: &Log) -> (&str, String) {
    let words = log.reach.as_ref().map(|r| r.wrap.words()).unwrap_or_default();
    (log.grammar.as_ref().map_or("", |g| g.name.as_str()), words)
}

const COMBINED: &str = r#"192.0.2.7 - - [20/Nov/2026:17:48:34 +0000] "GET /a HTTP/1.1" 200 5 "-" "a""#;

#[test]
fn json_formats_keep_their_lines_and_are_found_inside_json() {
    let library = library(&[("own-json", OWN_JSON)]);
    let line = |key: &str, text: &str| {
        let more = format!(r#""{key}":{}"#, json(text));
        format!(r#"{{"at":"2026-11-20T17:48:34Z","method":"GET","uri":"/a","status":200,{more}}}"#)
    };
    // What stands in its `message`, be it a line of another format, is its own affair.
    for (key, text) in [("message", "ready"), ("log", "default"), ("message", COMBINED), ("log", COMBINED)] {
        let bytes = format!("{}\n", line(key, text)).repeat(20);
        assert_eq!(taken(&one(&library, bytes.as_bytes())), ("own-json", String::new()), "{key} {text}");
        for (name, wrapper) in WRAPPERS {
            let inside = wrapped(&bytes, wrapper);
            assert_eq!(taken(&one(&library, &inside)), ("own-json", name.to_string()), "{key} {text} in {name}");
            assert_eq!(events(&library, 900, &inside), events(&library, 4 << 20, bytes.as_bytes()), "{name}");
        }
    }
    // An object that says nothing of a request is wrapping.
    for (name, wrapper) in WRAPPERS {
        let bytes = wrapped(&format!("{COMBINED}\n").repeat(20), wrapper);
        assert_eq!(taken(&one(&library, &bytes)), ("nginx-combined", name.to_string()));
    }
}

#[test]
fn json_over_several_lines_is_found_inside_wrapping() {
    let library = library(&[("own-json", OWN_JSON)]);
    let object =
        "{\n  \"at\": \"2026-11-20T17:48:34Z\",\n  \"method\": \"GET\",\n  \"uri\": \"/a\",\n  \"status\": 404\n}";
    let log = format!("[\n{}\n]\n", [object; 30].join(",\n"));
    let plain = events(&library, 4 << 20, log.as_bytes());
    assert_eq!(plain.len(), 30);
    for (name, wrapper) in WRAPPERS {
        for chunk in [150, 1_000, 4 << 20] {
            assert_eq!(events(&library, chunk, &wrapped(&log, wrapper)), plain, "{name}, {chunk}");
        }
    }
}

/// A cache and an nginx with its errors, line by line in turns.
fn compose() -> String {
    let text = |name: &str| String::from_utf8(data(&format!("groupings/{name}.log"))).expect("UTF-8");
    let parts = [("varnish-1", text("varnish-raw")), ("nginx-1  ", text("nginx-access") + &text("nginx-error"))];
    let mut lines: Vec<_> =
        parts.iter().map(|(name, log)| log.lines().map(move |l| format!("{name} | {l}\n"))).collect();
    let mut all = String::new();
    loop {
        let before = all.len();
        lines.iter_mut().for_each(|part| all.extend(part.by_ref().take(3)));
        if all.len() == before {
            return all;
        }
    }
}

#[test]
fn events_of_several_logs_in_one_file_come_log_after_log_with_lines_of_the_file() {
    let (file, raw) = (compose(), data("groupings/varnish-raw.log"));
    let lines: Vec<&str> = file.lines().collect();
    let whole = events(&LIBRARY, 4 << 20, file.as_bytes());
    for chunk in [700, 20_000] {
        assert_eq!(events(&LIBRARY, chunk, file.as_bytes()), whole, "{chunk}");
    }
    let tiers: Vec<&str> = whole.iter().map(|e| e["tier"].as_str().expect("a tier")).collect();
    assert!(
        tiers.is_sorted() && tiers.contains(&"cache") && tiers.contains(&"origin"),
        "the cache is nearer to clients"
    );
    assert!(whole.iter().any(|e| e["type"] == "message"), "the error log runs together with the access log");
    for event in &whole {
        let line = lines[event["line"].as_u64().expect("a line") as usize - 1];
        let (service, word) = match (event["vxid"].as_u64(), event["url"].as_str(), event["tier"] == "cache") {
            (Some(vxid), _, _) => ("varnish-1", vxid.to_string()),
            (None, _, true) => ("varnish-1", String::new()),
            (None, url, _) => ("nginx-1", url.unwrap_or_default().to_string()),
        };
        assert!(line.starts_with(service) && (line.contains(&word) || event["type"] == "message"), "{line}: {event}");
    }
    let forget = |mut events: Vec<Value>| {
        for event in &mut events {
            event["line"].take();
            event["marks"].as_array_mut().into_iter().flatten().for_each(|m| drop(m["line"].take()));
        }
        events
    };
    let cache = whole.into_iter().filter(|e| e["tier"] == "cache").collect();
    assert_eq!(forget(cache), forget(events(&LIBRARY, 4 << 20, &raw)));
}

/// 2026-11-20T00:00:00Z, the day of the recordings.
const MIDNIGHT: i64 = 1_795_132_800 * SECOND;
const DAY: i64 = 86_400 * SECOND;

/// The report of a run over `bytes` from `since` on; with what [`run_on_all`] says of the same.
fn since(bytes: &[u8], since: i64) -> (Analysis, Analysis) {
    with_job(&LIBRARY, 4 << 20, bytes, |job| {
        let (files, formats, log_zones) = (job.files.clone(), Vec::new(), Vec::new());
        let since = Stamp(since);
        let job = Job { since, files, formats, log_zones, offsets: Vec::new(), progress: None, ..*job };
        (run(&job), run_on_all(&job))
    })
}

#[test]
fn a_wrapped_file_outside_of_the_span_is_not_read_and_one_with_several_logs_always_is() {
    let access = String::from_utf8(data("groupings/nginx-access-combined.log")).expect("UTF-8");
    let later = MIDNIGHT + 2 * DAY;
    for (name, wrapper) in WRAPPERS {
        let bytes = wrapped(&access, wrapper);
        let (some, all) = since(&bytes, later);
        assert_eq!((some.outside, all.outside), (1, 0), "{name}");
        let (some, all) = since(&bytes, later - 3 * DAY);
        assert_eq!(some.outside, 0, "{name}");
        assert_eq!(differences(&report(&some), &report(&all)), [""; 0], "{name}");
    }
    assert_eq!(since(compose().as_bytes(), later).0.outside, 0);
}

#[test]
fn detect_shows_where_lines_stop_fitting_and_what_to_pass() {
    let place = Place::new();
    let other = COMBINED.replace("200 5", "200 five").replace("GET /a", "GET /a?token=hush");
    let half = format!("{}{}", format!("{COMBINED}\n").repeat(12), format!("{other}\n").repeat(8));
    let none = format!("{}{}", format!("{COMBINED}\n").repeat(4), format!("{other}\n").repeat(16));
    place.write("half.log", &half).write("none.log", &none).write("cri.log", wrapped(&none, WRAPPERS[1].1));
    let stop = "200 \u{ab} and not from \u{bb}five \"-\" \"a\"\u{ab}";
    let run = place.guru(&["formats", "detect", "half.log", "none.log", "cri.log"]).code(0);
    run.shows(&["nginx-combined (origin)", "not recognised: only 4 of 20 lines fit nginx-combined inside CRI", stop]);
    let run = place.guru(&["formats", "detect", "half.log", "none.log", "cri.log", "--output", "ndjson"]).code(0);
    assert!(!run.out.contains("hush"), "{}", run.out);
    let answers = run.objects();
    for answer in &answers {
        assert!(answer["stops"][0]["does_not"].as_str().is_some_and(|s| s.starts_with("five")), "{answer}");
    }
    let formats: Vec<&Value> = answers.iter().map(|a| &a["format"]).collect();
    assert_eq!(formats, [&Value::from("nginx-combined"), &Value::Null, &Value::Null]);
    place.guru(&["analyze", "cri.log", "--no-store"]).code(3).says(&["a line fits up to", "not from \u{bb}five"]);
    // A format that knows what to pass says so.
    let guess =
        format!("{W3C}\n[guess]\nlooks = '^\\d{{4}}-\\d\\d-\\d\\d '\nremedy = \"name the columns: --columns\"\n");
    place.write("grammars/own.toml", guess);
    place.write("bare.log", "2026-11-20 17:48:34 192.0.2.7 GET /a 200\n".repeat(9));
    let run = place.guru(&["formats", "detect", "--grammars", "grammars", "bare.log"]).code(3);
    run.shows(&["not recognised", "name the columns: --columns"]);
}

/// The recorded logs of every format, with what each is taken for.
fn recorded() -> Vec<(String, Vec<u8>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the logs are there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("a log");
        if let Some(n) = LIBRARY.detect(&bytes, &name).grammar {
            all.push((name, bytes, LIBRARY.grammars()[n].name.clone()));
        }
    }
    // What is not recorded is made of samples.
    for grammar in LIBRARY.grammars().iter().filter(|g| !g.framing.is_vsl()) {
        let lines =
            grammar.samples.iter().filter(|s| !s.rejected).map(|s| format!("{}\n", s.line.trim_start_matches('\n')));
        let bytes = lines.collect::<String>().into_bytes();
        if let Some(n) = LIBRARY.detect(&bytes, "x.log").grammar {
            all.push((format!("{}.samples", grammar.name), bytes, LIBRARY.grammars()[n].name.clone()));
        }
    }
    all
}

#[test]
fn recorded_logs_are_read_as_they_stand_and_inside_any_wrapping() {
    let wrong: Vec<String> =
        recorded().into_par_iter().enumerate().flat_map_iter(|(n, log)| misread(n, &log)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with what a log is taken for, as it stands and in two of the wrappings.
fn misread(n: usize, (name, bytes, format): &(String, Vec<u8>, String)) -> Vec<String> {
    let of = |bytes: &[u8]| {
        let mut folder = Folder::new();
        folder.add(name, None, bytes);
        let found = logs(&folder.files()[0], bytes, &LIBRARY, None).logs;
        found.iter().map(taken).map(|(f, w)| format!("{f} in {w:?}")).collect::<Vec<_>>().join(", ")
    };
    let (text, half) = (String::from_utf8_lossy(bytes), WRAPPERS.len() / 2);
    let mut tried = vec![("", of(bytes))];
    for (words, wrapper) in [WRAPPERS[n % half], WRAPPERS[half + n % half]] {
        tried.push((words, of(&wrapped(&text, wrapper))));
    }
    let wrong = tried.into_iter().filter(|(words, got)| *got != format!("{format} in {words:?}"));
    wrong.map(|(words, got)| format!("{name} in {words:?}: {got}")).collect()
}
