//! A webhook: an HTTP server that takes whatever is sent, and notes when. It must not know what a notice says beyond its
//! kind.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

/// A running one.
pub struct Hook {
    /// When a notice of an incident that opened arrived.
    pub opened: Receiver<Instant>,
}

/// Starts one and writes the configuration that names it.
pub fn start(folder: &Path) -> io::Result<Hook> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let config = format!(
        "[alerts]\nmin_failures = 1\nfor = \"0s\"\ngrouping_wait = \"0s\"\n\n[[alerts.sink]]\nname = \"bench\"\n\
         kind = \"webhook\"\nurl = \"http://{address}/\"\nonly = [\"opened\"]\n"
    );
    std::fs::create_dir_all(folder.join("guru"))?;
    std::fs::write(folder.join("guru/guru.toml"), config)?;
    let (noted, opened) = mpsc::channel();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let at = Instant::now();
            if take(client).is_ok_and(|body| body.contains("opened")) {
                let _ = noted.send(at);
            }
        }
    });
    Ok(Hook { opened })
}

/// Reads one request and says thanks; its body.
fn take(client: TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(client);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    reader.into_inner().write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(String::from_utf8_lossy(&body).into())
}
