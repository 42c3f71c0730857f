//! `guru formats`: which formats are known, and what a file is.

use clap::Subcommand;
use serde::Serialize;

use super::common::{self, Common};
use super::{Outcome, analyze::Output};
use crate::error::{Error, Kind};
use crate::grammar::Library;
use crate::pipeline::{Log, logs};
use crate::source::{PathSpec, head, resolve};
use crate::view::Plain;

/// How much of a file is looked at, decompressed bytes.
const HEAD: usize = 256 << 10;

/// Arguments of `guru formats`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the known formats
    List,
    /// Say what files are, why, and what else they might be
    Detect {
        /// Files, folders, quoted globs or -
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<String>,
        /// How to write the answer
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
}

/// One answer of `detect` (contract: command line and JSON).
#[derive(Debug, Serialize)]
struct Answer {
    file: String,
    format: Option<String>,
    family: Option<String>,
    tier: Option<String>,
    /// What log shippers have put around its lines, innermost first.
    wrapper: Option<String>,
    /// Whose lines of the file these are, when it has lines of several.
    sender: Option<String>,
    confidence: f32,
    why: String,
    runner_up: Option<RunnerUp>,
}

#[derive(Debug, Serialize)]
struct RunnerUp {
    format: String,
    share: f32,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let library = Library::embedded();
    match &args.what {
        What::List => list(&library),
        What::Detect { paths, output } => detect(paths, *output, &library, common),
    }
}

fn list(library: &Library) -> Outcome {
    let mut text = String::from("format          family        tier    what it is\n");
    for g in library.grammars() {
        text.push_str(&format!("{:<15} {:<13} {:<7} {}\n", g.name, g.family.lossy(), g.tier.word(), g.title));
    }
    text.push_str("\nA format of your own: guru analyze --log-format '…' PATH, or see grammars/README.md\n");
    common::print(&text)?;
    Ok(0)
}

fn detect(paths: &[String], output: Output, library: &Library, common: &Common) -> Outcome {
    let specs: Vec<PathSpec> = paths.iter().map(|p| PathSpec::parse(p)).collect();
    let resolved = resolve(&specs);
    let mut answers = Vec::new();
    let mut troubles: Vec<String> = resolved.troubles.iter().map(|t| format!("{} {}", t.path, t.why)).collect();
    for found in &resolved.files {
        match head(found, HEAD) {
            Ok(h) => {
                answers.extend(logs(found, &h.bytes, library, None).logs.into_iter().map(|l| answer(&found.path, l)))
            }
            Err(t) => troubles.push(format!("{} {}", t.path, t.why)),
        }
    }
    for t in &troubles {
        common::complain(&Error::new(Kind::Source, t.clone()), common);
    }
    let text = match output {
        Output::Table => answers.iter().map(sentence).collect(),
        Output::Json => serde_json::to_string_pretty(&answers).map(|s| s + "\n").unwrap_or_default(),
        Output::Ndjson => answers.iter().filter_map(|a| serde_json::to_string(a).ok()).map(|s| s + "\n").collect(),
    };
    common::print(&text)?;
    let known = answers.iter().any(|a| a.format.is_some());
    Ok(if !known {
        Kind::Nothing.exit_code()
    } else if troubles.is_empty() {
        0
    } else {
        Kind::Source.exit_code()
    })
}

fn answer(file: &str, log: Log) -> Answer {
    let (d, grammar) = (log.detection, log.grammar);
    Answer {
        file: file.into(),
        format: grammar.as_ref().map(|g| g.name.clone()),
        family: grammar.as_ref().map(|g| g.family.lossy().into_owned()),
        tier: grammar.as_ref().map(|g| g.tier.word().into()),
        wrapper: log.reach.map(|r| r.wrap.words()).filter(|w| !w.is_empty()),
        sender: Some(log.sender).filter(|s| !s.is_empty()),
        confidence: d.confidence,
        why: d.why,
        runner_up: d.runner_up.map(|(format, share)| RunnerUp { format, share }),
    }
}

fn sentence(a: &Answer) -> String {
    let file = Plain::of(&a.file);
    let why = Plain::of(&a.why);
    let second = a.runner_up.as_ref().map(|r| format!("; next best {} ({:.0} %)", r.format, r.share * 100.0));
    let second = second.unwrap_or_default();
    match (&a.format, &a.tier) {
        (Some(format), Some(tier)) => {
            format!(
                "{}\n    {format} ({tier}), {:.0} % sure: {}{second}\n",
                file.as_str(),
                a.confidence * 100.0,
                why.as_str()
            )
        }
        _ => format!("{}\n    not recognised: {}{second}\n", file.as_str(), why.as_str()),
    }
}
