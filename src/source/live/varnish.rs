//! The log of a running Varnish. In: how varnishlog is called; out: its log as generations: what the ring held at the
//! start, then what comes, a new one after each loss of continuity. It must not know what the lines say.

use super::backoff::Backoff;
use super::command::VarnishCommand;
use super::message::{Message, trouble};
use super::process::Process;
use crate::model::Stamp;
use crate::model::stamp::SECOND;
use crate::source::follow::{Followed, Generation, Kept, Pumped};
use crate::source::spec::Trouble;

/// Microseconds without a byte after which printing what the ring holds is given up.
const HELD_PATIENCE: i64 = 30 * SECOND;
/// Ended generations that can be quoted.
const MOST_KEPT: usize = 4;

/// A Varnish that is followed.
pub(crate) struct VarnishLog {
    command: VarnishCommand,
    /// Prints what the ring held at the start.
    held: Option<Process>,
    live: Option<Process>,
    kept: Vec<Kept>,
    /// The generation that gets what comes.
    open: Option<Generation>,
    /// When the live process was started.
    began: Stamp,
    /// When something came last.
    stirred: Stamp,
    /// Not before this is it started again.
    again: Stamp,
    /// It was started once.
    started: bool,
    gap: bool,
    backoff: Backoff,
    standing: Option<Trouble>,
}

impl VarnishLog {
    /// Nothing is started before the first poll.
    pub fn new(command: VarnishCommand) -> VarnishLog {
        VarnishLog {
            command,
            held: None,
            live: None,
            kept: Vec::new(),
            open: None,
            began: Stamp::NONE,
            stirred: Stamp::NONE,
            again: Stamp::NONE,
            started: false,
            gap: false,
            backoff: Backoff::default(),
            standing: None,
        }
    }

    /// Its generations.
    pub fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// Forgets an ended generation.
    pub fn release(&mut self, id: Generation) {
        self.kept.retain(|k| k.id != id || !k.ended);
    }

    /// Bytes of a generation that wait; `None` when it is not one of these.
    pub fn waiting(&self, id: Generation) -> Option<u64> {
        self.kept.iter().any(|k| k.id == id).then_some(())?;
        let process = self.held.as_ref().or(self.live.as_ref());
        Some(process.filter(|_| self.open == Some(id)).map_or(0, Process::waiting))
    }

    /// Starts what has to run and hands over what came, about `most` bytes. True when more waits.
    pub fn poll(&mut self, now: Stamp, most: usize, give: &mut impl FnMut(Followed)) -> bool {
        if self.live.is_none() && now >= self.again {
            self.start(now, give);
        }
        if let Some(held) = self.held.take() {
            return self.read_held(held, now, most, give);
        }
        match self.live.take() {
            Some(live) => self.read_live(live, now, most, give),
            None => false,
        }
    }

    /// Starts the live process, and the first time, after it, the one that prints what the ring holds: what comes in
    /// between is printed by both, so nothing falls between them.
    fn start(&mut self, now: Stamp, give: &mut impl FnMut(Followed)) {
        (self.began, self.stirred) = (now, now);
        match Process::start(self.command.command(false)) {
            Ok(live) => {
                self.live = Some(live);
                if !self.started {
                    self.held = Process::start(self.command.command(true)).ok();
                }
                self.started = true;
            }
            Err(error) => {
                self.again = now + self.backoff.pause(now, now);
                self.tell(not_started(&self.command, &error), give);
            }
        }
    }

    fn read_held(&mut self, mut held: Process, now: Stamp, most: usize, give: &mut impl FnMut(Followed)) -> bool {
        let mut left = most;
        loop {
            match held.next() {
                Pumped::Bytes(bytes) => {
                    left = left.saturating_sub(bytes.len());
                    self.take(bytes, now, give);
                    if left == 0 {
                        self.held = Some(held);
                        return true;
                    }
                }
                Pumped::Line(line) if Message::of(&line).loss().is_some() => self.lose(&line, give),
                Pumped::Line(_) | Pumped::Failed(_) => {}
                Pumped::Nothing if now.since(self.stirred).unwrap_or(0) < HELD_PATIENCE => {
                    self.held = Some(held);
                    return false;
                }
                // What it would have printed is printed again by nobody, but it may be nothing.
                Pumped::Nothing | Pumped::Ended => {
                    let _ = held.end();
                    self.close(give);
                    return true;
                }
            }
        }
    }

    fn read_live(&mut self, mut live: Process, now: Stamp, most: usize, give: &mut impl FnMut(Followed)) -> bool {
        let mut left = most;
        loop {
            match live.next() {
                Pumped::Bytes(bytes) => {
                    left = left.saturating_sub(bytes.len());
                    self.take(bytes, now, give);
                    if left == 0 {
                        self.live = Some(live);
                        return true;
                    }
                }
                Pumped::Line(line) => self.hear(&line, give),
                Pumped::Failed(_) => {}
                Pumped::Nothing => {
                    self.live = Some(live);
                    return false;
                }
                Pumped::Ended => {
                    self.ended(live, now, give);
                    return false;
                }
            }
        }
    }

    /// Takes what came into the open generation, or into a new one.
    fn take(&mut self, bytes: Vec<u8>, now: Stamp, give: &mut impl FnMut(Followed)) {
        self.stirred = now;
        if let Some(trouble) = self.standing.take() {
            give(Followed::Mended { path: trouble.path });
        }
        if self.open.is_none() {
            let gap = std::mem::take(&mut self.gap);
            let kept = Kept::open(&self.command.path(), self.command.owner(), gap, give);
            self.open = Some(kept.id);
            self.kept.push(kept);
        }
        if let Some(kept) = self.kept.last_mut() {
            kept.take(bytes, give);
        }
    }

    /// What varnishlog said. After a restart of varnishd's child the numbers of transactions begin anew: so does a
    /// generation.
    fn hear(&mut self, line: &str, give: &mut impl FnMut(Followed)) {
        match Message::of(line) {
            Message::Overrun | Message::Abandoned => self.lose(line, give),
            Message::Reacquired => {
                self.close(give);
                self.gap = true;
            }
            Message::Other => {}
        }
    }

    fn lose(&mut self, line: &str, give: &mut impl FnMut(Followed)) {
        if let Some(why) = Message::of(line).loss() {
            give(Followed::Lost { id: self.open, path: self.command.path(), bytes: None, why: why.to_string() });
        }
    }

    /// The live process ended.
    fn ended(&mut self, live: Process, now: Stamp, give: &mut impl FnMut(Followed)) {
        let (said, printed) = (live.said.clone(), live.printed);
        let status = live.end();
        self.again = now + self.backoff.pause(self.began, now);
        if printed {
            let why = format!("was cut: varnishlog ended ({status}); what Varnish logs until it runs again is lost");
            give(Followed::Lost { id: self.open, path: self.command.path(), bytes: None, why });
            self.gap = true;
            self.close(give);
        } else {
            self.tell(trouble(&self.command.path(), &said, &status), give);
        }
    }

    /// Ends the open generation.
    fn close(&mut self, give: &mut impl FnMut(Followed)) {
        if self.open.take().is_some()
            && let Some(kept) = self.kept.last_mut()
        {
            kept.end(give);
        }
        let many = self.kept.len().saturating_sub(MOST_KEPT);
        self.kept.drain(..many);
    }

    /// Tells a trouble unless it stands already.
    fn tell(&mut self, trouble: Trouble, give: &mut impl FnMut(Followed)) {
        if self.standing.as_ref() != Some(&trouble) {
            give(Followed::Trouble(trouble.clone()));
            self.standing = Some(trouble);
        }
    }
}

/// Why varnishlog cannot be started.
pub(super) fn not_started(command: &VarnishCommand, error: &std::io::Error) -> Trouble {
    let (program, words) = (command.program.display(), crate::source::open::plain_words(error));
    Trouble::new(command.path(), format!("cannot be read: {program} cannot be started: {words}")).hint(
        "install the tools of Varnish on the machine that runs varnishd (package varnish), or follow a log that \
         varnishncsa or varnishlog writes",
    )
}
