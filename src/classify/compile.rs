//! Cause files to compiled rules. In: (name, content) of each file; out: `Rules`, or an error that names the file.

use crate::error::Result;
use crate::model::explain::told;
use crate::model::{Cause, Explanation, Lexicon, incident::Advice};

use super::example::Example;
use super::file::{AdviceEntry, CauseFile, RuleEntry, wrong};
use super::glob::Glob;
use super::message::{MessageRuling, Messages, Verdict};
use super::rule::{Rule, runner_up, sure};
use super::rules::{Chapter, MESSAGE_RANK, Rules};

/// Default rank of a rule that reads a record of the fetch's own tier.
const OWN_RANK: i32 = 600;
/// Default rank of a rule that reads numbers only.
const FACTS_RANK: i32 = 300;
/// Default rank of a message among messages.
const SPOKEN_RANK: i32 = 50;

type Pages = Vec<(regex::Regex, f32)>;

#[derive(Default)]
struct Parts {
    rules: Vec<Rule>,
    echoes: Vec<Glob>,
    verdicts: Vec<Verdict>,
    chapters: Vec<Chapter>,
    examples: Vec<Example>,
}

/// Compiles all files; those of the user replace embedded ones of the same id.
pub fn rules(embedded: &[(&str, &str)], user_files: &[(String, String)]) -> Result<Rules> {
    let mut files: Vec<(String, CauseFile)> = Vec::new();
    for (name, text) in embedded.iter().copied().chain(user_files.iter().map(|(n, t)| (n.as_str(), t.as_str()))) {
        let file = CauseFile::read(name, text)?;
        files.retain(|(_, f)| f.id != file.id);
        files.push((name.to_string(), file));
    }
    files.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let mut parts = Parts::default();
    for (name, file) in files {
        parts.add(&name, file).map_err(|reason| wrong(&name, &reason))?;
    }
    parts.rules.sort_by_key(|r| -r.rank);
    let messages = Messages::new(parts.verdicts).map_err(|(file, reason)| wrong(&file, &reason))?;
    let Parts { rules, echoes, chapters, examples, .. } = parts;
    Ok(Rules { rules, echoes, messages, chapters, examples, words: Lexicon::default() })
}

impl Parts {
    fn add(&mut self, name: &str, file: CauseFile) -> std::result::Result<(), String> {
        let mut pages = Pages::new();
        for (n, entry) in file.rule.iter().enumerate() {
            self.rule(name, &file.id, entry, &mut pages).map_err(|reason| format!("rule {}: {reason}", n + 1))?;
        }
        for (n, entry) in file.example.iter().enumerate() {
            let example = Example::new(name, &file.id, entry).map_err(|e| format!("example {}: {e}", n + 1))?;
            self.examples.push(example);
        }
        // `noise` and `lifecycle` name what a message is when it is no cause: they have patterns but no chapter.
        if !matches!(file.id.as_str(), "noise" | "lifecycle") {
            let is_cause = !name.starts_with('_');
            self.chapters.push(Chapter { explanation: prose(file, is_cause), pages });
        }
        Ok(())
    }

    fn rule(&mut self, name: &str, id: &str, e: &RuleEntry, pages: &mut Pages) -> std::result::Result<(), String> {
        let reads_record = !e.record.is_empty() || !e.text.is_empty() || !e.when.is_empty();
        if e.echo {
            self.echoes.extend(e.text.list().iter().map(|t| Glob::new(t)));
        } else if reads_record {
            let rank = if e.record.is_empty() { FACTS_RANK } else { OWN_RANK };
            self.rules.push(Rule::new(id, e, rank)?);
        } else if e.message.is_empty() && e.page.is_empty() {
            return Err("a rule needs a record, a message, a page, or a condition".to_string());
        }
        if reads_record && !(e.message.is_empty() && e.page.is_empty()) {
            return Err("message and page stand alone: make two rules".to_string());
        }
        for pattern in e.message.list() {
            let (rank, or, file) = (e.rank.unwrap_or(SPOKEN_RANK), runner_up(e)?, name.to_string());
            self.verdicts.push(Verdict { file, pattern: pattern.clone(), rank, ruling: ruling(id, e)?, or });
        }
        for pattern in e.page.list() {
            let page = regex::Regex::new(&format!("(?is){pattern}")).map_err(|e| format!("page: {e}"))?;
            pages.push((page, sure(e.confidence)?));
        }
        Ok(())
    }
}

fn ruling(id: &str, e: &RuleEntry) -> std::result::Result<MessageRuling, String> {
    Ok(match id {
        "noise" => MessageRuling::Noise,
        "lifecycle" => MessageRuling::Lifecycle,
        "unknown" => MessageRuling::Unknown,
        _ => MessageRuling::Cause(Cause::named(id), sure(e.confidence)?),
    })
}

fn prose(file: CauseFile, is_cause: bool) -> Explanation {
    Explanation {
        id: file.id,
        is_cause,
        brief: if file.brief.is_empty() { file.title.clone() } else { file.brief },
        title: file.title,
        bucket: file.bucket,
        means: told(&file.means, std::iter::empty()),
        means_of: file.means,
        why: file.why,
        confirm: file.confirm,
        advice: file.advice.into_iter().map(advice).collect(),
        mistaken_for: file.mistaken_for,
    }
}

fn advice(a: AdviceEntry) -> Advice {
    Advice {
        kind: a.kind,
        text: a.text,
        knob: a.knob,
        default: a.default,
        cost: a.cost,
        command: a.command,
        broke_at: a.broke_at.list().to_vec(),
        made_by: a.made_by.list().to_vec(),
        ..Advice::default()
    }
}

const _: () = assert!(OWN_RANK > MESSAGE_RANK && MESSAGE_RANK > FACTS_RANK);
