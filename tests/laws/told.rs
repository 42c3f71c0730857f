//! What people and programs are told by a tail while logs grow.

use std::collections::BTreeSet;

use guru::model::stamp::SECOND;

use crate::store::ask;
use crate::support::Folder;
use crate::tail::{BEGIN, Growth, follow};

fn growth() -> Growth {
    Growth { step: 250_000, delays: vec![0, SECOND], settle: 45 * SECOND, refuse: 0 }
}

#[test]
fn a_change_that_somebody_records_is_a_mark_and_may_be_the_trigger() {
    let folder = Folder::recorded("groupings", "raw", "rich");
    let mut told = false;
    let live = follow(&folder.files(), &growth(), &folder.path("tail.db"), |tail, wall| {
        if !told && wall >= BEGIN + 2 * SECOND {
            tail.changed(wall, "deployed 4.2");
            told = true;
        }
    });
    let marks: Vec<&String> = live.minutes.iter().flat_map(|m| &m.changes).collect();
    assert!(marks.iter().any(|m| *m == "change: deployed 4.2"), "{marks:?}");
    let candidates = live.incidents.iter().flat_map(|i| i.began.iter().chain(&i.ended_by));
    assert!(candidates.into_iter().any(|c| c.kind == "change" && c.text == "deployed 4.2"), "{:?}", live.incidents);
    // Whoever recorded it has kept it: the tail does not keep it twice.
    assert!(ask(&folder.path("tail.db"), "SELECT text FROM changes WHERE text = 'deployed 4.2'").is_empty());
}

#[test]
fn each_failure_of_the_history_was_told_to_programs() {
    let folder = Folder::recorded("groupings", "request", "rich");
    let live = follow(&folder.files(), &growth(), &folder.path("tail.db"), |_, _| {});
    let told: BTreeSet<String> = live.news.iter().filter(|f| f.settled).map(|f| f.id.clone()).collect();
    let kept =
        ask(&folder.path("tail.db"), "SELECT printf('%016x', identity) FROM failed_fetches WHERE told_in IS NULL");
    assert!(kept.len() > 10);
    assert_eq!(kept, told);
}

#[test]
fn a_log_whose_name_leads_nowhere_by_now_is_recognised_by_what_came() {
    let folder = Folder::recorded("groupings", "request", "none");
    let paths: Vec<_> = folder.files().iter().map(|f| f.path.clone()).collect();
    let live = follow(&folder.files(), &growth(), &folder.path("tail.db"), |_, _| {
        // Rotated away before anybody looked at it by its name.
        paths.iter().for_each(|path| _ = std::fs::remove_file(path));
    });
    assert!(live.sources.iter().all(|s| !s.format.is_empty()), "{:?}", live.sources);
    assert!(ask(&folder.path("tail.db"), "SELECT printf('%016x', identity) FROM failed_fetches").len() > 10);
}
