//! What a tail knows as OpenMetrics text, for Prometheus. In: a `Live`; out: the text of `/metrics`. It must not know
//! how it is served.
//!
//! Written by hand: the counters are already in the shape that is printed, and a client library would want to own them.

use std::fmt::Write;

use crate::model::incident::State;
use crate::model::live::{Live, Mood, TTFB_BOUNDS};

/// The media type of [`metrics`].
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const MOODS: [Mood; 5] = [Mood::Starting, Mood::Calm, Mood::Warning, Mood::Recovering, Mood::Incident];

/// The text, ended by `# EOF`.
pub fn metrics(live: &Live) -> String {
    let mut page = Page::default();
    counters(&mut page, live);
    histogram(&mut page, live);
    standing(&mut page, live);
    page.text + "# EOF\n"
}

fn counters(page: &mut Page, live: &Live) {
    let totals = &live.totals;
    let by_node = [
        ("guru_requests", "Client requests.", &totals.requests),
        ("guru_requests_5xx", "Client requests answered 5xx.", &totals.requests_5xx),
        ("guru_fetches", "Backend fetches.", &totals.fetches),
    ];
    for (name, help, counts) in by_node {
        page.family(name, "counter", help);
        for ((tier, node), n) in counts {
            page.line(&format!("{name}_total"), &[("tier", tier), ("node", node)], *n as f64);
        }
    }
    page.family("guru_failed_fetches", "counter", "Failed backend fetches by cause.");
    for ((tier, node, cause), n) in &totals.failed {
        page.line("guru_failed_fetches_total", &[("tier", tier), ("node", node), ("cause", cause)], *n as f64);
    }
    page.family("guru_verdicts", "counter", "Settled failed fetches by what the origin saw.");
    for (verdict, n) in &totals.verdicts {
        page.line("guru_verdicts_total", &[("verdict", verdict)], *n as f64);
    }
    page.family("guru_lost_bytes", "counter", "Bytes of logs known to be lost.");
    page.line("guru_lost_bytes_total", &[], totals.lost_bytes as f64);
    page.family("guru_gaps", "counter", "Gaps in logs.");
    page.line("guru_gaps_total", &[], totals.gaps as f64);
}

fn histogram(page: &mut Page, live: &Live) {
    page.unit("guru_ttfb_seconds", "histogram", "Time to first byte of the uppermost tier's fetches.", "seconds");
    let mut sum = 0u64;
    for (n, count) in live.totals.ttfb.iter().enumerate() {
        sum = sum.saturating_add(*count);
        let bound = TTFB_BOUNDS.get(n).map_or("+Inf".to_string(), |b| format!("{b:?}"));
        page.line("guru_ttfb_seconds_bucket", &[("le", &bound)], sum as f64);
    }
    page.line("guru_ttfb_seconds_count", &[], sum as f64);
    page.line("guru_ttfb_seconds_sum", &[], live.totals.ttfb_sum_s);
}

fn standing(page: &mut Page, live: &Live) {
    page.unit("guru_lag_seconds", "gauge", "Time between a log's newest line and now.", "seconds");
    for source in &live.sources {
        if let Some(behind) = source.behind_s {
            page.line("guru_lag_seconds", &[("source", &source.path)], behind);
        }
    }
    page.unit("guru_backlog_bytes", "gauge", "Bytes that are there and were not read yet.", "bytes");
    for source in &live.sources {
        page.line("guru_backlog_bytes", &[("source", &source.path)], source.backlog as f64);
    }
    page.family("guru_open_incidents", "gauge", "Incidents that are not over.");
    let open = live.incidents.iter().filter(|i| matches!(i.state, State::Open | State::Recovering | State::Recurring));
    page.line("guru_open_incidents", &[], open.count() as f64);
    page.family("guru_unreached_sinks", "gauge", "Sinks that calls for help do not reach now.");
    page.line("guru_unreached_sinks", &[], live.unreached.len() as f64);
    page.family("guru_mood", "stateset", "How things stand.");
    for mood in MOODS {
        page.line("guru_mood", &[("guru_mood", mood.word())], f64::from(u8::from(mood == live.mood)));
    }
    page.family("guru_build", "info", "This guru.");
    page.line("guru_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
}

/// The text as it grows.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# TYPE {name} {kind}\n# HELP {name} {}", escaped(help));
    }

    fn unit(&mut self, name: &str, kind: &str, help: &str, unit: &str) {
        let _ = writeln!(self.text, "# TYPE {name} {kind}\n# UNIT {name} {unit}\n# HELP {name} {}", escaped(help));
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        for (n, (label, value)) in labels.iter().enumerate() {
            let open = if n == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{open}{label}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {}", number(value));
    }
}

/// A number of the format: an integer where it is one.
fn number(n: f64) -> String {
    if n.is_nan() {
        "NaN".into()
    } else if n.is_infinite() {
        if n > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        n.to_string()
    }
}

/// The three escapes of label values and help texts. Control characters would be legal; they are shown as U+FFFD, as
/// everywhere, because names of files and nodes are chosen by strangers.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
