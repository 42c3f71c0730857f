//! The screen on a real terminal, which `script` makes: it is taken, painted and given back, however the end comes.
//! The screen runs in a child that is this test binary again.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use guru::view::{Action, run_screen};

use crate::believable::{outage, style};

const TAKEN: &str = "\x1b[?1049h";
const GIVEN_BACK: &str = "\x1b[?1049l";
const PATIENCE: Duration = Duration::from_secs(10);

/// The screen in the child; as a test of its own it does nothing.
#[test]
#[ignore = "is started by the tests below"]
fn child() {
    let Ok(pid_file) = std::env::var("GURU_TEST_SCREEN") else { return };
    fs::write(pid_file, std::process::id().to_string()).expect("the folder is there");
    let live = Arc::new(outage());
    let mut act = |action| match action {
        Action::Change { text } => panic!("asked to panic: {text}"),
        other => format!("done: {other:?}"),
    };
    let ended = run_screen(&|| Arc::clone(&live), &mut act, &AtomicBool::new(false), &style());
    println!("SCREEN ENDED {ended:?}");
}

/// A child on a terminal of its own.
struct Screen {
    script: Child,
    folder: tempfile::TempDir,
}

impl Screen {
    fn start() -> Screen {
        let folder = tempfile::tempdir().expect("a folder");
        let exe = std::env::current_exe().expect("this test");
        let command = format!(
            "stty rows 24 cols 80; exec '{}' --ignored --exact terminal::child --nocapture --test-threads 1",
            exe.display()
        );
        let output = fs::File::create(folder.path().join("out")).expect("a file");
        let script = Command::new("script")
            .args(["-qefc", &command, "/dev/null"])
            .env("GURU_TEST_SCREEN", folder.path().join("pid"))
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(output)
            .spawn()
            .expect("script(1) is installed");
        let screen = Screen { script, folder };
        screen.wait_for("it is painted", |s| s.output().contains("e ticket"));
        screen
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("out")).unwrap_or_default()).into_owned()
    }

    fn pid(&self) -> String {
        fs::read_to_string(self.path("pid")).expect("the child wrote it")
    }

    fn keys(&mut self, keys: &str) {
        let stdin = self.script.stdin.as_mut().expect("it is piped");
        stdin.write_all(keys.as_bytes()).and_then(|()| stdin.flush()).expect("script listens");
    }

    fn signal(&self, signal: &str) {
        send(signal, &self.pid());
    }

    fn wait_for(&self, what: &str, met: impl Fn(&Screen) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !met(self) {
            assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}\n{}", self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end and gives what was written after the terminal was given back.
    fn rest(mut self) -> String {
        self.wait_for("the end", |s| !Path::new("/proc").join(s.pid()).join("fd/0").exists());
        let _ = self.script.wait();
        let output = self.output();
        assert_eq!(output.matches(TAKEN).count(), output.matches(GIVEN_BACK).count(), "{output}");
        output.rsplit(GIVEN_BACK).next().unwrap_or_default().to_string()
    }

    /// The third field of the child's state, and its ticks of CPU time.
    fn state(&self) -> (String, u64) {
        let mut text = String::new();
        let file = fs::File::open(Path::new("/proc").join(self.pid()).join("stat"));
        let _ = file.and_then(|mut f| f.read_to_string(&mut text));
        let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        (fields[0].to_string(), number(11) + number(12))
    }
}

fn send(signal: &str, pid: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), pid]).status().expect("kill(1)");
    assert!(sent.success());
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn a_key_ends_it() {
    let mut screen = Screen::start();
    assert!(screen.output().contains(TAKEN));
    screen.keys("q");
    assert!(screen.rest().contains("SCREEN ENDED Ok(())"));
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn each_signal_ends_it() {
    for signal in ["TERM", "INT", "HUP"] {
        let screen = Screen::start();
        screen.signal(signal);
        assert!(screen.rest().contains("SCREEN ENDED Ok(())"), "{signal}");
    }
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn a_panic_is_read_on_the_terminal_as_it_was() {
    let mut screen = Screen::start();
    screen.keys("cnow\r");
    assert!(screen.rest().contains("asked to panic: now"));
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn an_answer_is_shown() {
    let mut screen = Screen::start();
    screen.keys("nlooked at it\r");
    screen.wait_for("the answer", |s| s.output().contains("looked at it\" }"));
    screen.keys("q");
    screen.rest();
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn it_stops_for_a_while_and_comes_back() {
    for how in ["signal", "key"] {
        let mut screen = Screen::start();
        match how {
            "key" => screen.keys("\x1a"),
            _ => screen.signal("TSTP"),
        }
        screen.wait_for("it stops", |s| s.state().0 == "T");
        // script(1) stops with its child, and may not have copied everything yet.
        send("CONT", &screen.script.id().to_string());
        screen.signal("CONT");
        screen.wait_for("it is painted again", |s| {
            s.output().matches(GIVEN_BACK).count() == 1
                && s.output().matches(TAKEN).count() == 2
                && s.output().rsplit(TAKEN).next().is_some_and(|o| o.contains("e ticket"))
        });
        screen.keys("q");
        assert!(screen.rest().contains("SCREEN ENDED Ok(())"), "{how}");
    }
}

#[test]
#[ignore = "needs script(1) and /proc"]
fn it_costs_next_to_nothing_while_nothing_happens() {
    let mut screen = Screen::start();
    std::thread::sleep(Duration::from_millis(500));
    let before = (screen.state().1, screen.output().len());
    std::thread::sleep(Duration::from_secs(3));
    let after = (screen.state().1, screen.output().len());
    assert!(after.0 - before.0 <= 6, "{} ticks of 300", after.0 - before.0);
    assert_eq!(after.1, before.1, "nothing is painted");
    screen.keys("q");
    screen.rest();
}
