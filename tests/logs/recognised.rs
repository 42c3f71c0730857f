//! Every sample log is recognised without a hint, whatever it is called, wrapped in or packed as, and every line of it
//! is read.

use std::fs;

use guru::model::{Event, Logged};
use guru::pipeline::{self, Stream};
use guru::source::Found;
use guru::view;

use crate::support::{Ask, Folder, LIBRARY};
use crate::wrapped::{WRAPPERS, from_mid_record, gzipped, wrapped};
use crate::{LOGS, log};

const HEAD: usize = 256 << 10;

/// The formats that a file is read as, and the lines and events read.
pub struct Read {
    pub formats: Vec<String>,
    pub not_understood: u64,
    pub events: Vec<String>,
}

/// Reads a file of this name without any hint.
pub fn read(name: &str, bytes: &[u8]) -> Read {
    let mut folder = Folder::new();
    folder.add(name, None, bytes);
    let formats = folder.files().iter().flat_map(formats).collect();
    let encode = |event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>| view::event(event, logged, out);
    let mut out = Vec::new();
    let stream: Stream = Ask::default()
        .with_job(folder.files(), |job| pipeline::stream(job, |_| {}, &encode, &mut out))
        .expect("memory takes it");
    let text = String::from_utf8(out).expect("JSON is UTF-8").replace(&format!("{}/", folder.path("").display()), "");
    let text = text.replace(&folder.path("").display().to_string(), "");
    Read {
        formats,
        not_understood: stream.sources.iter().map(|s| s.lines.not_understood).sum(),
        events: text.lines().map(str::to_string).collect(),
    }
}

fn formats(found: &Found) -> Vec<String> {
    let head = guru::source::head(found, HEAD).expect("it can be read");
    let logs = pipeline::logs(found, &head.bytes, &LIBRARY, None).logs;
    logs.into_iter().map(|l| l.grammar.map_or_else(|| l.detection.why, |g| g.name)).collect()
}

#[test]
fn every_sample_log_is_recognised_in_every_disguise_and_read_to_its_last_line() {
    let mut wrong = Vec::new();
    for (name, format) in LOGS {
        let bytes = log(name);
        let plain = read(&format!("{name}.log"), &bytes);
        let mut disguises = vec![
            ("renamed", "x.log".to_string(), bytes.clone()),
            ("gzipped", format!("{name}.log.gz"), gzipped(&bytes)),
            ("gzipped and renamed", "x.log".to_string(), gzipped(&bytes)),
        ];
        disguises.extend(WRAPPERS.map(|(by, wrapper)| (by, "x.log".to_string(), wrapped(&bytes, wrapper))));
        if (&plain.formats, plain.not_understood) != (&vec![format.to_string()], 0) {
            wrong.push(format!("{name}: {:?}, {} lines not understood", plain.formats, plain.not_understood));
        }
        for (how, file, bytes) in disguises {
            let read = read(&file, &bytes);
            if read.formats != plain.formats || read.not_understood > 0 || read.events.len() != plain.events.len() {
                let (formats, lost) = (read.formats, read.not_understood);
                wrong.push(format!("{name} {how}: {formats:?}, {} events, {lost} not understood", read.events.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_sample_log_is_recognised_from_the_middle_of_a_record() {
    let mut wrong = Vec::new();
    for (name, format) in LOGS {
        let cut = from_mid_record(&log(name));
        let read = read("x.log", &cut);
        // The rest of the first line may by chance be a line of the format.
        if read.formats != [format] || read.not_understood > 1 {
            wrong.push(format!("{name}: {:?}, {} not understood", read.formats, read.not_understood));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// W3C logs whose vendor has one order of columns are read without the lines that name them.
#[test]
fn a_log_that_lost_its_header_is_read_by_the_columns_of_its_vendor() {
    let mut wrong = Vec::new();
    for (name, format) in [("akamai-lds-w3c", "akamai-lds"), ("cloudfront-standard-v1", "cloudfront")] {
        let text = String::from_utf8(log(name)).expect("it is UTF-8");
        let rows: String = text.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect();
        for (how, log) in [("whole", rows.clone().into_bytes()), ("cut", from_mid_record(rows.as_bytes()))] {
            let read = read("x.log", &log);
            if read.formats != [format] || read.not_understood > u64::from(how == "cut") {
                wrong.push(format!("{name} {how}: {:?}, {} not understood", read.formats, read.not_understood));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Headers of W3C logs also stand inside the wrapping of a shipper, and change in the middle of a file.
#[test]
fn a_header_holds_until_the_next_one() {
    let text = String::from_utf8(log("cloudfront-standard-v1")).expect("it is UTF-8");
    let short = "#Fields: date time x-edge-location c-ip cs-method cs-uri-stem sc-status time-taken x-edge-result-type\n\
                 2026-03-14\t09:30:00\tAMS1-P2\t192.0.2.99\tGET\t/short\t502\t0.100\tError\n";
    let log = format!("{text}{short}");
    for (by, wrapper) in WRAPPERS {
        let plain = read("x.log", log.as_bytes());
        let shipped = read("x.log", &wrapped(log.as_bytes(), wrapper));
        for read in [&plain, &shipped] {
            assert!(read.events.iter().any(|e| e.contains("\"/short\"") && e.contains("192.0.2.99")), "{by}");
            assert_eq!(read.not_understood, 0, "{by}");
        }
        assert_eq!(plain.events.len(), shipped.events.len(), "{by}");
    }
}

/// What is recognised of a file on disk.
pub fn formats_of(path: &std::path::Path, as_name: &str) -> Vec<String> {
    let mut folder = Folder::new();
    folder.add(as_name, None, &fs::read(path).expect("it can be read"));
    folder.files().iter().flat_map(formats).collect()
}
