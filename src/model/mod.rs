//! The hall: the nouns that every room speaks of, and nothing else.
//!
//! In: nothing. Out: plain types for time, place, tier, requests, fetches, messages, causes, links, verdicts,
//! incidents and reports. It must not know files, formats, databases or screens; it does no input or output.
//! Rooms import the hall; the hall imports no room.

pub mod alert;
pub mod cause;
pub mod condition;
pub mod event;
pub mod evidence;
pub mod explain;
pub mod facts;
pub mod failure;
pub mod fetch;
pub mod follow;
pub mod incident;
pub mod lexicon;
pub mod live;
pub mod locator;
pub mod mark;
pub mod message;
pub mod pulse;
pub mod question;
pub mod redact;
pub mod report;
pub mod request;
pub mod row;
pub mod sink;
pub mod stamp;
pub mod step;
pub mod story;
pub mod text;
mod texts;
pub mod tier;
pub mod traffic;
pub mod upstream;
pub mod verdict;
pub mod vsl;
pub mod vsl3;
pub mod whatif;
pub mod word;

pub use alert::{Notice, NoticeKind};
pub use cause::{Bucket, Cause, Ruling};
pub use condition::Condition;
pub use event::{Event, Logged, Outcome as LineOutcome};
pub use evidence::Evidence;
pub use explain::Explanation;
pub use facts::{Fact, Facts};
pub use failure::{Failure, Served, further_identity};
pub use fetch::{Acct, Fetch, FetchOutcome, Reason, Response};
pub use follow::{FileKey, Position};
pub use incident::{Group, Incident, State};
pub use lexicon::Lexicon;
pub use live::Live;
pub use locator::{FileId, Locator};
pub use mark::{Mark, MarkKind, Marks, OwnedMark};
pub use message::{Change, ChangeKind, HealthChange, Message, Note};
pub use pulse::Pulse;
pub use question::Question;
pub use redact::redact;
pub use report::Report;
pub use request::{MadeBy, Request, RequestReason};
pub use row::{FetchRow, RequestRow, group_of, key_of};
pub use sink::{Delta, Sink};
pub use stamp::Stamp;
pub use step::{Answer, Asked, Judged, Step, StepKind};
pub use story::{Lookup, Searched, Story};
pub use text::{Bytes, Text};
pub use tier::{Family, FileInfo, Series, SeriesId, Tier};
pub use traffic::{Minute, Minutes, NodeTraffic};
pub use upstream::Upstream;
pub use verdict::{Impact, Link, Method, Verdict};
pub use vsl::{Side, Tag, TransactionKind, VslHeader, VslItem, VslRecord};
pub use word::{Class, Word};
