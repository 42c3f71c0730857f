//! What the next tier saw of a failed fetch, and what the client got. In: nothing; out: `Verdict`, `Impact`, `Link`.
//! It must not know how a link is found.

use super::locator::Locator;
use super::stamp::Stamp;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$d:meta])* $v:ident = $w:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$d])* $v),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$v),+];

            /// The word in JSON and in the store.
            pub fn word(self) -> &'static str {
                match self { $($name::$v => $w),+ }
            }

            /// The value of such a word.
            pub fn parse(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|v| v.word() == word)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.word())
            }
        }
    };
}

words! {
    /// What the next tier saw. The order is that of strength: a stored verdict is only ever replaced by a later one
    /// in this list (see [`Verdict::strength`]).
    Verdict {
        /// That tier keeps no log here, or not of this backend: nothing may be concluded.
        NoOriginLog = "no_origin_log",
        /// Several lines could be it.
        Ambiguous = "ambiguous",
        /// Its log covers the moment and has no such line.
        NeverArrived = "never_arrived",
        /// No request byte can have left: refused, sick, busy, no backend.
        NotSent = "not_sent",
        /// It noticed that we hung up (nginx 499).
        OriginAborted = "origin_aborted",
        /// It answered after we had given up.
        LateAnswer = "late_answer",
        /// It answered in time and we rejected the answer.
        AnswerRefused = "answer_refused",
        /// It failed itself.
        OriginFailed = "origin_failed",
    }
}

impl Verdict {
    /// Stored verdicts only strengthen: no log, ambiguous, never arrived, then everything proven.
    pub fn strength(self) -> u8 {
        match self {
            Verdict::NoOriginLog => 0,
            Verdict::Ambiguous => 1,
            Verdict::NeverArrived => 2,
            _ => 3,
        }
    }
}

words! {
    /// What the client got.
    Impact {
        /// An error.
        Error = "error",
        /// A success whose body was cut.
        Truncated = "truncated",
        /// A stale answer; the failure stayed hidden.
        Stale = "stale",
        /// A good answer from a later attempt.
        RetriedOk = "retried_ok",
        /// The log does not say.
        Unknown = "unknown",
    }
}

words! {
    /// How a line was found.
    Method {
        /// By an id that travelled.
        Id = "id",
        /// By the connection's own address and port.
        Address = "address",
        /// By key and time.
        Time = "time",
    }
}

/// A failed fetch and the request it caused at the next tier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The line.
    pub at: Locator,
    /// Its status.
    pub status: u16,
    /// How long the next tier took, in microseconds; `None` where the format does not say.
    pub duration_us: Option<i64>,
    /// Its end on the clock of the tier that fetched.
    pub ended: Stamp,
    /// Microseconds by which it ended after we had given up; negative or zero: it was in time.
    pub late_us: Option<i64>,
    /// How it was found.
    pub method: Method,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Their clock minus ours, in microseconds, as used.
    pub offset_us: i64,
}
