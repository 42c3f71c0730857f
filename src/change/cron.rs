//! What cron logged. In: lines of a syslog or of cron's own log; out: one change per job that was started, on the host
//! that the line names. Other lines are passed over. It must not know schedules.

use super::stamp::{leading_iso, words, yearless};
use super::{Found, How, Read};

/// Names under which cron logs.
const NAMES: [&str; 5] = ["CRON", "CROND", "crond", "cron", "/USR/SBIN/CRON"];

/// True for a line that tells of a job.
pub fn is_line(line: &str) -> bool {
    let line = without_priority(line);
    [1, 3].into_iter().any(|n| words(line, n).and_then(|(_, rest)| job(rest)).is_some())
}

/// A line without its `<13>`.
fn without_priority(line: &str) -> &str {
    line.strip_prefix('<').and_then(|l| l.split_once('>')).filter(|(n, _)| n.len() <= 3).map_or(line, |(_, l)| l)
}

/// Host and what was started, of a line after its time.
fn job(rest: &str) -> Option<(&str, String)> {
    let (host, rest) = rest.split_once(' ')?;
    let (tag, message) = rest.trim_start().split_once(": ")?;
    let name = tag.split('[').next()?;
    if NAMES.contains(&name) {
        let (user, command) = message.trim().strip_prefix('(')?.split_once(") CMD (")?;
        let command = command.trim().strip_suffix(')').unwrap_or(command.trim());
        return Some((host, format!("{command} ({user})")));
    }
    let started = message.trim().strip_prefix("Job `").filter(|_| name == "anacron")?;
    Some((host, started.strip_suffix("' started")?.to_string()))
}

/// Reads lines.
pub fn read(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let line = without_priority(line);
        let one = || words(line, 1).and_then(|(_, rest)| Some((leading_iso(line, how)?.0, rest)));
        let Some((at, rest)) = yearless(line, how).or_else(one) else {
            read.bad(n + 1, "no line of a syslog: it begins with no time");
            continue;
        };
        match job(rest) {
            Some((host, text)) => {
                let node = if how.node.is_empty() { host } else { how.node };
                read.changes.push(Found::new(at, "job", node, &text));
            }
            None => read.passed += 1,
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::tests::told;

    #[test]
    fn jobs_are_read_from_any_syslog() {
        let text = "Nov 20 06:25:01 web1 CRON[123]: (root) CMD (test -x /usr/sbin/anacron || ( cd / && run-parts ))\n\
            Nov 20 06:25:01 web1 sshd[7]: Accepted publickey\n\
            <78>Nov 20 06:26:01 web1 crond[9]: (www-data) CMD (php import.php --token=abc)\n\
            2026-11-20T07:00:00.5+01:00 web2 CRON[1]: (root) CMD (/bin/true)\n\
            Nov 20 07:00:01 web1 anacron[5]: Job `cron.daily' started\nhalf a line\n";
        let all = [
            "2026-11-20T06:25:01Z job web1: test -x /usr/sbin/anacron || ( cd / && run-parts ) (root)",
            "2026-11-20T06:26:01Z job web1: php import.php --token=<redacted 3 bytes> (www-data)",
            "2026-11-20T06:00:00.500000Z job web2: /bin/true (root)",
            "2026-11-20T07:00:01Z job web1: cron.daily",
        ];
        let (changes, bad) = told(text, Source::Syslog);
        assert_eq!((changes, bad), (all.map(String::from).to_vec(), 1));
    }
}
