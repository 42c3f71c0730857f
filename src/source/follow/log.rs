//! One log that is followed: its generations in order, the older first. In: looks at its files; out: what came of
//! each. It must not know the other logs, except which files belong to them.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;

use super::adopt::Copied;
use super::file::{About, Inode};
use super::followee::{Content, Followee, Read};
use super::settings::FollowSettings;
use super::siblings::Looks;
use super::told::{Followed, Generation};
use crate::model::{Position, Stamp, Tier};
use crate::source::open::cannot_open;
use crate::source::series::series_key;
use crate::source::spec::Trouble;

/// What a log needs to know beyond itself during one look.
pub(super) struct Around<'a> {
    /// Bounds and pauses.
    pub settings: &'a FollowSettings,
    /// The wall clock.
    pub now: Stamp,
    /// When following began.
    pub began: Stamp,
    /// What was seen of files.
    pub looks: &'a mut Looks,
    /// Open files and the logs that they belong to.
    pub owners: &'a HashMap<Inode, String>,
    /// Gets what cannot be read.
    pub troubles: &'a mut Vec<Trouble>,
}

impl Around<'_> {
    /// True when another log than `series` follows that file.
    pub fn elsewhere(&self, inode: Inode, series: &str) -> bool {
        self.owners.get(&inode).is_some_and(|owner| owner != series)
    }
}

/// A position of an earlier run.
pub(super) struct Earlier {
    /// Where reading stood.
    pub position: Position,
    /// Its generation was found, or given up.
    pub settled: bool,
}

/// A file of the log that is not followed.
pub(super) struct Passed {
    /// Which file.
    pub inode: Inode,
    /// The first bytes of its content.
    pub head: Vec<u8>,
    /// Its length when it was passed over.
    pub len: u64,
    /// It was read before, so what is younger was not.
    pub read: bool,
}

/// A log.
pub(super) struct Log {
    /// Its path without marks of rotation.
    pub series: String,
    /// The tier, when the user gave it.
    pub role: Option<Tier>,
    /// The node, when the user gave it.
    pub node: Option<String>,
    /// Paths that lead to it: those the user wrote, and files found by globs and in folders.
    pub matched: BTreeSet<PathBuf>,
    /// The one of `matched` that names the current file.
    pub current: Option<PathBuf>,
    /// Generations that are read, oldest first.
    pub queue: Vec<Followee>,
    /// Generations that ended and may be quoted.
    pub ended: Vec<Followee>,
    /// Positions of an earlier run.
    pub earlier: Vec<Earlier>,
    /// Files that are not followed.
    pub passed: Vec<Passed>,
    /// The files as of the last look at all of them: when one has changed, another look is due.
    pub placed: HashMap<Inode, About>,
    /// It was there when following began, so only its last part is read.
    pub history: bool,
    /// Something was lost before the generation that comes next.
    pub gap: bool,
    /// When all of its files were last looked at.
    pub looked: Stamp,
    /// A generation was followed.
    pub begun: bool,
}

impl Log {
    /// A log of which nothing is known.
    pub fn new(series: String) -> Log {
        Log {
            series,
            role: None,
            node: None,
            matched: BTreeSet::new(),
            current: None,
            queue: Vec::new(),
            ended: Vec::new(),
            earlier: Vec::new(),
            passed: Vec::new(),
            placed: HashMap::new(),
            history: false,
            gap: false,
            looked: Stamp::NONE,
            begun: false,
        }
    }

    /// The generation of that number.
    pub fn followee(&self, id: Generation) -> Option<&Followee> {
        self.queue.iter().chain(&self.ended).find(|f| f.id == id)
    }

    /// True when a file of this log is not the one that was looked at.
    pub fn is_news(&self, about: &About) -> bool {
        let followed = self.queue.iter().any(|f| f.open_inode() == Some(about.inode));
        about.len > 0 && !followed && self.placed.get(&about.inode) != Some(about)
    }

    /// Sets the paths that lead to it.
    pub fn matched(&mut self, paths: BTreeSet<PathBuf>) {
        // In the middle of a rotation the current name is missing in its folder.
        self.matched = paths;
        self.matched.extend(self.current.take());
        self.current = self.matched.iter().max_by_key(|path| series_key(&path.to_string_lossy()).1).cloned();
    }

    /// Looks at the names of what is followed and reads on. True when more is there at once.
    pub fn poll(&mut self, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> bool {
        self.late(around.now, give);
        if self.names_changed(around.now) {
            self.look(around, give);
        }
        let backlog = self.read(around, give);
        self.settle(around, give);
        backlog
    }

    /// True when a name points to a file that has to be looked at.
    fn names_changed(&mut self, now: Stamp) -> bool {
        let current = self.current.as_deref().and_then(About::at);
        let mut news = current.is_some_and(|about| self.is_news(&about));
        for i in 0..self.queue.len() {
            let younger = i + 1 < self.queue.len();
            let about = About::at(&self.queue[i].name);
            let Some(inode) = self.queue[i].open_inode() else { continue };
            let moved = about.is_none_or(|about| about.inode != inode);
            news |=
                about.is_some_and(|about| self.is_news(&about)) || (moved && self.queue[i].path == self.queue[i].name);
            let f = &mut self.queue[i];
            let superseded = younger || (moved && about.is_some());
            if superseded && !f.superseded {
                (f.superseded, f.stirred) = (true, now);
            }
        }
        news
    }

    /// Reads each generation up to its present end, the older first.
    fn read(&mut self, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> bool {
        let (mut backlog, mut i) = (false, 0);
        while i < self.queue.len() {
            match self.read_one(i, around, give) {
                Ok(Read::Bytes(_) | Read::More) => {
                    backlog = true;
                    let f = &self.queue[i];
                    if f.first_until.is_none_or(|until| f.offset < until) {
                        return true;
                    }
                }
                // What is younger waits until the archive can be read, but an archive that is given up ends.
                Ok(Read::Nothing) if matches!(self.queue[i].content, Content::Packed(_)) => return backlog,
                Ok(Read::Nothing) => {}
                Ok(Read::Truncated) => {
                    match self.truncated(i, around, give) {
                        Copied::Yes => {}
                        Copied::No => self.end(i, around.now, give),
                        Copied::Later => return true,
                    }
                    self.look(around, give);
                    continue;
                }
                Ok(Read::End) => {
                    self.end(i, around.now, give);
                    continue;
                }
                Err(error) => {
                    if self.failed(i, &error, around, give) {
                        self.end(i, around.now, give);
                        continue;
                    }
                }
            }
            i += 1;
        }
        backlog
    }

    /// Reads one generation until nothing comes or the bound of a poll is reached; then it returns the last bytes' kind.
    fn read_one(&mut self, i: usize, around: &Around<'_>, give: &mut impl FnMut(Followed)) -> io::Result<Read> {
        let f = &mut self.queue[i];
        let (mut left, mut passed_over) = (around.settings.most.max(1), 0);
        loop {
            match f.read(left.min(around.settings.block).max(1), around.now)? {
                Read::Bytes(bytes) => {
                    left = left.saturating_sub(bytes.len());
                    give(Followed::Bytes { id: f.id, offset: f.offset - bytes.len() as u64, bytes });
                    if left == 0 {
                        let more = matches!(f.content, Content::Packed(_)) || f.left() > 0;
                        return Ok(if more { Read::More } else { Read::Nothing });
                    }
                }
                Read::More => {
                    passed_over += 1;
                    if passed_over > 256 {
                        return Ok(Read::More);
                    }
                }
                other => return Ok(other),
            }
        }
    }

    /// What to do about a file that cannot be read: true when it is given up.
    fn failed(
        &mut self,
        i: usize,
        error: &io::Error,
        around: &mut Around<'_>,
        give: &mut impl FnMut(Followed),
    ) -> bool {
        let f = &mut self.queue[i];
        if f.reopen(error) {
            return false;
        }
        let path = f.path.to_string_lossy().into_owned();
        let trouble = cannot_open(&path, error);
        if matches!(f.content, Content::Plain(_)) && !super::file::is_stale(error) {
            around.troubles.push(trouble);
            return false;
        }
        let why = format!("{} at byte {} of its content; what follows there is lost", trouble.why, f.offset);
        give(Followed::Lost { id: Some(f.id), path, bytes: None, why });
        self.gap = true;
        true
    }

    /// Ends what was rotated away and has been quiet long enough.
    fn settle(&mut self, around: &Around<'_>, give: &mut impl FnMut(Followed)) {
        let mut i = 0;
        while i < self.queue.len() {
            let f = &self.queue[i];
            let quiet = around.now.0.saturating_sub(f.stirred.0);
            let patience = match f.superseded {
                true => Some(around.settings.grace_us),
                false if About::at(&f.name).is_none() => Some(around.settings.gone_us),
                false => None,
            };
            if patience.is_some_and(|patience| quiet >= patience) && f.open_inode().is_some() && f.left() == 0 {
                self.end(i, around.now, give);
            } else {
                i += 1;
            }
        }
        self.forget(around);
    }

    /// Ends a generation.
    pub fn end(&mut self, i: usize, now: Stamp, give: &mut impl FnMut(Followed)) {
        let mut f = self.queue.remove(i);
        f.ended = Some(now);
        if matches!(f.content, Content::Packed(_)) {
            f.content = Content::Closed;
        }
        give(Followed::Ended { id: f.id });
        self.ended.push(f);
    }
}
