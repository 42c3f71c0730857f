//! Where Varnish and the servers behind it usually log. In: the file system; out: the folders that are there, and
//! for those that are closed to this user the remedy. A folder without a file that may be a log counts as absent:
//! packages leave their folders behind. It must not know formats.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::open::cannot_open;
use super::spec::{PathSpec, Trouble};
use super::walk::Walk;

/// Debian, Red Hat and Alpine agree on most of these.
const FOLDERS: &[&str] = &[
    "/var/log/varnish",
    "/var/log/nginx",
    "/var/log/apache2",
    "/var/log/httpd",
    "/var/log/haproxy",
    "/var/log/php-fpm",
    "/usr/local/openresty/nginx/logs",
];

/// What is in the standard places.
#[derive(Debug, Default)]
pub struct Standard {
    /// Folders with files, and the bytes in them (compressed size of archives); give them to [`super::resolve`].
    pub found: Vec<(PathSpec, u64)>,
    /// Folders that exist but are closed to this user, with the remedy.
    pub unreadable: Vec<Trouble>,
    /// Folders that were looked for and are not there, or hold no file.
    pub absent: Vec<String>,
}

/// Looks into the standard folders.
pub fn standard_folders() -> Standard {
    look_into(FOLDERS)
}

fn look_into(folders: &[&str]) -> Standard {
    let mut standard = Standard::default();
    for &folder in folders {
        match fs::read_dir(folder) {
            Ok(_) => {
                let walk = Walk::directory(Path::new(folder));
                if walk.files.is_empty() {
                    standard.absent.push(folder.to_string());
                } else {
                    standard.found.push((PathSpec::parse(folder), walk.files.iter().map(|(_, bytes)| bytes).sum()));
                }
                standard.unreadable.extend(walk.troubles);
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                standard.absent.push(folder.to_string());
            }
            Err(e) => standard.unreadable.push(cannot_open(folder, &e)),
        }
    }
    standard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_found_or_said_to_be_absent() {
        let here = tempfile::tempdir().unwrap();
        let [there, left, nowhere] = ["nginx", "apache2", "varnish"].map(|name| here.path().join(name));
        fs::create_dir(&there).unwrap();
        fs::write(there.join("access.log"), "a line\n").unwrap();
        fs::write(there.join("error.log"), "").unwrap();
        fs::create_dir(&left).unwrap();
        let path = |folder: &Path| folder.to_str().unwrap().to_string();
        let standard = look_into(&[&path(&there), &path(&left), &path(&nowhere)]);
        assert_eq!(standard.found, [(PathSpec::parse(&path(&there)), 7)]);
        assert_eq!(standard.absent, [path(&left), path(&nowhere)], "an empty folder is no folder of logs");
        assert!(standard.unreadable.is_empty());
    }

    #[test]
    fn the_remedy_names_the_group_that_reads_those_logs() {
        let closed = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(cannot_open("/var/log/varnish", &closed).hint.unwrap().contains("-aG varnish"));
        assert!(cannot_open("/var/log/nginx", &closed).hint.unwrap().contains("-aG adm"));
    }
}
