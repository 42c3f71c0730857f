//! Limits by the names that their programs give them. In: a name as people write it; out: what it limits and whose it is.
//! It must not know what a limit would have spared.
//!
//! Names: Varnish 4.0 to 8.0, nginx 1.30, HAProxy 3.2 (a blank may be written as an underscore), Apache 2.4, Fastly VCL.

use crate::model::Text;

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    /// Making a connection.
    Connect,
    /// Waiting for the first byte of an answer.
    FirstByte,
    /// A pause within an answer.
    BetweenBytes,
    /// One header line.
    HeaderLine,
    /// All header lines together.
    Headers,
    /// Their number.
    HeaderCount,
}

impl Knob {
    /// True for a limit of time.
    pub fn is_time(self) -> bool {
        matches!(self, Knob::Connect | Knob::FirstByte | Knob::BetweenBytes)
    }
}

/// A limit that can be asked about.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// What it limits.
    pub knob: Knob,
    /// The programs that have it.
    programs: &'static [&'static str],
}

const VARNISH: &[&str] = &["varnish", "fastly"];
const NGINX: &[&str] = &["nginx", "ingress-nginx"];

const fn limit(name: &'static str, knob: Knob, programs: &'static [&'static str]) -> Limit {
    Limit { name, knob, programs }
}

impl Limit {
    /// Every limit that can be asked about.
    pub const ALL: [Limit; 17] = [
        limit("connect_timeout", Knob::Connect, VARNISH),
        limit("first_byte_timeout", Knob::FirstByte, VARNISH),
        limit("between_bytes_timeout", Knob::BetweenBytes, VARNISH),
        limit("http_resp_hdr_len", Knob::HeaderLine, &["varnish"]),
        limit("http_resp_size", Knob::Headers, &["varnish"]),
        limit("http_max_hdr", Knob::HeaderCount, &["varnish"]),
        limit("proxy_connect_timeout", Knob::Connect, NGINX),
        limit("fastcgi_connect_timeout", Knob::Connect, NGINX),
        limit("proxy_read_timeout", Knob::FirstByte, NGINX),
        limit("fastcgi_read_timeout", Knob::FirstByte, NGINX),
        limit("uwsgi_read_timeout", Knob::FirstByte, NGINX),
        limit("grpc_read_timeout", Knob::FirstByte, NGINX),
        limit("proxy_buffer_size", Knob::Headers, NGINX),
        limit("fastcgi_buffer_size", Knob::Headers, NGINX),
        limit("timeout connect", Knob::Connect, &["haproxy"]),
        limit("timeout server", Knob::FirstByte, &["haproxy"]),
        limit("ProxyTimeout", Knob::FirstByte, &["apache"]),
    ];

    /// The limit of a name; `bereq.` and a dot before it, as in VCL, are left out.
    pub fn parse(name: &str) -> Option<Limit> {
        let name = name.trim().trim_start_matches("bereq.").trim_start_matches('.').replace('_', " ");
        Limit::ALL.into_iter().find(|l| l.name.replace('_', " ").eq_ignore_ascii_case(&name))
    }

    /// What is to be said of a limit whose program logs no size.
    pub fn unsaid(self) -> Option<&'static str> {
        (self.knob == Knob::Headers && !self.programs.contains(&"varnish"))
            .then_some("nginx does not log how large the headers were that it refused")
    }

    /// True for a failure that this program met, and for one of which that is not known.
    pub fn is_of(self, program: Text) -> bool {
        program.is_empty() || self.programs.iter().any(|p| program.lossy() == *p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_found_however_it_is_written() {
        for name in ["first_byte_timeout", "bereq.first_byte_timeout", ".first_byte_timeout", "FIRST_BYTE_TIMEOUT"] {
            assert_eq!(Limit::parse(name).map(|l| l.name), Some("first_byte_timeout"), "{name}");
        }
        assert_eq!(Limit::parse("timeout_server").map(|l| l.name), Some("timeout server"));
        assert!(Limit::parse("thread_pool_max").is_none());
    }

    #[test]
    fn a_limit_breaks_only_what_its_program_fetched() {
        let of = |name: &str, program: &str| Limit::parse(name).expect("known").is_of(Text::from(program));
        assert!(of("proxy_read_timeout", "nginx") && of("proxy_read_timeout", ""));
        assert!(!of("proxy_read_timeout", "varnish") && !of("first_byte_timeout", "nginx"));
    }
}
