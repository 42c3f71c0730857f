//! What is followed, as the tail sees it: a log that opens, and whoever can read its bytes again. In: nothing; out: the
//! words between the tail and who follows the logs. It must not know how logs are watched.

use crate::model::FileKey;
use crate::model::follow::Taken;
use crate::source::Found;

/// A log, or the next file of one.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its number, never used again.
    pub generation: u32,
    /// The file, for recognising it; of a stream the path that is shown.
    pub found: Found,
    /// The path of its log, without marks of rotation.
    pub log: String,
    /// The first byte that will come.
    pub from: u64,
    /// Newlines before it.
    pub lines_before: u64,
    /// Events before this byte were counted by an earlier run.
    pub counted: u64,
    /// When an earlier run took in what comes again.
    pub taken: Vec<Taken>,
    /// It does not go on where the file before it ended: something is missing.
    pub after_gap: bool,
    /// It comes from a process or standard input: it cannot be opened, nor read on after a restart.
    pub stream: bool,
}

/// Whoever follows the logs, asked by number.
pub trait Again {
    /// The path, as shown.
    fn path(&self, generation: u32) -> String;
    /// Bytes that were given before, as far as they can still be read.
    fn read(&mut self, generation: u32, offset: u64, len: u32) -> Option<Vec<u8>>;
    /// What tells its file from others, for a later run; `None` for a stream.
    fn key(&self, generation: u32) -> Option<FileKey>;
    /// Bytes that are there and were not given yet.
    fn backlog(&self, generation: u32) -> u64;
    /// It will not be asked for any more.
    fn release(&mut self, generation: u32);
}
