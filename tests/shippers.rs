//! Log shippers: whatever they put around the lines of a log, the same failed fetches are found, at the right lines.

mod support;

use std::collections::BTreeMap;
use std::io::Write;

use guru::model::Tier;
use guru::pipeline::{Analysis, Logs, logs};
use guru::source::Found;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::sample::select;
use serde_json::Value;

use support::{Ask, Folder, LIBRARY, data, differences, failed_fetches, report};

/// Wraps one line, the n-th.
type Wrapper = fn(&str, usize) -> String;

const STAMP: &str = "2026-11-20T17:58:24.123456789Z";

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

/// Name, what detection says of it, and how it writes a line.
const WRAPPERS: &[(&str, &str, Wrapper)] = &[
    ("syslog file", "syslog", |l, n| format!("Nov 20 17:58:24 host app[{}]: {l}", n % 7)),
    ("syslog trimmed", "syslog", |l, _| format!("Nov  3 17:58:24 host app: {l}").trim_end().to_string()),
    ("syslog wire", "syslog", |l, _| format!("<190>Nov 20 17:58:24 host app: {l}")),
    ("syslog nohostname", "syslog", |l, _| format!("<190>Nov 20 17:58:24 app: {l}")),
    ("rsyslog", "syslog", |l, _| format!("2026-11-20T17:58:24.123456+00:00 host app[1]: {}", l.replace('\t', "#011"))),
    ("rfc 5424", "syslog (RFC 5424)", |l, _| format!("<134>1 2026-11-20T17:58:24.1Z host app 7 - - {l}")),
    ("rfc 5424 with data", "syslog (RFC 5424)", |l, n| {
        format!("<134>1 2026-11-20T17:58:24.1+01:00 host app {n} id [a@1 b=\"]\"][c] \u{feff}{l}")
            .replace("\"]\"", "\"\\]\"")
    }),
    ("fastly", "syslog", |l, _| format!("<134>2026-03-14T09:26:01Z cache-ams21063-AMS access[411093]: {l}")),
    ("journald short-iso", "syslog", |l, _| format!("2026-11-20T17:49:06+0000 host app[123]: {l}")),
    ("journald short-precise", "syslog", |l, _| format!("Nov 20 17:49:06.123456 host app[123]: {l}")),
    ("journald short-unix", "syslog", |l, _| format!("1795196914.073123 host app[123]: {l}")),
    ("journald json", "journald JSON", |l, n| {
        let message = if n % 5 == 0 { format!("{:?}", l.as_bytes()) } else { json(l) };
        format!(r#"{{"__CURSOR":"s=1;i={n}","_HOSTNAME":"host","SYSLOG_IDENTIFIER":"app","MESSAGE":{message}}}"#)
    }),
    ("docker", "docker json-file", |l, _| {
        format!(r#"{{"log":{},"stream":"stdout","time":"{STAMP}"}}"#, json(&format!("{l}\n")))
    }),
    ("fluent bit", "JSON of a log shipper", |l, _| {
        let who = r#"{"pod_name":"p-1","container_name":"c","labels":{"a":"b"}}"#;
        format!(r#"{{"@timestamp":"{STAMP}","kubernetes":{who},"log":{}}}"#, json(l))
    }),
    ("filebeat", "JSON of a log shipper", |l, _| format!(r#"{{"host":{{"name":"h"}},"message":{}}}"#, json(l))),
    ("cri", "CRI", |l, _| format!("{STAMP} stdout F {l}")),
    ("kubectl", "kubectl logs --prefix", |l, _| format!("[pod/web-7d4/app] {l}")),
    ("kubectl with stamps", "lines with a stamp before them inside kubectl logs --prefix", |l, _| {
        format!("[pod/web-7d4/app] {STAMP} {l}")
    }),
    ("stamps", "lines with a stamp before them", |l, _| format!("{STAMP} {l}")),
    ("compose", "docker compose logs", |l, _| format!("varnish-1  | {l}")),
    ("compose in colour", "docker compose logs", |l, _| format!("\u{1b}[36mvarnish-1  | \u{1b}[0m{l}")),
    ("compose with stamps", "lines with a stamp before them inside docker compose logs", |l, _| {
        format!("varnish-1  | {STAMP} {l}")
    }),
    ("kubectl of cri of docker", "docker json-file inside CRI inside kubectl logs --prefix", |l, _| {
        let inner = format!(r#"{{"log":{},"stream":"stdout","time":"{STAMP}"}}"#, json(&format!("{l}\n")));
        format!("[pod/web-7d4/app] {STAMP} stdout F {inner}")
    }),
];

fn wrapped(log: &[u8], wrapper: Wrapper) -> Vec<u8> {
    let text = String::from_utf8(log.to_vec()).expect("test data is UTF-8");
    text.lines().enumerate().flat_map(|(n, line)| (wrapper(line, n) + "\n").into_bytes()).collect()
}

/// An error log whose messages span several lines.
fn error_log() -> Vec<u8> {
    let more = b"2026/11/20 18:09:35 [error] 16903#16903: *8 FastCGI sent in stderr: \"PHP message: Uncaught Error\n\
        Stack trace:\n#0 /srv/shop/index.php(12):\tmain()\n\n  thrown in /srv/shop/index.php\" while reading response \
        header from upstream, client: 127.0.0.1, server: www.shop.example, request: \"GET /a HTTP/1.1\", upstream: \
        \"fastcgi://unix:/run/php.sock:\", host: \"www.shop.example\"\n";
    [data("groupings/nginx-error.log"), more.repeat(3)].concat()
}

/// A path of one cache and one origin: cache, access log, error log.
fn path(grouping: &str) -> [Vec<u8>; 3] {
    [data(&format!("groupings/varnish-{grouping}.log")), data("groupings/nginx-access-combined.log"), error_log()]
}

fn folder(logs: &[Vec<u8>; 3], name: fn(usize) -> String, wrap: impl Fn(&[u8]) -> Vec<u8>) -> Folder {
    let mut folder = Folder::new();
    for (n, log) in logs.iter().enumerate() {
        folder.add(&name(n), None, &wrap(log));
    }
    folder
}

fn plain_name(n: usize) -> String {
    ["varnish.log", "nginx-access.log", "nginx-error.log"][n].to_string()
}

/// What was found, without the folder that it was found in.
fn found(analysis: &Analysis) -> BTreeMap<String, Value> {
    let mut found = failed_fetches(analysis);
    found.values_mut().for_each(forget_folder);
    found
}

fn forget_folder(value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(key, value)| match value.as_str() {
            Some(path) if key == "file" => *value = path.rsplit('/').next().unwrap_or_default().into(),
            _ => forget_folder(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(forget_folder),
        _ => {}
    }
}

fn totals(analysis: &Analysis) -> Value {
    report(analysis)["totals"].clone()
}

#[test]
fn every_wrapper_around_every_log_gives_the_same_failed_fetches_at_the_same_lines() {
    for grouping in ["raw", "request"] {
        let logs = path(grouping);
        let plain = folder(&logs, plain_name, <[u8]>::to_vec).run();
        let expected = found(&plain);
        assert!(expected.values().any(|f| f["origin"].is_object()), "the recording has links");
        let some = if grouping == "raw" { 4 } else { 1 };
        for (name, words, wrapper) in WRAPPERS.iter().step_by(some) {
            let run = folder(&logs, plain_name, |log| wrapped(log, *wrapper)).run();
            let got = found(&run);
            for (id, one) in &expected {
                assert_eq!(differences(one, got.get(id).unwrap_or(&Value::Null)), [""; 0], "{name}, {grouping}, {id}");
            }
            assert_eq!(got.len(), expected.len(), "{name}, {grouping}");
            assert_eq!(differences(&totals(&plain), &totals(&run)), [""; 0], "{name}, {grouping}");
            let whys: Vec<&String> = run.report.sources.iter().map(|s| &s.why).collect();
            assert!(whys.iter().all(|w| w.ends_with(&format!(" inside {words}"))), "{name}: {whys:?}");
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn inside(bytes: &[u8]) -> Logs {
    let mut folder = Folder::new();
    folder.add("x.log", None, bytes);
    let head = guru::source::head(&folder.files()[0], 256 << 10).unwrap();
    logs(&folder.files()[0], &head.bytes, &LIBRARY, None)
}

fn formats(logs: &Logs) -> Vec<(&str, &str)> {
    let name = |l: &guru::pipeline::Log| l.grammar.as_ref().map_or("", |g| g.name.as_str()).to_string();
    logs.logs.iter().map(|l| (LIBRARY.get(&name(l)).map_or("", |g| g.name.as_str()), l.sender.as_str())).collect()
}

#[test]
fn logs_are_recognised_renamed_packed_and_from_the_middle_of_a_record_on() {
    let head = |log: Vec<u8>| {
        log[..log.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(60).map_or(log.len(), |(at, _)| at + 1)].to_vec()
    };
    let cases = [
        ("varnishlog", data("groupings/varnish-raw.log")),
        ("varnishlog", data("groupings/varnish-request.log")),
        ("nginx-combined", data("groupings/nginx-access-combined.log")),
        ("nginx-rich", data("groupings/nginx-access.log")),
        ("nginx-error", error_log()),
    ];
    for (format, log) in &cases {
        for (name, _, wrapper) in WRAPPERS {
            let bytes = wrapped(&head(log.clone()), *wrapper);
            for bytes in [bytes.clone(), gzip(&bytes[25..]), bytes[700..].to_vec()] {
                let logs = inside(&bytes);
                assert_eq!(formats(&logs), [(*format, "")], "{name}: {}", logs.logs[0].detection.why);
            }
        }
    }
}

#[test]
fn a_log_that_begins_and_ends_within_a_record_counts_all_its_lines() {
    for (name, _, wrapper) in WRAPPERS {
        let bytes = wrapped(&data("groupings/nginx-access-combined.log"), *wrapper);
        let cut = &bytes[25..bytes.len() - 30];
        let mut folder = Folder::new();
        folder.add("x.log", None, cut);
        let lines = folder.run().report.totals.lines;
        assert_eq!(lines.read as usize, cut.split(|b| *b == b'\n').count(), "{name}");
        assert!(lines.add_up() && lines.not_understood <= 2, "{name}: {lines:?}");
    }
}

/// Parts of lines as containerd and docker divide them, and messages of several lines in one line.
const DIVIDERS: &[(&str, Wrapper)] = &[
    ("cri", |l, n| {
        let at = (0..=l.len() / 2).rev().find(|at| l.is_char_boundary(*at)).unwrap_or_default();
        if n % 3 == 0 {
            format!("{STAMP} stdout P {}\n{STAMP} stdout F {}", &l[..at], &l[at..])
        } else {
            format!("{STAMP} stdout F {l}")
        }
    }),
    ("docker", |l, n| {
        let record = |text: &str| format!(r#"{{"log":{},"stream":"stdout","time":"{STAMP}"}}"#, json(text));
        let at = (0..=l.len() / 3).rev().find(|at| l.is_char_boundary(*at)).unwrap_or_default();
        if n % 4 == 0 {
            format!("{}\n{}", record(&l[..at]), record(&format!("{}\n", &l[at..])))
        } else {
            record(&format!("{l}\n"))
        }
    }),
];

#[test]
fn divided_lines_are_joined_and_found_where_they_begin() {
    let logs = path("request");
    let plain = folder(&logs, plain_name, <[u8]>::to_vec).run();
    for (name, divider) in DIVIDERS {
        let run = folder(&logs, plain_name, |log| wrapped(log, *divider)).run();
        let (expected, got) = (found(&plain), found(&run));
        assert!(expected.keys().eq(got.keys()), "{name}");
        for (id, one) in &expected {
            let lines = |f: &Value| (f["origin"]["line"].as_u64(), f["evidence"][0]["line"].as_u64());
            let moved = |line: Option<u64>| line.map(|l| l + (l - 1).div_ceil(if *name == "cri" { 3 } else { 4 }));
            let (origin, own) = lines(one);
            assert_eq!(lines(&got[id]), (moved(origin), moved(own)), "{name}: {id}");
            assert_eq!(one["cause"], got[id]["cause"]);
            assert_eq!(one["verdict"], got[id]["verdict"]);
        }
        let lines = run.report.totals.lines;
        let whole: usize = logs.iter().map(|log| wrapped(log, *divider).iter().filter(|b| **b == b'\n').count()).sum();
        assert!(lines.add_up() && lines.read as usize == whole, "{name}: {lines:?}");
        assert_eq!(lines.not_understood, plain.report.totals.lines.not_understood, "{name}");
    }
}

#[test]
fn a_message_of_several_lines_in_one_line_of_syslog_is_one_record() {
    let mut folded = String::new();
    for line in String::from_utf8(error_log()).unwrap().lines() {
        let starts = line.starts_with("2026/");
        folded += &match (starts, folded.is_empty()) {
            (true, true) => line.to_string(),
            (true, false) => format!("\n{line}"),
            (false, _) => format!("#012{}", line.replace('\t', "#011")),
        };
    }
    let syslog = wrapped(folded.as_bytes(), |l, _| format!("<187>Nov 20 17:58:24 host nginx: {l}"));
    let logs = path("raw");
    let plain = folder(&logs, plain_name, <[u8]>::to_vec).run();
    let run = folder(&[logs[0].clone(), logs[1].clone(), syslog.clone()], plain_name, <[u8]>::to_vec).run();
    let causes = |a: &Analysis| found(a).into_iter().map(|(id, f)| (id, f["cause"].clone())).collect::<Vec<_>>();
    assert_eq!(causes(&plain), causes(&run));
    let source = run.report.sources.iter().find(|s| s.format == "nginx-error").expect("the error log is known");
    assert_eq!(source.lines.read as usize, syslog.iter().filter(|b| **b == b'\n').count());
    assert!(source.lines.add_up() && source.lines.not_understood == 0, "{:?}", source.lines);
}

/// Lines of several logs, taken in turns as their lengths allow.
fn interleaved(parts: &[(&[u8], Wrapper)]) -> Vec<u8> {
    let texts: Vec<Vec<String>> = parts
        .iter()
        .map(|(log, wrapper)| {
            let text = wrapped(log, *wrapper);
            String::from_utf8(text).unwrap().lines().map(str::to_string).collect()
        })
        .collect();
    let mut all: Vec<(f64, usize, &String)> = texts
        .iter()
        .enumerate()
        .flat_map(|(n, lines)| lines.iter().enumerate().map(move |(i, l)| (i as f64 / lines.len() as f64, n, l)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.iter().flat_map(|(_, _, l)| format!("{l}\n").into_bytes()).collect()
}

/// Everything but the places: lines of other logs stand between.
fn without_lines(analysis: &Analysis) -> BTreeMap<String, Value> {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for key in ["line", "file", "node"] {
                    members.remove(key);
                }
                members.values_mut().for_each(forget);
            }
            Value::Array(items) => items.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let mut found = failed_fetches(analysis);
    found.values_mut().for_each(forget);
    found
}

fn compose() -> Vec<u8> {
    let [cache, access, error] = path("request");
    let noise = b"ready to accept connections\n".repeat(40);
    interleaved(&[
        (&cache, |l, _| format!("varnish-1  | {l}")),
        (&access, |l, _| format!("nginx-1    | {l}")),
        (&error, |l, _| format!("nginx-err-1 | {l}")),
        (&noise, |l, n| format!("redis-1    | 1:M 20 Nov 2026 17:58:24.{n:03} * {l}")),
    ])
}

#[test]
fn several_logs_in_one_file_are_told_apart() {
    let file = compose();
    let plain = folder(&path("request"), plain_name, <[u8]>::to_vec).run();
    let mut folder = Folder::new();
    folder.add("compose.log", None, &file);
    let run = folder.run();
    assert_eq!(without_lines(&plain).len(), without_lines(&run).len());
    for (id, one) in without_lines(&plain) {
        assert_eq!(differences(&one, &without_lines(&run)[&id]), [""; 0], "{id}");
    }
    let sources: BTreeMap<&str, &str> =
        run.report.sources.iter().map(|s| (s.node.as_str(), s.format.as_str())).collect();
    let expected = [("varnish-1", "varnishlog"), ("nginx-1", "nginx-combined"), ("nginx-err-1", "nginx-error")];
    assert_eq!(sources, BTreeMap::from(expected));
    let lines = run.report.totals.lines;
    assert!(lines.add_up() && lines.read as usize == file.iter().filter(|b| **b == b'\n').count(), "{lines:?}");
    assert_eq!(lines.not_understood, plain.report.totals.lines.not_understood);
    let passed = |w: &&String| w.contains("compose.log: 40 of") && w.contains("(redis-1)");
    assert!(run.report.warnings.iter().any(|w| passed(&w)), "{:?}", run.report.warnings);
    // Line numbers are those of the file.
    let text = String::from_utf8(file).unwrap();
    for f in found(&run).values() {
        let origin = &f["origin"];
        if let Some(line) = origin["line"].as_u64() {
            let line = text.lines().nth(line as usize - 1).unwrap();
            assert!(line.starts_with("nginx-1 ") && line.contains(&format!(" {} ", origin["status"])), "{line}");
        }
        for quote in f["evidence"].as_array().unwrap().iter().filter(|_| f["tier"] == "cache") {
            let line = text.lines().nth(quote["line"].as_u64().unwrap() as usize - 1).unwrap();
            let tag = quote["text"].as_str().unwrap().split(' ').next().unwrap();
            assert!(line.starts_with("varnish-1 ") && line.contains(tag), "{line}: {quote}");
        }
    }
}

#[test]
fn a_container_of_nginx_has_an_access_log_and_an_error_log_that_begins_late() {
    let [_, access, error] = path("raw");
    // Long enough that the head holds no line of stderr.
    let quiet: Vec<u8> = access.repeat(600);
    let docker = |stream: &str, log: &[u8]| {
        let text = String::from_utf8(log.to_vec()).unwrap();
        let line =
            |l: &str| format!("{{\"log\":{},\"stream\":\"{stream}\",\"time\":\"{STAMP}\"}}\n", json(&format!("{l}\n")));
        text.lines().map(line).collect::<String>().into_bytes()
    };
    let file = [docker("stdout", &quiet), docker("stderr", &error)].concat();
    assert!(quiet.len() > 256 << 10, "{}", quiet.len());
    assert_eq!(formats(&inside(&file)), [("nginx-combined", "stdout"), ("nginx-error", "stderr")]);
    let mut folder = Folder::new();
    folder.add("x.log", None, &file);
    let run = folder.run();
    let nodes: Vec<&str> = run.report.sources.iter().map(|s| s.node.as_str()).collect();
    assert_eq!(nodes, ["x", "x"], "both are logs of one server");
    let lines = run.report.totals.lines;
    assert!(lines.add_up() && lines.read as usize == file.iter().filter(|b| **b == b'\n').count(), "{lines:?}");
}

/// Requests and errors of one nginx in one stream; the errors are together, at the end of a long head.
fn run_together(times: usize, wrapper: Wrapper) -> Vec<u8> {
    let [_, access, error] = path("raw");
    let line = access.iter().position(|b| *b == b'\n').unwrap() + 1;
    let both = [&access.repeat(times)[..], &error, &access[..line], &error, &access].concat();
    wrapped(&both, wrapper)
}

#[test]
fn an_access_log_and_an_error_log_that_run_together_are_told_apart() {
    let [_, access, error] = path("raw");
    let lines = |log: &[u8]| log.iter().filter(|b| **b == b'\n').count() as u64;
    let shippers: [(&str, usize, Wrapper); 4] = [
        ("none", 1, |l, _| l.to_string()),
        ("compose", 600, |l, _| format!("nginx-1  | {l}")),
        ("syslog", 600, |l, _| format!("Nov 20 17:58:24 host nginx: {l}")),
        ("kubectl with stamps", 600, |l, _| format!("[pod/web-7d4/app] {STAMP} {l}")),
    ];
    for (name, times, wrapper) in shippers {
        let mut folder = Folder::new();
        folder.add("x.log", None, &run_together(times, wrapper));
        let run = folder.run();
        let counts = |format: &str| {
            let source = run.report.sources.iter().find(|s| s.format == format);
            source.map(|s| (s.lines.read, s.lines.not_understood, s.node.as_str()))
        };
        assert_eq!(counts("nginx-combined"), Some((lines(&access) * (times as u64 + 1) + 1, 0, "x")), "{name}");
        assert_eq!(counts("nginx-error"), Some((lines(&error) * 2, 0, "x")), "{name}");
    }
}

#[test]
fn a_known_log_that_looks_wrapped_is_read_as_it_stands() {
    // A format of one's own that begins with a stamp and a host, and holds what would be a line of another format.
    let mut library = LIBRARY.clone();
    library.add_log_format("own", "$time_iso8601 $http_x_pod $remote_addr [$time_local] \"$request\" $status").unwrap();
    let line = "2026-11-20T17:58:24+00:00 pod1 10.0.0.1 [20/Nov/2026:17:58:24 +0000] \"GET / HTTP/1.1\" 200\n";
    let mut folder = Folder::new();
    folder.add("x.log", None, line.repeat(20).as_bytes());
    let found: &Found = &folder.files()[0];
    let logs = logs(found, line.repeat(20).as_bytes(), &library, None);
    assert_eq!(logs.logs.len(), 1);
    assert_eq!(logs.logs[0].grammar.as_ref().map(|g| g.name.as_str()), Some("own"));
    assert!(logs.logs[0].reach.is_none());
}

#[test]
fn a_format_that_the_user_names_is_looked_for_inside() {
    let log = data("groupings/nginx-access.log");
    let bytes = wrapped(&log, |l, _| format!("{STAMP} stdout F {l}"));
    let mut plain = Folder::new();
    plain.add("x.log", Some(Tier::Origin), &log);
    let mut wrapped = Folder::new();
    wrapped.add("x.log", Some(Tier::Origin), &bytes);
    let ask = Ask { format: Some("nginx-rich".into()), ..Ask::default() };
    let (plain, wrapped) = (ask.run(plain.files()), ask.run(wrapped.files()));
    assert_eq!(differences(&totals(&plain), &totals(&wrapped)), [""; 0]);
    assert_eq!(found(&plain), found(&wrapped));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_of_any_size_give_what_one_chunk_gives(
        (_, divider) in select(DIVIDERS), grouping in select(&["raw", "request"][..]), chunk in 1usize..40_000
    ) {
        let folder = folder(&path(grouping), plain_name, |log| wrapped(log, divider));
        let (one, other) = (folder.run(), Ask { chunk, ..Ask::default() }.run(folder.files()));
        prop_assert_eq!(failed_fetches(&one), failed_fetches(&other));
        prop_assert_eq!(differences(&report(&one), &report(&other)), Vec::<String>::new());
    }

    #[test]
    fn several_logs_in_chunks_of_any_size_too(chunk in 1usize..40_000, together in any::<bool>()) {
        let file = if together { run_together(3, |l, _| format!("nginx-1  | {l}")) } else { compose() };
        let mut folder = Folder::new();
        folder.add("x.log", None, &file);
        let (one, other) = (folder.run(), Ask { chunk, ..Ask::default() }.run(folder.files()));
        prop_assert_eq!(failed_fetches(&one), failed_fetches(&other));
        prop_assert_eq!(differences(&report(&one), &report(&other)), Vec::<String>::new());
    }
}
