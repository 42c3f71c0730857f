//! One HTTP request to a receiver. In: an address, headers, a body; out: taken, or why not. It follows no redirects,
//! reads no more than the beginning of an answer, takes no longer than it may, and talks in the clear, or to addresses
//! of the link itself (where clouds keep their keys), to nobody by accident.
//!
//! Proxies of the environment are not used: through one, none of this could be checked.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};

use super::failure::Failure;
use super::secret;
use super::target::{Address, Web};

/// Bytes of an answer that are read to say why.
const ANSWER: u64 = 512;

/// Checks an address from the configuration.
///
/// # Errors
/// Why it will not do and what to write instead.
pub fn check(url: &str, allow_http: bool) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|_| "the url is no web address: write https://…".to_string())?;
    let host = uri.host().unwrap_or("");
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("the url holds a password: put the whole url into a file and name it as url_file".into());
    }
    if host.parse().or_else(|_| host.trim_matches(['[', ']']).parse()).is_ok_and(is_link_local) {
        return Err(format!("{host} is an address of the link itself: nothing is sent there"));
    }
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if allow_http || is_loopback(host) => Ok(()),
        Some("http") => {
            Err(format!("http:// to {host} can be read on the way: use https://, or say allow_http = true"))
        }
        _ => Err("the url is no web address: write https://…".into()),
    }
}

/// True for names and addresses of this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// True for 169.254.0.0/16 and fe80::/10.
fn is_link_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Sends a body by POST; `path` is added to the configured address.
///
/// # Errors
/// 429, 5xx, timeouts and broken connections are passing, everything else is lasting.
pub fn post(web: &Web, path: &str, headers: &[(&str, String)], body: &[u8], timeout: Duration) -> Result<(), Failure> {
    let url = match &web.address {
        Address::Open(url) => url.clone(),
        Address::Secret(file) => secret::read(file).map_err(Failure::passing)?,
    };
    check(&url, web.allow_http).map_err(Failure::lasting)?;
    let url = if path.is_empty() { url } else { url.trim_end_matches('/').to_string() + path };
    let mut request = agent(web, timeout)?.post(&url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    if let Some(file) = &web.token_file {
        request = request.header("Authorization", format!("Bearer {}", secret::read(file).map_err(Failure::passing)?));
    }
    let mut failure = match request.send(body) {
        Ok(answer) if answer.status().is_success() => return Ok(()),
        Ok(answer) => refused(answer),
        Err(e) => unreached(&e, timeout),
    };
    // What failed is stored and shown; the address may be a secret.
    failure.why = failure.why.replace(&url, "the address");
    Err(failure)
}

/// An agent for one request: nothing is kept open between calls for help.
fn agent(web: &Web, timeout: Duration) -> Result<Agent, Failure> {
    let mut tls = TlsConfig::builder();
    if let Some(file) = &web.ca_file {
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates(file)?));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .tls_config(tls.build())
        .user_agent(concat!("guru/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(timeout))
        .timeout_connect(Some(timeout.min(Duration::from_secs(5))))
        .max_response_header_size(16 * 1024)
        .max_idle_connections(0)
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::default(), NotTheLink))
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let wrong = |e: String| Failure::lasting(format!("the certificates in {} cannot be used: {e}", file.display()));
    let pem = std::fs::read(file).map_err(|e| wrong(e.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(c) = item.map_err(|e| wrong(e.to_string()))? {
            found.push(c);
        }
    }
    if found.is_empty() { Err(wrong("there are none in it".into())) } else { Ok(found) }
}

/// What an answer other than 2xx means.
fn refused(mut answer: Response<Body>) -> Failure {
    let status = answer.status();
    let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_string);
    let (retry_after, location) = (header("retry-after"), header("location"));
    if status.is_redirection() {
        let to = location.map_or_else(|| "elsewhere".to_string(), |l| brief(&l));
        return Failure::lasting(format!(
            "answered {}: moved to {to}: write that address into the configuration",
            status.as_u16()
        ));
    }
    let mut said = String::new();
    let mut reader = std::io::Read::take(answer.body_mut().as_reader(), ANSWER);
    let mut bytes = Vec::new();
    // An answer that breaks off still tells what came before.
    if std::io::Read::read_to_end(&mut reader, &mut bytes).is_ok() || !bytes.is_empty() {
        said = brief(&String::from_utf8_lossy(&bytes));
    }
    let colon = if said.is_empty() { "" } else { ": " };
    let why = format!("answered {}{colon}{said}", status.as_u16());
    let retry = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    Failure { retry, retry_after: retry_after.filter(|_| retry).and_then(|v| wait(&v, SystemTime::now())), why }
}

fn unreached(e: &ureq::Error, timeout: Duration) -> Failure {
    match e {
        ureq::Error::Timeout(_) => Failure::passing(format!("no answer within {} s", timeout.as_secs())),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::lasting(e.to_string()),
        ureq::Error::Other(_) if e.to_string().contains(LINK) => Failure::lasting(LINK),
        e => Failure::passing(brief(&e.to_string())),
    }
}

/// The length of a `Retry-After`: seconds or a date.
fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    SystemTime::from(at).duration_since(now).ok()
}

/// One line of printable text, at most 300 characters.
pub fn brief(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(300).collect()
}

const LINK: &str =
    "its name leads to an address of the link itself (169.254.0.0/16 or fe80::/10): nothing is sent there";

/// Looks names up as usual but refuses addresses of the link.
#[derive(Debug)]
struct NotTheLink;

#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(LINK)
    }
}

impl std::error::Error for Refused {}

impl Resolver for NotTheLink {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        if found.iter().any(|a: &SocketAddr| is_link_local(a.ip())) {
            return Err(ureq::Error::Other(Box::new(Refused)));
        }
        Ok(found)
    }
}
