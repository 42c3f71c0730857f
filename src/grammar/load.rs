//! Format files. In: the text of one; out: a checked `Grammar`, or an error that says what is wrong and what to do.
//! It must not know where the text came from, beyond the name to put into the error.

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::model::{Family, Tier};

use super::access::Access;
use super::field::Field;
use super::format::{Framing, Grammar, Program, Stamped};
use super::log_format;
use super::mask::Mask;
use super::program::Layout;
use super::sample::{Sample, faults};
use super::words::words;

/// A format file as it is written; `grammars/README.md` explains each key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    family: String,
    tier: String,
    #[serde(default)]
    framing: Option<String>,
    #[serde(default)]
    stamped: Option<String>,
    #[serde(default)]
    log_format: Option<OneOrMore>,
    #[serde(default)]
    reader: Option<String>,
    #[serde(default)]
    record_start: Option<String>,
    #[serde(default)]
    file_names: Vec<String>,
    #[serde(default)]
    words: toml::Table,
    #[serde(default)]
    sample: Vec<Sample>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads a format file. `path` goes into the error, `name` becomes the grammar's. Samples are not run: see [`proven`].
pub fn grammar(path: &str, name: &str, text: &str) -> Result<Grammar> {
    let file: File = toml::from_str(text).map_err(|e| {
        Error::new(Kind::Usage, format!("The format file {path} cannot be read: {}", e.to_string().trim_end()))
            .hint("grammars/README.md lists the keys of a format file")
    })?;
    build(name, file).map_err(|why| {
        Error::new(Kind::Usage, format!("The format file {path} cannot be used: {why}"))
            .hint(format!("correct {path} and try: guru formats check {path}"))
    })
}

/// The same, and every sample must be read as it says: for files that no test of ours has seen.
pub fn proven(path: &str, name: &str, text: &str) -> Result<Grammar> {
    let grammar = grammar(path, name, text)?;
    let wrong = faults(&grammar);
    if wrong.is_empty() {
        return Ok(grammar);
    }
    Err(Error::new(Kind::Usage, format!("The format file {path} does not read its own samples: {}", wrong.join("\n")))
        .hint("a [[sample]] has a line and the fields that it must give; grammars/README.md shows how"))
}

/// The grammar of an nginx `log_format` string or directive.
pub fn from_log_format(name: &str, text: &str) -> Result<Grammar> {
    access(&[text.to_string()], Stamped::End).map(|a| with_access(name, a)).map_err(|why| {
        Error::new(Kind::Usage, format!("The log format {name} cannot be used: {why}"))
            .hint("give the string as it stands in nginx.conf: nginx -T | grep -A5 log_format")
    })
}

fn with_access(name: &str, access: Access) -> Grammar {
    Grammar {
        name: name.to_string(),
        title: "nginx access log, log_format of the user".to_string(),
        family: Family::from("nginx-access"),
        tier: Tier::Origin,
        framing: Framing::Lines,
        local_time: false,
        resolution_us: resolution_us(&access),
        stamped: access.stamped,
        file_names: vec!["access".to_string()],
        specificity: specificity(&access),
        program: Program::Access(access),
        record_start: None,
        samples: Vec::new(),
        words: Vec::new(),
    }
}

fn build(name: &str, file: File) -> std::result::Result<Grammar, String> {
    let stamped = stamped(file.stamped.as_deref())?;
    let framing = framing(file.framing.as_deref())?;
    let record_start = file.record_start.as_deref().and_then(Mask::new);
    if (framing == Framing::Records) != record_start.is_some() {
        return Err("framing = \"records\" and record_start go together".to_string());
    }
    let program = program(file.log_format, file.reader.as_deref(), stamped)?;
    let tier =
        Tier::parse(&file.tier).ok_or_else(|| format!("tier = {:?} is not edge, cache, origin or app", file.tier))?;
    let (resolution_us, specificity) = match &program {
        Program::Access(a) => (resolution_us(a), specificity(a)),
        Program::NginxError => (1_000_000, 40),
        Program::Vsl => (1, 40),
    };
    Ok(Grammar {
        name: name.to_string(),
        title: file.title,
        family: Family::from(file.family.as_str()),
        tier,
        framing,
        local_time: matches!(program, Program::NginxError),
        resolution_us,
        stamped,
        file_names: file.file_names,
        program,
        specificity,
        record_start,
        samples: file.sample,
        words: words(&file.words)?,
    })
}

fn program(
    log_format: Option<OneOrMore>,
    reader: Option<&str>,
    stamped: Stamped,
) -> std::result::Result<Program, String> {
    match (log_format, reader) {
        (Some(OneOrMore::One(text)), None) => access(&[text], stamped).map(Program::Access),
        (Some(OneOrMore::More(texts)), None) => access(&texts, stamped).map(Program::Access),
        (None, Some("nginx-error")) => Ok(Program::NginxError),
        (None, Some("varnishlog")) => Ok(Program::Vsl),
        (None, Some(other)) => Err(format!("reader = {other:?} is not nginx-error or varnishlog")),
        (Some(_), Some(_)) => Err("log_format and reader exclude each other".to_string()),
        (None, None) => Err("it has neither log_format nor reader".to_string()),
    }
}

fn access(formats: &[String], stamped: Stamped) -> std::result::Result<Access, String> {
    if formats.is_empty() {
        return Err("log_format is an empty list".to_string());
    }
    let layouts: std::result::Result<Vec<Layout>, String> =
        formats.iter().map(|text| Layout::compile(&log_format::parse(text)?)).collect();
    Ok(Access { layouts: layouts?, stamped })
}

/// The coarsest stamp of all layouts: `$msec` has milliseconds, the others seconds.
fn resolution_us(access: &Access) -> i64 {
    if access.layouts.iter().all(|l| l.has(Field::Msec)) { 1000 } else { 1_000_000 }
}

fn specificity(access: &Access) -> usize {
    access.layouts.iter().map(|l| l.specificity).min().unwrap_or(0)
}

fn framing(word: Option<&str>) -> std::result::Result<Framing, String> {
    match word {
        None | Some("lines") => Ok(Framing::Lines),
        Some("records") => Ok(Framing::Records),
        Some("vsl") => Ok(Framing::Vsl),
        Some(other) => Err(format!("framing = {other:?} is not lines, records or vsl")),
    }
}

fn stamped(word: Option<&str>) -> std::result::Result<Stamped, String> {
    match word {
        None | Some("end") => Ok(Stamped::End),
        Some("start") => Ok(Stamped::Start),
        Some(other) => Err(format!("stamped = {other:?} is not end or start")),
    }
}
