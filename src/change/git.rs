//! `git log`. In: its default output, `--format=fuller`, or one line per commit with a date; out: one change per commit,
//! as of the commit date where it is told. It must not run git.

use super::stamp::{git, leading_iso};
use super::{Found, How, Read};

/// True for the line that a commit begins with, or that is a commit.
pub fn is_line(line: &str) -> bool {
    match line.strip_prefix("commit ") {
        Some(rest) => is_hash(rest.split(' ').next().unwrap_or_default(), 7),
        None => one_line(line).is_some(),
    }
}

fn is_hash(word: &str, least: usize) -> bool {
    (least..=64).contains(&word.len()) && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Hash and the rest of `9f2c41d 2026-11-20 …`.
fn one_line(line: &str) -> Option<(&str, &str)> {
    let (hash, rest) = line.split_once(' ')?;
    let day = rest.trim_start_matches(['(', '\'']).get(..10)?.as_bytes();
    let dated = day[4] == b'-' && day[7] == b'-' && day[..4].iter().all(u8::is_ascii_digit);
    (is_hash(hash, 7) && dated).then_some((hash, rest))
}

/// A commit while its lines come.
#[derive(Default)]
struct Commit<'t> {
    hash: &'t str,
    tags: Vec<&'t str>,
    line: usize,
    date: Option<&'t str>,
    commit_date: Option<&'t str>,
    subject: Option<&'t str>,
}

impl<'t> Commit<'t> {
    fn begin(rest: &'t str, line: usize) -> Commit<'t> {
        let (hash, decoration) = rest.split_once(' ').unwrap_or((rest, ""));
        let names = decoration.trim_matches(['(', ')']).split(", ");
        let tags = names.filter_map(|n| n.strip_prefix("tag: ")).collect();
        Commit { hash, tags, line, ..Commit::default() }
    }

    fn end(self, read: &mut Read, how: &How<'_>) {
        if self.hash.is_empty() {
            return;
        }
        let date = self.commit_date.or(self.date);
        let Some(at) = date.and_then(|d| git(d, how)) else {
            return read.bad(self.line, "a commit without a date that can be read");
        };
        let short = self.hash.get(..9).unwrap_or(self.hash);
        let tags = if self.tags.is_empty() { String::new() } else { format!(" ({})", self.tags.join(", ")) };
        let text = format!("{short}{tags} {}", self.subject.unwrap_or("(no message)"));
        read.changes.push(Found::new(at, "commit", how.node, &text));
    }
}

/// Reads commits.
pub fn read(text: &str, how: &How<'_>) -> Read {
    let mut read = Read::default();
    let mut now = Commit::default();
    for (n, line) in text.lines().enumerate() {
        let is_start = is_line(line);
        if let (true, Some(rest)) = (is_start, line.strip_prefix("commit ")) {
            std::mem::replace(&mut now, Commit::begin(rest, n + 1)).end(&mut read, how);
        } else if now.hash.is_empty() {
            one(line, n + 1, &mut read, how);
        } else if let Some(date) = line.strip_prefix("CommitDate:") {
            now.commit_date = Some(date);
        } else if let Some(date) = line.strip_prefix("Date:").or_else(|| line.strip_prefix("AuthorDate:")) {
            now.date = Some(date);
        } else if line.starts_with("    ") && !line.trim().is_empty() {
            now.subject = now.subject.or(Some(line.trim()));
        }
        // Author, Merge, notes and the lines of --stat tell nothing more.
    }
    now.end(&mut read, how);
    read
}

/// A line that is a whole commit.
fn one(line: &str, number: usize, read: &mut Read, how: &How<'_>) {
    if line.trim().is_empty() {
        return;
    }
    let Some((hash, rest)) = one_line(line) else {
        return read.bad(number, "no commit, or one without its date: git log --format='%h %cI %s'");
    };
    let bare = rest.trim_start_matches(['(', '\'']);
    match leading_iso(bare, how) {
        Some((at, subject)) => {
            let text = format!("{} {}", hash.get(..9).unwrap_or(hash), subject.trim_start_matches([')', '\'', ' ']));
            read.changes.push(Found::new(at, "commit", how.node, &text));
        }
        None => read.bad(number, "a commit without a date that can be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::tests::told;

    #[test]
    fn the_usual_outputs_are_read() {
        let default = "commit 9f2c41d07be3a6119f2c41d07be3a6119f2c41d0 (HEAD -> main, tag: v1.2, origin/main)\n\
            Merge: 1 2\nAuthor: Ann <ann@shop.example>\nDate:   Fri Nov 20 10:49:06 2026 +0100\n\n    \n    Import in batches\n    \n    More words.\n\n\
            commit 1f2c41d07be3a6119f2c41d07be3a6119f2c41d0\nAuthor: Ann <a@b>\nDate:   Thu Nov 19 10:00:00 2026 +0000\n";
        let commits = [
            "2026-11-20T09:49:06Z commit : 9f2c41d07 (v1.2) Import in batches",
            "2026-11-19T10:00:00Z commit : 1f2c41d07 (no message)",
        ];
        assert_eq!(told(default, Source::Git), (commits.map(String::from).to_vec(), 0));
        let fuller = "commit 9f2c41d07be3\nAuthor:     A <a@b>\nAuthorDate: Mon Nov 16 10:49:06 2026 +0100\n\
            Commit:     B <b@b>\nCommitDate: Fri Nov 20 10:49:06 2026 +0100\n\n    x\n\ncommit abcdefabcdef\nDate: soon\n";
        assert_eq!(told(fuller, Source::Git), (vec!["2026-11-20T09:49:06Z commit : 9f2c41d07 x".to_string()], 1));
        let short =
            "9f2c41d 2026-11-20 10:49:06 +0100 Import in batches\n1f2c41d 2026-11-19T10:00:00Z y\n9f2c41d no date\n";
        let commits =
            ["2026-11-20T09:49:06Z commit : 9f2c41d Import in batches", "2026-11-19T10:00:00Z commit : 1f2c41d y"];
        assert_eq!(told(short, Source::Git), (commits.map(String::from).to_vec(), 1));
    }
}
