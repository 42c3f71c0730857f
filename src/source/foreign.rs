//! Files that are obviously no logs, by name. In: a file name; out: yes or no. Kept small on purpose: a log with an
//! unknown name is read and recognised by content; this only spares the obvious. It must not look at a file.

/// Endings of files that are kept beside logs. A file that is named on the command line is read whatever its name.
const ENDINGS: &[&str] = &[
    "md",
    "html",
    "css",
    "js",
    "py",
    "sh",
    "pl",
    "rb",
    "rs",
    "toml",
    "yml",
    "yaml",
    "ini",
    "conf",
    "cnf",
    "vcl",
    "vtc",
    "service",
    "timer",
    "db",
    "db-wal",
    "db-shm",
    "db-journal",
    "sqlite",
    "sqlite3",
    "sql",
    "png",
    "jpg",
    "gif",
    "svg",
    "pdf",
    "so",
    "pid",
    "sock",
    "lock",
    "swp",
    "tmp",
    "key",
    "pem",
    "crt",
];

/// Why a file in a folder is passed over, or `None` when it is read.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if name.starts_with('.') {
        return Some("is hidden");
    }
    let known = |ending: &&str| lower.strip_suffix(*ending).is_some_and(|rest| rest.ends_with('.'));
    if name.ends_with('~') || lower.starts_with("readme") || ENDINGS.iter().any(known) {
        return Some("does not look like a log");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_read_and_what_lies_beside_them_is_not() {
        for log in [
            "access.log",
            "access.log.1",
            "varnishncsa.json",
            "access.log-20260101.gz",
            "varnish.vsl",
            "error_log",
            "log",
            "a.zst",
            // Archives of many files are refused with advice when they are looked at: they may hold logs.
            "logs.tar.gz",
        ] {
            assert_eq!(foreign(log), None, "{log}");
        }
        for other in ["README.md", "README", ".bash_history", "guru.db", "GURU.DB-WAL", "nginx.pid", "a.log.swp", "x~"]
        {
            assert!(foreign(other).is_some(), "{other}");
        }
    }
}
