//! One rule about a fetch, compiled. In: an entry of a cause file; out: whether it fits a fetch, and which marks to
//! quote for it. It must not know the other rules: order and precedence are the caller's.

use crate::model::{Cause, Condition, Facts, MarkKind};

use super::file::{RuleEntry, SeekEntry, Words};
use super::glob::{Glob, any_fits};
use super::seen::{Kinds, Seen};

/// Unused place in [`crate::model::Ruling::decided_by`].
pub const NONE: u8 = u8::MAX;

/// A rule that judges marks and facts.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it says broke the fetch.
    pub cause: Cause,
    /// How sure.
    pub confidence: f32,
    /// What else it may have been, and how sure.
    pub or: Option<(Cause, f32)>,
    /// Rules of higher rank are asked first.
    pub rank: i32,
    /// True when an error-log message of the next tier overrules it.
    pub yields: bool,
    mark: Option<Seek>,
    last: bool,
    before: Vec<Glob>,
    with: Vec<Seek>,
    without: Vec<Seek>,
    when: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Seek {
    kinds: Kinds,
    text: Vec<Glob>,
}

impl Seek {
    fn new(record: &Words, text: &Words) -> Result<Seek, String> {
        let mut kinds = Kinds::default();
        for word in record.list() {
            let kind = MarkKind::parse(word).ok_or_else(|| format!("there is no record {word:?}"))?;
            kinds = kinds.and(kind);
        }
        if kinds.is_empty() {
            return Err("a rule with text needs a record".to_string());
        }
        Ok(Seek { kinds, text: text.list().iter().map(|t| Glob::new(t)).collect() })
    }

    fn all(entries: &[SeekEntry]) -> Result<Vec<Seek>, String> {
        entries.iter().map(|e| Seek::new(&e.record, &e.text)).collect()
    }

    fn find(&self, seen: &Seen<'_>) -> Option<usize> {
        if !self.kinds.meets(seen.kinds) {
            return None;
        }
        seen.first(self.kinds, |t| any_fits(&self.text, t))
    }
}

impl Rule {
    /// Compiles an entry of the file of that cause; the error says what is wrong with it.
    pub fn new(id: &str, e: &RuleEntry, default_rank: i32) -> Result<Rule, String> {
        let mark = match (&e.record, &e.text) {
            (r, t) if r.is_empty() && t.is_empty() => None,
            (r, t) => Some(Seek::new(r, t)?),
        };
        if mark.is_none() && e.when.is_empty() {
            return Err("a rule needs a record, a message, a page, or a condition".to_string());
        }
        let fetch_error = e.record.list().iter().any(|w| w == MarkKind::FetchError.word());
        Ok(Rule {
            cause: Cause::named(id),
            confidence: sure(e.confidence)?,
            or: runner_up(e)?,
            rank: e.rank.unwrap_or(default_rank),
            yields: e.yields,
            mark,
            last: e.last.unwrap_or(fetch_error),
            before: e.before.list().iter().map(|t| Glob::new(t)).collect(),
            with: Seek::all(&e.with)?,
            without: Seek::all(&e.without)?,
            when: e.when.iter().map(|line| Condition::parse(line)).collect::<Result<_, _>>()?,
        })
    }

    /// The marks to quote when the rule fits: the deciding one, then one that supports it.
    pub fn judge(&self, seen: &Seen<'_>, facts: &Facts) -> Option<[u8; 2]> {
        let quoted = self.fits_marks(seen)?;
        self.when.iter().all(|c| c.holds(facts)).then_some(quoted)
    }

    /// The same without looking at facts: what a bare text may mean.
    pub fn fits_marks(&self, seen: &Seen<'_>) -> Option<[u8; 2]> {
        let mut quoted = [NONE; 2];
        if let Some(mark) = &self.mark {
            let at = self.decider(mark, seen)?;
            quoted[0] = place(at);
            if !self.before.is_empty() {
                let prior = seen.last_before(mark.kinds, at).filter(|&i| any_fits(&self.before, seen.marks[i].text))?;
                quoted = [place(prior), place(at)];
            }
        }
        for seek in &self.with {
            let at = seek.find(seen)?;
            if let Some(free) = quoted.iter_mut().find(|q| **q == NONE) {
                *free = place(at);
            }
        }
        if self.without.iter().any(|s| s.find(seen).is_some()) {
            return None;
        }
        Some(quoted)
    }

    /// True when the rule asks for a record at all.
    pub fn reads_marks(&self) -> bool {
        self.mark.is_some()
    }

    fn decider(&self, mark: &Seek, seen: &Seen<'_>) -> Option<usize> {
        if !mark.kinds.meets(seen.kinds) {
            None
        } else if self.last {
            seen.last(mark.kinds).filter(|&i| any_fits(&mark.text, seen.marks[i].text))
        } else {
            mark.find(seen)
        }
    }
}

/// A mark's index as it is quoted.
pub fn place(at: usize) -> u8 {
    u8::try_from(at).unwrap_or(NONE)
}

/// The rule's second answer.
pub fn runner_up(e: &RuleEntry) -> Result<Option<(Cause, f32)>, String> {
    match (&e.or, e.or_confidence) {
        (Some(id), Some(c)) => Ok(Some((Cause::named(id), sure(c)?))),
        (None, None) => Ok(None),
        _ => Err("or and or_confidence belong together".to_string()),
    }
}

/// A confidence, checked.
pub fn sure(confidence: f32) -> Result<f32, String> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(confidence)
    } else {
        Err(format!("confidence {confidence} is not between 0 and 1"))
    }
}
