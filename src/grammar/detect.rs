//! What a log is. In: its first bytes, its name and the known formats; out: `Detection`, the format that its lines
//! really fit, and why. It must not know a format by name.
//!
//! Decided by the share of whole lines that each format reads, then by how much a line must have in common with it
//! (a line that fits a long layout says more), last by the file's name. A format never wins by its name alone.

use super::access::Access;
use super::format::{Grammar, Program};
use super::vsl_shape::{Shape, era, shape};
use crate::model::{LineOutcome, Locator};

/// What a log was taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Index into [`super::Library::grammars`]; valid until a format is added.
    /// `None` when nothing fits.
    pub grammar: Option<usize>,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// A sentence: what decided, or what was tried and how close the best came.
    pub why: String,
    /// The next best format and the share of lines that it fits, where that is more than none.
    pub runner_up: Option<(String, f32)>,
    /// Seconds east of UTC in the stamps of an access log: what an error log beside it, without zone, is probably in.
    pub zone_offset_s: Option<i32>,
}

/// How many lines are looked at; more would not change the answer.
const LINES: usize = 400;
/// How many continuation lines one record may have before they stop counting for the format.
const CONTINUED: usize = 100;
/// The share of lines that must fit.
const ENOUGH: f32 = 0.5;

/// How well a format fits.
#[derive(Clone, Copy, Debug, Default)]
struct Fit {
    /// Lines that it reads, with their continuations.
    fitting: usize,
    /// Of those, lines that it reads by themselves.
    read: usize,
    /// Lines that counted.
    counted: usize,
}

impl Fit {
    fn share(self) -> f32 {
        if self.read == 0 || self.counted == 0 { 0.0 } else { self.fitting as f32 / self.counted as f32 }
    }
}

/// What the log is. `head` may begin and end within a line.
pub fn detect(grammars: &[Grammar], head: &[u8], file_name: &str) -> Detection {
    if let Some(binary) = binary_vsl(grammars, head) {
        return binary;
    }
    if let Some(why) = no_text(head) {
        return Detection { grammar: None, confidence: 0.0, why, runner_up: None, zone_offset_s: None };
    }
    let lines = Lines::of(head);
    let mut ranked: Vec<(usize, Fit)> = grammars.iter().enumerate().map(|(i, g)| (i, fit(g, &lines))).collect();
    let names = |i: usize| grammars[i].file_names.iter().any(|n| file_name.contains(n.as_str()));
    // Stable: among equals the one that comes first stays first, and those of the user come first.
    ranked.sort_by(|(a, fa), (b, fb)| {
        let (ga, gb) = (&grammars[*a], &grammars[*b]);
        (fb.share().total_cmp(&fa.share())).then(gb.specificity.cmp(&ga.specificity)).then(names(*b).cmp(&names(*a)))
    });
    let runner_up = ranked.get(1).filter(|(_, f)| f.read > 0).map(|(i, f)| (grammars[*i].name.clone(), f.share()));
    let Some(&(best, fit)) = ranked.first() else {
        return unknown("no format is known".to_string(), None);
    };
    let said = format!("{} of {} lines fit {}", fit.fitting, fit.counted, grammars[best].name);
    if fit.share() < ENOUGH {
        let tried: Vec<&str> = grammars.iter().map(|g| g.name.as_str()).collect();
        let close = if fit.read == 0 { "no line fits any of".to_string() } else { format!("only {said}; tried") };
        let runner_up = (fit.read > 0).then(|| (grammars[best].name.clone(), fit.share()));
        return unknown(format!("{close} {}", tried.join(", ")), runner_up);
    }
    if mostly_absolute(&grammars[best], &lines) {
        let why =
            format!("{said}, but its requests name scheme and host, as varnishncsa writes them and nginx does not");
        return unknown(why, Some((grammars[best].name.clone(), fit.share())));
    }
    Detection {
        grammar: Some(best),
        confidence: fit.share() * if fit.read < 3 { 0.9 } else { 1.0 },
        why: said,
        runner_up,
        zone_offset_s: lines.all().find_map(|l| grammars[best].zone_of(l)),
    }
}

fn unknown(why: String, runner_up: Option<(String, f32)>) -> Detection {
    Detection { grammar: None, confidence: 0.0, why, runner_up, zone_offset_s: None }
}

/// True for the first bytes of a binary Varnish log: of 4.0 to 7.2, or of 7.3 and later.
pub(super) fn is_binary_vsl(head: &[u8]) -> bool {
    head.starts_with(b"VSL\0") || head.starts_with(b"VSL2")
}

/// A binary Varnish log is known by its first bytes alone.
fn binary_vsl(grammars: &[Grammar], head: &[u8]) -> Option<Detection> {
    let grammar = grammars.iter().position(|g| matches!(g.program, Program::VslBinary))?;
    is_binary_vsl(head).then(|| Detection {
        grammar: Some(grammar),
        confidence: 1.0,
        why: "it begins as a binary Varnish log does (varnishlog -w)".to_string(),
        runner_up: None,
        zone_offset_s: None,
    })
}

/// Why the bytes cannot be a text log at all.
fn no_text(head: &[u8]) -> Option<String> {
    if head.trim_ascii().is_empty() {
        return Some("it is empty".to_string());
    }
    // A text log may hold a stray NUL or control byte that a client sent, not one in thirty.
    let strange = head.iter().filter(|b| **b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b)).count();
    (strange * 30 > head.len()).then(|| "it is binary: too many control bytes for a log".to_string())
}

/// The whole lines of a head; the first and the last may be fragments.
struct Lines<'h> {
    first: Option<&'h [u8]>,
    whole: Vec<&'h [u8]>,
    last: Option<&'h [u8]>,
}

impl<'h> Lines<'h> {
    fn of(head: &'h [u8]) -> Lines<'h> {
        let ends = head.ends_with(b"\n");
        let mut whole: Vec<&[u8]> =
            head.split(|b| *b == b'\n').take(LINES + 2).map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
        let last = if whole.len() == LINES + 2 { whole.pop().and(None) } else { whole.pop().filter(|_| !ends) };
        let first = (!whole.is_empty()).then(|| whole.remove(0));
        Lines { first, whole, last }
    }

    fn all(&self) -> impl Iterator<Item = &'h [u8]> + '_ {
        self.first.into_iter().chain(self.whole.iter().copied()).chain(self.last)
    }
}

/// How many lines fit. A fragment that does not fit is no evidence against a format, unless it is all there is.
fn fit(grammar: &Grammar, lines: &Lines<'_>) -> Fit {
    let mut fit = Fit::default();
    let mut continued = CONTINUED;
    let (mut before, mut known) = (0, 0);
    for (line, fragment) in lines
        .first
        .iter()
        .map(|l| (*l, true))
        .chain(lines.whole.iter().map(|l| (*l, false)))
        .chain(lines.last.iter().map(|l| (*l, true)))
    {
        if line.is_empty() {
            continue;
        }
        let (reads, continues) = match &grammar.program {
            Program::Vsl => {
                let shape = shape(line);
                known += usize::from(matches!(shape, Shape::Known | Shape::Header));
                (shape != Shape::Other, false)
            }
            Program::Vsl3 => (matches!(shape(line), Shape::Known | Shape::Record | Shape::Blank), false),
            Program::VslBinary => (false, false),
            Program::NginxError => (reads(grammar, line), true),
            Program::Access(_) => (reads(grammar, line), false),
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

fn reads(grammar: &Grammar, line: &[u8]) -> bool {
    grammar.program.line(line, Locator::default(), &mut |_| {}) == LineOutcome::Parsed
}

/// True when an access log's targets are mostly in absolute form: then a cache wrote it for its own side.
fn mostly_absolute(grammar: &Grammar, lines: &Lines<'_>) -> bool {
    let Program::Access(access) = &grammar.program else { return false };
    let forms = |access: &Access| lines.all().filter_map(|l| access.absolute(l)).collect::<Vec<_>>();
    let forms = forms(access);
    forms.len() > 3 && forms.iter().filter(|absolute| **absolute).count() * 2 > forms.len()
}
