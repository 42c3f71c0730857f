//! Which logs a file holds. In: a file and its head; out: one log, or one per sender where a log shipper has put the
//! lines of several programs into one file, each with its format and the way to get at its lines. It must not know
//! what shippers write, nor any format.

use super::reach::{Reach, Split, reads};
use super::writers::{Writer, wrap, writers};
use crate::frame::lines::without_newline;
use crate::frame::{Layer, Unwrapped, Wrap};
use crate::grammar::{Detection, Framing, Grammar, Library};
use crate::model::Locator;
use crate::source::Found;

/// A format that fits so many lines needs no other explanation.
const SURE: f32 = 0.9;
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
    pub reach: Option<Reach>,
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
    let layers = if head.starts_with(b"VSL") { Vec::new() } else { Wrap::layers(head) };
    if layers.is_empty() {
        return formats.bare(formats.as_it_stands(head));
    }
    let whole = formats.best(head, &Wrap { first: true, ..wrap(&layers) });
    let as_it_stands = whole.filter(|log| log.reach.as_ref().is_some_and(|r| r.wrap.depth == 0));
    let fits = as_it_stands.as_ref().map_or(0.0, |log| log.detection.confidence);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let (mut read, mut lines) = (0.0, 0);
    let all = if fits >= SURE { Vec::new() } else { writers(found, head, &layers, &formats.errors()) };
    for writer in all {
        lines += writer.lines;
        match formats.best(&writer.head, &Wrap { own: vec![writer.key], ..wrap(&layers) }) {
            Some(log) => {
                read += writer.lines as f32 * log.detection.confidence;
                known.extend(formats.two(log).into_iter().map(|log| (writer.clone(), log)));
            }
            None => unknown.push(writer),
        }
    }
    if known.is_empty() || fits * lines as f32 >= read {
        return formats.bare(as_it_stands.unwrap_or_else(|| formats.unknown(head, &layers)));
    }
    told_apart(known, unknown, lines, found)
}

impl Formats<'_> {
    fn detect(&self, head: &[u8]) -> (Detection, Option<Grammar>) {
        let of = |library: &Library| {
            let seen = library.detect(head, self.file_name);
            let mut grammar = seen.grammar.map(|n| library.grammars()[n].clone());
            if let Some(grammar) = &mut grammar {
                grammar.framing = seen.framing.unwrap_or(grammar.framing);
                grammar.resolution_us = seen.resolution_us.unwrap_or(grammar.resolution_us);
            }
            (seen, grammar)
        };
        self.only.as_ref().map(of).filter(|(_, grammar)| grammar.is_some()).unwrap_or_else(|| of(self.all))
    }

    fn as_it_stands(&self, head: &[u8]) -> Log {
        let (detection, grammar) = self.detect(head);
        Log { detection, grammar, reach: None, sender: String::new(), node: None, head: head.to_vec() }
    }

    /// The file as it stands, when nothing inside its wrapping is known either: told is what comes closest.
    fn unknown(&self, head: &[u8], layers: &[Layer]) -> Log {
        let mut log = self.as_it_stands(head);
        if log.grammar.is_some() {
            return log;
        }
        let wrap = Wrap { first: true, ..wrap(layers) };
        let mut inside = Unwrapped::default();
        inside.fill(&wrap, head, true, None);
        let (within, _) = self.detect(inside.bytes());
        let close = |d: &Detection| d.runner_up.as_ref().map_or(0.0, |(_, share)| *share);
        if within.remedy.is_some() || close(&within) > close(&log.detection) {
            let why = format!("{} inside {}", within.why, wrap.words());
            log.detection = Detection { grammar: None, why, ..within };
        } else {
            log.detection.why.push_str(&format!(" (also not inside {})", wrap.words()));
        }
        log
    }

    /// The logs of a file without wrapping. What the user names is not doubted.
    fn bare(&self, log: Log) -> Logs {
        let named = self.only.as_ref().and_then(|library| library.grammars().first()).cloned();
        let mut logs = match named {
            Some(named) => {
                let fitting = log.grammar.clone().filter(|g| g.name == named.name);
                vec![Log { grammar: fitting.or(Some(named)), reach: None, ..log }]
            }
            None => self.two(Log { reach: None, ..log }),
        };
        for (n, log) in logs.iter_mut().enumerate() {
            if let Some(reach) = &mut log.reach {
                (reach.wrap.first, reach.wrap.tells) = (true, n == 0);
            }
        }
        Logs { logs, passed_over: None }
    }

    /// The formats whose records begin with what no other line begins with.
    fn errors(&self) -> Vec<&Grammar> {
        let framed = |g: &&Grammar| g.framing == Framing::Records && g.record_start.is_some();
        self.all.grammars().iter().filter(framed).collect()
    }

    /// The log, or two where an access log and an error log run together.
    fn two(&self, log: Log) -> Vec<Log> {
        let lines = || log.head.split_inclusive(|b| *b == b'\n');
        let own = |l: &[u8]| log.grammar.as_ref().is_some_and(|g| g.framing == Framing::Lines && reads(g, l));
        let begins =
            |g: &&Grammar| lines().map(without_newline).filter(|l| g.starts(l) && reads(g, l) && !own(l)).count();
        let Some(errors) = self.errors().into_iter().max_by_key(begins).filter(|g| begins(g) > 0) else {
            return vec![log];
        };
        let (records, rest): (Vec<&[u8]>, Vec<&[u8]>) = lines().partition(|l| errors.starts(l));
        let (records, rest) = (records.concat(), rest.concat());
        let (detection, Some(access)) = self.detect(&rest) else { return vec![log] };
        // Lines that a header names are not read by themselves.
        if access.framing != Framing::Lines || access.heading.is_some() {
            return vec![log];
        }
        let part = |takes_records: bool, detection: Detection, grammar: &Grammar, head: Vec<u8>| {
            let split = Split { records: errors.clone(), lines: access.clone(), takes_records };
            let reach = Some(Reach { split: Some(split), ..log.reach.clone().unwrap_or_default() });
            Log { detection, grammar: Some(grammar.clone()), reach, head, ..log.clone() }
        };
        let of_errors = self.detect(&records).0;
        vec![part(false, detection, &access, rest), part(true, of_errors, errors, records)]
    }

    /// What the lines of one sender are, with as many layers taken off as makes most of them fit; `None` when nothing
    /// fits.
    fn best(&self, head: &[u8], shared: &Wrap) -> Option<Log> {
        let mut inside = Unwrapped::default();
        inside.fill(shared, head, true, None);
        let mut wrap = shared.clone();
        wrap.layers.extend(Wrap::layers(inside.bytes()));
        wrap.layers.truncate(wrap.layers.len().min(shared.layers.len().max(3)));
        let mut best: Option<Log> = None;
        for depth in 0..=wrap.layers.len() {
            wrap.depth = depth;
            inside.fill(&wrap, head, true, None);
            let (detection, grammar) = self.detect(inside.bytes());
            let Some(grammar) = grammar else { continue };
            // Any object fits a format that takes every JSON.
            let generic = |g: &Grammar| &*g.family.bytes() == b"json-lines";
            let certain = depth > 0 && wrap.layers[depth - 1].is_certain();
            // The stamp of a message may be that of syslog alone.
            let timeless = |b: &Log| {
                b.grammar.as_ref().is_some_and(|g| tells_time(g, &b.head)) && !tells_time(&grammar, inside.bytes())
            };
            let better = best.as_ref().is_none_or(|b| {
                let (mine, its) = (detection.confidence, b.detection.confidence);
                let same = b.grammar.as_ref().is_some_and(|g| g.name == grammar.name);
                let loose = |g: &Grammar| generic(g) && !generic(&grammar);
                // A format that takes what it does not know reads a shipper's stamp as such.
                let closer = |g: &Grammar| wrap.layers[depth - 1].is_text() && grammar.specificity > g.specificity;
                let told = same || certain || b.grammar.as_ref().is_some_and(|g| loose(g) || closer(g));
                mine > its || (mine >= its && told && !timeless(b))
            });
            if better {
                let head = inside.bytes().to_vec();
                let (reach, sender) = (Some(Reach { wrap: wrap.clone(), split: None }), String::new());
                best = Some(Log { detection, grammar: Some(grammar), reach, sender, node: None, head });
            }
        }
        best
    }
}

/// True when one of the first lines tells when it was written.
fn tells_time(grammar: &Grammar, head: &[u8]) -> bool {
    let mut reader = grammar.reader(None);
    let mut told = grammar.framing.is_vsl();
    for line in head.split(|b| *b == b'\n').take(100) {
        reader.line(without_newline(line), Locator::default(), &mut |event| told |= event.time().is_known());
    }
    told
}

/// The logs of known writers, the one with the most lines first.
fn told_apart(mut known: Vec<(Writer, Log)>, unknown: Vec<Writer>, lines: u64, found: &Found) -> Logs {
    known.sort_by_key(|(w, _)| std::cmp::Reverse(w.lines));
    let nodes = nodes(&known);
    let mut keys: Vec<u64> = known.iter().map(|(w, _)| w.key).chain(unknown.iter().map(|w| w.key)).collect();
    keys.sort_unstable();
    keys.dedup();
    let several = keys.len() > 1;
    let mut logs: Vec<Log> = Vec::new();
    let crowded = known.len() > READS;
    for ((writer, mut log), node) in known.into_iter().zip(nodes) {
        let alike = logs.iter_mut().find(|other| crowded && may_be_one(other, &log));
        if let (Some(Log { reach: Some(into), sender, node, .. }), Some(reach)) = (alike, &log.reach) {
            into.wrap.own.extend(&reach.wrap.own);
            into.wrap.own.sort_unstable();
            (*sender, *node) = (String::new(), None);
            continue;
        }
        log.node = node;
        log.sender = if several { writer.name() } else { String::new() };
        logs.push(log);
    }
    share_out(&mut logs, &unknown);
    for log in &mut logs {
        let words = log.reach.as_ref().map(|r| r.wrap.words()).filter(|w| !w.is_empty());
        let inside = words.map(|w| format!(" inside {w}")).unwrap_or_default();
        let of = if log.sender.is_empty() { String::new() } else { format!(", written by {}", log.sender) };
        log.detection.why.push_str(&format!("{inside}{of}"));
    }
    Logs { logs, passed_over: passed_over(&unknown, lines, found) }
}

/// Gives the lines that are of no log to the first one, and to the one that runs together with it.
fn share_out(logs: &mut [Log], unknown: &[Writer]) {
    let mut owned: Vec<u64> = logs.iter().filter_map(|l| l.reach.as_ref()).flat_map(|r| r.wrap.own.clone()).collect();
    owned.sort_unstable();
    let mut strangers: Vec<u64> = unknown.iter().map(|w| w.key).collect();
    strangers.sort_unstable();
    let Some(first) = logs.first().and_then(|l| l.reach.as_ref()).map(|r| r.wrap.own.clone()) else { return };
    let reaches = logs.iter_mut().filter_map(|l| l.reach.as_mut()).filter(|r| r.wrap.own == first);
    for (n, reach) in reaches.enumerate() {
        (reach.wrap.first, reach.wrap.tells) = (true, n == 0);
        reach.wrap.others = owned.iter().copied().filter(|key| first.binary_search(key).is_err()).collect();
        reach.wrap.strangers = strangers.clone();
    }
}

fn may_be_one(a: &Log, b: &Log) -> bool {
    let by_line = a.grammar.as_ref().is_some_and(|g| g.framing == Framing::Lines);
    let way = |l: &Log| l.reach.as_ref().filter(|r| r.split.is_none()).map(|r| (r.wrap.layers.clone(), r.wrap.depth));
    let name = |l: &Log| l.grammar.as_ref().map(|g| g.name.clone());
    by_line && way(a).is_some() && way(a) == way(b) && name(a) == name(b)
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
