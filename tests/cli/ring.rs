//! What is read when no log is named: the standard folders, and the ring of a running Varnish through a small script in
//! the place of varnishlog.

use crate::logs::{MIDNIGHT, SECOND, Went, sorted, traffic, trouble, varnishlog};
use crate::place::{Place, Report, Run};

/// Forty good fetches and five refused ones, in a minute.
fn outage() -> String {
    let broken = trouble(MIDNIGHT + 20 * SECOND + 500_000, 5, SECOND, "/cart", Went::Refused);
    varnishlog(&sorted([traffic(MIDNIGHT, 40, SECOND), broken]))
}

/// What the standard folders of this machine hold, in bytes. Without a PATH no varnishlog is found.
fn standard_bytes() -> u64 {
    guru::source::standard_folders().found.iter().map(|(_, bytes)| bytes).sum()
}

#[test]
fn without_any_log_it_says_how_to_begin() {
    let run = Place::new().analyze(&["--no-store"]);
    // The machine that runs the tests may keep logs of its own.
    if standard_bytes() == 0 {
        let run = run.code(3).says(&["standard folders", "guru analyze /path/to/logs", "guru analyze --varnish"]);
        assert_eq!(run.out, "", "nothing is printed as data");
    } else {
        run.says(&["reading /"]);
    }
}

#[cfg(unix)]
fn fake_varnishlog(place: &Place, script: &str) -> Run {
    use std::os::unix::fs::PermissionsExt;
    let program = place.path("bin/varnishlog");
    place.write("bin/varnishlog", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let mut command = place.command(&["analyze", "--varnish=shop", "--store", "history.db", "--output", "json"]);
    Run::of(&command.env("PATH", path).output().expect("guru runs"))
}

#[cfg(unix)]
#[test]
fn a_ring_is_read_once_and_what_is_wrong_with_it_is_told() {
    let place = Place::new();
    place.write("varnish.log", outage());
    let expected = place.report(&["varnish.log", "--no-store"]).failed();
    assert!(expected > 0);
    let log = place.path("varnish.log");
    let read = fake_varnishlog(&place, &format!("[ \"$*\" = '-n shop -d -g raw' ] && exec cat '{}'", log.display()));
    let read = read.code(0);
    assert_eq!(Report::of(&read).failed(), expected, "{}", read.err);
    let cut = fake_varnishlog(&place, &format!("cat '{}'; echo 'Log overrun' >&2", log.display()));
    let cut = cut.code(4).says(&["varnish:shop was overrun"]);
    assert_eq!(Report::of(&cut).failed(), expected, "what could be read is told all the same");
    let closed = fake_varnishlog(&place, "echo 'Cannot open _.vsm: Permission denied' >&2; exit 1");
    let closed = closed.code(4).says(&["varnish:shop cannot be read", "Permission denied", "usermod -aG varnish"]);
    assert_eq!(closed.out, "");
}
