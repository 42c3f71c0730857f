//! What an earlier run waited for is not waited for anew. In: logs that were read again up to where that run stood, and
//! when it took in what; out: failures and watermarks dated as that run dated them. It must not judge.
//!
//! This happens only when everything that was there at the start has been read: a failure that has waited long enough
//! by then finds every line that was written meanwhile.

use super::feed::Feed;
use super::intake::Tail;
use super::strand::Strand;
use crate::model::Stamp;
use crate::model::follow::Taken;

impl Tail<'_> {
    /// Dates what was read again, once all of it was.
    pub(super) fn recall(&mut self, wall: Stamp) {
        let now = self.beats.now(wall);
        if !self.beats.caught_up || !now.is_known() {
            return;
        }
        let mut recalled = false;
        let feeds = self.strands.values_mut().filter(|s| !s.reads_again()).flat_map(Strand::feeds_mut);
        for feed in feeds.filter(|f| !f.earlier.is_empty()) {
            let date = |wall_us: i64| now - (wall.0 - wall_us).max(0);
            let earlier = std::mem::take(&mut feed.earlier);
            for (taken, f) in &mut self.window.failures {
                if f.at.file == feed.file
                    && f.at.offset < feed.counted
                    && let Some(wall_us) = taken_at(&earlier, f.at.offset)
                {
                    *taken = date(wall_us).min(*taken);
                }
            }
            feed.marks.recall(earlier.iter().map(|t| (t.offset, t.lines, date(t.wall_us))), feed.counted);
            recalled = true;
        }
        if recalled {
            self.window.failures.make_contiguous().sort_by_key(|(taken, _)| *taken);
        }
    }
}

/// When what lies at a byte was taken in.
fn taken_at(parts: &[Taken], offset: u64) -> Option<i64> {
    parts.iter().take_while(|t| t.offset <= offset).last().map(|t| t.wall_us)
}

/// The parts from a byte on, with so many newlines before it.
pub fn from_byte(parts: &[Taken], from: u64, lines: u64) -> Vec<Taken> {
    let before = parts.iter().take_while(|t| t.offset <= from).count();
    let first = parts.get(before.saturating_sub(1));
    let first = first.map(|t| Taken { offset: from, lines, wall_us: t.wall_us });
    first.into_iter().chain(parts.iter().skip(before.max(1)).copied()).collect()
}

impl Feed {
    /// When what lies from a byte on was taken in, by this run and the one before.
    pub fn taken_from(&self, low: u64, now: Stamp, wall: Stamp) -> Vec<Taken> {
        if self.earlier.is_empty() {
            return self.marks.told(low, now, wall);
        }
        let mut all = self.earlier.clone();
        all.extend(self.marks.told(self.counted, now, wall));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(offset: u64, wall_us: i64) -> Taken {
        Taken { offset, lines: offset / 10, wall_us }
    }

    #[test]
    fn parts_begin_where_reading_begins() {
        let parts = [part(100, 1), part(200, 2), part(300, 3)];
        assert_eq!(from_byte(&parts, 100, 10), parts);
        assert_eq!(from_byte(&parts, 250, 25), [part(250, 2), part(300, 3)]);
        assert_eq!(from_byte(&parts, 50, 5), [part(50, 1), part(200, 2), part(300, 3)], "older things are no younger");
        assert_eq!(from_byte(&[], 50, 5), []);
        assert_eq!(taken_at(&parts, 299), Some(2));
        assert_eq!(taken_at(&parts, 99), None);
    }
}
