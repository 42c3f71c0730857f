//! What a cache says it did with a request. In: a format's `[cache]` table; out: its words normalised. It must not know
//! which field holds the word.

use std::collections::BTreeMap;

/// A cache's answer, normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheWord {
    /// From the store.
    Hit,
    /// From the store although stale, because the fetch failed.
    Stale,
    /// From the store, after the origin said that it is still good.
    Revalidated,
    /// Fetched.
    Miss,
    /// Fetched, not to be stored.
    Pass,
    /// Bytes were passed through.
    Pipe,
    /// Made by the cache itself.
    Synth,
    /// The fetch failed.
    Error,
}

const WORDS: [(&str, CacheWord); 8] = [
    ("hit", CacheWord::Hit),
    ("stale", CacheWord::Stale),
    ("revalidated", CacheWord::Revalidated),
    ("miss", CacheWord::Miss),
    ("pass", CacheWord::Pass),
    ("pipe", CacheWord::Pipe),
    ("synth", CacheWord::Synth),
    ("error", CacheWord::Error),
];

impl CacheWord {
    /// Whether the next tier was asked for it.
    pub fn asked(self) -> bool {
        !matches!(self, CacheWord::Hit | CacheWord::Synth)
    }

    /// Whether the client got something that was stored.
    pub fn stored(self) -> bool {
        matches!(self, CacheWord::Hit | CacheWord::Stale | CacheWord::Revalidated)
    }
}

/// The words of one format.
#[derive(Clone, Debug, Default)]
pub struct CacheWords {
    /// Lower case; longest first, so that `HIT-STALE*` is asked before `HIT*`.
    words: Vec<(Box<[u8]>, bool, CacheWord)>,
}

impl CacheWords {
    /// Compiles a table of words; a `*` at the end stands for whatever follows. The error names a wrong entry.
    pub fn new(table: &BTreeMap<String, String>) -> Result<CacheWords, String> {
        let mut words = Vec::with_capacity(table.len());
        for (word, meaning) in table {
            let known = WORDS.iter().find(|w| w.0 == meaning).ok_or_else(|| {
                format!("[cache] {word} = {meaning:?} is not hit, stale, revalidated, miss, pass, pipe, synth or error")
            })?;
            let open = word.ends_with('*');
            let text = word.trim_end_matches('*').to_ascii_lowercase();
            words.push((text.into_bytes().into_boxed_slice(), open, known.1));
        }
        words.sort_by_key(|w| std::cmp::Reverse((w.0.len(), !w.1)));
        Ok(CacheWords { words })
    }

    /// True when the format has no such words.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// What a word says; `None` for one that the format does not name.
    #[inline]
    pub fn of(&self, word: &[u8]) -> Option<CacheWord> {
        let fits = |(text, open, _): &&(Box<[u8]>, bool, CacheWord)| {
            (word.len() == text.len() || (*open && word.len() > text.len()))
                && word[..text.len()].eq_ignore_ascii_case(text)
        };
        self.words.iter().find(fits).map(|w| w.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_that_fits_counts() {
        let table = [("HIT*", "hit"), ("HIT-STALE*", "stale"), ("-", "miss")];
        let words = CacheWords::new(&table.map(|(a, b)| (a.to_string(), b.to_string())).into()).unwrap();
        assert_eq!(words.of(b"hit-cluster"), Some(CacheWord::Hit));
        assert_eq!(words.of(b"HIT-STALE-WAIT"), Some(CacheWord::Stale));
        assert_eq!(words.of(b"-"), Some(CacheWord::Miss));
        assert_eq!(words.of(b"MISS"), None);
        assert!(CacheWords::new(&[("a".to_string(), "x".to_string())].into()).unwrap_err().contains("[cache] a"));
    }
}
