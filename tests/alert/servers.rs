//! Receivers that behave as they are told: one HTTP answer after the other, or none, or one without end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use guru::alert::{Config, Sink};
use guru::model::alert::{Notice, NoticeKind};

use crate::live::T0;

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Answers with this status line, headers and body.
    Answer(&'static str, String, &'static str),
    /// Takes the request and says nothing.
    Hang,
    /// Answers 500 with a body that never ends.
    Endless,
    /// Closes the connection.
    Close,
}

/// An answer without headers and body.
pub fn status(line: &'static str) -> Deed {
    Deed::Answer(line, String::new(), "")
}

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver: does one deed for each request, the last one ever after.
pub fn receiver(deeds: Vec<Deed>) -> (SocketAddr, Receiver<Request>) {
    receiver_at(TcpListener::bind("127.0.0.1:0").unwrap(), deeds)
}

/// The same behind a socket that is there already.
pub fn receiver_at(listener: TcpListener, deeds: Vec<Deed>) -> (SocketAddr, Receiver<Request>) {
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for (n, connection) in listener.incoming().flatten().enumerate() {
            let deed = deeds[n.min(deeds.len() - 1)].clone();
            let tell = tell.clone();
            thread::spawn(move || serve(connection, deed, &tell));
        }
    });
    (address, told)
}

fn serve(connection: TcpStream, deed: Deed, tell: &Sender<Request>) {
    let mut reader = BufReader::new(&connection);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap();
        headers.push((name.to_string(), value.trim().to_string()));
    }
    let length = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.and_then(|(_, v)| v.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let _ = tell.send(Request { line: line.trim().to_string(), headers, body });
    let mut out = &connection;
    match deed {
        Deed::Answer(status, headers, body) => {
            let length = body.len();
            let _ = write!(
                out,
                "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
        Deed::Hang => thread::sleep(Duration::from_secs(30)),
        Deed::Endless => {
            let _ = write!(out, "HTTP/1.1 500 Oh\r\n\r\n");
            while out.write_all(&[b'x'; 4096]).is_ok() {}
        }
        Deed::Close => {}
    }
}

/// A configured sink: keys as in the file.
pub fn sink(lines: &str) -> Sink {
    let text = format!("[[alerts.sink]]\nname = 'one'\n{lines}");
    Config::parse(&text, "guru.toml".as_ref()).unwrap().sinks.remove(0)
}

/// A notice with characters that want to break out.
pub fn notice(kind: NoticeKind) -> Notice {
    let group = "shop \"eu\"@2026-11-20T17:49:06.000000Z";
    Notice {
        kind,
        key: format!("{group}/1/{}", kind.word()),
        group: group.into(),
        incident: 3,
        severity: "critical".into(),
        at_us: T0 + 20_000_000,
        title: "shop: first byte timeout, 31 % of visitors get 5xx".into(),
        text: "since 17:49, <!channel> & \"quotes\" \\ é\nsecond line".into(),
        service: "shop \"eu\"".into(),
        cause: "timeout.first_byte".into(),
        failures: 412,
        share: 0.31,
    }
}
