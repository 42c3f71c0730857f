//! The request line, however odd. In: `$request` as logged or the `request: "…"` of an error line; out: method, host
//! and URL, borrowed. It must not refuse anything: what clients send is no reason to reject a log line.

/// A request line, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestLine<'c> {
    /// Method; empty when there is none (a TLS handshake on the HTTP port, nothing at all).
    pub method: &'c [u8],
    /// Host of an absolute target, without port; empty otherwise.
    pub host: &'c [u8],
    /// Path and query, or whatever stands there.
    pub url: &'c [u8],
    /// True when the target was in absolute form (`http://host/path`).
    pub absolute: bool,
}

/// Takes a request line apart. Blanks inside the target stay: only the first and the last blank separate.
pub fn request_line(raw: &[u8]) -> RequestLine<'_> {
    if matches!(raw, [] | [b'-']) {
        return RequestLine::default();
    }
    let Some(blank) = raw.iter().take(33).position(|c| *c == b' ') else {
        return RequestLine { url: raw, ..RequestLine::default() };
    };
    let (method, rest) = (&raw[..blank], &raw[blank + 1..]);
    // What AWS writes for a request that was none: `- http://host:80- -`.
    if let (b"-", Some(host)) = (method, rest.strip_suffix(b"- -")) {
        return RequestLine { url: b"", ..target(host) };
    }
    if method.is_empty() || !method.iter().all(|c| c.is_ascii_uppercase() || matches!(c, b'-' | b'_')) {
        return RequestLine { url: raw, ..RequestLine::default() };
    }
    RequestLine { method, ..target(without_protocol(rest)) }
}

/// The host and path of a target.
pub fn target(url: &[u8]) -> RequestLine<'_> {
    let schemes: [&[u8]; 4] = [b"http://", b"https://", b"ws://", b"wss://"];
    let after = schemes.iter().find_map(|scheme| url.strip_prefix(*scheme));
    let Some(after) = after else { return RequestLine { url, ..RequestLine::default() } };
    let end = after.iter().position(|c| matches!(c, b'/' | b'?')).unwrap_or(after.len());
    let path = if end == after.len() { b"/" } else { &after[end..] };
    RequestLine { method: b"", host: without_port(&after[..end]), url: path, absolute: true }
}

/// Cuts ` HTTP/x.y` off; a request of HTTP/0.9 has none.
fn without_protocol(rest: &[u8]) -> &[u8] {
    // The usual case first: `HTTP/` stands eight bytes before the end.
    if rest.len() >= 9 && rest[rest.len() - 9..].starts_with(b" HTTP/") {
        return &rest[..rest.len() - 9];
    }
    match rest.iter().rposition(|c| *c == b' ') {
        Some(at) if rest[at + 1..].starts_with(b"HTTP/") => &rest[..at],
        _ => rest,
    }
}

/// A host without its port; `[::1]:80` keeps the brackets.
pub fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|c| *c == b':') {
        Some(at) if host[at + 1..].iter().all(u8::is_ascii_digit) && !host[..at].ends_with(b":") => {
            if host.starts_with(b"[") && !host[..at].ends_with(b"]") { host } else { &host[..at] }
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_requests_are_read_as_far_as_they_go() {
        let cases: [(&str, &str, &str, &str); 14] = [
            ("GET /a?b=1 HTTP/1.1", "GET", "", "/a?b=1"),
            ("GET /sp ace HTTP/1.1", "GET", "", "/sp ace"),
            ("GET /http09", "GET", "", "/http09"),
            ("GET http://abs.example:8080/abs?x=1 HTTP/1.1", "GET", "abs.example", "/abs?x=1"),
            ("GET http://abs.example HTTP/1.1", "GET", "abs.example", "/"),
            ("OPTIONS * HTTP/1.1", "OPTIONS", "", "*"),
            ("GET wss://abs.example:443/ws HTTP/1.1", "GET", "abs.example", "/ws"),
            ("- http://abs.example:80- -", "", "abs.example", ""),
            ("PRI * HTTP/2.0", "PRI", "", "*"),
            (r"\x16\x03\x01\x02 \x00", "", "", r"\x16\x03\x01\x02 \x00"),
            ("-", "", "", ""),
            ("", "", "", ""),
            ("GET ", "GET", "", ""),
            ("get / HTTP/1.1", "", "", "get / HTTP/1.1"),
        ];
        for (raw, method, host, url) in cases {
            let r = request_line(raw.as_bytes());
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            assert_eq!((text(r.method), text(r.host), text(r.url)), (method.into(), host.into(), url.into()), "{raw}");
        }
    }

    #[test]
    fn a_host_loses_its_port_and_nothing_else() {
        for (host, bare) in
            [("a.example:80", "a.example"), ("a.example", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")]
        {
            assert_eq!(without_port(host.as_bytes()), bare.as_bytes());
        }
    }
}
