//! The JSON contract (design: command line and JSON). In: a `Report`; out: JSON that is safe to print on a terminal.
//! It must not know what the fields mean.
//!
//! JSON escapes the ASCII controls itself. What else acts on a terminal or a reader (DEL, C1, direction marks,
//! invisible characters) is escaped here as `\uXXXX`, which any parser reads back as the same text.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::EarlyWarning;
use crate::model::incident::Incident;
use crate::model::report::{ClockOffset, Report, Source, Span, Stored, Totals};

use super::plain::is_unsafe;

/// A report as one indented JSON document, ending in a newline.
pub fn json(report: &Report) -> String {
    safe(serde_json::to_string_pretty(report)) + "\n"
}

/// A report as one object per line: first the report without its incidents (`"type":"report"`), then each incident
/// (`"type":"incident"`), worst first.
pub fn ndjson(report: &Report) -> String {
    let mut out = line(&head(report));
    for incident in &report.incidents {
        out += &line(&IncidentLine { kind: "incident", schema: report.schema, incident });
    }
    out
}

/// Incidents as one JSON array, for the commands that ask the history.
pub fn incidents_json(incidents: &[Incident]) -> String {
    safe(serde_json::to_string_pretty(incidents)) + "\n"
}

/// Incidents as one object per line.
pub fn incidents_ndjson(incidents: &[Incident]) -> String {
    incidents.iter().map(line).collect()
}

/// One incident as an indented JSON document.
pub fn incident_json(incident: &Incident) -> String {
    safe(serde_json::to_string_pretty(incident)) + "\n"
}

/// One object as an indented document.
pub(super) fn document<T: Serialize>(value: &T) -> String {
    safe(serde_json::to_string_pretty(value)) + "\n"
}

/// One object on one line.
pub(super) fn line<T: Serialize>(value: &T) -> String {
    safe(serde_json::to_string(value)) + "\n"
}

/// Serialising plain structs cannot fail; should it ever, the reader is told in the same language.
fn safe(json: serde_json::Result<String>) -> String {
    let json = json.unwrap_or_else(|e| serde_json::json!({"type": "error", "message": e.to_string()}).to_string());
    let is_ours = |c: char| c == '\n' || !is_unsafe(c);
    if json.chars().all(is_ours) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_ours(c) {
            out.push(c);
            continue;
        }
        // Such a character can only stand inside a string: JSON's own signs are none of them.
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[derive(Serialize)]
struct IncidentLine<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    incident: &'r Incident,
}

#[derive(Serialize)]
struct ReportLine<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    span: &'r Option<Span>,
    sources: &'r [Source],
    totals: &'r Totals,
    scattered: &'r Option<u32>,
    clock_offsets: &'r [ClockOffset],
    warnings: &'r [String],
    early_warnings: &'r [EarlyWarning],
    store: &'r Option<Stored>,
    took_ms: u64,
}

fn head(report: &Report) -> ReportLine<'_> {
    // No `..`: a field that is added to the report must find its place here.
    let Report {
        schema,
        span,
        sources,
        totals,
        incidents: _,
        scattered,
        clock_offsets,
        warnings,
        early_warnings,
        store,
        took_ms,
    } = report;
    ReportLine {
        kind: "report",
        schema: *schema,
        span,
        sources,
        totals,
        scattered,
        clock_offsets,
        warnings,
        early_warnings,
        store,
        took_ms: *took_ms,
    }
}

/// A number of the contract rounded to three decimals.
pub(super) fn thousandths(n: f32) -> f64 {
    (f64::from(n) * 1000.0).round() / 1000.0
}
