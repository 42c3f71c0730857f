//! What `guru explain` says of one failure of every cause, kept to be read as prose: a site owner who has never seen
//! Varnish understands the first two lines, an expert finds nothing wrong in the rest. What a machine can check of that
//! is checked here; the snapshots in `tests/explanations` are for people.

use std::path::Path;

use guru::classify::{Rules, general};
use guru::model::incident::Advice;
use guru::model::{Explanation, Fact, Facts, Locator, Mark, MarkKind};
use guru::view::{self, Style};

/// Words that nobody knows who has never run Varnish.
const JARGON: &str = "backend bereq beresp vxid xid vcl fetcherror workspace workspace_backend workspace_client sess \
    errno ttfb htc vsl varnish varnishd varnishlog probe director upstream rst fin syn holddown";

/// What advice must never be.
const FORBIDDEN: [&str; 12] = [
    "purge",
    "ban ",
    "ban.url",
    "empty the cache",
    "flush the cache",
    "restart varnish",
    "restart the cache",
    "systemctl restart",
    "service varnish",
    "set_health",
    "force",
    "kill ",
];

/// A cause's first example in its file that `guru explain` recognises when it is pasted; where numbers are needed to
/// tell it, the first example with numbers.
struct Failure {
    /// As it would be pasted.
    pasted: String,
    /// Numbers that the cause cannot be told without, as in the cause file.
    numbers: Vec<(String, f64)>,
}

/// The cause as it is explained, in the order of the ids.
fn causes() -> Vec<Explanation> {
    let rules = Rules::embedded();
    let mut found: Vec<_> = rules.causes().map(|c| rules.explanation(c).expect("a cause has prose")).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// An example of a cause file.
fn failure(example: &toml::Table) -> Failure {
    let text = |key: &str| example.get(key).and_then(|v| v.as_str()).map(str::to_string);
    let line = |mark: &toml::Value| {
        let (record, text) = mark.as_str().expect("a mark is text").split_once(' ').expect("a record and its text");
        if record == "message" { text.to_string() } else { format!("-   {record:<14} {text}") }
    };
    let marks = || example.get("marks").and_then(|m| m.as_array()).into_iter().flatten().map(line).collect::<Vec<_>>();
    let number = |v: &toml::Value| v.as_float().or(v.as_integer().map(|n| n as f64)).expect("a fact is a number");
    let facts = example.get("facts").and_then(|f| f.as_table()).into_iter().flatten();
    Failure {
        pasted: text("message").or(text("page")).unwrap_or_else(|| marks().join("\n")),
        numbers: facts.map(|(word, value)| (word.clone(), number(value))).collect(),
    }
}

impl Failure {
    fn of(id: &str) -> Failure {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("grammars/causes/{id}.toml"));
        let file: toml::Table = std::fs::read_to_string(&path).expect("a cause file").parse().expect("it is TOML");
        let examples = || file["example"].as_array().expect("examples").iter().filter_map(|e| e.as_table());
        let told_by_text = |f: &Failure| Rules::embedded().explain(&f.pasted).first().is_some_and(|(e, _)| e.id == id);
        let first = examples().map(failure).find(|f| f.numbers.is_empty() && told_by_text(f));
        first.or_else(|| examples().map(failure).find(|f| !f.numbers.is_empty())).expect("an example")
    }

    /// The cause that the rules give it.
    fn cause(&self) -> String {
        let rules = Rules::embedded();
        if self.numbers.is_empty() {
            return rules.explain(&self.pasted).first().map(|(e, _)| e.id.clone()).unwrap_or_default();
        }
        let mut facts = Facts::default();
        for (word, value) in &self.numbers {
            facts.set(Fact::parse(word).expect("a fact"), *value);
        }
        let mark = |line| {
            let record = str::strip_prefix(line, "-   ").and_then(|l| l.split_once(' '));
            let (kind, text) = match record {
                Some((word, text)) => (MarkKind::parse(word).expect("a record"), text.trim_start()),
                None => (MarkKind::Message, line),
            };
            Mark { kind, text: text.as_bytes(), at: Locator::default() }
        };
        let marks: Vec<Mark<'_>> = self.pasted.lines().map(mark).collect();
        rules.decide(&marks, &facts).cause.id().to_string()
    }

    /// The evidence, as it is kept for reading.
    fn shown(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(|(word, value)| format!("{word} = {value}")).collect();
        match numbers.is_empty() {
            true => format!("$ guru explain {:?}", self.pasted),
            false => format!("{}\n    where {}", self.pasted, numbers.join(", ")),
        }
    }
}

/// The page that `guru explain` prints of a cause.
fn page(mut cause: Explanation) -> String {
    cause.advice.iter_mut().for_each(|a| a.command = general(&a.command));
    view::explanation(&cause, &Style::default())
}

/// Fails with all that was found wrong.
#[track_caller]
fn none_of(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

fn of_kind<'e>(cause: &'e Explanation, kind: &str) -> Vec<&'e Advice> {
    cause.advice.iter().filter(|a| a.kind == kind).collect()
}

/// Words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    parts.filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

#[test]
fn one_failure_of_every_cause_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("explanations");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for cause in causes() {
        let failure = Failure::of(&cause.id);
        assert_eq!(failure.cause(), cause.id, "{}", failure.shown());
        let name = cause.id.replace('.', "_");
        settings.bind(|| insta::assert_snapshot!(name, format!("{}\n\n{}", failure.shown(), page(cause))));
    }
}

#[test]
fn the_first_two_lines_need_no_knowledge_of_varnish() {
    let jargon: Vec<&str> = JARGON.split_whitespace().collect();
    let mut wrong = Vec::new();
    for cause in causes() {
        let lines = format!("{}. {}", cause.title, cause.means);
        let words = words(&lines);
        wrong.extend(words.iter().filter(|w| jargon.contains(&w.as_str())).map(|w| format!("{}: {w}", cause.id)));
        if lines.to_lowercase().contains("backend fetch") {
            wrong.push(format!("{}: backend fetch", cause.id));
        }
        // The one word of the trade that titles use is said in plain words beside it.
        if words.iter().any(|w| w == "origin") && !words.iter().any(|w| w == "server" || w == "site") {
            wrong.push(format!("{}: does not say what the origin is: {lines}", cause.id));
        }
    }
    none_of(wrong);
}

#[test]
fn every_explanation_says_how_to_prove_it_and_what_looks_alike() {
    let mut wrong = Vec::new();
    for cause in causes() {
        for (what, missing) in [
            ("how to confirm it", cause.confirm.is_empty()),
            ("where a command ends", cause.confirm.iter().any(|c| c.contains("  "))),
            ("what it is mistaken for", cause.mistaken_for.len() < 20),
            ("what to look at", of_kind(&cause, "look").is_empty()),
        ] {
            wrong.extend(missing.then(|| format!("{} does not say {what}", cause.id)));
        }
    }
    none_of(wrong);
}

#[test]
fn every_change_names_its_cost_and_its_undo_and_every_warning_its_reason() {
    let mut wrong = Vec::new();
    for cause in causes() {
        for a in of_kind(&cause, "change") {
            let cost = a.cost.to_lowercase();
            if !cost.contains("undo") {
                wrong.push(format!("{}: no undo: {}", cause.id, a.text));
            }
            let told = words(&format!("{} {}", a.text, a.knob));
            let waits = told.iter().any(|w| w.ends_with("timeout")) || a.text.contains("limit");
            let longer = told.iter().any(|w| ["longer", "raise", "lengthen", "wait", "higher"].contains(&w.as_str()));
            if waits
                && longer
                && !["held", "hold", "thread", "worker", "load", "memory"].iter().any(|w| cost.contains(w))
            {
                wrong.push(format!("{}: longer waits without their cost: {}", cause.id, a.text));
            }
        }
        let bare = |a: &&Advice| ![": ", ", because ", ". "].iter().any(|s| a.text.contains(s));
        wrong.extend(of_kind(&cause, "NOT").into_iter().filter(bare).map(|a| format!("{}: why? {}", cause.id, a.text)));
    }
    none_of(wrong);
}

#[test]
fn no_advice_touches_what_still_works() {
    let mut wrong = Vec::new();
    for cause in causes() {
        for a in cause.advice.iter().filter(|a| a.kind != "NOT") {
            let text = format!("{} {} {} {}", a.text, a.knob, a.cost, a.command).to_lowercase();
            wrong.extend(
                FORBIDDEN.iter().filter(|f| text.contains(**f)).map(|f| format!("{}: {f:?}: {text}", cause.id)),
            );
        }
    }
    none_of(wrong);
}

#[test]
fn an_outage_is_bridged_by_grace() {
    let outages = ["connection.refused", "connection.unreachable", "maintenance", "dns", "health.sick"];
    for cause in causes().iter().filter(|c| outages.contains(&c.id.as_str())) {
        let grace = cause.advice.iter().find(|a| a.kind == "change" && a.knob == "beresp.grace");
        assert!(grace.is_some_and(|a| a.default == "10 s" && !a.cost.is_empty()), "{}", cause.id);
    }
}

#[test]
fn lines_fit_the_screen_but_for_commands_to_paste() {
    let mut wrong = Vec::new();
    for cause in causes() {
        let commands: Vec<String> = cause.advice.iter().map(|a| general(&a.command)).collect();
        for line in page(cause).lines().filter(|l| l.chars().count() > 80) {
            let pasted = line.trim().trim_start_matches("$ ").trim_end_matches(" \\");
            wrong.extend((!commands.iter().any(|c| c.contains(pasted))).then(|| line.to_string()));
        }
    }
    none_of(wrong);
}
