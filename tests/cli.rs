//! The binary, end to end: logs that the tests write, one command, and what a person or a script gets of it.

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/clocks.rs"]
mod clocks;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/incidents.rs"]
mod incidents;
#[path = "support/logs.rs"]
mod logs;
#[path = "support/place.rs"]
mod place;
