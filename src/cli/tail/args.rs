//! Arguments of `guru tail`. In: the command line and the configuration; out: settings. It must not open anything.

use clap::ValueEnum;

use super::super::common::Common;
use super::super::input::Input;
use super::super::{analyze, when};
use crate::alert::Tail as TailDefaults;
use crate::classify::Rules;
use crate::error::Result;
use crate::grammar::Library;
use crate::model::sink::Resume;
use crate::model::stamp::SECOND;
use crate::pipeline::{Job, TailSettings};
use crate::source::Progress;

/// What is written when stdout is not a screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A screen on a terminal, else plain lines
    #[default]
    Table,
    /// One JSON object per line: state, failure, gap, summary
    Ndjson,
}

/// Arguments of `guru tail`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to follow, and how.
    #[command(flatten)]
    pub input: Input,
    /// Follow a running Varnish, by the name of its instance (varnishd -n) when it has one
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub varnish: Option<String>,
    /// How long a failure waits for the origin's log line before its verdict is final [default: 2m]
    #[arg(long, value_name = "DURATION")]
    pub settle: Option<String>,
    /// Longest silence inside one incident [default: 5m]
    #[arg(long, value_name = "DURATION")]
    pub gap: Option<String>,
    /// A node's clock against the true time: web1=+2.5s
    #[arg(long, value_name = "NODE=OFFSET", allow_hyphen_values = true)]
    pub offset: Vec<String>,
    /// Write lines instead of a screen
    #[arg(long)]
    pub plain: bool,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// Serve metrics for Prometheus at this port or address, e.g. 9110
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<String>,
    /// Read this much of the end of each file before following it: 16M, 0, all
    #[arg(long, value_name = "BYTES", default_value = "16M", value_parser = bytes)]
    pub back: u64,
    /// Keep nothing
    #[arg(long)]
    pub no_store: bool,
}

impl Args {
    /// Known formats, with those of the command line.
    pub fn library(&self, common: &Common) -> Result<Library> {
        self.input.library(common)
    }

    /// True when there is nothing to wait for once standard input has ended.
    pub fn reads_only_stdin(&self) -> bool {
        self.varnish.is_none() && !self.input.paths.is_empty() && self.input.paths.iter().all(|p| p.ends_with('-'))
    }

    /// How the tail works.
    pub fn settings<'a>(
        &self,
        defaults: &TailDefaults,
        library: &'a Library,
        rules: &'a Rules,
        resume: Resume,
    ) -> Result<TailSettings<'a>> {
        let duration = |given: &Option<String>, otherwise: Option<i64>, usual: i64| match given {
            Some(text) => when::duration(text),
            None => Ok(otherwise.unwrap_or(usual)),
        };
        let job: Job<'_> = self.input.job(Vec::new(), library, rules, Progress::new(), &|_| Default::default())?;
        Ok(TailSettings {
            formats: job.formats,
            known: library,
            rules,
            gap_us: duration(&self.gap, defaults.gap.map(|s| s.0), 300 * SECOND)?,
            settle_us: duration(&self.settle, defaults.settle.map(|s| s.0), 120 * SECOND)?,
            since: job.since,
            log_zones: job.log_zones,
            offsets: self.offset.iter().map(|o| analyze::offset(o)).collect::<Result<_>>()?,
            each: self.output == Output::Ndjson,
            resume,
        })
    }
}

/// `16M`, `4096`, `all`.
fn bytes(text: &str) -> std::result::Result<u64, String> {
    if text == "all" {
        return Ok(u64::MAX);
    }
    crate::cli::size::bytes(text).ok_or_else(|| "write a number of bytes, as 16M, or all".into())
}
