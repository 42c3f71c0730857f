//! Verdict words that people paste after `guru explain`. In: `OriginDnsError`, `errorInfo OriginTimeout`,
//! `"errorInfo":"OriginTimeout"` or a whole JSON line; out: what the words may mean. It must not know how that is told.

use crate::model::lexicon::Entry;
use crate::model::{Cause, Class, Lexicon};

/// What separates a field from its value, and values from each other.
const EDGES: &[char] = &[' ', '\t', '"', '\'', ':', '=', ',', '{', '}', '[', ']', ';'];

/// The meanings of a word given with its field, or of several in a JSON line; the field that tells most first.
pub fn with_field(words: &Lexicon, text: &str) -> Vec<(Cause, f32)> {
    let mut found = Vec::new();
    for (field, name) in words.fields().enumerate() {
        let name = String::from_utf8_lossy(name);
        if let Some(value) = at_start(text, &name).or_else(|| as_key(text, &name)) {
            add(&mut found, words.entries(field, value.as_bytes()));
        }
    }
    told(found)
}

/// The meanings of a bare word in any field; numbers need their field. Globs that fit say something of it, unless they
/// only say that nothing is known.
pub fn bare(words: &Lexicon, text: &str, globs: bool) -> Vec<(Cause, f32)> {
    let mut found = Vec::new();
    let value = text.trim_matches(EDGES);
    if value.len() < 3 || value.bytes().all(|b| b.is_ascii_digit()) {
        return found;
    }
    for field in 0..words.fields().count() {
        // A glob that says little of a sentence says nothing: `D*` fits `Database error`.
        let says = || is_code(value) || words.said(field, value.as_bytes()) * 2 >= value.len();
        if words.has_literal(field, value.as_bytes()) || globs && says() {
            add(&mut found, words.entries(field, value.as_bytes()));
        }
    }
    found.retain(|(cause, _)| !(globs && cause.is("unknown")));
    told(found)
}

/// True for what may be a program's code (`sH--`, `OriginDnsError`, `ERR_DNS_FAIL`) and not a sentence or a word of prose:
/// globs fit almost everything.
fn is_code(value: &str) -> bool {
    let inner_capital =
        value.chars().skip(1).any(|c| c.is_ascii_uppercase()) && value.chars().any(|c| c.is_ascii_lowercase());
    let has_sign = value.chars().any(|c| c.is_ascii_digit() || "_-/".contains(c));
    value.len() <= 40 && !value.contains(char::is_whitespace) && (value.len() <= 4 || inner_capital || has_sign)
}

/// What tells most comes first: a mechanism, then that the next tier's error was passed on, then that nothing is known,
/// which is said only when nothing else is.
fn told(mut found: Vec<(Cause, f32)>) -> Vec<(Cause, f32)> {
    if found.iter().any(|(cause, _)| !cause.is("unknown")) {
        found.retain(|(cause, _)| !cause.is("unknown"));
    }
    found.sort_by_key(|(cause, _)| cause.is("origin.status"));
    found
}

/// Adds what entries mean, whatever their conditions; successes are no answer.
fn add(found: &mut Vec<(Cause, f32)>, entries: &[Entry]) {
    let failures = entries.iter().filter(|e| !matches!(e.class, Class::Ok | Class::Noise));
    for (cause, sure) in failures.flat_map(|e| std::iter::once((e.cause, e.confidence)).chain(e.or)) {
        if !found.iter().any(|(known, _)| *known == cause) {
            found.push((cause, sure));
        }
    }
}

/// `FIELD VALUE`, `FIELD=VALUE`, `FIELD: VALUE`.
fn at_start<'t>(text: &'t str, field: &str) -> Option<&'t str> {
    let text = text.trim_start_matches(EDGES);
    let rest = text.get(..field.len()).filter(|t| t.eq_ignore_ascii_case(field)).map(|_| &text[field.len()..])?;
    rest.starts_with(EDGES).then(|| rest.trim_matches(EDGES)).filter(|v| !v.is_empty())
}

/// The value of a key of a JSON object.
fn as_key<'t>(text: &'t str, field: &str) -> Option<&'t str> {
    let key = format!("\"{field}\"");
    let rest = text[text.find(&key)? + key.len()..].trim_start().strip_prefix(':')?.trim_start();
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', '}', ' ']).next(),
    }
    .filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Rules;
    use crate::model::Word;

    fn rules() -> Rules {
        let word = |field: &str, value: &str, cause: &str, or: Option<&str>| Word {
            field: field.into(),
            value: value.into(),
            cause: cause.into(),
            or: or.map(String::from),
            confidence: 0.7,
            when: vec!["status >= 500".into()],
        };
        let words = [
            word("errorInfo", "OriginTimeout", "timeout.first_byte", Some("timeout.connect")),
            word("errorInfo", "NoError", "ok", None),
            word("sc-status", "000", "client.abort", None),
            word("reason", "*max_conn reached*", "backend.busy", None),
            word("reason", "*", "unknown", None),
            word("status", "522", "origin.status", None),
            word("status", "522", "timeout.connect", None),
        ];
        Rules::embedded().with_words(&words).unwrap()
    }

    #[test]
    fn words_are_explained_with_and_without_their_field() {
        let rules = rules();
        let ids = |text: &str| rules.explain(text).into_iter().map(|(e, _)| e.id).collect::<Vec<_>>();
        for text in [
            "OriginTimeout",
            "errorInfo OriginTimeout",
            "errorInfo: origintimeout",
            "errorinfo=OriginTimeout",
            r#""errorInfo":"OriginTimeout","#,
            r#"{"httpStatusCode":"0", "errorInfo": "OriginTimeout", "pop":"AMS"}"#,
        ] {
            assert_eq!(ids(text), ["timeout.first_byte", "timeout.connect"], "{text}");
        }
        assert_eq!(ids("sc-status 000"), ["client.abort"]);
        assert_eq!(ids("Backend.max_conn reached"), ["backend.busy"]);
        assert_eq!(ids("status 522"), ["timeout.connect", "origin.status"]);
        assert_eq!(ids("no such word at all"), Vec::<String>::new());
        assert_eq!(ids("reason whatever"), ["unknown"]);
        assert_eq!(ids("000"), Vec::<String>::new());
        assert_eq!(ids("errorInfo NoError"), Vec::<String>::new());
        assert_eq!(ids("timeout.connect"), ["timeout.connect"]);
    }

    #[test]
    fn what_is_no_word_is_left_alone() {
        let rules = rules();
        for text in ["errorInfo", "errorInfo ", "\"errorInfo\":", "\"errorInfo\"", "é errorInfo", "err\u{f6}rInfo x"] {
            assert!(with_field(&rules.words, text).is_empty(), "{text}");
        }
    }
}
