//! Interned text: each distinct host, backend, URL or message is kept once per process and named by a number.
//!
//! In: bytes as logged; out: a 4-byte handle that compares and copies like a number. Only what is kept (failures,
//! incidents) is interned, never a line that is merely counted. The table is global so that a handle means the same in
//! every thread and every `Partial`, which keeps `merge` a plain concatenation. Handles depend on the order of arrival:
//! sort by the text, never by the handle.
//!
//! Who runs for months forgets: at each `Text::turn` those texts go that nobody has interned, read or kept for a few
//! turns, once there are many. Who does not call it keeps all.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use super::texts::Table;

/// A handle of an interned byte string. `Text::EMPTY` is the empty one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text(u32);

/// The bytes of a text. They stay while this does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bytes(pub(super) Arc<[u8]>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(RwLock::default)
}

/// A poisoned lock still guards a whole table: nothing in it can panic halfway.
fn read() -> RwLockReadGuard<'static, Table> {
    table().read().unwrap_or_else(PoisonError::into_inner)
}

impl Text {
    /// The empty text; also what an absent field is.
    pub const EMPTY: Text = Text(0);

    /// The handle of `bytes`, interning them when they are new.
    pub fn of(bytes: &[u8]) -> Text {
        if bytes.is_empty() {
            return Text::EMPTY;
        }
        if let Some(n) = read().find(bytes) {
            return Text(n);
        }
        Text(table().write().unwrap_or_else(PoisonError::into_inner).intern(bytes))
    }

    /// The bytes as they were logged.
    pub fn bytes(self) -> Bytes {
        read().get(self.0)
    }

    /// A new turn begins: forgets what has not been used for long, when there are many texts. Who holds handles beyond
    /// that calls `keep` for each of them before; a handle of a forgotten text reads as the empty one.
    pub fn turn() {
        table().write().unwrap_or_else(PoisonError::into_inner).turn();
    }

    /// Notes that the text is still wanted.
    pub fn keep(self) {
        read().keep(self.0);
    }

    /// The text with invalid UTF-8 replaced, for reports. Not yet safe for a terminal: a view neutralises it.
    pub fn lossy(self) -> std::borrow::Cow<'static, str> {
        String::from_utf8_lossy(&self.bytes()).into_owned().into()
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
        write!(f, "{:?}", String::from_utf8_lossy(&self.bytes()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes()))
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Text {
        Text::of(s.as_bytes())
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&String::from_utf8_lossy(&self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_get_equal_handles() {
        assert_eq!(Text::of(b"web1"), Text::from("web1"));
        assert_ne!(Text::of(b"web1"), Text::of(b"web2"));
        assert_eq!(&*Text::of(b"web1").bytes(), b"web1");
        assert!(Text::of(b"").is_empty());
    }
}
