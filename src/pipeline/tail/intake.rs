//! The tail: what is followed comes in, deltas and moments go out. In: openings, bytes and ends of logs, the wall clock;
//! out: calls of a sink, and [`Live`]. It must not know how logs are watched nor what is done with a delta.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use rayon::prelude::*;

use super::super::fold::fold;
use super::super::partial::Partial;
use super::super::{History, Job};
use super::Settings;
use super::beats::{Beats, Due};
use super::delta::Sent;
use super::frozen::Frozen;
use super::judge::{self, How, Past, Seen};
use super::live::Scene;
use super::opening::{Again, Opening};
use super::roll::Roll;
use super::strand::{Place, State, Strand};
use super::window::Window;
use crate::error::Result;
use crate::model::live::Gap;
use crate::model::report::Span;
use crate::model::sink::LogTraffic;
use crate::model::{FileId, Live, Sink, Stamp};
use crate::source::{Chunk, Trouble};

/// A tail.
pub struct Tail<'a> {
    pub(super) job: Job<'a>,
    pub(super) settle_us: i64,
    pub(super) roll: Roll<'a>,
    pub(super) strands: BTreeMap<u32, Strand>,
    pub(super) places: HashMap<FileId, u32>,
    pub(super) window: Window,
    pub(super) frozen: Frozen,
    pub(super) past: Past,
    pub(super) by_log: Vec<LogTraffic>,
    pub(super) named: HashMap<String, String>,
    pub(super) beats: Beats,
    pub(super) sent: Sent,
    pub(super) scene: Scene,
}

fn no_history(_: Span) -> History {
    History::default()
}

impl<'a> Tail<'a> {
    /// A tail that has read nothing yet.
    pub fn new(settings: Settings<'a>) -> Tail<'a> {
        let resume = settings.resume;
        let sent = Sent::of(&resume.failures);
        let mut past = Past { failures: resume.failures, evidence: resume.evidence, clocks: resume.clocks };
        // They are grouped with what comes; their own lines are not looked for again.
        past.failures.iter_mut().for_each(|f| f.row.flags |= crate::model::FetchRow::START_ONLY);
        Tail {
            job: Job {
                files: Vec::new(),
                formats: settings.formats,
                known: settings.known,
                rules: settings.rules,
                since: settings.since,
                until: Stamp::NONE,
                gap_us: settings.gap_us,
                jobs: 0,
                chunk: 1 << 20,
                log_zones: settings.log_zones,
                offsets: settings.offsets,
                progress: None,
                history: &no_history,
            },
            settle_us: settings.settle_us,
            roll: Roll::new(settings.rules, settings.since),
            strands: BTreeMap::new(),
            places: HashMap::new(),
            window: Window::default(),
            frozen: Frozen::default(),
            past,
            by_log: resume.by_log,
            named: HashMap::new(),
            beats: Beats::default(),
            sent,
            scene: Scene::default(),
        }
    }

    /// A log is followed from now on.
    pub fn open(&mut self, opening: Opening) {
        self.strands.insert(opening.generation, Strand::new(opening));
    }

    /// Bytes that follow on those before them.
    pub fn bytes(&mut self, generation: u32, offset: u64, bytes: &[u8], wall: Stamp) {
        if let Some(strand) = self.strands.get_mut(&generation) {
            strand.append(offset, bytes, wall);
        }
    }

    /// Nothing more will come of it.
    pub fn end(&mut self, generation: u32) {
        if let Some(strand) = self.strands.get_mut(&generation) {
            strand.ended = true;
        }
    }

    /// Something was lost.
    pub fn lost(&mut self, gap: Gap) {
        self.scene.lost(gap);
    }

    /// Something cannot be read, or can be read again.
    pub fn trouble(&mut self, path: &str, why: Option<&Trouble>) {
        self.scene.trouble(path, why);
    }

    /// Takes in what came, judges when it is time to, and hands over what is new. `backlog`: more is there at once.
    /// What is known is told when it has changed, and each second.
    pub fn tick(&mut self, wall: Stamp, backlog: bool, sink: &mut dyn Sink, again: &mut dyn Again) -> Option<Live> {
        self.recognise(wall);
        let took_in = self.take_in(wall);
        self.beats.caught_up |= !backlog && !took_in;
        let unsettled = self.window.failures.front().map(|(taken, _)| *taken);
        let due = self.beats.due(wall, unsettled, self.settle_us);
        match due {
            Some(Due::Keep) => _ = self.keep(wall, sink, again),
            Some(due) => _ = self.look(wall, due, sink, again),
            None => {}
        }
        let looked = due.is_some_and(|due| due != Due::Keep);
        self.beats.shows(wall, looked).then(|| self.picture(wall, again))
    }

    /// Ends the tail: nothing more will come of any log. What is open is told as it is, and everything is settled.
    pub fn finish(&mut self, wall: Stamp, sink: &mut dyn Sink, again: &mut dyn Again) -> Live {
        self.strands.values_mut().for_each(|s| s.ended = true);
        self.recognise(wall);
        self.take_in(wall);
        // What cannot be kept is told in the picture.
        let _ = self.look(wall, Due::Last, sink, again);
        self.picture(wall, again)
    }

    /// Stops in the middle: keeps what is known, and from where to go on.
    ///
    /// # Errors
    /// Those of the sink: then what was read since the last delta is to be read again.
    pub fn pause(&mut self, wall: Stamp, sink: &mut dyn Sink, again: &mut dyn Again) -> Result<()> {
        self.take_in(wall);
        self.look(wall, Due::Thorough, sink, again)
    }

    /// The sink is another one now, which was told nothing.
    pub fn tell_all_again(&mut self) {
        self.sent = Sent::of(&self.past.failures);
    }

    /// Cuts chunks, folds them in parallel and merges them in order. True when there were any.
    fn take_in(&mut self, wall: Stamp) -> bool {
        let context = &self.roll.context;
        let mut chunks: Vec<(bool, Chunk)> = Vec::new();
        let mut begun: Vec<(u32, usize, u64, u64)> = Vec::new();
        for (id, strand) in &mut self.strands {
            let ended = strand.ended;
            let State::Known(feeds) = &mut strand.state else { continue };
            for (n, feed) in feeds.iter_mut().enumerate() {
                let (offset, lines, counted) = (feed.marks.end, feed.marks.lines, feed.counted);
                let before = chunks.len();
                feed.chunks(context, ended, wall, &mut |chunk| chunks.push((chunk.offset < counted, chunk)));
                if chunks.len() > before {
                    begun.push((*id, n, offset, lines));
                }
            }
        }
        if chunks.is_empty() {
            return false;
        }
        let parts: Vec<(bool, Partial)> =
            chunks.par_iter().map(|(again, chunk)| (*again && !chunk.bytes.is_empty(), fold(chunk, context))).collect();
        drop(chunks);
        let newest = self.newest(&parts);
        let dated = self.beats.now(wall).is_known();
        self.beats.heard(newest, wall);
        self.merge(parts);
        let taken = self.beats.now(wall);
        if !dated && taken.is_known() {
            self.date(taken, false);
        }
        for (id, n, offset, lines) in begun {
            if let Some(feed) = self.strands.get_mut(&id).and_then(|s| s.feed(n)) {
                feed.marks.note(taken, offset, lines);
            }
        }
        true
    }

    /// What an earlier run counted is not counted again, but for the transactions that end only now.
    fn merge(&mut self, parts: Vec<(bool, Partial)>) {
        let context = &self.roll.context;
        let mut again = Partial::empty();
        let mut fresh = Partial::empty();
        for (counted, part) in parts {
            let into = if counted { &mut again } else { &mut fresh };
            *into = std::mem::take(into).merge(part, context);
        }
        again.traffic.clear();
        again.not_origin.clear();
        again.incomplete.clear();
        again.pulses.clear();
        again.files.values_mut().for_each(|tally| tally.lines = Default::default());
        let taken = self.beats.now(Stamp::NONE);
        for part in [again, fresh] {
            let fresh = self.window.take(part, context);
            self.beats.matters(&fresh);
            self.window.keep(fresh, taken);
        }
    }

    pub(super) fn date(&mut self, now: Stamp, anew: bool) {
        self.window.date(now, anew);
        let feeds = self.strands.values_mut().flat_map(Strand::feeds_mut);
        feeds.for_each(|f| f.marks.date(now, anew));
    }

    /// The newest moment that the uppermost tier tells in these parts.
    fn newest(&self, parts: &[(bool, Partial)]) -> Stamp {
        let any_top = self.roll.context.series.values().any(|r| r.top);
        let counts =
            |file: &FileId| self.roll.context.files.get(file).is_some_and(|f| !any_top || self.roll.is_top(f.series));
        let files = parts.iter().flat_map(|(_, p)| &p.files);
        files.filter(|(id, _)| counts(id)).map(|(_, tally)| tally.last).max().unwrap_or(Stamp::NONE)
    }

    fn look(&mut self, wall: Stamp, due: Due, sink: &mut dyn Sink, again: &mut dyn Again) -> Result<()> {
        let begun = Instant::now();
        let how = How {
            now: self.beats.now(wall),
            settle_us: self.settle_us,
            thorough: due != Due::Quick,
            last: due == Due::Last,
        };
        let mut originals = Place { places: &self.places, again, known: &self.sent };
        let (window, frozen, context) = (&mut self.window, &mut self.frozen, &self.roll.context);
        let seen: Seen = judge::look(window, frozen, context, &self.job, &self.past, how, &mut originals);
        judge::freeze(&seen, &mut self.window, &mut self.frozen, how);
        self.scene.saw(&seen, how.now, self.settle_us);
        self.beats.open = self.scene.is_open();
        self.sent.saw(seen);
        let kept = self.keep(wall, sink, again);
        self.beats.looked(due, wall, begun.elapsed());
        kept
    }

    fn picture(&mut self, wall: Stamp, again: &dyn Again) -> Live {
        let now = self.beats.now(wall);
        let strands = self.strands.iter().map(|(id, s)| (again.backlog(*id), s));
        self.scene.picture(now, wall, self.beats.caught_up, strands, &self.window, &self.roll.context, self.job.rules)
    }
}
