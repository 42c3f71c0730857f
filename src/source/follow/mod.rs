//! Logs that grow. In: what the user wrote and where an earlier run stood; out: the content of each generation of each
//! log, byte for byte, once and in order, through every kind of rotation, and words for what was lost. It must not
//! know formats: where a record ends is the caller's business.
//!
//! Why polling and not inotify? A stat of each followed file costs a microsecond; network file systems, bind mounts
//! and containers send no events; and what was missed while guru was down has to be found by looking anyway. So there
//! is one way to notice anything: to look.
//!
//! Why is a file known by its first bytes? Names are passed on by rotation, inodes are used again, and an archive has
//! both new. Its decompressed beginning stays.

mod adopt;
mod file;
mod fingerprint;
mod followee;
mod follower;
mod kept;
mod log;
mod look;
mod packed;
mod plain;
mod pump;
mod ring;
mod settings;
mod siblings;
mod stream;
mod told;
mod troubles;

pub use follower::Follower;
pub use settings::{FollowSettings, WallClock};
pub use told::{Followed, Generation, Opened};

pub(in crate::source) use kept::Kept;
pub(in crate::source) use pump::{Pump, Pumped};
