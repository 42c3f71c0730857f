//! The tail: what is followed comes in, deltas and moments go out. In: openings, bytes and ends of logs, the wall clock;
//! out: calls of a sink, and [`Live`]. It must not know how logs are watched nor what is done with a delta.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use rayon::prelude::*;

use super::super::context::Context;
use super::super::fold::fold;
use super::super::known::{Known, recognise};
use super::super::partial::Partial;
use super::super::{History, Job};
use super::Settings;
use super::beats::{Beats, Due};
use super::delta::Sent;
use super::feed::Feed;
use super::frozen::Frozen;
use super::judge::{self, How, Past, Seen};
use super::live::Scene;
use super::roll::Roll;
use super::strand::{Place, State, Strand};
use super::window::Window;
use crate::error::Result;
use crate::model::live::Gap;
use crate::model::report::Span;
use crate::model::sink::LogTraffic;
use crate::model::{FileId, FileKey, Live, SeriesId, Sink, Stamp};
use crate::source::{Chunk, Found, Trouble, node_names};

/// A log, or the next file of one.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its number, never used again.
    pub generation: u32,
    /// The file, for recognising it; of a stream the path that is shown.
    pub found: Found,
    /// The path of its log, without marks of rotation.
    pub log: String,
    /// The first byte that will come.
    pub from: u64,
    /// Newlines before it.
    pub lines_before: u64,
    /// Events before this byte were counted by an earlier run.
    pub counted: u64,
    /// It does not go on where the file before it ended: something is missing.
    pub after_gap: bool,
    /// It comes from a process or standard input: it cannot be opened, nor read on after a restart.
    pub stream: bool,
}

/// Whoever follows the logs, asked by number.
pub trait Again {
    /// The path, as shown.
    fn path(&self, generation: u32) -> String;
    /// Bytes that were given before, as far as they can still be read.
    fn read(&mut self, generation: u32, offset: u64, len: u32) -> Option<Vec<u8>>;
    /// What tells its file from others, for a later run; `None` for a stream.
    fn key(&self, generation: u32) -> Option<FileKey>;
    /// Bytes that are there and were not given yet.
    fn backlog(&self, generation: u32) -> u64;
    /// It will not be asked for any more.
    fn release(&mut self, generation: u32);
}

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
    by_log: Vec<LogTraffic>,
    named: HashMap<String, String>,
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

    /// Recognises the logs that have come since, all together: what a node is called depends on its siblings.
    fn recognise(&mut self, wall: Stamp) {
        let asked: Vec<u32> = self.strands.iter().filter(|(_, s)| s.asks(wall)).map(|(id, _)| *id).collect();
        if asked.is_empty() {
            return;
        }
        let nodes = self.nodes();
        let job = &self.job;
        let looked: Vec<_> = asked.par_iter().map(|id| (*id, recognise(&self.strands[id].found(), job))).collect();
        let (mut known, mut of, mut apart): (Vec<Known>, Vec<u32>, Vec<bool>) = Default::default();
        for (id, looked) in looked {
            let Some(strand) = self.strands.get_mut(&id) else { continue };
            match looked {
                Ok(looked) if looked.logs.is_empty() => strand.wait(wall),
                Ok(looked) => {
                    for k in looked.logs {
                        let key = if k.sender.is_empty() { strand.log_key() } else { k.key.clone() };
                        let of_file = nodes.get(&id).cloned().unwrap_or_default();
                        known.push(Known { of_file, key, ..k });
                        of.push(id);
                        apart.push(strand.opening.after_gap);
                    }
                }
                Err(trouble) => {
                    if strand.refuse(wall) {
                        self.scene.trouble(&strand.opening.found.path, Some(&trouble));
                    }
                }
            }
        }
        self.enlist(known, &of, &apart);
    }

    /// What the node of each file is called. A log keeps the name that it got first, whatever comes beside it.
    fn nodes(&mut self) -> HashMap<u32, String> {
        let logs: Vec<&str> = self.strands.values().map(|s| s.opening.log.as_str()).collect();
        let names = node_names(&logs);
        let named = self.strands.iter().zip(names);
        named.map(|((id, s), name)| (*id, self.named.entry(s.opening.log.clone()).or_insert(name).clone())).collect()
    }

    fn enlist(&mut self, known: Vec<Known>, of: &[u32], apart: &[bool]) {
        if known.is_empty() {
            return;
        }
        let keys: Vec<String> = known.iter().map(|k| k.key.clone()).collect();
        let top = self.roll.top();
        let files = self.roll.enlist(known, apart, &self.job);
        if self.roll.top() != top {
            self.beats.forget();
            self.date(Stamp::NONE, true);
        }
        for ((file, id), key) in files.into_iter().zip(of).zip(keys) {
            let Some(strand) = self.strands.get_mut(id) else { continue };
            self.places.insert(file, *id);
            let o = &strand.opening;
            let mut feed = Feed::new(file, o.from, o.lines_before, o.counted, &strand.head(), &self.roll.context);
            feed.key = key;
            if o.from > 0 {
                let tally = self.window.partial.file(file);
                tally.chunks.insert(0, (0, o.lines_before));
            }
            if !o.stream {
                let series = self.roll.context.files[&file].series;
                count_on(&mut self.by_log, &mut self.window.partial, &self.roll.context, series, &feed.key);
            }
            self.scene.trouble(&strand.opening.found.path, None);
            strand.know(feed);
        }
        self.strands.values_mut().for_each(Strand::begin);
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

    fn date(&mut self, now: Stamp, anew: bool) {
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

    /// Hands over what is new, and forgets what nobody needs any more.
    fn keep(&mut self, wall: Stamp, sink: &mut dyn Sink, again: &mut dyn Again) -> Result<()> {
        let now = self.beats.now(wall);
        let oldest = self.window.failures.front().map_or(now, |(taken, _)| (*taken).min(now));
        let rows = oldest - self.settle_us;
        let open = self.window.oldest_open();
        let mut positions = Vec::new();
        for (id, strand) in &mut self.strands {
            if let Some(key) = again.key(*id) {
                positions.extend(strand.position(key, again.path(*id), rows, &open, wall));
            }
        }
        let traffic = super::super::summary::traffic(&self.window.partial, &self.roll.context);
        let by_log = self.log_traffic();
        let kept = self.sent.hand_over(sink, &traffic, &by_log, &positions);
        match &kept {
            Ok(()) => {
                self.scene.store_error.clear();
                self.sent.settle_numbers(&mut self.scene);
                self.let_go(rows, now, again);
            }
            Err(e) => self.scene.store_error.clone_from(&e.message),
        }
        self.beats.kept(wall);
        kept
    }

    fn log_traffic(&self) -> Vec<LogTraffic> {
        let mut out: BTreeMap<SeriesId, LogTraffic> = BTreeMap::new();
        let feeds = self.strands.values().filter(|s| !s.opening.stream).flat_map(Strand::feeds);
        for feed in feeds {
            let Some(file) = self.roll.context.files.get(&feed.file) else { continue };
            let Some(minutes) = self.window.partial.traffic.get(&file.series) else { continue };
            let series = &self.roll.context.reading(file.series).series;
            out.entry(file.series).or_insert_with(|| LogTraffic {
                tier: series.tier.word().into(),
                node: series.node.lossy().into_owned(),
                log: feed.key.clone(),
                minutes: minutes.clone(),
            });
        }
        out.into_values().collect()
    }

    fn let_go(&mut self, rows: Stamp, now: Stamp, again: &mut dyn Again) {
        /// Coverage of a backend is judged by what its fetches found so long before.
        const AROUND: i64 = 5 * crate::model::stamp::MINUTE;
        let (scene, context) = (&mut self.scene, &self.roll.context);
        self.window.forget(rows - AROUND, now, &mut |id, minute, pulse| scene.add_up(id, minute, pulse, context));
        self.frozen.forget(now);
        self.sent.forget(&self.frozen, &self.window);
        let done: Vec<u32> = self.strands.iter().filter(|(_, s)| s.is_done()).map(|(id, _)| *id).collect();
        for strand in self.strands.values() {
            for feed in strand.feeds() {
                self.window.fold_tally(feed.file, strand.low);
            }
        }
        for id in done {
            if let Some(strand) = self.strands.remove(&id) {
                for feed in strand.feeds() {
                    self.window.forget_file(feed.file);
                    self.roll.forget(feed.file);
                    self.places.remove(&feed.file);
                }
                again.release(id);
            }
        }
    }

    fn picture(&mut self, wall: Stamp, again: &dyn Again) -> Live {
        let now = self.beats.now(wall);
        let strands = self.strands.iter().map(|(id, s)| (again.backlog(*id), s));
        self.scene.picture(now, wall, self.beats.caught_up, strands, &self.window, &self.roll.context, self.job.rules)
    }
}

/// Counts on where an earlier run stopped.
fn count_on(by_log: &mut Vec<LogTraffic>, partial: &mut Partial, context: &Context<'_>, id: SeriesId, key: &str) {
    let series = &context.reading(id).series;
    let is_it = |t: &LogTraffic| t.log == key && t.tier == series.tier.word() && t.node == series.node.lossy();
    if let Some(n) = by_log.iter().position(is_it) {
        let before = by_log.swap_remove(n);
        let minutes = partial.traffic.entry(id).or_default();
        before.minutes.iter().for_each(|(at, m)| minutes.entry(*at).or_default().add(m));
    }
}
