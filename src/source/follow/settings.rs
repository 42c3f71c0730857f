//! How following is done. In: nothing; out: bounds, pauses and the clock. It must not know files.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Stamp;
use crate::model::stamp::SECOND;

/// Tells the time (wall clock). Tests bring their own.
pub type WallClock = Arc<dyn Fn() -> Stamp + Send + Sync>;

/// Bounds, pauses and the clock of following.
#[derive(Clone)]
pub struct FollowSettings {
    /// Bytes at the end of each file that are read when it is followed for the first time: 0 for only what comes,
    /// `u64::MAX` for all of it. Reading starts at the beginning of a line. A binary log needs all of it, because its
    /// first bytes name its format.
    pub back: u64,
    /// Microseconds between two looks for new files in folders and globs; 0 looks in every poll.
    pub rescan_us: i64,
    /// Most bytes that one poll reads of one file; the rest stays in the file.
    pub most: usize,
    /// Bytes of one block at most.
    pub block: usize,
    /// Microseconds that a file must stay quiet after its name points to another one before it counts as ended:
    /// writers keep the old file until they reopen their logs.
    pub grace_us: i64,
    /// The same when its name points to nothing.
    pub gone_us: i64,
    /// Microseconds that an ended file is kept open, for quoting and for what is written late.
    pub keep_us: i64,
    /// Ended files that are kept open at most, per log.
    pub keep_files: usize,
    /// Tells the time.
    pub clock: WallClock,
}

impl Default for FollowSettings {
    /// 16 MiB back, a look for new files each second, 8 MiB per file and poll, 2 s of grace (60 s when the name is
    /// gone), ended files kept for 10 minutes.
    fn default() -> FollowSettings {
        FollowSettings {
            back: 16 << 20,
            rescan_us: SECOND,
            most: 8 << 20,
            block: 1 << 20,
            grace_us: 2 * SECOND,
            gone_us: 60 * SECOND,
            keep_us: 600 * SECOND,
            keep_files: 16,
            clock: Arc::new(|| stamp_of(SystemTime::now())),
        }
    }
}

impl fmt::Debug for FollowSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowSettings").field("back", &self.back).field("most", &self.most).finish_non_exhaustive()
    }
}

/// A time of the operating system.
pub(super) fn stamp_of(time: SystemTime) -> Stamp {
    Stamp(time.duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
}
