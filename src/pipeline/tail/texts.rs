//! Texts that a tail still needs. In: everything that it holds, and the wall clock; out: a new turn now and then, in which
//! texts that nothing holds any more are forgotten. It must not know what the texts say.

use super::super::context::Context;
use super::frozen::Frozen;
use super::window::Window;
use crate::model::stamp::MINUTE;
use crate::model::{Failure, Stamp, Text};

/// So long is a turn.
const TURN: i64 = 10 * MINUTE;

/// When the last turn began.
#[derive(Debug, Default)]
pub struct Texts {
    turned: Stamp,
}

impl Texts {
    /// Begins a turn when it is time. `past`: failures that the store remembered.
    pub fn turn(&mut self, wall: Stamp, window: &Window, frozen: &Frozen, past: &[Failure], context: &Context<'_>) {
        if wall.since(self.turned).is_some_and(|us| us < TURN) {
            return;
        }
        self.turned = wall;
        window.failures.iter().map(|(_, f)| f).chain(frozen.iter()).chain(past).for_each(Failure::keep_texts);
        window.keep_texts();
        context.series.values().flat_map(|r| [r.series.node, r.series.format]).for_each(Text::keep);
        context.files.values().for_each(|f| f.path.keep());
        Text::turn();
    }
}
