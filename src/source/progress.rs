//! How far reading has come. In: bytes as they leave the disk; out: two numbers for a bar. It must not draw anything.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read so far, before decompression, over all files that share it. Comparable with [`super::Found::size`].
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
}

impl Progress {
    /// Nothing read yet.
    pub fn new() -> Arc<Progress> {
        Arc::new(Progress::default())
    }

    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A reader that reports what passes through it.
pub(super) struct Counted<R> {
    pub inner: R,
    pub progress: Option<Arc<Progress>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if let Some(progress) = &self.progress {
            progress.add(n);
        }
        Ok(n)
    }
}
