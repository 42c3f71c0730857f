//! The progress bar. In: bytes read so far and in all; out: a bar on stderr, only on a terminal and only for runs that
//! last longer than half a second.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::source::Progress;

/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar moves.
const BEAT: Duration = Duration::from_millis(100);

/// A bar that moves by itself until it is finished.
pub struct Bar {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts a bar for `total` bytes; 0 when that is not known.
    pub fn start(progress: Arc<Progress>, total: u64, quiet: bool) -> Bar {
        let done = Arc::new(AtomicBool::new(false));
        if quiet || !std::io::stderr().is_terminal() {
            return Bar { done, thread: None };
        }
        let stop = done.clone();
        let thread = std::thread::spawn(move || draw(&progress, total, &stop));
        Bar { done, thread: Some(thread) }
    }

    /// Takes the bar away.
    pub fn finish(mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(t) = self.thread.take() {
            t.thread().unpark();
            let _ = t.join();
        }
    }
}

fn draw(progress: &Progress, total: u64, stop: &AtomicBool) {
    std::thread::park_timeout(PATIENCE);
    if stop.load(Ordering::Relaxed) {
        return;
    }
    let bar = ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left") {
        bar.set_style(style);
    }
    while !stop.load(Ordering::Relaxed) {
        bar.set_position(progress.read());
        std::thread::park_timeout(BEAT);
    }
    bar.finish_and_clear();
}
