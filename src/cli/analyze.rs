//! `guru analyze`: archives to a report. In: paths and options; out: the report on stdout, what was recognised on
//! stderr, the history in the store.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use clap::ValueEnum;

use super::common::{self, Common};
use super::input::{self, Input};
use super::keep::Keeper;
use super::sources::Sources;
use super::{Outcome, when};
use crate::classify::Rules;
use crate::error::{Error, Kind, Result};
use crate::grammar::Library;
use crate::model::stamp::SECOND;
use crate::pipeline::{self, Analysis, Job};
use crate::source::{Progress, Resolved};
use crate::view;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One screen of text
    #[default]
    Table,
    /// The whole report as one JSON object
    Json,
    /// One JSON object per line: the report, then each incident
    Ndjson,
}

/// Arguments of `guru analyze`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to read, and how.
    #[command(flatten)]
    pub input: Input,
    /// Read what a running Varnish holds, by the name of its instance (varnishd -n) when it has one
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub varnish: Option<String>,
    /// A node's clock against the true time: web1=+2.5s
    #[arg(long, value_name = "NODE=OFFSET", allow_hyphen_values = true)]
    pub offset: Vec<String>,
    /// Longest silence inside one incident
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub gap: String,
    /// How to write the report
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Write one JSON object per failed fetch to this file, - for stdout instead of the report
    #[arg(long, value_name = "FILE")]
    pub fetches: Option<String>,
    /// Keep nothing
    #[arg(long)]
    pub no_store: bool,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let begun = Instant::now();
    let style = common.style()?;
    let library = args.input.library(common)?;
    let mut sources = Sources::find(&args.input, args.varnish.as_ref(), common)?;
    let progress = Progress::new();
    let keeper = Keeper::open(args.no_store, when::duration(&args.gap)?, common);
    let (store, gap_us) = keeper.shared();
    let history = move |span| Keeper::recall(store, gap_us, span);
    let rules = super::known::rules(&library)?;
    let files = sources.resolved.files.clone();
    let bytes = files.iter().map(|f| f.size).sum();
    let job = job(args, files, &library, &rules, progress.clone(), &history)?;
    let bar = super::bar::Bar::start(progress, bytes, common.quiet);
    let mut analysis = pipeline::run(&job);
    bar.finish();
    analysis.report.took_ms = begun.elapsed().as_millis() as u64;
    sources.close(&mut analysis.empty, common);
    tell_sources(&analysis, &sources.resolved, common);
    if analysis.report.sources.is_empty() && analysis.outside == 0 {
        sources.nothing_read(analysis.troubles.len())?;
    }
    let numbers = keeper.keep(&mut analysis, common);
    let broken = analysis.report.violated_laws();
    write_fetches(args, &analysis, &numbers)?;
    if args.fetches.as_deref() != Some("-") {
        common::print(&match args.output {
            Output::Table => view::report(&analysis.report, &style),
            Output::Json => view::json(&analysis.report),
            Output::Ndjson => view::ndjson(&analysis.report),
        })?;
    }
    if !broken.is_empty() {
        return Err(Error::new(Kind::Bug, format!("guru's own figures do not add up: {}", broken.join("; ")))
            .hint("this is a bug: please report it with the command and this message"));
    }
    Ok(exit_code(&analysis, &sources.resolved, args))
}

fn exit_code(analysis: &Analysis, resolved: &Resolved, args: &Args) -> u8 {
    if analysis.report.store.as_ref().is_some_and(|s| s.error.is_some()) {
        return Kind::Store.exit_code();
    }
    let read = |path: &str| analysis.report.sources.iter().any(|s| s.file == path);
    args.input.exit_code(&analysis.troubles, resolved, read)
}

fn job<'a>(
    args: &Args,
    files: Vec<crate::source::Found>,
    library: &'a Library,
    rules: &'a Rules,
    progress: std::sync::Arc<Progress>,
    history: &'a pipeline::AskHistory<'a>,
) -> Result<Job<'a>> {
    Ok(Job {
        gap_us: when::duration(&args.gap)?,
        offsets: args.offset.iter().map(|o| offset(o)).collect::<Result<_>>()?,
        ..args.input.job(files, library, rules, progress, history)?
    })
}

/// Reads `NODE=+2.5s`: the node, and its clock against the true time in microseconds.
pub fn offset(text: &str) -> Result<(String, i64)> {
    let wrong =
        || Error::new(Kind::Usage, format!("--offset {text} is not NODE=SECONDS")).hint("write --offset web1=+2.5s");
    let (node, amount) = text.split_once('=').ok_or_else(wrong)?;
    let (sign, size) = match amount.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, amount.strip_prefix('+').unwrap_or(amount)),
    };
    let us = when::duration(size)
        .or_else(|_| size.parse::<f64>().map(|s| (s * SECOND as f64) as i64).map_err(|_| wrong()))?;
    Ok((node.to_string(), sign * us))
}

/// What each source was taken for, and what could not be read.
fn tell_sources(analysis: &Analysis, resolved: &Resolved, common: &Common) {
    let sure = analysis.report.sources.iter().zip(&analysis.confidences);
    let taken: Vec<view::Recognition> = sure.map(|(s, c)| view::Recognition::of(s, *c)).collect();
    input::tell_taken(&taken, &analysis.empty, common);
    input::tell_troubles(resolved.troubles.iter().chain(&analysis.troubles), common);
}

fn write_fetches(args: &Args, analysis: &Analysis, numbers: &std::collections::HashMap<u64, u32>) -> Result<()> {
    let Some(path) = &args.fetches else { return Ok(()) };
    let failed = |e: std::io::Error| {
        Error::new(Kind::Source, format!("Failed fetches cannot be written to {path}: {e}"))
            .hint("give a file in a folder that you may write to, or - for standard output")
    };
    let mut text: Box<dyn Write> = match path.as_str() {
        "-" => Box::new(std::io::stdout().lock()),
        file => Box::new(File::create(file).map_err(failed)?),
    };
    let mut out = BufWriter::new(&mut text);
    let here = analysis.failures.iter().filter(|f| !f.stored);
    for f in here {
        let line = view::failed_fetch(f, analysis.evidence.get(&f.id), numbers.get(&f.id).copied());
        match out.write_all(line.as_bytes()) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            other => other.map_err(failed)?,
        }
    }
    out.flush().map_err(failed)
}
