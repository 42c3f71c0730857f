//! What a name in a log means to guru: the right-hand side of a format file's `[fields]`. In: `duration ms`; out: a
//! `Term`, the field with its kind and unit. It must not know how a line is taken apart.

use super::field::{Field, Kind};
use super::unit::Unit;

/// What one column, key or variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The field that it fills.
    pub field: Field,
    /// What its bytes may be.
    pub kind: Kind,
    /// Its unit, for a duration.
    pub unit: Option<Unit>,
    /// A value of zero stands for none.
    pub nonzero: bool,
}

impl Term {
    /// A name that guru has no use for.
    pub const IGNORED: Term = Term::of(Field::Ignored, Kind::Text);

    /// A term without a unit of its own.
    pub const fn of(field: Field, kind: Kind) -> Term {
        Term { field, kind, unit: None, nonzero: false }
    }

    /// Reads `NAME`, `NAME UNIT`, and either with `nonzero` behind it; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Term, String> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let Some(&(_, field, kind)) = TERMS.iter().find(|t| t.0 == name) else {
            return Err(format!("{text:?}: there is no field {name:?}; grammars/README.md lists them"));
        };
        let mut words = words.peekable();
        let mut next = words.next_if(|w| *w != "nonzero");
        let unit = match next.take() {
            None => (kind == Kind::Duration).then_some(Unit::Seconds),
            Some(word) if kind == Kind::Duration => {
                Some(Unit::parse(word).ok_or_else(|| format!("{text:?}: {word:?} is not s, ms, us, ns or text"))?)
            }
            Some(word) => return Err(format!("{text:?}: {name} has no unit such as {word:?}")),
        };
        let nonzero = words.next_if(|w| *w == "nonzero").is_some();
        match words.next() {
            Some(more) => Err(format!("{text:?}: {more:?} is one word too many")),
            None => Ok(Term { field, kind, unit, nonzero }),
        }
    }
}

/// Names of fields for format files; `grammars/README.md` explains each.
const TERMS: &[(&str, Field, Kind)] = {
    use Field as F;
    use Kind as K;
    &[
        ("ignored", F::Ignored, K::Text),
        ("time", F::Time, K::Stamp),
        ("start", F::Start, K::Stamp),
        ("end", F::End, K::Stamp),
        ("date", F::Date, K::Word),
        ("time_of_day", F::TimeOfDay, K::Word),
        ("request", F::Request, K::Text),
        ("method", F::Method, K::Word),
        ("url", F::Uri, K::Text),
        ("path", F::Uri, K::Text),
        ("query", F::Args, K::Text),
        ("host", F::Host, K::Text),
        ("server_name", F::ServerName, K::Text),
        ("port", F::ServerPort, K::Number),
        ("status", F::Status, K::Code),
        ("duration", F::RequestTime, K::Duration),
        ("plus_duration", F::PlusTime, K::Duration),
        ("plus_duration2", F::PlusTime2, K::Duration),
        ("ttfb", F::Ttfb, K::Duration),
        ("body_bytes", F::BodyBytes, K::Number),
        ("sent_bytes", F::BytesSent, K::Number),
        ("received_bytes", F::RequestLength, K::Number),
        ("completion", F::Completion, K::Word),
        ("hop", F::Hop, K::Word),
        ("first_hop", F::FirstHop, K::Word),
        ("client", F::RemoteAddr, K::Word),
        ("peer", F::RealPeer, K::Word),
        ("forwarded", F::Forwarded, K::Text),
        ("agent", F::Agent, K::Text),
        ("referer", F::Referer, K::Text),
        ("connection", F::Connection, K::Number),
        ("x_varnish", F::XVarnish, K::Text),
        ("caller_id", F::CdnId, K::Text),
        ("request_id", F::RequestId, K::Text),
        ("id", F::OwnId, K::Text),
        ("vxid", F::Vxid, K::Number),
        ("side", F::Side, K::Word),
        ("retry_after", F::RetryAfter, K::Text),
        ("cache", F::CacheStatus, K::Text),
        ("pop", F::Pop, K::Text),
        ("asked", F::Asked, K::Text),
        ("connected", F::Connected, K::Text),
        ("answered", F::Answered, K::Text),
        ("upstream", F::UpstreamName, K::Text),
        ("upstream_addr", F::UpstreamAddr, K::List),
        ("upstream_host", F::UpstreamHost, K::Text),
        ("upstream_status", F::UpstreamStatus, K::Times),
        ("upstream_connect", F::UpstreamConnect, K::Duration),
        ("upstream_header", F::UpstreamHeader, K::Duration),
        ("upstream_response", F::UpstreamResponse, K::Duration),
        ("upstream_bytes", F::UpstreamReceived, K::Times),
        ("backend_open", F::BackendOpen, K::Text),
        ("fetch_error", F::FetchError, K::Text),
        ("word", F::Word1, K::Text),
        ("word2", F::Word2, K::Text),
        ("word3", F::Word3, K::Text),
        ("level", F::Level, K::Word),
        ("text", F::Text, K::Text),
        ("upstream_url", F::UpstreamUrl, K::Text),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_a_name_and_perhaps_a_unit() {
        assert_eq!(Term::parse("status"), Ok(Term::of(Field::Status, Kind::Code)));
        assert_eq!(Term::parse("duration ms").map(|t| t.unit), Ok(Some(Unit::Millis)));
        assert_eq!(Term::parse("duration").map(|t| t.unit), Ok(Some(Unit::Seconds)));
        assert_eq!(Term::parse("ttfb ms nonzero").map(|t| (t.unit, t.nonzero)), Ok((Some(Unit::Millis), true)));
        assert_eq!(Term::parse("upstream_status nonzero").map(|t| t.nonzero), Ok(true));
        for (text, why) in [
            ("sttaus", "no field"),
            ("duration days", "not s, ms"),
            ("status ms", "no unit"),
            ("ttfb s s", "too many"),
            ("", "no field"),
        ] {
            assert!(Term::parse(text).is_err_and(|e| e.contains(why)), "{text}");
        }
    }
}
