//! `guru report` and `guru ticket`: documents for people who do not sit at a terminal. In: an incident or a stretch of
//! time; out: HTML in a file, Markdown or plain text on stdout. What they say comes from the history alone.

use clap::ValueEnum;

use super::common::{self, Common};
use super::{Outcome, file, kin, remember, when};
use crate::error::{Error, Kind, Result};
use crate::model::stamp::MINUTE;
use crate::model::{Incident, Review, Stamp};
use crate::store::Store;
use crate::view;

/// How long a report looks back when nobody says.
const WEEK: i64 = 7 * 24 * 60 * MINUTE;
/// So many incidents, worst first, are compared with the history.
const COMPARED: usize = 50;
/// What is shown beside one incident, at least.
const BESIDE: i64 = 30 * MINUTE;

/// How a report is written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For a mail; of one incident, the draft of a post-mortem
    Markdown,
}

/// How a ticket is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TicketOutput {
    /// Plain text, for a mail or a form
    #[default]
    Text,
    /// Markdown
    Markdown,
}

/// Arguments of `guru report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number of one incident; without it, all of the time
    #[arg(value_name = "ID")]
    id: Option<u32>,
    /// From this moment on, or so long back: 7d [default: the last week of the history]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Up to this moment
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Write one HTML file that needs no network and no script; - for stdout
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Write to stdout [default: markdown, unless --html says where else]
    #[arg(long, value_enum)]
    output: Option<Output>,
}

/// Arguments of `guru ticket`.
#[derive(Debug, clap::Args)]
pub struct TicketArgs {
    /// Number of the incident
    #[arg(value_name = "ID")]
    id: u32,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    output: TicketOutput,
}

/// `guru report`.
pub fn run(args: &Args, common: &Common) -> Outcome {
    if args.html.as_deref() == Some("-") && args.output.is_some() {
        return Err(Error::new(Kind::Usage, "--html - and --output both write to standard output")
            .hint("name a file: --html week.html --output markdown"));
    }
    let store = Store::open_read_only(&common.store_path())?;
    let review = review(&store, args)?;
    let style = common.style()?;
    match args.html.as_deref() {
        Some("-") => common::print(&view::html(&review, &style))?,
        Some(path) => {
            file::replace(path, view::html(&review, &style).as_bytes())?;
            let incidents = review.incidents.len();
            let noun = if incidents == 1 { "incident" } else { "incidents" };
            common.say(&format!("report: {incidents} {noun} in {}\n", view::Plain::of(path)));
        }
        None => {}
    }
    if args.output.is_some() || args.html.is_none() {
        common::print(&match args.id {
            Some(_) => view::postmortem(&review, &style),
            None => view::weekly(&review, &style),
        })?;
    }
    Ok(0)
}

/// `guru ticket`.
pub fn ticket(args: &TicketArgs, common: &Common) -> Outcome {
    let store = Store::open_read_only(&common.store_path())?;
    let dossier = store.dossier(args.id)?;
    let style = common.style()?;
    common::print(&match args.output {
        TicketOutput::Text => view::ticket(&dossier, &style),
        TicketOutput::Markdown => view::ticket_markdown(&dossier, &style),
    })?;
    Ok(0)
}

fn review(store: &Store, args: &Args) -> Result<Review> {
    let now = Stamp(chrono::Utc::now().timestamp_micros());
    let since = args.since.as_deref().map(|text| back(text, now)).transpose()?;
    let until = args.until.as_deref().map(|text| when::parse(text, now)).transpose()?;
    let about = args.id.map(|id| store.resolve_id(id)).transpose()?;
    let (from, to) = match about {
        Some(id) => around(&store.incident(id)?),
        None => last_week(store, since, until, now)?,
    };
    let (from, to) = (since.unwrap_or(from), until.unwrap_or(to));
    if from > to {
        return Err(Error::new(Kind::Usage, "the report would end before it begins: --since is later than --until")
            .hint("write --since 7d, or --since 2026-11-01 --until 2026-11-08"));
    }
    let mut review = store.review(from, to, about)?;
    for (n, i) in review.incidents.iter_mut().enumerate() {
        remember::advise(i, store)?;
        if n < COMPARED {
            kin::tell(i, store)?;
        }
    }
    Ok(review)
}

/// A moment, or how long ago.
fn back(text: &str, now: Stamp) -> Result<Stamp> {
    when::duration(text).map(|us| now - us).or_else(|_| when::parse(text, now))
}

/// An incident and something of the time beside it.
fn around(i: &Incident) -> (Stamp, Stamp) {
    let beside = (i.closed_at.since(i.opened_at).unwrap_or(0) / 2).clamp(BESIDE, 24 * 60 * MINUTE);
    (i.opened_at - beside, i.closed_at + beside)
}

/// The last seven days of the history, or of what was asked for.
fn last_week(store: &Store, since: Option<Stamp>, until: Option<Stamp>, now: Stamp) -> Result<(Stamp, Stamp)> {
    let known = store.span()?;
    let to = match (until, since, known) {
        (Some(until), ..) => until,
        (None, None, Some(span)) => span.to,
        _ => now,
    };
    let from = match known {
        // A history that is younger than a week begins when it begins.
        Some(span) if span.from <= to => (to - WEEK).max(span.from),
        _ => to - WEEK,
    };
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_is_a_duration_or_a_moment() {
        let now = Stamp(1_795_196_946_000_000);
        assert_eq!(back("7d", now).unwrap(), now - WEEK);
        assert_eq!(back("2h ago", now).unwrap(), now - 120 * MINUTE);
        assert_eq!(back("@1795196946", now).unwrap(), now);
        assert!(back("soonish", now).is_err());
    }
}
