//! Named numbers about one failed fetch, for cause rules to compare. In: a fetch, later also what linking brought;
//! out: a fixed table of optional numbers. It must not know the rules.

use super::fetch::{Fetch, Reason};
use super::stamp::Stamp;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// A named number. The word is what rules in `grammars/causes` call it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fact { $($(#[$doc])* $name),+ }

        impl Fact {
            /// Every fact, in order.
            pub const ALL: &'static [Fact] = &[$(Fact::$name),+];

            /// Its word in rules.
            pub fn word(self) -> &'static str {
                match self { $(Fact::$name => $word),+ }
            }
        }
    };
}

facts! {
    // Own record of the tier that made the fetch.
    /// Status that this tier made of it; absent for none.
    Status = "status",
    /// Status that the next tier answered; absent for none.
    OriginStatus = "origin_status",
    /// Response header bytes received.
    HeaderReceived = "header_received",
    /// Response body bytes received.
    BodyReceived = "body_received",
    /// Header lines of the answer.
    HeaderCount = "header_count",
    /// Connections taken.
    Opens = "opens",
    /// 1 when the last connection was a kept-alive one.
    Reused = "reused",
    /// 1 when a connection was there, 0 when known not; absent when not logged.
    Connected = "connected",
    /// 1 when the next tier's headers came, 0 when known not; absent when not logged.
    Answered = "answered",
    /// Milliseconds from asking for a connection to having one or giving up.
    ConnectMs = "connect_ms",
    /// Milliseconds from sending the request to the answer's headers or giving up.
    WaitMs = "wait_ms",
    /// 1 when VCL retried it.
    Retried = "retried",
    /// 1 for a background fetch.
    Background = "background",
    /// 1 for a pipe.
    Pipe = "pipe",
    /// 1 when the client got a success that was cut.
    Cut = "cut",
    /// 1 when it relayed a 5xx.
    Relayed = "relayed",
    /// 1 when it relayed a 403.
    Denied = "denied",
    /// 1 when the next tier's own 5xx or 403 is all that went wrong: it was relayed, or VCL gave up because of it
    /// (`abandon`, `retry`, `error` after a 5xx), and no record tells of trouble in getting it.
    PassedOn = "passed_on",
    /// 1 when a backend was named.
    HasBackend = "has_backend",
    /// 1 when the answer carried Retry-After.
    RetryAfter = "retry_after",
    /// 1 when the answer carried headers that only an application sends.
    FromApp = "from_app",
    /// Content-Length of the answer.
    ContentLength = "content_length",
    // The request of the client, when it was found.
    /// Milliseconds of grace that the stale object had left which the client got instead, when this fetch began.
    GraceLeftMs = "grace_left_ms",
    /// 1 when the error page that the client got carried Retry-After, 0 when not; absent when the log does not tell.
    ErrorRetryAfter = "error_retry_after",
    // Learnt from the whole log.
    /// Milliseconds of the learnt limit that this fetch's waiting time agrees with; absent when it agrees with none.
    LearntLimitMs = "learnt_limit_ms",
    /// 1 when the director that gave no backend gave one at another time.
    DirectorGaveBackend = "director_gave_backend",
    /// Probability-like weight of other requests open on the same host and URL group when it began (count).
    OpenBeside = "open_beside",
    /// 1 when answer times of the same group climbed continuously towards the limit before the failures.
    Climbing = "climbing",
    /// 1 when answers of the same group had become slower and slower, or many times as slow, in the half hour before.
    Rising = "rising",
    /// Share (0 to 1) of the same backend's answers of that status that have this same body size.
    SameBodyShare = "same_body_share",
    /// In how many URL groups answers of that status and body size occur.
    SameBodyGroups = "same_body_groups",
    /// Share (0 to 1) of that host's dynamic answers at the time that are of that status.
    SameStatusShare = "same_status_share",
    /// 1 when the body has the size of a page built into the web server for that status.
    BuiltInPage = "built_in_page",
    /// 1 when probes said that the backend was sick.
    ProbeSick = "probe_sick",
    // The next tier's line, when it was found.
    /// 1 when the next tier's line was found.
    Linked = "linked",
    /// Status in that line.
    LinkedStatus = "linked_status",
    /// Milliseconds that the next tier took.
    LinkedMs = "linked_ms",
    /// Bytes of headers that the next tier sent, where its line tells both all bytes and those of the body.
    LinkedHeaderBytes = "linked_header_bytes",
    /// 1 when the next tier asked an upstream of its own for it, 0 when it answered itself; absent when not logged.
    LinkedUpstream = "linked_upstream",
    /// Status that the next tier's upstream gave.
    LinkedUpstreamStatus = "linked_upstream_status",
    /// 1 when that upstream sent headers (upstream_header_time is a number), 0 when not; absent when not logged.
    LinkedUpstreamAnswered = "linked_upstream_answered",
    /// 1 when the connection to that upstream stood (upstream_connect_time is a number), 0 when not; absent when not
    /// logged.
    LinkedUpstreamConnected = "linked_upstream_connected",
}

impl Fact {
    /// The fact of a rule's word.
    pub fn parse(word: &str) -> Option<Fact> {
        Fact::ALL.iter().copied().find(|f| f.word() == word)
    }
}

/// The facts known of one fetch.
#[derive(Clone, Copy, Debug)]
pub struct Facts([f64; Fact::ALL.len()]);

impl Default for Facts {
    fn default() -> Self {
        Facts([f64::NAN; Fact::ALL.len()])
    }
}

impl Facts {
    /// The number, when it is known.
    pub fn get(&self, fact: Fact) -> Option<f64> {
        let v = self.0[fact as usize];
        (!v.is_nan()).then_some(v)
    }

    /// Sets a number.
    pub fn set(&mut self, fact: Fact, value: f64) {
        self.0[fact as usize] = value;
    }

    /// Sets a number when there is one.
    pub fn maybe(&mut self, fact: Fact, value: Option<f64>) {
        if let Some(v) = value {
            self.set(fact, v);
        }
    }

    /// Sets 1 for true and 0 for false.
    pub fn flag(&mut self, fact: Fact, value: bool) {
        self.set(fact, f64::from(u8::from(value)));
    }

    /// What the fetch's own record says.
    pub fn of(f: &Fetch<'_>) -> Facts {
        use super::fetch::FetchOutcome as O;
        let mut x = Facts::default();
        x.maybe(Fact::Status, (f.status > 0).then_some(f.status.into()));
        x.maybe(Fact::OriginStatus, (f.origin_status > 0).then_some(f.origin_status.into()));
        x.maybe(Fact::HeaderReceived, f.acct.map(|a| a.header_received as f64));
        x.maybe(Fact::BodyReceived, f.acct.map(|a| a.body_received as f64));
        x.set(Fact::HeaderCount, f.response.headers.into());
        x.set(Fact::Opens, f.opens.into());
        x.flag(Fact::Reused, f.reused);
        x.maybe(Fact::Connected, f.had_connection.map(|yes| u8::from(yes).into()));
        x.maybe(Fact::Answered, f.had_answer.map(|yes| u8::from(yes).into()));
        let gave_up = f.answered.or(f.ended);
        let connect_end = if f.connected.is_known() { f.connected } else { gave_up };
        if !f.unended {
            x.maybe(Fact::ConnectMs, ms(f.connecting.or(f.started), connect_end));
            x.maybe(Fact::WaitMs, ms(f.sent, gave_up));
        }
        x.flag(Fact::Retried, f.retried);
        x.flag(Fact::Background, f.reason == Reason::Bgfetch);
        x.flag(Fact::Pipe, f.reason == Reason::Pipe);
        x.flag(Fact::Cut, f.outcome == O::Cut);
        x.flag(Fact::Relayed, f.outcome == O::Relayed);
        x.flag(Fact::Denied, f.outcome == O::Denied);
        x.flag(Fact::PassedOn, passed_on(f));
        x.flag(Fact::HasBackend, !f.backend.is_empty());
        x.flag(Fact::RetryAfter, f.response.retry_after);
        x.flag(Fact::FromApp, f.response.from_app);
        x.maybe(Fact::ContentLength, f.response.content_length.map(|n| n as f64));
        x
    }
}

fn passed_on(f: &Fetch<'_>) -> bool {
    use super::fetch::FetchOutcome as O;
    use super::mark::MarkKind as K;
    let dropped = f.marks.as_slice().iter().any(|m| m.kind == K::VclReturn && m.text != b"fail")
        && ![K::FetchError, K::Error, K::BogoHeader].iter().any(|&k| f.marks.has(k));
    matches!(f.outcome, O::Relayed | O::Denied) || f.origin_status >= 500 && dropped
}

fn ms(from: Stamp, to: Stamp) -> Option<f64> {
    to.since(from).map(|us| us as f64 / 1000.0)
}
