//! A format file as it is written. In: TOML; out: the keys, unchecked. `grammars/README.md` explains each. It must not
//! know what they make.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sample::Sample;

/// A format file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub title: String,
    pub family: String,
    pub tier: String,
    pub framing: Option<String>,
    pub stamped: Option<String>,
    pub zone: Option<String>,
    pub resolution: Option<String>,
    pub tells: Option<String>,
    pub url: Option<String>,
    pub reader: Option<String>,
    pub record_start: Option<String>,
    #[serde(default)]
    pub file_names: Vec<String>,
    #[serde(default)]
    pub hints: Vec<String>,
    #[serde(default)]
    pub few_peers: bool,
    #[serde(default)]
    pub against: Vec<String>,
    pub guess: Option<Guess>,
    pub weight: Option<usize>,
    // The shape of a line; the same keys as in `Body`.
    pub log_format: Option<OneOrMore>,
    pub apache_format: Option<OneOrMore>,
    #[serde(default)]
    pub json: bool,
    #[serde(default)]
    pub pairs: bool,
    pub columns: Option<Vec<String>>,
    pub header: Option<String>,
    pub delimiter: Option<String>,
    #[serde(default)]
    pub quoted: bool,
    pub loose: Option<String>,
    pub escape: Option<String>,
    #[serde(default)]
    pub absent: Vec<String>,
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub records: Vec<String>,
    #[serde(default)]
    pub embedded: Vec<String>,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub within: Vec<Within>,
    #[serde(default)]
    pub changes: BTreeMap<String, Vec<String>>,
    pub words: Option<toml::Table>,
    #[serde(default)]
    pub cache: BTreeMap<String, String>,
    pub messages: Option<Body>,
    #[serde(default)]
    pub sample: Vec<Sample>,
}

/// The shape of lines and what their values mean.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Body {
    pub log_format: Option<OneOrMore>,
    pub apache_format: Option<OneOrMore>,
    pub json: bool,
    pub pairs: bool,
    pub columns: Option<Vec<String>>,
    pub delimiter: Option<String>,
    pub quoted: bool,
    pub loose: Option<String>,
    pub escape: Option<String>,
    pub absent: Vec<String>,
    pub needs: Vec<String>,
    pub records: Vec<String>,
    pub embedded: Vec<String>,
    pub fields: BTreeMap<String, String>,
    pub within: Vec<Within>,
    pub changes: BTreeMap<String, Vec<String>>,
}

/// A value within the text of a message.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    pub field: String,
    pub after: String,
    #[serde(default)]
    pub before: String,
}

/// How to recognise a format that needs to be told its columns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guess {
    pub looks: String,
    pub remedy: String,
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl File {
    /// The part of the file that is the shape of its lines.
    pub fn body(&mut self) -> Body {
        Body {
            log_format: self.log_format.take(),
            apache_format: self.apache_format.take(),
            json: self.json,
            pairs: self.pairs,
            columns: self.columns.take(),
            delimiter: self.delimiter.take(),
            quoted: self.quoted,
            loose: self.loose.take(),
            escape: self.escape.take(),
            absent: std::mem::take(&mut self.absent),
            needs: std::mem::take(&mut self.needs),
            records: std::mem::take(&mut self.records),
            embedded: std::mem::take(&mut self.embedded),
            fields: std::mem::take(&mut self.fields),
            within: std::mem::take(&mut self.within),
            changes: std::mem::take(&mut self.changes),
        }
    }
}
