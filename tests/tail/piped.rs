//! A log through standard input: the tail ends with it, and everything is settled.

use std::collections::BTreeMap;
use std::path::Path;

use super::place::{Place, column};

/// Failed fetches of a history: what tells each from others, and how it was judged.
fn judged(place: &Place) -> Vec<String> {
    let sql = "SELECT vxid || ' ' || url || ' ' || cause || ' ' || verdict || ' ' || impact || ' ' || settled
               FROM failed_fetches ORDER BY 1";
    column(&place.store(), sql)
}

/// How backends did by hour, as a history tells it.
fn backend_hours(place: &Place) -> Vec<String> {
    let sql = "SELECT tier || ' ' || backend || ' ' || hour || ' ' || fetches || ' ' || failed || ' ' ||
                      hidden || ' ' || header_bytes || ' ' || saved FROM backend_hours ORDER BY 1";
    column(&place.store(), sql)
}

fn recorded() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/groupings/varnish-raw.log.zst");
    zstd::decode_all(&std::fs::read(path).expect("it is recorded")[..]).expect("it is whole")
}

#[test]
fn a_tail_of_standard_input_ends_with_it_and_finds_what_analyze_finds() {
    let (tail, batch, log) = (Place::new(), Place::new(), recorded());
    let run = tail.piped(&["tail", "cache=-", "--plain"], &log).code(0);
    assert!(run.out.lines().count() > 0, "{}", run.err);
    batch.write("varnish.log", &log).analyze(&["cache=varnish.log"]).code(0);
    let expected = judged(&batch);
    assert!(expected.len() >= 20, "{expected:?}");
    assert_eq!(judged(&tail), expected);
    let hours = backend_hours(&batch);
    assert!(!hours.is_empty());
    assert_eq!(backend_hours(&tail), hours);
}

#[test]
fn its_lines_are_those_of_one_who_reads_them_at_night() {
    let place = Place::new();
    let run = place.piped(&["tail", "cache=-", "--plain"], &recorded()).code(0);
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for line in run.out.lines() {
        let word = line.split(' ').nth(1).unwrap_or_default();
        *words.entry(word).or_default() += 1;
    }
    println!("{}", run.out);
    assert!(words.contains_key("DATE") && words.contains_key("INCIDENT"), "{}", run.out);
}
