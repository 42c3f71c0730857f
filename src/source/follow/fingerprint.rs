//! Which content is which, by its first bytes. In: beginnings of decompressed content; out: whether two are of one
//! generation, and the key that the store keeps. It must not read files.

use xxhash_rust::xxh3::xxh3_64;

use super::file::Inode;
use crate::model::FileKey;

/// Bytes that tell a content.
pub(super) const HEAD: usize = 1024;

/// The key of a content that begins with `head`.
pub(super) fn key(inode: Inode, head: &[u8]) -> FileKey {
    let head = &head[..head.len().min(HEAD)];
    FileKey { device: inode.device, inode: inode.number, head: xxh3_64(head), head_len: head.len() as u32 }
}

/// True when a content that begins with `head` is the one of `key`.
pub(super) fn is(key: &FileKey, head: &[u8]) -> bool {
    let len = key.head_len as usize;
    len > 0 && head.get(..len).is_some_and(|head| xxh3_64(head) == key.head)
}

/// True when the shorter of two beginnings is the beginning of the longer.
pub(super) fn agree(one: &[u8], other: &[u8]) -> bool {
    let len = one.len().min(other.len());
    len > 0 && one[..len] == other[..len]
}

/// True when beginnings that agree tell a content that is closed: it is long enough, or all there is. A few bytes in
/// which many logs agree do not.
pub(super) fn tells(closed: &[u8], now: &[u8]) -> bool {
    now.len() >= closed.len() && (closed.len() >= HEAD || closed.len() == now.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_finds_the_content_it_was_made_of_whatever_grew_behind_it() {
        let made = key(Inode::default(), b"192.0.2.1 - -");
        assert!(is(&made, b"192.0.2.1 - - [28/Nov/2026"));
        assert!(!is(&made, b"192.0.2.1 - "));
        assert!(!is(&made, b"192.0.2.2 - - [28/Nov/2026"));
        assert!(!is(&key(Inode::default(), b""), b"anything"));
        assert_eq!(key(Inode::default(), &[b'a'; 5000]), key(Inode::default(), &[b'a'; 1024]));
    }

    #[test]
    fn nothing_agrees_with_an_empty_beginning() {
        assert!(agree(b"abc", b"ab") && !agree(b"abc", b"b") && !agree(b"", b"abc"));
    }
}
