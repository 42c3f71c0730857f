//! What is worth waking somebody for. In: nothing; out: the noun that the alert rules make, the outbox keeps and the
//! sinks send. It must not know when it is made, nor where it goes.

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// An incident opened.
    Opened,
    /// It became worse by the configured factor.
    Escalated,
    /// A cause joined it that was not there before.
    NewCause,
    /// Nothing fails yet, but answer times come near the limit.
    EarlyWarning,
    /// It is over.
    Recovered,
    /// Stale objects that hide failures run out of grace soon.
    GraceRunningOut,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [NoticeKind; 6] = [
        NoticeKind::Opened,
        NoticeKind::Escalated,
        NoticeKind::NewCause,
        NoticeKind::EarlyWarning,
        NoticeKind::Recovered,
        NoticeKind::GraceRunningOut,
    ];

    /// The word in JSON, in the configuration and in the store.
    pub fn word(self) -> &'static str {
        match self {
            NoticeKind::Opened => "opened",
            NoticeKind::Escalated => "escalated",
            NoticeKind::NewCause => "new_cause",
            NoticeKind::EarlyWarning => "early_warning",
            NoticeKind::Recovered => "recovered",
            NoticeKind::GraceRunningOut => "grace_running_out",
        }
    }
}

/// A notice. Times are microseconds since 1970 in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// Stable name of this very notice, the same after a restart: receivers and the outbox drop repetitions by it.
    pub key: String,
    /// Stable name of the incident across its notices (PagerDuty `dedup_key`, Alertmanager fingerprint label).
    pub group: String,
    /// The incident; 0 for none.
    pub incident: u32,
    /// `critical`, `warning` or `info`.
    pub severity: String,
    /// When it happened, log time, microseconds since 1970.
    pub at_us: i64,
    /// One line: `shop: first byte timeout, 31 % of visitors get 5xx`.
    pub title: String,
    /// What is known, a few lines: cause, where, since when, what the origin saw, what to do.
    pub text: String,
    /// The service.
    pub service: String,
    /// Headline cause id.
    pub cause: String,
    /// Failed fetches so far.
    pub failures: u64,
    /// Share (0 to 1) of client requests answered 5xx.
    pub share: f64,
}

impl Notice {
    /// When it happened.
    pub fn at(&self) -> Stamp {
        Stamp(self.at_us)
    }
}
