//! The fields that guru reads of an access line, and which variable of nginx's `log_format` fills which. In: variable
//! names; out: `Field` with its `Kind`, and the borrowed values of one line. It must not know any layout.

/// A field of an access line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// Address of the peer, or of the client when realip replaced it.
    RemoteAddr,
    /// Address of the peer where realip keeps it.
    RealPeer,
    /// Time with zone, CLF form.
    TimeLocal,
    /// Time with zone, ISO 8601.
    TimeIso,
    /// Epoch seconds with three decimals.
    Msec,
    /// Request line.
    Request,
    /// Method alone.
    Method,
    /// Path and query, or the path when `Args` is there too.
    Uri,
    /// Query alone.
    Args,
    /// Status.
    Status,
    /// Body bytes sent.
    BodyBytes,
    /// All bytes sent.
    BytesSent,
    /// Bytes of the request.
    RequestLength,
    /// Seconds from the first byte read to the line.
    RequestTime,
    /// `OK`, or empty for an answer that did not reach the client whole.
    Completion,
    /// Referer.
    Referer,
    /// User-Agent.
    Agent,
    /// X-Forwarded-For.
    Forwarded,
    /// Host, with or without port.
    Host,
    /// Name of the virtual server: the host where no Host is logged.
    ServerName,
    /// Local port.
    ServerPort,
    /// Number of the client connection.
    Connection,
    /// Position of the request on it.
    ConnectionRequests,
    /// X-Varnish of the request.
    XVarnish,
    /// X-Request-ID of the request.
    XRequestId,
    /// Id that this server gave the request.
    RequestId,
    /// Retry-After of the answer.
    RetryAfter,
    /// Group or host named in `proxy_pass`.
    UpstreamName,
    /// Upstream addresses, a list.
    UpstreamAddr,
    /// Upstream statuses, a list.
    UpstreamStatus,
    /// Seconds to connect, a list.
    UpstreamConnect,
    /// Seconds to the headers, a list.
    UpstreamHeader,
    /// Seconds to the end, a list.
    UpstreamResponse,
    /// Bytes received, a list.
    UpstreamReceived,
    /// What the cache of this server did.
    CacheStatus,
    /// Read over: guru has no use for it.
    Ignored,
}

/// What bytes a field may consist of; a line that has others there is not of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No blank.
    Word,
    /// Digits, `-` or nothing.
    Number,
    /// Three digits.
    Status,
    /// Decimal seconds, `-` or nothing.
    Seconds,
    /// CLF time.
    TimeLocal,
    /// ISO 8601 time.
    TimeIso,
    /// Epoch seconds.
    Epoch,
    /// Items joined by `, ` and ` : `, which contain blanks even outside quotes.
    List,
    /// Such a list of numbers, decimal seconds and `-`.
    Times,
    /// Anything.
    Text,
}

/// Number of fields.
pub const FIELDS: usize = Field::Ignored as usize + 1;

const VARIABLES: &[(&str, Field, Kind)] = {
    use Field as F;
    use Kind as K;
    &[
        ("remote_addr", F::RemoteAddr, K::Word),
        ("realip_remote_addr", F::RealPeer, K::Word),
        ("time_local", F::TimeLocal, K::TimeLocal),
        ("time_iso8601", F::TimeIso, K::TimeIso),
        ("msec", F::Msec, K::Epoch),
        ("request", F::Request, K::Text),
        ("request_method", F::Method, K::Word),
        ("request_uri", F::Uri, K::Text),
        ("uri", F::Uri, K::Text),
        ("document_uri", F::Uri, K::Text),
        ("args", F::Args, K::Text),
        ("query_string", F::Args, K::Text),
        ("status", F::Status, K::Status),
        ("body_bytes_sent", F::BodyBytes, K::Number),
        ("bytes_sent", F::BytesSent, K::Number),
        ("request_length", F::RequestLength, K::Number),
        ("request_time", F::RequestTime, K::Seconds),
        ("request_completion", F::Completion, K::Word),
        ("http_referer", F::Referer, K::Text),
        ("http_user_agent", F::Agent, K::Text),
        ("http_x_forwarded_for", F::Forwarded, K::Text),
        ("host", F::Host, K::Word),
        ("http_host", F::Host, K::Text),
        ("server_name", F::ServerName, K::Word),
        ("server_port", F::ServerPort, K::Number),
        ("connection", F::Connection, K::Number),
        ("connection_requests", F::ConnectionRequests, K::Number),
        ("http_x_varnish", F::XVarnish, K::Text),
        ("http_x_request_id", F::XRequestId, K::Text),
        ("request_id", F::RequestId, K::Word),
        ("req_id", F::RequestId, K::Word),
        ("sent_http_retry_after", F::RetryAfter, K::Text),
        ("upstream_http_retry_after", F::RetryAfter, K::Text),
        ("proxy_host", F::UpstreamName, K::Word),
        ("proxy_upstream_name", F::UpstreamName, K::Word),
        ("upstream_addr", F::UpstreamAddr, K::List),
        ("upstream_status", F::UpstreamStatus, K::Times),
        ("upstream_connect_time", F::UpstreamConnect, K::Times),
        ("upstream_header_time", F::UpstreamHeader, K::Times),
        ("upstream_response_time", F::UpstreamResponse, K::Times),
        ("upstream_bytes_received", F::UpstreamReceived, K::Times),
        ("upstream_response_length", F::Ignored, K::Times),
        ("upstream_bytes_sent", F::Ignored, K::Times),
        ("upstream_cache_status", F::CacheStatus, K::Word),
        ("remote_user", F::Ignored, K::Text),
        ("pipe", F::Ignored, K::Word),
        ("scheme", F::Ignored, K::Word),
        ("server_protocol", F::Ignored, K::Word),
        ("server_addr", F::Ignored, K::Word),
        ("remote_port", F::Ignored, K::Number),
        ("gzip_ratio", F::Ignored, K::Word),
        ("ssl_protocol", F::Ignored, K::Word),
        ("ssl_cipher", F::Ignored, K::Word),
        ("http_x_real_ip", F::Ignored, K::Text),
    ]
};

/// The field and kind of a variable. A name that guru does not know is read over: `map` and `set` make new ones.
pub fn of_variable(name: &str) -> (Field, Kind) {
    VARIABLES.iter().find(|v| v.0 == name).map_or((Field::Ignored, Kind::Text), |v| (v.1, v.2))
}

/// The known variable that an unknown name is probably a slip of: one letter wrong, missing, added or exchanged.
pub fn meant(name: &str) -> Option<&'static str> {
    let known = |n: &str| VARIABLES.iter().any(|v| v.0 == n);
    if known(name) || name.len() < 4 {
        return None;
    }
    VARIABLES.iter().map(|v| v.0).find(|v| v.len() > 3 && one_slip(v.as_bytes(), name.as_bytes()))
}

fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (x, y) = (&a[same..], &b[same..]);
    match (x, y) {
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([p, q, x @ ..], [r, s, y @ ..]) if p == s && q == r && x == y => true,
        ([_, x @ ..], y) if x == y => true,
        (x, [_, y @ ..]) if x == y => true,
        _ => false,
    }
}

/// The values of one line, borrowed; empty where the layout has no such field.
#[derive(Clone, Copy)]
pub struct Fields<'c>([&'c [u8]; FIELDS]);

impl<'c> Fields<'c> {
    /// No values.
    pub fn new() -> Self {
        Fields([b""; FIELDS])
    }

    /// Sets a value.
    #[inline]
    pub fn set(&mut self, field: Field, value: &'c [u8]) {
        self.0[field as usize] = value;
    }

    /// The value as logged.
    #[inline]
    pub fn raw(&self, field: Field) -> &'c [u8] {
        self.0[field as usize]
    }

    /// The value, empty for `-`.
    #[inline]
    pub fn get(&self, field: Field) -> &'c [u8] {
        match self.0[field as usize] {
            // Not b"-": a pattern of bytes is compared in place, a literal by a call.
            [b'-'] => b"",
            value => value,
        }
    }

    /// The value as a number; `None` for none or for one beyond 64 bits.
    #[inline]
    pub fn number(&self, field: Field) -> Option<u64> {
        number(self.0[field as usize])
    }
}

/// Decimal digits as a number.
#[inline]
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    let mut n = 0u64;
    for c in digits {
        let d = c.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(d))?;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_one_letter_is_recognised_and_a_name_of_ones_own_is_not() {
        assert_eq!(meant("stauts"), Some("status"));
        assert_eq!(meant("http_referrer"), Some("http_referer"));
        assert_eq!(meant("upstream_add"), Some("upstream_addr"));
        assert_eq!(meant("status"), None);
        assert_eq!(meant("my_map"), None);
        assert_eq!(meant("http_x_real_ip"), None);
    }

    #[test]
    fn numbers_beyond_their_room_are_no_numbers() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"-"), None);
    }
}
