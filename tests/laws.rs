//! What must hold for any log and any way of reading it: where it is cut, in which order its pieces arrive and how
//! often it is read do not matter, and no bytes make guru panic or miscount.

mod support;

#[path = "laws/cut.rs"]
mod cut;
#[path = "laws/damage.rs"]
mod damage;
#[path = "laws/merge.rs"]
mod merge;
#[path = "laws/resume.rs"]
mod resume;
#[path = "laws/store.rs"]
mod store;
#[path = "laws/tail.rs"]
mod tail;
#[path = "laws/told.rs"]
mod told;
