//! Where the history is. In: the command line's choice, the environment and what is there; out: a path and why it is
//! this one. It opens nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The history of a packaged guru, shared by the members of its group.
pub const PACKAGED: &str = "/var/lib/guru/guru.db";

/// Why a path was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// `--store PATH`.
    Flag,
    /// `GURU_STORE`.
    Environment,
    /// [`PACKAGED`] is there.
    Packaged,
    /// The person's own, in `$XDG_DATA_HOME` or `~/.local/share`.
    Personal,
}

impl Chosen {
    /// In words, after the path.
    pub fn words(self) -> &'static str {
        match self {
            Chosen::Flag => "named by --store",
            Chosen::Environment => "named by GURU_STORE",
            Chosen::Packaged => "this machine's",
            Chosen::Personal => "your own",
        }
    }
}

/// Where the history is: `--store`, else `GURU_STORE`, else the packaged one if it is there, else the personal one.
/// `var` looks up an environment variable, `is_there` whether a file exists.
pub fn locate(
    flag: Option<&Path>,
    var: &dyn Fn(&str) -> Option<OsString>,
    is_there: &dyn Fn(&Path) -> bool,
) -> PathBuf {
    choose(flag, var, is_there).0
}

/// As [`locate`], with the reason.
pub fn choose(
    flag: Option<&Path>,
    var: &dyn Fn(&str) -> Option<OsString>,
    is_there: &dyn Fn(&Path) -> bool,
) -> (PathBuf, Chosen) {
    let set = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(path) = flag {
        return (path.to_path_buf(), Chosen::Flag);
    }
    if let Some(path) = set("GURU_STORE") {
        return (path, Chosen::Environment);
    }
    if is_there(Path::new(PACKAGED)) {
        return (PathBuf::from(PACKAGED), Chosen::Packaged);
    }
    // The XDG base directory specification: a relative path is to be ignored.
    let share = set("XDG_DATA_HOME")
        .filter(|p| p.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_default();
    (share.join("guru/guru.db"), Chosen::Personal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_choice_wins() {
        let all = [("GURU_STORE", "/e/x.db"), ("XDG_DATA_HOME", "/xdg"), ("HOME", "/home/me")];
        let none: &[(&str, &str)] = &[];
        let cases = [
            (Some("f.db"), &all[..], true, "f.db", Chosen::Flag),
            (None, &all, true, "/e/x.db", Chosen::Environment),
            (None, &all[1..], true, PACKAGED, Chosen::Packaged),
            (None, &all[1..], false, "/xdg/guru/guru.db", Chosen::Personal),
            (None, &all[2..], false, "/home/me/.local/share/guru/guru.db", Chosen::Personal),
            (
                None,
                &[("XDG_DATA_HOME", "rel"), ("HOME", "/h")],
                false,
                "/h/.local/share/guru/guru.db",
                Chosen::Personal,
            ),
            (None, &[("GURU_STORE", ""), ("HOME", "/h")], false, "/h/.local/share/guru/guru.db", Chosen::Personal),
            (None, none, false, "guru/guru.db", Chosen::Personal),
        ];
        for (flag, env, packaged, path, why) in cases {
            let var = |name: &str| env.iter().find(|(k, _)| *k == name).map(|(_, v)| OsString::from(v));
            let found = choose(flag.map(Path::new), &var, &|_| packaged);
            assert_eq!(found, (PathBuf::from(path), why));
        }
    }
}
