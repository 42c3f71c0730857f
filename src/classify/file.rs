//! Cause files as they are written. In: the text of one TOML file; out: its fields, unknown ones refused.
//! It must not know how rules are applied, only how they are spelt.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::model::Bucket;

/// One file of `grammars/causes`; the README there says what each key means, here and below.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseFile {
    pub id: String,
    pub title: String,
    /// Without one the title stands in its place.
    #[serde(default)]
    pub brief: String,
    pub bucket: Bucket,
    pub means: String,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    pub confirm: Vec<String>,
    #[serde(default)]
    pub mistaken_for: String,
    #[serde(default)]
    pub advice: Vec<AdviceEntry>,
    #[serde(default)]
    pub rule: Vec<RuleEntry>,
    #[serde(default)]
    pub example: Vec<ExampleEntry>,
}

/// One piece of advice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdviceEntry {
    pub kind: String,
    pub text: String,
    #[serde(default)]
    pub knob: String,
    #[serde(default)]
    pub default: String,
    #[serde(default)]
    pub cost: String,
    #[serde(default)]
    pub command: String,
    #[serde(default)]
    pub broke_at: Words,
    #[serde(default)]
    pub made_by: Words,
}

/// One rule; see the README beside the cause files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    #[serde(default)]
    pub record: Words,
    #[serde(default)]
    pub text: Words,
    pub last: Option<bool>,
    #[serde(default)]
    pub before: Words,
    #[serde(default)]
    pub with: Vec<SeekEntry>,
    #[serde(default)]
    pub without: Vec<SeekEntry>,
    #[serde(default)]
    pub when: Vec<String>,
    #[serde(default)]
    pub message: Words,
    #[serde(default)]
    pub page: Words,
    #[serde(default)]
    pub confidence: f32,
    pub rank: Option<i32>,
    pub or: Option<String>,
    pub or_confidence: Option<f32>,
    #[serde(default)]
    pub yields: bool,
    #[serde(default)]
    pub echo: bool,
}

/// A record that must, or must not, be there as well.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeekEntry {
    pub record: Words,
    #[serde(default)]
    pub text: Words,
}

/// An example: what it looks like, and implicitly that it is this cause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleEntry {
    #[serde(default)]
    pub marks: Vec<String>,
    #[serde(default)]
    pub facts: BTreeMap<String, f64>,
    pub message: Option<String>,
    pub page: Option<String>,
}

/// One string or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    One(String),
    Many(Vec<String>),
}

impl Default for Words {
    fn default() -> Self {
        Words::Many(Vec::new())
    }
}

impl Words {
    /// The strings.
    pub fn list(&self) -> &[String] {
        match self {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words,
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }
}

impl CauseFile {
    /// Reads a file; the error names it, the line and the reason.
    pub fn read(name: &str, text: &str) -> Result<CauseFile> {
        let file: CauseFile = toml::from_str(text).map_err(|e| wrong(name, e.to_string().trim_end()))?;
        if file.id.is_empty() || file.id.len() > 40 {
            return Err(wrong(name, "id must have 1 to 40 characters"));
        }
        if let Some(a) = file.advice.iter().find(|a| !matches!(a.kind.as_str(), "look" | "change" | "NOT")) {
            return Err(wrong(name, &format!("advice of kind {:?}: use look, change or NOT", a.kind)));
        }
        Ok(file)
    }
}

/// An error about a cause file.
pub fn wrong(name: &str, reason: &str) -> Error {
    Error::new(Kind::Usage, format!("the cause file {name} cannot be used: {reason}"))
        .hint("the rule language is described in grammars/causes/README.md")
}
