//! `guru tail` against the clock: how long a failing line takes until it is told, stored and at a webhook, and how many
//! lines per second it can follow before it falls behind.

#[path = "../tests/support/access.rs"]
mod access;
mod common;
#[path = "tail/feed.rs"]
mod feed;
#[path = "tail/hook.rs"]
mod hook;
#[path = "tail/latency.rs"]
mod latency;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "tail/rate.rs"]
mod rate;
#[path = "../tests/support/tailing.rs"]
mod tailing;

use std::io;

fn main() -> io::Result<()> {
    if common::wanted("latency") {
        latency::run()?;
    }
    if common::wanted("rate") {
        rate::run()?;
    }
    Ok(())
}
