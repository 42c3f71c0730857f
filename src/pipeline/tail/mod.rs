//! The tail driver: the fold of a batch over what logs gain, with a watermark. In: openings, bytes and ends of logs as
//! they are followed, and the wall clock; out: deltas to a sink, and what is known at each moment. It must not know how
//! logs are watched, what the sink does with a delta, or what a screen looks like.
//!
//! Nothing is judged in a way of its own: every look at the window goes through the function that a batch ends with
//! ([`super::conclude`]). Until the time of the logs has passed the settle horizon a verdict is provisional; then it is
//! computed once more, with everything that is known, and stays.

mod again;
mod aged;
mod beats;
mod causes;
mod delta;
mod enlist;
mod feed;
mod frozen;
mod intake;
mod judge;
mod keeping;
mod live;
mod marks;
mod nodes;
mod rates;
mod recall;
mod roll;
mod sources;
mod strand;
mod take;
mod texts;
mod told;
mod totals;
mod watermark;
mod window;

use crate::classify::Rules;
use crate::grammar::Library;
use crate::model::Stamp;
use crate::model::sink::Resume;

use super::Forced;

pub use again::{Again, Opening};
pub use intake::Tail;

/// How a tail works.
pub struct Settings<'a> {
    /// Formats that the user named; the first that fits counts.
    pub formats: Vec<Forced>,
    /// Known formats.
    pub known: &'a Library,
    /// Cause rules.
    pub rules: &'a Rules,
    /// Longest silence inside an incident, microseconds.
    pub gap_us: i64,
    /// How long a failure waits for the next tier's line, microseconds of log time.
    pub settle_us: i64,
    /// Only events from here on count; [`Stamp::NONE`] for all.
    pub since: Stamp,
    /// Zones of logs without one: node (all when `None`) and seconds east of UTC.
    pub log_zones: Vec<(Option<String>, i32)>,
    /// Clock offsets that the user states: node and its clock minus the true one, microseconds.
    pub offsets: Vec<(String, i64)>,
    /// Somebody wants to be told of each failed fetch.
    pub each: bool,
    /// What an earlier run left.
    pub resume: Resume,
}
