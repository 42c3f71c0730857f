//! A generation that comes as a stream and cannot be read again from where it came. In: its bytes; out: the words that
//! tell them, quotes from the last of them, its key. It must not know where the stream comes from.

use super::file::Inode;
use super::fingerprint::{HEAD, key};
use super::ring::Ring;
use super::told::{Followed, Generation, Opened};
use crate::model::{FileKey, Tier};

/// Bytes of a stream that can be quoted.
const QUOTABLE: u64 = 32 << 20;

/// A generation that comes as a stream.
pub(in crate::source) struct Kept {
    /// Its number.
    pub id: Generation,
    /// The path to show.
    pub path: String,
    /// Nothing more comes.
    pub ended: bool,
    head: Vec<u8>,
    ring: Ring,
    offset: u64,
}

impl Kept {
    /// Tells that a stream begins.
    pub fn open(
        path: &str,
        (role, node): (Option<Tier>, Option<String>),
        after_gap: bool,
        give: &mut impl FnMut(Followed),
    ) -> Kept {
        let id = Generation::next();
        give(Followed::Opened(Opened {
            id,
            role,
            node,
            series: path.to_string(),
            path: path.to_string(),
            from: 0,
            lines_before: 0,
            lines_known: true,
            counted: 0,
            after_gap,
            taken: Vec::new(),
        }));
        Kept { id, path: path.to_string(), ended: false, head: Vec::new(), ring: Ring::new(QUOTABLE), offset: 0 }
    }

    /// Hands on what came.
    pub fn take(&mut self, bytes: Vec<u8>, give: &mut impl FnMut(Followed)) {
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.ring.push(&bytes);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        give(Followed::Bytes { id: self.id, offset, bytes });
    }

    /// Tells that nothing more comes.
    pub fn end(&mut self, give: &mut impl FnMut(Followed)) {
        if !self.ended {
            self.ended = true;
            give(Followed::Ended { id: self.id });
        }
    }

    /// What identifies it.
    pub fn key(&self) -> (FileKey, String, bool) {
        (key(Inode::default(), &self.head), self.path.clone(), self.ended)
    }

    /// The last bytes of it.
    pub fn end_of(&self) -> Vec<u8> {
        let most = self.offset.min(QUOTABLE);
        self.ring.reread(self.offset - most, most as u32).unwrap_or_default()
    }

    /// Bytes to quote, as long as they are among the last.
    pub fn reread(&self, offset: u64, len: u32) -> Option<Vec<u8>> {
        self.ring.reread(offset, len)
    }
}
