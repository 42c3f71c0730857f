//! Glimpses into a file: parts of it, spread from its beginning to its end. In: a [`Found`]; out: whole lines. Only a
//! plain regular file can be looked into; an archive would have to be unpacked. It must not know any format.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::decode::Compression;
use super::open::open;
use super::spec::{Found, Place};

/// At most `count` parts of about `length` bytes each, in order, the last one ending where the file does; one part,
/// the whole file, when it is small. A line that the beginning or end of a part cuts is left out. `None` when the file
/// is packed, is no regular file, or cannot be read.
pub fn samples(found: &Found, count: u64, length: u64) -> Option<Vec<Vec<u8>>> {
    let Place::File(path) = &found.place else { return None };
    let (_, compression) = open(found, None).ok()?;
    if compression != Compression::Plain {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    if size <= count * length {
        return Some(vec![part(&mut file, 0, size)?]);
    }
    let last = size - length;
    let steps = count.max(2) - 1;
    (0..=steps)
        .map(|n| part(&mut file, (u128::from(last) * u128::from(n) / u128::from(steps)) as u64, length))
        .collect()
}

/// The whole lines of `length` bytes from `at` on. The last line of a file counts even without its newline.
fn part(file: &mut File, at: u64, length: u64) -> Option<Vec<u8>> {
    // The byte before tells whether the first line is whole.
    let from = at.saturating_sub(1);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut bytes = Vec::new();
    file.take(length + at - from).read_to_end(&mut bytes).ok()?;
    let ends = bytes.len() as u64 == length + at - from && file.stream_position().ok()? < file.metadata().ok()?.len();
    if ends {
        bytes.truncate(memchr::memrchr(b'\n', &bytes)? + 1);
    }
    if at > 0 {
        let first = memchr::memchr(b'\n', &bytes)? + 1;
        bytes.drain(..first);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_lines_from_the_first_to_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let text: String = (0..1000).map(|n| format!("line {n:04}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        let parts = samples(&Found::file(&path), 4, 95).unwrap();
        assert_eq!(parts.len(), 4);
        for part in &parts {
            let part = std::str::from_utf8(part).unwrap();
            assert!(part.lines().count() >= 8 && part.lines().all(|l| l.len() == 9) && text.contains(part), "{part}");
        }
        assert!(parts[0].starts_with(b"line 0000\n") && parts[3].ends_with(b"line 0999\n"));
        assert_eq!(samples(&Found::file(&path), 4, 10_000).unwrap(), [text.as_bytes()]);
        std::fs::write(&path, "cut\noff").unwrap();
        assert_eq!(samples(&Found::file(&path), 4, 100).unwrap(), [b"cut\noff"]);
    }

    #[test]
    fn an_archive_cannot_be_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
        assert_eq!(samples(&Found::file(&path), 4, 100), None);
        assert_eq!(samples(&Found::file(folder.path().join("gone")), 4, 100), None);
    }
}
