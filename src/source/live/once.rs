//! What the ring of a running Varnish holds, read once. In: how varnishlog is called; out: a [`Found`] like any other
//! and, when it was read, what was wrong. It must not know what the lines say.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::command::VarnishCommand;
use super::message::{Message, not_started, trouble};
use crate::source::spec::{Found, Place, Trouble};
use crate::source::spool::Spool;

/// A ring that is being read.
pub struct RingOnce {
    /// Its log. Read it to its end.
    pub found: Found,
    path: String,
    child: Arc<Mutex<Reaped>>,
    said: Mutex<Receiver<String>>,
}

/// Runs `varnishlog -d`. Nothing is read before `found` is; a program that cannot be started is a trouble.
pub fn ring_once(command: &VarnishCommand) -> Result<RingOnce, Trouble> {
    let mut child = command.command(true).spawn().map_err(|e| not_started(command, &e))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (tell, said) = channel();
    if let Some(err) = err {
        thread::spawn(move || {
            let lines = BufReader::new(err).lines().map_while(Result::ok);
            for line in lines.filter(|line| !line.trim().is_empty()) {
                let _ = tell.send(line);
            }
        });
    }
    let child = Arc::new(Mutex::new(Reaped(child)));
    let path = command.path();
    let (role, node) = command.owner();
    let spool = Spool::stream(Output { out, _child: child.clone() });
    let found = Found { path: path.clone(), role, node, size: 0, place: Place::Spool(spool) };
    Ok(RingOnce { found, path, child, said: Mutex::new(said) })
}

impl RingOnce {
    /// What was wrong with it, after it was read to its end: why nothing came, or what varnishlog says was lost.
    /// Waits for the process to end, at most 2 seconds.
    pub fn trouble(&self) -> Option<Trouble> {
        let said = self.said.lock().unwrap_or_else(|e| e.into_inner());
        let mut child = self.child.lock().unwrap_or_else(|e| e.into_inner());
        let deadline = Instant::now() + Duration::from_secs(2);
        let status = loop {
            match child.0.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                _ => return Some(Trouble::new(&self.path, "was not read to its end: varnishlog still runs")),
            }
        };
        let mut lines = Vec::new();
        while let Ok(line) = said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            lines.push(line);
        }
        if let Some(why) = lines.iter().find_map(|line| Message::of(line).loss()) {
            return Some(Trouble::new(&self.path, why));
        }
        (!status.success()).then(|| trouble(&self.path, lines.last().map_or("", |l| l.trim()), &status.to_string()))
    }
}

/// A process that does not outlive this value.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the process prints. It keeps the process alive as long as it is read.
struct Output {
    out: Option<ChildStdout>,
    _child: Arc<Mutex<Reaped>>,
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(out) = &mut self.out else { return Ok(0) };
        let n = out.read(buffer)?;
        if n == 0 {
            self.out = None;
        }
        Ok(n)
    }
}
