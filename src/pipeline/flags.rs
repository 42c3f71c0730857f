//! What a row says in bits: how a fetch went, who asked, what the next tier is known to have done. In: a fetch or a
//! request; out: flags. It must not decide what counts as a failure.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::model::{Fact, Facts, Fetch, FetchOutcome, FetchRow, Reason, Request, RequestRow, Ruling};

/// Words by which crawlers that matter for ranking name themselves (reference: origins, 3.7).
const CRAWLERS: &str = "Googlebot|bingbot|DuckDuckBot|YandexBot|Baiduspider|Applebot|SeznamBot|AdsBot-Google";

/// True when a User-Agent claims to be a crawler that matters for ranking. One automaton of plain words, because every
/// request of a cache is asked: a tenth of the instructions of eight searches.
pub fn is_crawler(agent: &[u8]) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CRAWLERS).ok());
    WORDS.as_ref().is_some_and(|words| words.is_match(agent))
}

/// The row of a request with what its line says of the upstream it asked.
pub fn with_upstream(mut row: RequestRow, r: &Request<'_>) -> RequestRow {
    row.upstream = r.upstream.status;
    let mut say = |known: Option<bool>, says: u16, yes: u16| {
        if let Some(k) = known {
            row.flags |= says | if k { yes } else { 0 };
        }
    };
    say(r.upstream.asked, RequestRow::SAYS_ASKED, RequestRow::ASKED);
    say(r.upstream.answered, RequestRow::SAYS_ANSWERED, RequestRow::ANSWERED);
    say(r.upstream.connected, RequestRow::SAYS_CONNECTED, RequestRow::CONNECTED);
    row
}

/// What the connection records say.
pub fn opened(f: &Fetch<'_>) -> u16 {
    let mut flags = 0;
    // A line that does not say whether there was a connection does not say that there was none.
    let unsaid = f.vxid == 0 && f.had_connection.is_none();
    if unsaid || f.opens > 0 && (f.sent.is_known() || f.had_connection == Some(true)) {
        flags |= FetchRow::OPENED;
    }
    if f.opens > 1 && f.reason != Reason::Upstream {
        flags |= FetchRow::TWICE;
    }
    if f.reused {
        flags |= FetchRow::REUSED;
    }
    if !matches!(f.method, b"" | b"GET" | b"HEAD" | b"OPTIONS") {
        flags |= FetchRow::WRITES;
    }
    if is_crawler(f.agent) {
        flags |= FetchRow::CRAWLER;
    }
    if f.url.len() >= crate::model::row::KEY_URL {
        flags |= FetchRow::URL_CUT;
    }
    // BereqAcct of a retry chain is summed in its last BeReq (reference: Varnish, 2.4).
    if f.reason == Reason::Retry {
        flags |= FetchRow::SUMMED;
    }
    flags
}

/// How a failed fetch ended, as far as the linker asks: it decides when the next tier's line is expected.
pub fn how_it_ended(f: &Fetch<'_>, ruling: &Ruling, facts: &Facts) -> u16 {
    if matches!(f.outcome, FetchOutcome::Relayed | FetchOutcome::Denied) {
        return if f.completed.is_known() { FetchRow::WHOLE } else { FetchRow::BODY_BROKE };
    }
    if f.outcome == FetchOutcome::Cut || (f.origin_status > 0 && facts.get(Fact::BodyReceived) > Some(0.0)) {
        return FetchRow::BODY_BROKE;
    }
    let sent = f.sent.is_known() || !f.started.is_known();
    if ruling.cause.family() == "timeout" && sent { FetchRow::TIMED_OUT } else { 0 }
}
