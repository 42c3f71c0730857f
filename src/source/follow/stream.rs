//! Standard input and named pipes. In: the stream, packed or not; out: its content as one generation. It must not
//! block.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::kept::Kept;
use super::pump::{Pump, Pumped};
use super::told::Followed;
use crate::model::Tier;
use crate::source::decode::Decoded;
use crate::source::spec::{Found, Trouble};

/// A stream that was named on the command line.
pub(super) struct Stream {
    /// Its path; `-` for standard input.
    pub path: String,
    owner: (Option<Tier>, Option<String>),
    pump: Pump,
    /// Nothing before the first bytes.
    pub kept: Option<Kept>,
    /// Nothing more comes.
    pub ended: bool,
}

impl Stream {
    /// Begins to read.
    pub fn start(found: &Found) -> Stream {
        let path = found.path.clone();
        let pump = if path == "-" {
            Pump::new(|| decoded(io::stdin()))
        } else {
            let pipe = PathBuf::from(&path);
            Pump::new(move || decoded(File::open(pipe)?))
        };
        Stream { path, owner: (found.role, found.node.clone()), pump, kept: None, ended: false }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> u64 {
        self.pump.waiting()
    }

    /// Hands over what came, about `most` bytes. True when more waits.
    pub fn poll(&mut self, most: usize, give: &mut impl FnMut(Followed)) -> bool {
        let mut left = most;
        while !self.ended {
            match self.pump.next() {
                Pumped::Bytes(bytes) => {
                    left = left.saturating_sub(bytes.len());
                    let kept = match &mut self.kept {
                        Some(kept) => kept,
                        none => none.insert(Kept::open(&self.path, self.owner.clone(), false, give)),
                    };
                    kept.take(bytes, give);
                    if left == 0 {
                        return self.pump.waiting() > 0;
                    }
                }
                Pumped::Line(_) => {}
                Pumped::Failed(why) => {
                    give(Followed::Trouble(Trouble::new(&self.path, format!("cannot be read any further: {why}"))));
                }
                Pumped::Nothing => return false,
                Pumped::Ended => {
                    self.ended = true;
                    if let Some(kept) = &mut self.kept {
                        kept.end(give);
                    }
                }
            }
        }
        false
    }
}

fn decoded<R: Read>(stream: R) -> io::Result<Decoded<R>> {
    Decoded::new(stream).map(|(decoded, _)| decoded)
}
