//! What happens to access logs on their way: lines get lost, and workers that buffer write them late. In: the numbered
//! lines of a log; out: the numbers of those that are left, in their new order. It must not know what a line says,
//! except in which second it was written.

use sha2::{Digest, Sha256};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    None,
    /// Every tenth line was lost, by a hash of it.
    Drop10,
    /// The lines of each second are in any order.
    Shuffle,
}

/// A line and its number, counted from 1.
type Numbered<'a> = (u64, &'a [u8]);

impl Damage {
    pub const ALL: [Damage; 3] = [Damage::None, Damage::Drop10, Damage::Shuffle];

    pub fn word(self) -> &'static str {
        match self {
            Damage::None => "whole",
            Damage::Drop10 => "drop10",
            Damage::Shuffle => "shuffle",
        }
    }

    pub fn order(self, mut lines: Vec<Numbered<'_>>) -> Vec<u64> {
        match self {
            Damage::None => {}
            Damage::Drop10 => lines.retain(|line| !hash(line)[0].is_multiple_of(10)),
            // The seconds of a log are in order, whatever its zone: the first line of each gives the second its place.
            Damage::Shuffle => {
                let first = first_of_seconds(&lines);
                lines.sort_by_cached_key(|line| (first[&second(line.1)], hash(line)));
            }
        }
        lines.into_iter().map(|line| line.0).collect()
    }
}

fn hash((number, line): &Numbered<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{number}:"));
    hash.update(line);
    hash.finalize().into()
}

/// What stands between brackets: when the line was written, to the second.
fn second(line: &[u8]) -> &[u8] {
    let from = line.iter().position(|b| *b == b'[').unwrap_or(0);
    let len = line[from..].iter().position(|b| *b == b']').unwrap_or(0);
    &line[from..from + len]
}

fn first_of_seconds<'a>(lines: &[Numbered<'a>]) -> std::collections::HashMap<&'a [u8], u64> {
    let mut first = std::collections::HashMap::new();
    lines.iter().for_each(|(number, line)| {
        first.entry(second(line)).or_insert(*number);
    });
    first
}
