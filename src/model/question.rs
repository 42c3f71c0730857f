//! What somebody asks about one request: the number of a transaction, a URL, an address. In: words as they were pasted;
//! out: a question that requests, fetches and failures answer with yes or no. It must not know where they come from.
//!
//! Answering compares bytes and allocates nothing: it is asked of every line of a log.

use std::net::{IpAddr, SocketAddr};

use super::failure::Failure;
use super::fetch::Fetch;
use super::redact::redact;
use super::request::Request;

/// A question about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The transaction of that number: of a client's request or of a fetch.
    Xid(u64),
    /// What was asked for that URL.
    Url {
        /// Host without port; empty for any.
        host: Vec<u8>,
        /// Path.
        path: Vec<u8>,
        /// Query; `None` for any.
        query: Option<Vec<u8>>,
    },
    /// What came from that client or went to that backend.
    Address {
        /// The address.
        ip: IpAddr,
        /// As it stands in logs.
        text: String,
        /// Port of the backend; 0 for any.
        port: u16,
    },
}

impl Question {
    /// Reads `98307`, `XID: 98307` anywhere in a pasted error page, `/cart?id=7`, `GET /cart HTTP/1.1`,
    /// `https://www.shop.example/cart`, `192.0.2.7`, `10.0.0.11:8080`.
    pub fn parse(text: &str) -> Option<Question> {
        let text = text.trim();
        xid(text).or_else(|| address(text)).or_else(|| url(request_target(text)))
    }

    /// True when a request answers it.
    pub fn fits_request(&self, r: &Request<'_>) -> bool {
        match self {
            Question::Xid(n) => r.vxid == *n || is_number(r.travelled_id, *n),
            Question::Url { .. } => self.fits_url(r.host, r.url),
            Question::Address { ip, text, port } => {
                *port == 0
                    && (same_address(r.peer, *ip, text)
                        || r.forwarded.split(|b| *b == b',').any(|a| same_address(a.trim_ascii(), *ip, text)))
            }
        }
    }

    /// True when a fetch answers it.
    pub fn fits_fetch(&self, f: &Fetch<'_>) -> bool {
        match self {
            Question::Xid(n) => f.vxid == *n,
            Question::Url { .. } => self.fits_url(f.host, f.url),
            Question::Address { ip, text, port } => (*port == 0 || *port == f.port) && same_address(f.addr, *ip, text),
        }
    }

    /// True when a stored failed fetch answers it. Secrets in its URL may be masked.
    pub fn fits_failure(&self, f: &Failure) -> bool {
        match self {
            Question::Xid(n) => f.vxid == *n || f.client_vxid == *n,
            Question::Url { .. } => self.fits_url(&f.host.bytes(), &f.url.bytes()),
            Question::Address { ip, text, port } => {
                let whole = f.backend_addr.bytes();
                let Some(colon) = whole.iter().rposition(|b| *b == b':') else { return false };
                let same_port = *port == 0 || whole[colon + 1..] == *port.to_string().as_bytes();
                same_port && same_address(&whole[..colon], *ip, text)
            }
        }
    }

    /// A log that tells no host cannot say no.
    fn fits_url(&self, logged_host: &[u8], logged_url: &[u8]) -> bool {
        let Question::Url { host, path, query } = self else { return false };
        let (in_url, rest) = without_origin(logged_url);
        let logged_host = if in_url.is_empty() { logged_host } else { in_url };
        let (logged_path, logged_query) = split_query(rest);
        logged_path == path && query.as_deref().is_none_or(|q| logged_query == Some(q)) && is_host(host, logged_host)
    }

    /// The word for its kind in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Question::Xid(_) => "xid",
            Question::Url { .. } => "url",
            Question::Address { .. } => "address",
        }
    }

    /// The question as it was understood, secrets masked.
    pub fn words(&self) -> String {
        match self {
            Question::Xid(n) => format!("XID {n}"),
            Question::Url { host, path, query } => {
                let mut all = [host.as_slice(), path].concat();
                if let Some(query) = query {
                    all.push(b'?');
                    all.extend_from_slice(query);
                }
                redact(&all)
            }
            Question::Address { text, port: 0, .. } => text.clone(),
            Question::Address { ip, port, .. } => SocketAddr::new(*ip, *port).to_string(),
        }
    }
}

/// True when a logged host is the one that is asked for: case and port do not matter; what is not known fits.
pub fn is_host(asked: &[u8], logged: &[u8]) -> bool {
    let logged = match logged.iter().rposition(|b| *b == b':') {
        Some(colon) if logged[colon + 1..].iter().all(u8::is_ascii_digit) => &logged[..colon],
        _ => logged,
    };
    asked.is_empty() || logged.is_empty() || logged == b"-" || asked.eq_ignore_ascii_case(logged)
}

/// A number alone, or the one after `XID` in an error page, with or without its markup and whatever stands around it.
fn xid(text: &str) -> Option<Question> {
    let after = |at: usize| text[at + 3..].trim_start_matches(|c: char| c == ':' || c.is_whitespace());
    let is_word = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let lower = text.to_ascii_lowercase();
    let named = lower.rmatch_indices("xid").map(|(at, _)| at).find(|at| is_word(*at)).map(after);
    let number = named.map_or(text, |n| &n[..n.find(|c: char| !c.is_ascii_digit()).unwrap_or(n.len())]);
    let all_digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    number.parse().ok().filter(|n| all_digits && *n > 0).map(Question::Xid)
}

/// The target of a request line: `GET /cart HTTP/1.1`, with or without quotes. Any other text stays as it is.
fn request_target(text: &str) -> &str {
    let mut words = text.trim_matches('"').split_ascii_whitespace();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(method), Some(target), protocol, None)
            if method.bytes().all(|b| b.is_ascii_uppercase()) && protocol.is_none_or(|p| p.starts_with("HTTP/")) =>
        {
            target
        }
        _ => text,
    }
}

fn address(text: &str) -> Option<Question> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let (ip, port) = match (bare.parse::<IpAddr>(), text.parse::<SocketAddr>()) {
        (Ok(ip), _) => (ip, 0),
        (_, Ok(both)) => (both.ip(), both.port()),
        _ => return None,
    };
    // An IPv4 address as a socket for both families shows it.
    let ip = ip.to_canonical();
    Some(Question::Address { ip, text: ip.to_string(), port })
}

fn url(text: &str) -> Option<Question> {
    let text = text.split('#').next().unwrap_or_default().as_bytes();
    let (host, rest) = match text {
        [b'/', ..] => (&[][..], text),
        _ => match without_origin(text) {
            ([], _) => text.split_at(text.iter().position(|b| *b == b'/')?),
            both => both,
        },
    };
    let (path, query) = split_query(if rest.is_empty() { b"/" } else { rest });
    let host = match host.iter().rposition(|b| *b == b':') {
        Some(colon) => &host[..colon],
        None => host,
    };
    let path = if path.is_empty() { b"/" } else { path };
    Some(Question::Url { host: host.to_vec(), path: path.to_vec(), query: query.map(<[u8]>::to_vec) })
}

/// Host (empty when there is none) and the rest of a URL that may begin with a scheme.
fn without_origin(url: &[u8]) -> (&[u8], &[u8]) {
    let scheme = |name: &str| {
        url.split_at_checked(name.len()).filter(|(s, _)| s.eq_ignore_ascii_case(name.as_bytes())).map(|(_, rest)| rest)
    };
    let Some(rest) = scheme("http://").or_else(|| scheme("https://")) else { return (&[], url) };
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    rest.split_at(end)
}

fn split_query(url: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'?', url) {
        Some(at) => (&url[..at], Some(&url[at + 1..])),
        None => (url, None),
    }
}

/// True when the first word of an id is that number.
fn is_number(id: &[u8], n: u64) -> bool {
    let first = id.split(|b| *b == b' ').next().unwrap_or_default();
    !first.is_empty()
        && first.iter().try_fold(0_u64, |sum, b| match b {
            b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(b - b'0')),
            _ => None,
        }) == Some(n)
}

/// IPv6 may be written in several ways; a port may follow the address.
fn same_address(logged: &[u8], ip: IpAddr, text: &str) -> bool {
    if logged == text.as_bytes() {
        return true;
    }
    let Ok(logged) = std::str::from_utf8(logged) else { return false };
    match ip {
        IpAddr::V4(_) => {
            let logged = logged.trim_start_matches('[');
            let logged = logged.strip_prefix("::ffff:").or_else(|| logged.strip_prefix("::FFFF:")).unwrap_or(logged);
            logged.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ']']))
        }
        IpAddr::V6(_) if !logged.contains(':') => false,
        IpAddr::V6(_) => {
            let bare = logged.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(logged);
            bare.parse() == Ok(ip) || logged.parse::<SocketAddr>().is_ok_and(|s| s.ip() == ip)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        Question::parse(text).map_or("nothing".into(), |q| format!("{} {}", q.kind(), q.words()))
    }

    #[test]
    fn what_people_paste_is_understood() {
        for (text, understood) in [
            ("98307", "xid XID 98307"),
            ("XID: 98307", "xid XID 98307"),
            ("Guru Meditation: XID: 98307", "xid XID 98307"),
            ("XID: 98307\n\nVarnish cache server", "xid XID 98307"),
            ("<h3>Guru Meditation:</h3>\n<p>XID: 98307</p>\n<hr>", "xid XID 98307"),
            ("/cart?id=7", "url /cart?id=7"),
            ("/cart?xid=7", "url /cart?xid=7"),
            ("GET /cart?id=7 HTTP/1.1", "url /cart?id=7"),
            ("\"POST /cart HTTP/2.0\"", "url /cart"),
            ("HTTPS://www.shop.example/cart", "url www.shop.example/cart"),
            ("::ffff:192.0.2.7", "address 192.0.2.7"),
            ("https://www.shop.example:8443/cart?id=7#top", "url www.shop.example/cart?id=7"),
            ("https://www.shop.example", "url www.shop.example/"),
            ("www.shop.example/cart", "url www.shop.example/cart"),
            ("/login?token=abc", "url /login?token=<redacted 3 bytes>"),
            ("192.0.2.7", "address 192.0.2.7"),
            ("10.0.0.11:8080", "address 10.0.0.11:8080"),
            ("[2001:DB8::1]:8080", "address [2001:db8::1]:8080"),
            ("cart", "nothing"),
            ("0", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(asked(text), understood, "{text}");
        }
    }

    #[test]
    fn a_url_fits_with_any_query_unless_one_is_named_and_with_a_host_that_is_not_logged() {
        let fits = |text: &str, host: &[u8], url: &[u8]| Question::parse(text).unwrap().fits_url(host, url);
        assert!(fits("/cart", b"a", b"/cart?x=1") && fits("/cart?x=1", b"", b"/cart?x=1"));
        assert!(!fits("/cart?x=1", b"", b"/cart") && !fits("/cart", b"", b"/carts"));
        assert!(fits("https://A.example/cart", b"a.example:80", b"/cart") && fits("https://a.example/", b"-", b"/"));
        assert!(!fits("https://a.example/cart", b"b.example", b"/cart"));
        assert!(fits("https://a.example/cart", b"b.example", b"http://a.example/cart"));
    }

    #[test]
    fn addresses_fit_however_they_are_written() {
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        for text in ["2001:db8::1", "2001:DB8:0::1", "[2001:db8::1]:80"] {
            assert!(same_address(text.as_bytes(), v6, "2001:db8::1"), "{text}");
        }
        let v4: IpAddr = "10.0.0.1".parse().unwrap();
        assert!(
            same_address(b"::ffff:10.0.0.1", v4, "10.0.0.1") && same_address(b"[::ffff:10.0.0.1]:80", v4, "10.0.0.1")
        );
        assert!(same_address(b"10.0.0.1:80", v4, "10.0.0.1") && !same_address(b"10.0.0.11", v4, "10.0.0.1"));
        assert!(is_number(b"98307 98306", 98307) && !is_number(b"", 0) && !is_number(b"98307x", 98307));
    }
}
