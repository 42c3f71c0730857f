//! How a tail is shown: a screen, plain lines, or NDJSON. In: a feed of moments; out: text on stdout. It ends when it is
//! told to, when the reader of its lines has gone away, or when nothing more will come.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::common::Common;
use super::args::{Args, Output};
use super::feed::Feed;
use super::keep::Keeper;
use crate::error::{Error, Kind, Result};
use crate::model::Live;
use crate::view::{self, PlainLines};

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A screen.
    Screen,
    /// One line per event.
    Plain,
    /// One JSON object per line.
    Ndjson,
}

impl Shown {
    /// A screen only on a terminal, and unless lines are asked for.
    pub fn choose(args: &Args, terminal: bool) -> Shown {
        match args.output {
            Output::Ndjson => Shown::Ndjson,
            Output::Table if args.plain || !terminal || cfg!(not(feature = "tui")) => Shown::Plain,
            Output::Table => Shown::Screen,
        }
    }
}

/// Shows until the end.
pub fn run(shown: Shown, feed: &Feed, keeper: &Keeper, stop: &AtomicBool, common: &Common) -> Result<()> {
    let style = common.style()?;
    match shown {
        Shown::Screen => screen(feed, keeper, stop, &style, common),
        Shown::Plain => {
            let mut lines = PlainLines::new(&style);
            write_lines(feed, stop, |live, _| lines.step(live))
        }
        Shown::Ndjson => {
            let written = write_lines(feed, stop, view::live_ndjson);
            feed.leave();
            written
        }
    }
}

/// Writes the lines of every moment.
fn write_lines(
    feed: &Feed,
    stop: &AtomicBool,
    mut lines: impl FnMut(&Live, Option<&Live>) -> Vec<String>,
) -> Result<()> {
    let (mut number, mut before) = (0, None);
    // Until nothing more will come, also after the signal to stop: what the last look found is told too.
    while let Some((n, live)) = feed.after(number, Duration::from_millis(500)) {
        if n == number {
            continue;
        }
        number = n;
        let text: String = lines(&live, before.as_deref()).into_iter().map(|l| l + "\n").collect();
        before = Some(live);
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                stop.store(true, Ordering::Relaxed);
                return Ok(());
            }
            Err(e) => return Err(Error::new(Kind::Source, format!("Standard output cannot be written: {e}"))),
        }
    }
    Ok(())
}

#[cfg(feature = "tui")]
fn screen(feed: &Feed, keeper: &Keeper, stop: &AtomicBool, style: &view::Style, common: &Common) -> Result<()> {
    let mut act = |action: view::Action| super::act::act(&action, keeper, feed, common);
    view::run_screen(&|| feed.newest(), &mut act, stop, style).map_err(|e| {
        Error::new(Kind::Source, format!("The screen cannot be drawn: {e}"))
            .hint("write lines instead: guru tail --plain")
    })
}

#[cfg(not(feature = "tui"))]
fn screen(feed: &Feed, _: &Keeper, stop: &AtomicBool, style: &view::Style, _: &Common) -> Result<()> {
    let mut lines = PlainLines::new(style);
    write_lines(feed, stop, |live, _| lines.step(live))
}
