//! A real varnishd with a working directory and a port of its own, and its own `varnishlog` to compare with.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::{Heard, Process, in_time, program, signal};

/// A running varnishd.
pub struct Varnish {
    pub port: u16,
    /// What `-n` names.
    pub name: PathBuf,
    process: Process,
}

impl Varnish {
    /// Starts one in this folder.
    pub fn start(folder: &Path, vcl: &str, parameters: &[&str]) -> Varnish {
        let (name, file) = (folder.join("n"), folder.join("default.vcl"));
        fs::write(&file, vcl).expect("the VCL can be written");
        let mut command = program("varnishd");
        command.arg("-n").arg(&name).args(["-F", "-j", "none", "-a", "127.0.0.1:0", "-s", "malloc,16m"]);
        command.arg("-f").arg(file);
        for parameter in parameters {
            command.args(["-p", parameter]);
        }
        let process = Process::start(&mut command);
        let mut varnish = Varnish { port: 0, name, process };
        let up = in_time(Duration::from_secs(30), || varnish.listens());
        assert!(up, "varnishd does not answer:\n{}", varnish.process.err.text());
        varnish
    }

    /// The words after `varnishadm`, answered; empty when it does not answer.
    pub fn admin(&self, words: &[&str]) -> String {
        let output = program("varnishadm").arg("-n").arg(&self.name).args(words).output();
        output.map(|o| String::from_utf8_lossy(&o.stdout).into()).unwrap_or_default()
    }

    /// Asks where it listens, and whether it does.
    fn listens(&mut self) -> bool {
        let address = self.admin(&["debug.listen_address"]);
        self.port = address.split_whitespace().nth(2).and_then(|port| port.parse().ok()).unwrap_or(0);
        self.port != 0 && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// `healthy` or `sick`, as it sees this backend.
    pub fn health(&self, backend: &str) -> String {
        let list = self.admin(&["backend.list"]);
        let row = list.lines().find(|l| l.contains(&format!(".{backend} "))).unwrap_or_default();
        // Behind the name: admin's word, the probe's "good/window", and what follows from it.
        row.split_whitespace().find(|w| matches!(*w, "healthy" | "sick")).unwrap_or_default().into()
    }

    /// Number of the child process, which serves.
    fn child(&self) -> Option<u32> {
        let told = self.admin(&["pid"]);
        told.lines().find_map(|l| l.strip_prefix("Worker:"))?.trim().parse().ok()
    }

    /// Kills the child as a crash would, and waits until the manager has started another.
    pub fn crash_child(&mut self) {
        let before = self.child().expect("a child runs");
        signal(before, "KILL");
        let again =
            in_time(Duration::from_secs(20), || self.child().is_some_and(|now| now != before) && self.listens());
        assert!(again, "no child was started again:\n{}", self.process.err.text());
    }

    /// What the ring holds, as raw text.
    pub fn ring(&self) -> Vec<u8> {
        let output = program("varnishlog").arg("-n").arg(&self.name).args(["-d", "-g", "raw"]).output();
        output.expect("varnishlog runs").stdout
    }

    /// A `varnishlog -g raw` of our own, to know when varnishlog has shown something.
    pub fn log(&self) -> Log {
        let mut command = program("varnishlog");
        // Line by line, as in a terminal: a pipe is filled by the block else.
        command.arg("-n").arg(&self.name).args(["-g", "raw", "-q", "BereqURL", "-i", "BereqURL"]);
        Log(Process::start(Command::new("stdbuf").arg("-oL").arg(command.get_program()).args(command.get_args())))
    }
}

/// A running varnishlog.
pub struct Log(Process);

impl Log {
    /// True when it shows this URL in time.
    pub fn shows(&self, url: &str, within: Duration) -> bool {
        self.0.out.wait(within, |line| line.ends_with(url)).is_some()
    }

    /// When it showed the fetch of this URL; a transaction's records are written together, when it has ended.
    #[track_caller]
    pub fn shown(&self, url: &str) -> Heard {
        let heard = self.0.out.wait(Duration::from_secs(15), |line| line.ends_with(url));
        heard.unwrap_or_else(|| panic!("varnishlog never showed {url}:\n{}", self.0.err.text()))
    }
}
