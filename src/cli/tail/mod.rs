//! `guru tail`: what fails now, why, and what helped before. In: logs to follow, a running Varnish, options; out: a screen,
//! plain lines or NDJSON, the history in the store, calls for help, metrics.
//!
//! One thread reads, judges and keeps ([`drive`]); what it knows it puts into a [`Feed`], from which the screen, the plain
//! lines and the metrics take it when they have time. So nothing that shows or sends can hold up the reading.

#[cfg(feature = "tui")]
mod act;
mod alarm;
mod args;
mod drive;
mod feed;
mod keep;
mod logs;
mod number;
mod seen;
mod show;
mod stop;

use std::io::IsTerminal;

use super::common::Common;
use super::notify::Manager;
use super::{Outcome, known, serve};
use crate::error::{Error, Kind, Result};
use crate::pipeline::Tail;

pub use args::Args;

use alarm::Alarm;
use drive::{Driver, End};
use feed::Feed;
use keep::Keeper;
use logs::{Logs, Wanted};
use show::Shown;

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let config = common.config()?;
    config.warnings.iter().for_each(|w| common.say(&format!("{w}\n")));
    let library = args.library(common)?;
    let rules = known::rules(&library)?;
    let keeper = Keeper::open(args.no_store, common);
    let wanted = Wanted::find(args, &config.tail, common)?;
    let settings = |keeper: &Keeper| args.settings(&config.tail, &library, &rules, keeper.resume());
    let first = settings(&keeper)?;
    let stop = stop::on_signals()?;
    let feed = Feed::new();
    let metrics = match args.metrics.as_ref().or(config.metrics.listen.as_ref()) {
        Some(address) => Some(serve::serve(serve::address(address)?, feed.shared())?),
        None => None,
    };
    if let Some(server) = &metrics {
        common.say(&format!("metrics: http://{}/metrics\n", server.address()));
    }
    let shown = Shown::choose(args, std::io::stdout().is_terminal());
    if shown == Shown::Ndjson {
        feed.want_each();
    }
    let mut driver = Driver {
        logs: Logs::follow(&wanted, keeper.positions()),
        alarm: Alarm::start(&config, &keeper, common)?,
        keeper: keeper.clone(),
        before: seen::Before::default(),
        feed: feed.clone(),
        stop: stop.clone(),
        manager: Manager::from_env(),
        anew: !wanted.comes_once(),
    };
    let read = || -> Result<()> {
        let mut tail = Tail::new(first);
        while driver.run(&mut tail, args.reads_only_stdin())? == End::TakesOver {
            tail = Tail::new(settings(&driver.keeper)?);
            driver.logs = Logs::follow(&wanted, driver.keeper.positions());
            driver.alarm = Alarm::start(&config, &driver.keeper, common)?;
        }
        drop(driver);
        Ok(())
    };
    let done = std::thread::scope(|scope| {
        let reading = std::thread::Builder::new().name("read".into()).spawn_scoped(scope, read);
        let reading = reading.map_err(|e| {
            Error::new(Kind::Source, format!("No thread can be started: {e}")).hint("raise the limit of processes")
        })?;
        let shown = show::run(shown, &feed, &keeper, &stop, common);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let read = reading.join().map_err(|_| Error::new(Kind::Bug, "The reading thread has failed"))?;
        shown.and(read)
    });
    keeper.retire();
    done.map(|()| 0)
}
