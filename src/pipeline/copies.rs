//! Copies of one log under several names, such as a rotated file beside its compressed self. In: files whose format is
//! known; out: those that say nothing new. It must not know formats: a copy is the same bytes, decompressed.
//!
//! Heads are compared first, so a whole file is read again only when it begins as another one does, and only as far as
//! both are the same. A file that is longer than the other, as a live log is than its copy of yesterday, is no copy.

use std::collections::BTreeMap;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::frame::lines;
use crate::model::FileId;
use crate::source::{Chunks, Compression, Found, Head, Settings, series_key};

/// Less than this may be alike by chance: two quiet servers that log one probe each.
const AT_LEAST: usize = 1 << 10;

/// What is compared of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    hash: u64,
    len: usize,
    whole: bool,
    /// Size on disk of a plain file; `None` where it tells nothing of the content.
    size: Option<u64>,
}

impl Looks {
    /// The looks of a file with that head.
    pub fn of(head: &Head, found: &Found) -> Looks {
        let size = (head.compression == Compression::Plain && found.size > 0).then_some(found.size);
        Looks { hash: xxh3_64(&head.bytes), len: head.bytes.len(), whole: head.whole, size }
    }

    /// True when the files cannot be told apart without reading on.
    fn alike(&self, other: &Looks) -> bool {
        let same_size = match (self.size, other.size) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        (self.hash, self.len, self.whole) == (other.hash, other.len, other.whole) && same_size
    }
}

/// For each file the one that it is a copy of, which is none itself: the first of them, or a plain one of the same log
/// beside it, because its lines can be quoted without unpacking.
pub fn copies(files: &[(&Found, Looks)]) -> Vec<Option<usize>> {
    let mut alike: BTreeMap<(u64, usize, bool), Vec<usize>> = BTreeMap::new();
    for (n, (_, looks)) in files.iter().enumerate().filter(|(_, (_, l))| l.len >= AT_LEAST) {
        alike.entry((looks.hash, looks.len, looks.whole)).or_default().push(n);
    }
    let several: Vec<Vec<usize>> = alike.into_values().filter(|group| group.len() > 1).collect();
    let sets: Vec<Vec<usize>> = several.into_par_iter().flat_map_iter(|group| sets(&group, files)).collect();
    let mut of = vec![None; files.len()];
    for set in sets {
        let kept = kept(&set, files);
        set.into_iter().filter(|n| *n != kept).for_each(|n| of[n] = Some(kept));
    }
    of
}

/// Files that begin the same, as sets of those that are the same to the end.
fn sets(group: &[usize], files: &[(&Found, Looks)]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for &n in group {
        let (file, looks) = files[n];
        let same = |set: &&mut Vec<usize>| {
            let (other, its) = set.iter().map(|m| files[*m]).find(|(_, l)| l.size.is_some()).unwrap_or(files[set[0]]);
            its.alike(&looks) && (looks.whole || same_content(file, other))
        };
        match sets.iter_mut().find(same) {
            Some(set) => set.push(n),
            None => sets.push(vec![n]),
        }
    }
    sets
}

/// Which of a set of copies is read.
fn kept(set: &[usize], files: &[(&Found, Looks)]) -> usize {
    let log = |n: usize| series_key(&files[n].0.path).0;
    let plain = |n: &&usize| files[**n].1.size.is_some() && log(**n) == log(set[0]);
    set.iter().find(plain).copied().unwrap_or(set[0])
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
