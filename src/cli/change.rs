//! `guru change`: what changed and when. In: words, a filter, or records of other programs; out: changes in the history,
//! or a list of them. Reading records is the matter of `import`.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::Value;

use super::common::{self, Common};
use super::form::Form;
use super::import::{self, Import};
use super::{Outcome, when};
use crate::error::{Error, Kind, Result};
use crate::model::{Stamp, redact};
use crate::store::{ChangeFilter, Store};
use crate::view::{Grid, Plain};

/// Arguments of `guru change`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Record a change by hand
    Add(Add),
    /// List recorded changes, newest first
    List(List),
    /// Take changes from git, package managers, cron, syslog or a calendar; what is known already is not doubled
    Import(Import),
}

#[derive(Debug, ClapArgs)]
struct Add {
    /// What changed; several words need no quotes
    #[arg(value_name = "TEXT", required = true, num_args = 1..)]
    text: Vec<String>,
    /// When it was (`2h ago`, ISO, `@unix`) [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    at: Option<String>,
    /// What kind of change: deploy, vcl, setting, restart, reload, certificate, campaign …
    #[arg(long, value_name = "KIND", default_value = "change", value_parser = kind)]
    kind: String,
    /// Where it was [default: everywhere]
    #[arg(long, value_name = "NODE", default_value = "", hide_default_value = true)]
    node: String,
}

#[derive(Debug, ClapArgs)]
struct List {
    /// At or after this moment (`2h ago`, ISO, `@unix`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// At or before this moment
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Only of this kind
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<String>,
    /// Only on this node
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// How to write the list
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

/// Changes listed on one screen.
const ROWS: usize = 18;

/// A word that names a kind of change.
pub fn kind(word: &str) -> std::result::Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !word.is_empty() && word.len() <= 32 && word.chars().all(fits) {
        true => Ok(word.to_ascii_lowercase()),
        false => Err("a kind is one word of letters, such as deploy, restart or campaign".into()),
    }
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    match &args.action {
        Action::Add(args) => add(args, common),
        Action::List(args) => list(args, common),
        Action::Import(args) => import::run(args, common),
    }
}

/// The present.
pub fn now() -> Stamp {
    Stamp(chrono::Utc::now().timestamp_micros())
}

fn add(args: &Add, common: &Common) -> Outcome {
    let at = args.at.as_deref().map_or_else(|| Ok(now()), |text| when::parse(text, now()))?;
    let text = redact(args.text.join(" ").trim().as_bytes());
    if text.is_empty() {
        return Err(Error::new(Kind::Usage, "the text is empty").hint("guru change add 'what changed'"));
    }
    let mut store = Store::open(&common.store_path())?;
    let new = store.record_changes(&[(at, args.kind.clone(), args.node.clone(), text)])?;
    let zone = common.style()?.zone;
    let known = if new == 0 { " (known already)" } else { "" };
    let line = format!(
        "{} recorded at {} {}{known} in {}    guru change list",
        args.kind,
        zone.day_and_year(at),
        zone.second(at),
        store.path().display()
    );
    common::print(&format!("{}\n", Plain::of(&line)))?;
    Ok(0)
}

fn list(args: &List, common: &Common) -> Outcome {
    let moment = |text: &Option<String>| -> Result<Stamp> {
        text.as_deref().map_or(Ok(Stamp::NONE), |text| when::parse(text, now()))
    };
    let filter = ChangeFilter {
        since: moment(&args.since)?,
        until: moment(&args.until)?,
        kind: args.kind.clone(),
        node: args.node.clone(),
    };
    let mut found = Store::open_read_only(&common.store_path())?.changes(&filter)?;
    let all = found.len();
    let table = args.output == Form::Table;
    if table && !common.full {
        found.truncate(ROWS);
    }
    let zone = common.style()?.zone;
    let told = |at: Stamp| match table {
        true => format!("{} {}", zone.day_and_year(at), zone.second(at)),
        false => at.rfc3339(),
    };
    let row = |(at, kind, node, text): (Stamp, String, String, String)| -> Vec<Value> {
        vec![told(at).into(), kind.into(), node.into(), text.into()]
    };
    let rows: Vec<Vec<Value>> = found.into_iter().map(row).collect();
    let columns = ["at", "kind", "node", "text"].map(String::from);
    if table && rows.is_empty() {
        common::print(
            "No change matches, or none is recorded yet.\n\nguru change add 'what changed'    guru change import FILE\n",
        )?;
        return Ok(0);
    }
    let mut text = args.output.write(Grid { columns: &columns, rows: &rows }, common)?;
    if table {
        let more =
            if all > rows.len() { format!(", {} of them shown: --full for all", rows.len()) } else { String::new() };
        let changes = if all == 1 { "change" } else { "changes" };
        text += &format!("\n{all} {changes}{more}    guru ask changes-before-incidents\n");
    }
    common::print(&text)?;
    Ok(0)
}
