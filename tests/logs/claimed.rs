//! Which formats read which logs: nothing but its own format claims a log, except where the same text is the log of
//! several products.

use std::fmt::Write;

use guru::grammar::Framing;

use crate::alike::same_text;
use crate::support::{Folder, LIBRARY};
use crate::{LOGS, log};

/// Formats that read at least half of the lines, with the share that they read.
fn claims(bytes: &[u8]) -> Vec<(String, f32)> {
    let names: Vec<String> = LIBRARY.names().map(str::to_string).collect();
    let share = |name: &String| {
        let found = LIBRARY.only(name).expect("it is known").detect(bytes, "");
        found.grammar.map(|_| found.confidence)
    };
    let claimed = names.into_iter().filter_map(|name| share(&name).map(|s| (name, s)));
    claimed.collect()
}

/// The log without what a shipper put around it.
fn bare(name: &str) -> Vec<u8> {
    let mut folder = Folder::new();
    folder.add("x.log", None, &log(name));
    let bytes = log(name);
    let logs = guru::pipeline::logs(&folder.files()[0], &bytes, &LIBRARY, None).logs;
    logs.into_iter().next().map(|l| l.head).filter(|h| !h.is_empty()).unwrap_or(bytes)
}

#[test]
fn a_log_is_claimed_by_its_own_format_or_by_those_that_write_the_same_text() {
    let mut rows: Vec<(String, String, Vec<u8>)> = Vec::new();
    for grammar in LIBRARY.grammars().iter().filter(|g| g.framing != Framing::VslBinary) {
        let good = grammar.samples.iter().filter(|s| !s.rejected);
        let lines: Vec<Vec<u8>> = good.map(|s| s.bytes(grammar.framing).expect("bytes")).collect();
        // Samples with headers of their own are no log together.
        let longest = || lines.iter().max_by_key(|l| l.len()).expect("a format has samples").clone();
        let log = if grammar.heading.is_some() { longest() } else { lines.join(&b'\n') };
        rows.push((format!("samples of {}", grammar.name), grammar.name.clone(), log));
    }
    rows.extend(LOGS.map(|(name, format)| (format!("{name}.log"), format.to_string(), bare(name))));
    let (mut matrix, mut wrong) = (String::new(), Vec::new());
    for (row, own, bytes) in rows {
        let mut claims = claims(&bytes);
        claims.sort_by(|a, b| (a.0 != own).cmp(&(b.0 != own)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0)));
        let told: Vec<String> = claims.iter().map(|(name, s)| format!("{name} {:.0}", s * 100.0)).collect();
        writeln!(matrix, "{row}: {}", told.join(", ")).expect("a string takes it");
        if claims.first().is_none_or(|(name, _)| *name != own) {
            wrong.push(format!("{row} is not claimed by {own}"));
        }
        wrong.extend(
            claims.iter().filter(|(n, _)| !same_text(n, &own)).map(|(n, _)| format!("{row} is claimed by {n}")),
        );
    }
    insta::assert_snapshot!("which_formats_claim_which_logs", matrix);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
