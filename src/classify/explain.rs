//! Answers to `guru explain`. In: a cause id, a family, a pasted record, line or page; out: explanations, the likeliest
//! first. It must not know how they are printed.

use crate::model::{Cause, Explanation, Facts, Mark, MarkKind};

use super::message::MessageRuling;
use super::paste;
use super::pasted_word as word;
use super::rules::Rules;
use super::seen::Seen;
use super::suggest;

/// How many answers a text gets at most; a family is always listed whole.
const ANSWERS: usize = 4;

impl Rules {
    /// What a text may mean: explanations with how sure each is (0 to 1), likeliest first; empty when nothing is known
    /// of it (then see [`Rules::suggestions`]).
    pub fn explain(&self, text: &str) -> Vec<(Explanation, f32)> {
        let text = text.trim();
        let named = self.named(text);
        if !named.is_empty() {
            return named;
        }
        let knob = self.knobs(text);
        if !knob.is_empty() {
            return knob;
        }
        let spoken = word::with_field(&self.words, text);
        if !spoken.is_empty() {
            return self.prose(spoken);
        }
        let pages = self.pages(text);
        if pages.first().is_some_and(|(_, sure)| *sure > 0.9) && !paste::names_reason(text) {
            return pages;
        }
        let literal = word::bare(&self.words, text, false);
        let mut meant = if literal.is_empty() { self.meant(text) } else { literal };
        if !pages.is_empty() {
            // "Error 524" looks like a record of the shared log and is none.
            meant.retain(|(cause, _)| !cause.is("unknown"));
        }
        match (meant.is_empty(), pages.is_empty()) {
            (false, _) => self.prose(meant),
            (true, false) => pages,
            (true, true) => match word::bare(&self.words, text, true) {
                found if found.is_empty() => self.worded(text),
                found => self.prose(found),
            },
        }
    }

    /// The nearest cause ids and families to a word that nothing is known of.
    pub fn suggestions(&self, word: &str) -> Vec<String> {
        let ids = || self.chapters.iter().filter(|c| c.explanation.is_cause).map(|c| c.explanation.id.as_str());
        let mut known: Vec<&str> = ids().chain(ids().filter_map(|id| Some(id.split_once('.')?.0))).collect();
        known.sort();
        known.dedup();
        suggest::nearest(word, known.into_iter()).into_iter().map(String::from).collect()
    }

    /// The cause of that id, or all of that family (`timeout`, `timeout.`).
    fn named(&self, text: &str) -> Vec<(Explanation, f32)> {
        let id = text.trim_end_matches(['.', '*']).to_ascii_lowercase();
        let in_family = |e: &Explanation| e.id.split('.').next() == Some(&id);
        let all = || self.chapters.iter().filter(|c| c.explanation.is_cause).map(|c| &c.explanation);
        match all().find(|e| e.id == id) {
            Some(exact) => vec![(exact.clone(), 1.0)],
            None => all().filter(|e| in_family(e)).map(|e| (e.clone(), 1.0)).collect(),
        }
    }

    /// The causes whose advice is about a knob of that name.
    fn knobs(&self, text: &str) -> Vec<(Explanation, f32)> {
        let asked = text.trim_start_matches("bereq.").trim_start_matches('.').to_ascii_lowercase();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if asked.len() < 6 || !asked.contains(['_', '-']) || !asked.chars().all(is_name) {
            return Vec::new();
        }
        let names = |knob: &str| knob.split(|c: char| !is_name(c)).any(|word| word.eq_ignore_ascii_case(&asked));
        let sure = |e: &Explanation| {
            let about = e.advice.iter().filter(|a| names(&a.knob));
            about.map(|a| if a.kind == "change" { 0.8 } else { 0.5 }).reduce(f32::max)
        };
        let all = self.chapters.iter().filter(|c| c.explanation.is_cause);
        let mut found: Vec<_> = all.filter_map(|c| Some((c.explanation.clone(), sure(&c.explanation)?))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(ANSWERS);
        found
    }

    /// Error pages and status lines that many causes share.
    fn pages(&self, text: &str) -> Vec<(Explanation, f32)> {
        let mut found: Vec<(Explanation, f32)> = Vec::new();
        for chapter in &self.chapters {
            if let Some((_, sure)) = chapter.pages.iter().find(|(page, _)| page.is_match(text)) {
                found.push((chapter.explanation.clone(), *sure));
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(ANSWERS);
        found
    }

    /// Causes whose id or title has the word.
    fn worded(&self, text: &str) -> Vec<(Explanation, f32)> {
        let word = text.to_ascii_lowercase();
        if word.len() < 3 || word.contains(char::is_whitespace) {
            return Vec::new();
        }
        let has = |e: &Explanation| e.id.contains(&word) || e.title.to_ascii_lowercase().contains(&word);
        let all = self.chapters.iter().filter(|c| c.explanation.is_cause && has(&c.explanation));
        all.take(ANSWERS).map(|c| (c.explanation.clone(), 0.6)).collect()
    }

    /// What pasted records or messages mean, by the rules.
    fn meant(&self, text: &str) -> Vec<(Cause, f32)> {
        if let Some(found) = paste::apache_code(text).and_then(|code| self.messages.of_code(code)) {
            return vec![found];
        }
        let records = paste::records(text);
        if !records.is_empty() {
            return self.judged(&records);
        }
        for line in text.lines().take(20) {
            let message = paste::message(line);
            let mark = Mark { kind: MarkKind::Message, text: message.as_bytes(), at: Default::default() };
            if let MessageRuling::Cause(cause, sure) = self.message(message.as_bytes()) {
                let mut found = vec![(cause, sure)];
                self.others(&[mark], &mut found);
                return found;
            }
        }
        paste::as_payload(text).find_map(|(mark, least)| self.guessed(mark, least)).unwrap_or_default()
    }

    /// What a bare text means as the payload of one kind of record, when that is at least so sure.
    fn guessed(&self, mark: Mark<'_>, least: f32) -> Option<Vec<(Cause, f32)>> {
        let found = self.judged(&[mark]);
        found.first().is_some_and(|(c, sure)| !c.is("unknown") && *sure >= least).then_some(found)
    }

    fn judged(&self, marks: &[Mark<'_>]) -> Vec<(Cause, f32)> {
        let ruling = self.decide(marks, &Facts::default());
        let mut found = vec![(ruling.cause, ruling.confidence)];
        found.extend(ruling.runner_up);
        self.others(marks, &mut found);
        found
    }

    /// Adds causes that the same records would mean in other circumstances.
    fn others(&self, marks: &[Mark<'_>], found: &mut Vec<(Cause, f32)>) {
        let seen = Seen::of(marks, &self.echoes);
        let sure = found.first().map_or(0.0, |f| f.1);
        let least =
            self.rules.iter().filter(|r| r.reads_marks() && r.fits_marks(&seen).is_some()).map(|r| (r.cause, r.rank));
        for (cause, rank) in least {
            if found.len() < ANSWERS && rank > 300 && !found.iter().any(|(c, _)| *c == cause) {
                found.push((cause, (1.0 - sure).clamp(0.1, 0.3)));
            }
        }
    }

    fn prose(&self, causes: Vec<(Cause, f32)>) -> Vec<(Explanation, f32)> {
        causes.into_iter().filter_map(|(c, sure)| self.explanation(c).map(|e| (e, sure))).take(ANSWERS).collect()
    }
}
