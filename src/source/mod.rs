//! Bytes in: paths, folders, globs and standard input become files; files become decompressed chunks that end at
//! record edges; later the same bytes are read again for evidence.
//!
//! In: what the user wrote. Out: [`Found`] files, [`Chunk`]s, heads for detection, quotes by place, names of series
//! and nodes, and a [`Trouble`] for whatever could not be read. It must not know any log format: where a record ends
//! is told to it by a closure.

mod bzip;
mod chunks;
mod decode;
mod feed;
mod follow;
mod foreign;
mod gzip;
mod head;
mod live;
mod node;
mod open;
mod pool;
mod progress;
mod refused;
mod reread;
mod resolve;
mod samples;
mod series;
mod spec;
mod spool;
mod standard;
mod walk;
mod xz;
mod zst;

pub use chunks::{Chunks, Heading, Settings};
pub use decode::Compression;
pub use follow::{FollowSettings, Followed, Follower, Generation, Opened, WallClock};
pub use head::{Head, head, modified};
pub use live::{RingOnce, VarnishCommand, ring_once};
pub use node::node_names;
pub use pool::Chunk;
pub use progress::Progress;
pub use reread::{LONGEST_QUOTE, reread};
pub use resolve::{Resolved, resolve};
pub use samples::samples;
pub use series::{Rotation, order, series_key};
pub use spec::{Found, PathSpec, Trouble};
pub use standard::{Standard, standard_folders};
