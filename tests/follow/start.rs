//! What is read when following begins, and files that come later or cannot be read.

use std::fs;

use guru::source::FollowSettings;

use crate::reader::{Logs, Reader, settings};

fn back(bytes: u64) -> FollowSettings {
    FollowSettings { back: bytes, ..settings() }
}

#[test]
fn the_last_part_of_the_current_file_is_read_from_a_line_on() {
    for (bytes, expected) in
        [(0, &[][..]), (5, &["four"][..]), (6, &["three", "four"]), (u64::MAX, &["one", "two", "three", "four"])]
    {
        let logs = Logs::new();
        logs.write("access.log", "one\ntwo\nthree\nfour\n");
        logs.write("access.log.1", "zero\n");
        logs.write("access.log.2", "minus one\n");
        logs.gzip("access.log.2", "access.log.2.gz");
        let mut reader = Reader::with(&[&logs.path("")], back(bytes));
        reader.poll();
        reader.expect(expected);
        let opened = &reader.given.values().next().unwrap().opened;
        assert_eq!((opened.lines_known, opened.lines_before), (true, 4 - expected.len() as u64));
        assert_eq!(opened.from == 0, bytes == u64::MAX);
        logs.write("access.log", "five\n");
        reader.poll();
        assert_eq!(reader.lines.last().unwrap(), "five");
        assert_eq!(reader.given.len(), 1);
    }
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let logs = Logs::new();
    let spec = logs.path("*.log");
    let mut reader = Reader::with(&[&spec, &logs.path("named/later.log")], back(0));
    reader.poll();
    assert_eq!(reader.troubles.len(), 2, "{:?}", reader.troubles);
    logs.write("a.log", "");
    reader.poll();
    assert!(reader.given.is_empty());
    logs.write("a.log", "one\n");
    logs.write("b.log", "two\n");
    fs::create_dir(logs.path("named")).unwrap();
    logs.write("named/later.log", "three\n");
    reader.poll();
    reader.lines.sort();
    reader.expect(&["one", "three", "two"]);
    assert_eq!(reader.mended.len(), 2);
}

#[test]
fn a_new_file_in_a_followed_folder_is_found_and_its_folders_tell_its_log() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("")]);
    fs::create_dir(logs.path("web1")).unwrap();
    reader.poll();
    logs.write("web1/access.log", "one\n");
    logs.write("web1/README.md", "no log\n");
    reader.poll();
    reader.expect(&["one"]);
    assert!(reader.live()[0].opened.series.ends_with("web1/access.log"));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_told_once_and_read_when_it_can() {
    use std::os::unix::fs::PermissionsExt;
    let logs = Logs::new();
    logs.write("access.log", "one\ntwo\n");
    let allow = |mode| fs::set_permissions(logs.path("access.log"), fs::Permissions::from_mode(mode)).unwrap();
    allow(0);
    if fs::File::open(logs.path("access.log")).is_ok() {
        return; // The superuser reads everything.
    }
    let mut reader = Reader::with(&[&logs.path("access.log")], back(4));
    for _ in 0..3 {
        reader.wait(1.0);
    }
    assert!(reader.troubles.len() == 1 && reader.troubles[0].contains("permission denied"), "{:?}", reader.troubles);
    allow(0o600);
    reader.poll();
    reader.expect(&["two"]);
    assert_eq!(reader.mended.len(), 1);
}

#[test]
fn a_log_whose_name_says_it_is_old_is_followed_when_it_grows() {
    let logs = Logs::new();
    logs.write("access.log", "stale\n");
    logs.write("access-20261127.log", "old\n");
    let mut reader = Reader::with(&[&logs.path("")], back(0));
    reader.poll();
    logs.write("access-20261127.log", "one\n");
    reader.poll();
    logs.write("access-20261128.log", "two\n");
    reader.poll();
    reader.expect(&["one", "two"]);
}

#[cfg(unix)]
#[test]
fn a_link_and_its_target_are_one_log() {
    let logs = Logs::new();
    logs.write("access-20261127.log", "one\n");
    logs.link("access-20261127.log", "current.log");
    let (link, glob) = (logs.path("current.log"), logs.path("access-*.log"));
    let mut reader = Reader::new(&[&link, &glob]);
    reader.poll();
    logs.write("access-20261128.log", "two\n");
    logs.link("access-20261128.log", "current.log");
    reader.poll();
    logs.write("access-20261128.log", "three\n");
    reader.poll();
    reader.expect(&["one", "two", "three"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_a_generation_that_ends() {
    let logs = Logs::new();
    let pipe = logs.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader = Reader::new(&[&pipe]);
    reader.poll();
    let mut writer = crate::reader::Daemon::open(&pipe);
    writer.write("one\ntwo\n");
    reader.until(|r| r.lines.len() == 2);
    let id = *reader.given.keys().next().unwrap();
    assert_eq!(reader.follower.reread(id, 4, 3).unwrap(), b"two");
    writer.write("thr");
    drop(writer);
    reader.until(|r| r.live().is_empty());
    reader.expect(&["one", "two", "thr"]);
    assert!(reader.follower.key(id).unwrap().2);
}
