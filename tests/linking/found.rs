//! What the linker makes of a world. In: a world's rows; out: clocks and findings, and how many of them are right.

use std::collections::BTreeMap;

use guru::link::{Clock, Linked, SeriesTraits, clocks, link};
use guru::model::SeriesId;

use crate::rows::{Logs, ORIGIN};
use crate::world::World;

/// Above this a link is confident.
pub const CONFIDENT: f32 = 0.9;

/// Clocks and findings.
pub struct Found {
    pub clocks: BTreeMap<(SeriesId, SeriesId), Clock>,
    pub linked: Linked,
}

impl Found {
    pub fn of(world: &World, logs: &Logs) -> Found {
        let series = BTreeMap::from([(ORIGIN, SeriesTraits { resolution_us: world.resolution_us })]);
        let clocks = clocks(&logs.fetches, &logs.requests, &series, &BTreeMap::new());
        let linked = link(&logs.fetches, &logs.requests, &clocks, &series);
        Found { clocks, linked }
    }

    /// For each fetch, by number: the number of the fetch whose line it was given, and how sure.
    pub fn links(&self, logs: &Logs) -> BTreeMap<u64, Option<(u64, f32)>> {
        let given = |m: guru::link::Match| (u64::from(logs.requests[m.request].vxid), m.confidence);
        let findings = logs.fetches.iter().zip(&self.linked.findings);
        findings.map(|(fetch, finding)| (fetch.vxid, finding.found.map(given))).collect()
    }
}

/// Links of one or more worlds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub fetches: u64,
    pub lines: u64,
    pub given: u64,
    pub right: u64,
    pub confident: u64,
    pub wrong_and_confident: u64,
    /// Given and right, by tenths of the confidence.
    pub tenths: [(u64, u64); 10],
}

impl Tally {
    pub fn of(logs: &Logs, found: &Found) -> Tally {
        let mut tally = Tally { lines: logs.requests.len() as u64, ..Tally::default() };
        for (fetch, link) in found.links(logs) {
            tally.fetches += 1;
            let Some((line, confidence)) = link else { continue };
            let (right, confident) = (line == fetch, confidence > CONFIDENT);
            tally.given += 1;
            tally.right += u64::from(right);
            tally.confident += u64::from(confident);
            tally.wrong_and_confident += u64::from(confident && !right);
            let tenth = &mut tally.tenths[((confidence * 10.0) as usize).min(9)];
            *tenth = (tenth.0 + 1, tenth.1 + u64::from(right));
        }
        tally
    }

    pub fn add(&mut self, other: &Tally) {
        self.fetches += other.fetches;
        self.lines += other.lines;
        self.given += other.given;
        self.right += other.right;
        self.confident += other.confident;
        self.wrong_and_confident += other.wrong_and_confident;
        for (mine, theirs) in self.tenths.iter_mut().zip(other.tenths) {
            *mine = (mine.0 + theirs.0, mine.1 + theirs.1);
        }
    }

    /// Share of the links that are wrong although they are confident.
    pub fn boasts(&self) -> f64 {
        self.wrong_and_confident as f64 / self.given.max(1) as f64
    }

    pub fn print(&self, title: &str) {
        let share = |part: u64, of: u64| part as f64 / of.max(1) as f64;
        println!(
            "{title}: {} fetches, {} lines, {} links, {:.4} right, {} confident, {} of them wrong ({:.4} of all)",
            self.fetches,
            self.lines,
            self.given,
            share(self.right, self.given),
            self.confident,
            self.wrong_and_confident,
            self.boasts()
        );
        for (n, (given, right)) in self.tenths.iter().enumerate().filter(|(_, t)| t.0 > 0) {
            println!("  confidence from {:.1}: {given:6} links, {:.3} right", n as f64 / 10.0, share(*right, *given));
        }
    }
}
