//! Where the reading of a log that grows has come to. In: nothing; out: what the store keeps so that a tail that was
//! killed reads on where it stopped. It must not know how files are watched, nor how rows are written.

use super::stamp::Stamp;

/// What tells one file from another that has its name or its inode: the generation of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// Device number; 0 where there is none.
    pub device: u64,
    /// Inode number; 0 where there is none.
    pub inode: u64,
    /// xxh3 of the first `head_len` bytes of its decompressed content. It tells an inode that was used again, and finds
    /// a file that was compressed.
    pub head: u64,
    /// Bytes that `head` covers: at most 1,024, fewer while the file is shorter.
    pub head_len: u32,
}

/// How far a generation of a log was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Its path when it was last seen as the log's current file, or the path of the archive it became.
    pub path: String,
    /// Which file.
    pub key: FileKey,
    /// The low watermark: the first byte of the decompressed content that must be read again, because a transaction
    /// that begins there was open, or a fetch that is not settled may need its lines.
    pub low: u64,
    /// Newlines before `low`.
    pub low_lines: u64,
    /// The first byte whose events were not counted yet; at least `low`.
    pub counted: u64,
    /// True when the file was read to its end and nothing more can come: it was rotated away.
    pub finished: bool,
    /// When this was noted (wall clock).
    pub wall: Stamp,
    /// When what lies between `low` and `counted` was taken in, in order: a run that goes on does not wait anew for what
    /// waited before. Empty when that is not known.
    pub taken: Vec<Taken>,
}

/// When a part of a log was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Taken {
    /// Its first byte; it goes on to that of the next part.
    #[serde(rename = "o")]
    pub offset: u64,
    /// Newlines before it.
    #[serde(rename = "l")]
    pub lines: u64,
    /// When the last of it was taken in (wall clock), microseconds since 1970.
    #[serde(rename = "w")]
    pub wall_us: i64,
}
