//! What was observed of an incident, as far as advice needs it. In: its failed fetches; out: names and figures. It must
//! not know what they are used for.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{needed_ms, sent_header};
use crate::model::{Fact, Failure, Text, Verdict, redact};

/// Names and figures.
#[derive(Debug, Default)]
pub struct Observed {
    /// The headline cause.
    pub cause: String,
    /// Host of the most frequent request.
    pub host: String,
    /// Path and query of it, redacted.
    pub url: String,
    /// Its backend.
    pub backend: String,
    /// Where that is: address and port together, and apart.
    pub server: String,
    /// The address alone.
    pub address: String,
    /// The port alone.
    pub port: String,
    /// `http` or `https`, by the port.
    pub scheme: String,
    /// Failed fetches of the headline cause.
    pub of: usize,
    /// How long answers that came too late would have had to be waited for: milliseconds, sorted.
    pub needed: Vec<f64>,
    /// How long was waited for each of them.
    pub waited: f64,
    /// Of the failed ones, those of which nobody knows how long they would have taken.
    pub censored: usize,
    /// Most header lines of an answer.
    pub header_lines: Option<u64>,
    /// Most header bytes that the next tier sent.
    pub header_bytes: Option<u64>,
    /// Of the failed ones, those on a kept-alive connection.
    pub reused: usize,
    /// Most other requests of the same kind that were open when one began.
    pub open_beside: Option<u64>,
    /// The name that nobody could resolve, where a message names it.
    pub name: String,
    /// The programs that met the trouble; empty where that is not known of any.
    pub broke_at: BTreeSet<String>,
    /// The programs that made the fetches; empty where that is not known of any.
    pub made_by: BTreeSet<String>,
    /// From the first failure to the last, milliseconds.
    pub lasted_ms: f64,
}

impl Observed {
    /// What the failed fetches of one cause show; of all where none is of that cause.
    pub fn of(members: &[&Failure], cause: &str) -> Observed {
        let headline: Vec<&&Failure> = members.iter().filter(|f| f.ruling.cause.is(cause)).collect();
        let all: Vec<&&Failure> = if headline.is_empty() { members.iter().collect() } else { headline };
        let most = |fact: Fact| {
            all.iter().filter_map(|f| f.facts.get(fact)).reduce(f64::max).filter(|n| *n > 0.0).map(|n| n as u64)
        };
        let mut needed: Vec<f64> = all.iter().filter_map(|f| needed_ms(f)).collect();
        needed.sort_by(f64::total_cmp);
        let censored = all.iter().filter(|f| is_censored(f)).count();
        let first = members.iter().map(|f| f.started).filter(|t| t.is_known()).min().unwrap_or_default();
        let last = members.iter().map(|f| f.ended.or(f.started)).max().unwrap_or_default();
        Observed {
            cause: cause.to_string(),
            of: all.len(),
            waited: all.iter().filter_map(|f| super::figures::waited_ms(f)).fold(0.0, f64::max),
            needed,
            censored,
            header_lines: most(Fact::HeaderCount),
            header_bytes: all.iter().filter_map(|f| sent_header(f)).map(|n| n as u64).max(),
            reused: all.iter().filter(|f| f.facts.get(Fact::Reused) == Some(1.0)).count(),
            open_beside: most(Fact::OpenBeside),
            name: all.iter().find_map(|f| unresolved(f)).unwrap_or_default(),
            broke_at: programs(&all, |f| f.broke_at),
            made_by: programs(&all, |f| f.program),
            lasted_ms: last.since(first).unwrap_or(0).max(0) as f64 / 1000.0,
            ..named(&all)
        }
    }
}

/// The name in "NAME could not be resolved" (nginx).
fn unresolved(f: &Failure) -> Option<String> {
    let own = f.marks.iter().map(|m| m.text).chain(f.origin_error.map(|n| n.text));
    own.into_iter().find_map(|text| {
        let text = text.lossy().into_owned();
        let (before, _) = text.split_once(" could not be resolved")?;
        let name = before.rsplit(' ').next()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        (!name.is_empty() && name.bytes().all(plain)).then(|| name.to_string())
    })
}

fn programs(all: &[&&Failure], of: impl Fn(&Failure) -> Text) -> BTreeSet<String> {
    all.iter().map(|f| of(f)).filter(|p| !p.is_empty()).map(|p| p.lossy().into_owned()).collect()
}

/// Nobody knows how long it would have taken: we hung up, or no line was found.
fn is_censored(f: &Failure) -> bool {
    f.verdict == Verdict::OriginAborted || (f.link.is_none() && f.verdict != Verdict::NotSent)
}

/// The names of the most frequent request; of equals the first by name, so that the same logs give the same advice.
fn named(all: &[&&Failure]) -> Observed {
    let mut times: BTreeMap<(String, String, String, String), usize> = BTreeMap::new();
    let word = |t: Text| t.lossy().into_owned();
    for f in all {
        let key = (word(f.host), redact(&f.url.bytes()), word(f.backend), word(f.backend_addr));
        *times.entry(key).or_default() += 1;
    }
    let most = times.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
    let Some(((host, url, backend, server), _)) = most else { return Observed::default() };
    // A name given by the VCL label (boot.web) is not what varnishadm calls it in the active VCL.
    let backend = backend.rsplit('.').next().unwrap_or_default().to_string();
    // Nobody connects to the socket of php-fpm with curl.
    let is_socket = server.contains('/');
    let (address, port) = server.rsplit_once(':').filter(|_| !is_socket).unwrap_or(("", ""));
    let (address, port) = (address.trim_matches(['[', ']']).to_string(), port.to_string());
    let host =
        host.rsplit_once(':').filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit())).map_or(host.as_str(), |(h, _)| h);
    let scheme = if matches!(port.as_str(), "443" | "8443") { "https" } else { "http" };
    let (host, scheme) = (host.to_string(), scheme.to_string());
    Observed { host, url: requested(&url), backend, address, port, server, scheme, ..Observed::default() }
}

/// A path as it can be asked for: what was masked has a word in its place, and blanks are encoded.
fn requested(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once("<redacted") {
        out += before;
        out += "REDACTED";
        rest = after.split_once('>').map_or("", |(_, behind)| behind);
    }
    (out + rest).replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_masked_can_be_asked_for() {
        assert_eq!(requested("/a?token=<redacted 6 bytes>&b=c d"), "/a?token=REDACTED&b=c%20d");
        assert_eq!(requested("/a?filter[color]=red"), "/a?filter[color]=red");
    }
}
