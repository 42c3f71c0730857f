//! Which files are one log. In: paths; out: the name that the rotated files of one log share, and their order. It
//! must not open files: the order by content comes from who has read the first stamps.

use crate::model::Stamp;

/// Where a file stands among the rotated files of its log, judged by its name. Smaller is older; a file without any
/// mark of rotation is the youngest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rotation {
    /// A date in the folders above it, as YYYYMMDD or less; 0 without.
    folder: u64,
    /// From the name: dates ascend, numbers descend.
    name: u64,
}

const YOUNGEST: u64 = u64::MAX;
const PACKED: [&str; 8] = [".gz", ".zst", ".zstd", ".bz2", ".xz", ".lz4", ".Z", ".br"];

/// The name that the rotated files of one log share, and the place of this one among them:
/// `web1/access.log-20260101.gz` gives `web1/access.log`. Endings of compression, numbers (`.1`) and dates (in the
/// name or as folders of their own) are left out.
pub fn series_key(path: &str) -> (String, Rotation) {
    let (folders, name) = path.rsplit_once('/').map_or(("", path), |(f, n)| (f, n));
    let (stem, age) = strip_name(name);
    let (mut parts, dated) = strip_folders(folders);
    if path.contains('/') {
        parts.push(&stem);
        return (parts.join("/"), Rotation { folder: dated, name: age });
    }
    (stem, Rotation { folder: dated, name: age })
}

/// The folders of a path that are not dates, and the date that the others make; also `2026/01/31`.
pub(super) fn strip_folders(folders: &str) -> (Vec<&str>, u64) {
    let (mut parts, mut date, mut within) = (Vec::new(), 0_u64, false);
    for part in folders.split('/') {
        let pair = within && part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        within = pair || folder_date(part).is_some();
        match folder_date(part).or_else(|| pair.then(|| part.parse().ok())?) {
            Some(n) => date = date.saturating_mul(100).saturating_add(n),
            None => parts.push(part),
        }
    }
    (parts, date)
}

/// Sorts the files of one series, oldest first: by the first stamp in them, then by name. Where one has no stamp that
/// could be read, names come first.
pub fn order<T>(files: &mut [T], key: impl Fn(&T) -> (Stamp, Rotation)) {
    if files.iter().all(|f| key(f).0.is_known()) {
        files.sort_by_key(key);
    } else {
        files.sort_by_key(|f| {
            let (first, rotation) = key(f);
            (rotation, first)
        });
    }
}

/// A file name without the marks of rotation, and its age.
fn strip_name(name: &str) -> (String, u64) {
    let mut stem = name.to_string();
    let mut age = YOUNGEST;
    loop {
        if let Some(rest) = PACKED.iter().find_map(|ending| stem.strip_suffix(ending)).filter(|r| !r.is_empty()) {
            stem.truncate(rest.len());
        } else if let Some((rest, number)) = numbered(&stem) {
            let len = rest.len();
            stem.truncate(len);
            age = age.min(YOUNGEST - 1 - number);
        } else if let Some(rest) = stem.strip_suffix(".old").or(stem.strip_suffix(".bak")).filter(|r| !r.is_empty()) {
            stem.truncate(rest.len());
            age = age.min(YOUNGEST - 2);
        } else {
            break;
        }
    }
    match cut_date(&stem) {
        Some((rest, date)) => (rest, date),
        None => (stem, age),
    }
}

/// `access.log.12` gives `access.log` and 12. Longer numbers are dates or ports.
fn numbered(name: &str) -> Option<(&str, u64)> {
    let (rest, digits) = name.rsplit_once('.')?;
    let plausible = !rest.is_empty() && (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then(|| digits.parse().ok().map(|n| (rest, n)))?
}

/// The name without a date in it, and the date as YYYYMMDDhhmmss (missing digits are 0).
fn cut_date(name: &str) -> Option<(String, u64)> {
    let bytes = name.as_bytes();
    for from in 0..bytes.len() {
        if from > 0 && bytes[from - 1].is_ascii_digit() {
            continue;
        }
        if let Some((date, len)) = date_at(&bytes[from..]) {
            let separated = |b: &u8| matches!(b, b'-' | b'.' | b'_');
            let before = name[..from].strip_suffix(['-', '.', '_']).unwrap_or(&name[..from]);
            let mut after = &name[from + len..];
            if before.is_empty() && after.as_bytes().first().is_some_and(separated) && after.len() > 1 {
                after = &after[1..];
            }
            return Some((format!("{before}{after}"), date));
        }
    }
    None
}

/// A date at the start of `text` with its length: `20260131`, `2026-01-31` or `2026_01_31`, then optionally a time
/// of day or a longer number (`-13`, `T1305`, `-1730598061`).
fn date_at(text: &[u8]) -> Option<(u64, usize)> {
    let number = |from: usize, len: usize| -> Option<u64> {
        let digits = text.get(from..from + len)?;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
    };
    let year = number(0, 4).filter(|y| (1990..2200).contains(y))?;
    let gap = usize::from(matches!(text.get(4), Some(b'-' | b'_' | b'.')));
    if gap == 1 && text.get(7) != text.get(4) {
        return None;
    }
    let month = number(4 + gap, 2).filter(|m| (1..=12).contains(m))?;
    let day = number(6 + 2 * gap, 2).filter(|d| (1..=31).contains(d))?;
    let len = 8 + 2 * gap;
    let joined = usize::from(matches!(text.get(len), Some(b'-' | b'_' | b'T')));
    let digits = text[len + joined..].iter().take_while(|b| b.is_ascii_digit()).count();
    let (time, more) = match digits {
        0 => (0, 0),
        2 | 4 | 6 => (number(len + joined, digits)? * 10_u64.pow(6 - digits as u32), joined + digits),
        10 => (number(len + joined, 10)? % 86_400, joined + digits),
        _ => return None,
    };
    Some((((year * 100 + month) * 100 + day) * 1_000_000 + time, len + more))
}

/// A folder that is nothing but a date (`2026-01-31`, `20260131`, `2026-W46`, `2026-01`, `2026`), as a number.
fn folder_date(part: &str) -> Option<u64> {
    let digits: String = part.chars().filter(char::is_ascii_digit).collect();
    let only_date = part.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | 'W' | 'w'));
    let year: u64 = digits.get(..4)?.parse().ok()?;
    let shaped = matches!(digits.len(), 4 | 6 | 8) && part.starts_with(|c: char| c.is_ascii_digit());
    (only_date && shaped && (1990..2200).contains(&year)).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_of_one_log_share_a_name() {
        for (paths, stem) in [
            (
                &["access.log", "access.log.1", "access.log.2.gz", "access.log.13.zst", "access.log.gz"][..],
                "access.log",
            ),
            (
                &["a/access.log", "a/access.log-20260101.gz", "a/access.log-20260102-1767312000", "a/access.log.old"],
                "a/access.log",
            ),
            (&["access-2026-01-31.log", "access-20260201.log.gz", "access.2026-02-02.log", "access.log"], "access.log"),
            (&["2026-01-31-access.log", "access_20260131T1305.log", "access.log-2026013113"], "access.log"),
            (&["logs/2026-W46/web1/access.log", "logs/2026-W47/web1/access.log.1"], "logs/web1/access.log"),
            (&["logs/2026/11/20/web1/access.log", "logs/web1/access.log"], "logs/web1/access.log"),
            (&["/var/log/nginx/error.log.1"], "/var/log/nginx/error.log"),
        ] {
            for path in paths {
                assert_eq!(series_key(path).0, stem, "{path}");
            }
        }
    }

    #[test]
    fn other_numbers_stay() {
        for name in ["web1.log", "node-12.log", "access-8080.log", "10.0.0.1-access.log", "a.99999999.log", "v6081.log"]
        {
            assert_eq!(series_key(name).0, name);
        }
    }

    #[test]
    fn names_tell_the_order_where_stamps_do_not() {
        for mut names in [
            vec!["a.log.10.gz", "a.log.9.gz", "a.log.2", "a.log.1", "a.log"],
            vec!["a.log-20251231", "a.log-20260101-01", "a.log-20260101-13", "a.log-20260102", "a.log"],
            vec!["l/2026-W45/a.log", "l/2026-W46/a.log.1", "l/2026-W46/a.log"],
        ] {
            let expected = names.clone();
            names.reverse();
            order(&mut names, |n| (Stamp::NONE, series_key(n).1));
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn the_first_stamp_counts_more_than_the_name() {
        let mut files = [("a.log.1", 20), ("a.log", 10)];
        order(&mut files, |f| (Stamp(f.1), series_key(f.0).1));
        assert_eq!(files[0].0, "a.log");
    }

    #[test]
    fn any_name_is_taken_without_a_panic() {
        for name in [
            "",
            "/",
            ".",
            ".gz",
            "..1",
            "2026",
            "20260131",
            "é20260131ü.log",
            "2026-01-",
            "2026-01-31-",
            "a/20260131/",
            "😀.1",
        ] {
            series_key(name);
        }
    }
}
