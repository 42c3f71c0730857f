//! Chunks, and the buffers they give back. In: buffers; out: the same buffers again, so that reading in a steady
//! state allocates nothing. It must not read.

use std::sync::{Arc, Mutex};

use crate::model::FileId;

/// A piece of a file's decompressed content, cut at record edges. Dropping it returns its buffer to the reader.
#[derive(Debug)]
pub struct Chunk {
    /// The file.
    pub file: FileId,
    /// Its number within the file, from 0 without gaps.
    pub number: u32,
    /// Byte offset of `bytes[0]` in the decompressed content.
    pub offset: u64,
    /// The bytes. Only the last chunk may end without a newline; it is empty when the file is.
    pub bytes: Vec<u8>,
    /// Newlines in `bytes`.
    pub newlines: u64,
    /// Lines just before `bytes` that were dropped because they were longer than the limit. They count as lines read:
    /// the line number of `bytes[0]` includes them.
    pub overlong: u64,
    /// The header line in force where `bytes` begin: the last one before them that names columns, when the file was
    /// opened with a [`super::Heading`] and has one.
    pub header: Option<Arc<[u8]>>,
    /// What whoever cut the file says of the bytes before it; 0 for nothing.
    pub before: u8,
    /// Nothing of this file comes after it. Every file has exactly one last chunk, even an empty or damaged one.
    pub last: bool,
    pub(super) pool: Option<Arc<Pool>>,
}

impl Chunk {
    /// A whole file in one chunk, for callers that have the bytes already.
    pub fn whole(file: FileId, bytes: Vec<u8>) -> Chunk {
        let newlines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Chunk { file, number: 0, offset: 0, bytes, newlines, overlong: 0, header: None, before: 0, last: true, pool: None }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.give(std::mem::take(&mut self.bytes));
        }
    }
}

/// Buffers waiting to be used again.
#[derive(Debug)]
pub(super) struct Pool {
    free: Mutex<Vec<Vec<u8>>>,
    /// Buffers that grew beyond this are let go.
    keep: usize,
}

/// As many buffers as a machine with many cores has in flight.
const MOST_FREE: usize = 64;

impl Pool {
    /// A pool of buffers up to `keep` bytes of capacity.
    pub fn new(keep: usize) -> Arc<Pool> {
        Arc::new(Pool { free: Mutex::new(Vec::new()), keep })
    }

    /// An empty buffer, used before if there is one. Its length is whatever it was; the content is stale.
    pub fn take(&self) -> Vec<u8> {
        self.free.lock().unwrap_or_else(|e| e.into_inner()).pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn give(&self, buffer: Vec<u8>) {
        let mut free = self.free.lock().unwrap_or_else(|e| e.into_inner());
        if buffer.capacity() > 0 && buffer.capacity() <= self.keep && free.len() < MOST_FREE {
            free.push(buffer);
        }
    }

    #[cfg(test)]
    pub fn free(&self) -> usize {
        self.free.lock().unwrap_or_else(|e| e.into_inner()).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_chunk_gives_its_buffer_back_unless_it_grew_too_large() {
        let pool = Pool::new(100);
        let chunk = |size| {
            let mut chunk = Chunk::whole(FileId(0), vec![b'\n'; size]);
            chunk.pool = Some(pool.clone());
            chunk
        };
        drop(chunk(100));
        drop(chunk(101));
        assert_eq!(pool.free(), 1);
        assert_eq!(pool.take().capacity(), 100);
        assert_eq!(pool.take().capacity(), 0);
    }
}
