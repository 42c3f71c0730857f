//! The logs that are followed. In: paths and a Varnish; out: what is followed, told to the tail, and what the tail asks
//! of it. It must not judge what comes.

use std::collections::HashMap;

use super::super::common::Common;
use super::super::standard::{self, Prefer};
use super::args::Args;
use crate::alert::Tail as TailDefaults;
use crate::error::{Error, Kind, Result};
use crate::model::live::Gap;
use crate::model::{FileKey, Position, Stamp};
use crate::pipeline::{Again, Opening, Tail};
use crate::source::{FollowSettings, Followed, Follower, Found, Generation, Opened, PathSpec, VarnishCommand};

/// Followed logs.
pub struct Logs {
    follower: Follower,
    /// Of each generation whether it is a stream, and the path that is shown.
    opened: HashMap<u32, (bool, String)>,
}

/// What to follow.
pub struct Wanted {
    specs: Vec<PathSpec>,
    varnish: Option<String>,
    back: u64,
}

impl Wanted {
    /// What was named, else what the configuration names, else the running Varnish and the standard folders.
    pub fn find(args: &Args, defaults: &TailDefaults, common: &Common) -> Result<Wanted> {
        let mut specs = args.input.specs()?;
        let mut varnish = args.varnish.clone();
        if specs.is_empty() && varnish.is_none() {
            specs = defaults.paths.iter().map(|p| PathSpec::parse(p)).collect();
            varnish.clone_from(&defaults.varnish);
        }
        if specs.is_empty() && varnish.is_none() {
            (specs, varnish) = usual(common)?;
        }
        Ok(Wanted { specs, varnish, back: args.back })
    }

    /// True when something of it comes only once, so that it cannot be followed anew.
    pub fn comes_once(&self) -> bool {
        self.specs.iter().any(|spec| spec.path == "-")
    }
}

impl Logs {
    /// Follows them, from where an earlier run stood.
    pub fn follow(wanted: &Wanted, resume: Vec<Position>) -> Logs {
        let settings = FollowSettings { back: wanted.back, ..FollowSettings::default() };
        let mut follower = Follower::new(&wanted.specs, resume, settings);
        if let Some(name) = &wanted.varnish {
            follower.varnish(VarnishCommand::new((!name.is_empty()).then(|| name.clone())));
        }
        Logs { follower, opened: HashMap::new() }
    }

    /// Hands what has come to the tail. True when more is there at once.
    pub fn feed(&mut self, tail: &mut Tail<'_>, wall: Stamp) -> (bool, bool) {
        let mut came = false;
        let opened = &mut self.opened;
        let more = self.follower.poll(&mut |what| match what {
            Followed::Opened(o) => {
                let opening = opening(o);
                opened.insert(opening.generation, (opening.stream, opening.found.path.clone()));
                tail.open(opening);
            }
            Followed::Bytes { id, offset, bytes } => {
                came = true;
                tail.bytes(id.0, offset, &bytes, wall);
            }
            Followed::Renamed { id, path } => {
                if let Some(known) = opened.get_mut(&id.0) {
                    known.1 = path;
                }
            }
            Followed::Ended { id } => {
                came = true;
                tail.end(id.0);
            }
            Followed::Lost { path, bytes, why, .. } => tail.lost(Gap { wall, path, bytes, why }),
            Followed::Trouble(t) => tail.trouble(&t.path, Some(&t)),
            Followed::Mended { path } => tail.trouble(&path, None),
        });
        (more, came)
    }

    /// True when every log that was ever followed has ended.
    pub fn is_over(&self) -> bool {
        !self.opened.is_empty() && self.opened.keys().all(|id| self.follower.key(Generation(*id)).is_none_or(|k| k.2))
    }
}

fn opening(o: Opened) -> Opening {
    let stream = o.path == "-" || o.path == "varnish" || o.path.starts_with("varnish:");
    let found = if stream {
        Found::named(&o.path, o.role, o.node)
    } else {
        let mut found = Found::file(&o.path);
        (found.role, found.node) = (o.role, o.node);
        found
    };
    Opening {
        generation: o.id.0,
        found,
        log: o.series,
        from: o.from,
        lines_before: o.lines_before,
        counted: o.counted,
        taken: o.taken,
        after_gap: o.after_gap,
        stream,
    }
}

/// The running Varnish, when there is a varnishlog, and the standard folders.
fn usual(common: &Common) -> Result<(Vec<PathSpec>, Option<String>)> {
    let usual = standard::look(Prefer::Live, common);
    if usual.specs.is_empty() && !usual.varnish {
        return Err(Error::new(Kind::Nothing, "There is no Varnish here, and no log in the standard folders")
            .hint("name what to follow: guru tail --varnish origin=/var/log/nginx/*.log")
            .hint("or pipe it in: varnishlog -g raw | guru tail -"));
    }
    Ok((usual.specs, usual.varnish.then(String::new)))
}

impl Again for Logs {
    fn path(&self, generation: u32) -> String {
        self.opened.get(&generation).map(|(_, path)| path.clone()).unwrap_or_default()
    }

    fn read(&mut self, generation: u32, offset: u64, len: u32) -> Option<Vec<u8>> {
        self.follower.reread(Generation(generation), offset, len)
    }

    fn key(&self, generation: u32) -> Option<FileKey> {
        let is_stream = self.opened.get(&generation).is_none_or(|(stream, _)| *stream);
        if is_stream { None } else { self.follower.key(Generation(generation)).map(|(key, ..)| key) }
    }

    fn backlog(&self, generation: u32) -> u64 {
        self.follower.backlog(Generation(generation))
    }

    fn release(&mut self, generation: u32) {
        self.opened.remove(&generation);
        self.follower.release(Generation(generation));
    }
}
