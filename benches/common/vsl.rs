//! Made-up varnishlog text, with the records that Varnish 7 writes for a miss and its fetch. In: one request; out: its
//! two transactions, as `-g request` and as `-g raw` print them, or as `-w` writes them. It must not know how they are
//! read.

use std::fmt::Arguments;
use std::io::Write;

use super::input::{Hit, parts};

/// Where the cache gives up: `first_byte_timeout`, microseconds.
const LIMIT: u64 = 1_000_000;

/// What a record is written as.
#[derive(Clone, Copy)]
enum Form {
    /// Raw text.
    Raw,
    /// Grouped text, with the marks of its depth.
    Grouped(&'static str),
    /// As `varnishlog -w` of Varnish 7.1 does.
    Binary,
}

/// Tag numbers of Varnish 4.1 to 7.2, of the tags used here.
const NUMBERS: [(&str, u32); 36] = [
    ("BackendOpen", 6),
    ("BackendClose", 8),
    ("Length", 13),
    ("FetchError", 14),
    ("ReqMethod", 15),
    ("ReqURL", 16),
    ("ReqProtocol", 17),
    ("ReqHeader", 20),
    ("RespProtocol", 25),
    ("RespStatus", 26),
    ("RespReason", 27),
    ("RespHeader", 28),
    ("BereqMethod", 31),
    ("BereqURL", 32),
    ("BereqProtocol", 33),
    ("BereqHeader", 36),
    ("BerespProtocol", 41),
    ("BerespStatus", 42),
    ("BerespReason", 43),
    ("BerespHeader", 44),
    ("TTL", 57),
    ("Fetch_Body", 58),
    ("VCL_call", 60),
    ("VCL_return", 62),
    ("ReqStart", 63),
    ("Link", 75),
    ("Begin", 76),
    ("End", 77),
    ("Storage", 79),
    ("Timestamp", 80),
    ("ReqAcct", 81),
    ("BereqAcct", 83),
    ("Filters", 92),
    ("VCL_use", 94),
    ("Notice", 95),
    ("Hit", 64),
];

/// Writes the records of one transaction.
struct Records<'a> {
    text: &'a mut Vec<u8>,
    vxid: u64,
    side: char,
    form: Form,
    begun: u64,
}

impl Records<'_> {
    fn put(&mut self, tag: &str, payload: Arguments<'_>) {
        let _ = match self.form {
            Form::Grouped(level) => writeln!(self.text, "{level:<4}{tag:<14} {payload}"),
            Form::Raw => writeln!(self.text, "{:>10} {tag:<14} {} {payload}", self.vxid, self.side),
            Form::Binary => self.put_binary(tag, payload),
        };
    }

    /// Two words, the payload with its NUL, and zeros up to the next word.
    fn put_binary(&mut self, tag: &str, payload: Arguments<'_>) -> std::io::Result<()> {
        let number = NUMBERS.iter().find(|n| n.0 == tag).map_or(95, |n| n.1);
        let begin = self.text.len();
        self.text.extend_from_slice(&[0; 8]);
        write!(self.text, "{payload}\0")?;
        let length = (self.text.len() - begin - 8) as u32;
        let mark = if self.side == 'c' { 1 << 30 } else { 1 << 31 };
        self.text[begin..begin + 4].copy_from_slice(&(number << 24 | length).to_le_bytes());
        self.text[begin + 4..begin + 8].copy_from_slice(&(self.vxid as u32 & 0x3fff_ffff | mark).to_le_bytes());
        self.text.resize(begin + 8 + length.next_multiple_of(4) as usize, 0);
        Ok(())
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
    client(text, hit, Form::Grouped("-"));
    let _ = writeln!(text, "**  << BeReq    >> {:<10}", vxid(hit) + 1);
    fetch(text, hit, Form::Grouped("--"));
    text.push(b'\n');
}

/// `varnishlog -g raw`: the first half of the client's records stand above those of its fetch, the rest below.
pub fn raw(text: &mut Vec<u8>, hit: &Hit) {
    let mut asked = Vec::new();
    client(&mut asked, hit, Form::Raw);
    let middle = asked.len() / 2;
    let half = middle + memchr::memchr(b'\n', &asked[middle..]).map_or(0, |n| n + 1);
    text.extend_from_slice(&asked[..half]);
    fetch(text, hit, Form::Raw);
    text.extend_from_slice(&asked[half..]);
}

/// `varnishlog -w`, in any grouping: whole transactions one after the other.
pub fn binary(text: &mut Vec<u8>, hit: &Hit) {
    if text.is_empty() {
        text.extend_from_slice(b"VSL\0");
    }
    client(text, hit, Form::Binary);
    fetch(text, hit, Form::Binary);
}

fn client(text: &mut Vec<u8>, hit: &Hit, form: Form) {
    let took = hit.took.min(LIMIT) + 600;
    let mut r = Records { text, vxid: vxid(hit), side: 'c', form, begun: hit.at - 100 };
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

fn fetch(text: &mut Vec<u8>, hit: &Hit, form: Form) {
    let mut r = Records { text, vxid: vxid(hit) + 1, side: 'b', form, begun: hit.at };
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
