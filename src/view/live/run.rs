//! The screen at work. In: the newest `Live` as often as it is asked for, keys, signals; out: a painted terminal and the
//! actions that the operator wants. It must not know where a `Live` comes from, nor how an action is carried out.
//!
//! Why a thread for the keys? A terminal that hangs up makes every read of it fail, and crossterm's reader tries again
//! without end. In a thread of its own that costs nothing: the loop sees SIGHUP and leaves.

use std::io::{self, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};

use crate::model::live::Live;

use super::super::style::Style;
use super::draw::draw;
use super::guard::Guard;
use super::keys::key;
use super::signals::Signals;
use super::ui::{Action, Ui};

/// Shortest time between two pictures, and longest without a look at signals and at the feed.
const TICK: Duration = Duration::from_millis(100);

/// Shows the screen until the operator quits, a signal ends the process, or `stop` is set by somebody else.
///
/// `feed` gives the newest state and is asked about ten times a second; the screen is painted only when it gave another
/// one or when a key came. `act` carries out what the operator wants and answers with a line for the bottom of the
/// screen (for a ticket: with its text). Sets `stop` when it ends. The terminal is given back in every case.
pub fn run_screen(
    feed: &dyn Fn() -> Arc<Live>,
    act: &mut dyn FnMut(Action) -> String,
    stop: &AtomicBool,
    style: &Style,
) -> io::Result<()> {
    let signals = Signals::listen()?;
    let guard = Guard::take()?;
    let over = Arc::new(AtomicBool::new(false));
    let (sender, events) = channel();
    let told = Arc::clone(&over);
    let reader = thread::Builder::new().name("keys".into()).spawn(move || read_keys(&sender, &told))?;
    let screen = Terminal::new(CrosstermBackend::new(stdout()))?;
    let ui = Ui::new(style).in_ascii(!speaks_utf8());
    let ended =
        Screen { screen, ui, shown: feed(), stale: true, guard: &guard }.go_on(feed, act, &events, &signals, stop);
    stop.store(true, Ordering::SeqCst);
    over.store(true, Ordering::SeqCst);
    drop(guard);
    // A reader that hangs on a terminal that is gone is left behind; the process is about to end.
    let patience = Instant::now() + 3 * TICK;
    while !reader.is_finished() && Instant::now() < patience {
        thread::sleep(TICK / 10);
    }
    ended
}

/// Sends every event of the terminal until it is over or nobody listens.
fn read_keys(sender: &Sender<io::Result<Event>>, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        let event = match event::poll(TICK) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(e) => Err(e),
        };
        let failed = event.is_err();
        if sender.send(event).is_err() || failed {
            return;
        }
    }
}

/// True when the locale says UTF-8, as the C library decides it: the first of the three that is set.
fn speaks_utf8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

struct Screen<'g> {
    screen: Terminal<CrosstermBackend<Stdout>>,
    ui: Ui,
    shown: Arc<Live>,
    /// Something changed since it was painted.
    stale: bool,
    guard: &'g Guard,
}

impl Screen<'_> {
    fn go_on(
        mut self,
        feed: &dyn Fn() -> Arc<Live>,
        act: &mut dyn FnMut(Action) -> String,
        events: &Receiver<io::Result<Event>>,
        signals: &Signals,
        stop: &AtomicBool,
    ) -> io::Result<()> {
        let mut painted = None::<Instant>;
        while !stop.load(Ordering::SeqCst) && !signals.ended() {
            if signals.paused() {
                self.leave_for_a_while()?;
            }
            self.look(feed());
            if self.stale && painted.is_none_or(|at| at.elapsed() >= TICK) {
                self.paint()?;
                painted = Some(Instant::now());
            }
            let rest = painted.filter(|_| self.stale).map_or(TICK, |at| TICK.saturating_sub(at.elapsed()));
            let mut next = events.recv_timeout(rest);
            while let Ok(event) = next {
                if self.take(event?, act)? {
                    return Ok(());
                }
                next = events.try_recv().map_err(|_| RecvTimeoutError::Timeout);
            }
            if matches!(next, Err(RecvTimeoutError::Disconnected)) {
                return Err(io::Error::other("the terminal cannot be read any more"));
            }
        }
        Ok(())
    }

    /// Takes a newer state.
    fn look(&mut self, live: Arc<Live>) {
        if !Arc::ptr_eq(&live, &self.shown) {
            self.shown = live;
            self.stale = true;
            self.ui.moved_on();
        }
    }

    /// Takes one event; true when that was the end.
    fn take(&mut self, event: Event, act: &mut dyn FnMut(Action) -> String) -> io::Result<bool> {
        self.stale = true;
        let pressed = match event {
            Event::Key(pressed) => pressed,
            Event::Paste(text) => {
                self.ui.paste(&text);
                return Ok(false);
            }
            _ => return Ok(false),
        };
        if is_stop(pressed) {
            self.leave_for_a_while()?;
            return Ok(false);
        }
        match key(&mut self.ui, &self.shown, pressed) {
            Some(Action::Quit) => return Ok(true),
            Some(action) => {
                let answer = act(action.clone());
                self.ui.answer(&action, answer);
            }
            None => {}
        }
        Ok(false)
    }

    fn paint(&mut self) -> io::Result<()> {
        let size = self.screen.size()?;
        self.ui.resize(size.width, size.height);
        let (live, ui) = (&self.shown, &self.ui);
        self.screen.draw(|frame| draw(frame, live, ui))?;
        self.stale = false;
        Ok(())
    }

    fn leave_for_a_while(&mut self) -> io::Result<()> {
        self.guard.without(Signals::stop_here)?;
        // Not `clear`: it asks the terminal where its cursor is, and the thread of the keys would take the answer.
        let size = self.screen.size()?;
        self.screen.resize(Rect::from((Position::ORIGIN, size)))?;
        self.stale = true;
        Ok(())
    }
}

/// Ctrl-Z, which a terminal in raw mode gives as a key.
fn is_stop(key: KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('z')
}
