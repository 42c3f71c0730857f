//! An xz decoder that loses nothing before the damage. In: a compressed stream, streams concatenated, padding between
//! and after them; out: the content, then the end or the error. It must not know where the stream comes from.
//!
//! Why not the crate's own reader? On an error it drops what the same call had already decoded. The archive says how
//! much memory it takes, up to 4 GiB; more than [`MEMORY`] is refused. Format: The .xz File Format 1.2.1.

use std::io::{self, ErrorKind, Read};

use liblzma::stream::{Action, CONCATENATED, Error, Status, Stream};

use super::feed::Feed;

/// Bytes that the decoder of one file may take: twice what `xz -9` needs.
pub(super) const MEMORY: u64 = 160 << 20;

/// Decodes xz from `R`.
pub(super) struct Xz<R> {
    feed: Feed<R>,
    decoder: Stream,
    ended: bool,
    broken: Option<io::Error>,
}

impl<R: Read> Xz<R> {
    /// A decoder at the first byte of an archive. Fails only without memory.
    pub fn new(input: R) -> io::Result<Xz<R>> {
        Xz::with(input, MEMORY)
    }

    fn with(input: R, memory: u64) -> io::Result<Xz<R>> {
        let decoder = Stream::new_stream_decoder(memory, CONCATENATED).map_err(|e| in_words(e, false))?;
        Ok(Xz { feed: Feed::new(input), decoder, ended: false, broken: None })
    }

    /// Decodes into `out`; what was decoded before an error is returned first.
    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let waiting = self.feed.fill()?;
            let more = !waiting.is_empty();
            let (before_in, before_out) = (self.decoder.total_in(), self.decoder.total_out());
            let result = self.decoder.process(waiting, out, if more { Action::Run } else { Action::Finish });
            let used = (self.decoder.total_in() - before_in) as usize;
            let made = (self.decoder.total_out() - before_out) as usize;
            self.feed.used(used);
            let error = match result {
                Ok(Status::StreamEnd) if made == 0 => return Ok(0),
                Ok(Status::MemNeeded) if more => Some(damaged()),
                Ok(Status::MemNeeded) => Some(io::Error::new(ErrorKind::UnexpectedEof, "the xz archive is cut off")),
                Ok(_) => None,
                Err(e) => Some(in_words(e, self.decoder.total_out() > 0)),
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

/// What is wrong; `begun` when content came before it.
fn in_words(error: Error, begun: bool) -> io::Error {
    match error {
        Error::MemLimit => io::Error::new(
            ErrorKind::OutOfMemory,
            format!(
                "the xz archive takes more than {} MiB of memory to unpack, which is all that guru gives it",
                MEMORY >> 20
            ),
        ),
        Error::Mem => io::Error::new(ErrorKind::OutOfMemory, "there is no memory left to unpack the xz archive"),
        Error::Options | Error::UnsupportedCheck | Error::NoCheck => {
            io::Error::new(ErrorKind::InvalidData, "the xz archive uses options that guru does not know")
        }
        Error::Format if begun => io::Error::new(ErrorKind::InvalidData, "what follows in the xz archive is not xz"),
        _ => damaged(),
    }
}

fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the xz archive is damaged")
}

impl<R: Read> Read for Xz<R> {
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_archive_that_takes_more_memory_than_it_gets_is_refused_in_words() {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
        encoder.write_all(b"a line\n").unwrap();
        let packed = encoder.finish().unwrap();
        let mut text = Vec::new();
        let error = Xz::with(&packed[..], 1 << 20).unwrap().read_to_end(&mut text).unwrap_err();
        assert_eq!((error.kind(), text.len()), (ErrorKind::OutOfMemory, 0));
        assert!(error.to_string().contains("160 MiB of memory"));
        Xz::new(&packed[..]).unwrap().read_to_end(&mut text).unwrap();
        assert_eq!(text, b"a line\n");
    }
}
