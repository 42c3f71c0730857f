//! How a generation begins, moves to a copy, is revived and forgotten. In: a file and where to begin; out: the words
//! that tell it. It must not decide which files are read.

use std::io;

use super::fingerprint::{agree, tells};
use super::followee::{Content, Followee};
use super::log::{Around, Log, Passed};
use super::look::Start;
use super::packed::Packed;
use super::plain::{Plain, line_start, newlines_before};
use super::settings::FollowSettings;
use super::siblings::{Looks, Sibling, siblings};
use super::told::{Followed, Generation, Opened};
use crate::model::Stamp;
use crate::model::follow::Taken;

/// Ended generations that can be named at most, per log.
const MOST_ENDED: usize = 256;

/// Where the rest of a truncated file is.
pub(super) enum Copied {
    /// In a copy, which is read from now on.
    Yes,
    /// Nowhere.
    No,
    /// Names changed hands during the search: it goes on at the next poll.
    Later,
}

/// Where reading begins.
pub(super) struct From {
    /// In the decompressed content.
    pub offset: u64,
    lines: Option<u64>,
    counted: u64,
    taken: Vec<Taken>,
}

/// Searches that a rotation may disturb before a copy is given up.
const MOST_SOUGHT: u8 = 100;

impl Log {
    /// The place where reading begins.
    pub fn from(&self, start: Start, s: &Sibling, settings: &FollowSettings) -> From {
        let middle = |offset| match line_start(&s.path, offset) {
            0 => From { offset: 0, lines: Some(0), counted: 0, taken: Vec::new() },
            offset => From { offset, lines: newlines_before(&s.path, offset), counted: 0, taken: Vec::new() },
        };
        match start {
            Start::At(offset) => middle(offset),
            Start::Back => middle(s.about.len.saturating_sub(settings.back)),
            Start::Resume(e) => {
                let position = &self.earlier[e].position;
                From {
                    offset: position.low,
                    lines: Some(position.low_lines),
                    counted: position.counted,
                    taken: position.taken.clone(),
                }
            }
        }
    }

    /// Follows a file from now on.
    pub fn adopt(&mut self, s: &Sibling, from: From, content: Content, now: Stamp, give: &mut impl FnMut(Followed)) {
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
            offset: from.offset,
            lines: from.lines.unwrap_or(0),
            lines_known: from.lines.is_some(),
            stirred: now,
            superseded: false,
            first_until: None,
            ended: None,
            sought: 0,
            succeeded: false,
        };
        let after_gap = std::mem::take(&mut self.gap);
        give(Followed::Opened(self.opened(&f, (from.counted, from.taken), after_gap)));
        self.queue.push(f);
        (self.begun, self.history) = (true, false);
    }

    fn opened(&self, f: &Followee, (counted, taken): (u64, Vec<Taken>), after_gap: bool) -> Opened {
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
            taken,
        }
    }

    /// While guru was not running, the file was copied and truncated: the copy is read, the file holds something else.
    pub fn tell_copytruncate(&mut self, e: usize, files: &[Sibling], i: usize, give: &mut impl FnMut(Followed)) {
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

    /// A file does not hold any more what was read of it. When a copy does, the rest is read there.
    pub fn truncated(&mut self, i: usize, around: &mut Around<'_>, give: &mut impl FnMut(Followed)) -> Copied {
        let files = siblings(&self.series, &self.matched, around.looks, &mut Vec::new());
        let stable = files.is_some();
        let mut files = files.unwrap_or_default();
        let others: Vec<_> = self.queue.iter().chain(&self.ended).filter_map(Followee::open_inode).collect();
        files.retain(|s| !others.contains(&s.about.inode) && !around.elsewhere(s.about.inode, &self.series));
        files.sort_by_key(|s| s.packed);
        let f = &mut self.queue[i];
        let was = f.path.to_string_lossy().into_owned();
        let (mut copy, mut unsettled) = (None, !stable);
        files.retain(|s| s.head.len() >= f.head.len() && agree(&s.head, &f.head));
        for s in &files {
            match move_to(f, s) {
                Some(true) => copy = Some(s),
                Some(false) => continue,
                None => unsettled = true,
            }
            break;
        }
        // A copy may change its name between the look at it and the opening; what is not found is sought once more.
        if copy.is_none() && (f.sought == 0 || (unsettled && f.sought < MOST_SOUGHT)) {
            f.sought += 1;
            return Copied::Later;
        }
        let why = match copy {
            Some(_) => COPYTRUNCATE.to_string(),
            None => format!("was truncated: what was written after byte {} and not read yet is lost", f.offset),
        };
        give(Followed::Lost { id: Some(f.id), path: was, bytes: None, why });
        (f.superseded, f.stirred) = (true, around.now);
        self.gap = true;
        let Some(s) = copy else {
            f.content = Content::Closed;
            return Copied::No;
        };
        (f.name, f.path) = (s.path.clone(), s.path.clone());
        give(Followed::Renamed { id: f.id, path: f.path.to_string_lossy().into_owned() });
        Copied::Yes
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
                sought: 0,
                succeeded: false,
                ..*old
            };
            give(Followed::Opened(self.opened(&f, (f.offset, Vec::new()), false)));
            self.queue.insert(0, f);
        }
    }

    /// Looks for a generation that is not open and not at its path any more; true when it was found elsewhere.
    pub fn find_again(&mut self, id: Generation, looks: &mut Looks) -> bool {
        let Some(files) = siblings(&self.series, &self.matched, looks, &mut Vec::new()) else { return false };
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

/// Opens a file to be read from `offset` on; `None` when it is not the one that was looked at.
pub(super) fn content(s: &Sibling, offset: u64) -> io::Result<Option<Content>> {
    let Some(file) = s.open()? else { return Ok(None) };
    if s.packed {
        return Ok(Some(Content::Packed(Box::new(Packed::new(file, offset)?))));
    }
    let plain = Plain::new(file, offset)?;
    Ok(plain.head.starts_with(&s.head).then_some(Content::Plain(plain)))
}

/// Goes on in a copy; false when it does not hold what was read, `None` when it is not the file that was looked at.
fn move_to(f: &mut Followee, copy: &Sibling) -> Option<bool> {
    let file = copy.open().ok()??;
    if copy.packed {
        let packed = Packed::new(file, f.offset).ok()?;
        f.content = Content::Packed(Box::new(packed));
        return Some(true);
    }
    let Content::Plain(plain) = &mut f.content else { return Some(false) };
    Some(plain.is_in(&file) && plain.move_to(file).is_ok())
}
