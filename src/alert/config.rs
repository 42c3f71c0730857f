//! `guru.toml`. In: the file's text; out: rules, silences, sinks, and the defaults of `guru tail`, checked, or an error
//! that names the line. It reads no secret; that is done when something is sent.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::rules::Rules;
use super::secret;
use super::span::Span;
use super::target::Sink;
use crate::error::{Error, Kind, Result};
use crate::model::alert::Notice;

/// The configuration. The default one calls nobody.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file; `None` when there is none.
    pub path: Option<PathBuf>,
    /// When to call.
    pub rules: Rules,
    /// Whom to call.
    pub sinks: Vec<Sink>,
    /// `[metrics]`.
    pub metrics: Metrics,
    /// `[tail]`.
    pub tail: Tail,
    /// What is not as it should be, in sentences.
    pub warnings: Vec<String>,
    /// The file as it was written, to tell defaults from what somebody chose.
    pub written: toml::Table,
}

/// `[metrics]`: what `guru tail` serves.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Port on this machine (`9110`), or address and port; `None` to serve nothing.
    pub listen: Option<String>,
}

/// `[tail]`: what `guru tail` does without arguments.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tail {
    /// As `--settle`.
    pub settle: Option<Span>,
    /// As `--gap`.
    pub gap: Option<Span>,
    /// Logs to follow, as on the command line: `[ROLE=]PATH`.
    pub paths: Vec<String>,
    /// As `--varnish[=NAME]`: true, or the instance's name; empty for the usual one.
    #[serde(deserialize_with = "varnish")]
    pub varnish: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    alerts: Rules,
    metrics: Metrics,
    tail: Tail,
}

impl Config {
    /// Where the configuration is: what was named on the command line, else `GURU_CONFIG`, else
    /// `$XDG_CONFIG_HOME/guru/guru.toml`, else `/etc/guru/guru.toml`; `None` when there is none. One that was named need
    /// not be there: reading it says so.
    pub fn locate(
        flag: Option<&Path>,
        env: &dyn Fn(&str) -> Option<OsString>,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Option<PathBuf> {
        let set = |name: &str| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(named) = flag.map(Path::to_path_buf).or_else(|| set("GURU_CONFIG")) {
            return Some(named);
        }
        let own = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|h| h.join(".config")));
        let own = own.map(|c| c.join("guru").join("guru.toml"));
        own.into_iter().chain([PathBuf::from("/etc/guru/guru.toml")]).find(|p| exists(p))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Of kind `Usage`: it cannot be read, or something in it is wrong; says the line and what to write instead.
    pub fn read(path: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(Kind::Usage, format!("the configuration cannot be read: {}: {e}", path.display()))
                .hint("name another with --config PATH, or correct GURU_CONFIG")
        })?;
        Config::parse(&text, path)
    }

    /// Reads the text of a file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Config> {
        let wrong = |at: Option<usize>, what: &str| {
            let line = at.map_or(1, |at| 1 + text.bytes().take(at).filter(|b| *b == b'\n').count());
            Error::new(Kind::Usage, format!("{}:{line}: {what}", path.display()))
                .hint("show what is in force, and every key, with: guru config show --full")
        };
        let toml_error = |e: &toml::de::Error| wrong(e.span().map(|s| s.start), e.message().trim());
        let mut file: File = toml::from_str(text).map_err(|e| toml_error(&e))?;
        let written: toml::Table = toml::from_str(text).map_err(|e| toml_error(&e))?;
        let mut sinks: Vec<Sink> = Vec::new();
        for table in std::mem::take(&mut file.alerts.sinks) {
            let at = Some(table.span().start);
            let sink = Sink::check(table.get_ref()).map_err(|what| wrong(at, &what))?;
            if sinks.iter().any(|s| s.name == sink.name) {
                return Err(wrong(at, &format!("two sinks have the name {}: give each its own", sink.name)));
            }
            sinks.push(sink);
        }
        let warnings = sinks.iter().flat_map(loose_files).collect();
        let File { alerts, metrics, tail } = file;
        Ok(Config { path: Some(path.to_path_buf()), rules: alerts, sinks, metrics, tail, warnings, written })
    }

    /// The names of the sinks that want a notice.
    pub fn sinks_for(&self, notice: &Notice) -> Vec<String> {
        self.sinks.iter().filter(|s| s.wants(notice)).map(|s| s.name.clone()).collect()
    }
}

/// What is wrong with the files of a sink's secrets. Only said: they may be put right before something is sent.
fn loose_files(sink: &Sink) -> Vec<String> {
    let secrets = sink.files().into_iter().filter(|(key, _)| *key != "ca_file");
    secrets.filter_map(|(key, file)| Some(format!("sink {}, {key}: {}", sink.name, secret::trouble(&file)?))).collect()
}

/// `true`, `false`, or a name.
fn varnish<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<Option<String>, D::Error> {
    struct Either;
    impl Visitor<'_> for Either {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false or the name of a Varnish instance")
        }
        fn visit_bool<E: serde::de::Error>(self, on: bool) -> std::result::Result<Self::Value, E> {
            Ok(on.then(String::new))
        }
        fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Self::Value, E> {
            Ok(Some(name.to_string()))
        }
    }
    d.deserialize_any(Either)
}
