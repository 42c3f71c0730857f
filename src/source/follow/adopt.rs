//! How a generation begins, moves to a copy, is revived and forgotten. In: a file and where to begin; out: the words
//! that tell it. It must not decide which files are read.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::file::About;
use super::fingerprint::{agree, tells};
use super::followee::{Content, Followee};
use super::log::{Around, Log, Passed};
use super::look::Start;
use super::packed::Packed;
use super::plain::{Plain, line_start};
use super::siblings::{Looks, Sibling, siblings};
use super::told::{Followed, Generation, Opened};
use crate::model::Stamp;
use crate::source::open::cannot_open;

/// Ended generations that can be named at most, per log.
const MOST_ENDED: usize = 256;

impl Log {
    /// Follows a file from now on; false when it is not the file that was looked at any more, or cannot be read.
    pub fn adopt(
        &mut self,
        files: &[Sibling],
        i: usize,
        start: Start,
        around: &mut Around<'_>,
        give: &mut impl FnMut(Followed),
    ) -> bool {
        let s = &files[i];
        let (from, lines, counted) = match start {
            Start::At(0) => (0, Some(0), 0),
            Start::At(from) => (line_start(&s.path, from), None, 0),
            Start::Back => match line_start(&s.path, s.about.len.saturating_sub(around.settings.back)) {
                0 => (0, Some(0), 0),
                from => (from, None, 0),
            },
            Start::Resume(e) => {
                let position = &self.earlier[e].position;
                (position.low, Some(position.low_lines), position.counted)
            }
        };
        let content = match content(s, from) {
            Ok(Some(content)) => content,
            Ok(None) => return false,
            Err(error) => {
                around.troubles.push(cannot_open(&s.path.to_string_lossy(), &error));
                return false;
            }
        };
        if let Start::Resume(e) = start {
            self.earlier[e].settled = true;
            self.tell_copytruncate(e, files, i, give);
        }
        for older in &mut self.queue {
            let present_end = match older.content {
                Content::Plain(_) => older.offset + older.left(),
                // An archive is read to its end.
                _ => u64::MAX,
            };
            older.first_until.get_or_insert(present_end);
        }
        let f = Followee {
            id: Generation::next(),
            name: s.path.clone(),
            path: s.path.clone(),
            content,
            head: s.head.clone(),
            inode: s.about.inode,
            offset: from,
            lines: lines.unwrap_or(0),
            lines_known: lines.is_some(),
            stirred: around.now,
            superseded: false,
            first_until: None,
            ended: None,
            succeeded: false,
        };
        let after_gap = std::mem::take(&mut self.gap);
        give(Followed::Opened(self.opened(&f, counted, after_gap)));
        self.queue.push(f);
        (self.begun, self.history) = (true, false);
        true
    }

    fn opened(&self, f: &Followee, counted: u64, after_gap: bool) -> Opened {
        Opened {
            id: f.id,
            role: self.role,
            node: self.node.clone(),
            series: self.series.clone(),
            path: f.path.to_string_lossy().into_owned(),
            from: f.offset,
            lines_before: f.lines,
            lines_known: f.lines_known,
            counted,
            after_gap,
        }
    }

    /// While guru was not running, the file was copied and truncated: the copy is read, the file holds something else.
    fn tell_copytruncate(&mut self, e: usize, files: &[Sibling], i: usize, give: &mut impl FnMut(Followed)) {
        let (key, copy) = (&self.earlier[e].position.key, &files[i]);
        let original = |s: &&Sibling| (s.about.inode.device, s.about.inode.number) == (key.device, key.inode);
        let original = files.iter().find(original);
        if let Some(original) = original.filter(|s| s.path != copy.path && !copy.packed && !agree(&s.head, &copy.head))
        {
            give(Followed::Lost {
                id: None,
                path: original.path.to_string_lossy().into_owned(),
                bytes: None,
                why: COPYTRUNCATE.to_string(),
            });
            self.gap = true;
        }
    }

    /// A file does not hold any more what was read of it. True when a copy does: the rest is read there.
    pub fn truncated(&mut self, i: usize, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> bool {
        let mut files = siblings(&self.series, &self.matched, around.looks, &mut Vec::new());
        let others: Vec<_> = self.queue.iter().chain(&self.ended).filter_map(Followee::open_inode).collect();
        files.retain(|s| !others.contains(&s.about.inode) && !around.elsewhere(s.about.inode, &self.series));
        files.sort_by_key(|s| s.packed);
        let f = &mut self.queue[i];
        let was = f.path.to_string_lossy().into_owned();
        let copy = files.iter().find(|s| s.head.len() >= f.head.len() && agree(&s.head, &f.head) && move_to(f, s));
        let why = match copy {
            Some(_) => COPYTRUNCATE.to_string(),
            None => format!("was truncated: what was written after byte {} and not read yet is lost", f.offset),
        };
        give(Followed::Lost { id: Some(f.id), path: was, bytes: None, why });
        (f.superseded, f.stirred) = (true, around.now);
        self.gap = true;
        match copy {
            Some(s) => {
                (f.name, f.path) = (s.path.clone(), s.path.clone());
                give(Followed::Renamed { id: f.id, path: f.path.to_string_lossy().into_owned() });
            }
            None => f.content = Content::Closed,
        }
        copy.is_some()
    }

    /// Follows what is written to a file after it ended, as a generation that begins where that one ended.
    pub fn late(&mut self, now: Stamp, give: &mut impl FnMut(Followed)) {
        for i in 0..self.ended.len() {
            let old = &mut self.ended[i];
            let Content::Plain(plain) = &mut old.content else { continue };
            let len = plain.len().unwrap_or(0);
            if old.succeeded || len == old.offset {
                continue;
            }
            let twin = if plain.intact() { plain.twin() } else { Err(io::ErrorKind::InvalidData.into()) };
            let Ok(twin) = twin else {
                old.content = Content::Closed;
                continue;
            };
            old.succeeded = true;
            let f = Followee {
                id: Generation::next(),
                name: old.name.clone(),
                path: old.path.clone(),
                content: Content::Plain(twin),
                head: old.head.clone(),
                stirred: now,
                superseded: true,
                first_until: Some(len),
                ended: None,
                succeeded: false,
                ..*old
            };
            give(Followed::Opened(self.opened(&f, f.offset, false)));
            self.queue.insert(0, f);
        }
    }

    /// Looks for a generation that is not open and not at its path any more; true when it was found elsewhere.
    pub fn find_again(&mut self, id: Generation, looks: &mut Looks) -> bool {
        let files = siblings(&self.series, &self.matched, looks, &mut Vec::new());
        let Some(f) = self.ended.iter_mut().find(|f| f.id == id) else { return false };
        let Some(s) = files.into_iter().find(|s| agree(&s.head, &f.head) && tells(&f.head, &s.head)) else {
            return false;
        };
        f.path = s.path;
        true
    }

    /// Closes files that ended long ago or are too many.
    pub fn forget(&mut self, around: &Around<'_>) {
        let settings = around.settings;
        let many = self.ended.len().saturating_sub(settings.keep_files);
        for (i, f) in self.ended.iter_mut().enumerate() {
            let age = f.ended.and_then(|ended| around.now.since(ended)).unwrap_or(0);
            if i < many || age > settings.keep_us {
                f.content = Content::Closed;
            }
        }
        while self.ended.len() > MOST_ENDED {
            let id = self.ended[0].id;
            self.release(id);
        }
    }

    /// Forgets an ended generation, but not that it was read.
    pub fn release(&mut self, id: Generation) {
        let Some(i) = self.ended.iter().position(|f| f.id == id) else { return };
        let f = self.ended.remove(i);
        if self.passed.len() >= 4096 {
            self.passed.remove(0);
        }
        self.passed.push(Passed { inode: f.inode, head: f.head, len: f.offset, read: true });
    }
}

const COPYTRUNCATE: &str = "was copied and truncated (copytruncate): lines that were written between the copy and the \
                            truncation are lost, and nothing tells how many";

/// Opens a file; `None` when it is not the one that was looked at.
fn content(s: &Sibling, from: u64) -> io::Result<Option<Content>> {
    if s.packed {
        return Ok(Some(Content::Packed(Packed::open(s.path.clone(), from)?)));
    }
    let file = match File::open(&s.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if About::open(&file)?.inode != s.about.inode {
        return Ok(None);
    }
    let plain = Plain::new(file, from)?;
    Ok(plain.head.starts_with(&s.head).then_some(Content::Plain(plain)))
}

/// Goes on in a copy when it holds what was read.
fn move_to(f: &mut Followee, copy: &Sibling) -> bool {
    let path: PathBuf = copy.path.clone();
    if copy.packed {
        let Ok(packed) = Packed::open(path, f.offset) else { return false };
        f.content = Content::Packed(packed);
        return true;
    }
    let (Content::Plain(plain), Ok(file)) = (&mut f.content, File::open(path)) else { return false };
    plain.is_in(&file) && plain.move_to(file).is_ok()
}
