//! How near the answers of one backend come to the limits of who fetches them. In: pulses by hour and the limits that
//! failures agree on; out: warnings. It must not know of connections.
//!
//! Limits are the defaults of Varnish 6.0 to 8.0 and of nginx, unless failures show the one in force; each warning says
//! which it is.

use super::super::context::Context;
use super::Seen;
use crate::model::{Concern, EarlyWarning, Fact, Stamp, Tier};

/// `http_resp_size`: all response headers together.
const HEADER_BYTES: u64 = 32 << 10;
/// `http_max_hdr` is 64, of which Varnish takes 5; it adds up to 5 more when it delivers: from 54 lines on it fails.
const HEADER_LINES: u64 = 54;
/// `first_byte_timeout` of Varnish and `proxy_read_timeout` of nginx, milliseconds.
const FIRST_BYTE_MS: f64 = 60_000.0;
/// From this share of a limit on, sizes are worth a look.
const NEAR_SIZE: f64 = 0.7;
/// From this share of a timeout on, the slowest of a hundred answers are worth a look.
const NEAR_TIME: f64 = 0.5;
/// What came later than this share of the timeout is a near miss.
const NEAR_MISS: f64 = 0.8;
/// Fewer near misses are chance.
const MISSES: u64 = 3;
/// What is within this share of the limit may have been cut off by it.
const CUT_OFF: f64 = 0.97;
/// Answers without which a percentile says nothing.
const ENOUGH: u64 = 100;
/// A size that became so many times larger has grown.
const GROWN: f64 = 1.25;

/// What to watch of one backend.
pub fn warnings(seen: &Seen<'_>, context: &Context<'_>) -> Vec<EarlyWarning> {
    let reading = context.reading(seen.series);
    let mut out = Vec::new();
    if reading.grammar.framing.is_vsl() {
        out.extend(header_bytes(seen, context));
        out.extend(header_lines(seen, context));
    }
    if matches!(reading.series.tier, Tier::Cache | Tier::Origin) {
        out.extend(first_byte(seen, context));
    }
    out
}

fn header_bytes(seen: &Seen<'_>, context: &Context<'_>) -> Option<EarlyWarning> {
    if seen.failed_with(&["oversized.headers_total", "oversized.workspace"]) > 0 {
        return None;
    }
    let sizes: Vec<(Stamp, u64)> = seen.slices.iter().map(|(at, p)| (*at, p.header_bytes)).collect();
    let (at, most) = largest(&sizes)?;
    let text = format!(
        "response headers of up to {most} bytes, {} of http_resp_size ({HEADER_BYTES} by default){}",
        percent(most as f64 / HEADER_BYTES as f64),
        grown(&sizes)
    );
    let near = most as f64 >= NEAR_SIZE * HEADER_BYTES as f64 && most <= HEADER_BYTES;
    near.then(|| EarlyWarning {
        kind: Concern::HeaderBytes,
        node: seen.node(context),
        backend: seen.backend.lossy().into_owned(),
        cause: "oversized.headers_total".into(),
        text,
        advice: "make the application send less (cookies, CSP), or raise http_resp_size and workspace_backend together"
            .into(),
        seen: most as f64,
        limit: Some(HEADER_BYTES as f64),
        unit: "bytes",
        at,
    })
}

fn header_lines(seen: &Seen<'_>, context: &Context<'_>) -> Option<EarlyWarning> {
    if seen.failed_with(&["oversized.header_count"]) > 0 {
        return None;
    }
    let counts: Vec<(Stamp, u64)> = seen.slices.iter().map(|(at, p)| (*at, u64::from(p.header_lines))).collect();
    let (at, most) = largest(&counts)?;
    let text = format!(
        "answers of up to {most} header lines; at {HEADER_LINES} the default http_max_hdr of 64 is full{}",
        grown(&counts)
    );
    let near = most as f64 >= NEAR_SIZE * HEADER_LINES as f64 && most < HEADER_LINES + 6;
    near.then(|| EarlyWarning {
        kind: Concern::HeaderLines,
        node: seen.node(context),
        backend: seen.backend.lossy().into_owned(),
        cause: "oversized.header_count".into(),
        text,
        advice: "send fewer headers, or varnishadm param.set http_max_hdr 128".into(),
        seen: most as f64,
        limit: Some(HEADER_LINES as f64),
        unit: "lines",
        at,
    })
}

fn first_byte(seen: &Seen<'_>, context: &Context<'_>) -> Vec<EarlyWarning> {
    let learnt = seen.failures.iter().filter(|f| f.ruling.cause.is("timeout.first_byte"));
    let learnt = learnt.filter_map(|f| f.facts.get(Fact::LearntLimitMs)).reduce(f64::max);
    let limit = learnt.unwrap_or(FIRST_BYTE_MS);
    let whose = if learnt.is_some() { "as the failures show" } else { "by default" };
    let all = seen.whole();
    let p99 = all.percentile_ms(0.99).filter(|_| all.waits() >= ENOUGH);
    let worst = || seen.slices.iter().max_by_key(|(_, p)| p.percentile_ms(0.99).map_or(0, |ms| ms as u64));
    let warning = |kind, figure, unit, text| EarlyWarning {
        kind,
        node: seen.node(context),
        backend: seen.backend.lossy().into_owned(),
        cause: "timeout.first_byte".into(),
        text,
        advice: "find out what is slow before it times out: guru explain timeout.first_byte".into(),
        seen: figure,
        limit: Some(limit),
        unit,
        at: worst().map_or(Stamp::NONE, |(at, _)| *at),
    };
    let mut out = Vec::new();
    if let Some(ms) = p99.filter(|ms| *ms >= NEAR_TIME * limit && *ms < CUT_OFF * limit) {
        let text = format!(
            "one answer in a hundred begins only after {:.1} s or more; the limit is {} s {whose}",
            ms / 1000.0,
            limit / 1000.0
        );
        out.push(warning(Concern::FirstByte, ms, "ms", text));
    }
    let near = all.between(NEAR_MISS * limit, CUT_OFF * limit);
    if near >= MISSES {
        let text =
            format!("{near} answers came in the last fifth before the time limit of {} s ({whose})", limit / 1000.0);
        out.push(warning(Concern::NearMiss, near as f64, "times", text));
    }
    out
}

/// The largest figure, and the first slice that has it.
fn largest(figures: &[(Stamp, u64)]) -> Option<(Stamp, u64)> {
    figures.iter().copied().max_by_key(|(at, n)| (*n, std::cmp::Reverse(*at))).filter(|(_, n)| *n > 0)
}

/// How the largest figure of the last third compares with that of the first, in words; empty unless it grew.
fn grown(figures: &[(Stamp, u64)]) -> String {
    let third = figures.len() / 3;
    let (Some((_, first)), Some((_, last))) = (largest(&figures[..third]), largest(&figures[figures.len() - third..]))
    else {
        return String::new();
    };
    let days = figures[figures.len() - 1].0.since(figures[0].0).unwrap_or(0) as f64 / 86_400e6;
    if (last as f64) < GROWN * first as f64 {
        return String::new();
    }
    let span = if days < 2.0 { format!("{:.0} hours", days * 24.0) } else { format!("{days:.0} days") };
    format!("; grew from {first} within {span}")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stamp::MINUTE;

    #[test]
    fn growth_is_told_from_the_first_third_to_the_last() {
        let hours = |sizes: &[u64]| -> Vec<(Stamp, u64)> {
            sizes.iter().enumerate().map(|(n, s)| (Stamp(n as i64 * 60 * MINUTE), *s)).collect()
        };
        assert_eq!(
            grown(&hours(&[10_000, 12_000, 12_000, 14_000, 20_000, 25_000])),
            "; grew from 12000 within 5 hours"
        );
        assert_eq!(grown(&hours(&[20_000, 12_000, 24_000])), "");
        assert_eq!(grown(&hours(&[20_000, 40_000])), "", "two hours tell no growth");
        assert_eq!(largest(&hours(&[3, 9, 9])), Some((Stamp(60 * MINUTE), 9)));
    }
}
