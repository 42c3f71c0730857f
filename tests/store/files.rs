//! Files that are no history, and who may read one that is.

use std::fs;
use std::path::Path;

use guru::error::{Error, Kind};
use guru::store::Store;
use rusqlite::Connection;

use crate::support::{Run, ask, failure};

fn all_ways(path: &Path) -> Vec<Error> {
    [Store::open(path), Store::open_existing(path), Store::open_read_only(path)]
        .into_iter()
        .map(|r| r.expect_err("this is no history"))
        .collect()
}

/// Every way of opening refuses with these words, and the file stays as it is.
fn refused(path: &Path, words: &str) {
    let before = fs::read(path).ok();
    for e in all_ways(path) {
        assert_eq!(e.kind, Kind::Store);
        assert!(e.message.contains(words), "{e}");
        assert!(e.message.contains(&path.display().to_string()) && !e.hints.is_empty(), "{e}");
    }
    assert_eq!(fs::read(path).ok(), before);
}

fn seeded(path: &Path) {
    let mut store = Store::open(path).unwrap();
    Run::of((0..50).map(failure).collect()).save(&mut store);
}

#[test]
fn what_is_no_history_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("notes.txt"), "a text that is no database").unwrap();
    refused(&at("notes.txt"), "not an SQLite database");
    fs::write(at("short"), "SQLite").unwrap();
    refused(&at("short"), "not an SQLite database");
    fs::create_dir(at("folder")).unwrap();
    refused(&at("folder"), "a folder");

    let foreign = Connection::open(at("foreign.db")).unwrap();
    foreign.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(foreign);
    refused(&at("foreign.db"), "another program");

    seeded(&at("newer.db"));
    Connection::open(at("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused(&at("newer.db"), "a newer guru");
}

#[test]
fn a_damaged_history_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guru.db");
    seeded(&path);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2 + 100]).unwrap();
    let cut = fs::read(&path).unwrap();
    let failed = match Store::open_read_only(&path) {
        Err(e) => e,
        Ok(store) => store.incident(1).expect_err("half of it is missing"),
    };
    assert!(failed.kind == Kind::Store && failed.message.contains("damaged"), "{failed}");
    assert!(failed.hints[0].contains(".recover"), "{failed}");
    assert_eq!(fs::read(&path).unwrap(), cut);

    let mut garbled = whole.clone();
    garbled[100..4096].fill(0xaa);
    fs::write(&path, &garbled).unwrap();
    refused(&path, "damaged");
}

#[test]
fn without_a_history_reading_says_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guru.db");
    for opened in [Store::open_read_only(&path), Store::open_existing(&path)] {
        let e = opened.expect_err("nothing is there");
        assert!(e.kind == Kind::Store && e.to_string().contains("guru analyze"), "{e}");
    }
    assert!(!path.exists(), "asking creates nothing");

    fs::write(&path, "").unwrap();
    let e = Store::open_read_only(&path).expect_err("it is empty");
    assert!(e.to_string().contains("guru analyze"), "{e}");
    seeded(&path);
    assert_eq!(Store::open_read_only(&path).unwrap().incident(1).unwrap().failures, 50, "an empty file may become one");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let e = Store::open(&folder.path().join("file/guru.db")).expect_err("a file is no folder");
    assert!(e.kind == Kind::Store && e.message.contains("file") && e.to_string().contains("--store"), "{e}");
}

#[cfg(unix)]
#[test]
fn a_new_history_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o7777;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/guru.db");
    let mut store = Store::open(&path).unwrap();
    Run::of(vec![failure(0)]).save(&mut store);
    assert_eq!(mode(&path), 0o600);
    for side in ["-wal", "-shm"] {
        assert_eq!(mode(Path::new(&format!("{}{side}", path.display()))), 0o600);
    }
    assert_eq!((mode(&folder.path().join("a")), mode(&folder.path().join("a/b"))), (0o700, 0o700));

    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o2770)).unwrap();
    drop(Store::open(&shared.join("guru.db")).unwrap());
    assert_eq!(mode(&shared.join("guru.db")), 0o660);
}

#[cfg(unix)]
#[test]
fn a_history_can_be_read_where_nothing_may_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a ?#%.db");
    seeded(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let failures = Store::open_read_only(&path).and_then(|s| s.incident(1)).map(|i| i.failures);
    let may_write = fs::write(folder.path().join("probe"), "").is_ok();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(failures.map_err(|e| e.to_string()), Ok(50));
    if !may_write {
        assert!(!folder.path().join("a ?#%.db-shm").exists());
    }
}

#[test]
fn plain_sql_reads_the_public_views() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guru.db");
    seeded(&path);
    assert_eq!(
        ask(&path, "SELECT id, opened_at, state, service, cause, failures, \"trigger\", fix, worked FROM v_incidents"),
        ["1|2026-11-20T17:49:06.123456Z|closed|web|timeout.first_byte|50|catalog import began|-|-"]
    );
    assert_eq!(
        ask(&path, "SELECT id, started_at, url, verdict, incident FROM v_failed_fetches WHERE vxid = 1001"),
        [format!("{:016x}|2026-11-20T17:49:16.123456Z|/p/1?q=1&token=***|no_origin_log|1", failure(1).id)]
    );
}
