//! Which logs a file holds. In: a file and its head; out: one log, or one per sender where a log shipper has put the
//! lines of several programs into one file, each with its format and the way to get at its lines. It must not know
//! what shippers write, nor any format.
//!
//! An error log that a container writes to stderr may begin long after the head, so a file with senders is looked
//! through to its end for them, once, before it is folded.

use std::collections::HashMap;

use crate::frame::{Layer, Sender, Unwrapped, Wrap, lines};
use crate::grammar::{Detection, Framing, Grammar, Library};
use crate::model::FileId;
use crate::source::{Chunks, Found, Settings};

/// A format that fits so many lines needs no other explanation.
const SURE: f32 = 0.9;
/// Bytes of each sender's lines that are looked at, and of each beyond the first few.
const HEAD: usize = 64 << 10;
const SHORT_HEAD: usize = 4 << 10;
const FEW: usize = 32;
/// More senders are not told apart.
const MOST: usize = 4096;
/// A file is read once per log; more logs of one format are read as one.
const READS: usize = 16;

/// A log inside a file.
#[derive(Clone, Debug)]
pub struct Log {
    /// What it is.
    pub detection: Detection,
    /// Its format, when it is known.
    pub grammar: Option<Grammar>,
    /// How to get at its lines; `None` when it is the whole file as it stands.
    pub wrap: Option<Wrap>,
    /// Who wrote it, in words; empty when that is not said.
    pub sender: String,
    /// The node, where the senders tell nodes apart.
    pub node: Option<String>,
    /// Its first bytes.
    pub head: Vec<u8>,
}

/// The logs of a file: at least one, which may be unknown.
#[derive(Clone, Debug)]
pub struct Logs {
    /// The logs; the first takes the lines that no other does.
    pub logs: Vec<Log>,
    /// A sentence about lines of senders whose logs are not known.
    pub passed_over: Option<String>,
}

/// One who wrote lines of a file.
#[derive(Clone, Debug, Default)]
struct Writer {
    key: u64,
    host: String,
    service: String,
    stream: String,
    lines: u64,
    head: Vec<u8>,
    /// True for who wrote the first line of the file, which may have lost its beginning.
    first: bool,
}

/// The formats that come into question.
struct Formats<'a> {
    /// The one that the user named.
    only: Option<Library>,
    all: &'a Library,
    file_name: &'a str,
}

/// Finds the logs of a file whose first decompressed bytes are `head`. `forced` names the format of those that it
/// fits.
pub fn logs(found: &Found, head: &[u8], library: &Library, forced: Option<&str>) -> Logs {
    let file_name = found.path.rsplit('/').next().unwrap_or_default();
    let formats = Formats { only: forced.and_then(|name| library.only(name)), all: library, file_name };
    let bare = |log: Option<Log>| {
        let mut log = log.unwrap_or_else(|| formats.as_it_stands(head));
        log.grammar = forced.and_then(|name| library.get(name)).cloned().or(log.grammar);
        Logs { logs: vec![Log { wrap: None, ..log }], passed_over: None }
    };
    let layers = if head.starts_with(b"VSL") { Vec::new() } else { Wrap::layers(head) };
    if layers.is_empty() {
        return bare(None);
    }
    let whole = formats.best(head, &Wrap { own: Vec::new(), first: true, ..wrap(&layers) });
    let as_it_stands = whole.filter(|log| log.wrap.as_ref().is_some_and(|w| w.depth == 0));
    let fits = as_it_stands.as_ref().map_or(0.0, |log| log.detection.confidence);
    if fits >= SURE {
        return bare(as_it_stands);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let (mut read, mut lines) = (0.0, 0);
    for writer in writers(found, head, &layers) {
        let further = Wrap { own: vec![writer.key], ..wrap(&layers) };
        lines += writer.lines;
        match formats.best(&writer.head, &further) {
            Some(log) => {
                read += writer.lines as f32 * log.detection.confidence;
                known.push((writer, log));
            }
            None => unknown.push(writer),
        }
    }
    if known.is_empty() || fits * lines as f32 >= read {
        let mut logs = bare(as_it_stands);
        if let [Log { grammar: None, detection, .. }] = &mut logs.logs[..] {
            detection.why.push_str(&format!(" (also not inside {})", wrap(&layers).words()));
        }
        return logs;
    }
    told_apart(known, unknown, lines, found)
}

/// A wrap that takes all layers off.
fn wrap(layers: &[Layer]) -> Wrap {
    Wrap { layers: layers.to_vec(), shared: layers.len(), depth: layers.len(), ..Wrap::default() }
}

impl Formats<'_> {
    fn detect(&self, head: &[u8]) -> (Detection, Option<Grammar>) {
        let of = |library: &Library| {
            let seen = library.detect(head, self.file_name);
            let grammar = seen.grammar.map(|n| library.grammars()[n].clone());
            (seen, grammar)
        };
        self.only.as_ref().map(of).filter(|(_, grammar)| grammar.is_some()).unwrap_or_else(|| of(self.all))
    }

    fn as_it_stands(&self, head: &[u8]) -> Log {
        let (detection, grammar) = self.detect(head);
        Log { detection, grammar, wrap: None, sender: String::new(), node: None, head: head.to_vec() }
    }

    /// What the lines of one sender are, with as many layers taken off as makes most of them fit; `None` when nothing
    /// fits.
    fn best(&self, head: &[u8], shared: &Wrap) -> Option<Log> {
        let mut inside = Unwrapped::default();
        inside.fill(shared, head, true);
        let mut wrap = shared.clone();
        wrap.layers.extend(Wrap::layers(inside.bytes()));
        wrap.layers.truncate(wrap.layers.len().min(shared.layers.len().max(3)));
        let mut best: Option<Log> = None;
        for depth in 0..=wrap.layers.len() {
            wrap.depth = depth;
            inside.fill(&wrap, head, true);
            let (detection, grammar) = self.detect(inside.bytes());
            let Some(grammar) = grammar else { continue };
            // Any object fits a format that takes every JSON.
            let generic = |g: &Grammar| g.family.bytes() == b"json-lines" && depth < wrap.layers.len();
            let certain = depth > 0 && wrap.layers[depth - 1].is_certain();
            let better = best.as_ref().is_none_or(|b| {
                let (mine, its) = (detection.confidence, b.detection.confidence);
                let same = b.grammar.as_ref().is_some_and(|g| g.name == grammar.name);
                mine > its || (mine >= its && (same || certain)) || b.grammar.as_ref().is_some_and(generic)
            });
            if better {
                let head = inside.bytes().to_vec();
                let (wrap, sender) = (Some(wrap.clone()), String::new());
                best = Some(Log { detection, grammar: Some(grammar), wrap, sender, node: None, head });
            }
        }
        best
    }
}

/// Who wrote lines of the file, in the order of their names.
fn writers(found: &Found, head: &[u8], layers: &[Layer]) -> Vec<Writer> {
    let mut known: HashMap<u64, Writer> = HashMap::new();
    gather(head, layers, &mut known);
    if known.values().any(|w| !w.name().is_empty()) {
        known.clear();
        if let Ok(chunks) = Chunks::open(found, FileId(0), lines::cut, &Settings::default()) {
            chunks.flatten().for_each(|chunk| gather(&chunk.bytes, layers, &mut known));
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

fn gather(bytes: &[u8], layers: &[Layer], known: &mut HashMap<u64, Writer>) {
    wrap(layers).senders(bytes, |sender: Sender<'_>, line| {
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
        if writer.head.len() < if count <= FEW { HEAD } else { SHORT_HEAD } {
            writer.head.extend_from_slice(line);
            writer.head.push(b'\n');
        }
    });
}

impl Writer {
    fn name(&self) -> String {
        let parts = [&self.host, &self.service, &self.stream];
        parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// The logs of known writers, the one with the most lines first.
fn told_apart(mut known: Vec<(Writer, Log)>, unknown: Vec<Writer>, lines: u64, found: &Found) -> Logs {
    known.sort_by_key(|(w, _)| std::cmp::Reverse(w.lines));
    let nodes = nodes(&known);
    let several = known.len() + unknown.len() > 1;
    let mut logs: Vec<Log> = Vec::new();
    let crowded = known.len() > READS;
    for ((writer, mut log), node) in known.into_iter().zip(nodes) {
        let alike = logs.iter_mut().find(|other| crowded && may_be_one(other, &log));
        if let (Some(Log { wrap: Some(into), sender, node, .. }), Some(wrap)) = (alike, &log.wrap) {
            into.own.extend(&wrap.own);
            into.own.sort_unstable();
            (*sender, *node) = (String::new(), None);
            continue;
        }
        log.node = node;
        log.sender = if several { writer.name() } else { String::new() };
        logs.push(log);
    }
    let mut owned: Vec<u64> = logs.iter().filter_map(|l| l.wrap.as_ref()).flat_map(|w| w.own.clone()).collect();
    owned.sort_unstable();
    if let Some(Log { wrap: Some(first), .. }) = logs.first_mut() {
        first.first = true;
        first.others = owned.into_iter().filter(|key| first.own.binary_search(key).is_err()).collect();
        first.strangers = unknown.iter().map(|w| w.key).collect();
        first.strangers.sort_unstable();
    }
    for log in &mut logs {
        let words = log.wrap.as_ref().map(Wrap::words).filter(|w| !w.is_empty());
        let inside = words.map(|w| format!(" inside {w}")).unwrap_or_default();
        let of = if log.sender.is_empty() { String::new() } else { format!(", written by {}", log.sender) };
        log.detection.why.push_str(&format!("{inside}{of}"));
    }
    Logs { logs, passed_over: passed_over(&unknown, lines, found) }
}

fn may_be_one(a: &Log, b: &Log) -> bool {
    let by_line = a.grammar.as_ref().is_some_and(|g| g.framing == Framing::Lines);
    let way = |l: &Log| l.wrap.as_ref().map(|w| (w.layers.clone(), w.depth));
    let name = |l: &Log| l.grammar.as_ref().map(|g| g.name.clone());
    by_line && way(a) == way(b) && name(a) == name(b)
}

/// Machines tell nodes apart; where none are named, services do.
fn nodes(known: &[(Writer, Log)]) -> Vec<Option<String>> {
    let several = |part: fn(&Writer) -> &String| {
        let mut names: Vec<&String> = known.iter().map(|(w, _)| part(w)).collect();
        names.sort_unstable();
        names.dedup();
        names.len() > 1
    };
    let hosts = several(|w| &w.host);
    let services = !hosts && known.iter().all(|(w, _)| w.host.is_empty()) && several(|w| &w.service);
    let node = |(w, _): &(Writer, Log)| {
        let name = if hosts { Some(&w.host) } else { Some(&w.service).filter(|_| services) };
        name.filter(|n| !n.is_empty()).cloned()
    };
    known.iter().map(node).collect()
}

fn passed_over(unknown: &[Writer], lines: u64, found: &Found) -> Option<String> {
    let passed: u64 = unknown.iter().map(|w| w.lines).sum();
    let mut names: Vec<String> = unknown.iter().take(3).map(Writer::name).collect();
    if unknown.len() > names.len() {
        names.push(format!("{} more", unknown.len() - names.len()));
    }
    (passed > 0).then(|| {
        let names = names.join(", ");
        format!("{}: {passed} of {lines} lines are of no known log and were passed over ({names})", found.path)
    })
}
