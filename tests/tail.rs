//! `guru tail` without a Varnish: standard input, and two on one history.

#[path = "support/access.rs"]
mod access;
#[path = "tail/piped.rs"]
mod piped;
#[path = "support/place.rs"]
mod place;
#[path = "support/process.rs"]
mod process;
#[path = "support/tailing.rs"]
mod tailing;
#[path = "tail/viewer.rs"]
mod viewer;
