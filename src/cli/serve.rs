//! `/metrics` and `/healthz`. In: an address and the newest of what a tail knows; out: answers over HTTP/1.1, one
//! request for each connection. Strangers may connect: there are few connections at a time, each is short, and nothing
//! of a request but its first line is looked at.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::{Error, Kind, Result};
use crate::model::live::Live;
use crate::model::stamp::{SECOND, Stamp};
use crate::view;

/// The newest of what a tail knows, shared with the server. The tail replaces the inner `Arc`, so that neither waits for
/// the other longer than a swap.
pub type Shared = Arc<Mutex<Arc<Live>>>;

/// Connections at a time; more are closed at once.
const CONNECTIONS: usize = 16;
/// Longest request, bytes.
const REQUEST: usize = 8 * 1024;
/// Longest life of a connection.
const LIFE: Duration = Duration::from_secs(5);
/// What a tail knows is fresh for so long, microseconds.
const FRESH_US: i64 = 60 * SECOND;

/// The running server.
pub struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The address of `--metrics ADDR`: a port stands for this machine.
///
/// # Errors
/// Of kind `Usage` when it is neither a port nor an IP address with a port.
pub fn address(words: &str) -> Result<SocketAddr> {
    let port = words.strip_prefix(':').unwrap_or(words).parse();
    let named = words.strip_prefix("localhost:").and_then(|p| p.parse().ok());
    if let Some(port) = port.ok().or(named) {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    words.parse().map_err(|_| {
        Error::new(Kind::Usage, format!("\"{words}\" is no address to serve metrics at"))
            .hint("write a port for this machine only (9110), or an address and a port (0.0.0.0:9110, [::1]:9110)")
    })
}

/// Serves until the server is stopped or dropped.
///
/// # Errors
/// Of kind `Usage` when the address cannot be used.
pub fn serve(address: SocketAddr, live: Shared) -> Result<Server> {
    let wrong = |e: std::io::Error| {
        Error::new(Kind::Usage, format!("metrics cannot be served at {address}: {e}"))
            .hint("name another address with --metrics ADDR, or another guru is already serving there")
    };
    let listener = TcpListener::bind(address).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let thread = thread::spawn(move || accept(&listener, &live, &end));
    Ok(Server { address, ended, thread: Some(thread) })
}

impl Server {
    /// Where it serves: with port 0 the one that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let mut reach = self.address;
        if reach.ip().is_unspecified() {
            reach.set_ip(if reach.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        // A connection of our own ends the wait for one; without it the thread ends with the process.
        if TcpStream::connect_timeout(&reach, Duration::from_secs(1)).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end();
        }
    }
}

fn accept(listener: &TcpListener, live: &Shared, end: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming() {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let Ok(connection) = connection else {
            // Out of descriptors: there will be some when others have ended.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        if open.load(Ordering::Acquire) >= CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::AcqRel);
        let (live, left) = (Arc::clone(live), Arc::clone(&open));
        thread::spawn(move || {
            let _ = talk(connection, &live);
            left.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

/// One request and its answer.
fn talk(mut connection: TcpStream, live: &Shared) -> std::io::Result<()> {
    let until = Instant::now() + LIFE;
    let Some(head) = request(&mut connection, until)? else {
        return answer(
            &mut connection,
            until,
            "431 Request Header Fields Too Large",
            "text/plain",
            "too long\n",
            false,
        );
    };
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let bare = method == "HEAD";
    if !bare && method != "GET" {
        return answer(&mut connection, until, "405 Method Not Allowed", "text/plain", "only GET\n", false);
    }
    let now = Arc::clone(&live.lock().unwrap_or_else(PoisonError::into_inner));
    let (status, kind, body) = match target.split('?').next().unwrap_or("") {
        "/metrics" => ("200 OK", view::OPENMETRICS, view::metrics(&now)),
        "/healthz" => match ill(&now, wall()) {
            None => ("200 OK", "text/plain; charset=utf-8", "ok\n".to_string()),
            Some(why) => ("503 Service Unavailable", "text/plain; charset=utf-8", why + "\n"),
        },
        "/" => ("200 OK", "text/plain; charset=utf-8", "guru: /metrics /healthz\n".to_string()),
        _ => ("404 Not Found", "text/plain; charset=utf-8", "there are /metrics and /healthz\n".to_string()),
    };
    answer(&mut connection, until, status, kind, &body, bare)
}

/// The first line of a request once all its headers are there; `None` when they are too long.
fn request(connection: &mut TcpStream, until: Instant) -> std::io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") && !head.windows(2).any(|w| w == b"\n\n") {
        if head.len() > REQUEST {
            return Ok(None);
        }
        connection.set_read_timeout(Some(left(until)?))?;
        match connection.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            n => head.extend_from_slice(&piece[..n]),
        }
    }
    let line = head.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or(&[]);
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}

fn answer(to: &mut TcpStream, until: Instant, status: &str, kind: &str, body: &str, bare: bool) -> std::io::Result<()> {
    let length = body.len();
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    if !bare {
        text.push_str(body);
    }
    // Piece by piece: a reader that takes a byte a second meets the end of its time.
    for piece in text.as_bytes().chunks(16 * 1024) {
        to.set_write_timeout(Some(left(until)?))?;
        to.write_all(piece)?;
    }
    to.flush()
}

/// Time that is left; an error when none is.
fn left(until: Instant) -> std::io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// What is wrong with a tail that last said at `live.wall` what it knows; `None` when nothing is.
fn ill(live: &Live, now: Stamp) -> Option<String> {
    match now.since(live.wall) {
        None => Some("starting: nothing is known yet".into()),
        Some(us) if us >= FRESH_US => Some(format!("the tail hangs: what it knows is {} s old", us / SECOND)),
        Some(_) => None,
    }
}

fn wall() -> Stamp {
    let us = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_micros()).ok());
    us.map_or(Stamp::NONE, Stamp)
}
