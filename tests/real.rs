//! guru beside real components: varnishd, varnishlog and nginx on loopback, with faults provoked on purpose.

#[path = "real/archives.rs"]
mod archives;
#[path = "real/nginx.rs"]
mod nginx;
#[path = "real/odd.rs"]
mod odd;
#[path = "support/place.rs"]
mod place;
#[path = "support/process.rs"]
mod process;
#[path = "real/screen.rs"]
mod screen;
#[path = "real/site.rs"]
mod site;
#[path = "real/tail.rs"]
mod tail;
#[path = "support/tailing.rs"]
mod tailing;
#[path = "real/varnish.rs"]
mod varnish;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by a test while it runs: these measure time, and a varnishd compiles its VCL.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
