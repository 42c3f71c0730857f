//! Who writes the logs, at a steady rate, and knows afterwards what must be found. In: a rate and how long; out: lines
//! in the logs, and the truth about them. It must not know who reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::access;
use super::dice::Dice;
use super::log::{Keeper, Log, Rotation, SILENCE};

/// One in so many fails.
const FAILS: u64 = 50;

const TICK: Duration = Duration::from_millis(5);

/// What was written.
#[derive(Default)]
pub struct Truth {
    /// Numbers of the failed ones.
    pub failed: BTreeSet<u64>,
    /// Lines by minute, microseconds since 1970.
    pub minutes: BTreeMap<i64, u64>,
    /// Of the failed ones, those that a rotation itself has destroyed.
    pub destroyed: BTreeSet<u64>,
    /// Lines by minute that a rotation itself has destroyed.
    pub destroyed_minutes: BTreeMap<i64, u64>,
    /// Rotations by their way.
    pub rotations: BTreeMap<Rotation, u32>,
}

/// Writes logs.
pub struct Writer {
    pub dice: Dice,
    pub truth: Truth,
    logs: Vec<Log>,
    next: u64,
    /// The rest of a line whose beginning was written, and into which log.
    rest: (usize, Vec<u8>),
    /// How long it wrote nothing on purpose.
    silent: Duration,
}

impl Writer {
    /// One of a log of each keeper.
    pub fn new(folder: &Path, keepers: &[Keeper], dice: Dice) -> Writer {
        let logs = keepers.iter().map(|keeper| Log::new(*keeper, folder)).collect();
        Writer { dice, truth: Truth::default(), logs, next: 0, rest: (0, Vec::new()), silent: Duration::ZERO }
    }

    /// The next so many lines as bytes, noted in the truth; `destroyed` when nobody will ever be able to read them.
    fn lines(&mut self, count: u64, destroyed: bool) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..count {
            let (number, at) = (self.next, access::now_us());
            self.next += 1;
            let failed = self.dice.roll(FAILS) == 0;
            access::line(&mut text, at, number, failed);
            let minute = at - at % 60_000_000;
            *self.truth.minutes.entry(minute).or_default() += 1;
            if destroyed {
                *self.truth.destroyed_minutes.entry(minute).or_default() += 1;
            }
            if failed {
                self.truth.failed.insert(number);
            }
            if failed && destroyed {
                self.truth.destroyed.insert(number);
            }
        }
        text
    }

    /// Writes so many lines into one of the logs, by the dice. Now and then the last one comes in two parts.
    pub fn write(&mut self, count: u64) {
        self.complete();
        let log = self.dice.roll(self.logs.len() as u64) as usize;
        let mut text = self.lines(count, false);
        if self.dice.roll(4) == 0 && text.len() > 200 {
            let part = 1 + self.dice.roll(190) as usize;
            self.rest = (log, text.split_off(text.len() - part));
        }
        self.logs[log].write(&text);
    }

    /// Writes what is missing of the last line.
    pub fn complete(&mut self) {
        let (log, rest) = std::mem::take(&mut self.rest);
        self.logs[log].write_on(&rest);
    }

    /// Writes so many lines per second until `go_on`, asked every few milliseconds, says no.
    pub fn run(&mut self, rate: u64, mut go_on: impl FnMut(&mut Writer) -> bool) {
        let (begun, first, silent) = (Instant::now(), self.next, self.silent);
        while go_on(self) {
            // What was not written in a silence is not made up for.
            let time = begun.elapsed().saturating_sub(self.silent - silent);
            let due = (time.as_secs_f64() * rate as f64) as u64;
            self.write(due.saturating_sub(self.next - first));
            thread::sleep(TICK);
        }
        self.complete();
    }

    /// Rotates one of the logs in one of its ways, each way as likely as another.
    pub fn rotate(&mut self, down: bool) {
        self.complete();
        let ways = |log: &Log| log.keeper.rotations(down);
        let all: Vec<(usize, Rotation)> = self
            .logs
            .iter()
            .enumerate()
            .flat_map(|(which, log)| ways(log).iter().map(move |way| (which, *way)))
            .collect();
        let (which, way) = all[self.dice.roll(all.len() as u64) as usize];
        if down {
            self.logs[which].settle();
        }
        if self.logs[which].may(way) {
            self.rotate_so(which, way);
        }
    }

    fn rotate_so(&mut self, which: usize, way: Rotation) {
        let between = match way {
            Rotation::CopyTruncate => self.dice.roll(20),
            _ => 0,
        };
        if way == Rotation::Rewrite {
            thread::sleep(SILENCE);
            self.silent += SILENCE;
        }
        let between = self.lines(between, true);
        self.logs[which].rotate(way, &between);
        *self.truth.rotations.entry(way).or_default() += 1;
    }

    /// Rotations so far.
    pub fn rotations(&self) -> u32 {
        self.truth.rotations.values().sum()
    }
}
