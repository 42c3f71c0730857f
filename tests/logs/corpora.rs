//! Detection over a folder of whole recordings, when there is one.
//!
//! `GURU_CORPORA=FOLDER cargo test --release --test logs -- --ignored --nocapture`

use std::path::Path;

use crate::recognised::formats_of;
use crate::support;

/// What a file of a recording is, by its name.
fn format_of(name: &str) -> Option<&'static str> {
    Some(match name.trim_end_matches(".zst") {
        "varnish.vsl" => "varnish-vsl",
        "varnishncsa.log" => "varnishncsa",
        "varnishncsa-backend.log" => "varnishncsa-backend",
        "varnishncsa.json" => "varnishncsa-json",
        n if n.starts_with("varnish-") && n.ends_with(".log") => "varnishlog",
        n if n.ends_with("-error.log") => "nginx-error",
        n if n.ends_with("-access-combined.log") => "nginx-combined",
        n if n.ends_with("-access.log") => "nginx-rich",
        _ => return None,
    })
}

#[test]
#[ignore = "needs the recorded corpora: set GURU_CORPORA"]
fn every_log_of_the_corpora_is_recognised_under_any_name() {
    let Some(folder) = std::env::var_os("GURU_CORPORA") else {
        println!("GURU_CORPORA names no folder: nothing is looked at");
        return;
    };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for recording in std::fs::read_dir(folder).expect("it can be read") {
        let recording = recording.expect("it can be read").path();
        for file in std::fs::read_dir(&recording).into_iter().flatten() {
            let path = file.expect("it can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let empty = |p: &Path| support::read(p).is_none_or(|b| b.is_empty());
            let Some(format) = format_of(&name).filter(|_| !empty(&path.with_extension("")) || !empty(&path)) else {
                continue;
            };
            seen += 1;
            let found = formats_of(&path, "x.log");
            if found != [format] {
                wrong.push(format!("{}: {found:?}, not {format}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 20, "{seen} logs");
}
