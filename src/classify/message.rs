//! Error-log messages to causes. In: the text of a message without prefix and tail; out: what it proves.
//! It must not know the fetch it belongs to.
//!
//! All patterns of all files are one automaton. Each is tried from the start of the text with a lazy gap before it, so
//! every match begins at 0 and the pattern that stands first wins: one pass, no captures, no allocation.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use crate::model::Cause;

/// What an error-log message says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MessageRuling {
    /// It proves this cause, this sure.
    Cause(Cause, f32),
    /// It says nothing about any failure: drop it.
    Noise,
    /// The service started, stopped or reloaded: a candidate trigger, never a cause.
    Lifecycle,
    /// No rule knows it.
    Unknown,
}

/// One pattern and its verdict.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The cause file it stands in.
    pub file: String,
    /// The regular expression.
    pub pattern: String,
    /// Patterns of higher rank are asked first.
    pub rank: i32,
    /// What it says.
    pub ruling: MessageRuling,
    /// What else it may mean, and how sure.
    pub or: Option<(Cause, f32)>,
}

/// How much of a message is looked at; nginx cuts its own at 2048 bytes.
const LOOKED_AT: usize = 4096;

/// All message patterns.
#[derive(Clone, Debug)]
pub struct Messages {
    automaton: Regex,
    verdicts: Vec<Verdict>,
}

impl Messages {
    /// Compiles the patterns; ties in rank keep their order. The error is the file of a wrong pattern and the reason.
    pub fn new(mut verdicts: Vec<Verdict>) -> Result<Messages, (String, String)> {
        verdicts.sort_by_key(|v| -v.rank);
        let patterns: Vec<String> = verdicts.iter().map(|v| format!(".*?(?:{})", v.pattern)).collect();
        let automaton = compile(&patterns).map_err(|e| culprit(&verdicts, e))?;
        Ok(Messages { automaton, verdicts })
    }

    /// What a code alone means (`AH00161`): the cause of the first pattern that names it, in full or as one of a group
    /// like `AH(00161|00484)`.
    pub fn of_code(&self, code: &str) -> Option<(Cause, f32)> {
        let digits = code.trim_start_matches(|c: char| !c.is_ascii_digit());
        let names = |pattern: &str| pattern.contains(code) || (pattern.contains("AH(") && pattern.contains(digits));
        self.verdicts.iter().filter(|v| names(&v.pattern)).find_map(|v| match v.ruling {
            MessageRuling::Cause(cause, sure) => Some((cause, sure * 0.8)),
            _ => None,
        })
    }

    /// The first pattern that fits.
    pub fn judge(&self, text: &[u8]) -> Option<&Verdict> {
        let text = &text[..text.len().min(LOOKED_AT)];
        let found = self.automaton.search_half(&Input::new(text).anchored(Anchored::Yes))?;
        self.verdicts.get(found.pattern().as_usize())
    }
}

/// The first pattern that is wrong by itself; checking each is slow and done only to name it.
fn culprit(verdicts: &[Verdict], error: String) -> (String, String) {
    let wrong = |v: &&Verdict| compile(&[format!("(?:{})", v.pattern)]).is_err();
    match verdicts.iter().find(wrong) {
        Some(v) => (v.file.clone(), format!("message {:?} is no regular expression", v.pattern)),
        None => ("with message patterns".to_string(), error),
    }
}

fn compile(patterns: &[String]) -> Result<Regex, String> {
    Regex::builder()
        .configure(Regex::config().utf8_empty(false).hybrid_cache_capacity(8 << 20))
        .syntax(syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true))
        .build_many(patterns)
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(pattern: &str, rank: i32, id: &str) -> Verdict {
        let ruling = MessageRuling::Cause(Cause::named(id), 0.9);
        Verdict { file: "a.toml".to_string(), pattern: pattern.to_string(), rank, ruling, or: None }
    }

    #[test]
    fn rank_decides_and_not_the_place_in_the_text() {
        let m = Messages::new(vec![verdict("late", 1, "dns"), verdict("early", 1, "tls"), verdict("^x.*y$", 9, "app")])
            .unwrap();
        let id = |t: &[u8]| m.judge(t).map(|v| v.ruling);
        assert_eq!(id(b"early and late"), Some(MessageRuling::Cause(Cause::named("dns"), 0.9)));
        assert_eq!(id(b"\xff early \n"), Some(MessageRuling::Cause(Cause::named("tls"), 0.9)));
        assert_eq!(id(b"x early late y"), Some(MessageRuling::Cause(Cause::named("app"), 0.9)));
        assert_eq!(id(b""), None);
    }

    #[test]
    fn a_wrong_pattern_is_named() {
        let (file, reason) = Messages::new(vec![verdict("good", 1, "dns"), verdict("a(", 1, "dns")]).unwrap_err();
        assert!(file == "a.toml" && reason.contains("a("));
    }
}
