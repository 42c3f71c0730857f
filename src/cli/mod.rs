//! Commands: arguments to calls of the rooms.

pub mod history;

use std::process::ExitCode;

/// Runs the command line.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
