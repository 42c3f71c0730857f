//! A zstd decoder that loses nothing before the damage. In: a compressed stream, frames concatenated; out: the
//! content, then the end or the error. It must not know where the stream comes from.
//!
//! Why not the crate's own reader? When a block is damaged, libzstd does not say how much the same call had already
//! written. So each call is given exactly the bytes that one block needs: the size that libzstd hints at, less the
//! three bytes of the next block's header. Format: RFC 8878.

use std::io::{self, ErrorKind, Read};

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::feed::Feed;

const BLOCK_HEADER: usize = 3;
const FIRST_HINT: usize = 5 + BLOCK_HEADER;

/// Decodes zstd from `R`.
pub(super) struct Zst<R> {
    feed: Feed<R>,
    decoder: Decoder<'static>,
    /// Bytes that libzstd asked for; 0 between frames.
    hint: usize,
    /// The last call filled its buffer, so more may be waiting inside libzstd.
    full: bool,
    ended: bool,
}

impl<R: Read> Zst<R> {
    /// A decoder at the first byte of an archive. Fails only without memory.
    pub fn new(input: R) -> io::Result<Zst<R>> {
        Ok(Zst { feed: Feed::new(input), decoder: Decoder::new()?, hint: FIRST_HINT, full: false, ended: false })
    }

    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            // More may be waiting inside libzstd: then it gets nothing new.
            let mut waiting: &[u8] = &[];
            if !self.full {
                waiting = self.feed.fill()?;
                if self.hint == 0 {
                    if waiting.is_empty() {
                        return Ok(0);
                    }
                    self.decoder.reinit()?;
                    self.hint = FIRST_HINT;
                } else if waiting.is_empty() {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the zstd archive is cut off"));
                }
            }
            let wanted = if self.hint > BLOCK_HEADER { self.hint - BLOCK_HEADER } else { self.hint.max(1) };
            let mut input = InBuffer::around(&waiting[..wanted.min(waiting.len())]);
            let mut output = OutBuffer::around(&mut *out);
            self.hint = self
                .decoder
                .run(&mut input, &mut output)
                .map_err(|e| io::Error::new(ErrorKind::InvalidData, format!("the zstd archive is damaged ({e})")))?;
            let (used, made) = (input.pos(), output.pos());
            self.feed.used(used);
            self.full = made == out.len();
            if made > 0 {
                return Ok(made);
            }
        }
    }
}

impl<R: Read> Read for Zst<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let result = self.step(out);
        self.ended = !matches!(result, Ok(1..));
        result
    }
}
