//! Made-up logs of any size, the same on every machine. In: a seed, a size and how many requests fail; out: text in one
//! of the formats that guru reads. It must not know how they are read.
//!
//! A shop at fifty requests a second: most requests are for few URLs, some for one of many thousands; three hosts, four
//! backends, three agents. The files of one seed tell of the same requests, so that fetches find their lines.

use std::io::Write;

use super::{edge, vsl};

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

/// How many of a thousand requests fail, where nothing else is said.
pub const FAILING: u64 = 15;

/// Puts the lines of one request behind a log.
type Teller = fn(&mut Vec<u8>, &Hit);

/// A format by the name of its grammar, and what writes it.
pub struct Format {
    /// Name of the bench.
    pub name: &'static str,
    /// Name of the grammar.
    pub grammar: &'static str,
    tell: Teller,
}

/// The formats.
pub const FORMATS: [Format; 8] = [
    Format { name: "nginx-combined", grammar: "nginx-combined", tell: combined },
    Format { name: "nginx-rich", grammar: "nginx-rich", tell: rich },
    Format { name: "nginx-error", grammar: "nginx-error", tell: error },
    Format { name: "varnishlog-request", grammar: "varnishlog", tell: vsl::request },
    Format { name: "varnishlog-raw", grammar: "varnishlog", tell: vsl::raw },
    Format { name: "varnish-vsl", grammar: "varnish-vsl", tell: vsl::binary },
    Format { name: "cloudfront", grammar: "cloudfront", tell: edge::cloudfront },
    Format { name: "cloudflare", grammar: "cloudflare", tell: edge::cloudflare },
];

impl Format {
    /// The format of that name.
    pub fn named(name: &str) -> &'static Format {
        FORMATS.iter().find(|f| f.name == name).unwrap_or(&FORMATS[0])
    }

    /// A log of about `size` bytes, of whose requests `failing` in a thousand fail.
    pub fn generate(&self, seed: u64, size: usize, failing: u64) -> Vec<u8> {
        let mut text = Vec::with_capacity(size + (16 << 10));
        hits(seed, failing)
            .take_while(|hit| {
                (self.tell)(&mut text, hit);
                text.len() < size
            })
            .for_each(drop);
        text
    }

    /// The log of exactly so many requests.
    pub fn of_requests(&self, seed: u64, requests: usize, failing: u64) -> Vec<u8> {
        let mut text = Vec::new();
        hits(seed, failing).take(requests).for_each(|hit| (self.tell)(&mut text, &hit));
        text
    }
}

const PATHS: [&str; 6] =
    ["/women/tops/", "/catalogsearch/result/?q=", "/media/p/", "/checkout/cart/", "/api/stock/", "/"];
const HOSTS: [&str; 3] = ["www.shop.example", "m.shop.example", "api.shop.example"];
const BACKENDS: [&str; 4] = ["web1", "web2", "web3", "api"];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "curl/8.10.1",
];

/// One made-up request. Each was a miss, so that it is one fetch as well.
pub struct Hit {
    /// Its number, from 0.
    pub n: u64,
    /// When the cache asked for it, microseconds since 1970.
    pub at: u64,
    /// Path and query.
    pub url: String,
    /// Host.
    pub host: &'static str,
    /// Backend.
    pub backend: &'static str,
    /// User-Agent.
    pub agent: &'static str,
    /// Last number of the client's address.
    pub client: u64,
    /// Size of the answer.
    pub bytes: u64,
    /// How long the origin took, microseconds.
    pub took: u64,
    /// The cache gave up after a second.
    pub failed: bool,
}

/// The moment at which the made-up logs begin: 2026-11-20 17:00:00 UTC.
const BEGIN: u64 = 1_795_194_000_000_000;

fn hits(seed: u64, failing: u64) -> impl Iterator<Item = Hit> {
    let mut dice = Dice::new(seed);
    (0..).map(move |n| {
        let popular = dice.roll(10) < 6;
        let url = format!("{}{}", dice.pick(&PATHS), dice.roll(if popular { 40 } else { 20_000 }));
        let failed = dice.roll(1000) < failing;
        Hit {
            n,
            at: BEGIN + n * 20_000 + dice.roll(20_000),
            url,
            host: dice.pick(&HOSTS),
            backend: dice.pick(&BACKENDS),
            agent: dice.pick(&AGENTS),
            client: dice.roll(250),
            bytes: 200 + dice.roll(90_000),
            took: if failed { 1_400_000 + dice.roll(900_000) } else { 1_000 + dice.roll(60_000) },
            failed,
        }
    })
}

/// Seconds and microseconds of a moment.
pub fn parts(at: u64) -> (u64, u64) {
    (at / 1_000_000, at % 1_000_000)
}

fn clock(second: u64) -> (u64, u64, u64) {
    (second / 3600 % 24, second / 60 % 60, second % 60)
}

/// The part of an access line that both formats share. What the cache gave up on is a 504 here.
fn access(text: &mut Vec<u8>, hit: &Hit, rich: bool) -> std::io::Result<()> {
    let (second, micros) = parts(hit.at + hit.took);
    let (h, m, s) = clock(second);
    let day = 20 + (second - BEGIN / 1_000_000 + 17 * 3600) / 86_400;
    let status = if hit.failed { 504 } else { 200 };
    write!(text, "127.0.0.1 - - [{day}/Nov/2026:{h:02}:{m:02}:{s:02} +0000] ")?;
    if rich {
        write!(text, "{second}.{:03} ", micros / 1000)?;
    }
    write!(text, "\"GET {} HTTP/1.1\" {status} {} ", hit.url, hit.bytes)?;
    if rich {
        write!(text, "{}.{:03} ", hit.took / 1_000_000, hit.took / 1000 % 1000)?;
    }
    write!(text, "\"-\" \"{}\"", hit.agent)
}

fn combined(text: &mut Vec<u8>, hit: &Hit) {
    let _ = access(text, hit, false);
    text.push(b'\n');
}

/// nginx with all upstream fields.
fn rich(text: &mut Vec<u8>, hit: &Hit) {
    let (status, header) = if hit.failed { (504, "-") } else { (200, "0.010") };
    let _ = access(text, hit, true);
    let _ = writeln!(
        text,
        " host=\"{}\" server={}:8080 ua=\"127.0.0.1:9000\" us=\"{status}\" uct=\"0.000\" uht=\"{header}\" urt=\"{}.{:03}\" \
         rl={} bs={} conn={} creq={} xff=\"192.0.2.{}\"",
        hit.host,
        hit.host,
        hit.took / 1_000_000,
        hit.took / 1000 % 1000,
        200 + hit.url.len(),
        hit.bytes + 300,
        hit.n / 20,
        hit.n % 20 + 1,
        hit.client
    );
}

/// nginx error log: upstream timeouts.
fn error(text: &mut Vec<u8>, hit: &Hit) {
    let (second, _) = parts(hit.at + hit.took);
    let (h, m, s) = clock(second);
    let _ = writeln!(
        text,
        "2026/11/20 {h:02}:{m:02}:{s:02} [error] 6162#6162: *{} upstream timed out (110: Connection timed out) while \
         reading response header from upstream, client: 127.0.0.1, server: {}, request: \"GET {} HTTP/1.1\", upstream: \
         \"http://127.0.0.1:9000{}\", host: \"{}\"",
        hit.n / 20,
        hit.host,
        hit.url,
        hit.url,
        hit.host
    );
}
