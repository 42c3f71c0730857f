//! Are the time limits that guru learns those that were in force? Over the slices under `tests/data`, and over a folder
//! of whole recordings when there is one: each says what its varnishd and nginx were set to.
//!
//! `GURU_CORPORA=FOLDER cargo test --test truth limits -- --ignored --nocapture`

use std::path::Path;

use guru::model::Tier;
use guru::model::incident::Limit;
use serde_json::{Value, json};

use crate::recording::Recording;
use crate::support::{self, Folder};

/// A learnt limit may be off by such a share.
const OFF: f64 = 0.05;

/// The settings of every recording under `tests/data`.
fn settings() -> Value {
    json!({
        "parameters": { "connect_timeout": 0.3, "first_byte_timeout": 1.5 },
    })
}

/// What a limit truly was, milliseconds.
fn truth(settings: &Value, knob: &str) -> f64 {
    settings["parameters"][knob].as_f64().expect("a number of seconds") * 1000.0
}

/// The limits of a recording, held against the truth.
fn learnt(recording: &Recording, settings: &Value) -> Vec<Limit> {
    let mut out = Vec::new();
    for origin in ["rich", "none"] {
        let analysis = recording.analysis(origin, true);
        for limit in analysis.report.incidents.iter().flat_map(|i| &i.limits) {
            let right = truth(settings, &limit.knob);
            println!("{:<16} {origin:<5} {:<20} {} ms, truly {right} ms", recording.name(), limit.knob, limit.ms);
            assert!((limit.ms - right).abs() <= OFF * right, "{}: {limit:?}, truly {right} ms", recording.name());
            out.push(limit.clone());
        }
    }
    out
}

#[test]
fn limits_are_learnt_within_a_twentieth() {
    let all: Vec<Limit> = Recording::slices().iter().flat_map(|r| learnt(r, &settings())).collect();
    assert!(all.iter().any(|l| l.knob == "first_byte_timeout"));
    // nginx alone is the proxy, and its own limit is the one that matters: this endpoint had one of 0.7 s.
    let mut nginx = Folder::new();
    let slice = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/truth/app-slow");
    for name in ["nginx-access.log", "nginx-error.log"] {
        nginx.add(name, Some(Tier::Origin), &support::read(&slice.join(name)).expect("a log of nginx"));
    }
    let incidents = nginx.run().report.incidents;
    let limits: Vec<&Limit> = incidents.iter().flat_map(|i| &i.limits).collect();
    assert!(!limits.is_empty() && limits.iter().all(|l| l.knob == "read timeout"), "{limits:?}");
    assert!(limits.iter().all(|l| (l.ms - 700.0).abs() <= OFF * 700.0), "{limits:?}");
}

#[test]
#[ignore = "needs a folder of recordings, named by GURU_CORPORA"]
fn limits_of_corpora_are_learnt_within_a_twentieth() {
    let Some(recordings) = Recording::whole() else { return };
    let all: Vec<Limit> = recordings.iter().flat_map(|r| learnt(r, &r.scenario())).collect();
    for knob in ["connect_timeout", "first_byte_timeout"] {
        assert!(all.iter().any(|l| l.knob == knob), "{knob} is learnt nowhere");
    }
}
