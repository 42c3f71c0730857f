//! The formats that are known in this run. In: the embedded files, a folder of the user, `log_format` strings; out:
//! `Library`, asked by name or for what a log is. It must not know any format itself.

use std::fs;
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::model::Word;

use super::detect::{Detection, detect};
use super::format::Grammar;
use super::load;

include!(concat!(env!("OUT_DIR"), "/grammars.rs"));

/// The known formats; those of the user come first and win where two fit equally well.
#[derive(Clone, Debug, Default)]
pub struct Library {
    grammars: Vec<Grammar>,
}

impl Library {
    /// The shipped formats. `tests/grammars.rs` proves that each of them loads and reads its samples.
    pub fn embedded() -> Library {
        let grammars = GRAMMARS.iter().filter_map(|(name, text)| load::grammar(name, name, text).ok()).collect();
        Library { grammars }
    }

    /// The shipped formats and those of a folder; see [`Library::add_dir`].
    pub fn with_dir(folder: &Path) -> Result<Library> {
        let mut library = Library::embedded();
        library.add_dir(folder)?;
        Ok(library)
    }

    /// Adds every `*.toml` of a folder; a file of the same name as a known format replaces it.
    ///
    /// Fails on a folder or file that cannot be read, is wrong, or does not read its own samples.
    pub fn add_dir(&mut self, folder: &Path) -> Result<()> {
        let unreadable = |path: &Path, e: std::io::Error| {
            Error::new(Kind::Usage, format!("Formats cannot be read from {}: {e}", path.display()))
                .hint("give a folder with format files (*.toml)")
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
            let path = entry.map_err(|e| unreadable(folder, e))?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths.into_iter().rev() {
            let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            self.add_file(&path, &text)?;
        }
        Ok(())
    }

    /// Adds a format file, whose text the caller has read; its name is that of the file.
    pub fn add_file(&mut self, path: &Path, text: &str) -> Result<()> {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        self.add(load::proven(&path.display().to_string(), &name, text)?);
        Ok(())
    }

    /// Adds a format string: nginx `log_format`, Apache `LogFormat` or varnishncsa `-F`, bare or as a directive.
    pub fn add_log_format(&mut self, name: &str, format: &str) -> Result<()> {
        self.add(load::from_format_string(name, format)?);
        Ok(())
    }

    /// Reads a format of columns by these names, in this order, separated by blanks or commas: the format of that name,
    /// else the one that knows most of them.
    pub fn set_columns(&mut self, format: Option<&str>, names: &str) -> Result<()> {
        let names: Vec<&str> = names.split([' ', ',', '\t', '\n']).filter(|n| !n.is_empty()).collect();
        let wrong = |why: String| {
            Error::new(Kind::Usage, format!("--columns cannot be used: {why}"))
                .hint("name the columns as the vendor does, in the order in which they are logged")
        };
        let best = match format {
            Some(name) => self.named(name)?,
            None => self
                .grammars
                .iter()
                .rev()
                .max_by_key(|g| g.knows_columns(&names))
                .filter(|g| g.knows_columns(&names) > 0)
                .ok_or_else(|| wrong("no format knows any of these names".to_string()))?,
        };
        let mut grammar = best.clone();
        grammar.set_columns(&names).map_err(wrong)?;
        self.add(grammar);
        Ok(())
    }

    fn add(&mut self, grammar: Grammar) {
        self.grammars.retain(|g| g.name != grammar.name);
        self.grammars.insert(0, grammar);
    }

    /// The format of that name.
    pub fn get(&self, name: &str) -> Option<&Grammar> {
        self.grammars.iter().find(|g| g.name == name)
    }

    /// The verdict words of all formats, each once, for the cause rules.
    pub fn words(&self) -> Vec<Word> {
        let mut all: Vec<Word> = Vec::new();
        for word in self.grammars.iter().flat_map(Grammar::words) {
            if !all.contains(word) {
                all.push(word.clone());
            }
        }
        all
    }

    /// A library of nothing but the format of that name.
    pub fn only(&self, name: &str) -> Option<Library> {
        self.get(name).map(|grammar| Library { grammars: vec![grammar.clone()] })
    }

    /// The format of that name, or an error that lists the names.
    pub fn named(&self, name: &str) -> Result<&Grammar> {
        self.get(name).ok_or_else(|| {
            Error::new(Kind::Usage, format!("There is no format called {name}"))
                .hint(format!("known formats: {}", self.names().collect::<Vec<_>>().join(", ")))
        })
    }

    /// The names of all formats.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.grammars.iter().map(|g| g.name.as_str())
    }

    /// All formats; [`Detection::grammar`] is an index into this.
    pub fn grammars(&self) -> &[Grammar] {
        &self.grammars
    }

    /// What a log is, from its first bytes (decompressed; up to 256 KB are enough). They may begin within a line and
    /// end within one. The file's name only decides between formats that fit equally well.
    pub fn detect(&self, head: &[u8], file_name: &str) -> Detection {
        detect(&self.grammars, head, file_name)
    }
}
