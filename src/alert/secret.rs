//! Secrets in files of their own. In: a path; out: the secret without the line's end, or what is wrong with the file.
//! It must not know what the secret is for, and never shows it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Longest secret, bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret.
///
/// # Errors
/// Why it cannot be read, with the path.
pub fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|f| f.take(LONGEST).read_to_string(&mut text));
    read.map_err(|e| format!("the file {} cannot be read: {e}", path.display()))?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(format!("the file {} is empty", path.display()));
    }
    Ok(secret.to_string())
}

/// What is wrong with a file that holds a secret: unreadable, empty, or readable by everybody. `None` when nothing is.
pub fn trouble(path: &Path) -> Option<String> {
    if let Err(e) = read(path) {
        return Some(e);
    }
    open_to_all(path)
        .then(|| format!("everybody on this machine can read {}: run chmod o-rwx {}", path.display(), path.display()))
}

#[cfg(unix)]
fn open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> bool {
    false
}
