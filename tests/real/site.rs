//! A site of real components on loopback: varnishd in front of nginx, of an origin that misbehaves and of a port where
//! nobody listens. In: which fault to provoke; out: requests that met it, and what guru must say of each. It must not
//! know how guru is asked.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::nginx::{Nginx, free_port};
use super::odd;
use super::process::in_time;
use super::varnish::{Log, Varnish};

/// What can go wrong here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens on the backend's port.
    Refused,
    /// No first byte in time; nginx notices that we hang up.
    FirstByte,
    /// No first byte in time; nginx finishes for nobody.
    LateAnswer,
    /// A header that begins and does not go on.
    HeaderStalls,
    /// A body that begins and does not go on.
    BodyStalls,
    /// A header line above `http_resp_hdr_len`.
    HeaderLine,
    /// Headers above `http_resp_size`.
    HeadersTotal,
    /// The probe fails.
    Sick,
    /// A maintenance page.
    Maintenance,
    /// The application's own 500.
    OriginError,
    /// Closed instead of answered.
    Closed,
    /// Reset within the body.
    Reset,
}

/// What guru must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    pub host: &'static str,
    path: &'static str,
    pub cause: &'static str,
    /// With the origin's logs at hand.
    pub verdict: &'static str,
    /// What the client got.
    pub status: u16,
}

impl Fault {
    pub const ALL: [Fault; 12] = [
        Fault::Refused,
        Fault::FirstByte,
        Fault::LateAnswer,
        Fault::HeaderStalls,
        Fault::BodyStalls,
        Fault::HeaderLine,
        Fault::HeadersTotal,
        Fault::Sick,
        Fault::Maintenance,
        Fault::OriginError,
        Fault::Closed,
        Fault::Reset,
    ];

    pub fn expected(self) -> Expected {
        let (host, path, cause, verdict, status) = match self {
            Fault::Refused => ("gone.example", "/", "connection.refused", "not_sent", 503),
            Fault::FirstByte => ("web.example", "/late", "timeout.first_byte", "origin_aborted", 503),
            Fault::LateAnswer => ("web.example", "/patient/late", "timeout.first_byte", "late_answer", 503),
            Fault::HeaderStalls => ("odd.example", "/stall", "timeout.between_bytes", "no_origin_log", 503),
            Fault::BodyStalls => ("odd.example", "/halt", "timeout.between_bytes", "answer_refused", 200),
            Fault::HeaderLine => ("web.example", "/long", "oversized.header_line", "answer_refused", 503),
            Fault::HeadersTotal => ("web.example", "/many", "oversized.headers_total", "answer_refused", 503),
            Fault::Sick => ("probed.example", "/", "health.sick", "not_sent", 503),
            Fault::Maintenance => ("web.example", "/shop", "maintenance", "origin_failed", 503),
            Fault::OriginError => ("web.example", "/boom", "app.error", "origin_failed", 500),
            Fault::Closed => ("odd.example", "/close", "connection.closed", "no_origin_log", 503),
            Fault::Reset => ("odd.example", "/reset", "connection.reset", "answer_refused", 200),
        };
        Expected { host, path, cause, verdict, status }
    }
}

/// A request that met a fault.
#[derive(Clone, Debug)]
pub struct Provoked {
    pub fault: Fault,
    pub expected: Expected,
    pub url: String,
}

/// The running site. Folders are removed and processes ended when it goes.
pub struct Site {
    pub varnish: Varnish,
    pub web: Nginx,
    // Last, so that it goes when nobody writes into it any more.
    pub folder: TempDir,
}

impl Site {
    /// Starts all of it, and sends enough healthy traffic for clocks to be compared.
    pub fn start() -> Site {
        let folder = tempfile::Builder::new().prefix("guru").tempdir().expect("a temporary folder");
        let (odd, gone) = (odd::start(), free_port());
        let web = Nginx::start(&folder.path().join("web"), &locations(odd));
        let parameters = ["first_byte_timeout=1", "between_bytes_timeout=1", "connect_timeout=1", "vsl_reclen=1k"];
        let varnish = Varnish::start(folder.path(), &vcl(web.port, odd, gone), &parameters);
        let site = Site { varnish, web, folder };
        assert!(site.becomes("healthy"), "the probe does not succeed: {}", site.varnish.admin(&["backend.list"]));
        site.browse(40);
        site
    }

    /// A path in the site's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Status of one request, and all that came with it; 0 for no answer.
    pub fn get(&self, host: &str, url: &str) -> (u16, String) {
        let mut answer = Vec::new();
        let asked = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.varnish.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
            let _ = stream.write_all(asked.as_bytes()).and_then(|()| stream.read_to_end(&mut answer).map(drop));
        }
        let text: String = String::from_utf8_lossy(&answer).into();
        (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), text)
    }

    /// Healthy requests, each a miss.
    pub fn browse(&self, count: usize) {
        for _ in 0..count {
            let url = fresh("/page");
            let (status, answer) = self.get("web.example", &url);
            assert_eq!(status, 200, "{url}: {answer}");
        }
    }

    /// A varnishlog of our own that has begun to show what comes.
    #[track_caller]
    pub fn log(&self) -> Log {
        let log = self.varnish.log();
        self.until_shown(&log);
        log
    }

    /// Sends healthy requests until that varnishlog shows what comes.
    #[track_caller]
    pub fn until_shown(&self, log: &Log) {
        let shows = || {
            let url = fresh("/page");
            self.get("web.example", &url);
            log.shows(&url, Duration::from_millis(200))
        };
        assert!(in_time(Duration::from_secs(20), shows), "varnishlog shows nothing");
    }

    /// Makes one request meet this fault.
    #[track_caller]
    pub fn provoke(&self, fault: Fault) -> Provoked {
        let expected = fault.expected();
        let url = fresh(expected.path);
        let flag = match fault {
            Fault::Sick => Some("sick"),
            Fault::Maintenance => Some("maintenance"),
            _ => None,
        };
        flag.into_iter().for_each(|name| self.web.flag(name, true));
        if fault == Fault::Sick {
            assert!(self.becomes("sick"), "the probe does not fail");
        }
        let (status, answer) = self.get(expected.host, &url);
        assert_eq!(status, expected.status, "{fault:?} {url}: {answer}");
        flag.into_iter().for_each(|name| self.web.flag(name, false));
        if fault == Fault::Sick {
            assert!(self.becomes("healthy"), "the probe does not succeed again");
        }
        Provoked { fault, expected, url }
    }

    /// True when the probed backend becomes that in time.
    fn becomes(&self, health: &str) -> bool {
        in_time(Duration::from_secs(10), || self.varnish.health("probed") == health)
    }
}

/// A URL that nobody has asked for before.
fn fresh(path: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{path}?n={}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What nginx serves. `/patient` goes on when the cache has hung up.
fn locations(odd: u16) -> String {
    let mut all = String::from(
        "        error_page 503 @maintenance;\n        \
         location / { if (-f $document_root/maintenance) { return 503; } return 200 \"page\\n\"; }\n        \
         location @maintenance {\n            internal;\n            add_header Retry-After 120 always;\n            \
         return 503 \"<html><title>Down for maintenance</title><h1>We will be back soon</h1></html>\\n\";\n        }\n        \
         location = /health { if (-f $document_root/sick) { return 500; } return 200 \"well\\n\"; }\n",
    );
    for (path, patience) in [("/", "off"), ("/patient/", "on")] {
        let _ = writeln!(
            all,
            "        location ~ ^{path}(late|long|many|boom) {{ proxy_pass http://127.0.0.1:{odd}; proxy_buffer_size 64k; \
             proxy_buffers 8 64k; proxy_busy_buffers_size 128k; proxy_ignore_client_abort {patience}; }}"
        );
    }
    all
}

fn vcl(web: u16, odd: u16, gone: u16) -> String {
    let backend = |name: &str, port: u16, more: &str| {
        format!("backend {name} {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {more} }}\n")
    };
    let probe = ".probe = { .url = \"/health\"; .interval = 0.3s; .timeout = 1s; .window = 2; .threshold = 2; }";
    let choose =
        |host: &str| format!("    if (req.http.host == \"{host}.example\") {{ set req.backend_hint = {host}; }}\n");
    format!(
        "vcl 4.1;\n{}{}{}{}sub vcl_recv {{\n{}{}{}}}\n",
        backend("web", web, ""),
        backend("odd", odd, ""),
        backend("gone", gone, ""),
        backend("probed", web, probe),
        choose("odd"),
        choose("gone"),
        choose("probed"),
    )
}
