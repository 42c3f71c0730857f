//! An archive that a generation became. In: the open file and the offset of the decompressed content to begin at; out: the
//! rest of the content. It must not know why it is read.
//!
//! An archive may be looked at while it is still written: where it is cut off, reading waits for more and begins anew.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::sync::Arc;

use super::file::About;
use crate::model::Stamp;
use crate::model::stamp::SECOND;
use crate::source::decode::Decoded;
use crate::source::progress::{Counted, Progress};

/// Microseconds without a write after which a cut archive counts as damaged.
const PATIENCE: i64 = 10 * SECOND;

/// An archive that is read once.
pub(super) struct Packed {
    file: File,
    about: About,
    content: Option<Decoded<Counted<File>>>,
    progress: Arc<Progress>,
    /// Offset of what `content` gives next.
    at: u64,
    /// The next byte to give.
    pub offset: u64,
}

/// What reading on in an archive gives.
pub(super) enum Unpacked {
    /// Content.
    Bytes(Vec<u8>),
    /// Nothing yet: bytes before the offset were passed over.
    More,
    /// Nothing yet: the archive is cut off but may still be written.
    Waiting,
    /// The end.
    End,
}

impl Packed {
    /// An archive to be read from `offset` of its content on.
    pub fn new(file: File, offset: u64) -> io::Result<Packed> {
        let about = About::open(&file)?;
        let mut inner = file.try_clone()?;
        inner.rewind()?;
        let progress = Progress::new();
        let (content, _) = Decoded::new(Counted { inner, progress: Some(progress.clone()) })?;
        Ok(Packed { file, about, content: Some(content), progress, at: 0, offset })
    }

    /// Bytes of the archive not read yet.
    pub fn left(&self) -> u64 {
        self.about.len.saturating_sub(self.progress.read())
    }

    /// Reads on, at most `most` bytes. `now` by the wall clock.
    pub fn next(&mut self, most: usize, now: Stamp) -> io::Result<Unpacked> {
        if self.content.is_none() && !self.again()? {
            return if self.too_old(now) { Err(cut_off()) } else { Ok(Unpacked::Waiting) };
        }
        let Some(content) = &mut self.content else { return Ok(Unpacked::Waiting) };
        let mut bytes = vec![0; most];
        match content.read(&mut bytes) {
            Ok(0) => Ok(Unpacked::End),
            Ok(n) => {
                bytes.truncate(n);
                Ok(self.take(bytes))
            }
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                self.content = None;
                if self.too_old(now) { Err(e) } else { Ok(Unpacked::Waiting) }
            }
            Err(e) => Err(e),
        }
    }

    /// Bytes at `at`; what lies before the offset is passed over.
    fn take(&mut self, mut bytes: Vec<u8>) -> Unpacked {
        let end = self.at + bytes.len() as u64;
        let old = self.offset.saturating_sub(self.at).min(bytes.len() as u64) as usize;
        self.at = end;
        bytes.drain(..old);
        if bytes.is_empty() {
            return Unpacked::More;
        }
        self.offset = end;
        Unpacked::Bytes(bytes)
    }

    fn too_old(&self, now: Stamp) -> bool {
        now.0.saturating_sub(self.about.written.0) > PATIENCE
    }

    /// Begins anew when the archive has changed.
    fn again(&mut self) -> io::Result<bool> {
        let changed = About::open(&self.file)? != self.about;
        if changed {
            *self = Packed::new(self.file.try_clone()?, self.offset)?;
        }
        Ok(changed)
    }
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the archive is cut off")
}
