//! How varnishlog is called. In: which Varnish; out: a command. It must not run it.
//!
//! Why text, when the binary log is smaller? The numbers of its tags differ from release to release, and what
//! varnishlog writes to a pipe does not name the release; text names every tag, in every release since 4.0. It costs
//! about 1.7 times the bytes and varnishlog's time to format them. `-g raw`, because grouping in varnishlog holds a
//! transaction back until its client request has ended and drops what does not fit its memory; raw also carries the
//! lines without a transaction (health, CLI).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::model::Tier;

/// Which Varnish, and the program that reads its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarnishCommand {
    /// The program: `varnishlog`, found like any command, or a path.
    pub program: PathBuf,
    /// The instance (`-n`); `None` for the default one.
    pub name: Option<String>,
    /// The node, when the user gave it.
    pub node: Option<String>,
}

impl VarnishCommand {
    /// The installed varnishlog.
    pub fn new(name: Option<String>) -> VarnishCommand {
        VarnishCommand { program: PathBuf::from("varnishlog"), name, node: None }
    }

    /// The path to show: `varnish` or `varnish:NAME`.
    pub fn path(&self) -> String {
        match &self.name {
            Some(name) => format!("varnish:{name}"),
            None => "varnish".to_string(),
        }
    }

    /// The tier and the node of its log.
    pub(super) fn owner(&self) -> (Option<Tier>, Option<String>) {
        (Some(Tier::Cache), self.node.clone())
    }

    /// The command, with both outputs piped; `held` prints what the ring holds and ends.
    pub(super) fn command(&self, held: bool) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(name) = &self.name {
            command.args(["-n", name]);
        }
        if held {
            command.arg("-d");
        }
        command.args(["-g", "raw"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_one_that_a_user_would_type() {
        let words = |held| {
            let command = VarnishCommand::new(Some("shop".into())).command(held);
            let words: Vec<String> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
            words.join(" ")
        };
        assert_eq!((words(false).as_str(), words(true).as_str()), ("-n shop -g raw", "-n shop -d -g raw"));
    }
}
