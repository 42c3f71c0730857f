//! What `guru analyze` reads: the files that were named and the ring of a Varnish, or what is usual on a machine. In:
//! paths and options; out: found files, and afterwards what was wrong with them. It must not know what is done with them.

use super::common::Common;
use super::input::{self, Input};
use super::standard::{self, Prefer};
use crate::error::{Error, Kind, Result};
use crate::source::{Resolved, RingOnce, Trouble, VarnishCommand, resolve, ring_once};

/// What is read.
pub struct Sources {
    /// The files, the ring of a Varnish among them, and what is wrong with them.
    pub resolved: Resolved,
    ring: Option<RingOnce>,
    /// Nothing was named.
    standard: bool,
}

impl Sources {
    /// Finds what was named, else what is usual.
    pub fn find(input: &Input, varnish: Option<&String>, common: &Common) -> Result<Sources> {
        let mut specs = input.specs()?;
        let mut command = varnish.map(|name| VarnishCommand::new((!name.is_empty()).then(|| name.clone())));
        let standard = specs.is_empty() && command.is_none();
        if standard {
            let usual = standard::look(Prefer::Files, common);
            specs = usual.specs;
            command = usual.varnish.then(|| VarnishCommand::new(None));
            if specs.is_empty() && command.is_none() {
                return Err(nothing_usual("There are no logs in the standard folders"));
            }
        }
        let mut sources = Sources { resolved: resolve(&specs), ring: None, standard };
        match command.as_ref().map(ring_once) {
            Some(Ok(ring)) => {
                sources.resolved.files.insert(0, ring.found.clone());
                sources.ring = Some(ring);
            }
            Some(Err(trouble)) => sources.resolved.troubles.push(trouble),
            None => {}
        }
        Ok(sources)
    }

    /// After everything was read: notes what was wrong with the ring, and takes it out of the files that are merely
    /// empty. A Varnish that nobody asked for and that does not run is told, but it is no fault.
    pub fn close(&mut self, empty: &mut Vec<String>, common: &Common) {
        let Some(trouble) = self.ring.take().and_then(|ring| ring.trouble()) else { return };
        let before = empty.len();
        empty.retain(|path| *path != trouble.path);
        if self.standard && empty.len() < before {
            input::tell_troubles(std::iter::once(&trouble), common);
        } else {
            self.resolved.troubles.push(trouble);
        }
    }

    /// The error of a run that has no source, and so nothing to do; none when all files that were named are empty.
    pub fn nothing_read(&self, troubles: usize) -> Result<()> {
        if self.standard {
            return Err(nothing_usual(
                "Nothing in the standard folders can be analysed: their logs are empty or closed",
            ));
        }
        let is_ring = |t: &&Trouble| t.path == "varnish" || t.path.starts_with("varnish:");
        let ring = self.resolved.troubles.iter().find(is_ring);
        match ring.filter(|_| self.resolved.files.len() <= 1) {
            Some(_) => Err(Error::new(Kind::Source, "Varnish gave nothing: there is nothing to analyse")
                .hint("name logs instead: guru analyze /path/to/logs")),
            None => input::nothing_read("analyze", "analyse", &self.resolved, troubles),
        }
    }
}

fn nothing_usual(why: &str) -> Error {
    Error::new(Kind::Nothing, why)
        .hint("name files or folders: guru analyze /path/to/logs")
        .hint("read what a running Varnish holds: guru analyze --varnish")
}
