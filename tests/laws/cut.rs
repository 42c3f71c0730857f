//! Cut anywhere: chunks of any size, and files rotated at any line, give what one piece gives.

use std::collections::BTreeMap;

use guru::model::Tier;
use guru::pipeline::Analysis;
use guru::source::Found;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use proptest::sample::select;
use serde_json::Value;

use crate::support::{Ask, Folder, data, differences, failed_fetches, report};

const LOGS: [(&str, &str); 7] = [
    ("raw", "groupings/varnish-raw.log"),
    ("request", "groupings/varnish-request.log"),
    ("session", "groupings/varnish-session.log"),
    ("vxid", "groupings/varnish-vxid.log"),
    ("binary", "varnish/vectors/v6016-mixed.vsl"),
    ("varnish-3", "varnish/v3/raw.txt"),
    ("access", "groupings/nginx-access.log"),
];

/// An error log whose messages span several lines, some of them repeated.
fn error_log() -> Vec<u8> {
    let more = b"2026/11/20 18:09:35 [error] 16903#16903: *8 FastCGI sent in stderr: \"PHP message: Uncaught Error\n\
        Stack trace:\n#0 /srv/shop/index.php(12): main()\n\n  thrown in /srv/shop/index.php\" while reading response \
        header from upstream, client: 127.0.0.1, server: www.shop.example, request: \"GET /a HTTP/1.1\", upstream: \
        \"fastcgi://unix:/run/php.sock:\", host: \"www.shop.example\"\n";
    [data("groupings/nginx-error.log"), more.repeat(3)].concat()
}

/// Two analyses found the same, to the letter.
fn same(one: &Analysis, other: &Analysis) -> Result<(), proptest::test_runner::TestCaseError> {
    prop_assert_eq!(failed_fetches(one), failed_fetches(other));
    prop_assert_eq!(differences(&report(one), &report(other)), Vec::<String>::new());
    Ok(())
}

fn in_chunks(files: Vec<Found>, chunk: usize) -> Analysis {
    Ask { chunk, ..Ask::default() }.run(files)
}

/// Failed fetches without the places of the cache's own records, which rotation moves.
fn moved(analysis: &Analysis) -> BTreeMap<String, Value> {
    let mut found = failed_fetches(analysis);
    for quote in found.values_mut().filter_map(|f| f["evidence"].as_array_mut()).flatten() {
        (quote["file"], quote["line"]) = (Value::Null, Value::Null);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_of_any_size_give_what_one_chunk_gives((name, log) in select(&LOGS[..]), chunk in 1usize..40_000) {
        let mut folder = Folder::new();
        folder.add(&format!("{name}.log"), None, &data(log));
        folder.add("nginx-error.log", Some(Tier::Origin), &error_log());
        same(&folder.run(), &in_chunks(folder.files(), chunk))?;
    }

    #[test]
    fn the_whole_path_may_be_cut_anywhere(chunk in 200usize..100_000) {
        let folder = Folder::recorded("groupings", "raw", "rich");
        same(&folder.run(), &in_chunks(folder.files(), chunk))?;
    }

    #[test]
    fn a_log_may_be_rotated_at_any_line(at in 0.0f64..1.0, chunk in 500usize..200_000) {
        let whole = data("groupings/varnish-raw.log");
        let from = (at * whole.len() as f64) as usize;
        let edge = from + whole[from..].iter().position(|b| *b == b'\n').map_or(0, |n| n + 1);
        let mut rotated = Folder::new();
        // The younger file first: order comes from the content.
        rotated.add("varnish.log", Some(Tier::Cache), &whole[edge..]);
        rotated.add("varnish.log.1", Some(Tier::Cache), &whole[..edge]);
        let one = Folder::recorded("groupings", "raw", "none").run();
        let two = in_chunks(rotated.files(), chunk);
        prop_assert_eq!(moved(&one), moved(&two));
        let totals = |a: &Analysis| report(a)["totals"].clone();
        prop_assert_eq!(totals(&one), totals(&two));
        let incomplete = |a: &Analysis| a.report.warnings.iter().filter(|w| w.contains("not whole")).count();
        prop_assert_eq!(incomplete(&one), incomplete(&two));
    }
}

#[test]
fn small_and_large_chunks_and_any_number_of_threads_agree() {
    for grouping in ["raw", "request"] {
        for origin in ["rich", "combined"] {
            let folder = Folder::recorded("groupings", grouping, origin);
            let one = Ask { chunk: 4 << 20, jobs: 1, format: None }.run(folder.files());
            let other = Ask { chunk: 1 << 10, jobs: 4, format: None }.run(folder.files());
            assert_eq!(failed_fetches(&one), failed_fetches(&other));
            assert_eq!(differences(&report(&one), &report(&other)), Vec::<String>::new());
            assert_eq!(one.groups.len(), other.groups.len());
        }
    }
}
