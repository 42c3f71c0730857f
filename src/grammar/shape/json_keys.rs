//! The keys of a JSON format as a tree. In: key paths (`httpRequest.status`) with their terms; out: at each level a
//! small table that finds a key among its siblings without hashing text. It must not know values.

use super::super::field::{Field, Kind};

/// A key at its level.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Box<[u8]>,
    /// What its value fills.
    pub field: Field,
    /// What its value may be.
    pub kind: Kind,
    /// The level below it, when it has one.
    pub child: Option<usize>,
    /// Bit of a key that every line of the format must have; 0 for others.
    pub need: u64,
    /// A part that its value must contain, whatever its case, to satisfy the need.
    pub says: Box<[u8]>,
    /// Its value is JSON in a string.
    pub embedded: bool,
    /// Its value is an array of records.
    pub records: bool,
}

/// Keys of one object.
#[derive(Clone, Debug)]
pub struct Level {
    entries: Vec<Entry>,
    /// First entry of each slot, and one more; entries are sorted by slot.
    starts: [u8; SLOTS + 1],
}

const SLOTS: usize = 64;

fn slot(key: &[u8]) -> usize {
    let (first, last) = (key.first().copied().unwrap_or(0), key.last().copied().unwrap_or(0));
    let middle = key.get(key.len() / 2).copied().unwrap_or(0);
    (key.len() * 7 + usize::from(first) * 5 + usize::from(last) * 3 + usize::from(middle)) % SLOTS
}

impl Default for Level {
    fn default() -> Level {
        Level { entries: Vec::new(), starts: [0; SLOTS + 1] }
    }
}

impl Level {
    /// The entry of a key.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<&Entry> {
        let at = slot(key);
        let (from, to) = (usize::from(self.starts[at]), usize::from(self.starts[at + 1]));
        self.entries[from..to].iter().find(|e| *e.key == *key)
    }

    fn seal(&mut self) {
        self.entries.sort_by_key(|e| slot(&e.key));
        for at in 0..=SLOTS {
            self.starts[at] = self.entries.iter().take_while(|e| slot(&e.key) < at).count() as u8;
        }
    }
}

/// All levels; the first is that of the record itself.
#[derive(Clone, Debug)]
pub struct Keys {
    levels: Vec<Level>,
    needs: u32,
}

/// The largest number of keys of one level, and of keys that must be there.
const MOST: usize = 60;

impl Keys {
    /// No keys.
    pub fn new() -> Keys {
        Keys { levels: vec![Level::default()], needs: 0 }
    }

    /// The level of that number.
    #[inline]
    pub fn level(&self, n: usize) -> &Level {
        &self.levels[n]
    }

    /// The bits of all keys that must be there.
    pub fn all_needs(&self) -> u64 {
        (1 << self.needs) - 1
    }

    /// A key, made when it is new. Dots divide a path; `\.` is a dot of the key itself.
    pub fn entry(&mut self, path: &str) -> Result<&mut Entry, String> {
        let parts = parts(path);
        let (last, above) = parts.split_last().ok_or("a key is empty")?;
        let mut level = 0;
        for part in above {
            let at = self.place(level, part)?;
            level = match self.levels[level].entries[at].child {
                Some(child) => child,
                None => {
                    self.levels.push(Level::default());
                    let child = self.levels.len() - 1;
                    self.levels[level].entries[at].child = Some(child);
                    child
                }
            };
        }
        let at = self.place(level, last)?;
        Ok(&mut self.levels[level].entries[at])
    }

    /// Makes a key one that every line must have: `key`, `key~what its value contains`, or such alternatives with `|`
    /// between them.
    pub fn need(&mut self, text: &str) -> Result<(), String> {
        if self.needs as usize >= MOST {
            return Err(format!("more than {MOST} keys are needed"));
        }
        let bit = 1 << self.needs;
        self.needs += 1;
        for one in text.split('|') {
            let (path, says) = one.split_once('~').unwrap_or((one, ""));
            let entry = self.entry(path)?;
            entry.need |= bit;
            entry.says = says.to_ascii_lowercase().into_bytes().into();
        }
        Ok(())
    }

    /// Ends building.
    pub fn seal(mut self) -> Keys {
        self.levels.iter_mut().for_each(Level::seal);
        self
    }

    fn place(&mut self, level: usize, key: &str) -> Result<usize, String> {
        let entries = &mut self.levels[level].entries;
        if let Some(at) = entries.iter().position(|e| *e.key == *key.as_bytes()) {
            return Ok(at);
        }
        if entries.len() >= 250 {
            return Err("more than 250 keys of one object are named".to_string());
        }
        entries.push(Entry {
            key: key.as_bytes().into(),
            field: Field::Ignored,
            kind: Kind::Text,
            child: None,
            need: 0,
            says: Box::default(),
            embedded: false,
            records: false,
        });
        Ok(entries.len() - 1)
    }
}

fn parts(path: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        let last = found.len() - 1;
        match c {
            '.' => found.push(String::new()),
            '\\' => found[last].extend(chars.next()),
            c => found[last].push(c),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_at_their_level() {
        let mut keys = Keys::new();
        for path in ["a", "b.c", "b.d.e", "x\\.y", "status", "statuz", "time", "mite"] {
            keys.entry(path).unwrap();
        }
        keys.need("status|b.c").unwrap();
        let keys = keys.seal();
        assert!(["a", "b", "x.y", "status", "statuz", "time", "mite"].iter().all(|k| keys.level(0).find(k.as_bytes()).is_some()));
        let b = keys.level(0).find(b"b").and_then(|e| e.child).unwrap();
        assert!(keys.level(b).find(b"c").is_some() && keys.level(b).find(b"e").is_none());
        assert!(keys.level(0).find(b"c").is_none() && keys.level(0).find(b"").is_none());
        assert_eq!(keys.all_needs(), 1);
    }
}
