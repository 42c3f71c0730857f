//! Made-up logs of any size, the same on every machine. In: a seed and a size; out: text in one of the formats that
//! guru reads, with a few failures among healthy traffic. It must not know how they are read.

use std::io::Write;

/// A small generator of numbers (xorshift64*), so that the input does not depend on a crate's version.
pub struct Dice(u64);

impl Dice {
    /// A generator; equal seeds give equal numbers.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.roll(among.len() as u64) as usize]
    }
}

/// Makes a log from a seed and a size in bytes.
pub type Generator = fn(u64, usize) -> Vec<u8>;

/// The formats, by the names of their grammars.
pub const FORMATS: [(&str, Generator); 4] = [
    ("nginx-combined", nginx_combined),
    ("nginx-rich", nginx_rich),
    ("nginx-error", nginx_error),
    ("varnishlog-request", varnish_request),
];

const PATHS: [&str; 6] =
    ["/women/tops.html", "/catalogsearch/result/?q=", "/media/p/", "/checkout/cart/", "/api/stock/", "/"];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "curl/8.10.1",
];

/// One made-up request.
struct Hit {
    second: u64,
    micros: u64,
    url: String,
    agent: &'static str,
    client: u64,
    bytes: u64,
    failed: bool,
}

/// The moment at which the made-up logs begin: 2026-11-20 17:00:00 UTC.
const BEGIN: u64 = 1_795_194_000;

fn hits(seed: u64) -> impl Iterator<Item = Hit> {
    let mut dice = Dice::new(seed);
    (0_u64..).map(move |n| Hit {
        second: BEGIN + n / 50,
        micros: n % 50 * 20_000 + dice.roll(20_000),
        url: format!("{}{}", dice.pick(&PATHS), dice.roll(10_000)),
        agent: AGENTS[dice.roll(3) as usize],
        client: dice.roll(250),
        bytes: dice.roll(90_000),
        failed: dice.roll(50) == 0,
    })
}

fn clock(second: u64) -> (u64, u64, u64) {
    let of_day = second % 86_400;
    (of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Writes hits until there are `size` bytes.
fn fill(seed: u64, size: usize, mut one: impl FnMut(&mut Vec<u8>, &Hit)) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 8192);
    for hit in hits(seed) {
        one(&mut text, &hit);
        if text.len() >= size {
            break;
        }
    }
    text
}

fn combined_line(text: &mut Vec<u8>, hit: &Hit, msec: bool) -> std::io::Result<()> {
    let (h, m, s) = clock(hit.second);
    let status = if hit.failed { 502 } else { 200 };
    write!(text, "192.0.2.{} - - [20/Nov/2026:{h:02}:{m:02}:{s:02} +0000] ", hit.client)?;
    if msec {
        write!(text, "{}.{:03} ", hit.second, hit.micros / 1000)?;
    }
    write!(text, "\"GET {} HTTP/1.1\" {status} {} ", hit.url, hit.bytes)?;
    if msec {
        write!(text, "0.0{} ", 10 + hit.bytes % 90)?;
    }
    write!(text, "\"-\" \"{}\"", hit.agent)
}

/// nginx `combined`.
pub fn nginx_combined(seed: u64, size: usize) -> Vec<u8> {
    fill(seed, size, |text, hit| {
        let _ = combined_line(text, hit, false);
        text.push(b'\n');
    })
}

/// nginx with upstream fields, as the sample logs have them.
pub fn nginx_rich(seed: u64, size: usize) -> Vec<u8> {
    fill(seed, size, |text, hit| {
        let status = if hit.failed { 502 } else { 200 };
        let _ = combined_line(text, hit, true);
        let _ = writeln!(
            text,
            " host=\"shop.example.com\" server=shop.example.com:8080 ua=\"127.0.0.1:9000\" us=\"{status}\" uct=\"0.000\" \
             uht=\"0.010\" urt=\"0.010\" rl={} bs={} conn={} creq=1 xff=\"192.0.2.{}\"",
            300 + hit.client,
            hit.bytes + 300,
            hit.bytes / 7,
            hit.client
        );
    })
}

/// nginx error log: upstream timeouts.
pub fn nginx_error(seed: u64, size: usize) -> Vec<u8> {
    fill(seed, size, |text, hit| {
        let (h, m, s) = clock(hit.second);
        let _ = writeln!(
            text,
            "2026/11/20 {h:02}:{m:02}:{s:02} [error] 6162#6162: *{} upstream timed out (110: Connection timed out) while \
             reading response header from upstream, client: 192.0.2.{}, server: shop.example.com, request: \"GET {} \
             HTTP/1.1\", upstream: \"http://127.0.0.1:9000{}\", host: \"shop.example.com\"",
            hit.bytes, hit.client, hit.url, hit.url
        );
    })
}

/// `varnishlog -g request`: misses, each with its backend fetch.
pub fn varnish_request(seed: u64, size: usize) -> Vec<u8> {
    let mut vxid = 32_768;
    fill(seed, size, |text, hit| {
        vxid += 3;
        let _ = client_transaction(text, hit, vxid);
        let _ = backend_transaction(text, hit, vxid);
        text.push(b'\n');
    })
}

fn client_transaction(text: &mut Vec<u8>, hit: &Hit, vxid: u64) -> std::io::Result<()> {
    let start = format!("{}.{:06}", hit.second, hit.micros);
    let (status, reason) = if hit.failed { (503, "Backend fetch failed") } else { (200, "OK") };
    write!(
        text,
        "*   << Request  >> {vxid:<10}\n-   Begin          req {} rxreq\n-   Timestamp      Start: {start} 0.000000 0.000000\n\
         -   Timestamp      Req: {start} 0.000000 0.000000\n-   VCL_use        boot\n-   ReqStart       192.0.2.{} 58083 http\n\
         -   ReqMethod      GET\n-   ReqURL         {}\n-   ReqProtocol    HTTP/1.1\n-   ReqHeader      Host: shop.example.com\n\
         -   ReqHeader      User-Agent: {}\n-   VCL_call       RECV\n-   VCL_return     hash\n-   VCL_call       MISS\n\
         -   VCL_return     fetch\n-   Link           bereq {} fetch\n-   Timestamp      Fetch: {start} 0.001485 0.001485\n\
         -   RespProtocol   HTTP/1.1\n-   RespStatus     {status}\n-   RespReason     {reason}\n\
         -   RespHeader     Content-Type: text/html; charset=utf-8\n-   VCL_call       DELIVER\n-   VCL_return     deliver\n\
         -   Timestamp      Resp: {start} 0.001612 0.000113\n-   ReqAcct        145 0 145 303 {} {}\n-   End            \n",
        vxid - 1,
        hit.client,
        hit.url,
        hit.agent,
        vxid + 1,
        hit.bytes,
        hit.bytes + 303
    )
}

fn backend_transaction(text: &mut Vec<u8>, hit: &Hit, vxid: u64) -> std::io::Result<()> {
    let start = format!("{}.{:06}", hit.second, hit.micros);
    write!(
        text,
        "**  << BeReq    >> {:<10}\n--  Begin          bereq {vxid} fetch\n--  VCL_use        boot\n\
         --  Timestamp      Start: {start} 0.000000 0.000000\n--  BereqMethod    GET\n--  BereqURL       {}\n\
         --  BereqProtocol  HTTP/1.1\n--  BereqHeader    Host: shop.example.com\n--  VCL_call       BACKEND_FETCH\n\
         --  VCL_return     fetch\n--  Timestamp      Fetch: {start} 0.000100 0.000100\n\
         --  BackendOpen    26 web1 127.0.0.1 8080 127.0.0.1 50412 connect\n--  Timestamp      Bereq: {start} 0.000200 0.000100\n",
        vxid + 1,
        hit.url
    )?;
    if hit.failed {
        write!(text, "--  FetchError     first byte timeout\n--  BackendClose   26 web1 close RX_TIMEOUT\n")?;
        write!(
            text,
            "--  Timestamp      Beresp: {start} 15.000200 15.000000\n--  Timestamp      Error: {start} 15.000210 0.000010\n"
        )?;
    } else {
        write!(
            text,
            "--  Timestamp      Beresp: {start} 0.001300 0.001100\n--  BerespProtocol HTTP/1.1\n--  BerespStatus   200\n\
             --  BerespReason   OK\n--  VCL_call       BACKEND_RESPONSE\n--  VCL_return     deliver\n--  Fetch_Body     3 length -\n\
             --  BackendClose   26 web1 recycle\n--  Timestamp      BerespBody: {start} 0.001400 0.000100\n--  Length         {}\n",
            hit.bytes
        )?;
    }
    write!(text, "--  BereqAcct      251 0 251 174 {} {}\n--  End            \n", hit.bytes, hit.bytes + 174)
}
