//! The log of a running Varnish. In: how varnishlog is called; out: its log as generations: what the ring held at the
//! start and then what comes, a new one after each loss of continuity. It must not know what the lines say.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::command::VarnishCommand;
use super::generations::Generations;
use super::message::{Message, not_started, trouble};
use super::process::Process;
use super::seam::Seam;
use crate::model::Stamp;
use crate::model::stamp::SECOND;
use crate::source::follow::{Followed, Generation, Kept, Pumped};
use crate::source::spec::Trouble;

/// Microseconds without a byte after which printing what the ring holds is given up.
const HELD_PATIENCE: i64 = 30 * SECOND;
/// So long the live process may take to find its Varnish before the ring is printed all the same.
const ATTACHING: Duration = Duration::from_millis(500);
/// A live log that has begun with a single line goes on within so many microseconds: Varnish pings its child.
const SEAM_PATIENCE: i64 = 5 * SECOND;

/// A Varnish that is followed.
pub(crate) struct VarnishLog {
    command: VarnishCommand,
    /// Until then the live process has time to begin, before the ring is printed.
    attaching: Option<Instant>,
    /// Prints what the ring held at the start.
    held: Option<Process>,
    /// Where the live log goes on from it.
    seam: Option<Seam>,
    live: Option<Process>,
    log: Generations,
    /// When the live process was started.
    began: Stamp,
    /// When something came last.
    stirred: Stamp,
    /// Not before this is it started again.
    again: Stamp,
    /// It was started once.
    started: bool,
    backoff: Backoff,
    standing: Option<Trouble>,
}

impl VarnishLog {
    /// Nothing is started before the first poll.
    pub fn new(command: VarnishCommand) -> VarnishLog {
        VarnishLog {
            log: Generations::new(&command),
            command,
            attaching: None,
            held: None,
            seam: None,
            live: None,
            began: Stamp::NONE,
            stirred: Stamp::NONE,
            again: Stamp::NONE,
            started: false,
            backoff: Backoff::default(),
            standing: None,
        }
    }

    /// Its generations.
    pub fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.log.iter()
    }

    /// Forgets an ended generation.
    pub fn release(&mut self, id: Generation) {
        self.log.release(id);
    }

    /// Bytes of a generation that wait; `None` when it is not one of these.
    pub fn waiting(&self, id: Generation) -> Option<u64> {
        self.kept().any(|k| k.id == id).then_some(())?;
        let process = self.held.as_ref().or(self.live.as_ref());
        Some(process.filter(|_| self.log.open() == Some(id)).map_or(0, Process::waiting))
    }

    /// Starts what has to run and hands over what came, about `most` bytes. True when more waits.
    pub fn poll(&mut self, now: Stamp, most: usize, give: &mut impl FnMut(Followed)) -> bool {
        if self.live.is_none() && now >= self.again {
            self.start(now, give);
        }
        if !self.has_attached() {
            return false;
        }
        if let Some(held) = self.held.take() {
            return self.read_held(held, now, most, give);
        }
        match self.live.take() {
            Some(live) => self.read_live(live, now, most, give),
            None => false,
        }
    }

    /// Starts the live process.
    fn start(&mut self, now: Stamp, give: &mut impl FnMut(Followed)) {
        (self.began, self.stirred) = (now, now);
        match Process::start(self.command.command(false)) {
            Ok(live) => {
                self.live = Some(live);
                self.attaching = (!self.started).then(|| Instant::now() + ATTACHING);
                self.started = true;
            }
            Err(error) => {
                self.again = now + self.backoff.pause(now, now);
                self.tell(not_started(&self.command, &error), give);
            }
        }
    }

    /// The first time, once the live process prints, starts the one that prints what the ring holds: what comes in
    /// between is printed by both, so nothing falls between them.
    fn has_attached(&mut self) -> bool {
        let (Some(until), Some(live)) = (self.attaching, self.live.as_mut()) else { return true };
        let (silent, ended) = (live.waiting() == 0, live.has_ended());
        if silent && !ended && Instant::now() < until {
            return false;
        }
        self.attaching = None;
        if !(silent && ended) {
            self.held = Process::start(self.command.command(true)).ok();
        }
        true
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
                    self.seam = held.printed.then(Seam::default);
                    let _ = held.end();
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
                    self.place(bytes, now, give);
                    if left == 0 {
                        self.live = Some(live);
                        return true;
                    }
                }
                Pumped::Line(line) => self.hear(&line, now, give),
                Pumped::Failed(_) => {}
                Pumped::Nothing => {
                    if now.since(self.stirred).is_some_and(|us| us >= SEAM_PATIENCE) {
                        self.close_seam(now, give);
                    }
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

    /// Takes what came live, without what the ring held too.
    fn place(&mut self, bytes: Vec<u8>, now: Stamp, give: &mut impl FnMut(Followed)) {
        let Some(seam) = &mut self.seam else { return self.take(bytes, now, give) };
        let new = seam.take(bytes);
        if seam.is_ready() {
            self.close_seam(now, give);
        } else {
            self.take(new, now, give);
        }
    }

    /// Finds where the live log goes on, with what has come of it.
    fn close_seam(&mut self, now: Stamp, give: &mut impl FnMut(Followed)) {
        let Some(seam) = self.seam.as_mut().filter(|s| s.is_open()) else { return };
        let new = seam.close(&self.log.end()).unwrap_or_else(|all| {
            self.log.cut(give);
            all
        });
        self.take(new, now, give);
    }

    fn take(&mut self, bytes: Vec<u8>, now: Stamp, give: &mut impl FnMut(Followed)) {
        self.stirred = now;
        if let Some(trouble) = self.standing.take() {
            give(Followed::Mended { path: trouble.path });
        }
        self.log.take(bytes, give);
    }

    /// What varnishlog said. After a restart of varnishd's child the numbers of transactions begin anew: so does a
    /// generation.
    fn hear(&mut self, line: &str, now: Stamp, give: &mut impl FnMut(Followed)) {
        match Message::of(line) {
            Message::Overrun | Message::Abandoned => {
                self.close_seam(now, give);
                self.lose(line, give);
            }
            Message::Reacquired => {
                self.close_seam(now, give);
                self.log.cut(give);
            }
            Message::Other => {}
        }
    }

    fn lose(&mut self, line: &str, give: &mut impl FnMut(Followed)) {
        if let Some(why) = Message::of(line).loss() {
            give(Followed::Lost { id: self.log.open(), path: self.command.path(), bytes: None, why: why.to_string() });
        }
    }

    /// The live process ended.
    fn ended(&mut self, live: Process, now: Stamp, give: &mut impl FnMut(Followed)) {
        self.close_seam(now, give);
        let (said, printed) = (live.said.clone(), live.printed);
        let status = live.end();
        self.again = now + self.backoff.pause(self.began, now);
        if printed {
            let why = format!("was cut: varnishlog ended ({status}); what Varnish logs until it runs again is lost");
            give(Followed::Lost { id: self.log.open(), path: self.command.path(), bytes: None, why });
            self.log.cut(give);
        } else {
            // When Varnish is there, what its ring holds by then comes first.
            self.started = false;
            self.tell(trouble(&self.command.path(), &said, &status), give);
        }
        self.seam = None;
    }

    /// Tells a trouble unless it stands already.
    fn tell(&mut self, trouble: Trouble, give: &mut impl FnMut(Followed)) {
        if self.standing.as_ref() != Some(&trouble) {
            give(Followed::Trouble(trouble.clone()));
            self.standing = Some(trouble);
        }
    }
}
