//! Every event of the logs, one after the other. In: files and an encoder; out: what the encoder wrote, in the order
//! of the logs, and what was read. It must not know what is written of an event: that is told to it by a closure.
//!
//! One thread reads and writes, the others turn chunks into bytes; so many chunks are under way that no thread waits,
//! and no more, so that memory does not grow with the input. Sources come in the order in which they were named, the
//! files of a rotated series oldest first. A file that holds several logs is read once for each of them: one log comes
//! after the other, those nearer to the client first; lines are numbered as in the file.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, sync_channel};

use super::Job;
use super::chunked::chunks;
use super::encode::{Desk, Encode, Told, encode};
use super::plan::{Plan, plan};
use super::splice::Splicer;
use crate::model::report::Lines;
use crate::model::{FileId, SeriesId, Text};
use crate::source::{Chunk, Found, Settings, Trouble};

/// Chunks under way per thread: one is worked on, one waits for its turn to be written.
const AHEAD: usize = 2;

/// What was read of a file.
#[derive(Debug)]
pub struct Streamed {
    /// Its path as given or found.
    pub file: String,
    /// Its lines.
    pub lines: Lines,
    /// Events of it that were written.
    pub events: u64,
    /// The first lines that were not understood: number from 1, text.
    pub rejects: Vec<(u64, Text)>,
}

/// What a run read.
#[derive(Debug)]
pub struct Stream {
    /// Files in the order of output.
    pub sources: Vec<Streamed>,
    /// What could not be read or recognised.
    pub troubles: Vec<Trouble>,
}

/// Plans, calls `told` with the plan, and writes every event of the span asked for to `out`. An error is one of `out`.
pub fn stream(
    job: &Job<'_>,
    told: impl FnOnce(&Plan<'_>),
    encode: &Encode<'_>,
    out: &mut dyn Write,
) -> io::Result<Stream> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.jobs).build().ok();
    let mut plan = match &pool {
        Some(pool) => pool.install(|| plan(job)),
        None => plan(job),
    };
    told(&plan);
    let troubles = std::mem::take(&mut plan.troubles);
    let desk = Desk::new(&plan.context, job, encode);
    let room = pool.as_ref().map_or(0, |p| p.current_num_threads() * AHEAD);
    let mut reader = Reader { desk: &desk, job, troubles, under_way: VecDeque::new(), room };
    let mut splicer = Splicer::new(&desk, out);
    let files = in_order(&plan, job);
    match &pool {
        Some(pool) => pool.in_place_scope(|scope| reader.read(&files, &mut splicer, Some(scope)))?,
        // No thread can be had: this one does it all.
        None => reader.read(&files, &mut splicer, None)?,
    }
    splicer.end_series()?;
    Ok(Stream { sources: splicer.sources(files.iter().map(|(id, _)| *id)), troubles: reader.troubles })
}

/// Files in the order of output.
fn in_order<'p>(plan: &'p Plan<'_>, job: &Job<'_>) -> Vec<(FileId, &'p Found)> {
    let named: HashMap<&str, usize> = job.files.iter().enumerate().map(|(n, f)| (f.path.as_str(), n)).collect();
    let mut first: BTreeMap<SeriesId, usize> = BTreeMap::new();
    for (id, found) in &plan.files {
        let rank = named.get(found.path.as_str()).copied().unwrap_or(usize::MAX);
        let earliest = first.entry(plan.context.files[id].series).or_insert(rank);
        *earliest = rank.min(*earliest);
    }
    let mut files: Vec<(FileId, &Found)> = plan.files.iter().map(|(id, f)| (*id, f)).collect();
    files.sort_by_key(|(id, _)| {
        let file = &plan.context.files[id];
        (first[&file.series], file.series, file.ordinal)
    });
    files
}

/// The thread that reads.
struct Reader<'d, 'j> {
    desk: &'d Desk<'d>,
    job: &'j Job<'j>,
    troubles: Vec<Trouble>,
    /// Chunks that others work on, in the order of the logs.
    under_way: VecDeque<Receiver<Told>>,
    /// How many there may be.
    room: usize,
}

impl<'d> Reader<'d, '_> {
    /// Reads every file, lets the pool turn its chunks into bytes, and hands them on in order.
    fn read<'s>(
        &mut self,
        files: &[(FileId, &Found)],
        to: &mut Splicer<'_, '_>,
        pool: Option<&rayon::Scope<'s>>,
    ) -> io::Result<()>
    where
        'd: 's,
    {
        for (id, found) in files {
            let context = self.desk.context;
            let progress = self.job.progress.clone().filter(|_| context.counts_file(*id));
            let settings = Settings { progress, chunk: self.job.chunk, ..Settings::default() };
            let chunks = match chunks(found, *id, context, &settings) {
                Ok(chunks) => chunks,
                Err(t) => {
                    self.troubles.push(t);
                    continue;
                }
            };
            let mut before = 0;
            for chunk in chunks {
                match chunk {
                    Ok(chunk) => {
                        let first_line = before + chunk.overlong + 1;
                        before += chunk.overlong + chunk.newlines;
                        self.give(chunk, first_line, to, pool)?;
                    }
                    Err(t) => self.troubles.push(t),
                }
            }
        }
        while self.hand_on(to)? {}
        Ok(())
    }

    /// Gives a chunk to the pool; waits for the first one when enough are under way.
    fn give<'s>(
        &mut self,
        chunk: Chunk,
        first_line: u64,
        to: &mut Splicer<'_, '_>,
        pool: Option<&rayon::Scope<'s>>,
    ) -> io::Result<()>
    where
        'd: 's,
    {
        let (desk, spare) = (self.desk, to.spare());
        let work = move || encode(&chunk, first_line, desk, spare);
        let Some(scope) = pool else { return to.deliver(work()) };
        let (send, receive) = sync_channel(1);
        // Nobody waits for it any more when writing has failed.
        scope.spawn(move |_| drop(send.send(work())));
        self.under_way.push_back(receive);
        if self.under_way.len() >= self.room {
            self.hand_on(to)?;
        }
        Ok(())
    }

    /// Hands on the first chunk that is under way; false when there is none.
    fn hand_on(&mut self, to: &mut Splicer<'_, '_>) -> io::Result<bool> {
        let Some(first) = self.under_way.pop_front() else { return Ok(false) };
        // Nothing comes from a thread that panicked; the scope passes its panic on.
        if let Ok(told) = first.recv() {
            to.deliver(told)?;
        }
        Ok(true)
    }
}
