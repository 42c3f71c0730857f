//! What a log is. In: its first bytes, its name and the known formats; out: `Detection`, the format that its lines
//! really fit, and why. It must not know a format by name.
//!
//! Decided by the share of whole lines that each format reads, then by how much a line must have in common with it
//! (a line that fits a long layout says more), last by the file's name. A format never wins by its name alone.

use super::fit::{Fit, Lines, few_peers, fit, fit_objects, resolution_us, stops};
use super::format::{Framing, Grammar, Program};

/// What a log was taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Index into [`super::Library::grammars`]; valid until a format is added.
    /// `None` when nothing fits.
    pub grammar: Option<usize>,
    /// How its bytes divide into records here: JSON is also found without regard to lines.
    pub framing: Option<Framing>,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// A sentence: what decided, or what was tried and how close the best came.
    pub why: String,
    /// The next best format and the share of lines that it fits, where that is more than none.
    pub runner_up: Option<(String, f32)>,
    /// Seconds east of UTC in the stamps of an access log: what an error log beside it, without zone, is probably in.
    pub zone_offset_s: Option<i32>,
    /// Granularity of the stamps, microseconds, where the format leaves that to them.
    pub resolution_us: Option<i64>,
    /// Of a format that only some lines fit: the first lines that do not, each with the bytes of it that do.
    pub stops: Vec<(String, usize)>,
    /// What to pass on the command line, where the log does not say enough.
    pub remedy: Option<String>,
}

impl Detection {
    fn unknown(why: String, runner_up: Option<(String, f32)>) -> Detection {
        Detection {
            grammar: None,
            framing: None,
            confidence: 0.0,
            why,
            runner_up,
            zone_offset_s: None,
            resolution_us: None,
            stops: Vec::new(),
            remedy: None,
        }
    }
}

/// The share of lines that must fit.
const ENOUGH: f32 = 0.5;
/// Lines that do not fit which are shown.
const SHOWN: usize = 3;

/// What the log is. `head` may begin and end within a line.
pub fn detect(grammars: &[Grammar], head: &[u8], file_name: &str) -> Detection {
    if let Some(binary) = binary_vsl(grammars, head) {
        return binary;
    }
    if let Some(why) = no_text(head) {
        // Without its first bytes nothing says which numbering a binary log has, or that it is one.
        let headless = memchr::memmem::find(head, b"HTTP/1.").is_some();
        let remedy = headless.then(|| "if it is the middle of a binary Varnish log: --format varnish-vsl".to_string());
        return Detection { remedy, ..Detection::unknown(why, None) };
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let lines = Lines::of(head);
    let by_lines: Vec<Candidate> = grammars.iter().enumerate().map(|(i, g)| candidate(i, g, fit(g, &lines))).collect();
    let mut ranked = rank(grammars, by_lines, &lines, file_name);
    if ranked.first().is_none_or(|c| c.fit.share() < ENOUGH) && matches!(head.trim_ascii_start(), [b'{' | b'[', ..]) {
        let objects = grammars
            .iter()
            .enumerate()
            .map(|(i, g)| Candidate { framing: Framing::Objects, ..candidate(i, g, fit_objects(g, head)) });
        let objects = rank(grammars, objects.collect(), &lines, file_name);
        if objects.first().is_some_and(|c| c.fit.share() >= ENOUGH) {
            ranked = objects;
        }
    }
    let Some(best) = ranked.first() else { return Detection::unknown("no format is known".to_string(), None) };
    let name_of = |c: &Candidate| grammars[c.grammar].name.clone();
    let second = ranked.get(1).filter(|c| c.fit.read > 0);
    let runner_up = second.map(|c| (name_of(c), c.fit.share()));
    let grammar = &grammars[best.grammar];
    let said = format!("{} of {} lines fit {}", best.fit.fitting, best.fit.counted, grammar.name);
    if best.fit.share() < ENOUGH {
        return nothing_fits(grammars, best, &said, &lines);
    }
    let why = match second {
        Some(c) if c.fit.share() >= best.fit.share() && c.weight == best.weight => {
            let by = if best.hints > c.hints {
                "its lines"
            } else if best.named {
                "its name"
            } else {
                "habit"
            };
            format!("{said}, and {} too: chosen by {by}, --format NAME overrules", grammars[c.grammar].name)
        }
        _ => said,
    };
    Detection {
        grammar: Some(best.grammar),
        framing: Some(best.framing),
        confidence: best.fit.share() * if best.fit.read < 3 { 0.9 } else { 1.0 },
        why,
        runner_up,
        zone_offset_s: lines.all().find_map(|l| grammar.zone_of(l)),
        resolution_us: grammar.measure_resolution.then(|| resolution_us(grammar, &lines)).flatten(),
        stops: if best.fit.share() < 0.9 { stops(grammar, &lines, SHOWN) } else { Vec::new() },
        remedy: None,
    }
}

/// A format with how well it fits.
struct Candidate {
    grammar: usize,
    fit: Fit,
    framing: Framing,
    weight: usize,
    /// How much its lines speak for it: nothing for a format that asks for no hints, less where none of its hints is
    /// there.
    hints: i64,
    /// The file's name speaks for it.
    named: bool,
}

fn candidate(grammar: usize, g: &Grammar, fit: Fit) -> Candidate {
    Candidate { grammar, fit, framing: g.framing, weight: g.specificity, hints: 0, named: false }
}

/// Best first: by the share of lines, how much they have in common with the format, what its lines say, its name.
/// Stable: among equals the one that comes first stays first, and those of the user come first.
fn rank(grammars: &[Grammar], mut all: Vec<Candidate>, lines: &Lines<'_>, file_name: &str) -> Vec<Candidate> {
    for c in &mut all {
        let g = &grammars[c.grammar];
        c.named = g.file_names.iter().any(|n| file_name.contains(n.as_str()));
        if !g.hints.is_empty() && c.fit.read > 0 {
            let speaks = |l: &[u8]| g.hints.iter().any(|h| memchr::memmem::find(l, h.as_bytes()).is_some());
            let spoken = lines.all().filter(|l| speaks(l)).count() as i64;
            c.hints = if spoken == 0 { -1 } else { spoken };
        }
        if g.few_peers && c.fit.read > 0 && c.hints <= 0 {
            let against = |l: &[u8]| g.against.iter().any(|h| memchr::memmem::find(l, h.as_bytes()).is_some());
            c.hints = if few_peers(g, lines) && !lines.all().any(against) { 1 } else { -1 };
        }
    }
    all.sort_by(|a, b| {
        b.fit
            .share()
            .total_cmp(&a.fit.share())
            .then(b.weight.cmp(&a.weight))
            .then(b.hints.cmp(&a.hints))
            .then(b.named.cmp(&a.named))
    });
    all
}

/// Why no format fits, and what would help.
fn nothing_fits(grammars: &[Grammar], best: &Candidate, said: &str, lines: &Lines<'_>) -> Detection {
    let guessed = grammars.iter().filter_map(|g| Some((g, g.guess.as_ref()?))).find(|(_, guess)| {
        let (mut looks, mut all) = (0, 0);
        for line in lines.all().filter(|l| !l.is_empty()) {
            all += 1;
            looks += usize::from(guess.looks.is_match(line));
        }
        all > 0 && looks * 2 > all
    });
    if let Some((g, guess)) = guessed {
        let why = format!("its lines look like {}, which does not name its columns", g.name);
        return Detection { remedy: Some(guess.remedy.clone()), ..Detection::unknown(why, None) };
    }
    if best.fit.read == 0 {
        return nearest(grammars, lines);
    }
    let grammar = &grammars[best.grammar];
    Detection {
        stops: stops(grammar, lines, SHOWN),
        remedy: Some(format!("if it is {} all the same: --format {}", grammar.name, grammar.name)),
        ..Detection::unknown(format!("only {said}"), Some((grammar.name.clone(), best.fit.share())))
    }
}

/// Which format a line that fits none comes closest to, and where it stops.
fn nearest(grammars: &[Grammar], lines: &Lines<'_>) -> Detection {
    let known = grammars.len();
    let line = lines.all().find(|l| !l.is_empty()).unwrap_or_default();
    let reached = grammars.iter().map(|g| (g.reader(None).reach(line), g)).max_by_key(|(at, _)| *at);
    match reached.filter(|(at, _)| *at > 0) {
        Some((at, g)) => Detection {
            stops: vec![(String::from_utf8_lossy(line).into_owned(), at)],
            ..Detection::unknown(
                format!("no line fits any of the {known} known formats (guru formats list); the nearest is {}", g.name),
                None,
            )
        },
        None => Detection::unknown(format!("no line fits any of the {known} known formats (guru formats list)"), None),
    }
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
        ..Detection::unknown("it begins as a binary Varnish log does (varnishlog -w)".to_string(), None)
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
