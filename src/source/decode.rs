//! Decompression by content, never by name. In: a stream of bytes; out: the same bytes decompressed, and what was
//! recognised. Memory is bounded: buffers, the 128 MiB window that libzstd allows, and
//! the 160 MiB that xz gets. It must not know files.

use std::io::{self, Cursor, ErrorKind, Read};

use super::bzip::Bzip;
use super::gzip::Gzip;
use super::xz::Xz;
use super::zst::Zst;

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

/// The longest magic that is looked at.
const MAGIC: usize = 6;

impl Compression {
    /// Recognises the first bytes of a file.
    pub fn of(start: &[u8]) -> Compression {
        let zstd = [0x28, 0xb5, 0x2f, 0xfd];
        match start {
            [0x1f, 0x8b, 8, ..] => Compression::Gzip,
            [a, b, c, d, ..] if [*a, *b, *c, *d] == zstd => Compression::Zstd,
            // A skippable frame, as pzstd and seekable writers put first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Compression::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            _ => Compression::Plain,
        }
    }
}

/// A raw stream whose first bytes were looked at.
pub(super) type Raw<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// A decompressing stream.
pub(super) enum Decoded<R> {
    Plain(Raw<R>),
    Gzip(Gzip<Raw<R>>),
    Zstd(Zst<Raw<R>>),
    Bzip2(Bzip<Raw<R>>),
    Xz(Xz<Raw<R>>),
}

impl<R: Read> Decoded<R> {
    /// Looks at the first bytes and decodes accordingly.
    pub fn new(mut stream: R) -> io::Result<(Decoded<R>, Compression)> {
        let mut start = Vec::with_capacity(MAGIC);
        let mut buffer = [0; MAGIC];
        while start.len() < MAGIC {
            match stream.read(&mut buffer[start.len()..]) {
                Ok(0) => break,
                Ok(n) => start.extend_from_slice(&buffer[start.len()..start.len() + n]),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let compression = Compression::of(&start);
        let raw = Cursor::new(start).chain(stream);
        let decoded = match compression {
            Compression::Gzip => Decoded::Gzip(Gzip::new(raw)),
            Compression::Zstd => Decoded::Zstd(Zst::new(raw)?),
            Compression::Bzip2 => Decoded::Bzip2(Bzip::new(raw)),
            Compression::Xz => Decoded::Xz(Xz::new(raw)?),
            Compression::Plain => Decoded::Plain(raw),
        };
        Ok((decoded, compression))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Decoded::Plain(raw) => raw.read(buffer),
                Decoded::Gzip(gzip) => gzip.read(buffer),
                Decoded::Zstd(zst) => zst.read(buffer),
                Decoded::Bzip2(bzip) => bzip.read(buffer),
                Decoded::Xz(xz) => xz.read(buffer),
            };
            match result {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}
