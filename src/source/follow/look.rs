//! A look at all files of a log: which are known, which are new, and from where they are read. In: the files, what is
//! followed, positions of an earlier run; out: generations that are opened in the order in which they were written.
//! It must not read logs beyond their first bytes.
//!
//! The same look serves the first start, the start after an interruption and a rotation while running: whatever is
//! younger than the youngest file that is known was not read yet.

use super::adopt::{Copied, content};
use super::fingerprint::{HEAD, agree, is, tells};
use super::followee::Content;
use super::log::{Around, Log, Passed};
use super::siblings::{Sibling, siblings};
use super::told::{Followed, Generation};
use crate::model::stamp::SECOND;
use crate::model::{Position, Stamp};
use crate::source::open::cannot_open;
use crate::source::series::series_key;

/// What a file is to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A generation that is or was followed, in the very file that is open.
    Same(Generation),
    /// A copy of such a generation, packed perhaps.
    Copy(Generation),
    /// The generation of a position of an earlier run.
    Earlier(usize),
    /// Passed over.
    Passed(usize),
    /// Not seen before.
    New,
}

/// Where reading of a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At an offset.
    At(u64),
    /// So far back from its end as the settings say.
    Back,
    /// Where an earlier run stood.
    Resume(usize),
}

/// How often names may change hands during one look.
const ATTEMPTS: usize = 4;

/// Clocks of file systems may lag behind the wall clock a little.
const SLACK: i64 = SECOND;

impl Log {
    /// Looks at all files and opens what has to be read. When names change hands meanwhile, it looks again, in the
    /// end at the next poll.
    pub fn look(&mut self, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) {
        for _ in 0..ATTEMPTS {
            if self.try_look(around, give) {
                return;
            }
        }
    }

    /// False when a rotation came in between: then nothing was opened.
    fn try_look(&mut self, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> bool {
        if !self.notice_truncation(around, give) {
            return false;
        }
        let Some(mut files) = siblings(&self.series, &self.matched, around.looks, around.troubles) else {
            return false;
        };
        files.retain(|s| !around.elsewhere(s.about.inode, &self.series));
        if files.is_empty() {
            return true;
        }
        let torn = |s: &Sibling| {
            let f = self.queue.iter().find(|f| f.open_inode() == Some(s.about.inode));
            f.is_some_and(|f| s.about.len < f.offset || !agree(&f.head, &s.head))
        };
        if files.iter().any(torn) {
            return false; // Truncated just now.
        }
        let known: Vec<Known> = files.iter().map(|s| self.recognise(s, &files)).collect();
        let plan: Vec<Option<Start>> = (0..files.len()).map(|i| self.start(i, &files, &known, around)).collect();
        let mut opened = Vec::new();
        for (i, start) in plan.iter().enumerate() {
            let Some(start) = *start else { continue };
            let from = self.from(start, &files[i], around.settings);
            match content(&files[i], from.offset) {
                Ok(Some(content)) => opened.push((i, start, from, content)),
                Ok(None) => return false,
                Err(error) => around.troubles.push(cannot_open(&files[i].path.to_string_lossy(), &error)),
            }
        }
        self.rename(&files, &known, give);
        self.miss(&files, &known, give);
        self.placed = files.iter().map(|s| (s.about.inode, s.about)).collect();
        for (i, start, from, content) in opened {
            if let Start::Resume(e) = start {
                self.earlier[e].settled = true;
                self.tell_copytruncate(e, &files, i, give);
            }
            self.adopt(&files[i], from, content, around.now, give);
        }
        for (i, s) in files.iter().enumerate() {
            if known[i] == Known::New && plan[i].is_none() && self.is_older(s) {
                self.pass(s);
            }
        }
        self.looked = around.now;
        true
    }

    /// A file that holds something else by now is not what was followed: it has to be known as new. False when that
    /// could not be settled yet.
    fn notice_truncation(&mut self, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> bool {
        let mut i = 0;
        while i < self.queue.len() {
            let replaced = match &mut self.queue[i].content {
                Content::Plain(plain) => plain.replaced(),
                _ => false,
            };
            match replaced.then(|| self.truncated(i, around, give)) {
                Some(Copied::Later) => return false,
                Some(Copied::No) => self.end(i, around.now, give),
                Some(Copied::Yes) | None => i += 1,
            }
        }
        true
    }

    /// Remembers a file that is not followed.
    fn pass(&mut self, s: &Sibling) {
        if self.passed.len() >= 4096 {
            self.passed.remove(0);
        }
        self.passed.push(Passed { inode: s.about.inode, head: s.head.clone(), len: s.about.len, read: false });
    }

    fn recognise(&mut self, s: &Sibling, files: &[Sibling]) -> Known {
        for f in &mut self.queue {
            if f.open_inode() == Some(s.about.inode) {
                return Known::Same(f.id);
            }
        }
        for f in self.ended.iter_mut().rev() {
            if f.open_inode() == Some(s.about.inode) && f.intact() {
                return Known::Same(f.id);
            }
        }
        for f in self.queue.iter_mut().chain(&mut self.ended) {
            let copy = if s.packed { agree(&f.head, &s.head) } else { f.copied_to(s) };
            // What has taken the place of a file is a copy of it only as a whole: it may just begin alike.
            if copy && (s.path != f.name || s.head.len() >= f.head.len()) {
                return Known::Copy(f.id);
            }
        }
        let same = |p: &Passed| {
            (p.inode == s.about.inode && agree(&p.head, &s.head))
                || (agree(&p.head, &s.head) && tells(&p.head, &s.head))
        };
        if let Some(i) = self.earlier_of(s, files) {
            return Known::Earlier(i);
        }
        self.passed.iter().position(same).map_or(Known::New, Known::Passed)
    }

    /// The position that a file belongs to. One that was noted when there were only a few bytes fits many files.
    fn earlier_of(&self, s: &Sibling, files: &[Sibling]) -> Option<usize> {
        let position = |i: usize| &self.earlier[i].position;
        let is_it = |i: usize| match position(i).key.head_len as usize {
            HEAD.. => true,
            _ if same_file(position(i), s) => true,
            len if position(i).finished => s.head.len() == len,
            // Its file is followed.
            _ if self.earlier[i].settled => false,
            // Of several the oldest, or a copy of it.
            _ => {
                let mut fitting = files.iter().filter(|other| fits(position(i), other));
                let own = fitting.clone().find(|other| same_file(position(i), other)).or_else(|| fitting.next());
                own.is_some_and(|own| agree(&own.head, &s.head))
            }
        };
        let fitting = (0..self.earlier.len()).filter(|i| fits(position(*i), s) && is_it(*i));
        fitting.max_by_key(|i| (same_file(position(*i), s), position(*i).key.head_len))
    }

    /// Tells new names of what is or was followed.
    fn rename(&mut self, files: &[Sibling], known: &[Known], give: &mut impl FnMut(Followed)) {
        for f in self.queue.iter_mut().chain(&mut self.ended) {
            let mine = |wanted: Known| files.iter().zip(known).filter(move |(_, k)| **k == wanted).map(|(s, _)| s);
            let same = mine(Known::Same(f.id)).next();
            let copy = || mine(Known::Copy(f.id)).find(|s| s.packed || matches!(f.content, Content::Closed));
            let Some(s) = same.or_else(|| if f.path.exists() && f.path != f.name { None } else { copy() }) else {
                continue;
            };
            if s.path != f.path {
                f.path.clone_from(&s.path);
                give(Followed::Renamed { id: f.id, path: f.path.to_string_lossy().into_owned() });
            }
        }
    }

    /// Tells which positions lead nowhere any more.
    fn miss(&mut self, files: &[Sibling], known: &[Known], give: &mut impl FnMut(Followed)) {
        for (i, earlier) in self.earlier.iter_mut().enumerate() {
            let position = &earlier.position;
            if earlier.settled || (!position.finished && known.contains(&Known::Earlier(i))) {
                continue;
            }
            earlier.settled = true;
            // A position noted when the file was shorter fits too, but a later one is better.
            if !position.finished && !files.iter().any(|s| fits(position, s)) {
                let why = format!(
                    "was rotated away and removed, or overwritten, while guru was not running; what it held after byte \
                     {} and was not read is lost",
                    position.counted
                );
                give(Followed::Lost { id: None, path: position.path.clone(), bytes: None, why });
                self.gap = true;
            }
        }
    }

    /// Whether and from where a file is read.
    fn start(&self, i: usize, files: &[Sibling], known: &[Known], around: &Around<'_>) -> Option<Start> {
        let s = &files[i];
        match known[i] {
            Known::Same(_) | Known::Copy(_) => None,
            Known::Earlier(e) => {
                let earlier = &self.earlier[e];
                let rank = |s: &Sibling| (s.packed, !same_file(&earlier.position, s));
                let best = (0..files.len()).filter(|j| known[*j] == known[i]).min_by_key(|j| rank(&files[*j]));
                // Writers that kept a file may have written to it after it counted as ended.
                let is_more = !earlier.position.finished || (!s.packed && s.about.len > earlier.position.counted);
                (!earlier.settled && is_more && best == Some(i)).then_some(Start::Resume(e))
            }
            Known::Passed(p) => {
                let passed = &self.passed[p];
                let grew = passed.inode == s.about.inode && s.about.len > passed.len;
                (s.matched && !s.packed && grew && !passed.read).then_some(Start::At(passed.len))
            }
            Known::New => self.start_new(i, files, known, around),
        }
    }

    fn start_new(&self, i: usize, files: &[Sibling], known: &[Known], around: &Around<'_>) -> Option<Start> {
        let s = &files[i];
        // An archive beside the file that it is made of, or a copy of a younger file (copytruncate, before it truncates).
        let twin = |(j, other): (usize, &Sibling)| {
            let copied = j > i && known[j] == Known::New && other.about.len >= s.about.len;
            j != i && !other.packed && (s.packed || copied) && agree(&other.head, &s.head)
        };
        if (!s.matched && !self.is_older(s)) || files.iter().enumerate().any(twin) {
            return None;
        }
        let newest = files.iter().rposition(|s| s.matched && !s.packed) == Some(i);
        let since = |floor: Stamp| s.about.written.0 >= floor.0.saturating_sub(SLACK);
        let anchor = known.iter().rposition(|k| match k {
            Known::Same(_) | Known::Copy(_) | Known::Earlier(_) => true,
            Known::Passed(p) => self.passed[*p].read,
            Known::New => false,
        });
        let wanted = match anchor {
            _ if !self.begun && self.earlier.is_empty() && self.history => return newest.then_some(Start::Back),
            _ if !self.begun && self.earlier.is_empty() => newest || since(around.began),
            Some(anchor) if i > anchor => true,
            // A file that was not there at the last look, or was written after an earlier run was last there, whatever its
            // name says of its age: names with numbers and names with dates have no order. An archive of what was read
            // is known as such, however late it was packed.
            Some(_) if self.looked.is_known() && s.matched && !s.packed => since(self.looked),
            Some(_) if self.looked.is_known() => {
                !self.placed.contains_key(&s.about.inode) && s.about.written > self.looked
            }
            Some(_) if !self.earlier.is_empty() => s.about.written > self.last_wall(),
            Some(_) => false,
            None if self.looked.is_known() => true,
            None => newest || since(self.last_wall()),
        };
        wanted.then_some(Start::At(0))
    }

    /// True unless its name says that it is younger than any that the user's paths lead to: then it is another log.
    fn is_older(&self, s: &Sibling) -> bool {
        s.matched || self.current.as_ref().is_some_and(|path| s.rotation < series_key(&path.to_string_lossy()).1)
    }

    /// When the earlier run noted its last position.
    fn last_wall(&self) -> Stamp {
        self.earlier.iter().map(|e| e.position.wall).max().unwrap_or_default()
    }
}

/// True when a position was noted of the very file.
fn same_file(position: &Position, s: &Sibling) -> bool {
    // An archive that got the number of the file it was made of is another file.
    let is_kind = !s.packed || [".gz", ".zst", ".bz2", ".xz"].iter().any(|end| position.path.ends_with(end));
    is_kind && (position.key.device, position.key.inode) == (s.about.inode.device, s.about.inode.number)
}

/// True when a file may be the one of a position.
fn fits(position: &Position, s: &Sibling) -> bool {
    is(&position.key, &s.head) && (s.packed || s.about.len >= position.counted)
}
