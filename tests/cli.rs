//! The binary, end to end: logs that the tests write, one command, and what a person or a script gets of it.

#[path = "cli/asking.rs"]
mod asking;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/binary.rs"]
mod binary;
#[path = "cli/changes.rs"]
mod changes;
#[path = "cli/clocks.rs"]
mod clocks;
#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/decisions.rs"]
mod decisions;
#[path = "cli/early.rs"]
mod early;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/incidents.rs"]
mod incidents;
#[path = "support/logs.rs"]
mod logs;
#[path = "cli/memory.rs"]
mod memory;
#[path = "cli/nginx.rs"]
mod nginx;
#[path = "cli/options.rs"]
mod options;
#[path = "support/place.rs"]
mod place;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/ring.rs"]
mod ring;
#[path = "cli/varnish3.rs"]
mod varnish3;
