//! The files that are one log: its current file and what rotation made of the ones before. In: the paths that lead to
//! the log; out: its files with their first bytes, oldest first. It must not know what was read of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file::About;
use super::fingerprint::HEAD;
use crate::source::decode::Compression;
use crate::source::foreign::foreign;
use crate::source::head::head;
use crate::source::series::{Rotation, series_key};
use crate::source::spec::{Found, Trouble};

/// One file of a log.
#[derive(Clone, Debug)]
pub(super) struct Sibling {
    /// Where it is.
    pub path: PathBuf,
    /// What a stat told before it was opened.
    pub about: About,
    /// Its place by its name.
    pub rotation: Rotation,
    /// The user's paths lead to it; else it only lies beside one that they lead to.
    pub matched: bool,
    /// It is an archive.
    pub packed: bool,
    /// The first bytes of its content; never empty.
    pub head: Vec<u8>,
}

/// What was seen of files, so that each is opened once as long as it does not change.
#[derive(Default)]
pub(super) struct Looks {
    seen: HashMap<PathBuf, (About, Look)>,
}

#[derive(Clone)]
struct Look {
    packed: bool,
    head: Vec<u8>,
}

/// More looks than this are not remembered.
const MOST_SEEN: usize = 16_384;

impl Looks {
    fn look(&mut self, path: &Path, about: About) -> Result<Look, Trouble> {
        if let Some((then, look)) = self.seen.get(path)
            && *then == about
        {
            return Ok(look.clone());
        }
        let head = head(&Found::file(path), HEAD)?;
        let look = Look { packed: head.compression != Compression::Plain, head: head.bytes };
        if self.seen.len() >= MOST_SEEN {
            self.seen.clear();
        }
        self.seen.insert(path.to_path_buf(), (about, look.clone()));
        Ok(look)
    }
}

/// The files of the log `series`, oldest first: `matched` and those beside them. Each file once, under the name that
/// the user's paths lead to, else the youngest. Empty ones and what cannot be read are left out; `troubles` gets those
/// of `matched` that cannot. `None` when names changed hands while they were looked at: what is seen in the middle of a
/// rotation has no order.
pub(super) fn siblings(
    series: &str,
    matched: &BTreeSet<PathBuf>,
    looks: &mut Looks,
    troubles: &mut Vec<Trouble>,
) -> Option<Vec<Sibling>> {
    let listed = list(series, matched);
    let mut found: Vec<Sibling> = Vec::new();
    for (path, about) in &listed {
        let matched = matched.contains(path);
        match looks.look(path, *about) {
            _ if about.len == 0 => {}
            Ok(look) if look.head.is_empty() => {}
            Ok(Look { packed, head }) => {
                let rotation = series_key(&path.to_string_lossy()).1;
                found.push(Sibling { path: path.clone(), about: *about, rotation, matched, packed, head });
            }
            Err(trouble) if matched => troubles.push(trouble),
            Err(_) => {}
        }
    }
    let again = list(series, matched);
    let same = |((path, about), (other, now)): ((&PathBuf, &About), (&PathBuf, &About))| {
        path == other && about.inode == now.inode && about.len <= now.len
    };
    if listed.len() != again.len() || !listed.iter().zip(&again).all(same) {
        return None;
    }
    found.sort_by_key(|s| (!s.matched, std::cmp::Reverse(s.rotation)));
    let mut once = HashSet::new();
    found.retain(|s| once.insert(s.about.inode));
    found.sort_by_key(|s| (s.rotation, s.about.written));
    Some(found)
}

/// The files that are there, by path.
fn list(series: &str, matched: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, About> {
    let mut paths = matched.clone();
    for (folder, series) in folders(series, matched) {
        paths.extend(beside(&folder, &series));
    }
    paths.into_iter().filter_map(|path| About::at(&path).map(|about| (path, about))).collect()
}

impl Sibling {
    /// Opens it; `None` when it is not the file that was looked at any more.
    pub fn open(&self) -> io::Result<Option<File>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let same = About::open(&file)?.inode == self.about.inode;
        Ok(same.then_some(file))
    }
}

/// The folders to look in, each with the name of the log there: a link leads to a file that may be called otherwise.
fn folders(series: &str, matched: &BTreeSet<PathBuf>) -> BTreeSet<(PathBuf, String)> {
    let mut folders = BTreeSet::new();
    for path in matched {
        folders.insert((parent(path), series.to_string()));
        if fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
            && let Ok(target) = fs::canonicalize(path)
        {
            folders.insert((parent(&target), series_key(&target.to_string_lossy()).0));
        }
    }
    folders
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The files in a folder that belong to a log.
fn beside(folder: &Path, series: &str) -> Vec<PathBuf> {
    let looked_in = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(looked_in) else { return Vec::new() };
    let mut paths = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = folder.join(&name);
        if foreign(&name.to_string_lossy()).is_none() && series_key(&path.to_string_lossy()).0 == series {
            paths.push(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_brings_in_the_files_beside_its_target() {
        let here = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = here.path().join(name);
            fs::write(&path, name).unwrap();
            path
        };
        let (old, new, _) = (file("access-20260101.log"), file("access-20260102.log"), file("other.log"));
        let current = here.path().join("current.log");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&new, &current).unwrap();
        let (series, _) = series_key(&current.to_string_lossy());
        let matched = BTreeSet::from([current.clone()]);
        let found = siblings(&series, &matched, &mut Looks::default(), &mut Vec::new()).unwrap();
        let paths: Vec<&PathBuf> = found.iter().map(|s| &s.path).collect();
        assert_eq!(paths, [&old, &current]);
    }
}
