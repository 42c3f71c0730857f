//! `guru alert test`: tries out whether calls for help get through. In: the name of a sink; out: what each receiver
//! answered. Nothing is stored, and nothing is tried again.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::{Args as ClapArgs, Subcommand};

use super::Outcome;
use super::common::{self, Common};
use crate::alert::{Config, Sink, sample};
use crate::error::{Error, Kind, Result};
use crate::model::alert::{Notice, NoticeKind};
use crate::view::Plain;

/// Arguments of `guru alert`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Send a test to one sink of the configuration, or to all
    Test {
        /// Name of the sink, or `all`
        #[arg(value_name = "SINK|all")]
        sink: String,
        /// Send the test's end too, so that a pager closes what it opened
        #[arg(long)]
        recover: bool,
    },
}

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let Action::Test { sink, recover } = &args.action;
    let config = common.config()?;
    for warning in &config.warnings {
        common.say(&format!("warning: {warning}\n"));
    }
    let mut failed = false;
    for sink in chosen(&config, sink)? {
        let kinds: &[NoticeKind] =
            if *recover { &[NoticeKind::Opened, NoticeKind::Recovered] } else { &[NoticeKind::Opened] };
        for kind in kinds {
            let begun = Instant::now();
            let answer = sink.send(&test_notice(*kind));
            failed |= answer.is_err();
            let what = match answer {
                Ok(()) => format!("taken after {} ms", begun.elapsed().as_millis()),
                Err(f) if f.retry => format!("not taken: {f} (guru tail would try again)"),
                Err(f) => format!("not taken: {f}"),
            };
            common::print(&format!("{} ({}), {}: {}\n", sink.name, sink.kind, kind.word(), Plain::of(&what)))?;
        }
    }
    Ok(u8::from(failed))
}

fn chosen<'c>(config: &'c Config, name: &str) -> Result<Vec<&'c Sink>> {
    let place = config.path.as_ref().map_or_else(|| "guru.toml".to_string(), |p| p.display().to_string());
    let names: Vec<&str> = config.sinks.iter().map(|s| s.name.as_str()).collect();
    if names.is_empty() {
        let what = match config.path {
            Some(_) => format!("no sink is configured in {place}"),
            None => "nothing is configured: there is no guru.toml".to_string(),
        };
        return Err(Error::new(Kind::Usage, what)
            .hint("add a [[alerts.sink]] to it; every key is shown with: guru config show --full")
            .hint("name the file with --config PATH"));
    }
    let found: Vec<&Sink> = config.sinks.iter().filter(|s| name == "all" || s.name == name).collect();
    if found.is_empty() {
        return Err(Error::new(Kind::Usage, format!("there is no sink \"{name}\" in {place}"))
            .hint(format!("there are: {}, and all", names.join(", "))));
    }
    Ok(found)
}

/// A notice that says of itself that it is a test; critical, because that is what must get through.
fn test_notice(kind: NoticeKind) -> Notice {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_micros()).ok());
    let group = "guru-test";
    let over = if kind == NoticeKind::Recovered { "over: " } else { "" };
    Notice {
        kind,
        // A key of its own for every test: receivers drop what they have seen.
        key: format!("{group}/{}/{}", now.unwrap_or(0), kind.word()),
        group: group.into(),
        severity: "critical".into(),
        at_us: now.unwrap_or(0),
        title: format!("{over}test of guru's alerts, nothing is wrong"),
        text: "Somebody ran: guru alert test\nCharacters that must arrive: \"quotes\", \\, <tags>, &, é.".into(),
        ..sample()
    }
}
