//! Everything that is followed at once. In: what the user wrote, positions of an earlier run, and now and then a call
//! of [`Follower::poll`]; out: [`Followed`]. It must not know formats, nor what is done with the bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::file::{About, Inode};
use super::kept::Kept;
use super::log::{Around, Earlier, Log};
use super::settings::FollowSettings;
use super::siblings::Looks;
use super::stream::Stream;
use super::told::{Followed, Generation};
use super::troubles::Troubles;
use crate::model::{FileKey, Position, Stamp};
use crate::source::live::{VarnishCommand, VarnishLog};
use crate::source::resolve::resolve;
use crate::source::series::series_key;
use crate::source::spec::{PathSpec, Place, Trouble};

/// Follows files, folders, globs, standard input and running Varnishes.
pub struct Follower {
    specs: Vec<PathSpec>,
    resume: Vec<Position>,
    settings: FollowSettings,
    logs: BTreeMap<String, Log>,
    streams: Vec<Stream>,
    varnishes: Vec<VarnishLog>,
    looks: Looks,
    troubles: Troubles,
    /// What could not be read between two scans.
    noted: Vec<Trouble>,
    began: Stamp,
    scanned: Stamp,
}

impl Follower {
    /// Follows what the specs stand for. `resume` are the positions that an earlier run stored; those of logs that
    /// are not followed any more are ignored. Nothing is opened before the first poll.
    pub fn new(specs: &[PathSpec], resume: Vec<Position>, settings: FollowSettings) -> Follower {
        let began = (settings.clock)();
        Follower {
            specs: specs.to_vec(),
            resume,
            settings,
            logs: BTreeMap::new(),
            streams: Vec::new(),
            varnishes: Vec::new(),
            looks: Looks::default(),
            troubles: Troubles::default(),
            noted: Vec::new(),
            began,
            scanned: Stamp::NONE,
        }
    }

    /// Follows a running Varnish too.
    pub fn varnish(&mut self, command: VarnishCommand) {
        self.varnishes.push(VarnishLog::new(command));
    }

    /// Looks at everything once without blocking and hands over what came. Returns true when more is there at once,
    /// so that the caller does not sleep.
    pub fn poll(&mut self, give: &mut impl FnMut(Followed)) -> bool {
        let now = (self.settings.clock)();
        if self.due(now) {
            self.scan(now, give);
        }
        let mut backlog = false;
        let mut noted = std::mem::take(&mut self.noted);
        let (owners, settings, began) = (self.owners(), &self.settings, self.began);
        for log in self.logs.values_mut() {
            let (looks, troubles) = (&mut self.looks, &mut noted);
            backlog |= log.poll(&mut Around { settings, now, began, looks, owners: &owners, troubles }, give);
        }
        self.noted = noted;
        for stream in &mut self.streams {
            backlog |= stream.poll(self.settings.most, give);
        }
        for varnish in &mut self.varnishes {
            backlog |= varnish.poll(now, self.settings.most, give);
        }
        backlog
    }

    fn due(&self, now: Stamp) -> bool {
        now.since(self.scanned).is_none_or(|us| us >= self.settings.rescan_us)
    }

    /// Finds what the specs stand for now.
    fn scan(&mut self, now: Stamp, give: &mut impl FnMut(Followed)) {
        let first = !self.scanned.is_known();
        self.scanned = now;
        let resolved = resolve(&self.specs);
        let mut troubles = resolved.troubles;
        troubles.append(&mut self.noted);
        let mut matched = self.literal();
        for found in resolved.files {
            let Place::File(path) = &found.place else {
                if !self.streams.iter().any(|s| s.path == found.path) {
                    self.streams.push(Stream::start(&found));
                }
                continue;
            };
            let (series, _) = series_key(&found.path);
            matched.entry(series.clone()).or_default().insert(path.clone());
            let log = self.logs.entry(series).or_insert_with_key(|series| Log::new(series.clone()));
            log.role = found.role.or(log.role);
            log.node = found.node.or(log.node.take());
        }
        for (series, paths) in matched {
            self.scan_log(&series, paths, first, now, &mut troubles, give);
        }
        let patience = if first { 0 } else { self.settings.grace_us };
        self.troubles.are(troubles, now, patience, give);
    }

    /// Paths that name one file, whether or not it is there now.
    fn literal(&mut self) -> BTreeMap<String, BTreeSet<PathBuf>> {
        let mut literal: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
        for spec in &self.specs {
            let path = Path::new(&spec.path);
            let there = std::fs::metadata(path);
            let file = there.as_ref().map_or_else(|_| !spec.path.contains(['*', '?', '[']), |about| about.is_file());
            if file && spec.path != "-" {
                let (series, _) = series_key(&spec.path);
                let log = self.logs.entry(series.clone()).or_insert_with_key(|series| Log::new(series.clone()));
                log.role = spec.role.or(log.role);
                log.node = spec.node.clone().or(log.node.take());
                literal.entry(series).or_default().insert(path.to_path_buf());
            }
        }
        literal
    }

    fn scan_log(
        &mut self,
        series: &str,
        paths: BTreeSet<PathBuf>,
        first: bool,
        now: Stamp,
        troubles: &mut Vec<Trouble>,
        give: &mut impl FnMut(Followed),
    ) {
        let earlier = self.earlier(series, &paths);
        let (owners, settings, began) = (self.owners(), &self.settings, self.began);
        let Some(log) = self.logs.get_mut(series) else { return };
        log.earlier.extend(earlier);
        let abouts: Vec<About> = paths.iter().filter_map(|path| About::at(path)).collect();
        if first {
            log.history = abouts.iter().any(|about| about.len > 0);
        }
        log.matched(paths);
        let mut around = Around { settings, now, began, looks: &mut self.looks, owners: &owners, troubles };
        let own = |about: &&About| !around.elsewhere(about.inode, series);
        if abouts.iter().filter(own).any(|about| log.is_news(about)) || !log.earlier.iter().all(|e| e.settled) {
            log.look(&mut around, give);
        }
    }

    /// Takes the positions that belong to a log: by its name, or by the name of the file that a link leads to.
    fn earlier(&mut self, series: &str, paths: &BTreeSet<PathBuf>) -> Vec<Earlier> {
        let mut names = BTreeSet::from([series.to_string()]);
        for target in paths.iter().filter_map(|path| std::fs::canonicalize(path).ok()) {
            names.insert(series_key(&target.to_string_lossy()).0);
        }
        let (mine, rest) = std::mem::take(&mut self.resume)
            .into_iter()
            .partition(|position: &Position| names.contains(&series_key(&position.path).0));
        self.resume = rest;
        let mine: Vec<Position> = mine;
        mine.into_iter().map(|position| Earlier { position, settled: false }).collect()
    }

    /// Open files, with the logs that they belong to.
    fn owners(&self) -> HashMap<Inode, String> {
        let of = |log: &Log| log.queue.iter().filter_map(|f| f.open_inode()).collect::<Vec<Inode>>();
        self.logs.values().flat_map(|log| of(log).into_iter().map(|inode| (inode, log.series.clone()))).collect()
    }

    /// What identifies a generation: its key as known now, its path, and whether it was read to its end and nothing
    /// more comes. `None` when it was released or is not known.
    pub fn key(&self, id: Generation) -> Option<(FileKey, String, bool)> {
        let followee = self.logs.values().find_map(|log| log.followee(id));
        let file = followee.map(|f| (f.key(), f.path.to_string_lossy().into_owned(), f.ended.is_some()));
        file.or_else(|| self.kept(id).map(Kept::key))
    }

    /// Reads bytes again, for quoting: also after a rename or a removal, as long as the file is kept open. Fewer than
    /// `len` where the content ends; `None` when they cannot be had any more. Archives are unpacked anew and give at
    /// most [`crate::source::LONGEST_QUOTE`] bytes.
    pub fn reread(&mut self, id: Generation, offset: u64, len: u32) -> Option<Vec<u8>> {
        let Some(log) = self.logs.values_mut().find(|log| log.followee(id).is_some()) else {
            return self.kept(id)?.reread(offset, len);
        };
        let quote = log.followee(id)?.reread(offset, len);
        if quote.is_some() || !log.find_again(id, &mut self.looks) {
            return quote;
        }
        log.followee(id)?.reread(offset, len)
    }

    /// Bytes of a generation that are there and were not read yet (of an archive: packed ones).
    pub fn backlog(&self, id: Generation) -> u64 {
        if let Some(f) = self.logs.values().find_map(|log| log.followee(id)) {
            return f.left();
        }
        let stream = self.streams.iter().find(|s| s.kept.as_ref().is_some_and(|k| k.id == id)).map(Stream::waiting);
        stream.or_else(|| self.varnishes.iter().find_map(|v| v.waiting(id))).unwrap_or(0)
    }

    /// The caller needs this generation no more. One that has not ended stays.
    pub fn release(&mut self, id: Generation) {
        for log in self.logs.values_mut() {
            log.release(id);
        }
        for stream in &mut self.streams {
            if stream.kept.as_ref().is_some_and(|k| k.id == id && k.ended) {
                stream.kept = None;
            }
        }
        for varnish in &mut self.varnishes {
            varnish.release(id);
        }
    }

    fn kept(&self, id: Generation) -> Option<&Kept> {
        let streams = self.streams.iter().filter_map(|s| s.kept.as_ref());
        streams.chain(self.varnishes.iter().flat_map(VarnishLog::kept)).find(|k| k.id == id)
    }
}
