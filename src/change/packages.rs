//! Package managers. In: dpkg.log, apt's history.log, yum.log or dnf.rpm.log; out: one change per package, or per run of
//! apt. It must not judge which package matters.

use super::stamp::{leading_iso, words, yearless};
use super::{Found, How, Read};

/// So many packages of one run are named.
const NAMED: usize = 5;

/// Verbs of dpkg.log that change something.
const DPKG: [&str; 5] = ["install", "upgrade", "remove", "purge", "downgrade"];
/// Other words that its lines have in this place.
const DPKG_PASSED: [&str; 5] = ["status", "startup", "configure", "trigproc", "conffile"];

/// True for a line of dpkg.log.
pub fn is_dpkg(line: &str) -> bool {
    let mut parts = line.split_whitespace();
    let day = parts.next().is_some_and(|d| d.len() == 10 && d.as_bytes()[4] == b'-');
    let time = parts.next().is_some_and(|t| t.len() == 8 && t.as_bytes()[2] == b':');
    let verb = parts.next().unwrap_or_default();
    day && time && (DPKG.contains(&verb) || DPKG_PASSED.contains(&verb)) && parts.next().is_some()
}

/// Reads dpkg.log.
pub fn dpkg(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    for (n, line) in lines(text) {
        let Some((at, rest)) = words(line, 2).and_then(|(_, rest)| Some((leading_iso(line, how)?.0, rest))) else {
            read.bad(n, "no line of dpkg.log: it begins with no time");
            continue;
        };
        let mut parts = rest.split_whitespace();
        let verb = parts.next().unwrap_or_default();
        if !DPKG.contains(&verb) {
            match DPKG_PASSED.contains(&verb) {
                true => read.passed += 1,
                false => read.bad(n, "dpkg.log has no such action"),
            }
            continue;
        }
        let Some(package) = parts.next() else {
            read.bad(n, "no package is named");
            continue;
        };
        let version = versions(parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let text = format!("{verb} {}{version}", bare(package));
        read.changes.push(Found::new(at, "package", how.node, &text));
    }
    read
}

/// ` 1.2 → 1.3`; what stands for none is left out.
fn versions(from: &str, to: &str) -> String {
    let known = |v: &str| !v.is_empty() && v != "<none>";
    match (known(from), known(to)) {
        (true, true) => format!(" {from} \u{2192} {to}"),
        (true, false) => format!(" {from}"),
        (false, true) => format!(" {to}"),
        (false, false) => String::new(),
    }
}

/// The package without its architecture.
fn bare(package: &str) -> &str {
    package.split(':').next().unwrap_or(package)
}

/// Reads apt's history.log: a change per run.
pub fn apt(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    let (mut begun, mut command, mut done) = (None, "", Vec::new());
    for (n, line) in lines(text).chain([(usize::MAX, "Start-Date: ")]) {
        let Some((key, value)) = line.split_once(':') else {
            read.bad(n, "no \"Key: value\" of apt's history");
            continue;
        };
        match key {
            "Start-Date" => {
                if let (Some(at), false) = (begun, done.is_empty()) {
                    let by = if command.is_empty() { String::new() } else { format!(" ({command})") };
                    read.changes.push(Found::new(at, "package", how.node, &(done.join("; ") + &by)));
                }
                (begun, command, done) = (leading_iso(value, how).map(|(at, _)| at), "", Vec::new());
                if begun.is_none() && n != usize::MAX {
                    read.bad(n, "a run of apt without a time that can be read");
                }
            }
            "Commandline" => command = value.trim(),
            "Install" | "Upgrade" | "Downgrade" | "Remove" | "Purge" | "Reinstall" => done.push(packages(key, value)),
            _ => read.passed += 1,
        }
    }
    read
}

/// `upgrade nginx 1 → 2, php 3 → 4 and 12 more` from `nginx:amd64 (1, 2), php:amd64 (3, 4), …`.
fn packages(verb: &str, value: &str) -> String {
    let all: Vec<&str> = value.split("), ").map(|p| p.trim().trim_end_matches(')')).filter(|p| !p.is_empty()).collect();
    let told = |package: &&str| {
        let (name, of) = package.split_once(" (").unwrap_or((package, ""));
        let mut parts = of.split(", ").filter(|v| *v != "automatic");
        let version = versions(parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{}{version}", bare(name))
    };
    let named: Vec<String> = all.iter().take(NAMED).map(told).collect();
    let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
    format!("{} {}{more}", verb.to_ascii_lowercase(), named.join(", "))
}

/// What yum and dnf say that they did, and what is told in another line.
const YUM: [(&str, &str); 11] = [
    ("Installed:", "install"),
    ("Install:", "install"),
    ("Updated:", "upgrade"),
    ("Upgrade:", "upgrade"),
    ("Erased:", "remove"),
    ("Erase:", "remove"),
    ("Removed:", "remove"),
    ("Downgrade:", "downgrade"),
    ("Upgraded:", ""),
    ("Downgraded:", ""),
    ("Cleanup:", ""),
];

/// Action and package of a line after its time.
fn yum_action(rest: &str) -> Option<(&'static str, &str)> {
    let rest = ["SUBDEBUG ", "INFO ", "DEBUG "].iter().find_map(|level| rest.strip_prefix(level)).unwrap_or(rest);
    YUM.iter().find_map(|(word, verb)| Some((*verb, rest.strip_prefix(word)?.trim()))).filter(|(_, p)| !p.is_empty())
}

/// True for a line that tells of a package.
pub fn is_yum(line: &str) -> bool {
    [1, 3].into_iter().any(|n| words(line, n).is_some_and(|(_, rest)| yum_action(rest).is_some()))
}

/// Reads yum.log or dnf.rpm.log.
pub fn yum(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    for (n, line) in lines(text) {
        let one = || words(line, 1).and_then(|(_, rest)| Some((leading_iso(line, how)?.0, rest)));
        let Some((at, rest)) = yearless(line, how).or_else(one) else {
            read.bad(n, "no line of yum or dnf: it begins with no time");
            continue;
        };
        match yum_action(rest) {
            Some((verb, package)) if !verb.is_empty() => {
                read.changes.push(Found::new(at, "package", how.node, &format!("{verb} {package}")));
            }
            _ => read.passed += 1,
        }
    }
    read
}

/// Lines that are not empty, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(n, line)| (n + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::tests::told;

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|l| l.to_string()).collect()
    }

    #[test]
    fn dpkg_log() {
        let text = "2026-11-20 06:25:01 startup archives unpack\n2026-11-20 06:25:02 upgrade nginx:amd64 1.22.1-9 1.22.1-10\n\
            2026-11-20 06:25:03 status half-configured nginx:amd64 1.22.1-9\n2026-11-20 06:25:04 install jq:amd64 <none> 1.6\n\
            2026-11-20 06:25:05 remove php8.1:all 8.1 <none>\n2026-11-20 06:25:06 explode x 1 2\nnonsense\n";
        let all = [
            "2026-11-20T06:25:02Z package : upgrade nginx 1.22.1-9 \u{2192} 1.22.1-10",
            "2026-11-20T06:25:04Z package : install jq 1.6",
            "2026-11-20T06:25:05Z package : remove php8.1 8.1",
        ];
        assert_eq!(told(text, Source::Dpkg), (owned(&all), 2));
    }

    #[test]
    fn apt_history() {
        let text = "\nStart-Date: 2026-11-20  06:25:01\nCommandline: apt-get -y upgrade\nRequested-By: ann (1000)\n\
            Upgrade: nginx:amd64 (1.22.1-9, 1.22.1-10), a:all (1, 2), b:all (1, 2), c:all (1, 2), d:all (1, 2), e:all (1, 2)\n\
            Install: jq:amd64 (1.6, automatic)\nEnd-Date: 2026-11-20  06:25:09\n\nStart-Date: never\nRemove: x:all (1)\nbroken\n";
        let all = [
            "2026-11-20T06:25:01Z package : upgrade nginx 1.22.1-9 \u{2192} 1.22.1-10, a 1 \u{2192} 2, b 1 \u{2192} 2, \
            c 1 \u{2192} 2, d 1 \u{2192} 2 and 1 more; install jq 1.6 (apt-get -y upgrade)",
        ];
        assert_eq!(told(text, Source::Apt), (owned(&all), 2));
    }

    #[test]
    fn yum_and_dnf() {
        let yum = "Nov 19 06:25:01 Updated: nginx-1:1.20.1-1.el7.x86_64\nDec 24 06:25:01 Erased: php\nNov 19 x\n";
        let all = [
            "2026-11-19T06:25:01Z package : upgrade nginx-1:1.20.1-1.el7.x86_64",
            "2025-12-24T06:25:01Z package : remove php",
        ];
        assert_eq!(told(yum, Source::Yum), (owned(&all), 1));
        let dnf = "2026-11-20T06:25:00+0100 INFO --- logging initialized ---\n\
            2026-11-20T06:25:01+0100 SUBDEBUG Upgrade: nginx-2.x86_64\n2026-11-20T06:25:02+0100 SUBDEBUG Upgraded: nginx-1.x86_64\n\
            2026-11-20T05:25:03Z SUBDEBUG Installed: jq-1.6.x86_64\n";
        let all = [
            "2026-11-20T05:25:01Z package : upgrade nginx-2.x86_64",
            "2026-11-20T05:25:03Z package : install jq-1.6.x86_64",
        ];
        assert_eq!(told(dnf, Source::Yum), (owned(&all), 0));
    }
}
