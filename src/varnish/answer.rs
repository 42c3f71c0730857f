//! What the backend itself answered, told apart from what Varnish wrote over it. In: the statuses, headers and turning
//! points of a BeReq in log order; out: the origin's status and headers, and the status Varnish made of it.
//! It must not know stamps, connections, nor what became of the fetch.
//!
//! Three things look alike: the origin's `BerespStatus`; the 503 that Varnish writes when it cannot parse an answer,
//! *before* the `FetchError`; and the one of its own error page. The first is confirmed by what comes with it:
//! `Timestamp Beresp` (before it since 4.1, behind it in 4.0), `TTL`, or the call of `vcl_backend_response`.

use super::fields::{header, number};
use crate::model::{Locator, Response};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// No status since the request was sent.
    #[default]
    Waiting,
    /// Between a status and whatever ends its headers.
    Headers,
    /// The origin's headers are over; later ones are VCL's, or of the stored object that a 304 freshened.
    Settled,
    /// Varnish makes the answer itself.
    OwnError,
}

/// The answer to one fetch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer<'c> {
    stage: Stage,
    /// `Timestamp Beresp` of this attempt was seen.
    stamped: bool,
    confirmed: bool,
    told: bool,
    payload: &'c [u8],
    at: Locator,
    status: u16,
    response: Response<'c>,
    /// The last status of all.
    pub last: u16,
    /// The first status after Varnish turned to making its own answer.
    pub made: u16,
}

impl<'c> Answer<'c> {
    /// Another connection was taken.
    pub fn new_attempt(&mut self) {
        self.stamped = false;
        self.fetch_error();
    }

    /// `Timestamp Beresp`.
    pub fn stamped(&mut self) {
        self.stamped = true;
        self.confirmed |= self.stage == Stage::Headers;
    }

    /// `BerespStatus`.
    pub fn status(&mut self, payload: &'c [u8], at: Locator) {
        let status = number(payload).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
        self.last = status;
        match self.stage {
            Stage::Waiting => {
                *self = Answer { status, payload, at, stage: Stage::Headers, confirmed: self.stamped, ..*self };
            }
            Stage::Headers | Stage::Settled => self.stage = Stage::Settled,
            Stage::OwnError if self.made == 0 => self.made = status,
            Stage::OwnError => {}
        }
    }

    /// `BerespHeader`.
    pub fn header(&mut self, payload: &'c [u8]) {
        if self.stage == Stage::Headers {
            note_header(&mut self.response, payload);
        }
    }

    /// `TTL`, `Fetch_Body`, or the call of `vcl_backend_response`: only a parsed answer comes this far.
    pub fn settle(&mut self) {
        if self.stage == Stage::Headers {
            self.stage = Stage::Settled;
            self.confirmed = true;
        }
    }

    /// `FetchError`: a status that nothing confirmed was none of the origin's.
    pub fn fetch_error(&mut self) {
        if !self.confirmed && self.stage != Stage::OwnError {
            *self = Answer { stamped: self.stamped, last: self.last, ..Answer::default() };
        }
    }

    /// `Timestamp Error`, or the call of `vcl_backend_error`.
    pub fn own_error(&mut self) {
        self.fetch_error();
        self.stage = Stage::OwnError;
    }

    /// True while VCL has not yet seen the answer or the error: what is set on the request is still to be sent.
    pub fn is_awaited(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Headers)
    }

    /// The status record of the origin, once, when it has been confirmed.
    pub fn newly_confirmed(&mut self) -> Option<(u16, &'c [u8], Locator)> {
        let news = self.confirmed && !self.told;
        self.told |= news;
        news.then_some((self.status, self.payload, self.at))
    }

    /// Takes a status at its word that nothing confirms: a filtered log may hold nothing else.
    pub fn believe(&mut self) {
        self.confirmed |= self.stage == Stage::Headers;
    }

    /// The status that the origin answered; 0 for none.
    pub fn origin_status(&self) -> u16 {
        if self.confirmed { self.status } else { 0 }
    }

    /// What the origin's headers say.
    pub fn response(&self) -> Response<'c> {
        if self.confirmed { self.response } else { Response::default() }
    }
}

/// Names of headers that an application sends and a web server alone does not: PHP and frameworks in general, Rails
/// (`X-Runtime`, `X-Request-Id`), ASP.NET, WordPress (`X-Pingback`, `X-Redirect-By`), Symfony, Spring.
const FROM_APP: [&[u8]; 12] = [
    b"X-Powered-By",
    b"Set-Cookie",
    b"X-Generator",
    b"X-Runtime",
    b"X-Request-Id",
    b"X-AspNet-Version",
    b"X-AspNetMvc-Version",
    b"X-Pingback",
    b"X-Redirect-By",
    b"X-Debug-Token",
    b"X-Application-Context",
    b"X-Rack-Cache",
];

/// The same, as beginnings of names: Drupal, Magento.
const FROM_APP_FAMILIES: [&[u8]; 2] = [b"X-Drupal-", b"X-Magento-"];

fn is_from_app(name: &[u8]) -> bool {
    FROM_APP.iter().any(|n| name.eq_ignore_ascii_case(n))
        || FROM_APP_FAMILIES.iter().any(|n| name.get(..n.len()).is_some_and(|start| start.eq_ignore_ascii_case(n)))
}

fn note_header<'c>(response: &mut Response<'c>, payload: &'c [u8]) {
    response.headers = response.headers.saturating_add(1);
    let (name, value) = header(payload);
    // The length of the name first: most headers are none of these.
    match name.len() {
        6 if name.eq_ignore_ascii_case(b"Server") => response.server = value,
        11 if name.eq_ignore_ascii_case(b"Retry-After") => response.retry_after = true,
        12 if name.eq_ignore_ascii_case(b"Content-Type") => response.content_type = value,
        14 if name.eq_ignore_ascii_case(b"Content-Length") => response.content_length = number(value),
        _ => response.from_app |= matches!(name.first(), Some(b'X' | b'x' | b'S' | b's')) && is_from_app(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_origins_own_headers_are_read() {
        let mut a = Answer::default();
        a.stamped();
        a.status(b"304", Locator::default());
        for h in [&b"server: nginx"[..], b"X-POWERED-BY: PHP/8", b"Content-Length: 7", b"x-magento-tags: a"] {
            a.header(h);
        }
        assert_eq!(a.newly_confirmed().map(|n| n.0), Some(304));
        assert!(a.newly_confirmed().is_none());
        a.status(b"200", Locator::default());
        a.header(b"Retry-After: 5");
        let r = a.response();
        assert_eq!((a.origin_status(), a.last), (304, 200));
        assert_eq!(
            (r.headers, r.content_length, r.server, r.from_app, r.retry_after),
            (4, Some(7), &b"nginx"[..], true, false)
        );
    }

    #[test]
    fn the_503_of_an_unparsable_answer_is_not_the_origins() {
        let mut a = Answer::default();
        a.status(b"503", Locator::default());
        a.fetch_error();
        a.stamped();
        a.own_error();
        a.status(b"503", Locator::default());
        a.header(b"Server: Varnish");
        assert_eq!((a.origin_status(), a.last, a.made, a.response().headers), (0, 503, 503, 0));
    }

    #[test]
    fn a_status_before_its_stamp_is_the_origins_too() {
        let mut a = Answer::default();
        a.status(b"500", Locator::default());
        a.header(b"Set-Cookie: a=b");
        a.stamped();
        assert_eq!((a.origin_status(), a.response().from_app), (500, true));
    }
}
