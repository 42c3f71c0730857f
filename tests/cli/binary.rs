//! Binary Varnish logs, as varnishlog 6.0, 7.1 and 7.7 wrote them, and the text that varnishlog made of them.

use serde_json::Value;

use super::bad_input::gzip;
use super::place::Place;

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/varnish/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The failed fetches of a log that is named `varnish.log`, without the places that they were read from.
fn failed(bytes: Vec<u8>) -> Vec<Value> {
    let place = Place::new();
    place.write("varnish.log", bytes);
    without_places(&place.analyze(&["varnish.log", "--fetches", "-", "--no-store"]).code(0).out)
}

fn without_places(ndjson: &str) -> Vec<Value> {
    let object = |line: &str| {
        let mut object: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"));
        for quote in object["evidence"].as_array_mut().expect("evidence is a list") {
            let quote = quote.as_object_mut().expect("a quote is an object");
            for key in ["file", "line", "offset"] {
                quote.remove(key);
            }
        }
        object
    };
    ndjson.lines().filter(|l| l.contains("\"failed_fetch\"")).map(object).collect()
}

#[test]
fn a_binary_log_gives_the_causes_that_were_provoked_and_the_same_as_its_text() {
    let reset = "/resetbody connection.reset 200 truncated";
    let stall = "/bbt timeout.between_bytes 200 truncated";
    let overflow = "/hdrtotal oversized.headers_total 503 error";
    let bad_length = "/clbad protocol.malformed 503 error";
    let retried = "/rt connection.refused 503 error";
    let restarted = "/rs connection.refused 503 error";
    let cases: [(&str, &[&str]); 11] = [
        ("refused", &["/refused/page?a=1 connection.refused 503 error"]),
        ("first-byte-timeout", &["/fbt timeout.first_byte 503 error"]),
        ("header-line-too-long", &["/hdrline oversized.header_line 503 error"]),
        ("headers-total-overflow", &[overflow]),
        ("body-reset-streaming", &[reset]),
        ("retry-restart-esi", &[retried, retried, retried, restarted, restarted]),
        ("v773-refused", &["/refused/page?a=1 connection.refused 503 error"]),
        ("v773-first-byte-timeout", &["/fbt timeout.first_byte 503 error"]),
        ("v773-header-line-too-long", &["/hdrline oversized.header_line 503 error"]),
        (
            "v773-mixed",
            &[
                "/close connection.closed 503 error",
                overflow,
                reset,
                stall,
                bad_length,
                "/hdrstall timeout.between_bytes 503 error",
            ],
        ),
        (
            "v6016-mixed",
            &[
                "/fbt?fresh timeout.first_byte 503 error",
                "/fbt?reused timeout.first_byte 503 error",
                "/hdrstall timeout.between_bytes 503 error",
                "/hdrline oversized.header_line 503 error",
                overflow,
                reset,
                stall,
                "/chunkmidclose connection.closed 200 truncated",
                bad_length,
                "/r1 connection.refused 503 error",
                "/r2 connection.refused 503 error",
            ],
        ),
    ];
    for (name, expected) in cases {
        let found = failed(vector(&format!("{name}.vsl")));
        let word = |o: &Value, key: &str| o[key].as_str().unwrap_or_default().to_string();
        let told: Vec<String> = found
            .iter()
            .map(|o| format!("{} {} {} {}", word(o, "url"), word(o, "cause"), o["status"], word(o, "impact")))
            .collect();
        assert_eq!(told, expected, "{name}");
        assert_eq!(found, failed(vector(&format!("{name}.raw.txt"))), "{name}, raw text");
        assert_eq!(found, failed(vector(&format!("{name}.request.txt"))), "{name}, grouped text");
    }
}

#[test]
fn a_quote_of_a_binary_log_has_a_byte_and_no_line() {
    let place = Place::new();
    place.write("varnish.log", vector("refused.vsl"));
    let run = place.analyze(&["varnish.log", "--fetches", "-", "--no-store"]).code(0);
    let fetch: Value = serde_json::from_str(run.out.lines().next().expect("one failed")).expect("an object");
    let quote = &fetch["evidence"][0];
    assert_eq!((&quote["line"], quote["file"].as_str()), (&Value::Null, Some("varnish.log")));
    let at = quote["offset"].as_u64().expect("a byte") as usize;
    assert!(vector("refused.vsl")[at + 8..].starts_with(b"backend refused: fail errno 111"), "{quote}");
}

#[test]
fn a_binary_log_may_come_compressed_or_by_a_pipe() {
    let expected = failed(vector("v773-mixed.vsl"));
    assert_eq!(failed(gzip(&vector("v773-mixed.vsl"))), expected);
    let place = Place::new();
    let run = place.piped(&["analyze", "cache=-", "--fetches", "-", "--no-store"], &vector("v773-mixed.vsl")).code(0);
    let mut piped = without_places(&run.out);
    for (a, b) in piped.iter_mut().zip(&expected) {
        // Nodes are named after files, and a node is part of an identity.
        a["node"] = b["node"].clone();
        a["id"] = b["id"].clone();
        a["told_in"] = b["told_in"].clone();
    }
    assert_eq!(piped, expected);
}

#[test]
fn a_binary_log_that_ends_within_a_record_is_read_up_to_there_and_says_so() {
    let place = Place::new();
    let bytes = vector("v6016-mixed.vsl");
    place.write("varnish.log", &bytes[..bytes.len() - 3]);
    let report = place.report(&["varnish.log"]);
    assert_eq!(report.not_understood("varnish.log"), 1);
    let trouble = report.0["sources"][0]["trouble"].to_string();
    assert!(
        trouble.contains("at byte ") && trouble.contains("the file ends in the middle of this record"),
        "{trouble}"
    );
    assert_eq!(report.failed(), 11);
}

#[test]
fn a_cache_behind_a_cache_may_log_in_binary() {
    // The same log as two tiers: what matters here is that the quote of the lower one is text.
    let place = Place::new();
    place.write("far/varnish.log", vector("v6016-mixed.raw.txt")).write("near/varnish.log", vector("v6016-mixed.vsl"));
    let run =
        place.analyze(&["edge=far/varnish.log", "cache=near/varnish.log", "--fetches", "-", "--no-store"]).code(0);
    assert!(!run.out.contains("\\u0000"), "{}", run.out);
}
