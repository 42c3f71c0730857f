//! Processes that a test starts, what they say and when, and how they end: never later than the test.

#![allow(dead_code)] // every test crate uses a part

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A line and the moment at which it arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: Instant,
    pub text: String,
}

/// The lines of a pipe, read as they come.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Vec<Heard>>, Condvar)>);

impl Lines {
    /// Those of a pipe that `keep` wants; what it does not want is read and dropped.
    pub fn of(pipe: impl Read + Send + 'static, keep: fn(&str) -> bool) -> Lines {
        let lines = Lines::default();
        let into = lines.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while reader.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
                let text = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string();
                bytes.clear();
                if keep(&text) {
                    into.0.0.lock().expect("no reader panics").push(Heard { at: Instant::now(), text });
                    into.0.1.notify_all();
                }
            }
        });
        lines
    }

    /// All so far.
    pub fn all(&self) -> Vec<Heard> {
        self.0.0.lock().expect("no reader panics").clone()
    }

    /// All so far as one text.
    pub fn text(&self) -> String {
        self.all().into_iter().map(|l| l.text + "\n").collect()
    }

    /// The first line that is wanted, if it is there or comes in time.
    pub fn wait(&self, within: Duration, wanted: impl Fn(&str) -> bool) -> Option<Heard> {
        let until = Instant::now() + within;
        let (mut seen, mut lines) = (0, self.0.0.lock().expect("no reader panics"));
        loop {
            if let Some(found) = lines[seen..].iter().find(|l| wanted(&l.text)) {
                return Some(found.clone());
            }
            seen = lines.len();
            let left = until.checked_duration_since(Instant::now())?;
            lines = self.0.1.wait_timeout(lines, left).expect("no reader panics").0;
        }
    }
}

/// A process with its output on pipes. It is asked to end, then killed, when this goes.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    pub out: Lines,
    pub err: Lines,
}

impl Process {
    /// Starts it and keeps all that it says.
    pub fn start(command: &mut Command) -> Process {
        Process::hearing(command, |_| true)
    }

    /// Starts it and keeps those lines of its standard output.
    pub fn hearing(command: &mut Command, keep: fn(&str) -> bool) -> Process {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|e| panic!("{e}: {command:?}"));
        let out = Lines::of(child.stdout.take().expect("it is a pipe"), keep);
        let err = Lines::of(child.stderr.take().expect("it is a pipe"), |_| true);
        Process { input: child.stdin.take(), child, out, err }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its short name: `TERM`, `INT`, `KILL`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// How it ended, if it has by then.
    pub fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            match self.child.try_wait().expect("it is our child") {
                None if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                status => return status,
            }
        }
    }

    /// Kills it as a crash would, at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends the signal and asserts that it ends well.
    #[track_caller]
    pub fn ends_well(&mut self, signal: &str, within: Duration) {
        self.signal(signal);
        let status = self.ended(within);
        let code = status.and_then(|s| s.code());
        assert_eq!(code, Some(0), "after SIG{signal}: {status:?}\n{}", self.err.text());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        if self.ended(Duration::ZERO).is_none() {
            self.signal("TERM");
        }
        if self.ended(Duration::from_secs(3)).is_none() {
            self.kill();
        }
    }
}

/// A program, also where only root looks for it.
pub fn program(name: &str) -> Command {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let mut command = Command::new(name);
    command.env("PATH", path);
    command
}

/// Sends a signal to a process by its number.
pub fn signal(pid: u32, name: &str) {
    let kill = format!("kill -s {name} {pid}");
    let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
}

/// True when it became true in time.
pub fn in_time(within: Duration, mut is: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + within;
    loop {
        if is() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
