//! Which backend a fetch went to. In: payloads of `BackendOpen`, `Backend`, `BackendClose` and `FetchError` in the
//! layout of any version; out: name, address, ports, kept-alive or new. It must not know what became of the fetch.
//!
//! Layouts (VSL of the versions named): 3.0 `NAME LOCALIP LOCALPORT REMOTEIP REMOTEPORT`; 4.0
//! `FD NAME(IP4,IP6,PORT) LIP LPORT`; 4.1 to 6.4 `FD NAME RIP RPORT LIP LPORT`; 6.5 to 8.0 the same and
//! `connect|reuse`; after 8.0 `reuse AGE TIMES`. NAME is `VCL.BACKEND` in 4.1 to 6.0 and the backend alone since 6.1.

use super::fields::{number, word, words};

/// One connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Connection<'c> {
    /// Backend, without VCL and address.
    pub name: &'c [u8],
    /// Address of the backend; empty for a socket in the file system, and in 4.0 when none was configured.
    pub addr: &'c [u8],
    /// Port of the backend.
    pub port: u16,
    /// Own port; 0 where it is not logged.
    pub local_port: u16,
    /// True when it was kept alive; false in 4.1 to 6.4, which do not say.
    pub reused: bool,
}

fn port(digits: &[u8]) -> u16 {
    number(digits).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// A name as 6.1 and later print it: without `(...)` and, where the VCL comes first, without VCL.
pub(super) fn plain_name(name: &[u8], vcl_first: bool) -> &[u8] {
    let end = name.iter().position(|&b| b == b'(').unwrap_or(name.len());
    let name = &name[..end];
    match name.iter().position(|&b| b == b'.') {
        Some(dot) if vcl_first => &name[dot + 1..],
        _ => name,
    }
}

/// Address and port of 4.0's `NAME(IP4,IP6,PORT)`.
fn configured(name: &[u8]) -> (&[u8], u16) {
    let inside = name.iter().position(|&b| b == b'(').map_or(&b""[..], |at| &name[at + 1..]);
    let mut parts = inside.strip_suffix(b")").unwrap_or(inside).split(|&b| b == b',');
    let (ip4, ip6) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
    (if ip4.is_empty() { ip6 } else { ip4 }, port(parts.next().unwrap_or(b"")))
}

/// A `BackendOpen` payload.
pub(super) fn opened(payload: &[u8]) -> Connection<'_> {
    let mut fields = [&b""[..]; 7];
    let mut count = 0;
    for (place, found) in fields.iter_mut().zip(words(payload)) {
        *place = found;
        count += 1;
    }
    let [fd, name, a, b, c, d, how] = fields;
    if number(fd).is_none() {
        // 3.0: the file descriptor stands where later versions have the transaction.
        return Connection { name: fd, addr: b, port: port(c), local_port: port(a), reused: false };
    }
    if count <= 4 {
        let (addr, backend_port) = configured(name);
        return Connection {
            name: plain_name(name, false),
            addr,
            port: backend_port,
            local_port: port(b),
            reused: false,
        };
    }
    // A socket in the file system is printed as 0.0.0.0 0.
    let (addr, local_port) = if a == b"0.0.0.0" && b == b"0" { (&b""[..], 0) } else { (a, port(d)) };
    Connection { name: plain_name(name, count == 6), addr, port: port(b), local_port, reused: how == b"reuse" }
}

/// A `Backend` payload of 4.0, `FD DIRECTOR NAME(IP4,IP6,PORT)`: which backend the director chose. Without a
/// `BackendOpen` before it the connection was a kept-alive one.
pub(super) fn chosen(payload: &[u8]) -> Connection<'_> {
    let name = word(payload, 2);
    let (addr, backend_port) = configured(name);
    Connection { name: plain_name(name, false), addr, port: backend_port, local_port: 0, reused: true }
}

/// Why a connection was closed, as a `BackendClose` payload says it: `FD NAME close REASON` (7.1 and later; text, since
/// 7.5 a symbol) or `FD NAME toolate` (4.0). Empty when it was put back or no reason is given.
pub(super) fn close_reason(payload: &[u8]) -> &[u8] {
    let mut fields = payload.splitn(4, |&b| b == b' ').skip(2);
    match fields.next().unwrap_or(b"") {
        b"close" => fields.next().unwrap_or(b"").trim_ascii(),
        b"recycle" => b"",
        how => how,
    }
}

/// The backend that a `FetchError` names when no connection was made: `backend NAME: …` (6.0 and later) or
/// `Director NAME returned no backend` (4.1 and later). Empty when it names none.
pub(super) fn named(error: &[u8], vcl_first: bool) -> &[u8] {
    if let Some(rest) = error.strip_prefix(b"backend ") {
        // `backend write error: …` is about the connection, not a name.
        let name = words(rest).next().and_then(|w| w.strip_suffix(b":")).unwrap_or(b"");
        return plain_name(name, vcl_first);
    }
    match error.strip_prefix(b"Director ") {
        Some(rest) if rest.ends_with(b" returned no backend") => word(rest, 0),
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection<'c>(name: &'c str, addr: &'c str, port: u16, local_port: u16, reused: bool) -> Connection<'c> {
        Connection { name: name.as_bytes(), addr: addr.as_bytes(), port, local_port, reused }
    }

    #[test]
    fn connections_are_read_in_the_layout_of_every_version() {
        for (payload, expected) in [
            ("web 127.0.0.1 49364 10.0.0.2 8080", connection("web", "10.0.0.2", 8080, 49364, false)),
            ("17 web(10.0.0.2,,8080) 127.0.0.1 49364 ", connection("web", "10.0.0.2", 8080, 49364, false)),
            ("17 web(,fe80::1,80) ::1 49364 ", connection("web", "fe80::1", 80, 49364, false)),
            (
                "24 boot.default 127.0.0.1 21011 127.0.0.1 38300",
                connection("default", "127.0.0.1", 21011, 38300, false),
            ),
            ("24 default 127.0.0.1 21011 127.0.0.1 38300", connection("default", "127.0.0.1", 21011, 38300, false)),
            ("24 web 127.0.0.1 21011 127.0.0.1 5 connect", connection("web", "127.0.0.1", 21011, 5, false)),
            ("24 goto.1 127.0.0.1 21011 127.0.0.1 5 reuse", connection("goto.1", "127.0.0.1", 21011, 5, true)),
            ("24 web 127.0.0.1 21011 127.0.0.1 5 reuse 1.2 3", connection("web", "127.0.0.1", 21011, 5, true)),
            ("24 uds 0.0.0.0 0 0.0.0.0 0 connect", connection("uds", "", 0, 0, false)),
        ] {
            assert_eq!(opened(payload.as_bytes()), expected, "{payload}");
        }
        assert_eq!(chosen(b"17 rr web(10.0.0.2,,8080)"), connection("web", "10.0.0.2", 8080, 0, true));
        opened(b"");
        opened(b"1");
    }

    #[test]
    fn close_reasons_are_kept_as_logged() {
        for (payload, expected) in [
            ("24 default close Received bad req/resp", "Received bad req/resp"),
            ("24 default close RX_BAD", "RX_BAD"),
            ("24 default recycle", ""),
            ("24 default", ""),
            ("24 default(1.2.3.4,,80) toolate", "toolate"),
            ("", ""),
        ] {
            assert_eq!(close_reason(payload.as_bytes()), expected.as_bytes(), "{payload}");
        }
    }

    #[test]
    fn errors_name_backends() {
        for (error, vcl_first, expected) in [
            ("backend boot.refused: fail errno 111 (Connection refused)", true, "refused"),
            ("backend goto.1: unhealthy", false, "goto.1"),
            ("backend write error: 32 (Broken pipe)", false, ""),
            ("Director rr returned no backend", false, "rr"),
            ("No backend", false, ""),
        ] {
            assert_eq!(named(error.as_bytes(), vcl_first), expected.as_bytes(), "{error}");
        }
    }
}
