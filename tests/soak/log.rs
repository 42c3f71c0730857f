//! One log and everything that rotates it. In: bytes, and the moments at which to rotate; out: files as logrotate,
//! nginx and others leave them. It must not know what the lines say.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A way to rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rotation {
    /// Renamed to `.1`; a new file at once.
    Rename,
    /// Renamed to `.1`; the server writes into it a little longer, and there is no new file meanwhile.
    RenameAndLinger,
    /// Renamed to `.1`; a new file; `.1` compressed at once.
    CompressNow,
    /// Renamed to `.1`; a new file; what was `.1` before is compressed.
    CompressLater,
    /// Renamed to a name with a date; a new file.
    Dated,
    /// Deleted; a new file.
    Delete,
    /// The name is a link, which is made to point at a new file.
    Swap,
    /// The program writes into a new file with the next date in its name.
    NextDate,
    /// Copied to `.1`, then cut to nothing. What is written between the two is destroyed.
    CopyTruncate,
    /// Cut to nothing by a program that starts again and had been silent for a while.
    Rewrite,
}

/// Who looks after a log, which decides how it may be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    Renaming,
    Linking,
    Dating,
    Truncating,
}

impl Keeper {
    pub const ALL: [Keeper; 4] = [Keeper::Renaming, Keeper::Linking, Keeper::Dating, Keeper::Truncating];

    /// Its ways; without those that destroy what nobody has read when guru is `down`.
    pub fn rotations(self, down: bool) -> &'static [Rotation] {
        use Rotation::*;
        match self {
            Keeper::Renaming if down => &[Rename, RenameAndLinger, CompressNow, CompressLater, Dated],
            Keeper::Renaming => &[Rename, RenameAndLinger, CompressNow, CompressLater, Dated, Delete],
            Keeper::Linking => &[Swap],
            Keeper::Dating => &[NextDate],
            Keeper::Truncating if down => &[CopyTruncate],
            Keeper::Truncating => &[CopyTruncate, Rewrite],
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Keeper::Renaming => "renaming",
            Keeper::Linking => "linking",
            Keeper::Dating => "dating",
            Keeper::Truncating => "truncating",
        }
    }

    /// The argument that names this log.
    pub fn argument(self) -> String {
        let name = if self == Keeper::Dating { "access-*.log" } else { "access.log" };
        format!("origin={}/{name}", self.folder())
    }
}

/// Archives that are kept by number.
const KEPT: u32 = 40;

/// How long a program is silent before it cuts its log, and how old a file is before it is deleted: time enough for
/// every reader that lags less.
pub const SILENCE: Duration = Duration::from_millis(1500);

/// A log that is written and rotated.
pub struct Log {
    pub keeper: Keeper,
    folder: PathBuf,
    file: File,
    since: Instant,
    /// Rotations so far; makes dates that follow each other.
    count: u32,
    /// The file was renamed; the next rotation of time opens a new one.
    lingers_until: Option<Instant>,
}

impl Log {
    /// A new one in a folder of its own below `folder`.
    pub fn new(keeper: Keeper, folder: &Path) -> Log {
        let folder = folder.join(keeper.folder());
        fs::create_dir_all(&folder).expect("the folder can be made");
        let first = match keeper {
            Keeper::Renaming | Keeper::Truncating => folder.join("access.log"),
            Keeper::Linking | Keeper::Dating => dated(&folder, "access-", ".log", 0),
        };
        let file = append(&first);
        if keeper == Keeper::Linking {
            symlink(first.file_name().expect("it has a name"), folder.join("access.log")).expect("a link can be made");
        }
        Log { keeper, folder, file, since: Instant::now(), count: 0, lingers_until: None }
    }

    /// The file that a reader is told of.
    pub fn current(&self) -> PathBuf {
        self.folder.join("access.log")
    }

    /// Writes, first opening a new file if it is time.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.lingers_until.is_some_and(|until| Instant::now() >= until) {
            self.open_again();
        }
        self.write_on(bytes);
    }

    /// Writes into the file that was written last: no server ends a line in another file.
    pub fn write_on(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).expect("the log can be written");
    }

    /// Whether this may happen now without destroying what a reader had no time to read.
    pub fn may(&self, rotation: Rotation) -> bool {
        self.lingers_until.is_none() && (rotation != Rotation::Delete || self.since.elapsed() > SILENCE)
    }

    /// Rotates. `between` gets what is written after a copy and before the cut.
    pub fn rotate(&mut self, rotation: Rotation, between: &[u8]) {
        self.count += 1;
        let first = self.folder.join("access.log.1");
        match rotation {
            Rotation::Rename => self.rename(&first),
            Rotation::RenameAndLinger => {
                self.shift();
                fs::rename(self.current(), &first).expect("it can be renamed");
                self.lingers_until = Some(Instant::now() + Duration::from_millis(30));
            }
            Rotation::CompressNow => {
                self.rename(&first);
                compress(&first);
            }
            Rotation::CompressLater => {
                self.rename(&first);
                let second = self.folder.join("access.log.2");
                if second.exists() {
                    compress(&second);
                }
            }
            Rotation::Dated => {
                let to = dated(&self.folder, "access.log-", "", self.count);
                fs::rename(self.current(), to).expect("it can be renamed");
                self.open_again();
            }
            Rotation::Delete => {
                fs::remove_file(self.current()).expect("it can be deleted");
                self.open_again();
            }
            Rotation::Swap => self.swap(),
            Rotation::NextDate => self.file = append(&dated(&self.folder, "access-", ".log", self.count)),
            Rotation::CopyTruncate => {
                self.shift();
                fs::copy(self.current(), &first).expect("it can be copied");
                self.write(between);
                self.file.set_len(0).expect("it can be cut");
            }
            Rotation::Rewrite => self.file.set_len(0).expect("it can be cut"),
        }
    }

    /// Ends a lingering, as a rotation that comes to its end.
    pub fn settle(&mut self) {
        if self.lingers_until.is_some() {
            self.open_again();
        }
    }

    fn rename(&mut self, to: &Path) {
        self.shift();
        fs::rename(self.current(), to).expect("it can be renamed");
        self.open_again();
    }

    fn open_again(&mut self) {
        self.file = append(&self.current());
        self.since = Instant::now();
        self.lingers_until = None;
    }

    /// Makes the link point at a new file, in one step.
    fn swap(&mut self) {
        let next = dated(&self.folder, "access-", ".log", self.count);
        self.file = append(&next);
        let fresh = self.folder.join("fresh");
        symlink(next.file_name().expect("it has a name"), &fresh).expect("a link can be made");
        fs::rename(fresh, self.current()).expect("a link can be renamed");
    }

    /// `.1` becomes `.2` and so on, compressed ones too; the oldest goes.
    fn shift(&self) {
        let path = |n: u32, packed: &str| self.folder.join(format!("access.log.{n}{packed}"));
        for packed in ["", ".gz"] {
            // What is not there need not move.
            let _ = fs::remove_file(path(KEPT, packed));
            for n in (1..KEPT).rev() {
                let _ = fs::rename(path(n, packed), path(n + 1, packed));
            }
        }
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("the log can be opened")
}

/// A name with the date of the n-th rotation: an hour each, from the beginning of 2026.
fn dated(folder: &Path, before: &str, after: &str, n: u32) -> PathBuf {
    let (day, hour) = (n / 24, n % 24);
    folder.join(format!("{before}2026{:02}{:02}-{hour:02}{after}", day / 28 % 12 + 1, day % 28 + 1))
}

/// As gzip does: the packed file grows beside the other, which goes when it is whole.
fn compress(path: &Path) {
    let bytes = fs::read(path).expect("it is there");
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let mut packed = GzEncoder::new(File::create(name).expect("it can be made"), Compression::default());
    packed.write_all(&bytes).and_then(|()| packed.finish()).expect("it can be packed");
    fs::remove_file(path).expect("it can be deleted");
}
