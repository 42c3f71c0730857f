//! The verdict words of one or more formats, ready to be looked up. In: `Word`s; out: for a field and a value the
//! entries that fit. It must not know what a ruling makes of them.
//!
//! A value is sought among the literal values first (sorted by length, then bytes: two comparisons of numbers for most
//! steps) and only then among the globs, longest first. Case matters only in a field that has two values which differ in
//! nothing else (HAProxy's `sC` and `SC`). Looking up allocates nothing.

use std::cmp::Ordering;
use std::ops::Range;

use super::cause::Cause;
use super::condition::Condition;
use super::facts::Facts;
use super::word::{Class, Word};

/// Words, compiled.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    fields: Vec<Field>,
    entries: Vec<Entry>,
}

/// One meaning of a value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The cause, or `ok`, or `noise`.
    pub cause: Cause,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// What else it may mean, and how sure.
    pub or: Option<(Cause, f32)>,
    /// What it says in short.
    pub class: Class,
    when: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Field {
    name: Box<[u8]>,
    exact: bool,
    literals: Vec<(Box<[u8]>, Range<u32>)>,
    globs: Vec<(Box<[u8]>, Range<u32>)>,
}

impl Lexicon {
    /// Compiles words; the same value may occur several times, its alternatives are asked in that order. The error
    /// says which word is wrong.
    pub fn new(words: &[Word]) -> Result<Lexicon, String> {
        let mut lexicon = Lexicon::default();
        // Fields are asked in the order in which they were given.
        for word in words {
            if lexicon.field(word.field.as_bytes()).is_none() {
                lexicon.add(words.iter().filter(|w| w.field == word.field).collect())?;
            }
        }
        Ok(lexicon)
    }

    /// Adds all words of one field.
    fn add(&mut self, mut words: Vec<&Word>) -> Result<(), String> {
        words.sort_by(|a, b| order(&a.value, &b.value));
        let differ_in_case = |w: &[&Word]| w[0].value != w[1].value && w[0].value.eq_ignore_ascii_case(&w[1].value);
        let exact = words.windows(2).any(differ_in_case);
        let name = words[0].field.as_bytes().into();
        let mut field = Field { name, exact, literals: Vec::new(), globs: Vec::new() };
        for alike in words.chunk_by(|a, b| a.value == b.value || !exact && a.value.eq_ignore_ascii_case(&b.value)) {
            let begin = self.entries.len() as u32;
            for word in alike {
                self.entries.push(Entry::new(word).map_err(|e| format!("{} {:?}: {e}", word.field, word.value))?);
            }
            let written = &alike[0].value;
            let value = if exact { written.clone() } else { written.to_ascii_lowercase() };
            let list = if value.contains('*') { &mut field.globs } else { &mut field.literals };
            list.push((value.into_bytes().into(), begin..self.entries.len() as u32));
        }
        self.fields.push(field);
        Ok(())
    }

    /// True when there are no words.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The number of a field, for [`Lexicon::entries`].
    pub fn field(&self, name: &[u8]) -> Option<usize> {
        self.fields.iter().position(|f| &*f.name == name)
    }

    /// The names of the fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|f| &*f.name)
    }

    /// True when the value stands in the field as such, not only as a glob.
    pub fn has_literal(&self, field: usize, value: &[u8]) -> bool {
        self.fields.get(field).is_some_and(|f| f.literal(value).is_some())
    }

    /// How many bytes of the glob that fits the value are no `*`; 0 when none fits.
    pub fn said(&self, field: usize, value: &[u8]) -> usize {
        let Some(field) = self.fields.get(field) else { return 0 };
        let fitting = field.globs.iter().find(|(glob, _)| fits(glob, value, field.exact));
        fitting.map_or(0, |(glob, _)| glob.iter().filter(|b| **b != b'*').count())
    }

    /// The alternatives of the first value that fits, in their order; none when no value does.
    pub fn entries(&self, field: usize, value: &[u8]) -> &[Entry] {
        let Some(field) = self.fields.get(field) else { return &[] };
        let by_glob = || field.globs.iter().find(|(glob, _)| fits(glob, value, field.exact)).map(|(_, range)| range);
        let range = field.literal(value).or_else(by_glob);
        range.map_or(&[], |r| &self.entries[r.start as usize..r.end as usize])
    }

    /// The alternative that holds of these facts.
    pub fn meaning(&self, field: usize, value: &[u8], facts: &Facts) -> Option<&Entry> {
        self.entries(field, value).iter().find(|e| e.holds(facts))
    }
}

impl Field {
    fn literal(&self, value: &[u8]) -> Option<&Range<u32>> {
        let at = match self.exact {
            true => self.literals.iter().position(|(known, _)| &**known == value),
            false => self.literals.binary_search_by(|(known, _)| by_length(known, value)).ok(),
        };
        Some(&self.literals[at?].1)
    }
}

impl Entry {
    fn new(word: &Word) -> Result<Entry, String> {
        if word.field.is_empty() || word.field.contains(['*', ' ', '\t']) {
            return Err("the name of a field has no space and no star".to_string());
        }
        let sure = word.confidence;
        if !(sure > 0.0 && sure < 1.0) {
            return Err(format!("confidence {sure} is not between 0 and 1"));
        }
        let other = |id: &String| (Cause::named(id), sure.min(1.0 - sure).max(0.05));
        Ok(Entry {
            cause: Cause::named(&word.cause),
            confidence: sure,
            or: word.or.as_ref().map(other),
            class: Class::of(&word.cause),
            when: word.when.iter().map(|line| Condition::parse(line)).collect::<Result<_, _>>()?,
        })
    }

    /// Whether its conditions hold.
    pub fn holds(&self, facts: &Facts) -> bool {
        self.when.iter().all(|c| c.holds(facts))
    }

    /// True when it has conditions.
    pub fn is_conditional(&self) -> bool {
        !self.when.is_empty()
    }
}

/// The order in which values of a field are asked: literals, then globs by the length of what they say, longest first.
pub fn order(a: &str, b: &str) -> Ordering {
    let said = |v: &str| v.bytes().filter(|b| *b != b'*').count();
    let (glob_a, glob_b) = (a.contains('*'), b.contains('*'));
    let by_length = || by_length(a.to_ascii_lowercase().as_bytes(), b.as_bytes());
    match (glob_a, glob_b) {
        (false, false) => by_length().then_with(|| a.cmp(b)),
        (true, true) => said(b).cmp(&said(a)).then_with(by_length).then_with(|| a.cmp(b)),
        _ => glob_a.cmp(&glob_b),
    }
}

/// Compares a value in lower case with any, by length and then by bytes without regard to case.
fn by_length(known: &[u8], value: &[u8]) -> Ordering {
    known.len().cmp(&value.len()).then_with(|| known.iter().copied().cmp(value.iter().map(u8::to_ascii_lowercase)))
}

/// True when the whole text fits the glob, which is in lower case unless case matters. The leftmost place for each piece
/// is always right, so it never goes back.
fn fits(glob: &[u8], text: &[u8], exact: bool) -> bool {
    let same = |a: &[u8], b: &[u8]| if exact { a == b } else { a.eq_ignore_ascii_case(b) };
    let mut pieces = glob.split(|b| *b == b'*');
    let (first, last) = (pieces.next().unwrap_or_default(), pieces.next_back());
    let Some((_, mut rest)) = text.split_at_checked(first.len()).filter(|(begin, _)| same(begin, first)) else {
        return false;
    };
    let Some(last) = last else { return rest.is_empty() };
    for piece in pieces.filter(|p| !p.is_empty()) {
        match find(rest, piece, same) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && same(&rest[rest.len() - last.len()..], last)
}

/// The first place of a piece, which is not empty.
fn find(text: &[u8], piece: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Option<usize> {
    let (low, high) = (piece[0], piece[0].to_ascii_uppercase());
    let last = text.len().checked_sub(piece.len())?;
    memchr::memchr2_iter(low, high, &text[..=last]).find(|&at| same(&text[at..at + piece.len()], piece))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fact;
    use proptest::prelude::*;

    fn word(field: &str, value: &str, cause: &str) -> Word {
        let (field, value, cause) = (field.to_string(), value.to_string(), cause.to_string());
        Word { field, value, cause, or: None, confidence: 0.9, when: Vec::new() }
    }

    #[test]
    fn literals_come_before_globs_and_longer_globs_before_shorter_ones() {
        let words = [
            word("code", "*", "unknown"),
            word("code", "ERR_*", "app.error"),
            word("code", "err_dns*", "dns"),
            word("code", "ERR_DNS_OK", "ok"),
        ];
        let lexicon = Lexicon::new(&words).unwrap();
        let code = lexicon.field(b"code").unwrap();
        let cause = |value: &[u8]| lexicon.entries(code, value).first().map(|e| e.cause.id());
        assert_eq!(cause(b"err_dns_ok"), Some("ok"));
        assert_eq!(cause(b"ERR_DNS_x"), Some("dns"));
        assert_eq!(cause(b"Err_x"), Some("app.error"));
        assert_eq!(cause(b""), Some("unknown"));
        assert_eq!((lexicon.field(b"other"), lexicon.entries(9, b"x").len()), (None, 0));
    }

    #[test]
    fn alternatives_are_asked_in_order_and_by_their_conditions() {
        let refused = Word { when: vec!["connected == 0".to_string()], ..word("s", "502", "connection.failed") };
        let lexicon = Lexicon::new(&[refused, word("s", "502", "connection.closed")]).unwrap();
        let mut facts = Facts::default();
        let cause = |facts: &Facts| lexicon.meaning(0, b"502", facts).map(|e| e.cause.id());
        assert_eq!(cause(&facts), Some("connection.closed"));
        facts.set(Fact::Connected, 0.0);
        assert_eq!(cause(&facts), Some("connection.failed"));
    }

    #[test]
    fn fields_keep_the_order_in_which_they_were_given() {
        let lexicon = Lexicon::new(&[word("z", "a", "dns"), word("a", "a", "tls"), word("z", "b", "dns")]).unwrap();
        assert_eq!(lexicon.fields().collect::<Vec<_>>(), [b"z", b"a"]);
    }

    #[test]
    fn case_matters_only_where_two_values_differ_in_it() {
        let lexicon =
            Lexicon::new(&[word("t", "sC*", "timeout.connect"), word("t", "SC*", "dns"), word("u", "a", "tls")]);
        let lexicon = lexicon.unwrap();
        let cause = |field, value: &[u8]| lexicon.entries(field, value).first().map(|e| e.cause.id());
        assert_eq!(
            (cause(0, b"sC--"), cause(0, b"SC--"), cause(0, b"sc--")),
            (Some("timeout.connect"), Some("dns"), None)
        );
        assert_eq!((cause(1, b"A"), cause(1, b"a")), (Some("tls"), Some("tls")));
    }

    #[test]
    fn a_wrong_word_is_named() {
        for (word, reason) in [
            (word("a b", "x", "dns"), "no space"),
            (Word { confidence: 1.5, ..word("a", "x", "dns") }, "confidence 1.5"),
            (Word { when: vec!["speed > 3".to_string()], ..word("a", "x", "dns") }, "no fact"),
        ] {
            let error = Lexicon::new(&[word]).unwrap_err();
            assert!(error.contains("\"x\"") && error.contains(reason), "{error}");
        }
    }

    /// The obvious definition, exponential and therefore only for tests.
    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            [c, rest @ ..] => text.first().map(u8::to_ascii_lowercase) == Some(*c) && slow(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn globs_agree_with_their_definition(pattern in "[ab*]{0,6}", text in "[abAB]{0,9}") {
            prop_assert_eq!(fits(pattern.as_bytes(), text.as_bytes(), false), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn every_literal_is_found_in_any_case(values in proptest::collection::hash_set("[a-c]{0,4}", 0..30)) {
            let words: Vec<Word> = values.iter().map(|v| word("f", &v.to_ascii_uppercase(), "dns")).collect();
            let lexicon = Lexicon::new(&words).unwrap();
            for v in &values {
                prop_assert_eq!(lexicon.entries(0, v.as_bytes()).len(), 1);
            }
            prop_assert!(lexicon.entries(0, b"dddd").is_empty());
        }
    }
}
