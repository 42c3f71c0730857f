//! `guru tail` calls for help, from end to end: lines written to a log, requests that arrive at a receiver, whatever
//! happens to either of them.

#[path = "calls/asked.rs"]
mod asked;
#[path = "calls/called.rs"]
mod called;
#[path = "calls/crashed.rs"]
mod crashed;
#[path = "alert/live.rs"]
#[allow(dead_code)] // every test crate uses a part
mod live;
#[path = "calls/night.rs"]
mod night;
#[path = "support/place.rs"]
mod place;
#[path = "support/process.rs"]
mod process;
#[path = "alert/servers.rs"]
#[allow(dead_code)]
mod servers;
