//! Signals as flags. In: what the system sends; out: "end" or "stop for a while". It must not know what is on the screen.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

/// Flags that are set by signals while this lives.
#[derive(Debug)]
pub(super) struct Signals {
    end: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
    ids: Vec<SigId>,
}

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> io::Result<Signals> {
        let mut s = Signals { end: Arc::default(), pause: Arc::default(), ids: Vec::new() };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            s.ids.push(flag::register(signal, Arc::clone(&s.end))?);
        }
        s.ids.push(flag::register(SIGTSTP, Arc::clone(&s.pause))?);
        Ok(s)
    }

    /// True once the process was asked to end.
    pub(super) fn ended(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    /// True once after the process was asked to stop for a while.
    pub(super) fn paused(&self) -> bool {
        self.pause.swap(false, Ordering::Relaxed)
    }

    /// Stops the process as its terminal would, until it is continued.
    pub(super) fn stop_here() -> io::Result<()> {
        low_level::emulate_default_handler(SIGTSTP)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            low_level::unregister(id);
        }
    }
}
