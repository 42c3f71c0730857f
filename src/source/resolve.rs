//! From what the user wrote to the files that will be read. In: [`PathSpec`]s; out: [`Resolved`]: each file once, in
//! a fixed order, and a [`Trouble`] for every path that gives nothing. It must not open files.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::open::cannot_open;
use super::spec::{Found, PathSpec, Place, Trouble};
use super::spool::Spool;
use super::walk::{Walk, is_pipe, special};

/// What a command line leads to.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The files: in the order of the paths given, within a folder or glob by name; none twice.
    pub files: Vec<Found>,
    /// Paths that cannot be read or lead to nothing.
    pub troubles: Vec<Trouble>,
    /// What was passed over on purpose in folders (hidden, foreign, a pipe, a link back); no fault of the user's.
    pub skipped: Vec<Trouble>,
    places: HashMap<Identity, usize>,
}

/// What makes two paths the same file.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    Stdin,
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(std::path::PathBuf),
}

/// Finds every file that the paths stand for. A file that is found twice counts once; a role or node given for either
/// mention holds for it.
pub fn resolve(specs: &[PathSpec]) -> Resolved {
    let mut resolved = Resolved::default();
    for spec in specs {
        resolved.spec(spec);
    }
    resolved
}

impl Resolved {
    fn spec(&mut self, spec: &PathSpec) {
        let path = Path::new(&spec.path);
        if spec.path == "-" {
            let found = found(spec, "-".into(), 0, Place::Spool(Spool::stdin()));
            self.take(Identity::Stdin, found);
        } else if is_glob(&spec.path) && fs::symlink_metadata(path).is_err() {
            self.glob(spec);
        } else {
            self.path(spec, path);
        }
    }

    fn glob(&mut self, spec: &PathSpec) {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        let matches = match glob::glob_with(&spec.path, options) {
            Ok(matches) => matches,
            Err(e) => {
                self.troubles.push(Trouble::new(&spec.path, format!("is no valid glob: {}", e.msg)));
                return;
            }
        };
        let (before, mut any) = (self.troubles.len(), false);
        for entry in matches {
            match entry {
                Ok(path) => {
                    any = true;
                    self.path(spec, &path);
                }
                Err(e) => self.troubles.push(cannot_open(&e.path().to_string_lossy(), e.error())),
            }
        }
        if !any && self.troubles.len() == before {
            self.troubles.push(Trouble::new(&spec.path, "matches no file"));
        }
    }

    /// A path that was given, or that a glob matched.
    fn path(&mut self, spec: &PathSpec, path: &Path) {
        let shown = path.to_string_lossy().into_owned();
        match fs::metadata(path) {
            Err(e) => self.troubles.push(cannot_open(&shown, &e)),
            Ok(about) if about.is_dir() => self.directory(spec, path),
            Ok(about) if about.is_file() => {
                let found = found(spec, shown, about.len(), Place::File(path.to_path_buf()));
                self.take(identity(path, &about), found);
            }
            // Only a pipe that was named is read: `<(zcat …)` of a shell, or a logger's pipe.
            Ok(about) if is_pipe(about.file_type()) && !is_glob(&spec.path) => {
                let found = found(spec, shown, 0, Place::Spool(Spool::pipe(path.to_path_buf())));
                self.take(identity(path, &about), found);
            }
            Ok(about) => self.troubles.push(Trouble::new(shown, special(about.file_type()))),
        }
    }

    fn directory(&mut self, spec: &PathSpec, path: &Path) {
        let walk = Walk::directory(path);
        if walk.files.is_empty() && walk.troubles.is_empty() {
            self.troubles.push(Trouble::new(path.to_string_lossy(), "is a folder without logs"));
        }
        self.troubles.extend(walk.troubles);
        self.skipped.extend(walk.skipped);
        for (file, size) in walk.files {
            let shown = file.to_string_lossy().into_owned();
            match fs::metadata(&file) {
                Ok(about) => self.take(identity(&file, &about), found(spec, shown, size, Place::File(file))),
                Err(e) => self.troubles.push(cannot_open(&shown, &e)),
            }
        }
    }

    fn take(&mut self, identity: Identity, found: Found) {
        match self.places.get(&identity) {
            Some(&at) => {
                let known = &mut self.files[at];
                known.role = known.role.or(found.role);
                known.node = known.node.take().or(found.node);
            }
            None => {
                self.places.insert(identity, self.files.len());
                self.files.push(found);
            }
        }
    }
}

fn found(spec: &PathSpec, path: String, size: u64, place: Place) -> Found {
    Found { path, role: spec.role, node: spec.node.clone(), size, place }
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn identity(path: &Path, about: &fs::Metadata) -> Identity {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let _ = path;
        Identity::Inode(about.dev(), about.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = about;
        Identity::Path(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()))
    }
}
