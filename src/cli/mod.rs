//! Commands: arguments to calls of the rooms. In: the command line; out: text on stdout, talk on stderr, an exit code.
//! The only room that may go everywhere. stdout is data, stderr is talk; one file per command.

mod alert;
mod analyze;
mod ask;
mod bar;
mod change;
mod common;
mod config;
mod decide;
mod events;
mod explain;
mod file;
mod form;
mod formats;
mod import;
mod input;
mod keep;
mod kin;
mod known;
mod lookup;
mod questions;
mod remember;
mod report;
mod size;
mod sources;
mod standard;
mod tail;
mod whatif;
mod when;

pub mod history;
pub mod notify;
pub mod outbox;
pub mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// Finds every failed backend fetch in the logs of CDNs, Varnish, proxies and web servers, says why, shows what the
/// origin saw, and remembers.
#[derive(Debug, Parser)]
#[command(name = "guru", version, about, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: common::Common,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // parsed once per process
enum Command {
    /// Read logs, link failed fetches to what the origin saw, name causes, group incidents, remember them
    Analyze(analyze::Args),
    /// Follow logs live: what fails now, why, and what to do
    Tail(tail::Args),
    /// Write every event of the logs as one line of normalised JSON
    Events(events::Args),
    /// List and search the history
    Incidents(remember::List),
    /// Show one incident, whole: the open one, else the newest
    Show(remember::Show),
    /// Record what you did about an incident, and whether it worked
    Resolve(history::ResolveArgs),
    /// Add a note to an incident
    Note(history::NoteArgs),
    /// Make one incident of two, for good
    Merge(decide::Merge),
    /// Make several incidents of one, for good: by cause, backend, host or URL
    Split(decide::Split),
    /// Give an incident a name of your own
    Rename(decide::Rename),
    /// Record what changed: by hand, or from git, package managers, cron and calendars
    Change(change::Args),
    /// Ask the history a question: a saved one by its name, or your own in SQL
    Ask(ask::Args),
    /// Write a report: an HTML file, or Markdown for a mail or a post-mortem
    Report(report::Args),
    /// Write what a hosting provider needs to know of an incident, without secrets and addresses of visitors
    Ticket(report::TicketArgs),
    /// Say what another limit would have spared: whatif 3 first_byte_timeout=90s
    Whatif(whatif::Args),
    /// Tell one request's whole story: by the XID of its error page, its URL, or an address
    Lookup(lookup::Args),
    /// Explain a cause, or a message pasted from a log or an error page
    Explain(explain::Args),
    /// Say which log formats are known, or what a file is
    Formats(formats::Args),
    /// Show the configuration: whom `guru tail` calls, and when
    Config(config::Args),
    /// Try out whether calls for help get through
    Alert(alert::Args),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // clap's own: help and version end well, everything else is a usage error.
            let code = if e.use_stderr() { 2 } else { 0 };
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    let outcome = match cli.command {
        Command::Analyze(args) => analyze::run(&args, &cli.common),
        Command::Tail(args) => tail::run(&args, &cli.common),
        Command::Events(args) => events::run(&args, &cli.common),
        Command::Incidents(args) => remember::incidents(&args, &cli.common),
        Command::Show(args) => remember::show(&args, &cli.common),
        Command::Resolve(args) => remember::resolve(&args, &cli.common),
        Command::Note(args) => remember::note(&args, &cli.common),
        Command::Merge(args) => decide::merge(&args, &cli.common),
        Command::Split(args) => decide::split(&args, &cli.common),
        Command::Rename(args) => decide::rename(&args, &cli.common),
        Command::Change(args) => change::run(&args, &cli.common),
        Command::Ask(args) => ask::run(&args, &cli.common),
        Command::Report(args) => report::run(&args, &cli.common),
        Command::Ticket(args) => report::ticket(&args, &cli.common),
        Command::Whatif(args) => whatif::run(&args, &cli.common),
        Command::Lookup(args) => lookup::run(&args, &cli.common),
        Command::Explain(args) => explain::run(&args, &cli.common),
        Command::Formats(args) => formats::run(&args, &cli.common),
        Command::Config(args) => config::run(&args, &cli.common),
        Command::Alert(args) => alert::run(&args, &cli.common),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            common::complain(&e, &cli.common);
            ExitCode::from(e.kind.exit_code())
        }
    }
}

/// What a command answers: an exit code, or an error that says what to do.
type Outcome = Result<u8, Error>;
