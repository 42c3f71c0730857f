//! What became of a fetch. In: what its records showed, as yes or no; out: `FetchOutcome`. It must not know records.
//!
//! The rules are those of VSL in Varnish 4.0 to 8.0: a `FetchError` alone is no failure (an automatic second
//! connection may have worked), a failure is not always a 503 (the body may break while it streams), and a 503 is not
//! always Varnish's own.

use crate::model::FetchOutcome;

/// What the records of a BeReq showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Begin and End are there and no reader's diagnosis.
    pub whole: bool,
    /// It has an `End`, but neither a `Begin` nor a URL: it began in an older log.
    pub headless: bool,
    /// Status that the origin answered; 0 for none.
    pub origin_status: u16,
    /// Varnish made the answer itself: `Timestamp Error`, or `vcl_backend_error` was called.
    pub own_error: bool,
    /// VCL returned `error` before that.
    pub vcl_error: bool,
    /// The status that VCL's `error` made; 0 when the log does not say.
    pub made_status: u16,
    /// VCL returned `fail`.
    pub vcl_fail: bool,
    /// VCL returned `abandon`.
    pub abandoned: bool,
    /// VCL returned `retry`.
    pub retry: bool,
    /// A `FetchError` after which no other connection was taken.
    pub fetch_error: bool,
    /// The last connection was kept alive, so that a second one may follow a `FetchError`.
    pub reused: bool,
    /// The body began to stream to clients.
    pub streaming: bool,
    /// The body is complete: `Timestamp BerespBody` or `Length`.
    pub body_done: bool,
}

/// The outcome. First match wins.
pub(super) fn judge(s: &Shown) -> FetchOutcome {
    use FetchOutcome::{Cut, Denied, Failed, Good, Relayed, Unknown};
    if s.headless && !s.whole {
        // Without a name it cannot be known again, and would be told a second time beside the whole of it.
        return Unknown;
    }
    if s.vcl_fail || (s.own_error && !s.vcl_error) {
        return Failed;
    }
    if s.origin_status >= 500 {
        // Whatever VCL made of it, an origin that answered 5xx is what went wrong.
        return Relayed;
    }
    if s.vcl_error {
        return match s.made_status {
            1..500 if s.origin_status == 403 => Denied,
            1..500 => Good,
            // A missing status: `error` without one makes a 503.
            _ => Failed,
        };
    }
    if s.abandoned || s.retry {
        return Failed;
    }
    if s.fetch_error && !s.body_done {
        return match (s.streaming || s.origin_status > 0, s.whole) {
            (true, true) => Cut,
            (true, false) if s.streaming => Cut,
            // A kept-alive connection may have been followed by a new one that the log does not show.
            (false, false) if s.reused => Unknown,
            _ => Failed,
        };
    }
    match s.origin_status {
        403 => Denied,
        _ if s.whole || s.body_done => Good,
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Shown = Shown {
        whole: true,
        headless: false,
        origin_status: 0,
        own_error: false,
        vcl_error: false,
        made_status: 0,
        vcl_fail: false,
        abandoned: false,
        retry: false,
        fetch_error: false,
        reused: false,
        streaming: false,
        body_done: false,
    };

    #[test]
    fn each_rule_decides_its_case() {
        use FetchOutcome::{Cut, Denied, Failed, Good, Relayed, Unknown};
        for (what, shown, expected) in [
            ("an answer", Shown { origin_status: 200, body_done: true, ..WHOLE }, Good),
            ("Varnish's own error", Shown { fetch_error: true, own_error: true, body_done: true, ..WHOLE }, Failed),
            ("a second connection", Shown { origin_status: 200, body_done: true, ..WHOLE }, Good),
            ("a broken stream", Shown { origin_status: 200, fetch_error: true, streaming: true, ..WHOLE }, Cut),
            ("a relayed 5xx", Shown { origin_status: 502, body_done: true, ..WHOLE }, Relayed),
            ("a 5xx that VCL abandoned", Shown { origin_status: 503, abandoned: true, ..WHOLE }, Relayed),
            ("a 5xx that VCL retried", Shown { origin_status: 503, retry: true, ..WHOLE }, Relayed),
            ("an abandoned answer", Shown { origin_status: 200, abandoned: true, ..WHOLE }, Failed),
            ("a retried answer", Shown { origin_status: 404, retry: true, ..WHOLE }, Failed),
            ("a relayed 403", Shown { origin_status: 403, body_done: true, ..WHOLE }, Denied),
            ("VCL error 503", Shown { own_error: true, vcl_error: true, made_status: 503, ..WHOLE }, Failed),
            ("VCL error 404", Shown { own_error: true, vcl_error: true, made_status: 404, ..WHOLE }, Good),
            ("VCL fail", Shown { vcl_fail: true, origin_status: 200, ..WHOLE }, Failed),
            ("a pipe that got no connection", Shown { fetch_error: true, ..WHOLE }, Failed),
            ("a pipe", WHOLE, Good),
            ("a beginning", Shown { whole: false, ..WHOLE }, Unknown),
            ("a beginning of an answer", Shown { whole: false, origin_status: 200, ..WHOLE }, Unknown),
            ("an end", Shown { whole: false, body_done: true, ..WHOLE }, Good),
            ("an end with an error", Shown { whole: false, own_error: true, ..WHOLE }, Failed),
            ("the end of an older fetch", Shown { whole: false, headless: true, own_error: true, ..WHOLE }, Unknown),
            ("a group without Begin", Shown { headless: true, own_error: true, ..WHOLE }, Failed),
            ("a cut after a first error", Shown { whole: false, fetch_error: true, reused: true, ..WHOLE }, Unknown),
            ("a cut after a refusal", Shown { whole: false, fetch_error: true, ..WHOLE }, Failed),
        ] {
            assert_eq!(judge(&shown), expected, "{what}");
        }
    }
}
