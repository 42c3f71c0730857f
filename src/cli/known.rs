//! The log formats that a run knows. In: options and the environment; out: a `Library` of the shipped formats, those of
//! the user's folder, of `--grammars`, and of `--log-format`. It must not know what a format is.

use std::path::PathBuf;

use super::common::Common;
use crate::classify::Rules;
use crate::error::Result;
use crate::grammar::Library;

/// Every format that is known; later folders win over earlier ones.
pub fn library(common: &Common, log_formats: &[String]) -> Result<Library> {
    with_columns(common, log_formats, &[], None)
}

/// The same; `columns` are lists of names for a format of columns, the first of `formats` that is for all files.
pub fn with_columns(
    common: &Common,
    log_formats: &[String],
    formats: &[String],
    columns: Option<&str>,
) -> Result<Library> {
    let mut library = Library::embedded();
    if let Some(folder) = own_folder().filter(|f| f.is_dir()) {
        library.add_dir(&folder)?;
    }
    for folder in &common.grammars {
        library.add_dir(folder)?;
    }
    for (n, format) in log_formats.iter().enumerate() {
        library.add_log_format(&format!("log-format-{}", n + 1), format)?;
    }
    if let Some(names) = columns {
        let format = formats.iter().map(|f| f.split('=').next().unwrap_or_default()).next();
        library.set_columns(format, names)?;
    }
    Ok(library)
}

/// The cause rules, with the verdict words of the known formats.
pub fn rules(library: &Library) -> Result<Rules> {
    Rules::embedded().with_words(&library.words())
}

/// `$XDG_CONFIG_HOME/guru/grammars`, else `~/.config/guru/grammars`.
fn own_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(config.join("guru").join("grammars"))
}
