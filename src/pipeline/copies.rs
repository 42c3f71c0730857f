//! Copies of one log under several names, such as a rotated file beside its compressed self. In: files whose format is
//! known; out: those that say nothing new. It must not know formats: a copy is the same bytes, decompressed.
//!
//! Heads are compared first, so a whole file is read again only when it begins as another one does.

use xxhash_rust::xxh3::xxh3_64;

use crate::frame::lines;
use crate::model::FileId;
use crate::source::{Chunks, Found, Head, Settings};

/// Less than this may be alike by chance: two quiet servers that log one probe each.
const AT_LEAST: usize = 1 << 10;

/// What is compared of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    hash: u64,
    len: usize,
    whole: bool,
}

impl Looks {
    /// The looks of a head.
    pub fn of(head: &Head) -> Looks {
        Looks { hash: xxh3_64(&head.bytes), len: head.bytes.len(), whole: head.whole }
    }
}

/// For each file the earlier one that it is a copy of.
pub fn copies(files: &[(&Found, Looks)]) -> Vec<Option<usize>> {
    let mut of: Vec<Option<usize>> = Vec::with_capacity(files.len());
    for (n, (found, looks)) in files.iter().enumerate() {
        let same = (0..n).find(|m| {
            let (other, its) = &files[*m];
            of[*m].is_none() && its == looks && looks.len >= AT_LEAST && (looks.whole || same_content(found, other))
        });
        of.push(same);
    }
    of
}

/// True when both hold the same to the end.
fn same_content(a: &Found, b: &Found) -> bool {
    let open = |f: &Found| Chunks::open(f, FileId(0), lines::cut, &Settings::default());
    let (Ok(mut a), Ok(mut b)) = (open(a), open(b)) else { return false };
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(Ok(x)), Some(Ok(y))) if x.bytes == y.bytes && x.overlong == y.overlong => {}
            _ => return false,
        }
    }
}
