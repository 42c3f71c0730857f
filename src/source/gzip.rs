//! A gzip decoder that loses nothing before the damage. In: a compressed stream, members concatenated, zeros after
//! the last one tolerated; out: the content, then the end or the error. It must not know where the stream comes from.
//!
//! Why not flate2's own reader? On an error it drops what the same call had already decoded, and it takes trailing
//! zeros (tape blocks) for a broken member. Format: RFC 1952.

use std::io::{self, ErrorKind, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::feed::Feed;

enum State {
    Header,
    Body,
    Trailer,
    Ended,
}

/// Decodes gzip from `R`.
pub(super) struct Gzip<R> {
    feed: Feed<R>,
    inflate: Decompress,
    crc: Crc,
    members: u64,
    state: State,
    broken: Option<io::Error>,
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the gzip archive is cut off")
}

impl<R: Read> Gzip<R> {
    /// A decoder at the first byte of an archive.
    pub fn new(input: R) -> Gzip<R> {
        Gzip {
            feed: Feed::new(input),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            members: 0,
            state: State::Header,
            broken: None,
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let byte = *self.feed.fill()?.first().ok_or_else(cut_off)?;
        self.feed.used(1);
        Ok(byte)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        for b in &mut bytes {
            *b = self.byte()?;
        }
        Ok(bytes)
    }

    fn skip_text(&mut self) -> io::Result<()> {
        while self.byte()? != 0 {}
        Ok(())
    }

    /// Reads a member's header; false at the end of the archive.
    fn header(&mut self) -> io::Result<bool> {
        if self.members > 0 {
            while self.feed.fill()?.first() == Some(&0) {
                self.feed.used(1);
            }
            if self.feed.fill()?.is_empty() {
                return Ok(false);
            }
        }
        if self.bytes::<3>()? != [0x1f, 0x8b, 8] {
            return Err(damaged("what follows in the gzip archive is not gzip"));
        }
        let [flags, ..] = self.bytes::<7>()?;
        if flags & 4 != 0 {
            let extra = u16::from_le_bytes(self.bytes()?);
            for _ in 0..extra {
                self.byte()?;
            }
        }
        if flags & 8 != 0 {
            self.skip_text()?;
        }
        if flags & 16 != 0 {
            self.skip_text()?;
        }
        if flags & 2 != 0 {
            self.bytes::<2>()?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.members += 1;
        Ok(true)
    }

    /// Decodes into `out`; what was decoded before an error is returned first.
    fn body(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let waiting = self.feed.fill()?;
            let more = !waiting.is_empty();
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(waiting, out, FlushDecompress::None);
            self.feed.used((self.inflate.total_in() - before_in) as usize);
            let made = (self.inflate.total_out() - before_out) as usize;
            self.crc.update(&out[..made]);
            match result {
                Ok(Status::StreamEnd) => self.state = State::Trailer,
                Ok(_) if made == 0 && !more => return Err(cut_off()),
                Ok(_) if made == 0 => continue,
                Ok(_) => {}
                Err(_) if made == 0 => return Err(damaged("the gzip archive is damaged")),
                Err(_) => self.broken = Some(damaged("the gzip archive is damaged")),
            }
            return Ok(made);
        }
    }

    fn trailer(&mut self) -> io::Result<()> {
        let crc = u32::from_le_bytes(self.bytes()?);
        let length = u32::from_le_bytes(self.bytes()?);
        if crc != self.crc.sum() || length != self.inflate.total_out() as u32 {
            return Err(damaged(
                "the checksum of the gzip archive is wrong: some of its text is not as it was written",
            ));
        }
        Ok(())
    }

    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.state {
                State::Header => self.state = if self.header()? { State::Body } else { State::Ended },
                State::Body => match self.body(out)? {
                    0 => {}
                    n => return Ok(n),
                },
                State::Trailer => {
                    self.trailer()?;
                    self.state = State::Header;
                }
                State::Ended => return Ok(0),
            }
        }
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let result = match self.broken.take() {
            Some(error) => Err(error),
            None => self.step(out),
        };
        if result.is_err() {
            self.state = State::Ended;
        }
        result
    }
}
