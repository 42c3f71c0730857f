//! What happened while guru was not running.

use std::fs;

use crate::reader::{Daemon, Logs, Reader};

#[test]
fn reading_goes_on_where_it_stood_and_open_lines_are_given_again() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log", "one\ntwo\nthree\nfo");
    reader.poll();
    logs.write("access.log", "ur\n");
    reader.restart(2);
    reader.poll();
    let opened = &reader.live()[0].opened;
    assert_eq!((opened.from, opened.lines_before, opened.counted, opened.after_gap), (4, 1, 14, false));
    reader.expect(&["one", "two", "three", "four"]);
    assert!(reader.lost.is_empty());
}

#[test]
fn rotated_files_are_caught_up_in_order_packed_or_not() {
    for packed in 0..4 {
        let logs = Logs::new();
        let mut reader = Reader::new(&[&logs.path("access.log")]);
        logs.write("access.log.1", "from before guru\n");
        logs.write("access.log", "one begins\n");
        reader.poll();
        reader.restart(0);
        logs.rename("access.log.1", "access.log.4");
        logs.write("access.log", "one ends\n");
        logs.rename("access.log", "access.log.3");
        logs.write("access.log.2", "two\n");
        logs.write("access.log.1", "three\n");
        logs.write("access.log", "four\n");
        for n in 5 - packed..5 {
            logs.gzip(&format!("access.log.{n}"), &format!("access.log.{n}.gz"));
        }
        reader.poll();
        reader.expect(&["one begins", "one ends", "two", "three", "four"]);
        assert!(reader.lost.is_empty(), "{:?}", reader.lost);
        reader.wait(1.0);
        reader.wait(3.0);
        assert_eq!(reader.live().len(), 1);
        reader.restart(0);
        logs.write("access.log", "five\n");
        reader.poll();
        assert_eq!(reader.lines.last().unwrap(), "five");
        assert_eq!((reader.lines.len(), reader.given.len()), (6, 1), "what was finished is not read again");
    }
}

#[test]
fn names_with_dates_and_names_with_numbers_are_caught_up_together() {
    for packed in [false, true] {
        let logs = Logs::new();
        let mut reader = Reader::new(&[&logs.path("access.log")]);
        logs.write("access.log", "one\n");
        reader.poll();
        logs.rename("access.log", "access.log-20260101-00");
        logs.write("access.log", "two begins\n");
        reader.wait(3.0);
        reader.restart(0);
        logs.write("access.log", "two ends\n");
        logs.rename("access.log", "access.log-20260101-01");
        logs.write("access.log", "three\n");
        logs.rename("access.log", "access.log.1");
        if packed {
            logs.gzip("access.log.1", "access.log.1.gz");
        }
        logs.write("access.log", "four\n");
        reader.poll();
        reader.lines.sort();
        reader.expect(&["four", "one", "three", "two begins", "two ends"]);
        assert!(reader.lost.is_empty(), "{:?}", reader.lost);
    }
}

#[test]
fn a_place_noted_after_a_few_bytes_is_that_of_one_file_only() {
    for packed in [false, true] {
        let logs = Logs::new();
        let mut reader = Reader::new(&[&logs.path("access.log")]);
        // All files of the minute begin alike.
        logs.write("access.log", "28/Nov/2026:08:05:");
        reader.poll();
        reader.restart(0);
        logs.write("access.log", "01 one\n");
        logs.rename("access.log", "access.log.2");
        logs.write("access.log.1", "28/Nov/2026:08:05:02 two\n");
        logs.write("access.log", "28/Nov/2026:08:05:03 three\n");
        if packed {
            logs.gzip("access.log.2", "access.log.2.gz");
            logs.gzip("access.log.1", "access.log.1.gz");
        }
        reader.poll();
        reader.wait(3.0);
        let begin = "28/Nov/2026:08:05:";
        reader.expect(&[&format!("{begin}01 one"), &format!("{begin}02 two"), &format!("{begin}03 three")]);
        assert!(reader.lost.is_empty(), "{:?}", reader.lost);
        // Its file is gone, and the next one begins alike too.
        fs::remove_file(logs.path(if packed { "access.log.2.gz" } else { "access.log.2" })).unwrap();
        logs.rename("access.log", "access.log.0");
        logs.write("access.log", begin);
        reader.wait(3.0);
        logs.write("access.log", "04 four\n");
        reader.wait(3.0);
        assert_eq!(reader.lines.last().map(String::as_str), Some("28/Nov/2026:08:05:04 four"));
    }
}

#[test]
fn what_was_removed_is_told_and_what_is_younger_is_read() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log.2", "from before guru\n");
    let old = fs::File::options().write(true).open(logs.path("access.log.2")).unwrap();
    old.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3600)).unwrap();
    logs.write("access.log", "one\n");
    reader.poll();
    reader.restart(0);
    logs.remove("access.log");
    logs.write("access.log.1", "two\n");
    logs.write("access.log", "three\n");
    reader.poll();
    reader.expect(&["one", "two", "three"]);
    assert!(reader.lost[0].contains("while guru was not running"), "{:?}", reader.lost);
    let gaps: Vec<bool> = reader.given.values().map(|g| g.opened.after_gap).collect();
    assert_eq!(gaps, [true, false]);
}

#[test]
fn copytruncate_while_down_reads_the_rest_in_the_copy() {
    let logs = Logs::new();
    let mut daemon = Daemon::open(&logs.path("access.log"));
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    daemon.write("one\n");
    reader.poll();
    reader.restart(0);
    daemon.write("two\n");
    fs::copy(logs.path("access.log"), logs.path("access.log.1")).unwrap();
    fs::File::options().write(true).open(logs.path("access.log")).unwrap().set_len(0).unwrap();
    daemon.write("three and so much more that it is longer\n");
    reader.poll();
    reader.expect(&["one", "two", "three and so much more that it is longer"]);
    assert!(reader.lost.len() == 1 && reader.lost[0].contains("copytruncate"), "{:?}", reader.lost);
}

#[test]
fn an_inode_that_is_used_again_is_not_taken_for_the_old_file() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log", "one of the old file\n");
    reader.poll();
    reader.restart(0);
    logs.gzip("access.log", "access.log.1.gz");
    logs.write("access.log", "two of a new file, and longer than the old one was\n");
    reader.poll();
    reader.expect(&["one of the old file", "two of a new file, and longer than the old one was"]);
    assert!(reader.lost.is_empty(), "{:?}", reader.lost);
}

#[cfg(unix)]
#[test]
fn a_link_that_was_set_anew_while_down_is_caught_up() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("current.log")]);
    logs.write("access-20261127.log", "one\n");
    logs.link("access-20261127.log", "current.log");
    reader.poll();
    reader.restart(0);
    logs.write("access-20261127.log", "two\n");
    logs.write("access-20261128.log", "three\n");
    logs.link("access-20261128.log", "current.log");
    reader.poll();
    reader.expect(&["one", "two", "three"]);
    assert!(reader.lost.is_empty(), "{:?}", reader.lost);
}

#[test]
fn an_archive_that_is_still_written_is_waited_for() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    let text: String = (0..20_000).map(|n| format!("{n} line {}\n", n * 7919 % 10_007)).collect();
    logs.write("access.log", &text[..100_000]);
    reader.poll();
    reader.restart(0);
    logs.write("access.log", &text[100_000..]);
    logs.gzip("access.log", "access.log.1.gz");
    let whole = fs::read(logs.path("access.log.1.gz")).unwrap();
    fs::write(logs.path("access.log.1.gz"), &whole[..whole.len() / 2]).unwrap();
    logs.write("access.log", "next\n");
    reader.poll();
    assert!(reader.lines.len() < 20_000 && reader.lines.last().unwrap() != "next");
    fs::write(logs.path("access.log.1.gz"), &whole).unwrap();
    reader.poll();
    reader.poll();
    let expected: Vec<&str> = text.lines().chain(["next"]).collect();
    assert!(reader.lines == expected, "{} lines, {:?}", reader.lines.len(), reader.lost);
}

#[test]
fn an_archive_that_is_damaged_is_told_and_does_not_hold_up_what_is_younger() {
    let logs = Logs::new();
    let mut reader = Reader::new(&[&logs.path("access.log")]);
    logs.write("access.log", &"one line of the old file\n".repeat(2000));
    reader.poll();
    reader.restart(0);
    logs.gzip("access.log", "access.log.1.gz");
    let whole = fs::read(logs.path("access.log.1.gz")).unwrap();
    fs::write(logs.path("access.log.1.gz"), &whole[..whole.len() - 8]).unwrap();
    logs.write("access.log", "next\n");
    reader.poll();
    reader.wait(11.0);
    reader.poll();
    assert_eq!(reader.lines.last().unwrap(), "next");
    assert!(reader.lost[0].contains("cut off"), "{:?}", reader.lost);
}
