//! Made-up CDN logs. In: one request; out: its line as CloudFront's standard log and as Cloudflare's Logpush write it.
//! It must not know how they are read.

use std::io::Write;

use super::input::{Hit, parts};

/// The header of CloudFront's standard log, which stands above the first line.
const FIELDS: &str = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem \
    sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header \
    cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type \
    cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
    sc-content-type sc-content-len sc-range-start sc-range-end\n";

/// CloudFront standard log, version 1.
pub fn cloudfront(text: &mut Vec<u8>, hit: &Hit) {
    if text.is_empty() {
        text.extend_from_slice(FIELDS.as_bytes());
    }
    let (second, _) = parts(hit.at + hit.took);
    let (h, m, s) = (second / 3600 % 24, second / 60 % 60, second % 60);
    let (status, kind, detail) = if hit.failed { (504, "Error", "OriginCommError") } else { (200, "Miss", "Miss") };
    let (path, query) = hit.url.split_once('?').unwrap_or((&hit.url, "-"));
    let _ = writeln!(
        text,
        "2026-11-20\t{h:02}:{m:02}:{s:02}\tAMS1-P2\t{}\t192.0.2.{}\tGET\td111111abcdef8.cloudfront.net\t{path}\t{status}\t-\t\
         {}\t{query}\t-\t{kind}\tKq{:010}vT3mQeBnR7wLsYpA1cUdHgFjOiN5k6t8xZ4aVbEMrDP2G==\t{}\thttps\t412\t{}.{:03}\t-\t\
         TLSv1.3\tTLS_AES_128_GCM_SHA256\t{kind}\tHTTP/2.0\t-\t-\t40001\t0.090\t{detail}\ttext/html\t{}\t-\t-",
        hit.bytes + 369,
        hit.client,
        hit.agent.replace(' ', "%2520"),
        hit.n,
        hit.host,
        hit.took / 1_000_000,
        hit.took / 1000 % 1000,
        hit.bytes,
    );
}

/// Cloudflare Logpush, `http_requests` as JSON lines with nanoseconds.
pub fn cloudflare(text: &mut Vec<u8>, hit: &Hit) {
    let (edge, origin) = if hit.failed { (522, 0) } else { (200, 200) };
    let path = hit.url.split('?').next().unwrap_or_default();
    let _ = writeln!(
        text,
        "{{\"CacheCacheStatus\":\"dynamic\",\"ClientASN\":64500,\"ClientCountry\":\"nl\",\"ClientIP\":\"192.0.2.{}\",\
         \"ClientRequestBytes\":412,\"ClientRequestHost\":\"{}\",\"ClientRequestMethod\":\"GET\",\"ClientRequestPath\":\"{path}\",\
         \"ClientRequestProtocol\":\"HTTP/2\",\"ClientRequestReferer\":\"\",\"ClientRequestScheme\":\"https\",\
         \"ClientRequestSource\":\"eyeball\",\"ClientRequestURI\":\"{}\",\"ClientRequestUserAgent\":\"{}\",\
         \"EdgeColoCode\":\"AMS\",\"EdgeEndTimestamp\":{}000,\"EdgeResponseBytes\":{},\"EdgeResponseStatus\":{edge},\
         \"EdgeServerIP\":\"203.0.113.9\",\"EdgeStartTimestamp\":{}000,\"EdgeTimeToFirstByteMs\":{},\
         \"OriginDNSResponseTimeMs\":0,\"OriginIP\":\"198.51.100.20\",\"OriginResponseDurationMs\":{},\
         \"OriginResponseStatus\":{origin},\"OriginSSLProtocol\":\"TLSv1.3\",\"ParentRayID\":\"00\",\"RayID\":\"{:016x}\",\
         \"RequestHeaders\":{{\"accept\":\"text/html\",\"x-q\":\"a \\\"b\\\"\"}},\"SecurityAction\":\"\",\"WorkerSubrequest\":false}}",
        hit.client,
        hit.host,
        hit.url,
        hit.agent,
        hit.at + hit.took,
        hit.bytes,
        hit.at,
        hit.took / 1000,
        hit.took / 1000,
        hit.n,
    );
}
