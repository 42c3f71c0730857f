//! An origin that misbehaves, each path in its own way. In: requests by TCP; out: what no web server would answer. It
//! must not know who asks.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Longer than any patience in these tests, shorter than theirs.
const TOO_LONG: Duration = Duration::from_millis(1700);

/// Starts it; its port.
pub fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it listens").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || answer(client));
        }
    });
    port
}

fn answer(mut client: TcpStream) -> io::Result<()> {
    let asked = peek(&client)?;
    let path = asked.split(' ').nth(1).unwrap_or_default();
    let way = path.trim_start_matches("/patient").split(['/', '?']).nth(1).unwrap_or_default();
    if way == "reset" {
        return reset(client);
    }
    let _ = client.read(&mut [0; 16 << 10])?;
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    match way {
        "late" => {
            thread::sleep(TOO_LONG);
            write!(client, "{head}Content-Length: 2\r\n\r\nok")
        }
        "stall" => {
            write!(client, "{head}X-More: ")?;
            thread::sleep(TOO_LONG);
            write!(client, "late\r\nContent-Length: 2\r\n\r\nok")
        }
        "halt" => {
            write!(client, "{head}Content-Length: 20000\r\n\r\n{}", "a".repeat(10_000))?;
            thread::sleep(TOO_LONG);
            write!(client, "{}", "b".repeat(10_000))
        }
        "long" => write!(client, "{head}X-Long: {}\r\nContent-Length: 2\r\n\r\nok", "x".repeat(9_000)),
        "many" => {
            let line = |n| format!("X-Part-{n}: {}\r\n", "x".repeat(4_000));
            let lines: String = (0..12).map(line).collect();
            write!(client, "{head}{lines}Content-Length: 2\r\n\r\nok")
        }
        "boom" => {
            write!(client, "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 4\r\n\r\nboom")
        }
        // Closed without a word, and whatever else.
        _ => Ok(()),
    }
}

/// The request as far as it has come, left where it is.
fn peek(client: &TcpStream) -> io::Result<String> {
    let mut bytes = [0; 4096];
    let n = client.peek(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..n]).into())
}

/// Answers half, then closes with the request unread, which makes the kernel send a reset.
fn reset(mut client: TcpStream) -> io::Result<()> {
    write!(client, "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n{}", "a".repeat(5_000))?;
    thread::sleep(Duration::from_millis(200));
    Ok(())
}
