//! Input as it really is: missing, unreadable, unknown, damaged, hostile. Each has its message and its exit code, and
//! never costs what is good beside it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::logs::{Access, Clock, Fetch, MIDNIGHT, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog};
use crate::place::{Place, Report};

/// Forty good fetches and five refused ones, in a minute.
fn outage() -> Vec<Fetch> {
    let broken = trouble(MIDNIGHT + 20 * SECOND + 500_000, 5, SECOND, "/cart", Went::Refused);
    sorted([traffic(MIDNIGHT, 40, SECOND), broken])
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Bytes that are no text at all, the same in every run.
fn junk(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_missing_file_alone_is_nothing_readable() {
    let run = Place::new().analyze(&["gone.log"]).code(3);
    run.says(&["gone.log", "no such file", "there is nothing to analyse", "hint: "]);
}

#[test]
fn a_missing_file_beside_a_good_one_costs_the_exit_code_only() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage()));
    let report = place.report_with(&["gone.log", "varnish.log"], 4);
    assert_eq!(report.failed(), 5);
    place.analyze(&["gone.log", "varnish.log"]).code(4).says(&["gone.log", "no such file"]);
}

#[test]
#[cfg(unix)]
fn an_unreadable_file_is_named_with_the_reason() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage())).write("secret.log", varnishlog(&outage()));
    let secret = place.path("secret.log");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    if std::fs::read(&secret).is_ok() {
        return; // the superuser may read everything
    }
    let report = place.report_with(&["varnish.log", "secret.log"], 4);
    assert_eq!(report.failed(), 5);
    place.analyze(&["varnish.log", "secret.log"]).code(4).says(&["secret.log", "ermission denied"]);
    place.analyze(&["secret.log"]).code(3).says(&["secret.log", "ermission denied"]);
}

#[test]
fn an_unknown_format_alone_says_what_was_tried_and_how_to_name_it() {
    let place = Place::new();
    place.write("app.log", "INFO started\nWARN slow\nINFO stopped\n".repeat(30));
    let run = place.analyze(&["app.log"]).code(3);
    run.says(&["app.log", "not recognised", "--format", "guru formats list", "--log-format"]);
}

#[test]
fn an_unknown_format_beside_a_good_one_is_left_out_and_said() {
    let place = Place::new();
    place.write("app.log", "INFO started\nWARN slow\n".repeat(30)).write("varnish.log", varnishlog(&outage()));
    let run = place.analyze(&["app.log", "varnish.log", "--output", "json"]).code(4);
    assert_eq!(Report::of(&run).failed(), 5);
    run.says(&["app.log", "not recognised"]);
}

#[test]
fn a_foreign_file_of_a_folder_is_no_fault_of_the_users() {
    let place = Place::new();
    place.write("logs/app.log", "INFO started\nWARN slow\n".repeat(30)).write("logs/v.log", varnishlog(&outage()));
    let report = place.report(&["logs"]);
    assert_eq!(report.failed(), 5);
}

#[test]
fn an_empty_file_is_no_error() {
    let place = Place::new();
    place.write("empty.log", "").write("varnish.log", varnishlog(&outage()));
    assert_eq!(place.report(&["empty.log", "varnish.log"]).failed(), 5);
    assert_eq!(place.report(&["empty.log"]).failed(), 0);
    place.analyze(&["empty.log", "varnish.log"]).code(0).says(&["empty.log  empty"]);
}

#[test]
fn a_folder_without_logs_says_so() {
    let place = Place::new();
    std::fs::create_dir(place.path("logs")).expect("a folder can be made");
    place.analyze(&["logs"]).code(3).says(&["logs", "is a folder without logs"]);
}

#[test]
fn binary_junk_is_not_taken_for_a_log() {
    let place = Place::new();
    place.write("core.bin", junk(200_000)).write("varnish.log", varnishlog(&outage()));
    place.analyze(&["core.bin"]).code(3).says(&["core.bin", "not recognised"]);
    assert_eq!(place.report_with(&["core.bin", "varnish.log"], 4).failed(), 5);
}

#[test]
fn binary_junk_inside_a_log_is_counted() {
    let place = Place::new();
    let log = varnishlog(&outage());
    let cut = log.find("*   << Request  >> ").expect("it has requests");
    let middle = log[cut + 1..].find("*   << Request  >> ").expect("it has two") + cut + 1;
    let mut spoiled = log.as_bytes()[..middle].to_vec();
    let noise = junk(3_000);
    spoiled.extend(&noise);
    spoiled.push(b'\n');
    spoiled.extend(&log.as_bytes()[middle..]);
    place.write("varnish.log", spoiled);
    let report = place.report(&["varnish.log"]);
    assert_eq!(report.failed(), 5);
    let bad = noise.iter().filter(|b| **b == b'\n').count() as u64 + 1;
    assert!((1..=bad).contains(&report.not_understood("varnish.log")), "{}", report.0["sources"]);
}

#[test]
fn a_truncated_archive_gives_its_good_lines_and_names_the_damage() {
    let place = Place::new();
    let text = varnishlog(&sorted([outage(), traffic(MIDNIGHT + 60 * SECOND, 2_000, 10_000)]));
    let packed = gzip(text.as_bytes());
    place.write("cut.log.gz", &packed[..packed.len() * 9 / 10]);
    let packed = zstd::encode_all(text.as_bytes(), 3).expect("memory takes it");
    place.write("cut.log.zst", &packed[..packed.len() * 9 / 10]).write("stub.log.zst", &packed[..9]);
    for (file, kind) in [("cut.log.gz", "gzip"), ("cut.log.zst", "zstd")] {
        let run = place.analyze(&[file, "--output", "json", "--no-store"]).code(4);
        let report = Report::of(&run);
        assert_eq!(report.failed(), 5, "the failures stand before the damage");
        let trouble = report.source(file)["trouble"].to_string();
        assert!(trouble.contains(kind) && trouble.contains("cut off"), "{file}: {trouble}");
        run.says(&[file, "cut off", "lines before that were kept"]);
    }
    place
        .analyze(&["stub.log.zst"])
        .code(3)
        .says(&["stub.log.zst", "the zstd archive is cut off before its first line"]);
}

#[test]
fn a_flipped_bit_in_an_archive_keeps_what_stands_before_it() {
    let place = Place::new();
    let text = varnishlog(&sorted([outage(), traffic(MIDNIGHT + 60 * SECOND, 2_000, 10_000)]));
    let mut packed = gzip(text.as_bytes());
    let at = packed.len() * 3 / 4;
    packed[at..at + 40].fill(0xFF);
    place.write("bad.log.gz", packed);
    let report = place.report_with(&["bad.log.gz"], 4);
    assert_eq!(report.failed(), 5, "the failures stand before the damage");
    assert!(report.warnings().contains("bad.log.gz"), "{}", report.warnings());
}

#[test]
fn compression_is_known_by_content_not_by_name() {
    let place = Place::new();
    let text = varnishlog(&outage());
    place.write("plain.gz", &text).write("packed.log", gzip(text.as_bytes()));
    place.write("other.gz", zstd::encode_all(text.as_bytes(), 3).expect("memory takes it"));
    for file in ["plain.gz", "packed.log", "other.gz"] {
        assert_eq!(place.report(&[file, "--no-store"]).failed(), 5, "{file}");
    }
}

#[test]
fn invalid_utf8_is_read_and_shown_harmlessly() {
    let place = Place::new();
    let mut log = varnishlog(&outage()).into_bytes();
    let at = log.windows(5).position(|w| w == b"/cart").expect("a cart is in it");
    let fetches = log.windows(5).filter(|w| *w == b"/cart").count();
    assert!(fetches >= 10);
    log[at + 1] = 0xFF;
    place.write("varnish.log", log);
    let run = place.analyze(&["varnish.log", "--fetches", "-"]).code(0);
    assert_eq!(run.objects().len(), 5);
    place.analyze(&["varnish.log", "--full"]).code(0);
}

#[test]
fn control_bytes_never_reach_the_screen() {
    let place = Place::new();
    let hostile = "/a\u{1b}[2J\u{1b}]0;gone\u{7}\u{8}\u{9b}31m/x";
    let fetches: Vec<Fetch> =
        (0..5).map(|n| Fetch::at(MIDNIGHT + n * SECOND, &format!("{hostile}{n}")).went(Went::Refused)).collect();
    let mut log = varnishlog(&fetches);
    log.push_str("\u{1b}[31mno log line\u{7}\n");
    place.write("varnish.log", log).write("evil\u{1b}[31m.log", varnishlog(&fetches));
    let raw = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{9b}');
    let all = ["varnish.log", "evil\u{1b}[31m.log"];
    for output in ["table", "json", "ndjson"] {
        for file in all {
            let run = place.analyze(&[file, "--full", "-v", "--output", output]).code(0);
            assert!(!raw(&run.out), "{output}: {:?}", run.out);
            assert!(!raw(&run.err), "{output}: {:?}", run.err);
        }
    }
    let runs = [
        place.analyze(&["varnish.log", "--fetches", "-"]),
        place.ask(&["show", "--full"]),
        place.ask(&["incidents"]),
        place.guru(&["formats", "detect", "evil\u{1b}[31m.log", "gone\u{1b}[31m"]),
        place.analyze(&["gone\u{1b}[31m"]),
        place.guru(&["explain", "\u{1b}[31mno such thing"]),
    ];
    for run in &runs {
        assert!(!raw(&run.out) && !raw(&run.err), "{run:?}");
    }
}

#[test]
fn a_line_of_ten_megabytes_is_counted_and_told_shortly() {
    let place = Place::new();
    let log = varnishlog(&outage());
    let long = "x".repeat(10 << 20);
    let at = log.find("-   VCL_call").expect("it has calls");
    let cookie = format!("-   ReqHeader      Cookie: {long}\n");
    place.write("varnish.log", format!("{}{cookie}{}", &log[..at], &log[at..]));
    let fetch = Fetch::at(MIDNIGHT, &format!("/{long}")).went(Went::Status(502));
    let access =
        access_log(&sorted([traffic(MIDNIGHT - 60 * SECOND, 20, SECOND), vec![fetch]]), Access::Rich, Clock::default());
    place.write("access.log", access);
    let report = place.report(&["varnish.log"]);
    assert_eq!(report.failed(), 5);
    assert_eq!(report.source("varnish.log")["lines"]["read"].as_u64(), Some(log.lines().count() as u64 + 1));
    let report = place.report(&["access.log"]);
    assert_eq!(report.not_understood("access.log"), 1);
    assert_eq!(report.0["totals"]["requests"].as_u64(), Some(20));
    for output in [&["--output", "json"][..], &["--full"]] {
        let run = place.analyze(&[&["access.log"], output].concat()).code(0);
        assert!(run.out.contains("/xxxx") && run.out.len() < 20_000, "{output:?}: {} bytes", run.out.len());
    }
}

#[test]
fn a_line_cut_in_the_middle_is_counted_and_sampled() {
    let place = Place::new();
    let fetches =
        sorted([traffic(MIDNIGHT, 30, SECOND), trouble(MIDNIGHT + 100, 4, SECOND, "/cart", Went::Status(502))]);
    let log = access_log(&fetches, Access::Rich, Clock::default());
    let short: Vec<&str> = log.lines().enumerate().map(|(n, l)| if n == 7 { &l[..60] } else { l }).collect();
    place.write("access.log", short.join("\n") + "\n" + &log[..40]);
    let report = place.report(&["access.log"]);
    assert_eq!(report.not_understood("access.log"), 2);
    let trouble = report.source("access.log")["trouble"].to_string();
    assert!(trouble.contains("line 8 not understood"), "{trouble}");
    assert_eq!(report.failed(), 4);
}

#[test]
fn a_log_that_ends_in_the_middle_of_a_transaction_invents_no_failure() {
    let place = Place::new();
    let log = varnishlog(&outage());
    let last = log.rfind("--  Fetch_Body").expect("the last fetch is a good one");
    place.write("varnish.log", &log[..last + 9]);
    let report = place.report(&["varnish.log"]);
    assert_eq!(report.failed(), 5);
}

#[test]
fn timestamps_going_backwards_change_nothing() {
    let place = Place::new();
    let fetches = outage();
    let mut backwards = fetches.clone();
    backwards.reverse();
    place.write("varnish.log", varnishlog(&backwards));
    place.write("access.log", access_log(&fetches, Access::Rich, Clock::default()));
    let report = place.report(&["varnish.log", "access.log"]);
    assert_eq!(report.failed(), 5);
    assert_eq!(report.incident()["opened_at"], "2026-11-20T00:00:20.500000Z");
}

#[test]
fn windows_line_ends_are_read() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage()).replace('\n', "\r\n"));
    let access = access_log(&outage(), Access::Rich, Clock::default());
    place.write("access.log", access.replace('\n', "\r\n"));
    let report = place.report(&["varnish.log", "access.log"]);
    assert_eq!(report.failed(), 5);
    assert_eq!(report.not_understood("varnish.log") + report.not_understood("access.log"), 0);
    assert_eq!(report.counts("by_cause"), crate::place::words(&[("connection.refused", 5)]));
}

#[test]
fn a_folder_a_glob_and_a_pipe_give_the_same() {
    let place = Place::new();
    let log = varnishlog(&outage());
    let half = log.len() / 2 + log[log.len() / 2..].find("*   << Request").expect("a request follows");
    place.write("logs/varnish.log.1.gz", gzip(&log.as_bytes()[..half])).write("logs/varnish.log", &log[half..]);
    for path in ["logs", "logs/*", "logs/varnish.log*"] {
        let report = place.report(&[path, "--no-store"]);
        assert_eq!((report.failed(), report.incidents().len()), (5, 1), "{path}");
    }
    for input in [log.clone().into_bytes(), gzip(log.as_bytes())] {
        let run = place.piped(&["analyze", "-", "--no-store", "--output", "json"], &input).code(0);
        let report = Report::of(&run);
        assert_eq!((report.failed(), report.incidents().len()), (5, 1));
        assert_eq!(report.source("-")["format"], "varnishlog");
        let quoted = place.piped(&["analyze", "-", "--no-store", "--fetches", "-"], &input).code(0).objects();
        assert_eq!(quoted[0]["evidence"][0]["file"], "-");
    }
    place.analyze(&["logs/*.txt"]).code(3).says(&["logs/*.txt", "matches no file"]);
}

#[test]
fn the_same_file_twice_counts_once() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage()));
    let twice = place.report(&["varnish.log", "./varnish.log", "*.log", "--no-store"]);
    assert_eq!(twice.failed(), 5);
    assert_eq!(twice.0["sources"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&outage()));
    let wrong: [(&[&str], &str); 9] = [
        (&["analyze", "--nonsense"], "--nonsense"),
        (&["analyse", "x"], "analyze"),
        (&["analyze", "varnish.log", "--since", "soonish"], "soonish"),
        (&["analyze", "varnish.log", "--gap", "5 parsecs"], "5 parsecs"),
        (&["analyze", "varnish.log", "--format", "apache-nonsense"], "apache-nonsense"),
        (&["analyze", "varnish.log", "--log-format", "$a${b"], "never closed"),
        (&["analyze", "varnish.log", "--log-tz", "Mars/Olympus"], "Mars/Olympus"),
        (&["analyze", "varnish.log", "--offset", "web1"], "NODE=SECONDS"),
        (&["analyze", "varnish.log", "--output", "xml"], "xml"),
    ];
    for (args, word) in wrong {
        let run = place.guru(args).code(2).says(&[word]);
        assert_eq!(run.out, "", "nothing is printed as data");
    }
}
