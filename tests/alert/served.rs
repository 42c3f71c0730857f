//! `/metrics` and `/healthz` over the wire, with clients that do not behave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guru::cli::serve::{Server, Shared, address, serve};
use guru::model::Stamp;
use guru::model::live::Live;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

fn server(wall_us: i64) -> (Server, Shared) {
    let live = Live { wall: Stamp(wall_us), ..Live::default() };
    let shared: Shared = Arc::new(Mutex::new(Arc::new(live)));
    (serve(address("0").unwrap(), Arc::clone(&shared)).unwrap(), shared)
}

fn ask(to: SocketAddr, request: &str) -> String {
    let mut c = TcpStream::connect(to).unwrap();
    c.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    c.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = c.read_to_string(&mut answer);
    answer
}

#[test]
fn metrics_and_health_are_served() {
    let (server, shared) = server(now());
    let to = server.address();
    assert!(to.ip().is_loopback());
    let answer = ask(to, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text"), "{answer}");
    assert!(answer.ends_with("# EOF\n"));
    assert!(ask(to, "GET /healthz?x=1 HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nok\n"));
    assert!(ask(to, "HEAD /healthz HTTP/1.1\r\n\r\n").ends_with("Connection: close\r\n\r\n"));
    assert!(ask(to, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(ask(to, "GET /etc/passwd HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));

    *shared.lock().unwrap() = Arc::new(Live { wall: Stamp(now() - 61_000_000), ..Live::default() });
    let ill = ask(to, "GET /healthz HTTP/1.1\r\n\r\n");
    assert!(ill.starts_with("HTTP/1.1 503") && ill.contains("61 s old"), "{ill}");
    *shared.lock().unwrap() = Arc::new(Live::default());
    assert!(ask(to, "GET /healthz HTTP/1.1\r\n\r\n").contains("nothing is known yet"));
    server.stop();
    assert!(TcpStream::connect(to).is_err(), "it is stopped");
}

#[test]
fn slow_long_and_many_clients_do_no_harm() {
    let (server, _shared) = server(now());
    let to = server.address();
    assert!(ask(to, &format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(9000))).starts_with("HTTP/1.1 431"));
    // More connections than are served, all silent.
    let begun = Instant::now();
    let silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(to).unwrap()).collect();
    // They are closed within their time, although one of them sends a byte now and then.
    while !ask(to, "GET /healthz HTTP/1.1\r\n\r\n").ends_with("ok\n") {
        assert!(begun.elapsed() < Duration::from_secs(20), "silent clients keep others out");
        let _ = (&silent[0]).write_all(b"x");
        std::thread::sleep(Duration::from_millis(300));
    }
    drop(silent);
}

#[test]
fn a_port_alone_is_this_machine() {
    assert_eq!(address("9110").unwrap().to_string(), "127.0.0.1:9110");
    assert_eq!(address(":9110").unwrap().to_string(), "127.0.0.1:9110");
    assert_eq!(address("localhost:9110").unwrap().to_string(), "127.0.0.1:9110");
    assert_eq!(address("0.0.0.0:9110").unwrap().to_string(), "0.0.0.0:9110");
    assert_eq!(address("[::1]:9110").unwrap().to_string(), "[::1]:9110");
    for wrong in ["", "shop.example.com:9110", "99999", "127.0.0.1"] {
        assert!(address(wrong).unwrap_err().hints[0].contains("9110"), "{wrong}");
    }
    let (first, _shared) = server(now());
    let e = serve(first.address(), Arc::new(Mutex::new(Arc::new(Live::default())))).err().unwrap();
    assert!(e.message.contains("cannot be served"), "{}", e.message);
}
