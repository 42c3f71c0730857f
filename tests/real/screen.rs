//! The screen of `guru tail` in a real terminal: tmux, 80 columns and 24 lines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::alone;
use super::process::in_time;
use super::site::{Fault, Site};

/// A tmux server of its own with one pane, ended when this goes.
struct Pane {
    socket: PathBuf,
}

impl Pane {
    /// Runs this line of shell in 80×24.
    fn run(folder: &Path, line: &str) -> Pane {
        let pane = Pane { socket: folder.join("tmux") };
        let size = ["new-session", "-d", "-x", "80", "-y", "24"];
        pane.tmux(&[&["-f", "/dev/null", "-u"], &size[..], &["sh", "-c", line]].concat());
        pane
    }

    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(words).env_remove("TMUX").env("LC_ALL", "C.UTF-8");
        let output = command.output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into()
    }

    /// What stands on it.
    fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Asserts that all of these come to stand on it in time.
    #[track_caller]
    fn shows(&self, within: u64, words: &[&str]) {
        let shown = || words.iter().all(|word| self.text().contains(word));
        assert!(in_time(Duration::from_secs(within), shown), "{words:?} are not all in:\n{}", self.text());
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
#[ignore = "needs varnishd, varnishlog, nginx and tmux (Debian packages varnish, nginx, tmux)"]
fn an_outage_is_on_the_screen_within_seconds_and_q_gives_the_terminal_back() {
    let _alone = alone();
    let site = Site::start();
    let folder = site.folder.path();
    let line = format!(
        "cd {folder}; export TZ=UTC HOME={folder} XDG_DATA_HOME={folder} XDG_CONFIG_HOME={folder}; echo before; \
         {} tail --varnish={} origin=web/access.log origin=web/error.log --store history.db; \
         echo ended $?; stty -a | tr ';' '\\n' | grep -wo 'icanon\\|-icanon'; sleep 60",
        env!("CARGO_BIN_EXE_guru"),
        site.varnish.name.display(),
        folder = folder.display(),
    );
    let pane = Pane::run(folder, &line);
    assert!(in_time(Duration::from_secs(20), || !pane.text().contains("before")), "no screen:\n{}", pane.text());
    for _ in 0..20 {
        site.provoke(Fault::Refused);
    }
    pane.shows(5, &["INCIDENT", "refused"]);
    let screen = pane.text();
    println!("{screen}");
    assert!(screen.lines().count() <= 24 && screen.lines().all(|l| l.chars().count() <= 80), "{screen}");
    pane.press("q");
    pane.shows(5, &["before", "ended 0", "icanon"]);
    let after = pane.text();
    assert!(!after.contains("INCIDENT") && !after.contains("-icanon"), "{after}");
}

#[test]
#[ignore = "needs varnishd, varnishlog, nginx and tmux (Debian packages varnish, nginx, tmux)"]
fn a_pane_gives_back_what_a_program_prints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pane = Pane::run(folder.path(), "echo before; read key; echo ended 0; sleep 60");
    pane.shows(5, &["before"]);
    pane.press("Enter");
    pane.shows(5, &["before", "ended 0"]);
}
