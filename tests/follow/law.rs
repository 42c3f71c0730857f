//! The law: whatever is written, rotated, compressed, polled and restarted, in any order, each line is given exactly
//! once and in the order in which it was written, as long as the rotation itself destroys nothing.

use std::fs;

use guru::source::FollowSettings;
use proptest::prelude::*;

use crate::reader::{Daemon, Logs, Reader, settings};

#[derive(Clone, Debug)]
enum Step {
    /// Some bytes, wherever that cuts a line.
    Write(u16),
    Poll,
    /// A kill -9, with so many lines open.
    Restart(u8),
    Rotate(Kind),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
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

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => (0..4_u8).prop_map(Kind::Rename),
        2 => Just(Kind::RenamePacked),
        2 => Just(Kind::RenamePackedLater),
        2 => Just(Kind::CopyTruncate),
        1 => Just(Kind::Rewrite),
        1 => Just(Kind::Remove),
    ];
    prop_oneof![
        6 => (1..3000_u16).prop_map(Step::Write),
        4 => Just(Step::Poll),
        1 => (0..3_u8).prop_map(Step::Restart),
        3 => kind.prop_map(Step::Rotate),
    ]
}

struct Writer {
    logs: Logs,
    daemon: Daemon,
    name: String,
    expected: Vec<String>,
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

    fn write(&mut self, mut bytes: usize) {
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

    fn end_line(&mut self) {
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

    fn rotate(&mut self, kind: Kind, reader: &mut Reader) {
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
                reader.poll();
                fs::File::options().write(true).open(self.logs.path(&name)).unwrap().set_len(0).unwrap();
                self.reopen(0);
            }
            Kind::Remove => {
                reader.poll();
                self.logs.remove(&name);
                self.reopen(0);
            }
        }
    }

    /// A new file each day; the name of the current one stays, as a link, or not.
    fn next_day(&mut self, pack: bool, link: bool) {
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

fn begin(name: &str) -> Writer {
    let logs = Logs::new();
    let daemon = Daemon::open(&logs.path(name));
    let mut writer = Writer { logs, daemon, name: name.into(), expected: Vec::new(), rest: String::new(), days: 0 };
    writer.reopen(0);
    writer
}

fn finish(mut writer: Writer, mut reader: Reader, steps: &[Step]) -> Result<(), TestCaseError> {
    writer.end_line();
    for _ in 0..3 {
        reader.poll();
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    prop_assert_eq!(&reader.lines, &writer.expected, "{:?} lost {:?}", steps, &reader.lost);
    Ok(())
}

fn small(grace_us: i64, most: usize) -> FollowSettings {
    FollowSettings { grace_us, gone_us: grace_us, most, block: most / 2 + 1, keep_files: 3, ..settings() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_given_once_through_any_rotation(
        steps in prop::collection::vec(step(), 1..40),
        grace in prop_oneof![Just(0), Just(2_000), Just(60_000_000)],
        most in prop_oneof![Just(100_usize), Just(1 << 20)],
    ) {
        let mut writer = begin("access.log");
        let mut reader = Reader::with(&[&writer.logs.path("access.log")], small(grace, most));
        reader.poll();
        for step in &steps {
            match step {
                Step::Write(n) => writer.write(usize::from(*n)),
                Step::Poll => _ = reader.poll_once(),
                Step::Restart(back) => reader.restart(usize::from(*back)),
                Step::Rotate(kind) => writer.rotate(*kind, &mut reader),
            }
        }
        finish(writer, reader, &steps)?;
    }

    #[test]
    fn every_line_is_given_once_through_any_number_of_days(
        steps in prop::collection::vec(step(), 1..40),
        link in any::<bool>(),
        grace in prop_oneof![Just(0), Just(60_000_000)],
    ) {
        let mut writer = begin("app-20260101.log");
        let spec = if link && cfg!(unix) { "current.log" } else { "app-*.log*" };
        #[cfg(unix)]
        writer.logs.link("app-20260101.log", "current.log");
        let mut reader = Reader::with(&[&writer.logs.path(spec)], small(grace, 1 << 20));
        reader.poll();
        for step in &steps {
            match step {
                Step::Write(n) => writer.write(usize::from(*n)),
                Step::Poll => _ = reader.poll_once(),
                Step::Restart(back) => reader.restart(usize::from(*back)),
                Step::Rotate(kind) => writer.next_day(matches!(kind, Kind::RenamePacked), link),
            }
        }
        finish(writer, reader, &steps)?;
    }
}
