//! Where a line is: file, byte, length. In: what framing knows; out: a handle that evidence and line numbers are
//! derived from. It holds no text and opens nothing.

/// The number of a file in this run, in the order in which the files were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A place in the decompressed content of a file.
///
/// `line` counts newlines from the start of the *chunk* that was folded, not of the file, because chunks are folded
/// out of order. The pipeline adds the newlines of the chunks before it when a line number is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// The file.
    pub file: FileId,
    /// Byte offset of the first byte, in the decompressed content.
    pub offset: u64,
    /// Length in bytes, without the newline.
    pub len: u32,
    /// Zero-based line within the chunk that begins at or before `offset`.
    pub line: u32,
}
