//! varnishlog text of Varnish 3.0, recognised and judged.

use serde_json::Value;

use super::place::Place;

fn log(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/varnish/v3/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn failed_fetches_of_3_0_have_their_causes() {
    for name in ["grouped", "raw"] {
        let place = Place::new();
        place.write("varnish.log", log(name));
        let report = place.report(&["varnish.log"]);
        assert_eq!(report.0["sources"][0]["format"].as_str(), Some("varnishlog-3"), "{name}");
        assert_eq!(report.not_understood("varnish.log"), 0);
        let run = place.analyze(&["varnish.log", "--fetches", "-", "--no-store"]).code(0);
        let told = |line: &str| {
            let o: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"));
            let word = |key: &str| o[key].as_str().unwrap_or_default().to_string();
            let quote = o["evidence"][0]["text"].as_str().unwrap_or_default();
            format!("{} {} {} {} {}: {quote}", o["vxid"], word("url"), word("cause"), o["status"], word("impact"))
        };
        let found: Vec<String> = run.out.lines().filter(|l| l.contains("\"failed_fetch\"")).map(told).collect();
        insta::assert_snapshot!("failed_fetches_of_3_0", found.join("\n"));
    }
}

#[test]
fn text_of_3_0_is_told_from_later_raw_text() {
    let place = Place::new();
    let later = format!("{}/tests/data/varnish/vectors/refused.raw.txt", env!("CARGO_MANIFEST_DIR"));
    place.write("new.log", std::fs::read(later).expect("a vector")).write("old.log", log("raw"));
    place.guru(&["formats", "detect", "new.log", "old.log"]).code(0).shows(&["varnishlog-3"]);
    let report = place.report(&["new.log", "old.log"]);
    let formats: Vec<&str> =
        report.0["sources"].as_array().expect("a list").iter().filter_map(|s| s["format"].as_str()).collect();
    assert_eq!(formats, ["varnishlog", "varnishlog-3"]);
}
