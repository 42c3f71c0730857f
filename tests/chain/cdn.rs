//! What a CDN in front would have logged of requests that a cache or an origin behind it served.

use chrono::DateTime;
use serde_json::json;

use super::served::{Asked, SECOND};

/// How Cloudflare writes its stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamps {
    /// Whole seconds.
    Rfc3339,
    UnixNano,
}

impl Stamps {
    fn of(self, us: i64) -> serde_json::Value {
        match self {
            Stamps::Rfc3339 => shown(us, "%Y-%m-%dT%H:%M:%SZ").into(),
            Stamps::UnixNano => (us * 1000).into(),
        }
    }
}

/// A moment in a format; UTC.
pub fn shown(us: i64, format: &str) -> String {
    DateTime::from_timestamp_micros(us).unwrap().format(format).to_string()
}

/// The way between a visitor and the cache, there and back.
const WAY: i64 = 9_000;

/// A CDN's clock, and whether its lines name requests.
#[derive(Clone, Copy, Debug)]
pub struct Cloudflare {
    pub stamps: Stamps,
    /// Microseconds that its clock is ahead of the cache's.
    pub ahead: i64,
}

impl Cloudflare {
    /// The line of a request that the CDN fetched.
    pub fn line(&self, a: &Asked) -> serde_json::Value {
        let (start, end) = (a.start - WAY + self.ahead, a.end + WAY + self.ahead);
        json!({
            "CacheCacheStatus": "dynamic", "ClientIP": "192.0.2.11", "ClientRequestHost": a.host,
            "ClientRequestMethod": a.method, "ClientRequestSource": "eyeball", "ClientRequestURI": a.url,
            "ClientRequestUserAgent": a.agent, "EdgeColoCode": a.pop(),
            "EdgeEndTimestamp": self.stamps.of(end), "EdgeStartTimestamp": self.stamps.of(start),
            "EdgeResponseBytes": a.bytes, "EdgeResponseStatus": a.status, "EdgeServerIP": "203.0.113.77",
            "OriginIP": "198.51.100.20", "OriginResponseDurationMs": (end - start - WAY) / 1000,
            "OriginResponseStatus": a.status, "ParentRayID": "00", "RayID": a.ray(),
        })
    }

    /// The log, in order of ending.
    pub fn log(&self, asked: &[Asked], change: impl Fn(&Asked, &mut serde_json::Value)) -> String {
        let mut all: Vec<&Asked> = asked.iter().collect();
        all.sort_by_key(|a| a.end);
        let line = |a: &&Asked| {
            let mut line = self.line(a);
            change(a, &mut line);
            format!("{line}\n")
        };
        all.iter().map(line).collect()
    }
}

/// CloudFront's standard log, version 1: whole seconds at the end.
pub fn cloudfront(asked: &[Asked]) -> String {
    let columns = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type";
    let mut out = format!("#Version: 1.0\n#Fields: {columns}\n");
    for a in asked {
        let (result, detail) = match a.status {
            504 => ("Error", "OriginCommError"),
            500.. => ("Error", "OriginError"),
            _ => ("Miss", "Miss"),
        };
        let (stem, query) = a.url.split_once('?').unwrap_or((&a.url, "-"));
        let took = (a.end - a.start + 2 * WAY) as f64 / SECOND as f64;
        out.push_str(&format!(
            "{}\t{}-C1\t{}\t192.0.2.10\t{}\td111.cloudfront.net\t{stem}\t{}\t-\t{}\t{query}\t-\t{result}\t{}\t{}\thttps\t23\t{took:.3}\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\tHTTP/2.0\t-\t-\t11040\t{took:.3}\t{detail}\n",
            shown(a.end + WAY, "%Y-%m-%d\t%H:%M:%S"),
            a.pop(),
            a.bytes,
            a.method,
            a.status,
            a.agent.replace('%', "%25").replace(' ', "%20"),
            a.ray(),
            a.host,
        ));
    }
    out
}
