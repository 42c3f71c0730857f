//! The commands that ask the history or write into it: `incidents`, `show`, `resolve`, `note`. In: their arguments and
//! an open store; out: what is to be printed. They print nothing themselves and read no log.

use clap::{Args, ValueEnum};

use crate::error::{Error, Kind, Result};
use crate::model::incident::{Incident, State};
use crate::model::stamp::Stamp;
use crate::store::{Filter, Store, Worked};

/// Lists and searches the history.
#[derive(Args, Clone, Debug, Default)]
pub struct IncidentsArgs {
    /// Words that all occur in name, title, service, causes, trigger, fix, notes or a change shortly before or during it
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Still going on at or after this moment (`2h ago`, ISO, `@unix`)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Opened at or before this moment
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only in this state: open, recovering, recurring, resolved, closed
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub state: Option<State>,
    /// Only with this cause (timeout.first_byte) or family of causes (timeout)
    #[arg(long, value_name = "CAUSE")]
    pub cause: Option<String>,
    /// Only of this service
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Only with failed fetches for this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only with failed fetches of URLs whose path begins so (/cart)
    #[arg(long, value_name = "PATH")]
    pub url: Option<String>,
}

/// Shows one incident, whole.
#[derive(Args, Clone, Debug, Default)]
pub struct ShowArgs {
    /// Number of the incident; without it the open one, else the newest
    #[arg(value_name = "ID")]
    pub id: Option<u32>,
}

/// Records what was done about an incident.
#[derive(Args, Clone, Debug)]
pub struct ResolveArgs {
    /// Number of the incident
    #[arg(value_name = "ID")]
    pub id: u32,
    /// What you did, in a few words
    #[arg(value_name = "WHAT YOU DID")]
    pub what: String,
    /// Did it work?
    #[arg(long, value_name = "ANSWER")]
    pub worked: Option<WorkedArg>,
    /// When you did it: `10 min ago`, `2026-11-20 03:22`; now when not said
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
}

/// Adds a note to an incident.
#[derive(Args, Clone, Debug)]
pub struct NoteArgs {
    /// Number of the incident
    #[arg(value_name = "ID")]
    pub id: u32,
    /// The note; several words need no quotes
    #[arg(value_name = "TEXT", required = true, num_args = 1..)]
    pub text: Vec<String>,
}

/// Whether a fix worked.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkedArg {
    /// It did
    Yes,
    /// It did not
    No,
    /// Not known yet
    Unknown,
}

fn state(word: &str) -> std::result::Result<State, String> {
    State::parse(word).ok_or_else(|| "states are open, recovering, recurring, resolved, closed".to_string())
}

/// The incidents that `guru incidents` lists, newest first. `moment` reads a time as the user writes it.
pub fn incidents(store: &Store, args: &IncidentsArgs, moment: &dyn Fn(&str) -> Result<Stamp>) -> Result<Vec<Incident>> {
    let read = |text: &Option<String>| text.as_deref().map(moment).transpose();
    store.incidents(&Filter {
        since: read(&args.since)?,
        until: read(&args.until)?,
        words: args.words.iter().flat_map(|w| w.split_whitespace()).map(str::to_string).collect(),
        state: args.state,
        cause: args.cause.clone(),
        service: args.service.clone(),
        host: args.host.clone(),
        url: args.url.clone(),
    })
}

/// The incident that `guru show` prints; its advice is still empty.
pub fn show(store: &Store, args: &ShowArgs) -> Result<Incident> {
    let id = match args.id {
        Some(id) => id,
        None => store.current()?.ok_or_else(|| {
            Error::new(Kind::Usage, format!("there is no incident yet in {}", store.path().display()))
                .hint("guru analyze LOGS finds them")
        })?,
    };
    store.incident(id)
}

/// Records a fix; returns the incident and the line that confirms it.
pub fn resolve(
    store: &mut Store,
    args: &ResolveArgs,
    moment: &dyn Fn(&str) -> Result<Stamp>,
) -> Result<(Incident, String)> {
    let worked = args.worked.map(|w| match w {
        WorkedArg::Yes => Worked::Yes,
        WorkedArg::No => Worked::No,
        WorkedArg::Unknown => Worked::Unknown,
    });
    let at = args.at.as_deref().map(moment).transpose()?;
    let id = store.resolve(args.id, &args.what, worked, at)?;
    let i = store.incident(id)?;
    let answer = match i.worked.as_deref() {
        Some("yes") => "it worked",
        Some("no") => "it did not work",
        Some(_) => "whether it worked is not known yet",
        None => "say whether it worked with --worked yes|no|unknown",
    };
    let line = format!("{}: fix recorded, {answer}    guru show {}", named(args.id, &i), i.id);
    Ok((i, line))
}

/// Adds a note; returns the incident and the line that confirms it.
pub fn note(store: &mut Store, args: &NoteArgs) -> Result<(Incident, String)> {
    let id = store.note(args.id, &args.text.join(" "))?;
    let i = store.incident(id)?;
    let line = format!("{}: note {} recorded    guru show {}", named(args.id, &i), i.notes.len(), i.id);
    Ok((i, line))
}

/// `incident 41 (shop: …)`, naming the id that was asked for when it is an alias.
fn named(asked: u32, i: &Incident) -> String {
    if asked == i.id {
        format!("incident {} ({})", i.id, i.title)
    } else {
        format!("incident {} ({}), which {asked} is part of", i.id, i.title)
    }
}
