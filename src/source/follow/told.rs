//! What following tells. In: nothing; out: the words between the follower and who folds the bytes. It must not know
//! where the bytes come from.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::model::Tier;
use crate::model::follow::Taken;
use crate::source::spec::Trouble;

/// Number of a followed generation of a log (one file content, from its creation to its rotation), unique in the
/// process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

impl Generation {
    /// A number that was not given before.
    pub(in crate::source) fn next() -> Generation {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Generation(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A generation that is followed from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub id: Generation,
    /// The tier, when the user gave it.
    pub role: Option<Tier>,
    /// The node, when the user gave it.
    pub node: Option<String>,
    /// The log's path without marks of rotation; the generations of one log share it.
    pub series: String,
    /// The path to show and to open: `-` for standard input, `varnish` or `varnish:NAME` for a running Varnish.
    pub path: String,
    /// Offset of the first byte that will be given, in the decompressed content.
    pub from: u64,
    /// Newlines before `from`.
    pub lines_before: u64,
    /// False when reading starts in the middle of a file too large to count its lines first; `lines_before` is 0 then.
    pub lines_known: bool,
    /// Bytes before this offset were counted by an earlier run; at least `from` when it resumes, 0 for a new file.
    pub counted: u64,
    /// Something may lie between the generation before it and this one.
    pub after_gap: bool,
    /// When an earlier run took in what is given again; see [`crate::model::Position`].
    pub taken: Vec<Taken>,
}

/// What following tells, in order. Between `Opened` and `Ended` the `Bytes` of a generation are contiguous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// A generation is followed.
    Opened(Opened),
    /// Bytes of its decompressed content, cut anywhere.
    Bytes {
        /// Which generation.
        id: Generation,
        /// Offset of the first of them in the decompressed content.
        offset: u64,
        /// The bytes; never empty.
        bytes: Vec<u8>,
    },
    /// Its name changed (rotation); only for showing and storing.
    Renamed {
        /// Which generation.
        id: Generation,
        /// Its path now.
        path: String,
    },
    /// Nothing more comes of it: it was rotated away, removed or ended, and read to its end. What the caller still
    /// has of its last line is the last, partial record.
    Ended {
        /// Which generation.
        id: Generation,
    },
    /// Something was or may be lost.
    Lost {
        /// The generation that lacks it, when one is followed.
        id: Option<Generation>,
        /// The log.
        path: String,
        /// Bytes that were lost, when that is known.
        bytes: Option<u64>,
        /// What happened, as words that follow the path.
        why: String,
    },
    /// Something cannot be read now; told once until it is mended or changes.
    Trouble(Trouble),
    /// What was troubled can be read again, or was given up.
    Mended {
        /// The path of the trouble.
        path: String,
    },
}
