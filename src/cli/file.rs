//! A file that is there whole or not at all. In: a path and its content; out: the file, written beside it first and then
//! renamed, so that who reads it meanwhile sees the old one. It must not know what the content is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Puts `content` at `path`, in place of what is there.
///
/// # Errors
/// Of kind `Source`; then what was there is still there.
pub fn replace(path: &str, content: &[u8]) -> Result<()> {
    // A link is followed: the file it leads to is what is meant.
    let at = Path::new(path).canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    put(&at, content).map_err(|e| {
        let reason = if at.is_dir() { "it is a folder".to_string() } else { e.to_string() };
        Error::new(Kind::Source, format!("the report cannot be written: {reason}: {path}"))
            .hint("choose a file in a folder that you may write to, or - for standard output")
    })
}

fn put(at: &Path, content: &[u8]) -> io::Result<()> {
    let there = at.metadata().ok();
    // A pipe or a terminal cannot be renamed over.
    if there.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(at)?.write_all(content);
    }
    let folder = at.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".guru-report-");
    let permissions = there.map(|m| m.permissions()).or_else(fresh);
    let mut file = match &permissions {
        Some(p) => builder.permissions(p.clone()).tempfile_in(folder)?,
        None => builder.tempfile_in(folder)?,
    };
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(at).map(|_| ()).map_err(|e| e.error)
}

/// As any new file; the user's umask takes from it.
fn fresh() -> Option<std::fs::Permissions> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Some(std::fs::Permissions::from_mode(0o666))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("week.html");
        let name = path.display().to_string();
        replace(&name, b"one").unwrap();
        replace(&name, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let e = replace(&folder.path().display().to_string(), b"x").unwrap_err();
        assert!(e.message.contains("it is a folder") && !e.hints.is_empty(), "{e}");
        let e = replace(&folder.path().join("none/week.html").display().to_string(), b"x").unwrap_err();
        assert!(e.message.contains("No such file"), "{e}");
    }
}
