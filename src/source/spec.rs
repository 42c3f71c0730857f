//! The nouns of this room. In: what the user wrote; out: [`PathSpec`], [`Found`] and [`Trouble`]. It must not open
//! anything.

use std::path::PathBuf;
use std::sync::Arc;

use super::spool::Spool;
use crate::model::Tier;

/// One PATH of the command line, with the role or node given for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathSpec {
    /// The tier, when it was given (`cache=PATH`).
    pub role: Option<Tier>,
    /// The node, when it was given (`--node NAME=PATH`).
    pub node: Option<String>,
    /// A file, a directory, a glob, or `-` for standard input.
    pub path: String,
}

impl PathSpec {
    /// Reads `[ROLE=]PATH`. Without one of the four roles before the `=`, the whole text is a path; write
    /// `./cache=x` for a file whose name looks like a role.
    pub fn parse(text: &str) -> PathSpec {
        if let Some((word, path)) = text.split_once('=')
            && let Some(tier) = Tier::parse(word)
            && !path.is_empty()
        {
            return PathSpec { role: Some(tier), node: None, path: path.to_string() };
        }
        PathSpec { path: text.to_string(), ..PathSpec::default() }
    }

    /// Reads `NAME=[ROLE=]PATH`, the value of `--node`; `None` when the name or the path is missing.
    pub fn parse_node(text: &str) -> Option<PathSpec> {
        let (name, rest) = text.split_once('=')?;
        let spec = PathSpec::parse(rest);
        (!name.is_empty() && !spec.path.is_empty()).then(|| PathSpec { node: Some(name.to_string()), ..spec })
    }
}

/// A file that will be read. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Found {
    /// The path as given or found, for showing; `-` for standard input.
    pub path: String,
    /// The tier, when the user gave it.
    pub role: Option<Tier>,
    /// The node, when the user gave it.
    pub node: Option<String>,
    /// Bytes on disk (compressed size of an archive); 0 where it is not known (standard input, a pipe).
    pub size: u64,
    pub(super) place: Place,
}

/// Where the bytes of a [`Found`] come from.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A regular file: it can be opened as often as needed.
    File(PathBuf),
    /// Standard input or a pipe: read once, kept in a temporary file.
    Spool(Arc<Spool>),
}

impl Found {
    /// A regular file whose path is known to exist, without looking at it. Its size counts as unknown.
    pub fn file(path: impl Into<PathBuf>) -> Found {
        let file = path.into();
        let path = file.to_string_lossy().into_owned();
        Found { path, role: None, node: None, size: 0, place: Place::File(file) }
    }

    /// The same source, of which these bytes have come so far.
    pub fn with_content(&self, bytes: Vec<u8>) -> Found {
        let place = Place::Spool(Spool::stream(std::io::Cursor::new(bytes)));
        Found { place, ..self.clone() }
    }

    /// A stream that is called so when it is shown: `-`, `varnish`. It holds nothing by itself.
    pub fn named(path: &str, role: Option<Tier>, node: Option<String>) -> Found {
        let place = Place::Spool(Spool::stream(std::io::empty()));
        Found { path: path.to_string(), role, node, size: 0, place }
    }
}

/// Something that could not be read, or only in part. The run goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The path as given or found.
    pub path: String,
    /// What is wrong, as words that follow the path: `cannot be opened: permission denied`.
    pub why: String,
    /// What to do next, when there is something to do.
    pub hint: Option<String>,
}

impl Trouble {
    /// A trouble without a hint.
    pub fn new(path: impl Into<String>, why: impl Into<String>) -> Trouble {
        Trouble { path: path.into(), why: why.into(), hint: None }
    }

    /// The same with what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Trouble {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_of_four_words_before_the_first_equals_sign() {
        for (text, role, path) in [
            ("cache=logs/*.gz", Some(Tier::Cache), "logs/*.gz"),
            ("edge=cf/a=b.log", Some(Tier::Edge), "cf/a=b.log"),
            ("origin=-", Some(Tier::Origin), "-"),
            ("app=x", Some(Tier::App), "x"),
            ("day=3/access.log", None, "day=3/access.log"),
            ("./cache=x", None, "./cache=x"),
            ("cache=", None, "cache="),
            ("Cache=x", None, "Cache=x"),
            ("-", None, "-"),
        ] {
            assert_eq!(PathSpec::parse(text), PathSpec { role, node: None, path: path.into() }, "{text}");
        }
    }

    #[test]
    fn a_node_may_carry_a_role_too() {
        let spec = PathSpec::parse_node("web1=origin=a.log").unwrap();
        assert_eq!((spec.role, spec.node.as_deref(), spec.path.as_str()), (Some(Tier::Origin), Some("web1"), "a.log"));
        assert_eq!(PathSpec::parse_node("web1"), None);
        assert_eq!(PathSpec::parse_node("=a.log"), None);
        assert_eq!(PathSpec::parse_node("web1="), None);
    }
}
