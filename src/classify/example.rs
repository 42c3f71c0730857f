//! Examples of cause files: what a failure looks like, in a few records. In: an entry of a file; out: whether the rules
//! say of it what its file says. Run by the tests, and for a user's own files.

use crate::model::{Fact, Facts, Locator, Mark, MarkKind};

use super::file::ExampleEntry;
use super::message::MessageRuling;
use super::rules::Rules;

/// An example.
#[derive(Clone, Debug)]
pub struct Example {
    name: String,
    id: String,
    marks: Vec<(MarkKind, Vec<u8>)>,
    facts: Facts,
    message: Option<String>,
    page: Option<String>,
}

impl Example {
    /// Reads an entry of the file `name` of cause `id`.
    pub fn new(name: &str, id: &str, e: &ExampleEntry) -> Result<Example, String> {
        let mut facts = Facts::default();
        for (word, &value) in &e.facts {
            facts.set(Fact::parse(word).ok_or_else(|| format!("there is no fact {word:?}"))?, value);
        }
        let marks = e.marks.iter().map(|line| mark(line)).collect::<Result<Vec<_>, _>>()?;
        if marks.is_empty() && e.facts.is_empty() && e.message.is_none() && e.page.is_none() {
            return Err("it is empty".to_string());
        }
        let (message, page) = (e.message.clone(), e.page.clone());
        Ok(Example { name: name.to_string(), id: id.to_string(), marks, facts, message, page })
    }

    /// What is wrong with it, if anything.
    pub fn complaint(&self, rules: &Rules) -> Option<String> {
        let said = if let Some(text) = &self.message {
            match rules.message(text.as_bytes()) {
                MessageRuling::Cause(cause, _) => cause.id(),
                MessageRuling::Noise => "noise",
                MessageRuling::Lifecycle => "lifecycle",
                MessageRuling::Unknown => "unknown",
            }
            .to_string()
        } else if let Some(text) = &self.page {
            rules.explain(text).first().map_or("nothing".to_string(), |(e, _)| e.id.clone())
        } else {
            let mark = |(kind, text)| Mark { kind, text, at: Locator::default() };
            let marks: Vec<Mark<'_>> = self.marks.iter().map(|(k, t)| mark((*k, t.as_slice()))).collect();
            rules.decide(&marks, &self.facts).cause.id().to_string()
        };
        (said != self.id)
            .then(|| format!("{}: an example of {} is taken for {said}: {}", self.name, self.id, self.shown()))
    }

    fn shown(&self) -> String {
        let marks = self.marks.iter().map(|(kind, text)| String::from_utf8_lossy(&kind.quoted(text)).into_owned());
        let texts = self.message.iter().chain(&self.page).cloned();
        texts.chain(marks).collect::<Vec<_>>().join(" | ")
    }
}

/// A mark written as `FetchError first byte timeout`.
fn mark(line: &str) -> Result<(MarkKind, Vec<u8>), String> {
    let (word, text) = line.split_once(' ').unwrap_or((line, ""));
    let kind = MarkKind::parse(word).ok_or_else(|| format!("there is no record {word:?}"))?;
    Ok((kind, text.as_bytes().to_vec()))
}
