//! What the operating system says of a file, and reading at a place. In: paths and open files; out: inode, length,
//! time, bytes. It must not know logs.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::settings::stamp_of;
use crate::model::Stamp;

/// Device and inode: two open files with the same one are the same file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Inode {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub number: u64,
}

/// What a stat tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// Which file.
    pub inode: Inode,
    /// Bytes on disk.
    pub len: u64,
    /// When it was last written.
    pub written: Stamp,
}

impl About {
    /// Of a regular file; `None` for anything else.
    pub fn of(about: &Metadata) -> Option<About> {
        let written = about.modified().map_or(Stamp(0), stamp_of);
        about.is_file().then(|| About { inode: inode(about), len: about.len(), written })
    }

    /// Of an open file.
    pub fn open(file: &File) -> io::Result<About> {
        About::of(&file.metadata()?).ok_or_else(|| io::Error::new(ErrorKind::Unsupported, "not a regular file"))
    }

    /// Of the regular file that a path points to; `None` when there is none or it cannot be looked at.
    pub fn at(path: &Path) -> Option<About> {
        About::of(&fs::metadata(path).ok()?)
    }
}

#[cfg(unix)]
fn inode(about: &Metadata) -> Inode {
    use std::os::unix::fs::MetadataExt;
    Inode { device: about.dev(), number: about.ino() }
}

/// Without inodes, the moment of creation tells files apart.
#[cfg(not(unix))]
fn inode(about: &Metadata) -> Inode {
    Inode { device: 0, number: about.created().map_or(0, |t| stamp_of(t).0 as u64) }
}

/// Reads at `offset` until the buffer is full or the file ends; returns how many bytes there were.
pub(super) fn read_at(file: &File, mut offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match once_at(file, offset, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => {
                filled += n;
                offset += n as u64;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(unix)]
fn once_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn once_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// True for the error of a network file system whose file was replaced on the server.
pub(super) fn is_stale(error: &io::Error) -> bool {
    error.kind() == ErrorKind::StaleNetworkFileHandle
}
