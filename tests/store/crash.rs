//! Kills and crowds: a killed save leaves all or nothing, writers wait for each other.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use guru::store::Store;

use crate::support::{Run, ask, failure};

const SIZE: u64 = 400;
const PATH: &str = "GURU_TEST_STORE_OF_CHILD";

fn batch(n: u64) -> Run {
    Run::of((n * SIZE..(n + 1) * SIZE).map(failure).collect())
}

/// Not a test of its own: what the killed process runs.
#[test]
#[ignore = "started by the test below, in a process of its own"]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = env::var_os(PATH) else { return };
    let mut store = Store::open(Path::new(&path)).unwrap();
    let done: u64 = ask(Path::new(&path), "SELECT count(*) FROM failed_fetches")[0].parse().unwrap();
    for n in done / SIZE.. {
        let mut run = batch(n);
        println!("\nsaving");
        run.save(&mut store);
    }
}

#[test]
fn a_killed_save_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guru.db");
    let mut most = 0;
    for round in 0..10 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["crash::child_that_writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Every other child may finish one save, so that both outcomes are met on a machine of any speed.
        for _ in 0..=round % 2 {
            assert!(lines.any(|l| l.unwrap() == "saving"), "the child began to save");
        }
        thread::sleep(Duration::from_millis(round * 7));
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(&path).unwrap();
        assert_eq!(ask(&path, "PRAGMA integrity_check"), ["ok"]);
        assert!(ask(&path, "PRAGMA foreign_key_check").is_empty());
        let count: u64 = ask(&path, "SELECT count(*) FROM failed_fetches")[0].parse().unwrap();
        assert_eq!(count % SIZE, 0, "round {round}");
        assert_eq!(ask(&path, "SELECT count(*) * 2 FROM failed_fetches"), ask(&path, "SELECT count(*) FROM evidence"));
        assert_eq!(ask(&path, "SELECT coalesce(sum(failures), 0) FROM v_incidents"), [count.to_string()]);
        assert!(count >= most, "what was saved stays");
        most = count;
        drop(store);
    }
    assert!(most > 0, "some save was finished");
}

#[test]
fn writers_and_readers_at_once_see_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/guru.db");
    thread::scope(|s| {
        for writer in 0..3u64 {
            let path = &path;
            s.spawn(move || {
                let mut store = Store::open(path).unwrap();
                for n in 0..8 {
                    let first = (writer * 8 + n) * 5;
                    Run::of((first..first + 6).map(failure).collect()).save(&mut store);
                    store.note(1, "beside a writer").unwrap();
                    Store::open_read_only(path).unwrap().incident(1).unwrap();
                }
            });
        }
    });
    // Each run shares a failure with the next one, so that all are one incident whatever the order was.
    assert_eq!(ask(&path, "SELECT failures FROM v_incidents"), ["121"]);
    assert_eq!(ask(&path, "SELECT count(*) FROM notes"), ["24"]);
}
