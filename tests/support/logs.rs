//! Writes logs: a list of fetches, as the cache in front (`varnishlog -g request`) and the origin behind (nginx access
//! and error logs) would have logged them. One truth, many files, so that a test can say what must be found in them.

#![allow(dead_code)] // every test crate uses a part

use chrono::{DateTime, FixedOffset};

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;
/// 2026-11-20T00:00:00Z, a Friday.
pub const MIDNIGHT: i64 = 1_795_132_800 * SECOND;

/// How a fetch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// 200, after `took`.
    Well,
    /// The origin answered with this status itself.
    Status(u16),
    /// Nobody listened.
    Refused,
    /// Not tried, because it was refused moments before.
    HeldDown,
    /// Not tried, because the probe says sick.
    Sick,
    /// No answer within `first_byte_timeout`; the origin finished this many microseconds later.
    Late(i64),
}

/// One fetch from cache to origin.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// When it began on the cache's clock, microseconds since 1970.
    pub at: i64,
    pub host: String,
    pub url: String,
    pub backend: String,
    /// How long it took the cache, microseconds.
    pub took: i64,
    pub went: Went,
    /// Number of the transaction of the fetch; its client's is one less.
    pub vxid: u64,
}

impl Fetch {
    /// A healthy fetch of 20 ms. The number of the transaction follows from the moment, so that a log cut into days
    /// and one written whole say the same.
    pub fn at(at: i64, url: &str) -> Fetch {
        let vxid = 2 + (at / 1000 % 400_000_000) as u64 * 2;
        Fetch {
            at,
            host: "www.shop.example".into(),
            url: url.into(),
            backend: "web".into(),
            took: 20_000,
            went: Went::Well,
            vxid,
        }
    }

    pub fn went(mut self, went: Went) -> Fetch {
        self.went = went;
        self.took = match went {
            Went::Well | Went::Status(_) => self.took,
            Went::Late(_) => 1_500_000,
            _ => 40,
        };
        self
    }

    pub fn backend(mut self, name: &str) -> Fetch {
        self.backend = name.into();
        self
    }

    fn reached(&self) -> bool {
        !matches!(self.went, Went::Refused | Went::HeldDown | Went::Sick)
    }

    fn origin_status(&self) -> u16 {
        match self.went {
            Went::Status(s) => s,
            _ => 200,
        }
    }

    fn client_status(&self) -> u16 {
        match self.went {
            Went::Well => 200,
            Went::Status(s) => s,
            _ => 503,
        }
    }

    /// When the origin was done, on the cache's clock, and how long it took.
    fn origin_end(&self) -> (i64, i64) {
        let late = if let Went::Late(us) = self.went { us } else { 0 };
        (self.at + self.took + late, self.took + late)
    }
}

/// Healthy fetches of pages that differ, one every `every` microseconds.
pub fn traffic(from: i64, count: usize, every: i64) -> Vec<Fetch> {
    let page = |n: usize| {
        let at = from + n as i64 * every;
        Fetch { took: 20_000 + (n as i64 * 7919) % 60_000, ..Fetch::at(at, &format!("/page/{}", at / 1000)) }
    };
    (0..count).map(page).collect()
}

/// Fetches of pages below `path` that all went the same way, one every `every` microseconds.
pub fn trouble(from: i64, count: usize, every: i64, path: &str, went: Went) -> Vec<Fetch> {
    (0..count as i64)
        .map(|n| Fetch::at(from + n * every, &format!("{path}/{}", (from + n * every) / 1000)).went(went))
        .collect()
}

/// In order of time.
pub fn sorted(parts: impl IntoIterator<Item = Vec<Fetch>>) -> Vec<Fetch> {
    let mut all: Vec<Fetch> = parts.into_iter().flatten().collect();
    all.sort_by_key(|f| f.at);
    all
}

/// Seconds with a point, as Varnish and `$msec` write them.
fn seconds(us: i64, digits: usize) -> String {
    let fraction = format!("{:06}", us % SECOND);
    format!("{}.{}", us / SECOND, &fraction[..digits])
}

/// `varnishlog -g request` of these fetches, each for a client of its own.
pub fn varnishlog(fetches: &[Fetch]) -> String {
    fetches.iter().map(exchange).collect()
}

fn exchange(f: &Fetch) -> String {
    let (client, end, status) = (f.vxid - 1, f.at + f.took, f.client_status());
    let stamp = |label: &str, at: i64| {
        format!("{:<14} {label}: {} {} 0.000000\n", "Timestamp", seconds(at, 6), seconds(at - f.at, 6))
    };
    let mut s = format!("*   << Request  >> {client:<10}\n");
    let mut say = |text: &str| s.push_str(&format!("-   {text}\n"));
    say(&format!("Begin          req {} rxreq", client - 1));
    say(stamp("Start", f.at).trim_end());
    say("ReqStart       192.0.2.7 43717 http");
    say("ReqMethod      GET");
    say(&format!("ReqURL         {}", f.url));
    say("ReqProtocol    HTTP/1.1");
    say(&format!("ReqHeader      Host: {}", f.host));
    say("VCL_call       MISS");
    say("VCL_return     fetch");
    say(&format!("Link           bereq {} fetch", f.vxid));
    say(stamp("Fetch", end).trim_end());
    say("RespProtocol   HTTP/1.1");
    say(&format!("RespStatus     {status}"));
    say(&format!("RespReason     {}", if status == 200 { "OK" } else { "Backend fetch failed" }));
    say(stamp("Resp", end).trim_end());
    say("ReqAcct        206 0 206 326 5152 5478");
    say("End");
    s + &bereq(f) + "\n"
}

fn bereq(f: &Fetch) -> String {
    let end = f.at + f.took;
    let stamp =
        |label: &str, at: i64| format!("Timestamp      {label}: {} {} 0.000000", seconds(at, 6), seconds(at - f.at, 6));
    let mut lines = vec![
        format!("Begin          bereq {} fetch", f.vxid - 1),
        stamp("Start", f.at),
        "BereqMethod    GET".into(),
        format!("BereqURL       {}", f.url),
        "BereqProtocol  HTTP/1.1".into(),
        format!("BereqHeader    Host: {}", f.host),
        format!("BereqHeader    X-Varnish: {}", f.vxid),
        "VCL_call       BACKEND_FETCH".into(),
        "VCL_return     fetch".into(),
        stamp("Fetch", f.at + 10),
    ];
    if f.reached() {
        lines.push(stamp("Connected", f.at + 20));
        lines.push(format!("BackendOpen    18 {} 10.0.0.11 8080 10.0.0.1 41014 connect", f.backend));
        lines.push(stamp("Bereq", f.at + 30));
    }
    let error = match f.went {
        Went::Refused => Some(format!("backend {}: fail errno 111 (Connection refused)", f.backend)),
        Went::HeldDown => Some(format!("backend {}: fail errno 0 (Success)", f.backend)),
        Went::Sick => Some(format!("backend {}: unhealthy", f.backend)),
        Went::Late(_) => Some("first byte timeout".into()),
        Went::Well | Went::Status(_) => None,
    };
    match error {
        Some(why) => failed(f, &why, &stamp, &mut lines),
        None => {
            lines.push(stamp("Beresp", end - 2_000));
            lines.push("BerespProtocol HTTP/1.1".into());
            lines.push(format!("BerespStatus   {}", f.origin_status()));
            lines.push(format!("BerespReason   {}", if f.went == Went::Well { "OK" } else { "Error" }));
            lines.push("BerespHeader   Content-Length: 5152".into());
            lines.push("VCL_call       BACKEND_RESPONSE".into());
            lines.push("VCL_return     deliver".into());
            lines.push("Storage        malloc s0".into());
            lines.push("Fetch_Body     3 length stream".into());
            lines.push(format!("BackendClose   18 {} recycle", f.backend));
            lines.push(stamp("BerespBody", end));
            lines.push("Length         5152".into());
            lines.push("BereqAcct      256 0 256 300 5152 5452".into());
        }
    }
    lines.push("End".into());
    let head = format!("**  << BeReq    >> {:<10}\n", f.vxid);
    head + &lines.iter().map(|l| format!("--  {l}\n")).collect::<String>()
}

fn failed(f: &Fetch, why: &str, stamp: &dyn Fn(&str, i64) -> String, lines: &mut Vec<String>) {
    let end = f.at + f.took;
    lines.push(format!("FetchError     {why}"));
    if f.reached() {
        lines.push(format!("BackendClose   18 {} close Receive timeout", f.backend));
    }
    lines.push(stamp("Beresp", end));
    lines.push(stamp("Error", end));
    lines.push("BerespProtocol HTTP/1.1".into());
    lines.push("BerespStatus   503".into());
    lines.push("BerespReason   Backend fetch failed".into());
    lines.push("VCL_call       BACKEND_ERROR".into());
    lines.push("VCL_return     deliver".into());
    lines.push("Storage        malloc Transient".into());
    lines.push("Length         278".into());
    let sent = if f.reached() { "256 0 256" } else { "0 0 0" };
    lines.push(format!("BereqAcct      {sent} 0 0 0"));
}

/// A clock that writes local times: its zone, and how wrong it is against the cache's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Seconds east of UTC that the log's times are written in.
    pub zone_s: i32,
    /// Microseconds that it is ahead.
    pub ahead: i64,
}

impl Clock {
    /// As many seconds ahead.
    pub fn ahead(seconds: f64) -> Clock {
        Clock { zone_s: 0, ahead: (seconds * SECOND as f64) as i64 }
    }

    fn shown(self, at: i64, format: &str) -> String {
        let zone = FixedOffset::east_opt(self.zone_s).expect("a zone within a day");
        let at = DateTime::from_timestamp_micros(at + self.ahead).expect("a moment within reason");
        at.with_timezone(&zone).format(format).to_string()
    }

    fn common(self, at: i64) -> String {
        self.shown(at, "%d/%b/%Y:%H:%M:%S %z")
    }
}

/// How an origin writes its access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Rich,
    Combined,
    /// The format of [`WITH_ID`].
    WithId,
}

/// A `log_format` that logs the cache's id.
pub const WITH_ID: &str = r#"$remote_addr [$time_local] "$request" $status $body_bytes_sent id=$http_x_varnish"#;

/// The origin's access log of those fetches that reached it, in order of ending.
pub fn access_log(fetches: &[Fetch], access: Access, clock: Clock) -> String {
    let mut reached: Vec<&Fetch> = fetches.iter().filter(|f| f.reached()).collect();
    reached.sort_by_key(|f| f.origin_end().0);
    reached.into_iter().map(|f| access_line(f, access, clock)).collect()
}

fn access_line(f: &Fetch, access: Access, clock: Clock) -> String {
    let ((end, took), status) = (f.origin_end(), f.origin_status());
    match access {
        Access::Combined => {
            format!("10.0.0.1 - - [{}] \"GET {} HTTP/1.1\" {status} 5152 \"-\" \"-\"\n", clock.common(end), f.url)
        }
        Access::WithId => {
            format!("10.0.0.1 [{}] \"GET {} HTTP/1.1\" {status} 5152 id={}\n", clock.common(end), f.url, f.vxid)
        }
        Access::Rich => Line {
            end,
            took,
            method: "GET",
            host: &f.host,
            url: &f.url,
            status,
            upstream: Some(Upstream { status: status.to_string(), header: Some(took), took }),
        }
        .rich(clock),
    }
}

/// What nginx says of the server behind it.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub status: String,
    /// When its headers came, microseconds after the beginning.
    pub header: Option<i64>,
    pub took: i64,
}

/// One access line of nginx.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    pub end: i64,
    pub took: i64,
    pub method: &'a str,
    pub host: &'a str,
    pub url: &'a str,
    pub status: u16,
    pub upstream: Option<Upstream>,
}

impl Line<'_> {
    /// In the rich format.
    pub fn rich(&self, clock: Clock) -> String {
        let dash = || "-".to_string();
        let upstream = match &self.upstream {
            None => r#"ua="-" us="-" uct="-" uht="-" urt="-""#.to_string(),
            Some(u) => format!(
                "ua=\"10.0.0.21:9000\" us=\"{}\" uct=\"0.000\" uht=\"{}\" urt=\"{}\"",
                u.status,
                u.header.map_or_else(dash, |us| seconds(us, 3)),
                seconds(u.took, 3)
            ),
        };
        format!(
            "10.0.0.1 - - [{}] {} \"{} {} HTTP/1.1\" {} 5152 {} \"-\" \"-\" host=\"{}\" server={}:80 {upstream} rl=256 bs=5452 conn=7 creq=1 xff=\"192.0.2.7\"\n",
            clock.common(self.end),
            seconds(self.end + clock.ahead, 3),
            self.method,
            self.url,
            self.status,
            seconds(self.took, 3),
            self.host,
            self.host,
        )
    }

    /// In the `combined` format.
    pub fn combined(&self, clock: Clock) -> String {
        let at = clock.common(self.end);
        format!("192.0.2.7 - - [{at}] \"{} {} HTTP/1.1\" {} 5152 \"-\" \"-\"\n", self.method, self.url, self.status)
    }

    /// An error-log line about it: local time without a zone.
    pub fn error(&self, text: &str, clock: Clock) -> String {
        format!(
            "{} [error] 17#17: *7 {text}, client: 10.0.0.1, server: {}, request: \"{} {} HTTP/1.1\", upstream: \"http://10.0.0.21:9000{}\", host: \"{}\"\n",
            clock.shown(self.end, "%Y/%m/%d %H:%M:%S"),
            self.host,
            self.method,
            self.url,
            self.url,
            self.host
        )
    }
}
