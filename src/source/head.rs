//! The first bytes of a file, for recognising its format. In: a [`Found`]; out: [`Head`]. Peeking at standard input
//! loses nothing, because it is spooled. It must not recognise anything itself.

use std::io::{ErrorKind, Read};

use std::time::{SystemTime, UNIX_EPOCH};

use super::decode::Compression;
use super::open::{open, plain_words};
use super::refused::refused;
use super::spec::{Found, Place, Trouble};
use crate::model::Stamp;

/// The beginning of a file.
#[derive(Clone, Debug)]
pub struct Head {
    /// At most `limit` bytes of decompressed content; the last line may be cut.
    pub bytes: Vec<u8>,
    /// How the file is packed.
    pub compression: Compression,
    /// The whole content is in `bytes`.
    pub whole: bool,
    /// What is wrong with the file, when the damage lies within these bytes.
    pub damaged: Option<String>,
}

/// When the file was last written; now for what is no file. Stamps without a year are not after it.
pub fn modified(found: &Found) -> Stamp {
    let micros = |t: SystemTime| t.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64);
    let written = match &found.place {
        Place::File(path) => std::fs::metadata(path).and_then(|about| about.modified()).ok(),
        Place::Spool(_) => None,
    };
    Stamp(micros(written.unwrap_or_else(SystemTime::now)))
}

/// Reads the first `limit` bytes of the decompressed content. A container that guru does not unpack is a trouble, and so
/// is an archive that takes too much memory.
pub fn head(found: &Found, limit: usize) -> Result<Head, Trouble> {
    let (content, compression) = open(found, None)?;
    let mut bytes = Vec::new();
    // One byte more than asked for tells whether there is more.
    let outcome = content.take(limit as u64 + 1).read_to_end(&mut bytes);
    if let Some(trouble) = refused(&found.path, &bytes) {
        return Err(trouble);
    }
    if let Err(e) = &outcome
        && e.kind() == ErrorKind::OutOfMemory
        && bytes.is_empty()
    {
        let hint = format!("unpack it with a tool that may take more: xz -dc '{}' | guru analyze -", found.path);
        return Err(Trouble::new(&found.path, format!("cannot be read: {e}")).hint(hint));
    }
    let whole = bytes.len() <= limit && outcome.is_ok();
    bytes.truncate(limit);
    Ok(Head { bytes, compression, whole, damaged: outcome.err().map(|e| plain_words(&e)) })
}
