//! What cannot be read as it stands is refused with what to pass, junk in a log is shown where it begins, and formats
//! of the user are used.

use crate::log;
use crate::place::Place;

/// Some columns of each line, in this order.
fn columns(log: &[u8], delimiter: char, which: &[usize]) -> String {
    let text = std::str::from_utf8(log).expect("it is UTF-8");
    let row = |l: &str| {
        let all: Vec<&str> = l.split(delimiter).collect();
        which.iter().map(|n| all[*n]).collect::<Vec<_>>().join(&delimiter.to_string()) + "\n"
    };
    text.lines().map(row).collect()
}

#[test]
fn a_real_time_log_with_fewer_columns_is_refused_with_the_option_and_read_with_it() {
    let place = Place::new();
    place.write("few.log", columns(&log("cloudfront-realtime"), '\t', &[0, 1, 3, 5, 7, 8, 10, 13, 24, 32]));
    place.analyze(&["few.log"]).code(3).says(&["cloudfront-realtime", "--columns 'timestamp c-ip", "not recognised"]);
    place.guru(&["formats", "detect", "few.log"]).code(3).shows(&["--columns 'timestamp c-ip"]);
    let names = "timestamp c-ip sc-status cs-method cs-host cs-uri-stem x-edge-location time-taken x-edge-result-type \
                 x-edge-detailed-result-type";
    let run = place.guru(&["events", "few.log", "--columns", names]).code(0).says(&["0 not understood"]);
    let first = &run.objects()[0];
    assert_eq!(
        (&first["url"], &first["status"], &first["client"]),
        (&"/index.html".into(), &200.into(), &"192.0.2.11".into())
    );
    let report = place.report(&["few.log", "--columns", names]);
    assert!(report.failed() > 0, "words of the log are read by their columns");
}

#[test]
fn a_structured_log_in_another_order_is_refused_with_the_option_and_read_with_it() {
    let place = Place::new();
    place.write("ds2.log", columns(&log("akamai-ds2-structured"), ' ', &[4, 3, 7, 9, 10, 11, 15, 6, 31, 32]));
    place.analyze(&["ds2.log"]).code(3).says(&["akamai-ds2-text", "--columns 'version streamId", "not recognised"]);
    let names = "reqTimeSec reqId statusCode reqHost reqMethod reqPath UA cliIP errorCode turnAroundTimeMSec";
    let run = place.guru(&["events", "ds2.log", "--columns", names]).code(0).says(&["0 not understood"]);
    let objects = run.objects();
    assert_eq!((&objects[0]["url"], &objects[0]["client"]), (&"/index.html".into(), &"192.0.2.11".into()));
    assert!(run.out.contains("errorCode ERR_"), "{}", run.out);
    // A name that no format knows is passed over; without what a request needs they are refused.
    place.guru(&["events", "ds2.log", "--columns", "one two three"]).code(2).says(&["hint: "]);
}

#[test]
fn junk_in_half_of_a_log_is_shown_where_it_stops_fitting() {
    let place = Place::new();
    let good = String::from_utf8(log("bunny")).expect("it is UTF-8");
    let good: Vec<&str> = good.lines().take(6).collect();
    let junk = ["MISS|200|177348031|one", "MISS|two", "three", "MISS|four", "MISS|five", "six"];
    place.write("half.log", format!("{}\n{}\n", good.join("\n"), junk.join("\n")));
    let warnings = place.report(&["half.log"]).warnings();
    assert!(warnings.contains("6 of 12 lines are no bunny"), "{warnings}");
    for told in
        ["7 not understood from byte 20 on, »one«", "8 not understood from byte 6 on, »two«", "9 not understood: three"]
    {
        assert!(warnings.contains(told), "{warnings}");
    }
    assert!(!warnings.contains("line 10"), "{warnings}");
    let detect = place.guru(&["formats", "detect", "half.log"]).code(0);
    detect.shows(&[
        "bunny (edge)",
        "fits up to »MISS|200|177348031|«",
        "not from »one«",
        "not from »two«",
        "fits up to »three« and not from »«",
    ]);
}

const OWN: &str = r#"
title = "access log of the shop"
family = "shop"
tier = "origin"
log_format = '$msec|$status|$request_method|$request_uri'
[[sample]]
line = '1773480361.102|200|GET|/a'
request = { url = "/a", status = 200 }
"#;

#[test]
fn formats_of_the_user_are_used_from_both_places() {
    let line = "1773480361.102|502|GET|/cart\n".repeat(4);
    for (file, options) in [("guru/grammars/shop.toml", &[][..]), ("mine/shop.toml", &["--grammars", "mine"])] {
        let place = Place::new();
        place.write("x.log", &line);
        place.guru(&["events", "x.log"]).code(3).says(&["not recognised"]);
        place.write(file, OWN);
        let run = place.guru(&[&["events", "x.log"], options].concat()).code(0).says(&["read as shop"]);
        assert_eq!(run.objects()[0]["url"], "/cart");
        place.guru(&[&["formats", "detect", "x.log"], options].concat()).code(0).shows(&["shop (origin)"]);
        place.guru(&[&["formats", "list"], options].concat()).code(0).shows(&["access log of the shop"]);
    }
}

#[test]
fn a_broken_format_file_is_shown_where_its_sample_stops_fitting() {
    let place = Place::new();
    place.write("shop.toml", OWN.replace("102|200|", "102|2x0|")).write("good.toml", OWN);
    let run =
        place.guru(&["formats", "check", "shop.toml"]).code(2).says(&["shop.toml", "it fits up to here", "hint: "]);
    let lines: Vec<&str> = run.err.lines().collect();
    let caret = lines.iter().position(|l| l.trim() == "^").expect(&run.err);
    let at = lines[caret].find('^').expect("it is there");
    assert!(lines[caret - 1][at..].starts_with("2x0|GET"), "{}", run.err);
    place.guru(&["formats", "check", "good.toml"]).code(0).shows(&["all 1 samples"]);
    place.guru(&["formats", "check", "gone.toml"]).code(2).says(&["gone.toml", "hint: "]);
    // A run does not go on without a format that the user meant to have.
    place.write("guru/grammars/shop.toml", OWN.replace("102|200|", "102|2x0|")).write("x.log", "a\n");
    place.guru(&["events", "x.log"]).code(2).says(&["shop.toml", "it fits up to here"]);
}
