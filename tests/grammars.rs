//! Every shipped format reads its own samples, and is recognised by them; what users pass as `log_format` works or is
//! refused with a reason; no bytes make a reader panic.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use guru::grammar::{Framing, Grammar, Library, Sample, Stamped};
use guru::model::{Event, FileId, LineOutcome, Locator, Tier};
use proptest::prelude::*;

/// Loading every format takes longer than most cases do.
static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

#[path = "support/alike.rs"]
mod alike;

use alike::even;

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("entry is readable").path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).expect("a format file is UTF-8")));
        }
    }
    found.sort();
    found
}

fn name_of<'l>(library: &'l Library, head: &str, file: &str) -> Option<&'l str> {
    library.detect(head.as_bytes(), file).grammar.map(|i| library.grammars()[i].name.as_str())
}

/// What a line gives, in full, as text.
fn events(grammar: &Grammar, line: &[u8], at: Locator) -> (LineOutcome, Vec<String>) {
    let mut found = Vec::new();
    let outcome = grammar.line(line, at, &mut |e: Event<'_>| found.push(format!("{e:?}")));
    (outcome, found)
}

#[test]
fn every_format_reads_its_samples() {
    for (name, text) in files() {
        let mut library = Library::default();
        if let Err(e) = library.add_file(Path::new(&format!("grammars/{name}.toml")), &text) {
            panic!("{e}");
        }
    }
}

#[test]
fn every_format_file_is_shipped() {
    let library = &*LIBRARY;
    let mut names: Vec<&str> = library.names().collect();
    names.sort_unstable();
    assert_eq!(names, files().iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>());
}

#[test]
fn every_sample_is_recognised_as_its_own_format() {
    let library = &*LIBRARY;
    for grammar in library.grammars() {
        // A line that is passed over is no evidence alone, but does not stand in the way of others.
        let good = || grammar.samples.iter().filter(|s| !s.rejected);
        let bytes = |s: &Sample| s.bytes(grammar.framing).expect("bytes");
        let each = good().filter(|s| !s.skipped).map(bytes);
        // Samples with headers of their own are no log together.
        let all = grammar.heading.is_none().then(|| good().map(bytes).collect::<Vec<_>>().join(&b'\n'));
        for line in each.chain(all) {
            for file in ["", "access.log", "error.log", "varnish.log"] {
                let found = library.detect(&line, file);
                let name = found.grammar.map(|i| library.grammars()[i].name.as_str());
                let line = String::from_utf8_lossy(&line);
                assert!(name.is_some_and(|n| even(n, &grammar.name)), "{}: {found:?} for {line}", grammar.name);
                assert!(found.confidence >= 0.8, "{found:?}");
            }
        }
    }
}

#[test]
fn a_log_is_recognised_from_a_head_cut_anywhere() {
    let library = &*LIBRARY;
    // Only its first bytes tell a binary log.
    for grammar in library.grammars().iter().filter(|g| g.framing != Framing::VslBinary) {
        let line = grammar.samples[0].line.trim_start_matches('\n');
        let log = format!("{line}\n").repeat(5);
        let cuts = (0..line.len()).step_by(1 + line.len() / 40).chain([1, line.len()]);
        for (from, to) in
            cuts.flat_map(|from| [log.len(), log.len() - 1, log.len() - line.len() / 2].map(|to| (from, to)))
        {
            let Some(head) = log.get(from..to) else { continue };
            let name = name_of(library, head, "");
            assert!(name.is_some_and(|n| even(n, &grammar.name)), "{}, not {name:?}: {head}", grammar.name);
        }
    }
}

#[test]
fn an_error_log_with_long_records_is_recognised_also_from_within_one() {
    let library = &*LIBRARY;
    let log = "#9 deep\n  thrown in /a.php\n".repeat(20)
        + &("2026/11/20 17:50:51 [error] 1#1: *7 FastCGI sent in stderr: \"PHP message: a\n".to_string()
            + &"#1 frame\n".repeat(40))
            .repeat(5);
    assert_eq!(name_of(library, &log, "x"), Some("nginx-error"));
    let junk = format!("2026/11/20 17:50:51 [error] 1#1: x\n{}", "junk\n".repeat(390));
    assert_eq!(name_of(library, &junk, "error.log"), None);
}

#[test]
fn the_zone_of_an_access_log_is_told() {
    let library = &*LIBRARY;
    let line = "192.0.2.7 - - [20/Nov/2026:17:48:34 -0330] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
    assert_eq!(library.detect(line.as_bytes(), "").zone_offset_s, Some(-12_600));
    let grammar = library.get("nginx-combined").expect("it is shipped");
    assert_eq!(grammar.zone_of(line.trim_end().as_bytes()), Some(-12_600));
    assert_eq!(library.get("nginx-error").expect("it is shipped").zone_of(b"2026/11/20 17:50:51 [error] 1#1: x"), None);
}

#[test]
fn what_is_no_known_log_is_not_recognised_and_the_reason_is_said() {
    let library = &*LIBRARY;
    let cases: [(&[u8], &str); 5] = [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (&[0, 1, 2, 3, 250, 251, 0, 0, 1, 10, 7, 7], "binary"),
        (b"a,b,c\n1,2,3\n", "no line fits any of"),
        (b"{\"status\":200}\n", "known formats"),
    ];
    for (head, why) in cases {
        let found = library.detect(head, "access.log");
        assert!(found.grammar.is_none() && found.confidence == 0.0 && found.why.contains(why), "{found:?}");
    }
    let half = "192.0.2.7 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n".repeat(3)
        + &"junk\n".repeat(9);
    let found = library.detect(half.as_bytes(), "");
    assert_eq!(found.grammar, None);
    assert!(found.why.starts_with("only 3 of ") && found.why.contains("fit nginx-combined"), "{}", found.why);
}

#[test]
fn a_log_format_of_ones_own_is_read_and_preferred() {
    let mut library = Library::embedded();
    let own = r#"log_format own escape=json '{"t":"$time_iso8601","r":"$request","s":$status,"rt":$request_time,'
                 '"ua":"$http_user_agent","xv":"$http_x_varnish","mine":"$my_map","urt":"$upstream_response_time"}';"#;
    library.add_log_format("own", own).expect("it is right");
    let line = r#"{"t":"2026-11-20T17:48:34+01:00","r":"GET /a\"b HTTP/1.1","s":200,"rt":1.000,"ua":"x\\","xv":"32770","mine":"","urt":"0.5, 0.1"}"#;
    assert_eq!(name_of(&library, line, "access.log"), Some("own"));
    let grammar = library.get("own").expect("it was added");
    assert_eq!((grammar.tier, grammar.framing, grammar.stamped), (Tier::Origin, Framing::Lines, Stamped::End));
    let mut seen = 0;
    grammar.line(line.as_bytes(), Locator::default(), &mut |e| match e {
        Event::Request(r) => {
            assert_eq!((r.url, r.agent, r.travelled_id), (&b"/a\"b"[..], &b"x\\"[..], &b"32770"[..]));
            assert_eq!(r.end.rfc3339(), "2026-11-20T16:48:34.000000Z");
            seen += 1;
        }
        Event::Fetch(f) => {
            assert_eq!(f.opens, 2);
            seen += 1;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(seen, 2);
    // The same layout as a shipped one: the name that the user gave wins.
    let combined = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
    library.add_log_format("mine", combined).expect("it is right");
    let line = "192.0.2.7 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"";
    assert_eq!(name_of(&library, line, ""), Some("mine"));
}

#[test]
fn unquoted_uri_parts_and_lists_are_read() {
    let mut library = Library::default();
    let format = "$host$request_uri $request_method $time_local|$status $upstream_addr $upstream_response_time $req_id";
    library.add_log_format("x", format).expect("it is right");
    let line =
        b"a.example/p?q=1 GET 20/Nov/2026:17:48:34 +0000|200 10.0.0.1:80, 10.0.0.2:80 0.100, 0.200 0123456789abcdef";
    let mut urls = Vec::new();
    let outcome = library.grammars()[0].line(line, Locator::default(), &mut |e| match e {
        Event::Request(r) => {
            urls.push((String::from_utf8_lossy(r.host).into_owned(), String::from_utf8_lossy(r.url).into_owned()))
        }
        Event::Fetch(f) => urls.push((String::from_utf8_lossy(f.addr).into_owned(), f.opens.to_string())),
        _ => {}
    });
    assert_eq!(outcome, LineOutcome::Parsed);
    assert_eq!(urls, [("a.example".into(), "/p?q=1".into()), ("10.0.0.2".into(), "2".into())]);
}

#[test]
fn a_wrong_format_is_refused_with_a_reason_and_a_remedy() {
    let mut library = Library::default();
    let formats = [
        ("$time_local$status \"$request\"", "side by side"),
        ("[$time_local] \"$request\" $stauts", "$status is meant"),
        ("\"$request\" $status", "no time"),
        ("$msec $status", "no request"),
        ("$msec \"$request\"", "no $status"),
        ("$msec $request $status", "contains blanks"),
        ("$msec \"$request\" $status $status", "twice"),
        ("$msec \"$request\" $status ${x", "never closed"),
    ];
    for (format, why) in formats {
        let e = library.add_log_format("x", format).expect_err(format);
        assert!(e.message.contains(why) && !e.hints.is_empty(), "{format}: {e}");
    }
    let head = "title = \"t\"\nfamily = \"nginx-access\"\ntier = \"origin\"\n";
    let good = "log_format = '$msec \"$request\" $status'\n";
    let sample = "[[sample]]\nline = '1.000 \"GET / HTTP/1.1\" 200'\n";
    let toml = [
        ("title = ".to_string(), "cannot be read"),
        (format!("{head}colour = 1\n{good}"), "colour"),
        (head.to_string(), "neither log_format nor reader"),
        (format!("{head}reader = \"magic\"\n"), "magic"),
        (format!("{head}framing = \"records\"\n{good}"), "record_start"),
        (format!("{}{good}", head.replace("origin", "moon")), "moon"),
        (format!("{head}log_format = []\n"), "empty list"),
        (format!("{head}{good}"), "no [[sample]]"),
        (format!("{head}{good}{sample}"), "gives a request"),
        (format!("{head}{good}{sample}request = {{ url = \"/x\" }}\n"), "request.url is \"/\", not \"/x\""),
        (format!("{head}{good}{sample}rejected = true\n"), "Parsed, not NotUnderstood"),
    ];
    for (text, why) in toml {
        let e = library.add_file(Path::new("own.toml"), &text).expect_err(&text);
        assert!(e.message.contains(why) && e.message.contains("own.toml") && !e.hints.is_empty(), "{text}: {e}");
    }
    assert_eq!(library.grammars().len(), 0);
    assert!(library.named("nginx").expect_err("there is none").message.contains("nginx"));
}

#[test]
fn formats_of_a_folder_come_first_and_replace_shipped_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = "title = \"mine\"\nfamily = \"nginx-access\"\ntier = \"cache\"\nstamped = \"start\"\nlog_format = '$msec \"$request\" $status'\n[[sample]]\nline = '1.000 \"GET / HTTP/1.1\" 200'\nrequest = { status = 200 }\n";
    fs::write(folder.path().join("nginx-main.toml"), own).expect("it can be written");
    fs::write(folder.path().join("readme.txt"), "no format").expect("it can be written");
    let library = Library::with_dir(folder.path()).expect("it is right");
    assert_eq!(library.get("nginx-main").map(|g| (g.title.as_str(), g.stamped)), Some(("mine", Stamped::Start)));
    assert_eq!(library.grammars().len(), files().len());
    assert_eq!(library.names().next(), Some("nginx-main"));
    assert!(Library::with_dir(&folder.path().join("none")).is_err());
}

#[test]
fn a_line_without_end_is_not_understood() {
    let library = &*LIBRARY;
    let long = format!(
        "192.0.2.7 - - [20/Nov/2026:17:48:34 +0000] \"GET /{} HTTP/1.1\" 200 1 \"-\" \"-\"",
        "a".repeat(1 << 20)
    );
    for grammar in library.grammars() {
        assert_eq!(events(grammar, long.as_bytes(), Locator::default()).0, LineOutcome::NotUnderstood);
    }
    let fits = &long.replace("aaaaaaaaaa", "a");
    let combined = library.get("nginx-combined").expect("it is shipped");
    assert_eq!(events(combined, fits.as_bytes(), Locator::default()).0, LineOutcome::Parsed);
}

/// Sample lines with bytes changed, cut out or put in: nearly right is what finds the weak spots.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<Vec<u8>> = LIBRARY
        .grammars()
        .iter()
        .flat_map(|g| g.samples.iter().map(|s| s.line.trim_start_matches('\n').as_bytes().to_vec()))
        .collect();
    let edit = (any::<prop::sample::Index>(), 0usize..3, prop::sample::select(b" \",:\\-x09[]/\n\xff\0".to_vec()));
    (prop::sample::select(lines), prop::collection::vec(edit, 0..6)).prop_map(|(mut line, edits)| {
        for (at, what, byte) in edits {
            if line.is_empty() {
                break;
            }
            let at = at.index(line.len());
            match what {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => drop(line.drain(at..(at + 3).min(line.len()))),
            }
        }
        line
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), name in ".{0,9}") {
        let library = &*LIBRARY;
        for grammar in library.grammars() {
            events(grammar, &bytes, Locator::default());
            grammar.zone_of(&bytes);
            grammar.starts(&bytes);
        }
        library.detect(&bytes, &name);
    }

    #[test]
    fn nearly_right_lines_make_no_reader_panic(line in damaged()) {
        let library = &*LIBRARY;
        for grammar in library.grammars() {
            events(grammar, &line, Locator::default());
        }
        library.detect(&line, "");
    }

    #[test]
    fn a_locator_reads_back_to_the_same_event(lines in prop::collection::vec(damaged(), 1..6)) {
        let library = &*LIBRARY;
        let log = lines.join(&b'\n');
        let base = 1000;
        for grammar in library.grammars().iter().filter(|g| g.framing == Framing::Lines) {
            guru::frame::lines::each_line(&log, FileId(1), base, |line, at| {
                let again = &log[(at.offset - base) as usize..][..at.len as usize];
                assert_eq!(events(grammar, line, at), events(grammar, again, at));
            });
        }
        let errors = library.get("nginx-error").expect("it is shipped");
        let (mut lines, mut read) = (0, 0);
        guru::frame::lines::each_line(&log, FileId(1), base, |_, _| lines += 1);
        guru::frame::lines::each_record(&log, FileId(1), base, &|l| errors.starts(l), |record, at, more| {
            let again = &log[(at.offset - base) as usize..][..at.len as usize];
            assert_eq!(events(errors, record, at), events(errors, again, at));
            read += 1 + more;
        });
        prop_assert_eq!(lines, read);
    }

    #[test]
    fn any_format_string_is_taken_or_refused(text in "[$a-z_{}\" ;'\\[\\]|]{0,60}") {
        let _ = Library::default().add_log_format("x", &text);
    }
}
