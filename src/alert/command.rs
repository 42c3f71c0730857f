//! A program that is called. In: a notice; out: its answer. It is started without a shell and with little environment,
//! gets the notice as JSON on its input, and is ended when it takes too long.
//!
//! It answers by its exit code: 0 taken, 64 to 78 (but 75, "try again") never to be tried again, all others try again.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::http::brief;
use super::template;
use crate::model::alert::Notice;

/// Bytes of its error output that are read.
const SAID: u64 = 2048;

/// Calls the program.
pub fn send(argv: &[String], notice: &Notice, timeout: Duration) -> Result<(), Failure> {
    let Some((program, args)) = argv.split_first() else { return Err(Failure::lasting("there is no program to call")) };
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("GURU_KIND", notice.kind.word())
        .env("GURU_SEVERITY", &notice.severity)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Failure::passing(format!("{program} cannot be started: {e}")))?;
    let said = talk(&mut child, template::plain(notice));
    let ended = wait(&mut child, timeout);
    // What the program started itself may keep its error output open; nobody waits for that.
    let said = said.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
    match ended {
        Some(status) => judge(program, status, &said),
        None => Err(Failure::passing(format!("{program} took longer than {} s and was ended", timeout.as_secs()))),
    }
}

/// Feeds and hears it in threads of their own: a program that does neither must not hold up anything.
fn talk(child: &mut Child, json: String) -> mpsc::Receiver<String> {
    if let Some(mut input) = child.stdin.take() {
        thread::spawn(move || {
            // One that does not read its input is fine.
            let _ = input.write_all(json.as_bytes());
        });
    }
    let (tell, told) = mpsc::channel();
    if let Some(output) = child.stderr.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = output.take(SAID).read_to_end(&mut bytes);
            let _ = tell.send(brief(&String::from_utf8_lossy(&bytes)));
        });
    }
    told
}

/// Waits for its end; `None` when it had to be ended.
fn wait(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if begun.elapsed() < timeout => thread::sleep(Duration::from_millis(20)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn judge(program: &str, status: ExitStatus, said: &str) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let colon = if said.is_empty() { "" } else { ": " };
    let why = format!("{program} ended with {status}{colon}{said}");
    Err(match status.code() {
        Some(75) => Failure::passing(why),
        Some(64..=78) => Failure::lasting(why),
        _ => Failure::passing(why),
    })
}
