//! Advice made to fit: values computed from recorded traffic are held against its truth, and so is what another limit
//! would have spared.

use std::path::Path;

use serde_json::Value;

#[path = "support/place.rs"]
mod place;

use place::{Place, Report};

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/truth/first-byte").join(name).display().to_string()
}

/// The recording of an origin that answers too late, analysed.
fn analysed() -> (Place, Report) {
    let place = Place::new();
    let origin = ["nginx-access", "nginx2-access", "nginx-error"]
        .map(|name| format!("origin={}", data(&format!("{name}.log.zst"))));
    let varnish = format!("cache={}", data("varnish-request.log.zst"));
    let report = place.report(&[&varnish, &origin[0], &origin[1], &origin[2]]);
    (place, report)
}

/// By the truth: after how many milliseconds the origin had its answer, for each fetch that gave up before.
fn late_by_truth() -> Vec<f64> {
    let text = std::fs::read(data("truth.json")).expect("the recording has a truth");
    let truth: Value = serde_json::from_slice(&text).expect("the truth is JSON");
    let read = |name: &str| {
        let log = std::fs::read(data(&format!("{name}.zst"))).expect("its log");
        String::from_utf8(zstd::decode_all(&log[..]).expect("it is whole")).expect("text")
    };
    let logs = ["nginx-access.log", "nginx2-access.log"].map(|name| (name, read(name)));
    let late = |f: &Value| {
        let row = f["origin_rows"].as_array().and_then(|rows| rows.first())?;
        let (_, log) = logs.iter().find(|(name, _)| row["file"] == *name && f["cause"] == "timeout.first_byte")?;
        let line = log.lines().nth(row["line"].as_u64()? as usize - 1)?;
        // nginx 1.22: $upstream_header_time of the recorded format.
        let took = line.split_once("uht=\"")?.1.split('"').next()?.parse::<f64>().ok()?;
        line.contains("\" 200 ").then_some(took * 1000.0)
    };
    truth["fetches"].as_array().expect("fetches").iter().filter_map(late).collect()
}

/// The incidents whose fetches the origin answered too late.
fn late_incidents(report: &Report) -> Vec<&Value> {
    let late = |i: &&Value| i["verdicts"]["late_answer"].as_u64() > Some(0);
    report.incidents().iter().filter(late).collect()
}

fn change<'i>(incident: &'i Value, knob: &str) -> &'i Value {
    let advice = incident["advice"].as_array().expect("advice");
    advice
        .iter()
        .find(|a| a["kind"] == "change" && a["knob"].as_str().is_some_and(|k| k.contains(knob)))
        .expect("advice")
}

#[test]
fn the_recommended_limit_covers_the_late_answers() {
    let (_place, report) = analysed();
    let late = late_by_truth();
    assert!(late.len() >= 10, "{}", late.len());
    let incidents = late_incidents(&report);
    assert!(incidents.len() >= 2);
    let mut best: f64 = 0.0;
    for incident in incidents {
        let advice = change(incident, "first_byte_timeout");
        let value = advice["value"].as_str().expect("a value");
        let seconds: f64 = value.strip_suffix('s').expect("seconds").parse().expect("a number");
        best = best.max(seconds);
        assert!(advice["figure"].as_str().expect("a figure").contains("answers that came too late"), "{advice}");
        assert!(seconds < 10.0, "no more than was seen to be needed: {value}");
    }
    let covered = late.iter().filter(|ms| **ms <= best * 1000.0).count();
    assert!(covered * 100 >= late.len() * 99, "{covered} of {} within {best} s", late.len());
}

#[test]
fn what_another_limit_would_have_spared_is_true_within_a_tenth() {
    let (place, report) = analysed();
    let late = late_by_truth();
    for limit in [1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 6.0] {
        let (mut spared, mut still) = (0, 0);
        for incident in late_incidents(&report) {
            let id = incident["id"].to_string();
            let told = place.ask(&["whatif", &id, &format!("first_byte_timeout={limit}s"), "--json"]).code(0);
            let told: Value = serde_json::from_str(&told.out).expect("JSON");
            spared += told[0]["spared"].as_u64().expect("a count");
            still += told[0]["still"].as_u64().expect("a count");
        }
        let truth = late.iter().filter(|ms| **ms <= limit * 1000.0).count() as f64;
        assert_eq!((spared + still) as usize, late.len());
        assert!((spared as f64 - truth).abs() <= 0.1 * late.len() as f64, "{limit} s: {spared} told, {truth} true");
    }
}

#[test]
fn what_was_given_up_before_it_showed_is_never_called_spared() {
    let (place, report) = analysed();
    let aborted = |i: &&Value| i["verdicts"]["origin_aborted"].as_u64() > Some(0);
    let incident = report.incidents().iter().find(aborted).expect("one that nginx gave up with us");
    let advice = change(incident, "first_byte_timeout");
    assert_eq!(advice["value"], "");
    assert!(advice["figure"].as_str().expect("why").contains("no value follows"), "{advice}");
    let id = incident["id"].to_string();
    let told = place.ask(&["whatif", &id, "first_byte_timeout=90", "--json"]).code(0);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&told[0]["spared"], &told[0]["unknown"]), (&0.into(), &told[0]["failures"]));
}

#[test]
fn commands_name_the_real_host_path_and_backend() {
    let (place, report) = analysed();
    let incident = late_incidents(&report)[0];
    let commands: Vec<&str> =
        incident["advice"].as_array().expect("advice").iter().filter_map(|a| a["command"].as_str()).collect();
    let command = commands.iter().find(|c| c.contains("curl")).expect("a command");
    assert!(command.contains("--resolve") && command.contains(":127.0.0.1") && !command.contains('{'), "{command}");
    let shown = place.ask(&["show", &incident["id"].to_string(), "--full"]).code(0);
    assert!(shown.out.contains("$ time curl -gs -o /dev/null"), "{}", shown.out);
    assert!(shown.flat().contains("answers that came too late"), "the history knows of the load: {}", shown.out);
    // Without an incident the names are in capitals.
    let general = place.guru(&["explain", "timeout.first_byte"]).code(0);
    assert!(general.flat().contains("--resolve HOST:PORT:ADDRESS"), "{}", general.out);
}

#[test]
fn a_question_that_makes_no_sense_is_answered_with_what_to_write() {
    let (place, _) = analysed();
    place.ask(&["whatif", "first_byte_timeout"]).code(2).says(&["neither an incident nor KNOB=VALUE"]);
    place.ask(&["whatif", "1"]).code(2).says(&["no limit is given", "first_byte_timeout=90s"]);
    place
        .ask(&["whatif", "1", "thread_pool_max=9"])
        .code(2)
        .says(&["no limit that guru can reckon with", "http_max_hdr"]);
    place.ask(&["whatif", "1", "http_max_hdr=many"]).code(2).says(&["is no size", "64k"]);
    place.ask(&["whatif", "1", "connect_timeout=soon"]).code(2).says(&["is not a duration"]);
    let all = place.ask(&["whatif", "connect_timeout=250ms", "http_resp_size=64k"]).code(0);
    all.shows(&["connect_timeout=250ms", "http_resp_size=64k", "guru show"]);
}
