//! One run of varnishlog. In: a command; out: what it prints, on both outputs. It ends with this value: a process that
//! nobody reads is killed and reaped. It must not know what it prints.

use std::io;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use crate::source::follow::{Pump, Pumped};

/// A running process and what it prints.
pub(super) struct Process {
    child: Child,
    pump: Pump,
    /// The last line on its standard error.
    pub said: String,
    /// It printed something on its standard output.
    pub printed: bool,
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> io::Result<Process> {
        let mut child = command.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let open = move || out.ok_or_else(|| io::Error::other("it has no standard output"));
        Ok(Process { child, pump: Pump::with_messages(open, err), said: String::new(), printed: false })
    }

    /// What it printed next; never blocks.
    pub fn next(&mut self) -> Pumped {
        let next = self.pump.next();
        match &next {
            Pumped::Line(line) => self.said.clone_from(line),
            Pumped::Bytes(_) => self.printed = true,
            _ => {}
        }
        next
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> u64 {
        self.pump.waiting()
    }

    /// True when it runs no more; what it printed may still wait.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// How it ended, in words. It is killed when it runs on for more than 200 ms after it closed its outputs.
    pub fn end(mut self) -> String {
        for _ in 0..40 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.to_string();
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
