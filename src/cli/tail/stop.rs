//! How a tail is told to stop. In: signals; out: a flag. A second signal of the same kind ends the process at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::{Error, Kind, Result};

/// A flag that SIGINT, SIGTERM and SIGHUP set.
pub fn on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let registered = flag::register_conditional_shutdown(signal, 1, stop.clone())
            .and_then(|_| flag::register(signal, stop.clone()));
        registered.map_err(|e| Error::new(Kind::Bug, format!("Signals cannot be received: {e}")))?;
    }
    Ok(stop)
}
