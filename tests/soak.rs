//! `guru tail` under what the years bring: kill -9, rotations of every kind, absences, and time.

#[path = "support/access.rs"]
mod access;
#[path = "soak/course.rs"]
mod course;
#[path = "soak/dice.rs"]
mod dice;
#[path = "soak/found.rs"]
mod found;
#[path = "soak/harness.rs"]
mod harness;
#[path = "soak/log.rs"]
mod log;
#[path = "support/process.rs"]
mod process;
#[path = "support/tailing.rs"]
mod tailing;
#[path = "soak/writer.rs"]
mod writer;
