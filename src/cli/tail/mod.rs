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
use crate::error::{Error, Kind};
use crate::pipeline::Tail;

pub use args::Args;

use alarm::Alarm;
use feed::Feed;
use keep::Keeper;
use logs::Logs;
use show::Shown;

/// Runs the command.
pub fn run(args: &Args, common: &Common) -> Outcome {
    let config = common.config()?;
    config.warnings.iter().for_each(|w| common.say(&format!("{w}\n")));
    let library = args.library(common)?;
    let rules = known::rules(&library)?;
    let keeper = Keeper::open(args.no_store, common);
    let logs = Logs::find(args, &config.tail, keeper.positions(), common)?;
    let settings = args.settings(&config.tail, &library, &rules, keeper.resume())?;
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
    let alarm = Alarm::start(&config, &keeper, common)?;
    let mut tail = Tail::new(settings);
    let done = std::thread::scope(|scope| {
        let until_end = args.reads_only_stdin();
        let mut driver = drive::Driver {
            logs,
            keeper: keeper.clone(),
            alarm,
            before: seen::Before::default(),
            feed: feed.clone(),
            stop: stop.clone(),
            manager: Manager::from_env(),
        };
        let tail = &mut tail;
        let reading =
            std::thread::Builder::new().name("read".into()).spawn_scoped(scope, move || driver.run(tail, until_end));
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
