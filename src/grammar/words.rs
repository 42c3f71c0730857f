//! The verdict words of a format file. In: its `[words]` table; out: `Word`s, or what is wrong with the table; and
//! `Lookup`, which says per line what a word means in short. It must not know what a ruling makes of a word.

use serde::Deserialize;

use crate::model::lexicon::order;
use crate::model::{Class, Facts, Lexicon, Word};

/// How sure a word is unless it says otherwise.
const SURE: f32 = 0.95;
/// The same where it names a runner-up.
const SURE_OF_TWO: f32 = 0.7;

/// What stands for a value; `grammars/README.md` shows each form.
#[derive(Deserialize)]
#[serde(untagged)]
enum Meaning {
    Cause(String),
    Causes([String; 2]),
    One(Alternative),
    Several(Vec<Alternative>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alternative {
    cause: String,
    confidence: Option<f32>,
    or: Option<String>,
    #[serde(default)]
    when: Vec<String>,
}

/// Reads the value of the `words` key: tables by field, in them what each value means.
///
/// Within a field literal values come before globs and longer globs before shorter ones; alternatives of one value keep
/// their order, and so do fields. The error names field and value.
pub fn words(table: &toml::Table) -> Result<Vec<Word>, String> {
    let mut found = Vec::new();
    for (field, values) in table {
        let values = values.as_table().ok_or_else(|| format!("[words.{field}] is no table of values"))?;
        let begin = found.len();
        for (value, meaning) in values {
            let meaning = meaning.clone().try_into::<Meaning>().map_err(|_| {
                format!(
                    "[words.{field}] {value:?}: give a cause, [\"cause\", \"runner-up\"], \
                     {{ cause = …, confidence = …, or = …, when = […] }}, or a list of such tables"
                )
            })?;
            found.extend(alternatives(meaning).into_iter().map(|a| word(field, value, a)));
        }
        found[begin..].sort_by(|a, b| order(&a.value, &b.value));
    }
    Lexicon::new(&found).map_err(|e| format!("[words] {e}"))?;
    Ok(found)
}

fn alternatives(meaning: Meaning) -> Vec<Alternative> {
    let plain = |cause, or| Alternative { cause, confidence: None, or, when: Vec::new() };
    match meaning {
        Meaning::Cause(cause) => vec![plain(cause, None)],
        Meaning::Causes([cause, other]) => vec![plain(cause, Some(other))],
        Meaning::One(one) => vec![one],
        Meaning::Several(all) => all,
    }
}

fn word(field: &str, value: &str, a: Alternative) -> Word {
    let confidence = a.confidence.unwrap_or(if a.or.is_some() { SURE_OF_TWO } else { SURE });
    Word { field: field.to_string(), value: value.to_string(), cause: a.cause, or: a.or, confidence, when: a.when }
}

/// Words of one format, for every line.
#[derive(Clone, Debug, Default)]
pub struct Lookup(Lexicon);

impl Lookup {
    /// Compiles words; they come from [`words`], which has checked them: wrong ones are an error.
    pub fn new(words: &[Word]) -> Result<Lookup, String> {
        Lexicon::new(words).map(Lookup)
    }

    /// The number of a field, for [`Lookup::class`].
    pub fn field(&self, name: &str) -> Option<usize> {
        self.0.field(name.as_bytes())
    }

    /// What a value says in short; `Depends` when that takes facts.
    pub fn class(&self, field: usize, value: &[u8]) -> Class {
        match self.0.entries(field, value) {
            [] => Class::Unknown,
            [first, rest @ ..] if first.is_conditional() => {
                let settled = rest.last().is_some_and(|e| !e.is_conditional());
                let all_alike = settled && rest.iter().all(|e| e.class == first.class);
                if all_alike { first.class } else { Class::Depends }
            }
            [first, ..] => first.class,
        }
    }

    /// The same by what is known of the fetch: never `Depends`; `Unknown` when no alternative holds.
    pub fn class_given(&self, field: usize, value: &[u8], facts: &Facts) -> Class {
        self.0.meaning(field, value, facts).map_or(Class::Unknown, |e| e.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fact;

    fn read(text: &str) -> Result<Vec<Word>, String> {
        let file: toml::Table = text.parse().unwrap();
        words(file["words"].as_table().unwrap())
    }

    const FILE: &str = r#"
        [words.result]
        "*timeout*" = { cause = "timeout.first_byte", confidence = 0.6, or = "timeout.connect", when = ["wait_ms >= 20"] }
        "*time*" = "timeout.task"
        OriginConnectError = ["connection.failed", "timeout.connect"]
        Hit = "ok"
        Left = "client.abort"
        OriginError = "origin.status"
        Inner = "noise"
        [words.code]
        "502" = [ { cause = "connection.failed", when = ["connected == 0"] }, { cause = "connection.closed" } ]
        "504" = [ { cause = "client.abort", when = ["connected == 0"] }, { cause = "timeout.first_byte" } ]
    "#;

    #[test]
    fn every_form_is_read_and_put_in_order() {
        let found = read(FILE).unwrap();
        let told: Vec<String> = found.iter().map(|w| format!("{} {} {}", w.field, w.value, w.cause)).collect();
        assert_eq!(
            told,
            [
                "result Hit ok",
                "result Left client.abort",
                "result Inner noise",
                "result OriginError origin.status",
                "result OriginConnectError connection.failed",
                "result *timeout* timeout.first_byte",
                "result *time* timeout.task",
                "code 502 connection.failed",
                "code 502 connection.closed",
                "code 504 client.abort",
                "code 504 timeout.first_byte",
            ]
        );
        let refused = &found[4];
        assert_eq!((refused.or.as_deref(), refused.confidence), (Some("timeout.connect"), SURE_OF_TWO));
        assert_eq!((found[5].confidence, found[5].when.len(), found[0].confidence), (0.6, 1, SURE));
    }

    #[test]
    fn a_line_is_classed_by_its_word() {
        let lookup = Lookup::new(&read(FILE).unwrap()).unwrap();
        let (result, code) = (lookup.field("result").unwrap(), lookup.field("code").unwrap());
        for (value, class) in [
            ("HIT", Class::Ok),
            ("inner", Class::Noise),
            ("left", Class::NotOrigin),
            ("originerror", Class::Relayed),
            ("OriginConnectError", Class::Failed),
            ("Timeout!", Class::Depends),
            ("overtime", Class::Failed),
            ("", Class::Unknown),
        ] {
            assert_eq!(lookup.class(result, value.as_bytes()), class, "{value}");
        }
        assert_eq!(lookup.class(code, b"502"), Class::Failed);
        assert_eq!(lookup.class(code, b"504"), Class::Depends);
        let mut facts = Facts::default();
        assert_eq!(lookup.class_given(code, b"504", &facts), Class::Failed);
        facts.set(Fact::Connected, 0.0);
        assert_eq!(lookup.class_given(code, b"504", &facts), Class::NotOrigin);
        assert_eq!(lookup.class_given(result, b"timeout", &facts), Class::Unknown);
    }

    #[test]
    fn a_wrong_table_is_refused_with_field_and_value() {
        for (text, reason) in [
            ("[words]\nresult = \"dns\"", "[words.result] is no table"),
            ("[words.result]\nHit = 3", "\"Hit\": give a cause"),
            ("[words.result]\nHit = { cause = \"dns\", colour = 1 }", "\"Hit\": give a cause"),
            ("[words.result]\nHit = { cause = \"dns\", confidence = 2.0 }", "confidence 2"),
            ("[words.result]\nHit = { cause = \"dns\", when = [\"speed > 1\"] }", "no fact \"speed\""),
            ("[words.\"a b\"]\nHit = \"dns\"", "no space"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
