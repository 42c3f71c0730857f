//! The other commands: what the history says and takes, what a message means, which formats are known, and help.

use std::process::Stdio;

use crate::logs::{
    Access, Clock, Fetch, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use crate::place::Place;

fn hour() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 360, 10 * SECOND),
        trouble(MIDNIGHT + 10 * MINUTE, 8, SECOND, "/early", Went::Refused),
        trouble(MIDNIGHT + 40 * MINUTE, 9, SECOND, "/late", Went::Late(300_000)),
    ])
}

/// A history of two incidents: 1 refused, 2 slow.
fn history() -> Place {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&hour()));
    place.write("access.log", access_log(&hour(), Access::Rich, Clock::default()));
    place.analyze(&["varnish.log", "access.log"]).code(0);
    place
}

#[test]
fn help_of_every_command() {
    let place = Place::new();
    let commands: [&[&str]; 28] = [
        &[],
        &["analyze"],
        &["tail"],
        &["events"],
        &["incidents"],
        &["show"],
        &["resolve"],
        &["note"],
        &["merge"],
        &["split"],
        &["rename"],
        &["change"],
        &["change", "add"],
        &["change", "list"],
        &["change", "import"],
        &["ask"],
        &["report"],
        &["ticket"],
        &["lookup"],
        &["explain"],
        &["formats"],
        &["formats", "list"],
        &["formats", "detect"],
        &["config"],
        &["config", "show"],
        &["alert"],
        &["alert", "test"],
        &["-h"],
    ];
    let mut told = String::new();
    for command in commands {
        let args = if command == ["-h"] { vec!["-h"] } else { [command, &["--help"]].concat() };
        let run = place.guru(&args).code(0);
        told += &format!("$ guru {}\n{}\n", args.join(" "), run.out);
    }
    insta::assert_snapshot!(told);
    let none = place.guru(&[]).code(2);
    assert!(none.err.contains("Usage: guru"), "{}", none.err);
    place.guru(&["--version"]).code(0).shows(&[env!("CARGO_PKG_VERSION")]);
}

#[test]
fn formats_are_listed_and_detected() {
    let place = history();
    place.guru(&["formats", "list"]).code(0).shows(&["varnishlog", "nginx-combined", "nginx-rich", "nginx-error"]);
    place.write("junk.log", "nothing\nof\nours\n");
    place.guru(&["formats", "detect", "varnish.log"]).code(0).shows(&["varnish.log", "varnishlog (cache)", "% sure"]);
    let run = place.guru(&["formats", "detect", "access.log", "junk.log", "--output", "json"]).code(0);
    let answers: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&answers[0]["format"], &answers[0]["family"]), (&"nginx-rich".into(), &"nginx-access".into()));
    assert!(answers[1]["format"].is_null() && answers[1]["why"].is_string(), "{answers}");
    let lines = place.guru(&["formats", "detect", "access.log", "varnish.log", "--output", "ndjson"]).code(0).objects();
    assert_eq!(lines.len(), 2);
    place.guru(&["formats", "detect", "junk.log"]).code(3).shows(&["not recognised"]);
    place.guru(&["formats", "detect", "gone.log", "access.log"]).code(4).says(&["gone.log"]);
    let piped = place.piped(&["formats", "detect", "-"], varnishlog(&hour()).as_bytes()).code(0);
    piped.shows(&["varnishlog"]);
}

#[test]
fn explain_knows_causes_families_and_messages() {
    let place = Place::new();
    place.guru(&["explain", "timeout.first_byte"]).code(0).shows(&["first_byte_timeout", "Next"]);
    place.guru(&["explain", "timeout"]).code(0).shows(&["timeout."]);
    place.guru(&["explain", "FetchError first byte timeout"]).code(0).shows(&["timeout.first_byte"]);
    let pasted = place.guru(&["explain", "Error 503 Backend fetch failed"]).code(0);
    for text in ["Guru Meditation", "Ask for the XID", "varnishlog -g request", "guru analyze"] {
        assert!(pasted.flat().contains(text), "{}", pasted.out);
    }
    place.guru(&["explain", "--  FetchError     first byte timeout"]).code(0).shows(&["timeout.first_byte"]);
    place.guru(&["explain", "first", "byte", "timeout", "--full"]).code(0).shows(&["timeout.first_byte"]);
    let json = place.guru(&["explain", "connection.refused", "--json"]).code(0);
    let all: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(all[0]["id"], "connection.refused");
}

#[test]
fn explain_of_what_is_not_known_says_what_is_near() {
    let place = Place::new();
    for word in ["timeout.first_bite", "conection.refused"] {
        place.guru(&["explain", word]).code(2).says(&["did you mean", "guru explain "]);
    }
    place.guru(&["explain", "nonsense"]).code(2).says(&["nonsense", "hint: "]);
}

#[test]
fn incidents_are_listed_and_filtered() {
    let place = history();
    let list = |args: &[&str]| {
        let run = place.ask(&[&["incidents", "--output", "json"], args].concat()).code(0);
        let all: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        all.as_array().expect("a list").iter().filter_map(|i| i["id"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), [2, 1], "newest first");
    assert_eq!(list(&["--cause", "timeout"]), [2]);
    assert_eq!(list(&["--cause", "connection.refused"]), [1]);
    assert_eq!(list(&["--since", "2026-11-20T00:30:00Z"]), [2]);
    assert_eq!(list(&["--until", "2026-11-20T00:30:00Z"]), [1]);
    assert_eq!(list(&["--state", "closed"]), [2, 1]);
    assert_eq!(list(&["--state", "resolved"]), [] as [u64; 0]);
    assert_eq!(list(&["--service", "web /late"]), [2]);
    assert_eq!(list(&["refused"]), [1]);
    assert_eq!(list(&["refused", "late"]), [] as [u64; 0]);
    place.ask(&["incidents"]).code(0).shows(&["2 incidents", "guru show"]);
    place.ask(&["incidents", "no", "such", "thing"]).code(0).shows(&["No incident matches"]);
    let csv = place.ask(&["incidents", "--output", "csv"]).code(0);
    assert_eq!(csv.out.lines().count(), 3, "{}", csv.out);
    place.ask(&["incidents", "--output", "markdown"]).code(0).shows(&["| "]);
    place.ask(&["incidents", "--state", "broken"]).code(2).says(&["open, recovering, recurring, resolved, closed"]);
}

#[test]
fn an_incident_is_shown_whole() {
    let place = history();
    place.ask(&["show"]).code(0).shows(&["/late", "guru resolve 2"]);
    let first = place.ask(&["show", "1"]).code(0).shows(&["refused", "guru resolve 1", "varnish.log:"]);
    assert!(first.out.lines().count() <= 24, "{}", first.out);
    let json = place.ask(&["show", "1", "--output", "json"]).code(0);
    let incident: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((&incident["id"], &incident["failures"]), (&1.into(), &8.into()));
    assert!(incident["advice"].as_array().is_some_and(|a| !a.is_empty()), "{incident}");
    let gone = place.ask(&["show", "77"]);
    assert_eq!((gone.code, gone.out.as_str()), (2, ""), "{}", gone.err);
    gone.says(&["77", "guru incidents"]);
}

#[test]
fn without_a_history_the_commands_say_how_to_get_one() {
    let place = Place::new();
    for args in [&["show"][..], &["incidents"], &["note", "1", "x"], &["resolve", "1", "x"]] {
        let run = place.ask(args).code(5);
        assert!(run.err.contains("guru analyze") && run.err.contains("history.db"), "{}", run.err);
        assert!(!place.store().exists(), "asking makes no history");
    }
    place.write("varnish.log", varnishlog(&traffic(MIDNIGHT, 30, SECOND)));
    place.analyze(&["varnish.log"]).code(0).shows(&["all good"]);
    place.ask(&["show"]).code(2).says(&["no incident yet", "guru analyze"]);
}

#[test]
fn what_was_done_is_remembered_and_searched() {
    let place = history();
    place.ask(&["resolve", "2", "added an index to the search table", "--worked", "yes"]).code(0).shows(&["it worked"]);
    place.ask(&["note", "2", "the", "table", "grew", "\u{1b}[31mtenfold"]).code(0).shows(&["note 1 recorded"]);
    let shown = place.ask(&["show", "2"]).code(0).shows(&["added an index", "tenfold"]);
    assert!(!shown.out.contains('\u{1b}'), "{:?}", shown.out);
    place.ask(&["incidents", "index"]).code(0).shows(&["web /late", "added an inde"]);
    place.ask(&["incidents", "--state", "resolved"]).code(0).shows(&["1 incident"]);
    place.ask(&["show"]).code(0).shows(&["/"]);
    // The same logs again take nothing of it away.
    let before = place.dump();
    place.analyze(&["varnish.log", "access.log"]).code(0);
    assert_eq!(before, place.dump());
    place.ask(&["resolve", "77", "x"]).code(2).says(&["77"]);
    place.ask(&["note", "77", "x"]).code(2).says(&["77"]);
    place.ask(&["resolve", "1"]).code(2).says(&["WHAT YOU DID"]);
    place.ask(&["resolve", "1", "x", "--worked", "perhaps"]).code(2).says(&["yes", "no", "unknown"]);
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = history();
    let commands: [&[&str]; 4] = [
        &["analyze", "varnish.log", "--no-store", "--full"],
        &["analyze", "varnish.log", "--no-store", "--fetches", "-"],
        &["incidents", "--store", "history.db"],
        &["formats", "list"],
    ];
    for args in commands {
        let mut command = place.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("guru starts");
        drop(child.stdout.take());
        let done = child.wait_with_output().expect("guru ends");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{args:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("roken pipe"), "{args:?}: {said}");
    }
}

#[test]
fn colour_only_when_asked() {
    let place = history();
    let commands: [&[&str]; 5] = [
        &["analyze", "varnish.log", "--no-store"],
        &["show", "1", "--store", "history.db"],
        &["incidents", "--store", "history.db"],
        &["explain", "timeout.first_byte"],
        &["show", "77", "--store", "history.db"],
    ];
    for args in commands {
        let plain = place.guru(args);
        assert!(!plain.out.contains('\u{1b}') && !plain.err.contains('\u{1b}'), "{plain:?}");
        let never = place.guru(&[args, &["--color", "never"]].concat());
        assert!(!never.out.contains('\u{1b}') && !never.err.contains('\u{1b}'), "{never:?}");
        let always = place.guru(&[args, &["--color", "always"]].concat());
        assert!(always.out.contains('\u{1b}') || always.err.contains('\u{1b}'), "{always:?}");
        let asked_both = place.command(&[args, &["--color", "auto"]].concat()).env("NO_COLOR", "1").output();
        assert!(!asked_both.expect("guru runs").stdout.contains(&0x1b));
    }
}
