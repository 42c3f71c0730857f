//! Interned text: each distinct host, backend, URL or message is kept once per process and named by a number.
//!
//! In: bytes as logged; out: a 4-byte handle that compares and copies like a number. Texts live as long as the
//! process; only what is kept (failures, incidents) is interned, never a line that is merely counted.
//! The table is global so that a handle means the same in every thread and every `Partial`, which keeps `merge`
//! a plain concatenation. Handles depend on the order of arrival: sort by the text, never by the handle.

use std::collections::HashMap;
use std::fmt;
use std::sync::{OnceLock, RwLock};

/// A handle of an interned byte string. `Text::EMPTY` is the empty one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text(u32);

#[derive(Default)]
struct Table {
    by_bytes: HashMap<&'static [u8], u32>,
    by_number: Vec<&'static [u8]>,
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut t = Table::default();
        t.by_number.push(b"");
        t.by_bytes.insert(b"", 0);
        RwLock::new(t)
    })
}

impl Text {
    /// The empty text; also what an absent field is.
    pub const EMPTY: Text = Text(0);

    /// The handle of `bytes`, interning them when they are new.
    pub fn of(bytes: &[u8]) -> Text {
        if bytes.is_empty() {
            return Text::EMPTY;
        }
        // A poisoned lock still guards a whole table: entries are only ever appended.
        if let Some(&n) = table().read().unwrap_or_else(|e| e.into_inner()).by_bytes.get(bytes) {
            return Text(n);
        }
        let mut t = table().write().unwrap_or_else(|e| e.into_inner());
        if let Some(&n) = t.by_bytes.get(bytes) {
            return Text(n);
        }
        let kept: &'static [u8] = Box::leak(bytes.to_vec().into_boxed_slice());
        let n = t.by_number.len() as u32;
        t.by_number.push(kept);
        t.by_bytes.insert(kept, n);
        Text(n)
    }

    /// The bytes as they were logged.
    pub fn bytes(self) -> &'static [u8] {
        table().read().unwrap_or_else(|e| e.into_inner()).by_number[self.0 as usize]
    }

    /// The text with invalid UTF-8 replaced, for reports. Not yet safe for a terminal: a view neutralises it.
    pub fn lossy(self) -> std::borrow::Cow<'static, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// True for the empty text.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::EMPTY
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lossy())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lossy())
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Text {
        Text::of(s.as_bytes())
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_get_equal_handles() {
        assert_eq!(Text::of(b"web1"), Text::from("web1"));
        assert_ne!(Text::of(b"web1"), Text::of(b"web2"));
        assert_eq!(Text::of(b"web1").bytes(), b"web1");
        assert!(Text::of(b"").is_empty());
    }
}
