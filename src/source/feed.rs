//! Compressed bytes for a decoder that is fed by hand. In: a stream; out: its bytes, block by block, each until it has
//! been used up. It must not know any packing.

use std::io::{self, ErrorKind, Read};

const BUFFER: usize = 64 * 1024;

/// A stream with a block of it in memory.
pub(super) struct Feed<R> {
    input: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Feed<R> {
    /// A feed at the first byte.
    pub fn new(input: R) -> Feed<R> {
        Feed { input, buffer: vec![0; BUFFER].into_boxed_slice(), start: 0, end: 0 }
    }

    /// What is waiting to be used; reads on when nothing is. Empty at the end of the stream.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        while self.start == self.end {
            match self.input.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n) => (self.start, self.end) = (0, n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// `n` bytes of what is waiting are used.
    pub fn used(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }
}
