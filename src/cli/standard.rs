//! Where to look when nothing was named. In: the standard folders, the programs that are installed; out: folders, and
//! whether to read the running Varnish; words on stderr for what is closed, with the remedy. It must not read logs.

use super::common::Common;
use super::input;
use crate::source::{PathSpec, RingOnce, Trouble, VarnishCommand, head, ring_once, standard_folders};

/// What there is.
pub struct Standard {
    /// Folders with files.
    pub specs: Vec<PathSpec>,
    /// The running Varnish is read too.
    pub varnish: bool,
}

/// How the running Varnish and the files that it may have written go together: both tell the same traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// Its files, which reach further back.
    Files,
    /// Its live log, when that can be read.
    Live,
}

/// Looks, and says what it found.
pub fn look(prefer: Prefer, common: &Common) -> Standard {
    let there = standard_folders();
    input::tell_troubles(there.unreadable.iter(), common);
    let (of_varnish, mut others): (Vec<_>, Vec<_>) =
        there.found.into_iter().partition(|(spec, _)| spec.path.ends_with("/varnish"));
    let files = of_varnish.iter().any(|(_, bytes)| *bytes > 0);
    let varnish = is_installed("varnishlog") && (!files || (prefer == Prefer::Live && answers(common)));
    match of_varnish.into_iter().next() {
        Some((spec, _)) if varnish && files => {
            common.say(&format!("leaving out {}: the running Varnish tells the same\n", spec.path));
        }
        Some(folder) if !varnish => others.insert(0, folder),
        _ => {}
    }
    others.iter().for_each(|(spec, _)| common.say(&format!("reading {}\n", spec.path)));
    if varnish {
        common.say("reading the running Varnish through varnishlog\n");
    }
    Standard { specs: others.into_iter().map(|(spec, _)| spec).collect(), varnish }
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// True when varnishlog prints something; says why when it does not.
fn answers(common: &Common) -> bool {
    let trouble: Option<Trouble> = match ring_once(&VarnishCommand::new(None)) {
        Ok(ring) => why_silent(&ring),
        Err(trouble) => Some(trouble),
    };
    input::tell_troubles(trouble.iter(), common);
    trouble.is_none()
}

fn why_silent(ring: &RingOnce) -> Option<Trouble> {
    match head(&ring.found, 1) {
        Ok(head) if head.bytes.is_empty() => ring.trouble(),
        Ok(_) => None,
        Err(trouble) => Some(trouble),
    }
}
