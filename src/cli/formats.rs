//! `guru formats`: which formats are known, and what a file is.

use clap::Subcommand;
use serde::Serialize;

use super::common::{self, Common};
use super::known;
use super::{Outcome, analyze::Output};
use crate::error::{Error, Kind};
use crate::grammar::{Grammar, Library};
use crate::pipeline::{Log, logs, stops};
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
    /// Try format files on their own samples, and show how far each line fits
    Check {
        /// Format files (*.toml)
        #[arg(required = true, value_name = "FILE.toml")]
        files: Vec<std::path::PathBuf>,
    },
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
    /// The first lines that do not fit, where not nearly all do.
    stops: Vec<Stop>,
    /// What to pass on the command line, where the log does not say enough.
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct RunnerUp {
    format: String,
    share: f32,
}

/// A line that does not fit, divided where it stops fitting; what looks secret is masked.
#[derive(Debug, Serialize)]
struct Stop {
    fits: String,
    does_not: String,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    match &args.what {
        What::List => list(&known::library(common, &[])?),
        What::Detect { paths, output } => detect(paths, *output, &known::library(common, &[])?, common),
        What::Check { files } => check(files, common),
    }
}

fn list(library: &Library) -> Outcome {
    let grammars = library.grammars();
    let widest = |of: &dyn Fn(&Grammar) -> usize| grammars.iter().map(of).max().unwrap_or(0);
    let (name, family) = (widest(&|g| g.name.len()), widest(&|g| g.family.lossy().len()));
    let mut text = format!("{:<name$} {:<family$} {:<7} {}\n", "format", "family", "tier", "what it is");
    for g in grammars {
        let row = format!("{:<name$} {:<family$} {:<7} {}", g.name, g.family.lossy(), g.tier.word(), g.title);
        text.push_str(Plain::of(&row).as_str());
        text.push('\n');
    }
    text.push_str("\nA format of your own: guru analyze --log-format '…' PATH, or see grammars/README.md\n");
    common::print(&text)?;
    Ok(0)
}

/// Loads each file as a run would; the error shows where its samples stop fitting.
fn check(files: &[std::path::PathBuf], common: &Common) -> Outcome {
    let mut failed = false;
    for file in files {
        let checked = std::fs::read_to_string(file)
            .map_err(|e| {
                Error::new(Kind::Usage, format!("The format file {} cannot be read: {e}", file.display()))
                    .hint("give the path of a format file (*.toml)")
            })
            .and_then(|text| {
                let mut library = Library::default();
                library.add_file(file, &text)?;
                Ok(library)
            });
        match checked {
            Ok(library) => {
                let samples: usize = library.grammars().iter().map(|g| g.samples.len()).sum();
                let shown = file.display().to_string();
                common::print(&format!(
                    "{}: all {samples} samples are read as they say\n",
                    Plain::of(&shown).as_str()
                ))?;
            }
            Err(e) => {
                failed = true;
                common::complain(&e, common);
            }
        }
    }
    Ok(if failed { Kind::Usage.exit_code() } else { 0 })
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
    let stops = stops(&d).into_iter().map(|(fits, does_not)| Stop { fits, does_not }).collect();
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
        stops,
        remedy: d.remedy,
    }
}

fn sentence(a: &Answer) -> String {
    let second = a.runner_up.as_ref().map(|r| format!("; next best {} ({:.0} %)", r.format, r.share * 100.0));
    let taken = match (&a.format, &a.tier) {
        (Some(format), Some(tier)) => format!("{format} ({tier}), {:.0} % sure", a.confidence * 100.0),
        _ => "not recognised".to_string(),
    };
    let mut text = format!("{}\n    {taken}: {}{}\n", a.file, a.why, second.unwrap_or_default());
    for stop in &a.stops {
        text.push_str(&format!("    a line fits up to {}\n", shown(stop)));
    }
    if let Some(remedy) = &a.remedy {
        text.push_str(&format!("    {remedy}\n"));
    }
    text.lines().map(|l| format!("{}\n", Plain::of(l).as_str())).collect()
}

/// The end of what fits and the beginning of the rest.
fn shown(stop: &Stop) -> String {
    let skipped = stop.fits.chars().count().saturating_sub(60);
    let fits: String = stop.fits.chars().skip(skipped).collect();
    let rest: String = stop.does_not.chars().take(60).collect();
    let before = if skipped > 0 { "…" } else { "" };
    format!("\u{bb}{before}{fits}\u{ab} and not from \u{bb}{rest}\u{ab}")
}
