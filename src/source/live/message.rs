//! What varnishlog says besides the log. In: lines of its standard error; out: losses and troubles in words. It must
//! not run anything.

use super::command::VarnishCommand;
use crate::source::open::plain_words;
use crate::source::spec::Trouble;

/// A line of varnishlog's standard error that tells something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// It was too slow and skipped a part of the log.
    Overrun,
    /// The log it read is gone: varnishd's child process ended.
    Abandoned,
    /// It reads the log of the new child process.
    Reacquired,
    /// Anything else.
    Other,
}

impl Message {
    /// Reads a line.
    pub fn of(line: &str) -> Message {
        let line = line.to_ascii_lowercase();
        if line.contains("overrun") {
            Message::Overrun
        } else if line.contains("abandoned") {
            Message::Abandoned
        } else if line.contains("reacquired") {
            Message::Reacquired
        } else {
            Message::Other
        }
    }

    /// What it means for what was read, as words that follow the path.
    pub fn loss(self) -> Option<&'static str> {
        match self {
            Message::Overrun => Some(
                "was overrun: varnishlog could not keep up and skipped a part of the log; a larger vsl_space gives it \
                 more time",
            ),
            Message::Abandoned => {
                Some("was abandoned: varnishd's child process ended, and what its log held and was not read is lost")
            }
            Message::Reacquired | Message::Other => None,
        }
    }
}

/// Why varnishlog shows nothing, with the remedy. `said` is its last message; empty when it said nothing.
pub(super) fn trouble(path: &str, said: &str, status: &str) -> Trouble {
    let lower = said.to_ascii_lowercase();
    let (why, hint) = if lower.contains("permission denied") {
        (format!("cannot be read: varnishlog says: {said}"), GROUP)
    } else if ["get hold of", "no such file", "open", "vsm", "not running"].iter().any(|word| lower.contains(word)) {
        (format!("cannot be read: varnishlog says: {said}"), RUNNING)
    } else if said.is_empty() {
        (format!("cannot be read: varnishlog ended ({status}) and said nothing"), RUNNING)
    } else {
        (format!("cannot be read: varnishlog ended ({status}) and says: {said}"), "run it by hand: varnishlog -g raw")
    };
    Trouble::new(path, why).hint(hint)
}

/// Why varnishlog cannot be started.
pub(super) fn not_started(command: &VarnishCommand, error: &std::io::Error) -> Trouble {
    let (program, words) = (command.program.display(), plain_words(error));
    Trouble::new(command.path(), format!("cannot be read: {program} cannot be started: {words}")).hint(
        "install the tools of Varnish on the machine that runs varnishd (package varnish), or follow a log that \
         varnishncsa or varnishlog writes",
    )
}

const GROUP: &str = "join the group that may read it and log in again: sudo usermod -aG varnish \"$USER\"; or use sudo";
const RUNNING: &str = "check that varnishd runs (systemctl status varnish), name its instance as varnishd -n does \
                       (--varnish=NAME), and join the group that may read its log: sudo usermod -aG varnish \"$USER\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_whatever_stands_around_the_words() {
        assert_eq!(Message::of("Log overrun"), Message::Overrun);
        assert_eq!(Message::of("Log abandoned (vsl)"), Message::Abandoned);
        assert_eq!(Message::of("Log reacquired"), Message::Reacquired);
        assert_eq!(Message::of("Log reopened").loss(), None);
    }

    #[test]
    fn every_trouble_has_a_remedy() {
        for (said, hint) in [
            ("Could not get hold of varnishd, is it running?", "systemctl"),
            ("Can't open VSM file (Cannot open /var/lib/varnish/a/_.vsm: Permission denied)", "-aG varnish"),
            ("Cannot open /var/lib/varnish/a/_.vsm: No such file or directory", "--varnish=NAME"),
            ("", "systemctl"),
            ("Usage: varnishlog <options>", "by hand"),
        ] {
            assert!(trouble("varnish", said, "exit status: 1").hint.unwrap().contains(hint), "{said}");
        }
    }
}
