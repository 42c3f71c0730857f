//! Every kind of rotation, while the follower runs.

use std::fs;

use crate::reader::{Daemon, Logs, Reader};

#[test]
fn a_renamed_file_is_read_until_its_writer_reopens() {
    let logs = Logs::new();
    let mut daemon = Daemon::open(&logs.path("access.log"));
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    daemon.write("one\ntw");
    reader.poll();
    daemon.write("o\n");
    logs.rename("access.log", "access.log.1");
    reader.poll();
    logs.write("access.log", "four\n");
    daemon.write("three\n");
    reader.poll();
    reader.expect(&["one", "two", "three", "four"]);
    reader.wait(1.0);
    assert_eq!(reader.live().len(), 2);
    daemon.write("late\n");
    reader.wait(1.5);
    assert_eq!(reader.live().len(), 2, "it stirred");
    reader.wait(2.5);
    assert_eq!(reader.live().len(), 1);
    assert!(reader.given.values().next().unwrap().path.ends_with("access.log.1"));
    assert!(reader.lost.is_empty() && reader.given.values().all(|g| !g.opened.after_gap));
    assert!(reader.given.values().all(|g| g.opened.series == logs.path("access.log").to_string_lossy()));
}

#[test]
fn what_is_written_long_after_the_rotation_is_given_too() {
    let logs = Logs::new();
    let mut daemon = Daemon::open(&logs.path("access.log"));
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    daemon.write("one\n");
    reader.poll();
    logs.rename("access.log", "access.log.1");
    logs.write("access.log", "two\n");
    reader.poll();
    reader.wait(3.0);
    assert_eq!(reader.live().len(), 1);
    daemon.write("late\n");
    reader.poll();
    reader.expect(&["one", "two", "late"]);
    let revived = reader.given.values().last().unwrap();
    assert_eq!((revived.opened.from, revived.opened.lines_before, revived.opened.counted), (4, 1, 4));
    reader.wait(3.0);
    assert_eq!(reader.live().len(), 1);
}

#[test]
fn several_rotations_between_two_looks_lose_nothing() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log.1", "from before\n");
    logs.write("access.log", "one and more of it\n");
    reader.poll();
    logs.rename("access.log.1", "access.log.4");
    logs.gzip("access.log.4", "access.log.4.gz");
    logs.rename("access.log", "access.log.3");
    logs.write("access.log.2", "two and more of it\n");
    logs.gzip("access.log.2", "access.log.2.gz");
    logs.write("access.log.1", "three\n");
    logs.write("access.log", "four\n");
    reader.poll();
    reader.expect(&["one and more of it", "two and more of it", "three", "four"]);
    assert!(reader.lost.is_empty());
}

#[test]
fn copytruncate_reads_the_rest_in_the_copy_and_says_what_it_may_have_cost() {
    for packed in [false, true] {
        let logs = Logs::new();
        let mut daemon = Daemon::open(&logs.path("access.log"));
        let mut reader = Reader::new(&[&logs.path("access.log")]);
        daemon.write("one\ntwo\n");
        reader.poll();
        daemon.write("three\n");
        fs::copy(logs.path("access.log"), logs.path("access.log.1")).unwrap();
        fs::File::options().write(true).open(logs.path("access.log")).unwrap().set_len(0).unwrap();
        if packed {
            logs.gzip("access.log.1", "access.log.1.gz");
        }
        daemon.write("four\n");
        reader.poll();
        reader.expect(&["one", "two", "three", "four"]);
        assert!(reader.lost.len() == 1 && reader.lost[0].contains("copytruncate"), "{:?}", reader.lost);
        let gaps: Vec<bool> = reader.given.values().map(|g| g.opened.after_gap).collect();
        assert_eq!(gaps, [false, true]);
        reader.wait(3.0);
        reader.wait(3.0);
        assert_eq!(reader.live().len(), 1);
    }
}

#[test]
fn the_copy_itself_is_not_read_as_another_log() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("")]);
    logs.write("access.log", "one\n");
    reader.poll();
    fs::copy(logs.path("access.log"), logs.path("access.log.1")).unwrap();
    reader.poll();
    logs.write("access.log", "two\n");
    reader.poll();
    reader.expect(&["one", "two"]);
}

#[test]
fn a_file_that_is_written_anew_is_noticed_whatever_its_length() {
    for new in ["other\n", "other one\n", "other one and more than there was\n"] {
        let logs = Logs::new();
        let mut reader = Reader::new(&[&logs.path("access.log")]);
        logs.write("access.log", "first one\n");
        reader.poll();
        fs::write(logs.path("access.log"), new).unwrap();
        reader.poll();
        reader.expect(&["first one", new.trim_end()]);
        assert!(reader.lost[0].contains("was truncated: what was written after byte 10"), "{:?}", reader.lost);
        assert_eq!(reader.live().len(), 1);
    }
}

#[test]
fn a_removed_file_is_read_on_until_another_takes_its_name() {
    let logs = Logs::new();
    let mut daemon = Daemon::open(&logs.path("access.log"));
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    daemon.write("one\n");
    reader.poll();
    daemon.write("two\n");
    logs.remove("access.log");
    reader.wait(10.0);
    daemon.write("three\n");
    reader.wait(10.0);
    assert_eq!(reader.live().len(), 1);
    logs.write("access.log", "four\n");
    reader.poll();
    reader.expect(&["one", "two", "three", "four"]);
    reader.wait(3.0);
    assert_eq!(reader.live().len(), 1);
    logs.remove("access.log");
    reader.wait(1.0);
    reader.wait(61.0);
    assert!(reader.live().is_empty());
}

#[test]
fn a_name_that_is_reused_with_its_inode_is_another_file() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    for round in 0..5 {
        // Where the old file is let go, the file system gives its inode to the next one.
        logs.write("access.log", &format!("{round} one\n{round} two\n"));
        reader.poll();
        logs.remove("access.log");
        reader.poll();
        reader.wait(61.0);
        let ids: Vec<_> = reader.given.keys().copied().collect();
        ids.into_iter().for_each(|id| reader.follower.release(id));
    }
    assert_eq!(reader.lines.len(), 10);
}

#[test]
fn files_named_by_date_follow_one_another() {
    let logs = Logs::new();
    let spec = logs.path("access-*.log");
    let mut reader = Reader::new(&[&spec]);
    let mut yesterday = Daemon::open(&logs.path("access-2026-11-27.log"));
    yesterday.write("one\n");
    reader.poll();
    logs.write("access-2026-11-28.log", "three\n");
    yesterday.write("two\n");
    reader.poll();
    reader.expect(&["one", "two", "three"]);
    reader.wait(1.0);
    reader.wait(2.5);
    let live = reader.live();
    assert_eq!(live.len(), 1);
    assert!(live[0].path.ends_with("access-2026-11-28.log"));
}

#[cfg(unix)]
#[test]
fn a_link_that_is_set_anew_is_followed() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("current.log")]);
    logs.write("access-20261127.log", "one\n");
    logs.link("access-20261127.log", "current.log");
    reader.poll();
    logs.write("access-20261127.log", "two\n");
    logs.write("access-20261128.log", "three\n");
    logs.write("access-20261129.log", "four\n");
    logs.link("access-20261129.log", "current.log");
    reader.poll();
    reader.expect(&["one", "two", "three", "four"]);
    assert!(reader.given.values().next().unwrap().path.ends_with("access-20261127.log"));
    reader.wait(1.0);
    reader.wait(3.0);
    assert_eq!(reader.live().len(), 1);
}

#[test]
fn compression_at_once_or_later_gives_nothing_twice() {
    for at_once in [true, false] {
        let logs = Logs::new();
        let mut reader = Reader::new(&[&logs.path("")]);
        let mut expected = Vec::new();
        for round in 0..5 {
            let (first, second) = (format!("{round} begins here"), format!("{round} ends"));
            logs.write("access.log", &format!("{first}\n"));
            reader.poll();
            logs.write("access.log", &format!("{second}\n"));
            expected.extend([first, second]);
            for n in (1..4).rev() {
                let (from, to) = (format!("access.log.{n}.gz"), format!("access.log.{}.gz", n + 1));
                if logs.exists(&from) {
                    logs.rename(&from, &to);
                }
            }
            if logs.exists("access.log.1") {
                logs.gzip("access.log.1", "access.log.2.gz");
            }
            logs.rename("access.log", "access.log.1");
            if at_once {
                logs.gzip("access.log.1", "access.log.1.gz");
            }
            reader.poll();
            reader.wait(0.5);
        }
        reader.wait(70.0);
        reader.wait(70.0);
        assert_eq!(reader.lines, expected);
        assert!(reader.lost.is_empty() && reader.live().is_empty(), "{:?}", reader.lost);
    }
}

#[test]
fn bytes_can_be_quoted_after_rename_removal_and_compression() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log", "one\ntwo\nthree\n");
    reader.poll();
    let id = *reader.given.keys().next().unwrap();
    logs.rename("access.log", "access.log.1");
    logs.write("access.log", "four\n");
    reader.poll();
    reader.wait(3.0);
    logs.gzip("access.log.1", "access.log.1.gz");
    reader.poll();
    assert_eq!(reader.follower.reread(id, 4, 3).unwrap(), b"two");
    reader.wait(700.0);
    assert_eq!(reader.follower.reread(id, 4, 3).unwrap(), b"two", "from the archive");
    let (key, path, finished) = reader.follower.key(id).unwrap();
    assert!(finished && key.head_len == 14 && path.ends_with("access.log.1.gz"), "{path}");
    reader.follower.release(id);
    assert_eq!(reader.follower.reread(id, 4, 3), None);
    assert!(reader.follower.key(id).is_none());
    reader.poll();
    reader.expect(&["one", "two", "three", "four"]);
}

#[test]
fn a_poll_reads_no_more_than_it_may_and_the_older_file_goes_first() {
    let logs = Logs::new();
    let settings = guru::source::FollowSettings { most: 8, block: 3, ..crate::reader::settings() };
    let mut reader = Reader::with(&[&logs.path("access.log")], settings);
    logs.write("access.log", "one\n");
    reader.poll();
    logs.write("access.log", "two\nthree\nfour\nfive\n");
    logs.rename("access.log", "access.log.1");
    logs.write("access.log", "six\n");
    assert!(reader.poll_once());
    reader.expect(&["one", "two"]);
    let (old, new) = (*reader.given.keys().next().unwrap(), *reader.given.keys().last().unwrap());
    assert_eq!((reader.follower.backlog(old), reader.follower.backlog(new)), (12, 4));
    reader.poll();
    reader.expect(&["one", "two", "three", "four", "five", "six"]);
    assert_eq!(reader.follower.backlog(new), 0);
}
