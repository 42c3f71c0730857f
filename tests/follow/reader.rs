//! A caller of the follower that does what guru does: it cuts lines, keeps positions, and begins again from them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guru::model::{Position, Stamp};
use guru::source::{FollowSettings, Followed, Follower, Generation, Opened, PathSpec};

/// What is known of one generation.
pub struct Given {
    pub opened: Opened,
    pub path: String,
    /// Begins at the offset `opened.from`.
    pub bytes: Vec<u8>,
    pub ended: bool,
    /// Bytes of it whose lines were taken.
    taken: u64,
}

pub struct Reader {
    specs: Vec<PathSpec>,
    pub settings: FollowSettings,
    ahead: Arc<AtomicI64>,
    pub follower: Follower,
    pub given: BTreeMap<Generation, Given>,
    /// Whole lines in the order in which they were given, over restarts.
    pub lines: Vec<String>,
    pub lost: Vec<String>,
    pub troubles: Vec<String>,
    pub mended: Vec<String>,
    /// Positions of the runs before this one.
    stored: Vec<Position>,
}

/// Settings for tests: everything is read, folders are looked at in each poll.
pub fn settings() -> FollowSettings {
    FollowSettings { back: u64::MAX, rescan_us: 0, ..FollowSettings::default() }
}

pub fn now() -> Stamp {
    Stamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

impl Reader {
    pub fn new(specs: &[&Path]) -> Reader {
        Reader::with(specs, settings())
    }

    pub fn with(specs: &[&Path], mut settings: FollowSettings) -> Reader {
        let specs: Vec<PathSpec> = specs.iter().map(|p| PathSpec::parse(&p.to_string_lossy())).collect();
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = ahead.clone();
        settings.clock = Arc::new(move || now() + clock.load(Ordering::Relaxed));
        let follower = Follower::new(&specs, Vec::new(), settings.clone());
        let (given, lines, lost, troubles) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        let (mended, stored) = (Vec::new(), Vec::new());
        Reader { specs, settings, ahead, follower, given, lines, lost, troubles, mended, stored }
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: f64) {
        self.ahead.fetch_add((seconds * 1e6) as i64, Ordering::Relaxed);
        self.poll();
    }

    /// Polls until nothing more is there.
    pub fn poll(&mut self) {
        while self.poll_once() {}
    }

    pub fn poll_once(&mut self) -> bool {
        let mut told = Vec::new();
        let more = self.follower.poll(&mut |f| told.push(f));
        told.into_iter().for_each(|f| self.hear(f));
        more
    }

    /// Polls until `done` or for 30 real seconds.
    pub fn until(&mut self, done: impl Fn(&Reader) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        self.poll();
        while !done(self) {
            let bytes: usize = self.given.values().map(|g| g.bytes.len()).sum();
            assert!(
                Instant::now() < deadline,
                "{} lines, {bytes} bytes, lost {:?}, {:?}",
                self.lines.len(),
                self.lost,
                self.troubles
            );
            std::thread::sleep(Duration::from_millis(5));
            self.poll();
        }
    }

    fn hear(&mut self, told: Followed) {
        match told {
            Followed::Opened(opened) => {
                let (path, taken) = (opened.path.clone(), opened.from);
                let new = Given { path, opened, bytes: Vec::new(), ended: false, taken };
                assert!(self.given.insert(new.opened.id, new).is_none());
            }
            Followed::Bytes { id, offset, bytes } => {
                let given = self.given.get_mut(&id).expect("opened");
                assert_eq!(offset, given.opened.from + given.bytes.len() as u64, "contiguous");
                assert!(!given.ended && !bytes.is_empty());
                given.bytes.extend(bytes);
                self.take_lines(id);
            }
            Followed::Renamed { id, path } => self.given.get_mut(&id).expect("opened").path = path,
            Followed::Ended { id } => {
                let given = self.given.get_mut(&id).expect("opened");
                assert!(!std::mem::replace(&mut given.ended, true));
                self.take_lines(id);
            }
            Followed::Lost { path, why, .. } => self.lost.push(format!("{path} {why}")),
            Followed::Trouble(trouble) => self.troubles.push(format!("{} {}", trouble.path, trouble.why)),
            Followed::Mended { path } => self.mended.push(path),
        }
    }

    /// Takes whole lines; the last one of an ended generation also without a newline.
    fn take_lines(&mut self, id: Generation) {
        let given = self.given.get_mut(&id).expect("opened");
        loop {
            let rest = &given.bytes[(given.taken - given.opened.from) as usize..];
            let len = match memchr::memchr(b'\n', rest) {
                Some(newline) => newline + 1,
                None if given.ended && !rest.is_empty() => rest.len(),
                None => return,
            };
            if given.taken >= given.opened.counted {
                self.lines.push(String::from_utf8_lossy(&rest[..len]).trim_end_matches('\n').to_string());
            }
            given.taken += len as u64;
        }
    }

    /// What guru would have stored: lines are counted up to the last whole one, and `back` lines before that are open.
    pub fn positions(&self, back: usize) -> Vec<Position> {
        let mut positions = self.stored.clone();
        for (id, given) in &self.given {
            let Some((key, path, finished)) = self.follower.key(*id) else { continue };
            let taken = &given.bytes[..(given.taken - given.opened.from) as usize];
            let edge = taken.iter().enumerate().rev().filter(|(_, b)| **b == b'\n').nth(back).map_or(0, |(i, _)| i + 1);
            let low = given.opened.from + edge as u64;
            let low_lines = given.opened.lines_before + taken[..edge].iter().filter(|b| **b == b'\n').count() as u64;
            positions.retain(|p| p.key.head != key.head || p.key.head_len != key.head_len);
            let counted = given.taken.max(given.opened.counted);
            positions.push(Position {
                path,
                key,
                low,
                low_lines,
                counted,
                finished,
                wall: (self.settings.clock)(),
                taken: Vec::new(),
            });
        }
        positions
    }

    /// Ends this run and starts another from its positions.
    pub fn restart(&mut self, back: usize) {
        self.stored = self.positions(back);
        self.follower = Follower::new(&self.specs, self.stored.clone(), self.settings.clone());
        self.given.clear();
    }

    pub fn live(&self) -> Vec<&Given> {
        self.given.values().filter(|g| !g.ended).collect()
    }

    #[track_caller]
    pub fn expect(&self, lines: &[&str]) {
        assert_eq!(self.lines, lines, "lost: {:?}, troubles: {:?}", self.lost, self.troubles);
    }
}

/// A file that is appended to, as a daemon does: it keeps it open.
pub struct Daemon(fs::File);

impl Daemon {
    pub fn open(path: &Path) -> Daemon {
        Daemon(fs::OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    pub fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }
}

/// A folder of logs.
pub struct Logs(tempfile::TempDir);

impl Logs {
    pub fn new() -> Logs {
        Logs(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        Daemon::open(&self.path(name)).write(text);
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// What `gzip NAME` does, `name` to `to`.
    pub fn gzip(&self, name: &str, to: &str) {
        let file = fs::File::create(self.path(to)).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(&fs::read(self.path(name)).unwrap()).unwrap();
        let file = encoder.finish().unwrap();
        file.set_modified(fs::metadata(self.path(name)).unwrap().modified().unwrap()).unwrap();
        self.remove(name);
    }

    #[cfg(unix)]
    pub fn link(&self, target: &str, name: &str) {
        let temporary = self.path("link.tmp");
        std::os::unix::fs::symlink(self.path(target), &temporary).unwrap();
        fs::rename(temporary, self.path(name)).unwrap();
    }
}
