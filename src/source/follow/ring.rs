//! The last bytes of a stream that cannot be read twice. In: bytes in order; out: the same bytes as long as they are
//! among the last. They lie in an unlinked temporary file, not in memory. It must not know what they are.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use super::file::read_at;

/// The last `cap` bytes of a stream.
pub(super) struct Ring {
    kept: Option<File>,
    cap: u64,
    len: u64,
}

impl Ring {
    /// An empty ring. Nothing is created before the first bytes come.
    pub fn new(cap: u64) -> Ring {
        Ring { kept: None, cap: cap.max(1), len: 0 }
    }

    /// Keeps what came. Where no temporary file can be had, nothing is kept: quotes are missing then, nothing else.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.write(bytes).is_err() {
            self.kept = None;
        }
        self.len += bytes.len() as u64;
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.kept.is_none() {
            if self.len > 0 {
                return Ok(());
            }
            self.kept = Some(tempfile::tempfile()?);
        }
        let Some(file) = &mut self.kept else { return Ok(()) };
        let skipped = (bytes.len() as u64).saturating_sub(self.cap);
        let (mut at, mut rest) = (self.len + skipped, &bytes[skipped as usize..]);
        while !rest.is_empty() {
            let place = at % self.cap;
            let n = usize::try_from(self.cap - place).unwrap_or(rest.len()).min(rest.len());
            file.seek(SeekFrom::Start(place))?;
            file.write_all(&rest[..n])?;
            at += n as u64;
            rest = &rest[n..];
        }
        Ok(())
    }

    /// The bytes at `offset` of the stream, fewer where it ends; `None` when they are not kept any more.
    pub fn reread(&self, offset: u64, len: u32) -> Option<Vec<u8>> {
        let file = self.kept.as_ref()?;
        let end = offset.saturating_add(u64::from(len)).min(self.len);
        if offset >= end || offset < self.len.saturating_sub(self.cap) {
            return None;
        }
        let mut bytes = vec![0; (end - offset) as usize];
        let place = offset % self.cap;
        let first = bytes.len().min((self.cap - place) as usize);
        let (before, after) = bytes.split_at_mut(first);
        let whole = read_at(file, place, before).ok()? == before.len() && read_at(file, 0, after).ok()? == after.len();
        whole.then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_can_be_read_again_and_older_ones_not() {
        let mut ring = Ring::new(10);
        for part in ["abc", "defgh", "ijklm", "", "nopqrstuvwxyzABCDEFGHIJ"] {
            ring.push(part.as_bytes());
        }
        assert_eq!(ring.reread(26, 10).unwrap(), b"ABCDEFGHIJ");
        assert_eq!(ring.reread(30, 100).unwrap(), b"EFGHIJ");
        assert_eq!((ring.reread(25, 2), ring.reread(36, 1)), (None, None));
        ring.push(b"K");
        assert_eq!(ring.reread(35, 2).unwrap(), b"JK");
        assert_eq!(ring.reread(26, 1), None);
    }
}
