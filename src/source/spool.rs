//! Standard input and pipes can be read only once; a spool lets them be read as often as a file. In: a stream; out:
//! its bytes at any offset, kept in an unlinked temporary file that vanishes with the process. It must not know what
//! the bytes are: a compressed stream is spooled as it came.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A stream that remembers everything that was read from it. Nothing is opened or read before it is asked for, so
/// that a pipe without a writer blocks when it is read, not when the command line is looked at.
pub(super) struct Spool {
    state: Mutex<State>,
}

enum Source {
    Stdin,
    Pipe(PathBuf),
    Open(Box<dyn Read + Send>),
    Ended,
}

struct State {
    source: Source,
    kept: Option<File>,
    len: u64,
}

impl Spool {
    /// A spool of standard input.
    pub fn stdin() -> Arc<Spool> {
        Spool::of(Source::Stdin)
    }

    /// A spool of a named pipe.
    pub fn pipe(path: PathBuf) -> Arc<Spool> {
        Spool::of(Source::Pipe(path))
    }

    /// A spool of any stream.
    pub fn stream(stream: impl Read + Send + 'static) -> Arc<Spool> {
        Spool::of(Source::Open(Box::new(stream)))
    }

    fn of(source: Source) -> Arc<Spool> {
        Arc::new(Spool { state: Mutex::new(State { source, kept: None, len: 0 }) })
    }

    /// Reads at `offset`, pulling from the stream what has not been read yet. 0 means the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        // A reader that panicked leaves at worst a shorter file than `len` says; reads then end early.
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        if offset >= state.len { state.pull(buffer, offset) } else { state.again(offset, buffer) }
    }
}

impl State {
    /// Passes on what was kept.
    fn again(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(file) = &mut self.kept else { return Ok(0) };
        file.seek(SeekFrom::Start(offset))?;
        let most = usize::try_from(self.len - offset).unwrap_or(usize::MAX).min(buffer.len());
        file.read(&mut buffer[..most])
    }

    /// Reads on in the stream and keeps what came. `offset` beyond what was kept reads nothing.
    fn pull(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset > self.len {
            return Ok(0);
        }
        self.open()?;
        let Source::Open(stream) = &mut self.source else { return Ok(0) };
        let n = stream.read(buffer)?;
        if n == 0 && !buffer.is_empty() {
            self.source = Source::Ended;
            return Ok(0);
        }
        self.keep(&buffer[..n]).map_err(|e| {
            self.source = Source::Ended;
            io::Error::new(e.kind(), format!("the temporary copy in {} failed: {e}", std::env::temp_dir().display()))
        })?;
        Ok(n)
    }

    fn open(&mut self) -> io::Result<()> {
        match &self.source {
            Source::Stdin => self.source = Source::Open(Box::new(io::stdin())),
            Source::Pipe(path) => self.source = Source::Open(Box::new(File::open(path)?)),
            Source::Open(_) | Source::Ended => {}
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.kept.is_none() {
            self.kept = Some(tempfile::tempfile()?);
        }
        let Some(file) = &mut self.kept else { return Ok(()) };
        file.seek(SeekFrom::Start(self.len))?;
        file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spool")
    }
}

/// Reads a spool from its beginning.
pub(super) struct SpoolReader {
    spool: Arc<Spool>,
    at: u64,
}

impl SpoolReader {
    /// A reader at byte `at`.
    pub fn new(spool: Arc<Spool>, at: u64) -> SpoolReader {
        SpoolReader { spool, at }
    }
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.spool.read_at(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time, as a slow pipe does.
    struct Drip(Vec<u8>, usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = (self.0.len() - self.1).min(3).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
            self.1 += n;
            Ok(n)
        }
    }

    #[test]
    fn a_stream_can_be_peeked_and_read_again() {
        let spool = Spool::stream(Drip((0..=99).collect(), 0));
        let mut head = [0; 10];
        SpoolReader::new(spool.clone(), 0).read_exact(&mut head).unwrap();
        for _ in 0..2 {
            let mut all = Vec::new();
            SpoolReader::new(spool.clone(), 0).read_to_end(&mut all).unwrap();
            assert_eq!(all, (0..=99).collect::<Vec<u8>>());
        }
        let mut rest = Vec::new();
        SpoolReader::new(spool, 97).read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [97, 98, 99]);
    }

    #[test]
    fn an_empty_stream_is_empty_every_time() {
        let spool = Spool::stream(io::empty());
        for _ in 0..2 {
            let mut all = Vec::new();
            assert_eq!(SpoolReader::new(spool.clone(), 0).read_to_end(&mut all).unwrap(), 0);
        }
    }
}
