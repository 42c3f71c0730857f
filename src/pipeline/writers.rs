//! Who wrote the lines of a file. In: a file, and the layers around its lines; out: its senders, each with the first of
//! its lines. It must not know any format but what begins an error.
//!
//! An error log that a container writes may begin long after the head, so a file whose senders are named is looked
//! through to its end, once, before it is folded.

use std::collections::HashMap;

use super::reach::reads;
use crate::frame::{Layer, Wrap, lines};
use crate::grammar::Grammar;
use crate::model::FileId;
use crate::source::{Chunks, Found, Settings};

/// Bytes of each sender's lines that are looked at, and of each beyond the first few.
const HEAD: usize = 64 << 10;
const SHORT_HEAD: usize = 4 << 10;
const FEW: usize = 32;
/// More senders are not told apart.
const MOST: usize = 4096;

/// One who wrote lines of a file.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// The number of its sender.
    pub key: u64,
    /// Machine or pod; empty when it is not said, as are the next two.
    pub host: String,
    /// Program, container or service.
    pub service: String,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// How many lines.
    pub lines: u64,
    /// The first of its lines, whole, and after these a few that begin an error.
    pub head: Vec<u8>,
    /// True for who wrote the first line of the file, which may have lost its beginning.
    pub first: bool,
}

/// A wrap that takes all layers off.
pub fn wrap(layers: &[Layer]) -> Wrap {
    Wrap { layers: layers.to_vec(), shared: layers.len(), depth: layers.len(), ..Wrap::default() }
}

/// Who wrote lines of the file, in the order of their names.
pub fn writers(found: &Found, head: &[u8], layers: &[Layer], errors: &[&Grammar]) -> Vec<Writer> {
    let mut known: HashMap<u64, Writer> = HashMap::new();
    gather(head, layers, errors, &mut known);
    if known.values().any(|w| !w.name().is_empty()) {
        known.clear();
        if let Ok(chunks) = Chunks::open(found, FileId(0), lines::cut, &Settings::default()) {
            chunks.flatten().for_each(|chunk| gather(&chunk.bytes, layers, errors, &mut known));
        }
    }
    let mut all: Vec<Writer> = known.into_values().collect();
    // `-1  | …` is what is left of a line of `varnish-1`.
    let names: Vec<String> = all.iter().map(Writer::name).collect();
    let rest = |w: &Writer| names.iter().any(|n| n.len() > w.name().len() && n.ends_with(&w.name()));
    all.retain(|w| !(w.first && w.lines == 1 && rest(w)));
    all.sort_by_key(|w| (w.host.clone(), w.service.clone(), w.stream.clone()));
    all
}

fn gather(bytes: &[u8], layers: &[Layer], errors: &[&Grammar], known: &mut HashMap<u64, Writer>) {
    wrap(layers).senders(bytes, |sender, line, text| {
        let (key, count) = (sender.key(), known.len());
        if count >= MOST && !known.contains_key(&key) {
            return;
        }
        let word = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let writer = known.entry(key).or_insert_with(|| Writer {
            key,
            host: word(sender.host),
            service: word(sender.service),
            stream: word(sender.stream),
            first: count == 0,
            ..Writer::default()
        });
        writer.lines += 1;
        let room = if count <= FEW { HEAD } else { SHORT_HEAD };
        let late = || errors.iter().any(|g| g.starts(text) && reads(g, text));
        if writer.head.len() < room || (writer.head.len() < room + SHORT_HEAD && late()) {
            writer.head.extend_from_slice(line);
            writer.head.push(b'\n');
        }
    });
}

impl Writer {
    /// The name, in words; empty when nothing is said.
    pub fn name(&self) -> String {
        let parts = [&self.host, &self.service, &self.stream];
        parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}
