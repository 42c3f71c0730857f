//! The pulses of one slice of time while a chunk is folded. In: fetches in order; out: pulses in the state, once per slice
//! and chunk, because the tables there are asked by interned text. It must not know what pulses are for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::partial::Partial;
use crate::model::{Fetch, Fineness, Pulse, SeriesId, Stamp, Text};

/// The slice at hand.
#[derive(Debug, Default)]
pub struct Pulses {
    slice: Stamp,
    of: HashMap<Vec<u8>, Pulse>,
}

impl Pulses {
    /// Takes in a fetch of a series.
    pub fn take(&mut self, f: &Fetch<'_>, fineness: Fineness, series: SeriesId, partial: &mut Partial) {
        let slice = fineness.slice(f.ended.or(f.started));
        if self.slice != slice {
            self.put(series, partial);
            self.slice = slice;
        }
        match self.of.get_mut(f.backend) {
            Some(pulse) => pulse.take(f, fineness.digits),
            None => {
                let mut pulse = Pulse::default();
                pulse.take(f, fineness.digits);
                self.of.insert(f.backend.to_vec(), pulse);
            }
        }
    }

    /// Adds what there is to the state.
    pub fn put(&mut self, series: SeriesId, partial: &mut Partial) {
        if self.of.is_empty() {
            return;
        }
        let backends = partial.pulses.entry((series, self.slice)).or_default();
        for (backend, pulse) in self.of.drain() {
            match backends.entry(Text::of(&backend)) {
                Entry::Occupied(mut known) => known.get_mut().add(&pulse),
                Entry::Vacant(place) => _ = place.insert(pulse),
            }
        }
    }
}
