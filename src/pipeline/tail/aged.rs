//! Things in the order in which they were taken in. In: things with a moment; out: the same, without the oldest. It must
//! not know what they are.

use std::collections::VecDeque;

use crate::model::Stamp;

/// Things with the moment at which they were taken in, oldest first.
#[derive(Debug)]
pub struct Aged<T>(VecDeque<(Stamp, T)>);

impl<T> Default for Aged<T> {
    fn default() -> Self {
        Aged(VecDeque::new())
    }
}

impl<T: Clone> Aged<T> {
    /// Takes things in.
    pub fn push_all(&mut self, taken: Stamp, things: Vec<T>) {
        self.0.extend(things.into_iter().map(|t| (taken, t)));
    }

    /// Forgets what was taken in before.
    pub fn forget_before(&mut self, horizon: Stamp) {
        while self.0.front().is_some_and(|(taken, _)| *taken < horizon) {
            self.0.pop_front();
        }
    }

    /// Dates what was taken in when the moment was not known, or all of it (`anew`).
    pub fn date(&mut self, now: Stamp, anew: bool) {
        self.0.iter_mut().filter(|(taken, _)| anew || !taken.is_known()).for_each(|(taken, _)| *taken = now);
    }

    /// A copy of everything in it.
    pub fn copied(&self) -> Vec<T> {
        self.0.iter().map(|(_, t)| t.clone()).collect()
    }

    /// Keeps no more than so many.
    pub fn keep_newest(&mut self, most: usize) {
        self.0.drain(..self.0.len().saturating_sub(most));
    }

    /// Keeps what is wanted; asks for the newest first.
    pub fn retain_from_newest(&mut self, mut wanted: impl FnMut(Stamp, &T) -> bool) {
        let mut kept = VecDeque::new();
        for (taken, thing) in std::mem::take(&mut self.0).into_iter().rev() {
            if wanted(taken, &thing) {
                kept.push_front((taken, thing));
            }
        }
        self.0 = kept;
    }

    /// Everything in it.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().map(|(_, t)| t)
    }
}
