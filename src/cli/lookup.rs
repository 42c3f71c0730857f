//! `guru lookup`: one request's whole story. In: an XID, a URL or an address, and the logs that may tell of it; out: the
//! stories on stdout. Without logs the history is asked, which knows the failed fetches.

use std::collections::HashMap;

use clap::ValueEnum;

use super::common::{self, Common};
use super::input::{self, Input};
use super::{Outcome, events};
use crate::classify::Rules;
use crate::error::{Error, Kind, Result};
use crate::model::{Evidence, Failure, Judged, Lookup, Question, Stamp, Step, Story};
use crate::pipeline::{self, History, Looked, Plan};
use crate::source::{Progress, Trouble};
use crate::store::{Inquiry, Store};
use crate::view;

const ABOUT: &str = "\
Without logs the history is asked, which keeps failed fetches. With logs every
request is found, also one that went well: the client's request, its fetches,
retries, restarts and ESI includes, and what the web server logged of them.

An XID is the number on a Guru Meditation page, of the client's request or of
the fetch. A URL without query stands for any query, without host for any host.
An address is that of a client, or of a backend with or without its port.";

/// How the stories are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Text, the newest stories whole
    #[default]
    Table,
    /// One JSON object with all of them
    Json,
}

/// Arguments of `guru lookup`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub struct Args {
    /// The XID of an error page, a URL, or the address of a client or a backend
    #[arg(value_name = "XID|URL|ADDRESS")]
    pub what: String,
    /// What to read, and how.
    #[command(flatten)]
    pub input: Input,
    /// Only requests for this host
    #[arg(long, value_name = "HOST", default_value = "", hide_default_value = true)]
    pub host: String,
    /// How to write the stories
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let style = common.style()?;
    let question = Question::parse(&args.what).ok_or_else(|| {
        Error::new(Kind::Usage, format!("\"{}\" is no XID, URL or address", args.what))
            .hint("an XID is the number on the error page: guru lookup 98307")
            .hint("a URL has a slash: guru lookup /cart, guru lookup https://www.shop.example/cart")
            .hint("an address is one of IP: guru lookup 192.0.2.7, guru lookup 10.0.0.11:8080")
    })?;
    let (found, code) = match args.input.specs()?.is_empty() {
        true => (in_history(question, args, common)?, 0),
        false => in_logs(&question, args, common)?,
    };
    common::print(&match args.output {
        Output::Table => view::lookup(&found, &style),
        Output::Json => view::lookup_json(&found),
    })?;
    Ok(code)
}

/// What the logs tell.
fn in_logs(question: &Question, args: &Args, common: &Common) -> Result<(Lookup, u8)> {
    let library = args.input.library(common)?;
    let rules = super::known::rules(&library)?;
    let resolved = args.input.find("lookup")?;
    let progress = Progress::new();
    let history = |_| History::default();
    let job = args.input.job(resolved.files.clone(), &library, &rules, progress.clone(), &history)?;
    let bar = super::bar::Bar::start(progress, resolved.files.iter().map(|f| f.size).sum(), common.quiet);
    let mut troubles: Vec<Trouble> = Vec::new();
    let told = |plan: &Plan<'_>| {
        input::tell_taken(&events::taken(plan), &plan.empty, common);
        troubles.clone_from(&plan.troubles);
    };
    let looked = pipeline::lookup(&job, question, args.host.as_bytes(), told);
    bar.finish();
    let nothing = |e| Error::new(Kind::Source, format!("The logs cannot be searched: {e}"));
    let Looked { mut lookup, stream } = looked.map_err(nothing)?;
    troubles.extend(stream.troubles.iter().cloned());
    input::tell_troubles(resolved.troubles.iter().chain(&troubles), common);
    if stream.sources.is_empty() {
        input::nothing_read("lookup XID", "look up", &resolved, troubles.len())?;
    }
    number(&mut lookup, common);
    let read = |path: &str| stream.sources.iter().any(|s| s.file == path);
    Ok((lookup, args.input.exit_code(&troubles, &resolved, read)))
}

/// Names the incident of each failed fetch that the history knows. A history that cannot be asked costs only that.
fn number(lookup: &mut Lookup, common: &Common) {
    let failed = || lookup.stories.iter().flat_map(|s| &s.steps).any(|s| s.failed.is_some());
    let Some(store) = failed().then(|| Store::open_read_only(&common.store_path()).ok()).flatten() else { return };
    let steps = lookup.stories.iter_mut().flat_map(|s| &mut s.steps);
    for judged in steps.filter_map(|s| s.failed.as_mut()) {
        judged.incident = store.incident_of(&[judged.failure.id]).ok().flatten();
    }
}

/// What the history tells.
fn in_history(question: Question, args: &Args, common: &Common) -> Result<Lookup> {
    let store = Store::open_read_only(&common.store_path())
        .map_err(|e| e.hint(format!("or name the logs: guru lookup {} /path/to/logs", args.what)))?;
    let (since, until) = args.input.span(Stamp(chrono::Utc::now().timestamp_micros()))?;
    let (words, kind) = (question.words(), question.kind());
    let answers = store.lookup(&Inquiry { question, host: args.host.clone(), since, until })?;
    let ids: Vec<u64> = answers.failures.iter().map(|f| f.id).collect();
    let stories = in_order(answers.failures, store.evidence(&ids)?);
    let mut searched = answers.searched;
    searched.history = Some(store.path().display().to_string());
    Ok(Lookup { question: words, kind, searched, stories, older: answers.older })
}

/// A story for each failed fetch; what explains one of an upper tier is told after it, when both were found.
fn in_order(failures: Vec<Failure>, mut evidence: HashMap<u64, Evidence>) -> Vec<Story> {
    let place: HashMap<u64, usize> = failures.iter().enumerate().map(|(n, f)| (f.id, n)).collect();
    let above = |f: &Failure| f.told_in.and_then(|id| place.get(&id)).copied();
    // There are four tiers.
    let top = |n: usize| (0..4).fold(n, |n, _| above(&failures[n]).unwrap_or(n));
    let tops: Vec<usize> = (0..failures.len()).map(top).collect();
    let mut stories: Vec<Story> = vec![Story::default(); failures.len()];
    for (n, failure) in failures.into_iter().enumerate() {
        let evidence = evidence.remove(&failure.id).unwrap_or_default();
        let means = Rules::embedded()
            .explanation(failure.ruling.cause)
            .map(|e| e.means_to([&*failure.program.lossy()].into_iter()))
            .unwrap_or_default();
        let incident = Some(failure.incident).filter(|id| *id > 0);
        let at = if tops[n] == n { 0 } else { stories[tops[n]].steps.len() };
        stories[tops[n]].steps.insert(at, Step::failed(Judged { failure, evidence, means, incident }));
    }
    stories.retain(|s| !s.steps.is_empty());
    stories
}
