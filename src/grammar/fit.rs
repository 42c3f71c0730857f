//! How well a format fits the first bytes of a log. In: a format and a head that may begin and end within a line; out:
//! how many lines it reads, where it stops, how fine its stamps are. It must not compare formats.

use super::format::{Framing, Grammar, Program};
use super::shape::json_text::nested_end;
use super::vsl_shape::{Shape, era, shape};
use crate::model::{Event, LineOutcome, Locator, Stamp};

/// How many lines are looked at; more would not change the answer.
const LINES: usize = 400;
/// How many continuation lines one record may have before they stop counting for the format.
const CONTINUED: usize = 100;

/// How well a format fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fit {
    /// Lines that it reads, with their continuations.
    pub fitting: usize,
    /// Of those, lines that it reads by themselves.
    pub read: usize,
    /// Lines that counted.
    pub counted: usize,
}

impl Fit {
    /// The share of lines that fit, 0 to 1.
    pub fn share(self) -> f32 {
        if self.read == 0 || self.counted == 0 { 0.0 } else { self.fitting as f32 / self.counted as f32 }
    }
}

/// The whole lines of a head; the first and the last may be fragments.
pub struct Lines<'h> {
    first: Option<&'h [u8]>,
    whole: Vec<&'h [u8]>,
    last: Option<&'h [u8]>,
}

impl<'h> Lines<'h> {
    /// The lines of a head.
    pub fn of(head: &'h [u8]) -> Lines<'h> {
        let ends = head.ends_with(b"\n");
        let mut whole: Vec<&[u8]> =
            head.split(|b| *b == b'\n').take(LINES + 2).map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
        let last = if whole.len() == LINES + 2 { whole.pop().and(None) } else { whole.pop().filter(|_| !ends) };
        let first = (!whole.is_empty()).then(|| whole.remove(0));
        Lines { first, whole, last }
    }

    /// Every line, and whether it may be a fragment.
    fn told_apart(&self) -> impl Iterator<Item = (&'h [u8], bool)> + '_ {
        let whole = self.whole.iter().map(|l| (*l, false));
        self.first.iter().map(|l| (*l, true)).chain(whole).chain(self.last.iter().map(|l| (*l, true)))
    }

    /// Every line, fragments included.
    pub fn all(&self) -> impl Iterator<Item = &'h [u8]> + '_ {
        self.first.into_iter().chain(self.whole.iter().copied()).chain(self.last)
    }
}

/// How many lines fit. A fragment that does not fit is no evidence against a format, unless it is all there is.
pub fn fit(grammar: &Grammar, lines: &Lines<'_>) -> Fit {
    let mut fit = Fit::default();
    let mut continued = CONTINUED;
    let (mut before, mut known) = (0, 0);
    let mut reader = grammar.reader(None);
    let continues = grammar.framing == Framing::Records;
    for (line, fragment) in lines.told_apart().filter(|(l, _)| !l.is_empty()) {
        let reads = match grammar.program {
            Program::Vsl => {
                let shape = shape(line);
                known += usize::from(matches!(shape, Shape::Known | Shape::Header));
                shape != Shape::Other
            }
            Program::Vsl3 => matches!(shape(line), Shape::Known | Shape::Record | Shape::Blank),
            Program::VslBinary => false,
            _ => match reader.line(line, Locator::default(), &mut |_| {}) {
                LineOutcome::Parsed => true,
                // A header or a comment, or a line that is no request of a client.
                LineOutcome::Skipped => continue,
                LineOutcome::NotUnderstood => false,
            },
        };
        if reads {
            continued = 0;
            fit.fitting += 1;
            fit.read += 1;
            fit.counted += 1;
        } else if continues && continued < CONTINUED {
            continued += 1;
            fit.fitting += 1;
            fit.counted += 1;
        } else if continues && fit.read == 0 && before < CONTINUED {
            // The head may begin within a record.
            before += 1;
        } else if !fragment {
            fit.counted += 1;
        }
    }
    // Lines of 3.0 and later ones look alike; each has tags that the other does not.
    let is_old = || era(lines.all());
    if matches!(grammar.program, Program::Vsl if is_old()) || matches!(grammar.program, Program::Vsl3 if !is_old()) {
        return Fit { counted: fit.counted, ..Fit::default() };
    }
    // Nothing but tags that nobody writes: it only looks like varnishlog.
    if matches!(grammar.program, Program::Vsl) && known * 2 < fit.read {
        return Fit { counted: fit.counted, ..Fit::default() };
    }
    fit
}

/// How many JSON objects fit, wherever lines end. One that the head cuts off does not count.
pub fn fit_objects(grammar: &Grammar, head: &[u8]) -> Fit {
    let mut fit = Fit::default();
    if !matches!(grammar.program, Program::Access(_) | Program::Messages(_)) || grammar.framing != Framing::Lines {
        return fit;
    }
    let mut reader = grammar.reader(None);
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'{', &head[at..]).map(|n| at + n) {
        let Some(end) = nested_end(head, open) else { break };
        match reader.line(&head[open..end], Locator::default(), &mut |_| {}) {
            LineOutcome::Parsed => {
                fit.read += 1;
                fit.fitting += 1;
                fit.counted += 1;
            }
            LineOutcome::Skipped => {}
            LineOutcome::NotUnderstood => fit.counted += 1,
        }
        if fit.counted >= LINES {
            break;
        }
        at = end;
    }
    fit
}

/// True when the requests of many lines come from, or go to, so few addresses that they are hardly clients.
pub fn few_peers(grammar: &Grammar, lines: &Lines<'_>) -> bool {
    let mut reader = grammar.reader(None);
    let (mut peers, mut read) = (std::collections::HashSet::new(), 0);
    for line in lines.all() {
        reader.line(line, Locator::default(), &mut |event| {
            let peer = match event {
                Event::Request(r) => r.peer,
                Event::Fetch(f) => f.addr,
                _ => return,
            };
            read += 1;
            peers.insert(peer.to_vec());
        });
    }
    read >= 20 && peers.len() <= 8
}

/// The first whole lines that do not fit, each with how many bytes of it do.
pub fn stops(grammar: &Grammar, lines: &Lines<'_>, most: usize) -> Vec<(String, usize)> {
    let mut reader = grammar.reader(None);
    let mut found = Vec::new();
    for line in lines.all().filter(|l| !l.is_empty()) {
        if reader.line(line, Locator::default(), &mut |_| {}) == LineOutcome::NotUnderstood && found.len() < most {
            found.push((String::from_utf8_lossy(line).into_owned(), reader.reach(line)));
        }
    }
    found
}

/// The granularity of the stamps: the coarsest of 1 s, 1 ms and 1 us that they all are multiples of.
pub fn resolution_us(grammar: &Grammar, lines: &Lines<'_>) -> Option<i64> {
    let mut reader = grammar.reader(None);
    let (mut seen, mut finest) = (0, 1_000_000);
    for line in lines.all() {
        reader.line(line, Locator::default(), &mut |event| {
            let stamp = match event {
                // The other end is computed from a duration, which may be finer.
                Event::Request(r) if grammar.stamped == super::format::Stamped::Start => r.start.or(r.end),
                Event::Request(r) => r.end,
                Event::Message(m) => m.time,
                _ => Stamp::NONE,
            };
            if stamp.is_known() {
                seen += 1;
                while finest > 1 && stamp.0 % finest != 0 {
                    finest /= 1_000;
                }
            }
        });
    }
    (seen > 0).then_some(finest)
}
