//! Where Varnish and the servers behind it usually log. In: the file system; out: the folders that are there, and
//! for those that are closed to this user the remedy. It must not know formats.

use std::fs;
use std::io::ErrorKind;

use super::open::cannot_open;
use super::spec::{PathSpec, Trouble};

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
    /// Folders that exist and can be listed; give them to [`super::resolve`].
    pub found: Vec<PathSpec>,
    /// Folders that exist but are closed to this user, with the remedy.
    pub unreadable: Vec<Trouble>,
    /// Folders that were looked for and are not there.
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
            Ok(_) => standard.found.push(PathSpec::parse(folder)),
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
        let (there, nowhere) = (here.path().join("nginx"), here.path().join("varnish"));
        fs::create_dir(&there).unwrap();
        let standard = look_into(&[there.to_str().unwrap(), nowhere.to_str().unwrap()]);
        assert_eq!(standard.found[0].path, there.to_str().unwrap());
        assert_eq!(standard.absent, [nowhere.to_str().unwrap()]);
        assert!(standard.unreadable.is_empty());
    }

    #[test]
    fn the_remedy_names_the_group_that_reads_those_logs() {
        let closed = std::io::Error::from(ErrorKind::PermissionDenied);
        assert!(cannot_open("/var/log/varnish", &closed).hint.unwrap().contains("-aG varnish"));
        assert!(cannot_open("/var/log/nginx", &closed).hint.unwrap().contains("-aG adm"));
    }
}
