//! Saved questions. In: the shipped files and the user's folder; out: each with its title, its parameters and its SQL.
//! A file begins with comment lines: the title, then `-- :name = default   what it is` for each parameter. It must not
//! know what a question is about.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::when;
use crate::error::{Error, Kind, Result};
use crate::model::Stamp;

include!(concat!(env!("OUT_DIR"), "/questions.rs"));

/// A parameter of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without colon.
    pub name: String,
    /// Its value when none is given; `None` when one must be.
    pub default: Option<String>,
    /// What it is.
    pub about: String,
}

/// A saved question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The name of its file, without ending.
    pub name: String,
    /// What it asks, in one sentence.
    pub title: String,
    /// In the order in which values are given.
    pub parameters: Vec<Parameter>,
    /// The file.
    pub sql: String,
    /// True for one of the user's.
    pub own: bool,
}

impl Saved {
    /// Reads a file.
    pub fn parse(name: &str, sql: &str, own: bool) -> Saved {
        let comments = sql.lines().map(str::trim).take_while(|l| l.starts_with("--"));
        let (parameters, words): (Vec<&str>, Vec<&str>) = comments
            .map(|l| l.trim_start_matches('-').trim())
            .filter(|l| !l.is_empty())
            .partition(|l| l.starts_with(':'));
        Saved {
            name: name.to_string(),
            title: words.first().unwrap_or(&"").to_string(),
            parameters: parameters.into_iter().map(parameter).collect(),
            sql: sql.to_string(),
            own,
        }
    }

    /// The values of its parameters: `name=value`, or values in their order; defaults for the rest.
    ///
    /// # Errors
    /// Of kind `Usage` when there are too many, one is unknown or missing, or a moment cannot be read.
    pub fn bind(&self, given: &[String], now: Stamp) -> Result<Vec<(String, Value)>> {
        let mut values: Vec<Option<String>> = vec![None; self.parameters.len()];
        for text in given {
            let named = text.split_once('=').and_then(|(name, value)| Some((self.place(name)?, value)));
            let next = values.iter().position(Option::is_none);
            let (at, value) = named.or_else(|| Some((next?, text.as_str()))).ok_or_else(|| self.usage(text))?;
            values[at] = Some(value.to_string());
        }
        let bound = self.parameters.iter().zip(values).map(|(p, value)| {
            let text = value.clone().or_else(|| p.default.clone()).ok_or_else(|| self.usage(&p.name))?;
            Ok((format!(":{}", p.name), p.value(&text, value.is_some(), now)?))
        });
        bound.collect()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|p| p.name == name)
    }

    fn usage(&self, text: &str) -> Error {
        let names: Vec<String> = self.parameters.iter().map(|p| format!("[{}]", p.name)).collect();
        let takes = if names.is_empty() { "takes no values".into() } else { format!("takes {}", names.join(" ")) };
        Error::new(Kind::Usage, format!("the question {} {takes}; \"{text}\" does not fit or is missing", self.name))
            .hint(format!("see its SQL and its parameters: guru ask {} --show", self.name))
    }
}

impl Parameter {
    /// A given value: a moment for `since` and `until`, else a number where it looks like one.
    fn value(&self, text: &str, given: bool, now: Stamp) -> Result<Value> {
        if given && matches!(self.name.as_str(), "since" | "until") {
            return Ok(when::parse(text, now)?.rfc3339().into());
        }
        let number = text.parse::<i64>().ok().map(Value::from);
        Ok(number.or_else(|| text.parse::<f64>().ok().map(Value::from)).unwrap_or_else(|| text.into()))
    }
}

/// `:days = 30   how far back`.
fn parameter(line: &str) -> Parameter {
    let end = line[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(line.len(), |n| n + 1);
    let (name, rest) = (line[1..end].to_string(), line[end..].trim_start());
    let Some(rest) = rest.strip_prefix('=') else {
        return Parameter { name, default: None, about: rest.trim().to_string() };
    };
    let (default, about) = rest.trim_start().split_once("  ").unwrap_or((rest.trim_start(), ""));
    let default = default.trim().trim_matches('\'').to_string();
    Parameter { name, default: Some(default), about: about.trim().to_string() }
}

/// Every question by name; the user's win over shipped ones.
///
/// # Errors
/// Of kind `Usage` when the user's folder is there and cannot be read.
pub fn all() -> Result<Vec<Saved>> {
    let mut found: Vec<Saved> = QUESTIONS.iter().map(|(name, sql)| Saved::parse(name, sql, false)).collect();
    if let Some(folder) = own_folder().filter(|f| f.is_dir()) {
        for own in in_folder(&folder)? {
            found.retain(|q| q.name != own.name);
            found.push(own);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Vec<Saved>> {
    let unreadable = |path: &Path, e: std::io::Error| {
        Error::new(Kind::Usage, format!("cannot read {}: {e}", path.display()))
            .hint("check its permissions, or move it away")
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
        let path = entry.map_err(|e| unreadable(folder, e))?.path();
        if let (Some("sql"), Some(name)) = (path.extension().and_then(|e| e.to_str()), path.file_stem()) {
            let sql = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            found.push(Saved::parse(&name.to_string_lossy(), &sql, true));
        }
    }
    Ok(found)
}

/// `$XDG_CONFIG_HOME/guru/questions`, else `~/.config/guru/questions`.
fn own_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(config.join("guru").join("questions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str =
        "-- Services that fail\n-- :times = 2   at least so often\n-- :since = ''   from when on\n-- :name\nSELECT 1";

    #[test]
    fn the_head_of_a_file_is_its_help() {
        let saved = Saved::parse("x", SQL, false);
        assert_eq!(saved.title, "Services that fail");
        let told: Vec<_> =
            saved.parameters.iter().map(|p| (p.name.as_str(), p.default.as_deref(), p.about.as_str())).collect();
        assert_eq!(
            told,
            [("times", Some("2"), "at least so often"), ("since", Some(""), "from when on"), ("name", None, "")]
        );
        assert_eq!(Saved::parse("x", "SELECT 1", true).title, "");
    }

    #[test]
    fn values_are_given_by_name_or_in_order() {
        let saved = Saved::parse("x", SQL, false);
        let bind = |given: &[&str]| saved.bind(&given.iter().map(|g| g.to_string()).collect::<Vec<_>>(), Stamp(0));
        let bound = bind(&["name=web", "3"]).unwrap_or_default();
        assert_eq!(bound, [(":times".into(), 3.into()), (":since".into(), "".into()), (":name".into(), "web".into())]);
        assert_eq!(bind(&["since=@0", "name=x"]).unwrap_or_default()[1].1, "1970-01-01T00:00:00.000000Z");
        assert!(
            bind(&["1", "@0", "x", "y"]).is_err() && bind(&[]).is_err() && bind(&["since=soonish", "name=x"]).is_err()
        );
    }
}
