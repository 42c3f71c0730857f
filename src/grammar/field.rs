//! The fields that guru reads of a line, whatever its format. In: nothing; out: `Field` with its `Kind`, and the
//! borrowed values of one line. It must not know any layout, nor what a format calls its fields.

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
    /// Id that a CDN in front sent along (`cf-ray`, `X-Amz-Cf-Id`, `X-Azure-Ref`, `X-Amzn-Trace-Id`, `traceparent`).
    CdnId,
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
    /// Moment of the line, in any form; which moment of the request it is, the format says.
    Time,
    /// Moment of the request's start.
    Start,
    /// Moment of its end.
    End,
    /// Date of a moment whose time of day stands in a field of its own.
    Date,
    /// That time of day.
    TimeOfDay,
    /// Time from the request to the first byte of the answer.
    Ttfb,
    /// Id that this server gave the request and sends along to the next tier.
    OwnId,
    /// Varnish's transaction id.
    Vxid,
    /// Side of a cache that the line tells of: `c` client, `b` backend (varnishncsa).
    Side,
    /// Point of presence, or another part of a CDN that answered.
    Pop,
    /// Anything but nothing, `0` and `false`: an origin was asked.
    Asked,
    /// Anything but nothing, `0` and `false`: another node of the same tier sent the request.
    Hop,
    /// `0` or `false`: the same.
    FirstHop,
    /// Anything but nothing, `-` and `-1`: a connection to the next tier was there.
    Connected,
    /// The same: the next tier's headers came.
    Answered,
    /// A duration that is a part of the whole, beside `RequestTime`.
    PlusTime,
    /// Another one.
    PlusTime2,
    /// Host sent to the origin, where it is another one.
    UpstreamHost,
    /// VSL `BackendOpen`.
    BackendOpen,
    /// VSL `FetchError`.
    FetchError,
    /// A verdict word; which log field it is, the format says.
    Word1,
    /// Another one.
    Word2,
    /// And another.
    Word3,
    /// Severity of a message.
    Level,
    /// Text of a message.
    Text,
    /// Upstream that a message names.
    UpstreamUrl,
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
    /// A status of one to three digits, or none.
    Code,
    /// A list of durations in the unit of the format.
    Duration,
    /// A moment in any form.
    Stamp,
    /// Anything.
    Text,
}

impl Kind {
    /// True when the value may be of this kind.
    #[inline]
    pub fn fits(self, value: &[u8]) -> bool {
        let none = matches!(value, [] | [b'-']);
        match self {
            Kind::Text | Kind::List => true,
            Kind::Word => !value.contains(&b' '),
            Kind::Number => none || value.iter().all(u8::is_ascii_digit),
            Kind::Status => value.len() == 3 && value.iter().all(u8::is_ascii_digit),
            Kind::Seconds => none || value.iter().all(|c| c.is_ascii_digit() || *c == b'.'),
            Kind::Times => value.iter().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b',' | b' ' | b':' | b'-')),
            // Only the shape: whoever takes the value reads it, and refuses the line when it is no time.
            Kind::TimeLocal => value.len() == 26 && value[2] == b'/' && value[20] == b' ',
            Kind::TimeIso => value.len() >= 19 && value[4] == b'-' && value[13] == b':',
            Kind::Code => none || (value.len() <= 3 && value.iter().all(u8::is_ascii_digit)) || value == b"-1",
            Kind::Duration => value.iter().all(|c| c.is_ascii_digit() || b".,: -mushn\xc2\xb5\xce\xbc".contains(c)),
            Kind::Stamp => value.iter().any(u8::is_ascii_digit),
            Kind::Epoch => value.first().is_some_and(u8::is_ascii_digit),
        }
    }
}

/// Number of fields.
pub const FIELDS: usize = Field::Ignored as usize + 1;

const _: () = assert!(FIELDS <= 64, "a set of fields is one word");

/// The values of one line, borrowed; empty where the layout has no such field.
#[derive(Clone, Copy)]
pub struct Fields<'c>([&'c [u8]; FIELDS], u64);

impl<'c> Fields<'c> {
    /// No values.
    pub fn new() -> Self {
        Fields([b""; FIELDS], 0)
    }

    /// Empties the values for which `none` is true.
    pub fn blank(&mut self, none: impl Fn(&[u8]) -> bool) {
        for value in &mut self.0 {
            if !value.is_empty() && none(value) {
                *value = b"";
            }
        }
    }

    /// Sets a value.
    #[inline]
    pub fn set(&mut self, field: Field, value: &'c [u8]) {
        self.0[field as usize] = value;
        self.1 |= 1 << field as u8;
    }

    /// True when the line has the field, whatever its value.
    #[inline]
    pub fn seen(&self, field: Field) -> bool {
        self.1 & (1 << field as u8) != 0
    }

    /// Makes the field one that the line does not have.
    pub fn forget(&mut self, field: Field) {
        self.0[field as usize] = b"";
        self.1 &= !(1 << field as u8);
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
    fn numbers_beyond_their_room_are_no_numbers() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"-"), None);
    }
}
