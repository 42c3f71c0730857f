//! Verdict words of a log itself. In: marks of kind `Word` (`errorInfo OriginTimeout`) and facts; out: what a word
//! decides. It must not know formats: their words are given to it.

use crate::error::{Error, Kind, Result};
use crate::model::lexicon::Entry;
use crate::model::{Class, Facts, Lexicon, MarkKind, Ruling, Word};

use super::rule::{NONE, place};
use super::rules::{Own, Rules};
use super::seen::{Kinds, Seen};

/// A word less sure than this is overruled by a message of the next tier.
const SURE: f32 = 0.9;

impl Rules {
    /// The same rules with the words of the formats in use. The error names the word that is wrong.
    pub fn with_words(&self, words: &[Word]) -> Result<Rules> {
        let words = Lexicon::new(words).map_err(|reason| {
            Error::new(Kind::Usage, format!("The words of a format cannot be used: {reason}"))
                .hint("grammars/README.md describes [words]")
        })?;
        Ok(Rules { words, ..self.clone() })
    }
}

/// What a word decides that names a mechanism. The fields are asked in their order, so the more telling one decides.
pub fn decisive(words: &Lexicon, seen: &Seen<'_>, facts: &Facts) -> Option<Own> {
    let names_one = |e: &Entry| matches!(e.class, Class::Failed | Class::NotOrigin) && !e.cause.is("unknown");
    first(words, seen, facts, names_one)
}

/// What a word says that only tells that the next tier's error was passed on.
pub fn relayed(words: &Lexicon, seen: &Seen<'_>, facts: &Facts) -> Option<Ruling> {
    first(words, seen, facts, |e| e.class == Class::Relayed).map(|own| own.ruling)
}

fn first(words: &Lexicon, seen: &Seen<'_>, facts: &Facts, wanted: impl Fn(&Entry) -> bool) -> Option<Own> {
    if words.is_empty() || !seen.kinds.meets(Kinds::default().and(MarkKind::Word)) {
        return None;
    }
    words.fields().enumerate().find_map(|(field, name)| {
        let spoken = seen.marks.iter().enumerate().filter(|(_, m)| m.kind == MarkKind::Word);
        spoken
            .filter_map(|(at, m)| Some((at, value_of(name, m.text)?)))
            .find_map(|(at, value)| Some((at, words.meaning(field, value, facts).filter(|e| wanted(e))?)))
            .map(|(at, entry)| own(at, entry))
    })
}

fn own(at: usize, e: &Entry) -> Own {
    let decided_by = [place(at), NONE];
    let ruling = Ruling { cause: e.cause, confidence: e.confidence, runner_up: e.or, decided_by };
    Own { ruling, yields: e.confidence < SURE || e.or.is_some() }
}

/// The value in `FIELD VALUE`, when it is of that field.
fn value_of<'t>(field: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
    text.strip_prefix(field)?.strip_prefix(b" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, Locator, Mark};

    fn word(field: &str, value: &str, cause: &str, confidence: f32, when: &[&str]) -> Word {
        let when = when.iter().map(|w| w.to_string()).collect();
        Word { field: field.into(), value: value.into(), cause: cause.into(), or: None, confidence, when }
    }

    fn rules() -> Rules {
        let words = [
            word("type", "OriginConnectError", "connection.refused", 0.7, &[]),
            word("type", "OriginDnsError", "dns", 0.95, &[]),
            word("type", "Error", "origin.status", 0.95, &[]),
            word("type", "Odd", "unknown", 0.95, &[]),
            word("code", "504", "timeout.connect", 0.95, &["connected == 0"]),
            word("code", "504", "timeout.first_byte", 0.95, &[]),
            word("code", "*5*", "app.error", 0.8, &[]),
        ];
        Rules::embedded().with_words(&words).unwrap()
    }

    fn decide(marks: &[(MarkKind, &str)], facts: &Facts) -> Ruling {
        let at = Locator::default();
        let marks: Vec<Mark<'_>> = marks.iter().map(|&(kind, t)| Mark { kind, text: t.as_bytes(), at }).collect();
        rules().decide(&marks, facts)
    }

    #[test]
    fn a_word_decides_and_is_quoted() {
        use MarkKind::Word;
        let none = Facts::default();
        let ruling = decide(&[(Word, "code 504"), (Word, "type origindnserror")], &none);
        assert!(ruling.cause.is("dns"), "{ruling:?}");
        assert_eq!(ruling.decided_by, [1, NONE]);
        assert!(decide(&[(Word, "code 504")], &none).cause.is("timeout.first_byte"));
        let mut unconnected = none;
        unconnected.set(Fact::Connected, 0.0);
        assert!(decide(&[(Word, "code 504")], &unconnected).cause.is("timeout.connect"));
        assert!(decide(&[(Word, "code 515")], &none).cause.is("app.error"));
        assert!(decide(&[(Word, "codes 504")], &none).cause.is("unknown"));
    }

    #[test]
    fn a_vague_word_leaves_it_to_others() {
        use MarkKind::{Message, Word};
        let refused = "connect() failed (113: No route to host) while connecting to upstream";
        let none = Facts::default();
        let cause = |marks: &[(MarkKind, &str)]| decide(marks, &none).cause.id();
        assert_eq!(cause(&[(Word, "type OriginConnectError")]), "connection.refused");
        assert_eq!(cause(&[(Word, "type OriginConnectError"), (Message, refused)]), "connection.unreachable");
        assert_eq!(cause(&[(Word, "type OriginDnsError"), (Message, refused)]), "dns");
        assert_eq!(cause(&[(Word, "type Error"), (Message, refused)]), "connection.unreachable");
        assert_eq!(cause(&[(Word, "type Error")]), "origin.status");
        assert_eq!(cause(&[(Word, "type Error"), (Word, "code 504")]), "timeout.first_byte");
        let unknown = decide(&[(Word, "type Odd")], &none);
        assert!(unknown.cause.is("unknown") && unknown.decided_by[0] == 0, "{unknown:?}");
    }
}
