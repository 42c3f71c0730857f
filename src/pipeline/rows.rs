//! Rows waiting to be linked: in memory up to a budget, beyond it in unlinked temporary files cut by key. In: rows in
//! any order; out: partitions, each with every row of its keys, small enough to load one by one (a grace hash join).
//! It must not know what a row means beyond its key.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytemuck::{Pod, bytes_of_mut, cast_slice};

/// How many partitions rows are cut into once they spill.
const PARTITIONS: usize = 64;
/// Rows held in memory by one `Rows` before they spill.
const BUDGET: usize = 1_000_000;

/// A row that knows its key.
pub trait Keyed: Pod {
    /// The key, see [`crate::model::key_of`].
    fn key(&self) -> u64;
}

impl Keyed for crate::model::FetchRow {
    fn key(&self) -> u64 {
        self.key
    }
}

impl Keyed for crate::model::RequestRow {
    fn key(&self) -> u64 {
        self.key
    }
}

/// Rows of one kind.
#[derive(Debug)]
pub struct Rows<T> {
    held: Vec<T>,
    spilled: Vec<File>,
    budget: usize,
    /// Set when a temporary file could not be written: what was lost is told, not hidden.
    pub trouble: Option<String>,
}

impl<T: Keyed> Default for Rows<T> {
    fn default() -> Self {
        Rows { held: Vec::new(), spilled: Vec::new(), budget: BUDGET, trouble: None }
    }
}

impl<T: Keyed> Rows<T> {
    /// Adds a row.
    pub fn push(&mut self, row: T) {
        self.held.push(row);
        if self.held.len() >= self.budget {
            self.spill();
        }
    }

    /// Adds all rows of `other`.
    pub fn absorb(&mut self, mut other: Rows<T>) {
        if self.held.is_empty() && self.spilled.is_empty() {
            std::mem::swap(self, &mut other);
        }
        self.trouble = self.trouble.take().or(other.trouble);
        if !other.spilled.is_empty() {
            self.spill();
            for (mine, theirs) in self.spilled.iter_mut().zip(&mut other.spilled) {
                let copied = theirs.rewind().and_then(|()| io::copy(theirs, mine));
                if let Err(e) = copied {
                    self.trouble.get_or_insert_with(|| lost(&e));
                }
            }
        }
        self.held.append(&mut other.held);
        if self.held.len() >= self.budget {
            self.spill();
        }
    }

    fn spill(&mut self) {
        if let Err(e) = self.write_out() {
            // The rows stay in memory: slower and larger, but nothing is lost.
            self.budget = usize::MAX;
            self.trouble.get_or_insert_with(|| lost(&e));
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        while self.spilled.len() < PARTITIONS {
            self.spilled.push(tempfile::tempfile()?);
        }
        self.held.sort_unstable_by_key(|r| partition(r.key()));
        let mut from = 0;
        while from < self.held.len() {
            let n = partition(self.held[from].key());
            let len = self.held[from..].partition_point(|r| partition(r.key()) == n);
            self.spilled[n].write_all(cast_slice(&self.held[from..from + len]))?;
            from += len;
        }
        self.held.clear();
        Ok(())
    }

    /// Takes every row out.
    pub fn take(&mut self) -> Vec<T> {
        let mut out = std::mem::take(&mut self.held);
        for file in &mut self.spilled {
            let read = file.rewind().and_then(|()| read_rows(file, |r| out.push(*r)));
            if let Err(e) = read.and_then(|()| file.set_len(0)).and_then(|()| file.rewind()) {
                self.trouble.get_or_insert_with(|| lost(&e));
            }
        }
        out
    }

    /// How many partitions there are: one while nothing has spilled.
    pub fn partitions(&self) -> usize {
        self.spilled.len().max(1)
    }

    /// How many rows there are.
    pub fn len(&mut self) -> usize {
        let on_disk: u64 = self.spilled.iter_mut().map(|f| f.seek(SeekFrom::End(0)).unwrap_or(0)).sum();
        self.held.len() + on_disk as usize / size_of::<T>()
    }

    /// The rows of partition `n` of `of` for which `keep` holds. `of` is the larger number of partitions of the two
    /// sides of a join, so that a side that has not spilled is cut alike.
    pub fn load(&mut self, n: usize, of: usize, keep: impl Fn(&T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        self.visit(n, of, |r| {
            if keep(r) {
                out.push(*r);
            }
        });
        out
    }

    /// Shows every row of partition `n` of `of`, without copying them into memory.
    pub fn visit(&mut self, n: usize, of: usize, mut each: impl FnMut(&T)) {
        self.held.iter().filter(|r| of == 1 || partition(r.key()) == n).for_each(&mut each);
        if let Some(file) = self.spilled.get_mut(n)
            && let Err(e) = file.rewind().and_then(|()| read_rows(file, each))
        {
            self.trouble.get_or_insert_with(|| lost(&e));
        }
    }
}

fn lost(e: &io::Error) -> String {
    format!("a temporary file for linking failed ({e}): some links may be missing; set TMPDIR to a disk with room")
}

/// The partition of a key: its top bits, which no hash map inside a partition depends on.
fn partition(key: u64) -> usize {
    (key >> 58) as usize % PARTITIONS
}

fn read_rows<T: Pod>(file: &mut File, mut each: impl FnMut(&T)) -> io::Result<()> {
    let mut reader = io::BufReader::with_capacity(1 << 20, file);
    let mut row = T::zeroed();
    loop {
        match reader.read_exact(bytes_of_mut(&mut row)) {
            Ok(()) => each(&row),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RequestRow;

    fn row(n: u64) -> RequestRow {
        RequestRow { key: n.wrapping_mul(0x9E37_79B9_7F4A_7C15), offset: n, ..RequestRow::default() }
    }

    fn all(rows: &mut Rows<RequestRow>) -> Vec<u64> {
        let of = rows.partitions();
        let mut out: Vec<u64> = (0..of).flat_map(|n| rows.load(n, of, |_| true)).map(|r| r.offset).collect();
        out.sort_unstable();
        out
    }

    #[test]
    fn spilled_and_held_rows_come_back_once_each() {
        let (mut a, mut b) = (Rows { budget: 100, ..Rows::default() }, Rows { budget: 1_000, ..Rows::default() });
        (0..950).for_each(|n| a.push(row(n)));
        (950..1_400).for_each(|n| b.push(row(n)));
        b.absorb(a);
        assert_eq!(b.partitions(), PARTITIONS);
        assert_eq!(all(&mut b), (0..1_400).collect::<Vec<_>>());
        assert_eq!(b.len(), 1_400);
    }

    #[test]
    fn a_side_that_has_not_spilled_is_cut_like_one_that_has() {
        let mut a = Rows::default();
        (0..500).for_each(|n| a.push(row(n)));
        let mut seen = 0;
        for n in 0..PARTITIONS {
            let part = a.load(n, PARTITIONS, |_| true);
            assert!(part.iter().all(|r| partition(r.key) == n));
            seen += part.len();
        }
        assert_eq!(seen, 500);
    }
}
