//! Mail, against a small mail server: it accepts, rejects, hangs, and speaks TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use guru::alert::Failure;
use guru::model::alert::NoticeKind;

use crate::servers::{notice, sink};

/// What the server does.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Takes,
    /// Answers RCPT with this.
    Rejects(&'static str),
    Hangs,
    /// Says nothing more when this command comes.
    HangsAt(&'static str),
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS.
    Starttls,
}

struct Post {
    address: SocketAddr,
    got: Receiver<String>,
    folder: tempfile::TempDir,
}

fn post_office(server: Server) -> Post {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let (tell, got) = channel();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (config, tell) = (Arc::clone(&config), tell.clone());
            thread::spawn(move || talk(connection, server, &config, &tell));
        }
    });
    Post { address, got, folder }
}

fn secured(
    tcp: TcpStream,
    config: &Arc<rustls::ServerConfig>,
) -> rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(config)).unwrap(), tcp)
}

fn talk(mut tcp: TcpStream, server: Server, config: &Arc<rustls::ServerConfig>, tell: &Sender<String>) {
    match server {
        Server::Hangs => thread::sleep(Duration::from_secs(30)),
        Server::Tls => {
            let mut tls = secured(tcp, config);
            let _ = tls.write_all(b"220 here\r\n");
            let _ = converse(tls, server, tell);
        }
        _ => {
            let _ = tcp.write_all(b"220 here\r\n");
            if converse(tcp.try_clone().unwrap(), server, tell) {
                let _ = converse(secured(tcp, config), Server::Takes, tell);
            }
        }
    }
}

/// Speaks SMTP; true when TLS is to begin.
fn converse(stream: impl Read + Write, server: Server, tell: &Sender<String>) -> bool {
    let mut io = BufReader::with_capacity(1, stream);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        if io.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        if matches!(server, Server::HangsAt(command) if line.starts_with(command)) {
            thread::sleep(Duration::from_secs(30));
        }
        let answer = match line.get(..4).unwrap_or("").to_uppercase().as_str() {
            "EHLO" if server == Server::Starttls => "250-here\r\n250 STARTTLS\r\n".to_string(),
            "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN\r\n".to_string(),
            "STAR" => {
                io.get_mut().write_all(b"220 go\r\n").unwrap();
                return true;
            }
            "AUTH" if line.contains("AGd1cnUAczNjcmV0") => "235 welcome\r\n".into(), // \0guru\0s3cret
            "AUTH" => "535 no\r\n".into(),
            "RCPT" if matches!(server, Server::Rejects(_)) => {
                let Server::Rejects(with) = server else { unreachable!() };
                format!("{with}\r\n")
            }
            "DATA" => {
                io.get_mut().write_all(b"354 go\r\n").unwrap();
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && io.read_line(&mut mail).unwrap_or(0) > 0 {}
                said += &mail;
                let _ = tell.send(said.clone());
                "250 taken\r\n".into()
            }
            "QUIT" => "221 bye\r\n".into(),
            _ => "250 fine\r\n".to_string(),
        };
        said += &line;
        if io.get_mut().write_all(answer.as_bytes()).is_err() {
            return false;
        }
    }
}

impl Post {
    fn send(&self, lines: &str) -> Result<(), Failure> {
        let common = "from = 'guru <guru@example.com>'\nto = ['ops@example.com', 'boss@example.com']\ntimeout = '1s'";
        let port = self.address.port();
        sink(&format!("kind = 'smtp'\nport = {port}\n{common}\n{lines}")).send(&notice(NoticeKind::Opened))
    }

    fn ca(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }
}

#[test]
fn mail_is_handed_over_to_this_machine_in_the_clear() {
    let post = post_office(Server::Takes);
    post.send("host = '127.0.0.1'\ntls = 'none'").unwrap();
    let mail = post.got.recv().unwrap();
    for part in [
        "RCPT TO:<ops@example.com>",
        "RCPT TO:<boss@example.com>",
        "Subject: [guru critical] shop: first byte timeout, 31 % of visitors get 5xx",
        "Auto-Submitted: auto-generated",
        "Message-ID: <shop__eu__2026-11-20T17_49_06.000000Z_1_opened@example.com>",
        "References: <shop__eu__2026-11-20T17_49_06.000000Z@example.com>",
        "guru show 3",
    ] {
        assert!(mail.contains(part), "no {part} in:\n{mail}");
    }
}

#[test]
fn what_the_mail_server_says_decides_whether_to_try_again() {
    let rejected = |with| post_office(Server::Rejects(with)).send("host = 'localhost'\ntls = 'none'").unwrap_err();
    let f = rejected("550 no such user");
    assert!(!f.retry && f.why.contains("no such user"), "{f}");
    assert!(rejected("450 greylisted, come back").retry);
    let begun = Instant::now();
    let f = post_office(Server::Hangs).send("host = '127.0.0.1'\ntls = 'none'").unwrap_err();
    assert!(f.retry && begun.elapsed() < Duration::from_secs(4), "{f}");
}

#[test]
fn a_mail_server_that_hangs_in_the_middle_is_left_and_tried_again() {
    for command in ["EHLO", "MAIL", "RCPT", "DATA"] {
        let begun = Instant::now();
        let post = post_office(Server::HangsAt(command));
        let f = post.send("host = '127.0.0.1'\ntls = 'none'").unwrap_err();
        assert!(f.retry && begun.elapsed() < Duration::from_secs(4), "{command}: {f}");
        assert!(post.got.try_recv().is_err(), "{command}");
    }
}

#[test]
fn tls_is_used_and_its_certificate_is_checked() {
    for (server, tls) in [(Server::Tls, "tls"), (Server::Starttls, "starttls")] {
        let post = post_office(server);
        let password = post.folder.path().join("password");
        std::fs::write(&password, "s3cret\n").unwrap();
        let login = format!("username = 'guru'\npassword_file = '{}'", password.display());
        let lines = format!("host = 'localhost'\ntls = '{tls}'\n{login}\nca_file = '{}'", post.ca());
        post.send(&lines).unwrap();
        assert!(post.got.recv().unwrap().contains("AUTH PLAIN"));
        // Without our authority the certificate is nobody's.
        assert!(post.send(&format!("host = 'localhost'\ntls = '{tls}'")).is_err());
        // It is that of localhost, not of 127.0.0.1.
        assert!(post.send(&format!("host = '127.0.0.1'\ntls = '{tls}'\nca_file = '{}'", post.ca())).is_err());
        std::fs::write(&password, "wrong").unwrap();
        assert!(!post.send(&lines).unwrap_err().retry, "a wrong password stays wrong");
        assert!(post.got.try_recv().is_err(), "no mail but the first was sent");
    }
    // A server without STARTTLS gets nothing in the clear.
    let post = post_office(Server::Takes);
    assert!(post.send(&format!("host = 'localhost'\ntls = 'starttls'\nca_file = '{}'", post.ca())).is_err());
    assert!(post.got.try_recv().is_err());
}
