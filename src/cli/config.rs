//! `guru config show`: what is in force and where it comes from. In: the configuration; out: a table or JSON, with
//! defaults marked. Of secrets only the names of their files are shown, and whether they can be read.

use std::path::Path;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::common::{self, Common};
use crate::alert::{Config, Sink, secret_trouble};
use crate::view::Plain;

/// A documented file with every key.
const EXAMPLE: &str = include_str!("../../packaging/guru.toml");

/// Arguments of `guru config`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the configuration that is in force, its file, and which values are defaults; --full: every key explained
    Show {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        output: Form,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Form {
    /// Lines as in the file
    #[default]
    Table,
    /// JSON
    Json,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let Action::Show { output } = &args.action;
    let config = common.config()?;
    match output {
        Form::Json => {
            let all = json!({
                "schema": 1,
                "file": config.path.as_ref().map(|p| p.display().to_string()),
                "values": sections(&config),
                "defaults": defaults(&config),
                "sinks": config.sinks.iter().map(sink).collect::<Vec<_>>(),
                "warnings": config.warnings,
            });
            common::print(&(serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"))?;
        }
        Form::Table => common::print(&table(&config, common.full))?,
    }
    Ok(0)
}

/// The sections but for the sinks, as JSON.
fn sections(config: &Config) -> Map<String, Value> {
    let section = |v: Result<Value, serde_json::Error>| v.unwrap_or_default();
    Map::from_iter([
        ("alerts".to_string(), section(serde_json::to_value(&config.rules))),
        ("metrics".to_string(), section(serde_json::to_value(&config.metrics))),
        ("tail".to_string(), section(serde_json::to_value(&config.tail))),
    ])
}

/// `section.key` of every value that nobody wrote.
fn defaults(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    for (section, values) in sections(config) {
        for key in values.as_object().into_iter().flatten().map(|(key, _)| key) {
            let written = config.written.get(&section).and_then(|s| s.get(key)).is_some();
            if !written {
                found.push(format!("{section}.{key}"));
            }
        }
    }
    found
}

/// A sink as JSON: what was written, and the state of its files.
fn sink(sink: &Sink) -> Value {
    let mut all = serde_json::to_value(&sink.written).unwrap_or_default();
    if let Some(fields) = all.as_object_mut() {
        fields.retain(|_, v| !v.is_null());
        fields.insert("timeout".into(), sink.timeout.to_string().into());
        let state = |file: &Path| secret_trouble(file).unwrap_or_else(|| "readable".into());
        let files: Map<String, Value> =
            sink.files().into_iter().map(|(key, file)| (key.to_string(), state(&file).into())).collect();
        fields.insert("files".into(), files.into());
    }
    all
}

fn table(config: &Config, full: bool) -> String {
    let mut text = match &config.path {
        Some(path) => format!("# {}\n", Plain::of(&path.display().to_string())),
        None => "# there is no configuration file: nobody is called, these are the defaults\n".to_string(),
    };
    let defaults = defaults(config);
    for (section, values) in sections(config) {
        text += &format!("\n[{section}]\n");
        for (key, value) in values.as_object().into_iter().flatten().filter(|(key, _)| *key != "silence") {
            let line = if value.is_null() { format!("# {key} is not set") } else { format!("{key} = {value}") };
            let mark =
                if !value.is_null() && defaults.contains(&format!("{section}.{key}")) { "  # default" } else { "" };
            text += &format!("{}{mark}\n", Plain::of(&line));
        }
    }
    for silence in &config.rules.silences {
        text += "\n[[alerts.silence]]\n";
        text += &pairs(&serde_json::to_value(silence).unwrap_or_default());
    }
    for s in &config.sinks {
        text += "\n[[alerts.sink]]\n";
        text += &pairs(&sink(s));
    }
    for warning in &config.warnings {
        text += &format!("\n# warning: {}\n", Plain::of(warning));
    }
    if full {
        text += "\n# every key, with its default and what it does:\n\n";
        text += EXAMPLE;
    } else {
        text += "\n# every key explained: guru config show --full    try it out: guru alert test all\n";
    }
    text
}

/// Keys and values as lines; what is known of files as a remark.
fn pairs(table: &Value) -> String {
    let mut text = String::new();
    for (key, value) in table.as_object().into_iter().flatten().filter(|(key, _)| *key != "files") {
        let state = table["files"].get(key).and_then(Value::as_str).map(|s| format!("  # {s}")).unwrap_or_default();
        text += &format!("{}\n", Plain::of(&format!("{key} = {value}{state}")));
    }
    text
}
