//! `guru whatif`: what another limit would have spared. In: an incident of the history, or logs, and knobs with values;
//! out: how many of its failed fetches would not have happened, would have all the same, and of how many nobody knows.

use super::Outcome;
use super::common::{self, Common};
use super::history::{self, ShowArgs};
use super::when;
use crate::classify::{Limit, what_if};
use crate::error::{Error, Kind, Result};
use crate::model::whatif::WhatIf;
use crate::store::Store;
use crate::view;

/// Arguments of `guru whatif`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// An incident, then limits: 3 first_byte_timeout=90s http_max_hdr=128 [default: the open incident, else the newest]
    #[arg(value_name = "ID | KNOB=VALUE", required = true)]
    words: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A limit as it was asked about.
struct Asked {
    limit: Limit,
    value: i64,
    given: String,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let (id, knobs) = match args.words.split_first() {
        Some((first, rest)) if !first.contains('=') => (Some(number(first)?), rest),
        _ => (None, args.words.as_slice()),
    };
    let asked: Vec<Asked> = knobs.iter().map(|k| parse(k)).collect::<Result<_>>()?;
    if asked.is_empty() {
        return Err(Error::new(Kind::Usage, "no limit is given").hint("guru whatif 3 first_byte_timeout=90s"));
    }
    let store = Store::open_read_only(&common.store_path())?;
    let incident = history::show(&store, &ShowArgs { id })?;
    let failures = store.members(incident.id)?;
    let found: Vec<WhatIf> = asked.iter().map(|a| what_if(&failures, a.limit, a.value, &a.given)).collect();
    if args.json {
        common::print(&(serde_json::to_string_pretty(&found).unwrap_or_default() + "\n"))?;
    } else {
        common::print(&view::what_if(&incident, &found, &common.style()?))?;
    }
    Ok(0)
}

fn number(text: &str) -> Result<u32> {
    text.parse().map_err(|_| {
        Error::new(Kind::Usage, format!("\"{text}\" is neither an incident nor KNOB=VALUE"))
            .hint("guru incidents lists them; write first_byte_timeout=90s")
    })
}

fn parse(text: &str) -> Result<Asked> {
    let wrong = |why: String| {
        let knobs = Limit::ALL.map(|l| l.name).join(", ");
        Error::new(Kind::Usage, why).hint(format!("limits that can be asked about: {knobs}"))
    };
    let (name, value) = text.split_once('=').ok_or_else(|| wrong(format!("\"{text}\" has no value")))?;
    let limit = Limit::parse(name).ok_or_else(|| wrong(format!("\"{name}\" is no limit that guru can reckon with")))?;
    let value = if limit.knob.is_time() { time(value)? } else { size(value)? };
    Ok(Asked { limit, value, given: text.split_once('=').map_or("", |(_, v)| v).trim().to_string() })
}

/// A duration; a bare number is seconds, as in Varnish's parameters.
fn time(text: &str) -> Result<i64> {
    let us = duration(text.trim())?;
    if us <= 0 {
        return Err(Error::new(Kind::Usage, format!("\"{text}\" is no limit")).hint("write more than 0: 90s, 500ms"));
    }
    Ok(us)
}

fn duration(text: &str) -> Result<i64> {
    match text {
        _ if text.parse::<f64>().is_ok() => when::duration(&format!("{text}s")),
        _ => when::duration(text),
    }
}

/// `64k`, `32768`, `128`: bytes or lines, as Varnish reads them.
fn size(text: &str) -> Result<i64> {
    let fits = |n: u64| i64::try_from(n).ok().filter(|n| *n > 0);
    super::size::bytes(text)
        .and_then(fits)
        .ok_or_else(|| Error::new(Kind::Usage, format!("\"{text}\" is no size")).hint("write 64k, 32768 or 128"))
}
