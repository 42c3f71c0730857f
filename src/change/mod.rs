//! Changes in the records that machines keep anyway: git, package managers, cron, calendars.
//!
//! In: the text of a record, and how its times are meant; out: changes with their times, and the lines that were not
//! understood. It must not know files, the store, or the command line; every parser is a pure function of its text, and
//! no text makes one fail.

mod calendar;
mod cron;
mod crontab;
mod git;
mod packages;
mod schedule;
mod stamp;

use chrono::NaiveDateTime;

use crate::model::{Stamp, redact};

/// A change that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// When.
    pub at: Stamp,
    /// `commit`, `package`, `job` or `campaign`.
    pub kind: &'static str,
    /// Where; empty for everywhere.
    pub node: String,
    /// What, redacted and bounded.
    pub text: String,
}

impl Found {
    fn new(at: Stamp, kind: &'static str, node: &str, text: &str) -> Found {
        Found { at, kind, node: node.to_string(), text: redact(text.as_bytes()) }
    }
}

/// The records that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `git log`.
    Git,
    /// `/var/log/dpkg.log`.
    Dpkg,
    /// `/var/log/apt/history.log`.
    Apt,
    /// `/var/log/yum.log`, `/var/log/dnf.rpm.log`.
    Yum,
    /// Cron's lines in a syslog.
    Syslog,
    /// A crontab: a schedule, expanded over a span of time.
    Crontab,
    /// A calendar with a header row.
    Calendar,
}

impl Source {
    /// Every one, in the order in which they are tried.
    pub const ALL: [Source; 7] =
        [Source::Apt, Source::Dpkg, Source::Git, Source::Yum, Source::Syslog, Source::Calendar, Source::Crontab];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Source::Git => "git",
            Source::Dpkg => "dpkg",
            Source::Apt => "apt",
            Source::Yum => "yum",
            Source::Syslog => "syslog",
            Source::Crontab => "cron",
            Source::Calendar => "csv",
        }
    }
}

/// How a text is to be read.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// The moment that years are counted back from: no stamp is after it.
    pub now: Stamp,
    /// The moment of a time without a zone; `None` where clocks skipped it.
    pub zone: &'a dyn Fn(NaiveDateTime) -> Option<Stamp>,
    /// The node that the user names; it wins over the host of a log line, and gives way to a column of a calendar.
    pub node: &'a str,
    /// A schedule yields times from here on …
    pub since: Stamp,
    /// … up to here.
    pub until: Stamp,
}

/// A line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: &'static str,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Changes, as they stand in the text.
    pub changes: Vec<Found>,
    /// Lines that were understood and tell of no change.
    pub passed: usize,
    /// The first lines that were not understood.
    pub bad: Vec<Bad>,
    /// All of these.
    pub bad_lines: usize,
    /// What else is to be said.
    pub remarks: Vec<String>,
}

/// So many lines that were not understood are shown.
const SHOWN: usize = 5;

impl Read {
    fn bad(&mut self, line: usize, why: &'static str) {
        self.bad_lines += 1;
        if self.bad.len() < SHOWN {
            self.bad.push(Bad { line, why });
        }
    }
}

/// What a text is, by its first lines; `None` when it is none of the known.
pub fn recognise(text: &str) -> Option<Source> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|l| !l.is_empty()).take(200).collect();
    let claims = |source: &&Source| match source {
        Source::Git => lines.iter().take(5).any(|l| git::is_line(l)),
        Source::Dpkg => lines.iter().take(20).any(|l| packages::is_dpkg(l)),
        Source::Apt => lines.iter().take(5).any(|l| l.starts_with("Start-Date: ")),
        Source::Yum => lines.iter().any(|l| packages::is_yum(l)),
        Source::Syslog => lines.iter().any(|l| cron::is_line(l)),
        Source::Calendar => lines.iter().find(|l| !l.starts_with('#')).is_some_and(|l| calendar::is_header(l)),
        Source::Crontab => lines.iter().any(|l| crontab::is_line(l)),
    };
    Source::ALL.iter().find(claims).copied()
}

/// Reads a text as that kind of record.
pub fn read(text: &str, source: Source, how: &How<'_>) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match source {
        Source::Git => git::read(text, how),
        Source::Dpkg => packages::dpkg(text, how),
        Source::Apt => packages::apt(text, how),
        Source::Yum => packages::yum(text, how),
        Source::Syslog => cron::read(text, how),
        Source::Crontab => crontab::read(text, how),
        Source::Calendar => calendar::read(text, how),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-20T12:00:00Z.
    pub const NOW: Stamp = Stamp(1_795_176_000_000_000);

    /// Reads with UTC, and the day before [`NOW`] as the span of schedules.
    pub fn utc<T>(f: impl Fn(&How<'_>) -> T) -> T {
        let zone = |t: NaiveDateTime| Some(Stamp(t.and_utc().timestamp_micros()));
        f(&How { now: NOW, zone: &zone, node: "", since: NOW - 86_400_000_000, until: NOW })
    }

    /// The changes of a text as `time kind node: text`.
    pub fn told(text: &str, source: Source) -> (Vec<String>, usize) {
        assert_eq!(recognise(text), Some(source), "{text}");
        let read = utc(|how| read(text, source, how));
        let line = |c: &Found| format!("{} {} {}: {}", c.at.rfc3339(), c.kind, c.node, c.text).replace(".000000Z", "Z");
        (read.changes.iter().map(line).collect(), read.bad_lines)
    }

    #[test]
    fn prose_is_none_of_them() {
        for text in ["", "Dear reader,\nthis is a letter.\n", "{\"a\": 1}", "\u{feff}", "a,b\n1,2\n"] {
            assert_eq!(recognise(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_fail(text in "\\PC*|[\\x00-\\x7f]{0,80}|[0-9*/,@:; \n-]{0,60}") {
            let _ = recognise(&text);
            for source in Source::ALL {
                let read = utc(|how| read(&text, source, how));
                prop_assert!(read.bad.len() <= SHOWN && read.bad_lines <= text.lines().count() + 1);
            }
        }

        #[test]
        fn a_broken_line_makes_no_parser_fail(cut in 0usize..120, junk in "\\PC{0,4}") {
            for line in [
                "commit 9f2c41d07be3a6119f2c41d07be3a6119f2c41d0\nDate:   Fri Nov 20 17:49:06 2026 +0100\n\n    x",
                "2026-11-20 06:25:01 upgrade nginx:amd64 1.22.1-9 1.22.1-10",
                "Start-Date: 2026-11-20  06:25:01\nUpgrade: nginx:amd64 (1.22.1-9, 1.22.1-10)\nEnd-Date: x",
                "Nov 20 06:25:01 Updated: nginx-1:1.20.1-1.el7.x86_64",
                "Nov 20 06:25:01 web1 CRON[123]: (root) CMD (run é)",
                "*/15 2-4 1,15 * mon-fri root /bin/true",
                "start,end,title\n2026-11-20,2026-11-21,\"Black \"\"Friday\"\"\"",
            ] {
                let mut at = cut.min(line.len());
                while !line.is_char_boundary(at) {
                    at -= 1;
                }
                let text = format!("{}{junk}{}", &line[..at], &line[at..]);
                for source in Source::ALL {
                    utc(|how| read(&text, source, how));
                }
            }
        }
    }
}
