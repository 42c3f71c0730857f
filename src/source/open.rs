//! Opening a found file. In: a [`Found`]; out: its decompressed stream, or a [`Trouble`] in words. It must not know
//! what is done with the bytes.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use super::decode::{Compression, Decoded};
use super::progress::{Counted, Progress};
use super::spec::{Found, Place, Trouble};
use super::spool::SpoolReader;

/// The decompressed content of a file.
pub(super) type Content = Decoded<Counted<Box<dyn Read + Send>>>;

/// Opens a file at its first byte.
pub(super) fn open(found: &Found, progress: Option<Arc<Progress>>) -> Result<(Content, Compression), Trouble> {
    let inner: Box<dyn Read + Send> = match &found.place {
        Place::File(path) => Box::new(File::open(path).map_err(|e| cannot_open(&found.path, &e))?),
        Place::Spool(spool) => Box::new(SpoolReader::new(spool.clone(), 0)),
    };
    Decoded::new(Counted { inner, progress }).map_err(|e| cannot_open(&found.path, &e))
}

/// The trouble of a file that cannot be opened or looked at, with the remedy where one is known.
pub(super) fn cannot_open(path: &str, error: &io::Error) -> Trouble {
    let trouble = Trouble::new(path, format!("cannot be read: {}", plain_words(error)));
    match error.kind() {
        ErrorKind::PermissionDenied => trouble.hint(remedy(path)),
        ErrorKind::NotFound => trouble.hint("check the path; quote a glob so that guru expands it"),
        _ => trouble,
    }
}

/// What lets a user read the logs at `path`.
pub(super) fn remedy(path: &str) -> String {
    let group = if path.contains("varnish") { "varnish" } else { "adm" };
    format!("join the group that may read it and log in again: sudo usermod -aG {group} \"$USER\"; or use sudo")
}

/// An error of the operating system without its number.
pub(super) fn plain_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_string(),
        ErrorKind::NotFound => "no such file or directory".to_string(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_string()
        }
    }
}
