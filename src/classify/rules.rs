//! All cause rules together. In: the marks and facts of a failed fetch, or a message; out: its ruling.
//! It must not know how files are spelt (`file`, `compile`) nor how people ask (`explain`).

use std::sync::OnceLock;

use crate::error::Result;
use crate::model::{Cause, Explanation, Facts, Lexicon, Mark, MarkKind, Ruling};

use super::compile;
use super::example::Example;
use super::glob::Glob;
use super::message::{MessageRuling, Messages, Verdict};
use super::rule::{NONE, Rule, place};
use super::seen::{Kinds, Seen};
use super::words;

include!(concat!(env!("OUT_DIR"), "/causes.rs"));

/// Rank at which the next tier's error-log messages are asked: below what the tier itself recorded, above guesses
/// from numbers alone.
pub const MESSAGE_RANK: i32 = 400;
/// Below this rank rules guess by structure.
const GUESS_RANK: i32 = 190;

/// The explanation of a cause, or of a page that is no cause.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its prose.
    pub explanation: Explanation,
    /// Texts that people paste, such as an error page, and how sure each points here.
    pub pages: Vec<(regex::Regex, f32)>,
}

/// The rules of all cause files, ready to judge.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Highest rank first.
    pub(super) rules: Vec<Rule>,
    pub(super) echoes: Vec<Glob>,
    pub(super) messages: Messages,
    pub(super) chapters: Vec<Chapter>,
    pub(super) examples: Vec<Example>,
    pub(super) words: Lexicon,
}

/// What the tier's own record says.
pub struct Own {
    /// Its judgement.
    pub ruling: Ruling,
    /// True when an error-log message of the next tier overrules it.
    pub yields: bool,
}

impl Rules {
    /// The rules that come with the program.
    pub fn embedded() -> &'static Rules {
        static RULES: OnceLock<Rules> = OnceLock::new();
        // The files are part of the binary, and a test loads them: they cannot be wrong here.
        RULES.get_or_init(|| Rules::with(&[]).unwrap_or_else(|e| panic!("embedded cause files: {e}")))
    }

    /// The same with files of the user's, each as (name, content). A file of the same id replaces the embedded one.
    /// The error names the file and says what is wrong in it.
    pub fn with(user_files: &[(String, String)]) -> Result<Rules> {
        compile::rules(CAUSES, user_files)
    }

    /// Judges a failed fetch by its marks (in log order, messages of the next tier appended as marks of kind
    /// `Message`) and by what is known of it in numbers. Pure, and allocates nothing.
    pub fn decide(&self, marks: &[Mark<'_>], facts: &Facts) -> Ruling {
        let seen = Seen::of(marks, &self.echoes);
        let (above, below) = self.rules.split_at(self.rules.partition_point(|r| r.rank > MESSAGE_RANK));
        let (below, guesses) = below.split_at(below.partition_point(|r| r.rank >= GUESS_RANK));
        let recorded = || first_that_fits(above, &seen, facts).map(own_of);
        match words::decisive(&self.words, &seen, facts).or_else(recorded) {
            Some(own) if !own.yields => Some(own.ruling),
            own => self.by_message(&seen, own.as_ref()).or(own.map(|o| o.ruling)),
        }
        .or_else(|| first_that_fits(below, &seen, facts).map(ruling_of))
        .or_else(|| words::relayed(&self.words, &seen, facts))
        .or_else(|| first_that_fits(guesses, &seen, facts).map(ruling_of))
        .unwrap_or_else(|| unexplained(&seen))
    }

    /// Judges an error-log message, given without its prefix and tail. Allocates nothing.
    pub fn message(&self, text: &[u8]) -> MessageRuling {
        self.messages.judge(text).map_or(MessageRuling::Unknown, |v| v.ruling)
    }

    /// The prose of a cause; `None` for an id that has no file.
    pub fn explanation(&self, cause: Cause) -> Option<Explanation> {
        let found = self.chapters.iter().find(|c| c.explanation.is_cause && c.explanation.id == cause.id())?;
        Some(found.explanation.clone())
    }

    /// Every cause that has a file, in order of id.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.chapters.iter().filter(|c| c.explanation.is_cause).map(|c| Cause::named(&c.explanation.id))
    }

    /// What the examples in the cause files complain about: empty when each yields its own cause and no other.
    pub fn complaints(&self) -> Vec<String> {
        self.examples.iter().filter_map(|e| e.complaint(self)).collect()
    }

    /// The first message that names a cause decides: later ones of the same request repeat it in vaguer words.
    fn by_message(&self, seen: &Seen<'_>, own: Option<&Own>) -> Option<Ruling> {
        let messages = seen.marks.iter().enumerate().filter(|(_, m)| m.kind == MarkKind::Message);
        let (at, verdict, cause, confidence) = messages
            .filter_map(|(i, m)| self.messages.judge(m.text).and_then(|v| proven(v).map(|(c, sure)| (i, v, c, sure))))
            .next()?;
        let quoted =
            own.map(|o| o.ruling.decided_by[0]).filter(|&q| q != place(at)).or_else(|| status(seen)).unwrap_or(NONE);
        let other = own.map(|o| (o.ruling.cause, o.ruling.confidence.min(1.0 - confidence)));
        let runner_up = verdict.or.or(other).filter(|&(c, _)| c != cause);
        Some(Ruling { cause, confidence, runner_up, decided_by: [place(at), quoted] })
    }
}

fn proven(verdict: &Verdict) -> Option<(Cause, f32)> {
    match verdict.ruling {
        // That the client left, says of a fetch only that we hung up: it is the consequence, not the cause.
        MessageRuling::Cause(cause, confidence) if !cause.not_origin() => Some((cause, confidence)),
        _ => None,
    }
}

fn first_that_fits<'r>(rules: &'r [Rule], seen: &Seen<'_>, facts: &Facts) -> Option<(&'r Rule, [u8; 2])> {
    rules.iter().find_map(|rule| {
        let mut quoted = rule.judge(seen, facts)?;
        if !rule.reads_marks() && quoted[0] == NONE {
            quoted[0] = status(seen).unwrap_or(NONE);
        }
        Some((rule, quoted))
    })
}

fn own_of((rule, quoted): (&Rule, [u8; 2])) -> Own {
    Own { ruling: ruling_of((rule, quoted)), yields: rule.yields }
}

fn ruling_of((rule, decided_by): (&Rule, [u8; 2])) -> Ruling {
    Ruling { cause: rule.cause, confidence: rule.confidence, runner_up: rule.or, decided_by }
}

fn status(seen: &Seen<'_>) -> Option<u8> {
    seen.last(Kinds::default().and(MarkKind::Status)).map(place)
}

fn unexplained(seen: &Seen<'_>) -> Ruling {
    use MarkKind::{Error, FetchError, Message, VclError, Word};
    let quoted = [FetchError, Error, VclError, Word, Message].iter().find_map(|&k| seen.last(Kinds::default().and(k)));
    let first = quoted.map(place).or_else(|| status(seen)).unwrap_or(NONE);
    Ruling { decided_by: [first, NONE], ..Ruling::unknown() }
}
