//! The logs' own words, fetched after linking. In: judged failures, files; out: evidence per failure, redacted and
//! bounded, with line numbers. It reads again only the lines that are quoted.

use std::collections::{BTreeMap, HashMap};

use super::context::Context;
use super::deepest::last_told;
use super::partial::Partial;
use crate::frame::{Unwrapped, vsl_binary};
use crate::grammar::Framing;
use crate::model::incident::Quote;
use crate::model::{Evidence, Failure, FileId, Locator, OwnedMark, redact};
use crate::source::{Found, reread};

/// Bytes of a line that are read at most.
const LONGEST: u32 = 2_048;

/// The logs' bytes, read once more.
pub trait Originals {
    /// The path of a file, as shown.
    fn path(&self, file: FileId) -> String;

    /// Hands `give` the bytes at each wanted (offset, length) that can still be read, with its place in `wanted`.
    fn read(&mut self, file: FileId, wanted: &[(u64, u32)], give: &mut dyn FnMut(usize, &[u8]));

    /// What was quoted of a failure before, when nothing that is quoted of it has changed since.
    fn before(&mut self, _failure: &Failure) -> Option<Evidence> {
        None
    }
}

/// Files that can be opened.
pub struct Files<'a>(pub &'a BTreeMap<FileId, Found>);

impl Originals for Files<'_> {
    fn path(&self, file: FileId) -> String {
        self.0.get(&file).map(|f| f.path.clone()).unwrap_or_default()
    }

    fn read(&mut self, file: FileId, wanted: &[(u64, u32)], give: &mut dyn FnMut(usize, &[u8])) {
        if let Some(found) = self.0.get(&file) {
            reread(found, wanted, give);
        }
    }
}

/// Turns places into file names and line numbers.
struct Places<'a> {
    context: &'a Context<'a>,
    paths: HashMap<FileId, String>,
    first_lines: BTreeMap<FileId, BTreeMap<u64, u64>>,
}

impl Places<'_> {
    fn quote(&self, at: Locator, text: &[u8]) -> Quote {
        let file = self.paths.get(&at.file).cloned().unwrap_or_default();
        if is_binary(self.context, at.file) {
            return Quote { file, line: 0, offset: Some(at.offset), text: redact(text) };
        }
        let chunk = self.first_lines.get(&at.file).and_then(|f| f.range(..=at.offset).next_back());
        let line = chunk.map_or(0, |(_, first)| first + u64::from(at.line));
        Quote { file, line, offset: None, text: redact(text) }
    }
}

/// True for a log without lines.
fn is_binary(context: &Context<'_>, file: FileId) -> bool {
    let series = context.files.get(&file).map(|f| context.reading(f.series));
    series.is_some_and(|r| r.grammar.framing == Framing::VslBinary)
}

/// The evidence of every failure of this run, and of stored ones that were linked now.
pub fn fetch(
    failures: &[Failure],
    partial: &Partial,
    context: &Context<'_>,
    originals: &mut dyn Originals,
) -> HashMap<u64, Evidence> {
    let mut out: HashMap<u64, Evidence> = HashMap::with_capacity(failures.len());
    let mut new = Vec::new();
    for f in failures.iter().filter(|f| !f.stored || f.link.is_some()) {
        match originals.before(f) {
            Some(known) => _ = out.insert(f.id, known),
            None => new.push(f),
        }
    }
    if !new.is_empty() {
        quote_all(&new, partial, context, originals, &mut out);
    }
    tell_up(failures, &mut out);
    out
}

fn quote_all(
    failures: &[&Failure],
    partial: &Partial,
    context: &Context<'_>,
    originals: &mut dyn Originals,
    out: &mut HashMap<u64, Evidence>,
) {
    let first_lines = partial.files.iter().map(|(id, f)| (*id, f.first_lines())).collect();
    let paths = partial.files.keys().map(|id| (*id, originals.path(*id))).collect();
    let places = Places { context, paths, first_lines };
    let lines = read_lines(failures, context, originals);
    let text = |at: &Locator| lines.get(&(at.file, at.offset)).map(Vec::as_slice).unwrap_or_default();
    for f in failures {
        let own = if f.stored {
            Vec::new()
        } else if f.vxid == 0 {
            vec![places.quote(f.at, text(&f.at))]
        } else {
            marks(f).map(|m| places.quote(m.at, &m.kind.quoted(&m.text.bytes()))).collect()
        };
        let origin = f.link.as_ref().map(|l| places.quote(l.at, text(&l.at)));
        let origin_error = f.origin_error.map(|n| places.quote(n.at, &n.text.bytes()));
        out.insert(f.id, Evidence { own, origin, origin_error });
    }
}

/// A cache says in the records of its own fetch, not in those of the request, why it answered an error: of a failure
/// above they are the next tier's own words.
fn tell_up(failures: &[Failure], evidence: &mut HashMap<u64, Evidence>) {
    for (above, n) in last_told(failures) {
        let words =
            evidence.get(&failures[n].id).filter(|_| failures[n].vxid != 0).and_then(|e| e.own.first().cloned());
        if let Some(e) = evidence.get_mut(&above) {
            e.origin_error = e.origin_error.take().or(words);
        }
    }
}

/// Adds the stored proof: all of it for failures that this run adds nothing to, the own records for those it linked.
pub fn remember(evidence: &mut HashMap<u64, Evidence>, stored: HashMap<u64, Evidence>) {
    for (id, before) in stored {
        match evidence.get_mut(&id) {
            Some(now) if now.own.is_empty() => now.own = before.own,
            Some(_) => {}
            None => {
                evidence.insert(id, before);
            }
        }
    }
}

/// The marks that decided, else the first two: something must be quoted. It is quoted as varnishlog prints it, without
/// its prefix.
fn marks(f: &Failure) -> impl Iterator<Item = &OwnedMark> {
    let decisive: Vec<usize> =
        f.ruling.decided_by.iter().map(|n| usize::from(*n)).filter(|n| *n < f.marks.len()).collect();
    let chosen = if decisive.is_empty() { (0..f.marks.len().min(2)).collect() } else { decisive };
    chosen.into_iter().map(|n| &f.marks[n])
}

/// The lines that are quoted whole: those of the next tier, and a line log's own.
fn read_lines(
    failures: &[&Failure],
    context: &Context<'_>,
    originals: &mut dyn Originals,
) -> HashMap<(FileId, u64), Vec<u8>> {
    let mut wanted: BTreeMap<FileId, Vec<u64>> = BTreeMap::new();
    for f in failures {
        if let Some(l) = &f.link {
            wanted.entry(l.at.file).or_default().push(l.at.offset);
        }
        if f.vxid == 0 && !f.stored {
            wanted.entry(f.at.file).or_default().push(f.at.offset);
        }
    }
    let mut out = HashMap::new();
    for (id, mut offsets) in wanted {
        offsets.sort_unstable();
        offsets.dedup();
        let reach = context.wraps.get(&id);
        let mut inside = Unwrapped::default();
        let longest = if reach.is_some() { 2 * LONGEST } else { LONGEST };
        let places: Vec<(u64, u32)> = offsets.iter().map(|o| (*o, longest)).collect();
        let binary = is_binary(context, id);
        originals.read(id, &places, &mut |n, text| {
            if binary {
                out.insert((id, offsets[n]), vsl_binary::one_line(text).trim_ascii_start().to_vec());
                return;
            }
            let line = |text: &[u8]| text[..memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len())].to_vec();
            let quoted = reach.and_then(|reach| {
                reach.fill(&mut inside, text, true);
                Some(line(inside.bytes())).filter(|l| !l.is_empty())
            });
            out.insert((id, offsets[n]), quoted.unwrap_or_else(|| line(text)));
        });
    }
    out
}
