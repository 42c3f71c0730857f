//! How varnishlog groups its records must not matter: the four groupings of one recording give the same failed
//! fetches, through the whole pipeline.

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Folder, failed_fetches};

/// Failed fetches without the places of the cache's own records, which are where the grouping puts them.
fn found_in(grouping: &str, origin: &str) -> BTreeMap<String, Value> {
    let folder = Folder::recorded("groupings", grouping, origin);
    let here = folder.path("").display().to_string();
    let mut found = failed_fetches(&folder.run());
    for fetch in found.values_mut() {
        let own = fetch["evidence"].as_array_mut().into_iter().flatten();
        own.filter(|q| q["file"].as_str().is_some_and(|f| f.ends_with("varnish.log")))
            .for_each(|q| q["line"] = 0.into());
        *fetch = serde_json::from_str(&fetch.to_string().replace(&here, "")).expect("still JSON");
    }
    found
}

#[test]
fn the_four_groupings_give_the_same_failed_fetches() {
    for origin in ["rich", "combined", "none"] {
        let expected = found_in("request", origin);
        let of_cache = expected.values().filter(|f| f["tier"] == "cache").count();
        assert_eq!(of_cache, 26, "failed fetches in the recording, {origin}");
        for grouping in ["raw", "vxid", "session"] {
            let found = found_in(grouping, origin);
            assert_eq!(
                found.keys().collect::<Vec<_>>(),
                expected.keys().collect::<Vec<_>>(),
                "{grouping} with {origin}"
            );
            for (id, fetch) in &expected {
                assert_eq!(&found[id], fetch, "{id}, {grouping} with {origin}");
            }
        }
    }
}
