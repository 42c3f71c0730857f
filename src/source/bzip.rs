//! A bzip2 decoder that loses nothing before the damage. In: a compressed stream, streams concatenated (as pbzip2
//! writes them), zeros after the last one tolerated; out: the content, then the end or the error. It must not know
//! where the stream comes from.
//!
//! Why not the crate's own reader? On an error it drops what the same call had already decoded. A block of bzip2 (up
//! to 900 kB of content) can be read only when all of it is there: of a cut block nothing can be had. At most 4 MB of
//! memory. Format: bzip2 1.0.8.

use std::io::{self, ErrorKind, Read};

use bzip2::{Decompress, Status};

use super::feed::Feed;

const DAMAGED: &str = "the bzip2 archive is damaged";

/// Decodes bzip2 from `R`.
pub(super) struct Bzip<R> {
    feed: Feed<R>,
    decoder: Decompress,
    /// Between two streams, after at least one.
    between: bool,
    ended: bool,
    broken: Option<io::Error>,
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

impl<R: Read> Bzip<R> {
    /// A decoder at the first byte of an archive.
    pub fn new(input: R) -> Bzip<R> {
        Bzip { feed: Feed::new(input), decoder: Decompress::new(false), between: false, ended: false, broken: None }
    }

    /// Goes on to the next stream; false at the end of the archive.
    fn next_stream(&mut self) -> io::Result<bool> {
        loop {
            let waiting = self.feed.fill()?;
            let zeros = waiting.iter().take_while(|b| **b == 0).count();
            match waiting.get(zeros) {
                Some(b'B') => {
                    self.feed.used(zeros);
                    self.decoder = Decompress::new(false);
                    self.between = false;
                    return Ok(true);
                }
                Some(_) => return Err(damaged("what follows in the bzip2 archive is not bzip2")),
                None if zeros == 0 => return Ok(false),
                None => self.feed.used(zeros),
            }
        }
    }

    /// Decodes into `out`; what was decoded before an error is returned first.
    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.between && !self.next_stream()? {
                return Ok(0);
            }
            let waiting = self.feed.fill()?;
            let more = !waiting.is_empty();
            let (before_in, before_out) = (self.decoder.total_in(), self.decoder.total_out());
            let result = self.decoder.decompress(waiting, out);
            let used = (self.decoder.total_in() - before_in) as usize;
            let made = (self.decoder.total_out() - before_out) as usize;
            self.feed.used(used);
            let error = match result {
                Ok(Status::StreamEnd) => {
                    self.between = true;
                    None
                }
                Ok(Status::MemNeeded) => {
                    Some(io::Error::new(ErrorKind::OutOfMemory, "there is no memory left to unpack the bzip2 archive"))
                }
                Ok(_) if made > 0 || used > 0 => None,
                Ok(_) if !more => Some(io::Error::new(ErrorKind::UnexpectedEof, "the bzip2 archive is cut off")),
                Ok(_) | Err(_) => Some(damaged(DAMAGED)),
            };
            match error {
                Some(error) if made == 0 => return Err(error),
                error => self.broken = error,
            }
            if made > 0 {
                return Ok(made);
            }
        }
    }
}

impl<R: Read> Read for Bzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let result = match self.broken.take() {
            Some(error) => Err(error),
            None => self.step(out),
        };
        self.ended = !matches!(result, Ok(1..));
        result
    }
}
