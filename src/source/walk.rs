//! Folders, recursively. In: a directory; out: its regular files in a fixed order, and what was passed over. Links
//! are followed, each directory is entered once, and devices, sockets and pipes are left alone: reading them could
//! block or never end. It must not open files.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use super::foreign::foreign;
use super::open::cannot_open;
use super::spec::Trouble;

/// Folders deeper than this are not entered.
const DEEPEST: usize = 32;

/// What a walk came upon.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Regular files with their sizes.
    pub files: Vec<(PathBuf, u64)>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// What was passed over on purpose.
    pub skipped: Vec<Trouble>,
    entered: HashSet<PathBuf>,
}

impl Walk {
    /// Walks a directory; entries are visited in the order of their names.
    pub fn directory(root: &Path) -> Walk {
        let mut walk = Walk::default();
        let mut waiting = vec![(root.to_path_buf(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            if !walk.enter(&folder, depth) {
                continue;
            }
            let mut below = Vec::new();
            for path in walk.entries(&folder) {
                if walk.visit(&path) {
                    below.push((path, depth + 1));
                }
            }
            waiting.extend(below.into_iter().rev());
        }
        walk.files.sort();
        walk
    }

    /// True unless the directory was entered before, by whatever path, or lies too deep.
    fn enter(&mut self, folder: &Path, depth: usize) -> bool {
        let shown = folder.to_string_lossy();
        match fs::canonicalize(folder) {
            Err(e) => self.troubles.push(cannot_open(&shown, &e)),
            Ok(_) if depth > DEEPEST => {
                self.skipped.push(Trouble::new(shown, format!("lies more than {DEEPEST} folders deep")));
            }
            Ok(real) => {
                let new = self.entered.insert(real);
                if !new {
                    self.skipped.push(Trouble::new(shown, "is a link to a folder that was read already"));
                }
                return new;
            }
        }
        false
    }

    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        match fs::read_dir(folder) {
            Err(e) => self.troubles.push(cannot_open(&folder.to_string_lossy(), &e)),
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => paths.push(entry.path()),
                        Err(e) => self.troubles.push(cannot_open(&folder.to_string_lossy(), &e)),
                    }
                }
            }
        }
        paths.sort();
        paths
    }

    /// Takes a file; true for a directory to enter later.
    fn visit(&mut self, path: &Path) -> bool {
        let shown = path.to_string_lossy();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hidden = name.starts_with('.');
        match fs::metadata(path) {
            _ if hidden => self.skipped.push(Trouble::new(shown, "is hidden")),
            Err(e) => self.troubles.push(cannot_open(&shown, &e)),
            Ok(about) if about.is_dir() => return true,
            Ok(about) if about.is_file() => match foreign(&name) {
                Some(why) => self.skipped.push(Trouble::new(shown, why)),
                None => self.files.push((path.to_path_buf(), about.len())),
            },
            Ok(about) => self.skipped.push(Trouble::new(shown, special(about.file_type()))),
        }
        false
    }
}

/// What a file that is neither regular nor a directory is.
pub(super) fn special(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "is a named pipe";
        }
        if kind.is_socket() {
            return "is a socket, not a log";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "is a device, not a log";
        }
    }
    let _ = kind;
    "is not a regular file"
}

/// True for a named pipe.
pub(super) fn is_pipe(kind: FileType) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        kind.is_fifo()
    }
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}
