//! `guru merge`, `split`, `rename`: what people decide about incidents. In: ids and words; out: the decision carried out
//! and recorded, and a line for each incident that it is about. No later run undoes it.

use clap::{Args, ValueEnum};

use super::Outcome;
use super::common::{self, Common};
use crate::classify::Rules;
use crate::error::Result;
use crate::model::{Cause, SplitBy};
use crate::store::{Share, Store};
use crate::view::Plain;

/// Arguments of `guru merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// The incident that stays
    #[arg(value_name = "A")]
    pub into: u32,
    /// The incident that becomes part of it; its number goes on leading there
    #[arg(value_name = "B")]
    pub from: u32,
    /// Only say what would come of it
    #[arg(long)]
    pub dry_run: bool,
}

/// What an incident is split by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum By {
    /// The cause of the failed fetch
    Cause,
    /// The backend
    Backend,
    /// The host that was asked for
    Host,
    /// The part of the site: the first two segments of the path
    Url,
}

/// Arguments of `guru split`.
#[derive(Args, Debug)]
pub struct Split {
    /// Number of the incident
    #[arg(value_name = "ID")]
    pub id: u32,
    /// What to tell its failed fetches apart by; the largest part keeps the number, notes and fix
    #[arg(long, value_enum)]
    pub by: By,
    /// Only say what would come of it
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `guru rename`.
#[derive(Args, Debug)]
pub struct Rename {
    /// Number of the incident
    #[arg(value_name = "ID")]
    pub id: u32,
    /// Its name; several words need no quotes
    #[arg(value_name = "NAME", required = true, num_args = 1..)]
    pub name: Vec<String>,
}

/// `guru merge`.
pub fn merge(args: &Merge, common: &Common) -> Outcome {
    let mut store = Store::open_existing(&common.store_path())?;
    let share = store.merge(args.into, args.from, args.dry_run)?;
    let i = store.incident(share.id)?;
    let (is, holds) = if args.dry_run { ("would be", "would hold") } else { ("is", "holds") };
    say(&format!(
        "incident {} {is} part of incident {} ({}), which {holds} {} failed fetches{}",
        share.value,
        i.id,
        i.title,
        share.failures,
        next(args.dry_run, i.id)
    ))
}

/// `guru split`.
pub fn split(args: &Split, common: &Common) -> Outcome {
    let mut store = Store::open_existing(&common.store_path())?;
    let by = match args.by {
        By::Cause => SplitBy::Cause,
        By::Backend => SplitBy::Backend,
        By::Host => SplitBy::Host,
        By::Url => SplitBy::Url,
    };
    let rules = Rules::embedded();
    let words = |cause: &str| {
        let about = rules.explanation(Cause::named(cause));
        about.map_or_else(|| (cause.to_string(), String::new()), |e| (e.brief, e.means))
    };
    let shares = store.split(args.id, by, &words, args.dry_run)?;
    for (n, share) in shares.iter().enumerate() {
        let Share { id, value, failures } = share;
        let kept = if n == 0 { "keeps its number" } else { "new" };
        let id = if args.dry_run && n > 0 { "?".to_string() } else { id.to_string() };
        say(&format!("incident {id}: {} {value}, {failures} failed fetches, {kept}", by.word()))?;
    }
    match args.dry_run {
        true => say("nothing was changed: leave --dry-run away to split"),
        false => say(&format!("guru show {}    guru merge {} ID takes a part back", shares[0].id, shares[0].id)),
    }
}

/// `guru rename`.
pub fn rename(args: &Rename, common: &Common) -> Outcome {
    let mut store = Store::open_existing(&common.store_path())?;
    let id = store.rename(args.id, &args.name.join(" "))?;
    say(&format!("incident {id} is now called {}    guru show {id}", store.incident(id)?.title))
}

fn next(dry: bool, id: u32) -> String {
    if dry { "; nothing was changed".to_string() } else { format!("    guru show {id}") }
}

fn say(line: &str) -> Result<u8> {
    common::print(&format!("{}\n", Plain::of(line)))?;
    Ok(0)
}
