//! `guru incidents`, `show`, `resolve`, `note`: what the history says, and what people add to it. In: arguments; out:
//! text on stdout. Questions and answers are those of `history`; this opens the store and prints.

use clap::ValueEnum;

use super::common::{self, Common};
use super::history::{self, IncidentsArgs, NoteArgs, ResolveArgs, ShowArgs};
use super::{Outcome, kin, when};
use crate::classify::Rules;
use crate::error::Result;
use crate::model::{Cause, Incident, Stamp};
use crate::store::Store;
use crate::view;

/// How a list or an incident is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One screen of text
    #[default]
    Table,
    /// JSON
    Json,
    /// One JSON object per line (lists only)
    Ndjson,
    /// Comma-separated values (lists only)
    Csv,
    /// A Markdown table (lists only)
    Markdown,
}

/// Arguments of `guru incidents`.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    filter: IncidentsArgs,
    /// How to write the list
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Arguments of `guru show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    which: ShowArgs,
    /// How to write it: table or json
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// `guru incidents`.
pub fn incidents(args: &List, common: &Common) -> Outcome {
    let store = Store::open_read_only(&common.store_path())?;
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    let found = history::incidents(&store, &args.filter, &|text| when::parse(text, now))?;
    common::print(&match args.output {
        Output::Table => view::incident_list(&found, &common.style()?),
        Output::Json => view::incidents_json(&found),
        Output::Ndjson => view::incidents_ndjson(&found),
        Output::Csv => view::csv(&found),
        Output::Markdown => view::markdown(&found),
    })?;
    Ok(0)
}

/// `guru show`.
pub fn show(args: &Show, common: &Common) -> Outcome {
    let store = Store::open_read_only(&common.store_path())?;
    let mut incident = history::show(&store, &args.which)?;
    advise(&mut incident, &store)?;
    kin::tell(&mut incident, &store)?;
    common::print(&match args.output {
        Output::Json => view::incident_json(&incident),
        _ => view::incident(&incident, &common.style()?),
    })?;
    Ok(0)
}

/// `guru resolve`.
pub fn resolve(args: &ResolveArgs, common: &Common) -> Outcome {
    let mut store = Store::open_existing(&common.store_path())?;
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    let (_, line) = history::resolve(&mut store, args, &|text| when::parse(text, now))?;
    common::print(&format!("{}\n", view::Plain::of(&line).as_str()))?;
    Ok(0)
}

/// `guru note`.
pub fn note(args: &NoteArgs, common: &Common) -> Outcome {
    let mut store = Store::open_existing(&common.store_path())?;
    let (_, line) = history::note(&mut store, args)?;
    common::print(&format!("{}\n", view::Plain::of(&line).as_str()))?;
    Ok(0)
}

/// Advice is not stored: it comes from the cause's file as it is now.
pub(super) fn advise(incident: &mut Incident, store: &Store) -> Result<()> {
    if let Some(about) = Rules::embedded().explanation(Cause::named(&incident.cause)) {
        let members = store.members(incident.id)?;
        incident.advice = crate::pipeline::safe_advice(about.advice, incident, &members);
    }
    Ok(())
}
