//! A daemon that writes numbered lines, and the rotation of its log.

use std::fs;

use crate::reader::{Daemon, Logs};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The writer writes so many lines more before it opens the new file.
    Rename(u8),
    RenamePacked,
    RenamePackedLater,
    CopyTruncate,
    /// Read to its end before.
    Rewrite,
    /// Read to its end before.
    Remove,
}

pub struct Writer {
    pub logs: Logs,
    daemon: Daemon,
    name: String,
    pub expected: Vec<String>,
    /// What is left of the line that is being written.
    rest: String,
    days: u32,
}

impl Writer {
    fn next_line(&mut self) -> String {
        let n = self.expected.len() as u64;
        // The first bytes tell each line from the others, as those of real logs do.
        let line =
            format!("{:016x} line {n} {}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15), "x".repeat((n * 37 % 90) as usize));
        self.expected.push(line.clone());
        line + "\n"
    }

    pub fn write(&mut self, mut bytes: usize) {
        let mut text = String::new();
        while bytes > 0 {
            if self.rest.is_empty() {
                self.rest = self.next_line();
            }
            let n = bytes.min(self.rest.len());
            text.extend(self.rest.drain(..n));
            bytes -= n;
        }
        self.daemon.write(&text);
    }

    pub fn end_line(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.daemon.write(&rest);
    }

    fn reopen(&mut self, lines: u8) {
        for _ in 0..lines {
            let line = self.next_line();
            self.daemon.write(&line);
        }
        self.daemon = Daemon::open(&self.logs.path(&self.name));
        let line = self.next_line();
        self.daemon.write(&line);
    }

    /// `access.log.1` becomes `.2` and so on, the packed ones too.
    fn shift(&self) {
        for n in (1..60).rev() {
            for ending in ["", ".gz"] {
                let (from, to) = (format!("{}.{n}{ending}", self.name), format!("{}.{}{ending}", self.name, n + 1));
                if self.logs.exists(&from) {
                    self.logs.rename(&from, &to);
                }
            }
        }
    }

    pub fn rotate(&mut self, kind: Kind, mut poll: impl FnMut()) {
        self.end_line();
        let (name, first) = (self.name.clone(), format!("{}.1", self.name));
        match kind {
            Kind::Rename(late) => {
                self.shift();
                self.logs.rename(&name, &first);
                self.reopen(late);
            }
            Kind::RenamePacked | Kind::RenamePackedLater => {
                self.shift();
                let later = format!("{name}.2");
                self.logs.rename(&name, &first);
                self.reopen(0);
                let packed = if matches!(kind, Kind::RenamePacked) { first } else { later };
                if self.logs.exists(&packed) {
                    self.logs.gzip(&packed, &format!("{packed}.gz"));
                }
            }
            Kind::CopyTruncate => {
                self.shift();
                fs::copy(self.logs.path(&name), self.logs.path(&first)).unwrap();
                fs::File::options().write(true).open(self.logs.path(&name)).unwrap().set_len(0).unwrap();
                self.reopen(0);
            }
            Kind::Rewrite => {
                poll();
                fs::File::options().write(true).open(self.logs.path(&name)).unwrap().set_len(0).unwrap();
                self.reopen(0);
            }
            Kind::Remove => {
                poll();
                self.logs.remove(&name);
                self.reopen(0);
            }
        }
    }

    /// A new file each day; the name of the current one stays, as a link, or not.
    pub fn next_day(&mut self, pack: bool, link: bool) {
        self.end_line();
        let yesterday = self.name.clone();
        self.days += 1;
        self.name = format!("app-2026{:02}{:02}.log", 1 + self.days / 28, 1 + self.days % 28);
        self.reopen(0);
        if link {
            #[cfg(unix)]
            self.logs.link(&self.name, "current.log");
        }
        if pack {
            self.logs.gzip(&yesterday, &format!("{yesterday}.gz"));
        }
    }
}

pub fn begin(name: &str) -> Writer {
    let logs = Logs::new();
    let daemon = Daemon::open(&logs.path(name));
    let mut writer = Writer { logs, daemon, name: name.into(), expected: Vec::new(), rest: String::new(), days: 0 };
    writer.reopen(0);
    writer
}
