//! Made-up varnishlog text, with the records that Varnish 7 writes for a miss and its fetch. In: one request; out: its
//! two transactions, as `-g request` and as `-g raw` print them. It must not know how they are read.

use std::fmt::Arguments;
use std::io::Write;

use super::input::{Hit, parts};

/// Where the cache gives up: `first_byte_timeout`, microseconds.
const LIMIT: u64 = 1_000_000;

/// Writes the records of one transaction.
struct Records<'a> {
    text: &'a mut Vec<u8>,
    vxid: u64,
    side: char,
    /// The marks of its depth in grouped text; `None` for raw.
    level: Option<&'static str>,
    begun: u64,
}

impl Records<'_> {
    fn put(&mut self, tag: &str, payload: Arguments<'_>) {
        let _ = match self.level {
            Some(level) => writeln!(self.text, "{level:<4}{tag:<14} {payload}"),
            None => writeln!(self.text, "{:>10} {tag:<14} {} {payload}", self.vxid, self.side),
        };
    }

    fn all(&mut self, records: &[(&str, &str)]) {
        for (tag, payload) in records {
            self.put(tag, format_args!("{payload}"));
        }
    }

    /// `Timestamp`, so many microseconds after the beginning.
    fn stamp(&mut self, label: &str, after: u64) {
        let (second, micros) = parts(self.begun + after);
        let since = after as f64 / 1e6;
        self.put("Timestamp", format_args!("{label}: {second}.{micros:06} {since:.6} {since:.6}"));
    }
}

fn vxid(hit: &Hit) -> u64 {
    32_770 + 3 * hit.n
}

/// `varnishlog -g request`.
pub fn request(text: &mut Vec<u8>, hit: &Hit) {
    let _ = writeln!(text, "*   << Request  >> {:<10}", vxid(hit));
    client(text, hit, Some("-"));
    let _ = writeln!(text, "**  << BeReq    >> {:<10}", vxid(hit) + 1);
    fetch(text, hit, Some("--"));
    text.push(b'\n');
}

/// `varnishlog -g raw`: the first half of the client's records stand above those of its fetch, the rest below.
pub fn raw(text: &mut Vec<u8>, hit: &Hit) {
    let mut asked = Vec::new();
    client(&mut asked, hit, None);
    let middle = asked.len() / 2;
    let half = middle + memchr::memchr(b'\n', &asked[middle..]).map_or(0, |n| n + 1);
    text.extend_from_slice(&asked[..half]);
    fetch(text, hit, None);
    text.extend_from_slice(&asked[half..]);
}

fn client(text: &mut Vec<u8>, hit: &Hit, level: Option<&'static str>) {
    let took = hit.took.min(LIMIT) + 600;
    let mut r = Records { text, vxid: vxid(hit), side: 'c', level, begun: hit.at - 100 };
    r.put("Begin", format_args!("req {} rxreq", vxid(hit) - 1));
    r.stamp("Start", 0);
    r.stamp("Req", 0);
    r.all(&[("VCL_use", "boot")]);
    r.put("ReqStart", format_args!("192.0.2.{} 58083 http", hit.client));
    r.all(&[("ReqMethod", "GET"), ("ReqURL", &hit.url), ("ReqProtocol", "HTTP/1.1")]);
    r.put("ReqHeader", format_args!("Host: {}", hit.host));
    r.put("ReqHeader", format_args!("User-Agent: {}", hit.agent));
    r.all(&[("ReqHeader", "Accept: */*"), ("ReqHeader", "Accept-Encoding: gzip")]);
    r.put("ReqHeader", format_args!("X-Forwarded-For: 192.0.2.{}", hit.client));
    r.all(&[("VCL_call", "RECV"), ("VCL_return", "hash"), ("VCL_call", "HASH"), ("VCL_return", "lookup")]);
    r.all(&[("VCL_call", "MISS"), ("VCL_return", "fetch")]);
    r.put("Link", format_args!("bereq {} fetch", vxid(hit) + 1));
    r.stamp("Fetch", took - 100);
    let (status, reason) = if hit.failed { ("503", "Backend fetch failed") } else { ("200", "OK") };
    r.all(&[
        ("RespProtocol", "HTTP/1.1"),
        ("RespStatus", status),
        ("RespReason", reason),
        ("RespHeader", "Server: nginx"),
    ]);
    r.all(&[("RespHeader", "Content-Type: text/html; charset=utf-8"), ("RespHeader", "Cache-Control: max-age=60")]);
    r.put("RespHeader", format_args!("X-Varnish: {}", vxid(hit)));
    r.all(&[("RespHeader", "Age: 0"), ("RespHeader", "Via: 1.1 varnish (Varnish/7.1)"), ("VCL_call", "DELIVER")]);
    r.all(&[("VCL_return", "deliver")]);
    r.stamp("Process", took - 90);
    r.all(&[("Filters", ""), ("RespHeader", "Connection: keep-alive")]);
    r.stamp("Resp", took);
    r.put("ReqAcct", format_args!("206 0 206 326 {} {}", hit.bytes, hit.bytes + 326));
    r.all(&[("End", "")]);
}

fn fetch(text: &mut Vec<u8>, hit: &Hit, level: Option<&'static str>) {
    let mut r = Records { text, vxid: vxid(hit) + 1, side: 'b', level, begun: hit.at };
    r.put("Begin", format_args!("bereq {} fetch", vxid(hit)));
    r.all(&[("VCL_use", "boot")]);
    r.stamp("Start", 0);
    r.all(&[("BereqMethod", "GET"), ("BereqURL", &hit.url), ("BereqProtocol", "HTTP/1.1")]);
    r.put("BereqHeader", format_args!("Host: {}", hit.host));
    r.put("BereqHeader", format_args!("User-Agent: {}", hit.agent));
    r.all(&[("BereqHeader", "Accept: */*"), ("BereqHeader", "Accept-Encoding: gzip")]);
    r.put("BereqHeader", format_args!("X-Forwarded-For: 192.0.2.{}", hit.client));
    r.put("BereqHeader", format_args!("X-Varnish: {}", vxid(hit) + 1));
    r.all(&[("VCL_call", "BACKEND_FETCH"), ("VCL_return", "fetch")]);
    r.stamp("Fetch", 30);
    r.stamp("Connected", 90);
    r.put("BackendOpen", format_args!("26 {} 127.0.0.1 8080 127.0.0.1 50412 connect", hit.backend));
    r.stamp("Bereq", 110);
    if hit.failed {
        given_up(&mut r, hit);
    } else {
        answered(&mut r, hit);
    }
    r.all(&[("End", "")]);
}

fn given_up(r: &mut Records<'_>, hit: &Hit) {
    r.all(&[("FetchError", "first byte timeout")]);
    r.put("BackendClose", format_args!("26 {} close RX_TIMEOUT", hit.backend));
    r.stamp("Beresp", LIMIT + 110);
    r.stamp("Error", LIMIT + 120);
    r.all(&[("BerespProtocol", "HTTP/1.1"), ("BerespStatus", "503"), ("BerespReason", "Backend fetch failed")]);
    r.all(&[("BerespHeader", "Date: Fri, 20 Nov 2026 18:10:04 GMT"), ("BerespHeader", "Server: Varnish")]);
    r.all(&[("VCL_call", "BACKEND_ERROR"), ("VCL_return", "deliver"), ("Storage", "malloc Transient")]);
    r.all(&[("Length", "278"), ("BereqAcct", "251 0 251 0 0 0")]);
}

fn answered(r: &mut Records<'_>, hit: &Hit) {
    r.stamp("Beresp", hit.took);
    r.all(&[("BerespProtocol", "HTTP/1.1"), ("BerespStatus", "200"), ("BerespReason", "OK")]);
    r.all(&[("BerespHeader", "Server: nginx"), ("BerespHeader", "Date: Fri, 20 Nov 2026 18:10:04 GMT")]);
    r.all(&[("BerespHeader", "Content-Type: text/html; charset=utf-8")]);
    r.put("BerespHeader", format_args!("Content-Length: {}", hit.bytes));
    r.all(&[("BerespHeader", "Connection: keep-alive"), ("BerespHeader", "Cache-Control: max-age=60")]);
    r.all(&[("TTL", "RFC 60 10 0 1795198204 1795198204 1795198204 0 60 cacheable")]);
    r.all(&[("VCL_call", "BACKEND_RESPONSE"), ("VCL_return", "deliver"), ("Filters", "")]);
    r.all(&[("Storage", "malloc s0"), ("Fetch_Body", "3 length -")]);
    r.put("BackendClose", format_args!("26 {} recycle", hit.backend));
    r.stamp("BerespBody", hit.took + 80);
    r.put("Length", format_args!("{}", hit.bytes));
    r.put("BereqAcct", format_args!("251 0 251 174 {} {}", hit.bytes, hit.bytes + 174));
}
