//! A plain file that grows under our hands. In: an open file and the offset that was reached; out: what was appended,
//! or that the file is not the same any more. It must not know names: a rename does not touch an open file.
//!
//! Why are the last bytes read again each time? A file that was truncated and written anew may already be longer than
//! our offset. What we read last must still stand before it, and the first bytes where they stood. Both cost one page
//! of the cache per look. A followed file is never mapped: a truncated mapping kills the process.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::file::{About, Inode, read_at};
use super::fingerprint::HEAD;
use crate::model::Stamp;

/// Bytes before the offset that must still be there.
const TAIL: usize = 64;

/// A plain file and how far it was read.
pub(super) struct Plain {
    file: File,
    /// Which file.
    pub inode: Inode,
    /// Its first bytes, at most [`HEAD`].
    pub head: Vec<u8>,
    /// The next byte to read.
    pub offset: u64,
    tail: Vec<u8>,
    /// When it was written, as of the last look that found nothing new.
    written: Stamp,
}

/// What a look at a file finds.
pub(super) enum Growth {
    /// Nothing new.
    Nothing,
    /// What was appended, or the first part of it.
    Bytes(Vec<u8>),
    /// The content is not the one that was read.
    Truncated,
}

impl Plain {
    /// A file to be read from `offset` on.
    pub fn new(file: File, offset: u64) -> io::Result<Plain> {
        let about = About::open(&file)?;
        let mut head = vec![0; HEAD];
        let n = read_at(&file, 0, &mut head)?;
        head.truncate(n);
        let mut tail = vec![0; TAIL.min(usize::try_from(offset).unwrap_or(TAIL))];
        let n = read_at(&file, offset - tail.len() as u64, &mut tail)?;
        tail.truncate(n);
        Ok(Plain { file, inode: about.inode, head, offset, tail, written: Stamp::NONE })
    }

    /// The same file once more, without looking at it.
    pub fn twin(&self) -> io::Result<Plain> {
        let (head, tail) = (self.head.clone(), self.tail.clone());
        Ok(Plain { file: self.file.try_clone()?, head, tail, ..*self })
    }

    /// Its length now.
    pub fn len(&self) -> io::Result<u64> {
        Ok(About::open(&self.file)?.len)
    }

    /// True while the file still holds what was read of it.
    pub fn intact(&mut self) -> bool {
        let Ok(about) = About::open(&self.file) else { return false };
        about.len >= self.offset && self.head_stands().unwrap_or(false) && stands(&self.file, self.offset, &self.tail)
    }

    /// True when the file can be looked at and does not hold any more what was read of it.
    pub fn replaced(&mut self) -> bool {
        About::open(&self.file).is_ok() && !self.intact()
    }

    /// True when `other`, a copy perhaps, holds what was read of this one.
    pub fn is_in(&self, other: &File) -> bool {
        let len = About::open(other).map_or(0, |about| about.len);
        len >= self.offset && stands(other, self.offset, &self.tail)
    }

    /// Goes on in another file that holds the same.
    pub fn move_to(&mut self, other: File) -> io::Result<()> {
        self.inode = About::open(&other)?.inode;
        self.file = other;
        self.written = Stamp::NONE;
        Ok(())
    }

    /// Reads on, at most `most` bytes.
    pub fn grow(&mut self, most: usize) -> io::Result<Growth> {
        let about = About::open(&self.file)?;
        if about.len < self.offset {
            return Ok(Growth::Truncated);
        }
        if about.len == self.offset && about.written == self.written {
            return Ok(Growth::Nothing);
        }
        if !self.head_stands()? {
            return Ok(Growth::Truncated);
        }
        let before = self.tail.len();
        let new = usize::try_from(about.len - self.offset).unwrap_or(most).min(most);
        let mut bytes = vec![0; before + new];
        let n = read_at(&self.file, self.offset - before as u64, &mut bytes)?;
        if n < before || bytes[..before] != self.tail[..] {
            return Ok(Growth::Truncated);
        }
        bytes.truncate(n);
        // What was compared before it was read may have been replaced in between: near the beginning the tail is short.
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let compared = self.head.get(offset..).unwrap_or_default();
        if !compared.starts_with(&bytes[before..n.min(before + compared.len())]) {
            return Ok(Growth::Truncated);
        }
        self.tail = bytes[n - n.min(TAIL)..].to_vec();
        bytes.drain(..before);
        self.offset += bytes.len() as u64;
        if bytes.is_empty() {
            self.written = about.written;
            return Ok(Growth::Nothing);
        }
        Ok(Growth::Bytes(bytes))
    }

    /// Bytes at any place, fewer where the file ends.
    pub fn reread(&self, offset: u64, len: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; len];
        let n = read_at(&self.file, offset, &mut bytes).ok()?;
        bytes.truncate(n);
        (n > 0).then_some(bytes)
    }

    /// Compares the beginning, and takes up what was appended to a short one.
    fn head_stands(&mut self) -> io::Result<bool> {
        let mut now = vec![0; HEAD];
        let n = read_at(&self.file, 0, &mut now)?;
        now.truncate(n);
        let same = now.starts_with(&self.head);
        if same {
            self.head = now;
        }
        Ok(same)
    }
}

/// True when `tail` stands in front of `offset`.
fn stands(file: &File, offset: u64, tail: &[u8]) -> bool {
    let mut now = vec![0; tail.len()];
    read_at(file, offset - tail.len() as u64, &mut now).is_ok_and(|n| n == tail.len()) && now == tail
}

/// The beginning of the line that holds byte `at` of a file, looking at most 1 MiB before it; else `at` itself.
pub(super) fn line_start(path: &Path, at: u64) -> u64 {
    let before = at.min(1 << 20);
    let mut bytes = vec![0; before as usize];
    let read = File::open(path).and_then(|file| read_at(&file, at - before, &mut bytes));
    match read {
        Ok(n) if n as u64 == before => match memchr::memrchr(b'\n', &bytes) {
            Some(newline) => at - before + newline as u64 + 1,
            None if before == at => 0,
            None => at,
        },
        _ => at,
    }
}

/// Newlines before byte `at` of a file, so that what is quoted has its right number; `None` when nobody wants to wait for
/// the answer (a second or so per GiB).
pub(super) fn newlines_before(path: &Path, at: u64) -> Option<u64> {
    const MOST: u64 = 1 << 30;
    let mut file = File::open(path).ok().filter(|_| at <= MOST)?.take(at);
    let (mut block, mut newlines) = (vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut block) {
            Ok(0) => return (file.limit() == 0).then_some(newlines),
            Ok(n) => newlines += memchr::memchr_iter(b'\n', &block[..n]).count() as u64,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn grown(plain: &mut Plain) -> Vec<u8> {
        match plain.grow(1 << 20).unwrap() {
            Growth::Bytes(bytes) => bytes,
            Growth::Nothing => Vec::new(),
            Growth::Truncated => b"TRUNCATED".to_vec(),
        }
    }

    #[test]
    fn what_is_appended_is_read_once() {
        let mut write = tempfile::NamedTempFile::new().unwrap();
        write.write_all(b"one\ntw").unwrap();
        let mut plain = Plain::new(write.reopen().unwrap(), 0).unwrap();
        assert_eq!(grown(&mut plain), b"one\ntw");
        assert_eq!(grown(&mut plain), b"");
        write.write_all(b"o\n").unwrap();
        assert_eq!(grown(&mut plain), b"o\n");
        assert_eq!((plain.offset, &plain.head[..]), (8, &b"one\ntwo\n"[..]));
    }

    #[test]
    fn another_content_is_noticed_even_when_it_is_longer() {
        for new in ["", "x", "two\nfour\n", "ten\neleven\ntwelve\n", "one\ntwO\nfive\n"] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), "one\ntwo\n").unwrap();
            let mut plain = Plain::new(file.reopen().unwrap(), 0).unwrap();
            assert_eq!(grown(&mut plain), b"one\ntwo\n");
            std::fs::write(file.path(), new).unwrap();
            assert!(!plain.intact());
            assert_eq!(grown(&mut plain), b"TRUNCATED", "{new}");
        }
    }

    #[test]
    fn reading_starts_at_the_beginning_of_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "one\ntwo\nthr").unwrap();
        let starts: Vec<u64> = [0, 2, 4, 6, 8, 11].iter().map(|at| line_start(file.path(), *at)).collect();
        assert_eq!(starts, [0, 0, 4, 4, 8, 8]);
    }
}
