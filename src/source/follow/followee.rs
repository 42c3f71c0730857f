//! One followed generation of a log in a file. In: its content, wherever that lies by now; out: what came, and where
//! it stands. It must not know the other generations of its log.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::file::{About, Inode, is_stale};
use super::fingerprint::{agree, key, tells};
use super::packed::{Packed, Unpacked};
use super::plain::{Growth, Plain};
use super::siblings::Sibling;
use super::told::Generation;
use crate::model::{FileKey, Stamp};
use crate::source::head::head;
use crate::source::spec::Found;

/// Where the content lies.
pub(super) enum Content {
    /// In an open file.
    Plain(Plain),
    /// In an archive.
    Packed(Box<Packed>),
    /// Nowhere that is open; the path may still lead to it.
    Closed,
}

/// A generation.
pub(super) struct Followee {
    /// Its number.
    pub id: Generation,
    /// Where it was found: while this path points to it, it is not rotated.
    pub name: PathBuf,
    /// Its path now.
    pub path: PathBuf,
    /// Its content.
    pub content: Content,
    /// The first bytes of it.
    pub head: Vec<u8>,
    /// The file it was found in.
    pub inode: Inode,
    /// The next byte to give.
    pub offset: u64,
    /// Newlines before `offset`, as far as they are known.
    pub lines: u64,
    /// Whether all of them are known.
    pub lines_known: bool,
    /// When something came last, or when its name was seen to point elsewhere.
    pub stirred: Stamp,
    /// Its name points to another file, or a younger one is followed.
    pub superseded: bool,
    /// Up to here it goes before younger ones.
    pub first_until: Option<u64>,
    /// When it ended.
    pub ended: Option<Stamp>,
    /// How often its copy was looked for while names changed hands.
    pub sought: u8,
    /// It ended, and what is written late belongs to another generation already.
    pub succeeded: bool,
}

/// What reading on gives.
pub(super) enum Read {
    /// What came.
    Bytes(Vec<u8>),
    /// Go on reading.
    More,
    /// Nothing at present.
    Nothing,
    /// The file holds something else.
    Truncated,
    /// An archive was read to its end.
    End,
}

impl Followee {
    /// Reads on.
    pub fn read(&mut self, most: usize, now: Stamp) -> io::Result<Read> {
        let read = match &mut self.content {
            Content::Plain(plain) => {
                let growth = plain.grow(most)?;
                if plain.head.len() != self.head.len() && !matches!(growth, Growth::Truncated) {
                    self.head.clone_from(&plain.head);
                }
                match growth {
                    Growth::Bytes(bytes) => Read::Bytes(bytes),
                    Growth::Nothing => Read::Nothing,
                    Growth::Truncated => Read::Truncated,
                }
            }
            Content::Packed(packed) => match packed.next(most, now)? {
                Unpacked::Bytes(bytes) => Read::Bytes(bytes),
                Unpacked::More => Read::More,
                Unpacked::Waiting => Read::Nothing,
                Unpacked::End => Read::End,
            },
            Content::Closed => Read::End,
        };
        if let Read::Bytes(bytes) = &read {
            self.offset += bytes.len() as u64;
            self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            self.stirred = now;
        }
        Ok(read)
    }

    /// Opens the path anew when a network file system replaced the file; false when it is another content.
    pub fn reopen(&mut self, error: &io::Error) -> bool {
        let Content::Plain(plain) = &mut self.content else { return false };
        is_stale(error)
            && File::open(&self.path)
                .is_ok_and(|file| plain.is_in(&file) && plain.move_to(file).is_ok() && plain.intact())
    }

    /// Bytes that are there and were not read. Of an archive: packed ones.
    pub fn left(&self) -> u64 {
        match &self.content {
            Content::Plain(plain) => plain.len().unwrap_or(0).saturating_sub(self.offset),
            Content::Packed(packed) => packed.left(),
            Content::Closed => 0,
        }
    }

    /// The open file it is in.
    pub fn open_inode(&self) -> Option<Inode> {
        match &self.content {
            Content::Plain(plain) => Some(plain.inode),
            _ => None,
        }
    }

    /// True while its open file holds what was read.
    pub fn intact(&mut self) -> bool {
        match &mut self.content {
            Content::Plain(plain) => plain.intact(),
            _ => false,
        }
    }

    /// True when a plain file is a copy of it or is becoming one.
    pub fn copied_to(&mut self, s: &Sibling) -> bool {
        if !agree(&self.head, &s.head) {
            return false;
        }
        let Ok(Some(copy)) = s.open() else { return false };
        let Ok(about) = About::open(&copy) else { return false };
        match &mut self.content {
            Content::Plain(plain) => match plain.intact() {
                true => plain.len().is_ok_and(|len| about.len <= len),
                false => plain.is_in(&copy),
            },
            _ => tells(&self.head, &s.head),
        }
    }

    /// What the store keeps of it.
    pub fn key(&self) -> FileKey {
        key(self.open_inode().unwrap_or(self.inode), &self.head)
    }

    /// Bytes to quote.
    pub fn reread(&self, offset: u64, len: u32) -> Option<Vec<u8>> {
        if let Content::Plain(plain) = &self.content {
            return plain.reread(offset, len as usize);
        }
        let found = Found::file(&self.path);
        let now = head(&found, self.head.len()).ok()?;
        let mut quote = None;
        if now.bytes == self.head {
            crate::source::reread::reread(&found, &[(offset, len)], |_, bytes| quote = Some(bytes.to_vec()));
        }
        quote
    }
}
