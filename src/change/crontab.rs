//! Crontabs. In: their lines and a span of time; out: a change for each time that a job was due within the span. Whether
//! it really ran nobody knows: the text says "due". It must not know what cron logged.

use chrono::{DateTime, NaiveDate};

use super::schedule::Schedule;
use super::stamp::words;
use super::{Found, How, Read};

/// A job that runs more often on a day explains nothing: it is left out.
const OFTEN: u32 = 24;
/// So many times of one job at most.
const MOST: usize = 2_000;

/// Users that a sixth field names in a crontab of the system.
const USERS: [&str; 10] =
    ["root", "www-data", "nobody", "nginx", "varnish", "vcache", "apache", "postgres", "mysql", "deploy"];

/// True for a line that schedules a job.
pub fn is_line(line: &str) -> bool {
    parse(line).is_some_and(|(_, command)| !command.is_empty())
}

/// Schedule and command. `@reboot` has a command and no schedule.
fn parse(line: &str) -> Option<(Option<Schedule>, &str)> {
    let line = line.trim();
    if line.starts_with('@') {
        let (word, command) = words(line, 1)?;
        return if word == "@reboot" { Some((None, command)) } else { Some((Some(Schedule::named(word)?), command)) };
    }
    let (fields, command) = words(line, 5)?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some((Some(Schedule::parse(&fields)?), command))
}

/// True for `NAME=value`.
fn is_setting(line: &str) -> bool {
    let name = line.split('=').next().unwrap_or_default().trim_end();
    line.contains('=') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Command and user; without a known user the whole is the command.
fn told(command: &str) -> String {
    match words(command, 1) {
        Some((user, rest)) if USERS.contains(&user) && !rest.is_empty() => format!("due: {rest} ({user})"),
        _ => format!("due: {command}"),
    }
}

/// Reads jobs and tells when they were due.
pub fn read(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    let day = |micros: i64| DateTime::from_timestamp_micros(micros).map(|t| t.date_naive()).unwrap_or_default();
    // Local days may begin a day before those of UTC, and end one after.
    let (from, to): (NaiveDate, NaiveDate) = (day(how.since.0 - 86_400_000_000), day(how.until.0 + 86_400_000_000));
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || is_setting(line) {
            read.passed += usize::from(!line.is_empty());
            continue;
        }
        let Some((schedule, command)) = parse(line).filter(|(_, command)| !command.is_empty()) else {
            read.bad(n + 1, "no job: five fields of time and a command, or @daily and a command");
            continue;
        };
        let Some(schedule) = schedule else {
            read.passed += 1;
            continue;
        };
        if schedule.times_a_day() > OFTEN {
            read.passed += 1;
            read.remarks.push(format!("line {} runs {} times a day: left out", n + 1, schedule.times_a_day()));
            continue;
        }
        let moments = schedule.times(from, to).filter_map(how.zone).filter(|t| *t >= how.since && *t <= how.until);
        let due: Vec<_> = moments.take(MOST).collect();
        if due.len() == MOST {
            read.remarks.push(format!("line {}: only its first {MOST} times are kept", n + 1));
        }
        read.changes.extend(due.into_iter().map(|at| Found::new(at, "job", how.node, &told(command))));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::super::tests::{told, utc};
    use super::super::{Source, read};

    #[test]
    fn jobs_are_due_within_the_span() {
        let text = "# m h dom mon dow command\nMAILTO=\"\"\n0 2 * * * root /usr/local/bin/import --all\n\
            0 13 * * * php reindex.php\n* * * * * /bin/poll\n@reboot /bin/warm\n@daily /bin/rotate\nmonday at noon\n";
        let all = [
            "2026-11-20T02:00:00Z job : due: /usr/local/bin/import --all (root)",
            "2026-11-19T13:00:00Z job : due: php reindex.php",
            "2026-11-20T00:00:00Z job : due: /bin/rotate",
        ];
        assert_eq!(told(text, Source::Crontab), (all.map(String::from).to_vec(), 1));
        let remarks = utc(|how| read(text, Source::Crontab, how).remarks);
        assert_eq!(remarks, ["line 5 runs 1440 times a day: left out"]);
    }
}
