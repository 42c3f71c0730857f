//! The tail: what is followed comes in, deltas and moments go out. In: openings, bytes and ends of logs, the wall clock;
//! out: calls of a sink, and [`Live`]. It must not know how logs are watched nor what is done with a delta.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::super::partial::Changed;
use super::super::{History, Job};
use super::Settings;
use super::again::{Again, Opening};
use super::beats::{Beats, Due};
use super::delta::Sent;
use super::frozen::Frozen;
use super::judge::{self, How, Past, Seen};
use super::live::Scene;
use super::roll::Roll;
use super::strand::{Place, Strand};
use super::texts::Texts;
use super::window::Window;
use crate::error::Result;
use crate::model::live::Gap;
use crate::model::report::Span;
use crate::model::sink::{LogTraffic, Resume};
use crate::model::{ChangeKind, FileId, Live, Locator, SeriesId, Sink, Stamp, Text};
use crate::source::Trouble;

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
    /// What an earlier run counted of logs that did not come yet.
    pub(super) by_log: Vec<LogTraffic>,
    /// The node of each log, by its path without marks of rotation.
    pub(super) named: HashMap<String, String>,
    pub(super) beats: Beats,
    pub(super) sent: Sent,
    pub(super) scene: Scene,
    pub(super) texts: Texts,
}

fn no_history(_: Span) -> History {
    History::default()
}

impl<'a> Tail<'a> {
    /// A tail that has read nothing yet.
    pub fn new(settings: Settings<'a>) -> Tail<'a> {
        let resume = settings.resume;
        let named = resume.by_log.iter().map(|t| (t.log.clone(), t.node.clone())).collect();
        let sent = Sent::of(&resume.failures);
        let Resume { by_log, failures, evidence, clocks, decisions, remembered } = resume;
        let mut past = Past { failures, evidence, clocks, decisions, remembered: remembered.into() };
        // They are grouped with what comes; their own lines are not looked for again.
        past.failures.iter_mut().for_each(|f| f.row = f.row.unlinkable());
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
            by_log,
            named,
            beats: Beats::default(),
            sent,
            scene: Scene::telling(settings.each),
            texts: Texts::default(),
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

    /// Somebody says that something was changed just now. The store knows it already.
    pub fn changed(&mut self, wall: Stamp, words: &str) {
        let (time, text) = (self.beats.now(wall), Text::from(words));
        let change =
            Changed { series: SeriesId::default(), time, kind: ChangeKind::Told, text, at: Locator::default() };
        self.window.told(time, change);
    }

    /// Something cannot be read, or can be read again.
    pub fn trouble(&mut self, path: &str, why: Option<&Trouble>) {
        self.scene.trouble(path, why);
    }

    /// Takes in what came, judges when it is time to, and hands over what is new. `backlog`: more is there at once.
    /// What is known is told when it has changed, and each second.
    pub fn tick(&mut self, wall: Stamp, backlog: bool, sink: &mut dyn Sink, again: &mut dyn Again) -> Option<Live> {
        self.recognise(wall);
        self.take_in(wall);
        self.beats.caught_up |= !backlog;
        self.recall(wall);
        let unsettled = self.window.failures.front().map(|(taken, _)| *taken);
        // Half of what was known before looks like something else.
        let due = self.beats.due(wall, unsettled, self.settle_us).filter(|_| !self.reads_again());
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
        if self.reads_again() { Ok(()) } else { self.look(wall, Due::Thorough, sink, again) }
    }

    /// True until everything has been read again that an earlier run knew: nothing new is kept before.
    fn reads_again(&self) -> bool {
        self.strands.values().any(Strand::reads_again)
    }

    /// The sink is another one now, which was told nothing.
    pub fn tell_all_again(&mut self) {
        self.sent = Sent::of(&self.past.failures);
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
        judge::freeze(&seen, &mut self.window, &mut self.frozen);
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
