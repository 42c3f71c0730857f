//! What the history knows of other times than that of a run: what was changed, and when incidents opened. In: nothing;
//! out: the nouns. It must not know where they are kept.

use std::collections::HashSet;

use super::stamp::Stamp;

/// Something that was changed, as logs told or a person recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownChange {
    /// When.
    pub at: Stamp,
    /// Kind word (`vcl`, `restart`, `reload`, `setting`, `deploy` …).
    pub kind: String,
    /// Node; empty for none.
    pub node: String,
    /// Its words, redacted.
    pub text: String,
}

/// When an incident opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// Its service.
    pub service: String,
    /// Its headline cause id.
    pub cause: String,
    /// First failure.
    pub at: Stamp,
}

/// Other times.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    /// Changes, in order of time.
    pub changes: Vec<KnownChange>,
    /// Openings of incidents.
    pub openings: Vec<Opening>,
    /// Parts of sites (`FetchRow::group`) whose fetches were answered.
    pub answered: HashSet<u32>,
}
