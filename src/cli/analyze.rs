//! `guru analyze`: archives to a report. In: paths and options; out: the report on stdout, what was recognised on
//! stderr, the history in the store.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use clap::ValueEnum;

use super::common::{self, Common};
use super::keep::Keeper;
use super::{Outcome, when};
use crate::classify::Rules;
use crate::error::{Error, Kind, Result};
use crate::grammar::Library;
use crate::model::{Stamp, stamp::SECOND};
use crate::pipeline::{self, Analysis, Forced, Job};
use crate::source::{PathSpec, Progress, Resolved, resolve, standard_folders};
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
    /// Files, folders, quoted globs or - ; a role may stand before: cache=varnish.log origin=nginx/
    #[arg(value_name = "[ROLE=]PATH")]
    pub paths: Vec<String>,
    /// Name the node that wrote a path: --node web1=logs/a.log
    #[arg(long, value_name = "NAME=PATH")]
    pub node: Vec<String>,
    /// Only events from here on: 2h ago, 2026-11-20 17:49, @1795196946
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only events up to here
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Read files as this format, all or those whose path matches: nginx-combined, nginx-main=*shop*
    #[arg(long, value_name = "NAME[=GLOB]")]
    pub format: Vec<String>,
    /// An nginx log_format as it stands in nginx.conf
    #[arg(long, value_name = "STRING")]
    pub log_format: Vec<String>,
    /// Zone of logs that do not name theirs: +02:00, Europe/Berlin, web1=UTC
    #[arg(long, value_name = "[NODE=]ZONE")]
    pub log_tz: Vec<String>,
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
    /// Threads [default: one per processor]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub jobs: usize,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let begun = Instant::now();
    let style = common.style()?;
    let library = library(args)?;
    let resolved = find(args, common)?;
    let progress = Progress::new();
    let keeper = Keeper::open(args.no_store, when::duration(&args.gap)?, common);
    let (store, gap_us) = keeper.shared();
    let history = move |span| Keeper::recall(store, gap_us, span);
    let job = job(args, resolved.files.clone(), &library, progress.clone(), &history)?;
    let bar = super::bar::Bar::start(progress, resolved.files.iter().map(|f| f.size).sum(), common.quiet);
    let mut analysis = pipeline::run(&job);
    bar.finish();
    analysis.report.took_ms = begun.elapsed().as_millis() as u64;
    tell_sources(&analysis, &resolved, common);
    nothing_read(&analysis, &resolved)?;
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
    Ok(exit_code(&analysis, &resolved, args))
}

/// Damage and unreadable sources count; files of a folder that are no logs do not.
fn exit_code(analysis: &Analysis, resolved: &Resolved, args: &Args) -> u8 {
    if analysis.report.store.as_ref().is_some_and(|s| s.error.is_some()) {
        return Kind::Store.exit_code();
    }
    let named = |path: &str| args.paths.iter().any(|p| PathSpec::parse(p).path == path);
    let read = |path: &str| analysis.report.sources.iter().any(|s| s.file == path);
    let damaged = analysis.troubles.iter().any(|t| read(&t.path) || named(&t.path));
    if damaged || !resolved.troubles.is_empty() { Kind::Source.exit_code() } else { 0 }
}

fn library(args: &Args) -> Result<Library> {
    let mut library = Library::embedded();
    for (n, format) in args.log_format.iter().enumerate() {
        library.add_log_format(&format!("log-format-{}", n + 1), format)?;
    }
    Ok(library)
}

/// The files to read: those that were named, or the standard folders.
fn find(args: &Args, common: &Common) -> Result<Resolved> {
    let mut specs: Vec<PathSpec> = args.paths.iter().map(|p| PathSpec::parse(p)).collect();
    for node in &args.node {
        let spec = PathSpec::parse_node(node).ok_or_else(|| {
            Error::new(Kind::Usage, format!("--node {node} names no node and path")).hint("write --node web1=PATH")
        })?;
        specs.push(spec);
    }
    if specs.is_empty() {
        let standard = standard_folders();
        for t in &standard.unreadable {
            common.say(&format!("{} {}\n", t.path, t.why));
            t.hint.iter().for_each(|h| common.say(&format!("  {h}\n")));
        }
        for spec in &standard.found {
            common.say(&format!("reading {}\n", spec.path));
        }
        if standard.found.is_empty() {
            return Err(Error::new(Kind::Nothing, "There are no logs in the standard folders")
                .hint("name files or folders: guru analyze /path/to/logs")
                .hint("record what Varnish holds now: varnishlog -d -g request > varnish.log"));
        }
        specs = standard.found;
    }
    Ok(resolve(&specs))
}

fn job<'a>(
    args: &Args,
    files: Vec<crate::source::Found>,
    library: &'a Library,
    progress: std::sync::Arc<Progress>,
    history: &'a pipeline::AskHistory<'a>,
) -> Result<Job<'a>> {
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    let moment = |w: &Option<String>| w.as_ref().map_or(Ok(Stamp::NONE), |w| when::parse(w, now));
    let mut formats = Vec::new();
    for f in &args.format {
        let (name, glob) = f.split_once('=').map_or((f.as_str(), None), |(n, g)| (n, Some(g)));
        library.named(name)?;
        let paths = glob.map(glob::Pattern::new).transpose().map_err(|e| {
            Error::new(Kind::Usage, format!("--format {f}: {e}")).hint("write --format nginx-main='*shop*'")
        })?;
        formats.push(Forced { name: name.into(), paths });
    }
    Ok(Job {
        files,
        formats,
        known: library,
        rules: Rules::embedded(),
        since: moment(&args.since)?,
        until: moment(&args.until)?,
        gap_us: when::duration(&args.gap)?,
        jobs: args.jobs,
        chunk: 4 << 20,
        log_zones: args.log_tz.iter().map(|z| log_zone(z)).collect::<Result<_>>()?,
        offsets: args.offset.iter().map(|o| offset(o)).collect::<Result<_>>()?,
        progress: Some(progress),
        history,
    })
}

fn log_zone(text: &str) -> Result<(Option<String>, i32)> {
    let (node, zone) = text.split_once('=').map_or((None, text), |(n, z)| (Some(n.to_string()), z));
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    Ok((node, view::Zone::parse(zone)?.offset(now) as i32))
}

fn offset(text: &str) -> Result<(String, i64)> {
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
    let style = common.talk_style();
    let sure = analysis.report.sources.iter().zip(&analysis.confidences);
    let taken: Vec<view::Recognition> = sure.map(|(s, c)| view::Recognition::of(s, *c)).collect();
    common.say(&view::recognition(&taken, &style));
    const SHOWN: usize = 8;
    for path in analysis.empty.iter().take(SHOWN) {
        common.say(&format!("{}  empty\n", view::Plain::of(path).as_str()));
    }
    if analysis.empty.len() > SHOWN {
        common.say(&format!("… and {} more empty files\n", analysis.empty.len() - SHOWN));
    }
    for t in resolved.troubles.iter().chain(&analysis.troubles) {
        let mut e = Error::new(Kind::Source, format!("{} {}", t.path, t.why));
        e.hints.extend(t.hint.clone());
        common.say(&view::error(&e, &style));
    }
}

fn nothing_read(analysis: &Analysis, resolved: &Resolved) -> Result<()> {
    let troubles = analysis.troubles.len() + resolved.troubles.len();
    if !analysis.report.sources.is_empty() || analysis.outside > 0 || (troubles == 0 && !resolved.files.is_empty()) {
        return Ok(());
    }
    if resolved.files.is_empty() {
        return Err(Error::new(Kind::Nothing, "No file was found: there is nothing to analyse")
            .hint("name files or folders: guru analyze /path/to/logs"));
    }
    Err(Error::new(Kind::Nothing, "No file was recognised: there is nothing to analyse")
        .hint("see which formats are known: guru formats list")
        .hint("name the format of a file: guru analyze --format nginx-combined PATH")
        .hint("give a format of your own as it stands in nginx.conf: --log-format '$remote_addr …'"))
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
