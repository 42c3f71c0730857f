//! A varnishlog that prints, fails, hangs and comes back: a small script in its place.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use guru::model::Tier;
use guru::source::{VarnishCommand, ring_once};

use crate::reader::{Logs, Reader};

/// A varnishlog whose `-d` does one thing and whose live run another.
fn fake(logs: &Logs, held: &str, live: &str) -> VarnishCommand {
    let script =
        format!("#!/bin/sh\ncd '{}'\ncase \"$*\" in *-d*) {held};; *) {live};; esac\n", logs.path("").display());
    let path = logs.path("fake-varnishlog");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    VarnishCommand { program: path, ..VarnishCommand::new(Some("shop".into())) }
}

fn follow(command: VarnishCommand) -> Reader {
    let mut reader = Reader::new(&[]);
    reader.follower.varnish(command);
    reader
}

#[test]
fn what_the_ring_held_comes_first_and_then_what_comes_each_line_once() {
    let logs = Logs::new();
    let held = "printf '1 old\\n0 ping\\n2 both\\n0 ping\\n'";
    let live = "printf '0 ping\\n2 both\\n'; sleep 0.2; printf '0 ping\\n3 live\\n'; exec sleep 60";
    let mut reader = follow(fake(&logs, held, live));
    reader.until(|r| r.lines.len() == 5);
    reader.expect(&["1 old", "0 ping", "2 both", "0 ping", "3 live"]);
    let opened: Vec<_> = reader.given.values().map(|g| (g.opened.role, g.opened.after_gap, g.ended)).collect();
    assert_eq!(opened, [(Some(Tier::Cache), false, false)]);
    assert_eq!(reader.live()[0].path, "varnish:shop");
    let id = reader.live()[0].opened.id;
    assert_eq!(reader.follower.reread(id, 2, 3).unwrap(), b"old");
    assert!(reader.lost.is_empty() && reader.troubles.is_empty());
}

#[test]
fn a_live_log_that_does_not_go_on_where_the_ring_ended_stands_apart() {
    let logs = Logs::new();
    let mut reader = follow(fake(&logs, "echo held", "echo live; echo more; exec sleep 60"));
    reader.until(|r| r.lines.len() == 3);
    reader.expect(&["held", "live", "more"]);
    let opened: Vec<_> = reader.given.values().map(|g| (g.opened.after_gap, g.ended)).collect();
    assert_eq!(opened, [(false, true), (true, false)]);
}

#[test]
fn a_run_that_ends_is_told_as_a_gap_and_started_again_after_a_pause() {
    let logs = Logs::new();
    let mut reader = follow(fake(&logs, "true", "echo run >> runs; wc -l < runs; exit 3"));
    reader.until(|r| !r.lost.is_empty());
    assert!(reader.lost[0].contains("was cut: varnishlog ended (exit status: 3)"), "{:?}", reader.lost);
    reader.wait(0.5);
    assert_eq!(reader.given.len(), 1);
    reader.wait(1.0);
    reader.until(|r| r.lost.len() == 2);
    assert!(reader.given.values().last().unwrap().opened.after_gap);
    reader.wait(1.0);
    assert_eq!(reader.lines.len(), 2, "the second pause is longer");
}

#[test]
fn overruns_and_restarts_of_the_child_are_gaps() {
    let logs = Logs::new();
    let live = "echo one; echo 'Log overrun' >&2; sleep 0.2; echo two; sleep 0.2; \
                echo 'Log abandoned (vsl)' >&2; echo 'Log reacquired' >&2; sleep 0.2; echo three; exec sleep 60";
    let mut reader = follow(fake(&logs, "true", live));
    reader.until(|r| r.lines.len() == 3);
    assert!(reader.lost[0].contains("varnish:shop was overrun") && reader.lost[1].contains("was abandoned"));
    let texts: Vec<(&[u8], bool)> = reader.given.values().map(|g| (&g.bytes[..], g.opened.after_gap)).collect();
    assert_eq!(texts, [(&b"one\ntwo\n"[..], false), (&b"three\n"[..], true)]);
}

#[test]
fn a_varnish_that_is_not_there_is_a_trouble_told_once_and_mended_when_it_comes() {
    let logs = Logs::new();
    let live = "if test -e there; then echo one; exec sleep 60; fi; echo 'Could not get hold of varnishd, is it running?' >&2; exit 1";
    let mut reader = follow(fake(&logs, "exit 1", live));
    reader.until(|r| !r.troubles.is_empty());
    reader.wait(2.0);
    reader.until(|r| r.troubles.len() == 1);
    std::thread::sleep(Duration::from_millis(100));
    reader.wait(5.0);
    std::thread::sleep(Duration::from_millis(100));
    reader.poll();
    assert_eq!(
        reader.troubles,
        ["varnish:shop cannot be read: varnishlog says: Could not get hold of varnishd, is it running?"]
    );
    fs::write(logs.path("there"), "").unwrap();
    reader.wait(40.0);
    reader.until(|r| r.lines == ["one"]);
    assert_eq!(reader.mended, ["varnish:shop"]);
    assert!(reader.lost.is_empty());
}

#[test]
fn a_program_that_is_not_installed_is_told_with_a_remedy() {
    let command = VarnishCommand { program: "/nowhere/varnishlog".into(), ..VarnishCommand::new(None) };
    let error = ring_once(&command).err().unwrap();
    assert!(error.why.contains("cannot be started: no such file") && error.hint.unwrap().contains("package varnish"));
    let mut reader = follow(command);
    reader.poll();
    reader.wait(1.0);
    assert_eq!(reader.troubles.len(), 1);
}

#[test]
fn a_dump_that_hangs_does_not_hold_up_what_comes() {
    let logs = Logs::new();
    let mut reader = follow(fake(&logs, "echo held; exec sleep 60", "echo live; exec sleep 60"));
    reader.until(|r| r.lines == ["held"]);
    std::thread::sleep(Duration::from_millis(100));
    reader.poll();
    reader.expect(&["held"]);
    reader.wait(31.0);
    reader.until(|r| r.lines == ["held", "live"]);
}

#[test]
fn processes_end_with_the_follower() {
    let logs = Logs::new();
    let mut reader = follow(fake(&logs, "true", "echo $$; exec sleep 60"));
    reader.until(|r| r.lines.len() == 1);
    let process = format!("/proc/{}", reader.lines[0]);
    let there = fs::metadata("/proc/self").is_ok();
    assert!(!there || fs::metadata(&process).is_ok());
    drop(reader);
    let deadline = Instant::now() + Duration::from_secs(5);
    while fs::metadata(&process).is_ok() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(fs::metadata(&process).is_err(), "killed and reaped");
}

#[test]
fn a_slow_consumer_makes_varnishlog_wait() {
    let logs = Logs::new();
    let live = "echo begun; yes $(printf %0999d 0) | head -c 36000000; echo done > done; exec sleep 60";
    let mut reader = follow(fake(&logs, "true", live));
    reader.poll_once();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!logs.exists("done"), "nobody has read");
    reader.until(|r| r.given.values().last().is_some_and(|g| g.bytes.len() == 36_000_006));
    let id = reader.live()[0].opened.id;
    assert_eq!(reader.follower.backlog(id), 0);
    assert_eq!(reader.follower.reread(id, 0, 5), None, "only the last 32 MiB are kept");
    assert_eq!(reader.follower.reread(id, 36_000_000, 6).unwrap(), b"00000\n");
}

#[test]
fn the_ring_is_read_once_as_a_file() {
    let logs = Logs::new();
    let ring = ring_once(&fake(&logs, "echo one; echo two", "false")).unwrap();
    let head = guru::source::head(&ring.found, 100).unwrap();
    assert_eq!((head.bytes.as_slice(), head.whole), (&b"one\ntwo\n"[..], true));
    assert_eq!(ring.trouble(), None);

    let ring = ring_once(&fake(&logs, "echo 'Cannot open it: Permission denied' >&2; exit 1", "false")).unwrap();
    assert!(guru::source::head(&ring.found, 100).unwrap().bytes.is_empty());
    let trouble = ring.trouble().unwrap();
    assert!(trouble.why.contains("Permission denied") && trouble.hint.unwrap().contains("-aG varnish"));

    let ring = ring_once(&fake(&logs, "echo one; echo 'Log overrun' >&2", "false")).unwrap();
    guru::source::head(&ring.found, 100).unwrap();
    assert!(ring.trouble().unwrap().why.contains("overrun"));
}
