//! What people decide about incidents holds: whatever is saved later, by a run that knows of it or by one that does not.

use guru::error::Kind;
use guru::model::{Cause, Failure, Impact, SplitBy, State};
use guru::store::{Filter, Store};

use crate::support::{Run, ask, dump, failure, group, linked, new_store, ruling};

fn words(cause: &str) -> (String, String) {
    (format!("brief {cause}"), format!("means {cause}"))
}

fn caused(n: u64, cause: &str) -> Failure {
    Failure { ruling: ruling(cause), ..failure(n) }
}

/// Five timeouts and three refusals.
fn mixed() -> Vec<Failure> {
    let slow = (0..5).map(failure);
    slow.chain((5..8).map(|n| caused(n, "connection.refused"))).collect()
}

fn members(store: &Store) -> Vec<String> {
    ask(
        store.path(),
        "SELECT incident_id || ' ' || cause || ' ' || count(*) FROM failed_fetches GROUP BY incident_id, cause",
    )
}

/// Tallies and failed fetches must tell the same of every incident.
fn tallies_agree(store: &Store) {
    for (table, column) in [("incident_causes", "cause"), ("incident_nodes", "node"), ("incident_hosts", "host")] {
        let wrong = format!(
            "SELECT t.incident_id, {column}, failures FROM {table} t WHERE failures <> (SELECT count(*) FROM failed_fetches f
             WHERE f.incident_id = t.incident_id AND f.{column} = t.{column} AND f.told_in IS NULL)"
        );
        assert!(ask(store.path(), &wrong).is_empty(), "{table}: {:?}", ask(store.path(), &wrong));
    }
    let wrong = "SELECT id FROM incidents WHERE failures <> (SELECT count(*) FROM failed_fetches f WHERE f.incident_id = incidents.id)";
    assert!(ask(store.path(), wrong).is_empty());
    assert!(ask(store.path(), "SELECT * FROM pragma_foreign_key_check").is_empty());
}

#[test]
fn one_incident_of_two_takes_everything_along() {
    let (_folder, mut store) = new_store();
    Run::of((0..3).map(failure).collect()).save(&mut store);
    Run::of((40..42).map(failure).collect()).save(&mut store);
    store.resolve(2, "restarted it", None, None).unwrap();
    store.note(2, "Ann was here").unwrap();
    store.note(1, "so was Ben").unwrap();
    let before = dump(store.path());
    assert_eq!(store.merge(1, 2, true).unwrap().failures, 5);
    assert_eq!(before, dump(store.path()), "a trial changes nothing");
    let share = store.merge(1, 2, false).unwrap();
    assert_eq!((share.id, share.value.as_str(), share.failures), (1, "2", 5));
    let i = store.incident(2).unwrap();
    assert_eq!((i.id, i.failures, i.fix.as_deref(), i.state), (1, 5, Some("restarted it"), State::Resolved));
    assert_eq!(i.closed_at, failure(41).ended);
    assert!(i.notes.contains(&"Ann was here".to_string()) && i.notes.contains(&"so was Ben".to_string()));
    tallies_agree(&store);
    // The same two groups again, as a run finds them that does not know.
    Run::of((0..3).map(failure).collect()).save(&mut store);
    let mut more = Run::of((40..44).map(failure).collect());
    more.save(&mut store);
    assert_eq!((more.groups[0].incident.id, store.incidents(&Filter::default()).unwrap().len()), (1, 1));
    assert_eq!(store.incident(1).unwrap().failures, 7);
    assert_eq!(store.decisions().unwrap().united, [1].into());
    tallies_agree(&store);
}

#[test]
fn parts_have_counts_spans_and_stories_of_their_own() {
    let (_folder, mut store) = new_store();
    Run::of(mixed()).save(&mut store);
    store.resolve(1, "restarted it", None, None).unwrap();
    let before = dump(store.path());
    store.split(1, SplitBy::Cause, &words, true).unwrap();
    assert_eq!(before, dump(store.path()), "a trial changes nothing");
    let shares = store.split(1, SplitBy::Cause, &words, false).unwrap();
    let told: Vec<_> = shares.iter().map(|s| (s.id, s.value.as_str(), s.failures)).collect();
    assert_eq!(told, [(1, "timeout.first_byte", 5), (2, "connection.refused", 3)]);
    let (kept, new) = (store.incident(1).unwrap(), store.incident(2).unwrap());
    assert_eq!((kept.failures, kept.fix.as_deref(), kept.closed_at), (5, Some("restarted it"), failure(4).ended));
    assert_eq!((new.failures, new.fix.as_deref(), new.opened_at), (3, None, failure(5).started));
    assert_eq!((new.title.as_str(), new.cause.as_str()), ("web: brief connection.refused", "connection.refused"));
    assert_eq!(new.notes, ["Split off incident 1 by cause: connection.refused"]);
    assert_eq!(new.examples[0].own.as_ref().map(|q| q.line), Some(4711));
    assert_eq!(kept.harm.visitors_5xx + new.harm.visitors_5xx, 8, "nobody is lost or counted twice");
    assert_eq!(new.harm.visitors_5xx, 3);
    tallies_agree(&store);
}

#[test]
fn visitors_go_to_the_part_that_is_known_to_have_given_error_pages() {
    let (_folder, mut store) = new_store();
    let mut failures = mixed();
    failures[5].impact = Impact::Unknown;
    failures[6].impact = Impact::Stale;
    Run::of(failures).save(&mut store);
    store.split(1, SplitBy::Cause, &words, false).unwrap();
    let visitors = |id| store.incident(id).unwrap().harm.visitors_5xx;
    // Five error pages on one side, one on the other: of eight visitors one and a third.
    assert_eq!((visitors(1), visitors(2)), (7, 1));
}

#[test]
fn a_run_that_has_not_heard_of_a_split_does_not_undo_it() {
    let (_folder, mut store) = new_store();
    Run::of(mixed()).save(&mut store);
    store.split(1, SplitBy::Cause, &words, false).unwrap();
    let before = members(&store);
    Run::of(mixed()).save(&mut store);
    assert_eq!(before, members(&store), "the whole group again");
    // It goes on, with causes of both parts, and with one that neither has.
    let mut all = mixed();
    all.extend([failure(8), caused(9, "connection.refused"), caused(10, "dns")]);
    let mut run = Run::of(all.clone());
    run.save(&mut store);
    let told = ["1 timeout.first_byte 6", "2 connection.refused 4", "3 dns 1"];
    assert_eq!(members(&store), told);
    assert_eq!(run.groups[0].incident.id, 1, "the largest part is what the group is called by");
    assert_eq!(store.incident(2).unwrap().closed_at, failure(9).ended);
    assert_eq!(store.incident(3).unwrap().cause, "dns");
    tallies_agree(&store);
    let before = dump(store.path());
    Run::of(all).save(&mut store);
    assert_eq!(before, dump(store.path()), "saving again changes nothing");
}

#[test]
fn a_cause_that_becomes_known_later_moves_nothing() {
    let (_folder, mut store) = new_store();
    Run::of(mixed()).save(&mut store);
    store.split(1, SplitBy::Cause, &words, false).unwrap();
    let mut better = mixed();
    better[7] = linked(Failure { ruling: ruling("app.slow"), ..failure(7) });
    Run::of(better).save(&mut store);
    assert_eq!(members(&store), ["1 timeout.first_byte 5", "2 app.slow 1", "2 connection.refused 2"]);
    tallies_agree(&store);
}

#[test]
fn a_part_can_be_split_again_and_taken_back() {
    let (_folder, mut store) = new_store();
    let mut all = mixed();
    for (n, f) in all.iter_mut().enumerate().filter(|(_, f)| f.ruling.cause == Cause::named("timeout.first_byte")) {
        f.host = guru::model::Text::from(if n < 3 { "a.example" } else { "b.example" });
    }
    Run::of(all.clone()).save(&mut store);
    store.split(1, SplitBy::Cause, &words, false).unwrap();
    let shares = store.split(1, SplitBy::Host, &words, false).unwrap();
    assert_eq!(
        shares.iter().map(|s| (s.id, s.value.as_str())).collect::<Vec<_>>(),
        [(1, "a.example"), (3, "b.example")]
    );
    Run::of(all.clone()).save(&mut store);
    assert_eq!(store.incidents(&Filter { host: Some("B.example".into()), ..Filter::default() }).unwrap()[0].id, 3);
    assert_eq!(members(&store).len(), 3);
    store.merge(1, 3, false).unwrap();
    Run::of(all.clone()).save(&mut store);
    assert_eq!(members(&store), ["1 timeout.first_byte 5", "2 connection.refused 3"], "the other split still holds");
    store.merge(2, 1, false).unwrap();
    Run::of(all).save(&mut store);
    assert_eq!(members(&store), ["2 connection.refused 3", "2 timeout.first_byte 5"]);
    assert_eq!((store.resolve_id(1).unwrap(), store.resolve_id(3).unwrap()), (2, 2), "an id once shown leads on");
    tallies_agree(&store);
}

#[test]
fn a_name_stays_whatever_is_found_later() {
    let (_folder, mut store) = new_store();
    Run::of(mixed()).save(&mut store);
    store.rename(1, " the night of the importer ").unwrap();
    let mut more = mixed();
    more.push(failure(9));
    let mut run = Run::of(more);
    run.save(&mut store);
    assert_eq!(store.incident(1).unwrap().title, "the night of the importer");
    assert_eq!(run.groups[0].incident.title, "the night of the importer");
    let filter = Filter { words: vec!["importer".into()], ..Filter::default() };
    assert_eq!(store.incidents(&filter).unwrap().len(), 1);
    let e = store.rename(1, "  ").unwrap_err();
    assert_eq!(e.kind, Kind::Usage);
}

#[test]
fn what_cannot_be_decided_is_refused_with_a_way_on() {
    let (_folder, mut store) = new_store();
    Run::of((0..3).map(failure).collect()).save(&mut store);
    let lone = failure(500);
    let mut scattered =
        Run { groups: vec![group(&[&lone])], failures: vec![lone], scattered: Some(0), ..Run::default() };
    scattered.save(&mut store);
    let before = dump(store.path());
    let refused = [
        store.merge(1, 1, false).map(|_| ()).unwrap_err(),
        store.merge(1, 9, false).map(|_| ()).unwrap_err(),
        store.merge(1, 2, false).map(|_| ()).unwrap_err(),
        store.split(1, SplitBy::Cause, &words, false).map(|_| ()).unwrap_err(),
        store.split(2, SplitBy::Cause, &words, false).map(|_| ()).unwrap_err(),
        store.rename(9, "x").map(|_| ()).unwrap_err(),
    ];
    for e in refused {
        assert!(e.kind == Kind::Usage && !e.hints.is_empty() && e.to_string().contains("guru.db"), "{e}");
    }
    assert_eq!(before, dump(store.path()));
}

#[test]
fn a_long_list_tells_the_same_as_a_short_one() {
    let (_folder, mut store) = new_store();
    for n in 0..120 {
        Run::of(vec![failure(n * 100), caused(n * 100 + 1, "dns")]).save(&mut store);
    }
    store.note(7, "one").unwrap();
    let all = store.incidents(&Filter::default()).unwrap();
    assert_eq!(all.len(), 120);
    let json = |i: &guru::model::Incident| serde_json::to_string(i).unwrap();
    for id in [1, 7, 120] {
        let one = store.incidents(&Filter {
            since: Some(all[120 - id].opened_at),
            until: Some(all[120 - id].opened_at),
            ..Filter::default()
        });
        assert_eq!(json(&one.unwrap()[0]), json(&all[120 - id]));
    }
}
