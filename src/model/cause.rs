//! What broke a fetch. In: ids of the taxonomy; out: `Cause`, its bucket, and `Ruling`, the judgement of one fetch.
//! It must not know how a cause is recognised or explained: those are data in `grammars/causes`.

use std::fmt;
use std::sync::{PoisonError, RwLock};

/// Ids that were named, by number; number 0 is no cause. There are as many as the cause files have, and they stay.
static IDS: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());

/// A cause id such as `timeout.first_byte` (a contract; see the cause files). Compares like a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cause(u16);

impl Cause {
    /// The cause of that id.
    pub fn named(id: &str) -> Cause {
        let number = |ids: &[&str]| ids.iter().position(|known| *known == id).map(|n| Cause(1 + n as u16));
        if let Some(known) = number(&IDS.read().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let mut ids = IDS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = number(&ids) {
            return known;
        }
        if ids.len() < usize::from(u16::MAX) {
            ids.push(String::leak(id.to_string()));
        }
        Cause(ids.len() as u16)
    }

    /// `unknown`.
    pub fn unknown() -> Cause {
        Cause::named("unknown")
    }

    /// The id.
    pub fn id(self) -> &'static str {
        let ids = IDS.read().unwrap_or_else(PoisonError::into_inner);
        usize::from(self.0).checked_sub(1).map_or("", |n| ids[n])
    }

    /// True when the id is this one.
    pub fn is(self, id: &str) -> bool {
        self.id() == id
    }

    /// The part before the dot.
    pub fn family(self) -> &'static str {
        self.id().split('.').next().unwrap_or_default()
    }

    /// True when no byte of the request can have left: there was no connection to send it on.
    pub fn is_before_sending(self) -> bool {
        const CAUSES: [&str; 9] = [
            "timeout.connect",
            "connection.refused",
            "connection.unreachable",
            "connection.blocked",
            "connection.failed",
            "backend.busy",
            "health.sick",
            "config.no_backend",
            "dns",
        ];
        CAUSES.contains(&self.id()) || self.is("tls")
    }

    /// True for what is not the origin's fault and therefore no failed fetch (`totals.not_origin`).
    pub fn not_origin(self) -> bool {
        matches!(self.family(), "client" | "edge" | "log")
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl serde::Serialize for Cause {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.id())
    }
}

/// The buckets a reader thinks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// Too much work for what is there.
    Overload,
    /// Between the machines.
    Network,
    /// Somebody set something wrong.
    Configuration,
    /// The application or origin itself.
    Application,
    /// On purpose.
    Maintenance,
    /// The client's doing.
    Client,
}

/// The judgement of one fetch.
#[derive(Clone, Copy, Debug)]
pub struct Ruling {
    /// What broke it.
    pub cause: Cause,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// The runner-up and how sure that would be.
    pub runner_up: Option<(Cause, f32)>,
    /// Indices into the marks of the fetch that decided it, in the order to quote them; `u8::MAX` = unused.
    pub decided_by: [u8; 2],
}

impl Ruling {
    /// Nothing is known.
    pub fn unknown() -> Ruling {
        Ruling { cause: Cause::unknown(), confidence: 0.3, runner_up: None, decided_by: [u8::MAX; 2] }
    }
}
