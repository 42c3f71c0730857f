//! What a ticket says, part by part. In: a `Dossier`; out: titles and rows, already cleaned. It must not know whether they
//! become plain text or Markdown.

use super::super::clean::Clean;
use super::super::deed::saw;
use super::super::ruled_out::{questions, ruled_out};
use super::super::style::Style;
use super::super::sums;
use super::super::table::lasted;
use super::super::words::{count, counted, offset};
use super::super::zone::Zone;
use crate::model::dossier::{BackendSeen, Dossier, Sample};
use crate::model::incident::Quote;
use crate::model::{Stamp, Verdict};

/// A title and what stands below it.
pub(super) struct Part {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// What a part is made of.
pub(super) enum Row {
    /// A sentence.
    Said(String),
    /// One of several.
    Item(String),
    /// One failed request; its lines follow.
    Sample(String),
    /// A line of a log.
    Line { place: String, text: String },
}

/// Records of the fetching side that are quoted of each sample.
const OWN: usize = 3;

fn cleaner(d: &Dossier) -> Clean {
    let seen = d.backends.iter().map(|b| b.address.as_str());
    Clean::of(seen.chain(d.samples.iter().map(|s| s.address.as_str())))
}

/// One line that says what, where and when.
pub(super) fn subject(d: &Dossier) -> String {
    let i = &d.incident;
    let to = d.backends.first().map(|b| format!(" to {}", named(b))).unwrap_or_default();
    let noun = if i.failures == 1 { "failed request" } else { "failed requests" };
    cleaner(d).text(&format!("{} {noun}{to}, {}", count(i.failures), Zone::Utc.span(i.opened_at, i.closed_at)))
}

fn named(b: &BackendSeen) -> String {
    match (b.backend.as_str(), b.address.as_str()) {
        ("", "") => "the origin".to_string(),
        ("", address) => address.to_string(),
        (name, "") => name.to_string(),
        (name, address) => format!("{name} ({address})"),
    }
}

/// The parts, those without rows left out.
pub(super) fn parts(d: &Dossier, style: &Style) -> Vec<Part> {
    let clean = cleaner(d);
    let items = |all: Vec<String>| all.iter().map(|text| Row::Item(clean.text(text))).collect();
    let all = [
        Part { title: "What happened", rows: what(d, &clean) },
        Part { title: "When", rows: items(when(d, style)) },
        Part { title: "Where", rows: items(d.backends.iter().map(place).collect()) },
        Part { title: "How many", rows: items(how_many(d)) },
        Part {
            title: "Most hit",
            rows: items(d.incident.harm.top_urls.iter().map(|(url, n)| format!("{url}: {}", count(*n))).collect()),
        },
        Part { title: "Samples", rows: d.samples.iter().flat_map(|s| sample(s, &clean, style)).collect() },
        Part { title: "Already ruled out", rows: items(ruled_out(d)) },
        Part { title: "What we ask", rows: items(questions(d)) },
    ];
    all.into_iter().filter(|p| !p.rows.is_empty()).collect()
}

fn what(d: &Dossier, clean: &Clean) -> Vec<Row> {
    let said = [d.incident.in_short.as_str()].into_iter().filter(|s| !s.is_empty());
    said.map(|text| Row::Said(clean.text(text))).collect()
}

/// A moment in UTC, and in the zone of whoever writes.
fn moment(at: Stamp, style: &Style) -> String {
    if !at.is_known() {
        return "at an unknown time".to_string();
    }
    let utc = at.rfc3339();
    if style.zone.offset(at) == 0 {
        return utc;
    }
    let zone = style.zone;
    format!("{utc} = {} {} {}", zone.day_and_year(at), zone.second(at), zone.offset_word(at))
}

fn when(d: &Dossier, style: &Style) -> Vec<String> {
    let i = &d.incident;
    let mut out =
        vec![format!("first: {}", moment(i.opened_at, style)), format!("last:  {}", moment(i.closed_at, style))];
    out.push(match i.rate_per_hour {
        Some(rate) if rate.is_finite() => format!("again and again for {}, {rate:.1} per hour", lasted(i)),
        _ => format!("for {}", lasted(i)),
    });
    for c in &d.clocks {
        out.push(format!(
            "the clock of {} against that of {}: {} (times of its lines are as it wrote them)",
            c.to,
            c.from,
            offset(c.offset_ms, c.error_ms)
        ));
    }
    out
}

fn place(b: &BackendSeen) -> String {
    let zone = Zone::Utc;
    let same_day = zone.same_day(b.first, b.last);
    let last = if same_day { zone.second(b.last) } else { b.last.rfc3339() };
    format!("{} failed: {} to {}, {} to {last} UTC", count(b.failures), b.node, named(b), b.first.rfc3339())
}

fn how_many(d: &Dossier) -> Vec<String> {
    let i = &d.incident;
    let mut out = vec![format!("{} failed", counted(i.failures, "request"))];
    let statuses: Vec<String> =
        d.statuses.iter().filter(|(s, _)| *s > 0).map(|(s, n)| format!("{} x {s}", count(*n))).collect();
    if !statuses.is_empty() {
        out.push(format!("our visitors got: {}", statuses.join(", ")));
    }
    if i.harm.visitors_5xx > 0 {
        out.push(format!("{} saw an error page", counted(i.harm.visitors_5xx, "visitor")));
    }
    let causes = sums::causes(&i.causes);
    if !causes.is_empty() {
        out.push(format!("by cause: {causes}"));
    }
    let verdicts = sums::verdicts(&i.verdicts).join(" ");
    if !verdicts.is_empty() {
        out.push(format!("by what your side saw: {verdicts}"));
    }
    out.extend(i.limits.iter().map(|l| format!("we gave up after {} ({})", seconds(l.ms), l.knob)));
    out
}

fn sample(s: &Sample, clean: &Clean, style: &Style) -> Vec<Row> {
    let got = if s.status > 0 { format!(", our visitor got {}", s.status) } else { String::new() };
    let waited = s.gave_up.since(s.at).map(|us| format!(" after {}", seconds(us as f64 / 1000.0))).unwrap_or_default();
    let backend = BackendSeen {
        backend: s.backend.clone(),
        address: s.address.clone(),
        node: String::new(),
        failures: 0,
        first: Stamp::NONE,
        last: Stamp::NONE,
    };
    let vxid = if s.vxid > 0 { format!(", transaction {}", s.vxid) } else { String::new() };
    let seen = Verdict::parse(&s.verdict).map_or("", |v| saw(v));
    // Piece by piece: an address is found where a name ends.
    let [method, host, url, node] = [&s.method, &s.host, &s.url, &s.node].map(|text| clean.text(text));
    let (cause, backend) = (clean.text(&s.cause), clean.text(&named(&backend)));
    let head = format!(
        "{}: {method} {host}{url} to {backend} by {node}{vxid}: {cause}{waited}{got}; {seen}",
        moment(s.at, style)
    );
    let mut rows = vec![Row::Sample(head)];
    rows.extend(s.own.iter().take(OWN).map(|q| line("ours", q, clean)));
    rows.extend(s.origin.iter().map(|q| line("yours", q, clean)));
    rows.extend(s.origin_error.iter().map(|q| line("yours", q, clean)));
    rows
}

/// `0.04 ms`, `12 ms`, `1.5 s`: what somebody else looks for.
fn seconds(ms: f64) -> String {
    let (value, unit) = if ms < 1000.0 { (ms, "ms") } else { (ms / 1000.0, "s") };
    let text = format!("{value:.2}");
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn line(whose: &str, q: &Quote, clean: &Clean) -> Row {
    let at = match q.offset {
        Some(byte) => format!(" byte {byte}"),
        None if q.line > 0 => format!(":{}", q.line),
        None => String::new(),
    };
    Row::Line { place: clean.text(&format!("{whose}, {}{at}", q.file)), text: clean.text(&q.text) }
}
