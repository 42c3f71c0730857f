//! The outbox: written before it is sent, sent until somebody took it, in order within a group, and never twice the same.

use guru::model::Stamp;
use guru::model::alert::{Notice, NoticeKind};
use guru::model::stamp::SECOND;
use guru::store::Store;
use rusqlite::Connection;

use crate::support::{T0, new_store};

const NOW: Stamp = Stamp(T0);

fn notice(group: &str, step: &str) -> Notice {
    Notice {
        kind: NoticeKind::Opened,
        key: format!("{group}/{step}"),
        group: group.into(),
        incident: 3,
        severity: "critical".into(),
        at_us: T0,
        title: "shop: first byte timeout".into(),
        text: "since 17:49".into(),
        service: "shop".into(),
        cause: "timeout.first_byte".into(),
        failures: 12,
        share: 0.25,
    }
}

fn to(sinks: &[&str], notice: Notice) -> (Notice, Vec<String>) {
    (notice, sinks.iter().map(|s| (*s).to_string()).collect())
}

fn keys(store: &Store, sink: &str, now: Stamp) -> Vec<String> {
    store.due_notices(sink, now, 10).unwrap().into_iter().map(|l| l.notice.key).collect()
}

#[test]
fn what_was_put_is_due_after_a_restart_until_it_was_taken() {
    let (_folder, mut store) = new_store();
    let path = store.path().to_path_buf();
    assert_eq!(store.put_notices(&[to(&["pager", "chat"], notice("a", "opened"))], NOW).unwrap(), 2);
    drop(store);

    let mut store = Store::open(&path).unwrap();
    let due = store.due_notices("pager", NOW, 10).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((&due[0].notice, due[0].created, due[0].tries), (&notice("a", "opened"), NOW, 0));
    // Sent, but killed before that was recorded: it is due again. At least once, never lost.
    drop(store);
    store = Store::open(&path).unwrap();
    assert_eq!(keys(&store, "pager", NOW), ["a/opened"]);
    store.notice_sent(due[0].id, NOW + SECOND).unwrap();
    assert!(keys(&store, "pager", NOW + 9 * SECOND).is_empty());
    assert_eq!(keys(&store, "chat", NOW), ["a/opened"], "each sink has its own row");
}

#[test]
fn the_same_notice_is_written_once_whatever_became_of_it() {
    let (_folder, mut store) = new_store();
    let one = [to(&["pager"], notice("a", "opened"))];
    assert_eq!(store.put_notices(&one, NOW).unwrap(), 1);
    assert_eq!(store.put_notices(&one, NOW + SECOND).unwrap(), 0);
    let id = store.due_notices("pager", NOW, 1).unwrap()[0].id;
    store.notice_sent(id, NOW).unwrap();
    assert_eq!(store.put_notices(&one, NOW + SECOND).unwrap(), 0);
    assert!(keys(&store, "pager", NOW + SECOND).is_empty());
}

#[test]
fn an_end_never_overtakes_its_beginning() {
    let (_folder, mut store) = new_store();
    let all = ["a/opened", "b/opened", "a/recovered"].map(|k| {
        let (group, step) = k.split_once('/').unwrap();
        to(&["pager"], notice(group, step))
    });
    store.put_notices(&all, NOW).unwrap();
    assert_eq!(keys(&store, "pager", NOW), ["a/opened", "b/opened"]);
    let first = store.due_notices("pager", NOW, 1).unwrap()[0].id;
    store.notice_failed(first, NOW + 60 * SECOND, "answered 503").unwrap();
    assert_eq!(keys(&store, "pager", NOW + SECOND), ["b/opened"], "a waits, and its end with it");
    assert_eq!(store.next_notice("pager").unwrap(), Some(NOW));
    let again = store.due_notices("pager", NOW + 60 * SECOND, 1).unwrap();
    assert_eq!((again[0].id, again[0].tries), (first, 1));
    store.notice_given_up(first, "answered 404").unwrap();
    assert_eq!(keys(&store, "pager", NOW + SECOND), ["b/opened", "a/recovered"]);
}

#[test]
fn what_was_told_is_known_after_a_restart_even_if_nobody_wanted_it() {
    let (_folder, mut store) = new_store();
    store.put_notices(&[to(&["x", "y"], notice("a", "opened"))], NOW).unwrap();
    store.put_notices(&[to(&[], notice("b", "opened"))], NOW + SECOND).unwrap();
    let told = store.told_notices(NOW).unwrap();
    let told: Vec<_> = told.iter().map(|(n, at)| (n.key.as_str(), *at)).collect();
    assert_eq!(told, [("a/opened", NOW), ("b/opened", NOW + SECOND)]);
    assert_eq!(store.told_notices(NOW + SECOND).unwrap().len(), 1);
    assert!(keys(&store, "", NOW + SECOND).is_empty());
}

#[test]
fn a_row_that_cannot_be_read_does_not_hold_up_the_others() {
    let (_folder, mut store) = new_store();
    store.put_notices(&[to(&["x"], notice("a", "opened")), to(&["x"], notice("a", "recovered"))], NOW).unwrap();
    let db = Connection::open(store.path()).unwrap();
    db.execute("UPDATE outbox SET notice = '{' WHERE id = 1", []).unwrap();
    assert!(keys(&store, "x", NOW).is_empty());
    assert_eq!(keys(&store, "x", NOW), ["a/recovered"]);
    let error: String = db.query_row("SELECT error FROM outbox WHERE gave_up = 1", [], |r| r.get(0)).unwrap();
    assert!(error.contains("cannot be read"), "{error}");
}
