//! The table behind `Text`. In: bytes, and turns; out: numbers, and the bytes of a number. It must not know who asks.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::text::Bytes;

/// Texts of one page. Pages are given back when their last text is forgotten.
const PAGE: usize = 1024;
/// So many texts are kept whatever their age: some 20 MB.
const FEW: usize = 100_000;
/// A text is forgotten when it was not used for so many turns.
const TURNS: u32 = 3;
/// So many pages wait before their numbers are given out again, lest a forgotten handle soon mean another text.
const REST: usize = 4096;

#[derive(Debug)]
struct Kept {
    bytes: Arc<[u8]>,
    /// The turn in which it was last used.
    used: AtomicU32,
}

/// Texts by number, and numbers by text. Number 0 is the empty text.
#[derive(Debug)]
pub struct Table {
    numbers: HashMap<Arc<[u8]>, u32>,
    pages: Vec<Vec<Option<Kept>>>,
    /// The page that is being filled.
    open: usize,
    /// Pages without texts, the longest empty one first.
    emptied: VecDeque<usize>,
    turn: u32,
    /// Texts that are kept whatever their age.
    few: usize,
    /// Emptied pages that wait.
    rest: usize,
}

impl Default for Table {
    fn default() -> Self {
        Table::keeping(FEW, REST)
    }
}

impl Table {
    /// A table that forgets when there are more than `few`, and lets `rest` emptied pages wait.
    pub fn keeping(few: usize, rest: usize) -> Table {
        let empty = Kept { bytes: Arc::from(&b""[..]), used: AtomicU32::new(0) };
        Table {
            numbers: HashMap::new(),
            pages: vec![vec![Some(empty)]],
            open: 0,
            emptied: VecDeque::new(),
            turn: 0,
            few,
            rest,
        }
    }

    /// The number of a text that is there.
    pub fn find(&self, bytes: &[u8]) -> Option<u32> {
        let n = *self.numbers.get(bytes)?;
        self.keep(n);
        Some(n)
    }

    /// The number of a text.
    pub fn intern(&mut self, bytes: &[u8]) -> u32 {
        if let Some(n) = self.find(bytes) {
            return n;
        }
        let bytes: Arc<[u8]> = Arc::from(bytes);
        if self.pages[self.open].len() == PAGE {
            self.open = self.next_page();
        }
        let page = &mut self.pages[self.open];
        let n = (self.open * PAGE + page.len()) as u32;
        page.push(Some(Kept { bytes: Arc::clone(&bytes), used: AtomicU32::new(self.turn) }));
        self.numbers.insert(bytes, n);
        n
    }

    fn next_page(&mut self) -> usize {
        if self.emptied.len() <= self.rest {
            self.pages.push(Vec::new());
            return self.pages.len() - 1;
        }
        self.emptied.pop_front().unwrap_or_default()
    }

    fn kept(&self, n: u32) -> Option<&Kept> {
        self.pages.get(n as usize / PAGE)?.get(n as usize % PAGE)?.as_ref()
    }

    /// The bytes of a number; of one that was forgotten, none.
    pub fn get(&self, n: u32) -> Bytes {
        self.keep(n);
        self.kept(n)
            .or_else(|| self.kept(0))
            .map_or_else(|| Bytes(Arc::from(&b""[..])), |k| Bytes(Arc::clone(&k.bytes)))
    }

    /// Notes that a text is in use.
    pub fn keep(&self, n: u32) {
        let old = self.kept(n).filter(|k| k.used.load(Ordering::Relaxed) != self.turn);
        if let Some(kept) = old {
            kept.used.store(self.turn, Ordering::Relaxed);
        }
    }

    /// Forgets what was not used for long.
    pub fn turn(&mut self) {
        self.keep(0);
        self.turn = self.turn.wrapping_add(1);
        if self.numbers.len() <= self.few {
            return;
        }
        let turn = self.turn;
        for (at, page) in self.pages.iter_mut().enumerate().filter(|(_, page)| !page.is_empty()) {
            for slot in page.iter_mut() {
                let old = |k: &Kept| turn.wrapping_sub(k.used.load(Ordering::Relaxed)) > TURNS;
                if let Some(kept) = slot.take_if(|k| old(k)) {
                    self.numbers.remove(&kept.bytes);
                }
            }
            if at != self.open && page.iter().all(Option::is_none) {
                *page = Vec::new();
                self.emptied.push_back(at);
            }
        }
        self.numbers.shrink_to(2 * self.numbers.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut table = Table::keeping(10, REST);
        let used = table.intern(b"used");
        let old: Vec<u32> = (0..5000).map(|i| table.intern(format!("/{i}").as_bytes())).collect();
        for _ in 0..=TURNS {
            table.keep(used);
            table.turn();
        }
        assert_eq!(&*table.get(used), b"used");
        assert!(old.iter().all(|n| table.get(*n).is_empty()));
        assert_eq!(table.find(b"/7"), None);
        assert_eq!(table.numbers.len(), 1);
        assert_eq!(table.pages.iter().filter(|p| !p.is_empty()).count(), 2, "the first page holds `used`, one is open");
        assert!(table.intern(b"/7") > old[4999], "a number is not given out again at once");
    }

    #[test]
    fn few_texts_are_never_forgotten() {
        let mut table = Table::default();
        let n = table.intern(b"node");
        (0..100).for_each(|_| table.turn());
        assert_eq!(&*table.get(n), b"node");
    }

    #[test]
    fn it_does_not_grow_with_the_number_of_texts_that_came_and_went() {
        let mut table = Table::keeping(100, 50);
        for i in 0..600_000u64 {
            table.intern(&i.to_le_bytes());
            if i % 20_000 == 0 {
                table.turn();
            }
        }
        let held: usize = table.pages.iter().map(Vec::len).sum();
        assert!(held <= (TURNS as usize + 2) * 20_000 + 2 * PAGE, "{held} slots");
        assert!(table.pages.len() <= held / PAGE + 50 + 3, "{} pages", table.pages.len());
    }
}
