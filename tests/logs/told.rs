//! What is told of every sample log: its events, and its failed fetches with their causes. Read the snapshots by eye,
//! beside the log and the catalogue of error words.

use guru::pipeline::Analysis;

use crate::recognised::read;
use crate::support::Folder;
use crate::{LOGS, log};

#[test]
fn events_are_what_a_person_reads_in_the_lines() {
    for (name, _) in LOGS {
        let file = format!("{name}.log");
        let events = read(&file, &log(name)).events.join("\n");
        insta::assert_snapshot!(format!("events of {name}").replace([' ', '-'], "_"), events);
    }
}

/// One failed fetch a line: where, what the client got, why and how sure, what the next tier saw, what decided.
fn failures(analysis: &Analysis, log: &[u8]) -> String {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for f in &analysis.failures {
        let line = 1 + log[..f.at.offset as usize].iter().filter(|b| **b == b'\n').count();
        let marks: Vec<String> = f.marks.iter().map(|m| format!("{} {}", m.kind.word(), m.text.lossy())).collect();
        let (cause, sure) = (f.ruling.cause.id(), f.ruling.confidence);
        let (status, outcome) = (f.status, f.outcome.word());
        let (verdict, impact) = (f.verdict.word(), f.impact.word());
        let marks = marks.join(" | ");
        lines.push((
            line,
            format!("{line:>2}  {status} {outcome:<7}  {cause} {sure:.2}  {verdict}, {impact}  {marks}\n"),
        ));
    }
    lines.sort();
    let apart = serde_json::to_string(&analysis.report.totals.not_origin).expect("counts are JSON");
    lines.into_iter().map(|(_, text)| text).chain([format!("not the origin's: {apart}\n")]).collect()
}

#[test]
fn failed_fetches_have_the_causes_of_their_words() {
    for (name, _) in LOGS {
        let bytes = log(name);
        let mut folder = Folder::new();
        folder.add(&format!("{name}.log"), None, &bytes);
        let analysis = folder.run();
        assert_eq!(analysis.report.violated_laws(), Vec::<String>::new(), "{name}");
        insta::assert_snapshot!(format!("failures of {name}").replace([' ', '-'], "_"), failures(&analysis, &bytes));
    }
}
